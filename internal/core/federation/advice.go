package federation

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Warning says what about a stored credential cannot work as it is. It has no
// text that a header could not carry.
type Warning struct {
	Code string
	Text string

	found string // what stood where another thing was expected; may be anything
}

// The codes of warnings.
const (
	WarnUnreachable   = "issuer_unreachable"   // metadata or keys cannot be had from here
	WarnDiffers       = "issuer_differs"       // the issuer's metadata names another issuer
	WarnUnusable      = "issuer_unusable"      // metadata or keys make no sense, or there are no keys
	WarnCrossTenant   = "issuer_other_tenant"  // a tenant of this installation, but not the parent's
	WarnSubject       = "subject_unknown"      // no managed identity of the tenant
	WarnSubjectClient = "subject_is_client_id" // a managed identity's client id instead of its object id
	WarnSubjectCase   = "subject_case"         // a managed identity's object id in another letter case
	WarnWildcard      = "subject_wildcard"     // '*' or '?' stand for themselves
	WarnSpace         = "white_space"          // at the beginning or end of subject or audience
	WarnAudience      = "audience"             // not the audience of managed identities' tokens
	WarnBroad         = "expression_broad"     // a pattern that begins with a wildcard
)

// advise says what cannot work, after having tried the issuer, and refuses what
// can never match. It runs outside any transaction.
func (s *Service) advise(ctx context.Context, c *Credential) ([]Warning, error) {
	home, ok, err := s.homeOf(ctx, c.Issuer)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return s.adviseHome(ctx, c, home)
	}
	return append(s.tryIssuer(ctx, c.Issuer), adviseText(c)...), nil
}

// homeOf returns the tenant of this installation that the issuer names. An
// issuer with our own name that is no tenant's is refused: its tokens would be
// ours, and we issue none.
func (s *Service) homeOf(ctx context.Context, issuer string) (ids.TenantID, bool, error) {
	id, alias, ok := s.names.typed(issuer)
	if ok {
		known, err := s.isTenant(ctx, id)
		if err != nil || known || alias {
			return id, known, err
		}
	}
	if !s.names.here(issuer) {
		return "", false, nil
	}
	return "", false, neverMatches("issuer",
		"Tokens of this installation carry the issuer "+s.names.issuer("{tenant id in lower case}")+", without a slash at the end.",
		"No token of this installation carries this issuer.")
}

func (s *Service) isTenant(ctx context.Context, id ids.TenantID) (known bool, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := tenant.Resolve(ctx, tx, string(id))
		if known = err == nil; errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return known, err
}

// adviseHome speaks of an issuer that is a tenant here: only managed identities
// of the parent's own tenant may stand in for it.
func (s *Service) adviseHome(ctx context.Context, c *Credential, home ids.TenantID) ([]Warning, error) {
	if c.Expression != nil {
		return nil, bad("claimsMatchingExpression", "A claims matching expression is not for managed identities; name the identity's object id as subject.")
	}
	var all []Warning
	if c.audience() != ExchangeAudience {
		all = append(all, Warning{Code: WarnAudience, Text: "Managed identities' tokens match the audience " + ExchangeAudience + " only."})
	}
	if home != c.Parent.Tenant { // whose identities are nobody's business here
		return append(all, Warning{Code: WarnCrossTenant, Text: "Only managed identities of the application's own tenant may be used; the issuer is another tenant."}), nil
	}
	var w *Warning
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		w, err = adviseSubject(ctx, tx, home, string(c.Subject))
		return err
	})
	if w != nil {
		all = append(all, *w)
	}
	return all, err
}

// adviseSubject says what is wrong with a subject that should be a managed
// identity's object id.
func adviseSubject(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, subject string) (*Warning, error) {
	lower := strings.ToLower(subject)
	known, err := managedidentity.IsManagedIdentity(ctx, tx, home, ids.ObjectID(lower))
	switch {
	case err != nil, known && lower == subject:
		return nil, err
	case known:
		return &Warning{Code: WarnSubjectCase, Text: "The subject is compared with regard to letter case; object ids are in lower case."}, nil
	}
	p, err := app.PrincipalByAppID(ctx, tx, home, ids.AppID(lower))
	switch {
	case err == nil && p.ManagedIdentity():
		return &Warning{Code: WarnSubjectClient, Text: "The subject is the managed identity's client id; its object (principal) id is needed: " + string(p.ID) + "."}, nil
	case err != nil && !errors.Is(err, fault.NotFound):
		return nil, err
	}
	return &Warning{Code: WarnSubject, Text: "The subject is no managed identity of the issuer's tenant."}, nil
}

// tryIssuer fetches what an exchange would fetch, within a short time.
func (s *Service) tryIssuer(ctx context.Context, issuer string) []Warning {
	ctx, cancel := context.WithTimeout(ctx, s.probe)
	defer cancel()
	_, err := load(ctx, s.client, issuer)
	code := WarnUnreachable
	switch {
	case err == nil:
		return nil
	case errors.Is(err, IssuerDiffers):
		code = WarnDiffers
	case errors.Is(err, IssuerUnusable):
		code = WarnUnusable
	}
	return []Warning{{Code: code, Text: fault.Public(err).Message, found: fault.Public(err).Values["found"]}}
}

// adviseText speaks of what can be seen without asking anybody.
func adviseText(c *Credential) []Warning {
	var all []Warning
	if strings.ContainsAny(string(c.Subject), "*?") {
		all = append(all, Warning{Code: WarnWildcard, Text: "'*' and '?' in a subject stand for themselves; a claims matching expression has patterns."})
	}
	if strings.TrimSpace(string(c.Subject)) != string(c.Subject) || strings.TrimSpace(c.audience()) != c.audience() {
		all = append(all, Warning{Code: WarnSpace, Text: "White space at the beginning or end counts."})
	}
	if c.Expression == nil {
		return all
	}
	conditions, err := c.Expression.compile()
	for _, o := range conditions {
		if err == nil && o.open() {
			return append(all, Warning{Code: WarnBroad, Text: "A pattern begins with a wildcard: it does not say whose claims it means."})
		}
	}
	return all
}
