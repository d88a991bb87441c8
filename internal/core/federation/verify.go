package federation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// skew is how far another issuer's clock may be from ours.
const skew = 5 * time.Minute

// A Match is what an assertion proved.
type Match struct {
	Credential ids.CredentialID
	Name       string       // of the credential
	Issuer     string       // of the assertion
	Subject    string       // of the assertion
	Home       ids.TenantID // of the managed identity, when it is one of this installation
	Waited     bool         // the issuer was asked, and what was read before may have changed
	Links      []audit.Link // each link that was followed, the broken one last
}

// LinksFor returns the links as the log of a tenant may show them. What the
// credentials say and what they are called is the business of the parent's
// tenant; another one that was asked sees what came and the verdict.
func (m Match) LinksFor(tenant ids.TenantID, of Parent) []audit.Link {
	if tenant == of.Tenant {
		return m.Links
	}
	links := slices.Clone(m.Links)
	for i := range links {
		links[i].Expected = ""
		if links[i].Name == credentialLink {
			links[i].Found = ""
		}
	}
	return links
}

// assertion is what is read of an assertion. Nothing in it is believed before
// its signature is verified.
type assertion struct {
	token *jose.Token
	named claims
}

// Verify decides whether the assertion proves the parent's identity, and by
// which of its credentials. The links are returned with a refusal as well.
//
// The order is Entra's: the issuer among the credentials, the issuer's keys,
// the signature, the times, the subject, the audience. Only an issuer that a
// credential names is ever asked for keys, and after that the credentials are
// read again: waiting for somebody else's server must not keep alive what was
// deleted meanwhile.
func (s *Service) Verify(ctx context.Context, of Parent, raw string) (Match, error) {
	v := &verification{s: s, of: of}
	err := v.run(ctx, strings.TrimSpace(raw))
	v.match.Links, v.match.Waited = v.links, v.waited
	return v.match, err
}

// A verification is one assertion on its way along the chain.
type verification struct {
	s          *Service
	of         Parent
	a          assertion
	candidates []*Credential // of the issuer, with the subject or an expression
	waited     bool          // for another issuer's server, since the candidates were read
	match      Match
	chain
}

func (v *verification) run(ctx context.Context, raw string) (err error) {
	if v.a, err = readAssertion(raw); err != nil {
		return v.broke("assertion", "", "", err)
	}
	v.match.Issuer, v.match.Subject = clip(v.a.named.Issuer), clip(v.a.named.Subject)
	if err := v.findIssuer(ctx); err != nil {
		return err
	}
	if err := v.checkSignature(ctx); err != nil {
		return err
	}
	if err := v.checkTimes(); err != nil {
		return err
	}
	if tenant, ok := v.s.names.tenant(v.a.named.Issuer); ok {
		if err := v.checkHome(ctx, tenant); err != nil {
			return err
		}
	}
	fitting, err := v.checkSubject(ctx)
	if err != nil {
		return err
	}
	return v.checkAudience(fitting)
}

func readAssertion(raw string) (a assertion, err error) {
	if a.token, err = jose.Peek(raw, jose.RS256, jose.PS256, jose.ES256, jose.EdDSA); err != nil {
		return a, err
	}
	return a, a.token.Claims(&a.named)
}

// claims are those that every assertion is asked for.
type claims struct {
	jose.Claims
	Scopes any `json:"scp"`
	Kind   any `json:"idtyp"`
}

// all returns every claim, for credentials with an expression. An assertion in
// which a name stands twice somewhere inside has none that could be told apart.
func (a assertion) all() map[string]any {
	var all map[string]any
	if a.token.Claims(&all) != nil {
		return nil
	}
	return all
}

// findIssuer refuses an issuer that no credential names.
func (v *verification) findIssuer(ctx context.Context) error {
	known, err := v.readCandidates(ctx)
	switch {
	case err != nil:
		return err
	case !known:
		return v.broke("issuer", "an issuer that a federated credential names", v.a.named.Issuer, v.noIssuer())
	}
	v.ok("issuer", v.a.named.Issuer)
	return nil
}

// readCandidates reads the credentials that could match, and says whether any
// credential names the issuer.
func (v *verification) readCandidates(ctx context.Context) (known bool, err error) {
	if hasControl(v.a.named.Issuer) { // which no credential has, and no database takes
		return false, nil
	}
	issuers := v.s.names.spellings(v.a.named.Issuer)
	err = v.s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		v.candidates, err = listMatching(ctx, tx, v.of, issuers, v.a.named.Subject)
		if known = len(v.candidates) > 0; err != nil || known {
			return err
		}
		others, err := listOfIssuers(ctx, tx, v.of, issuers)
		known = len(others) > 0
		return err
	})
	return known, err
}

func (v *verification) noIssuer() error {
	iss := v.a.named.Issuer
	f := fault.Because(fault.Unauthenticated, IssuerMismatch, "No matching federated identity record found for presented assertion issuer '%s'.", clip(iss)).
		With("issuer", clip(iss))
	if rest, ok := strings.CutPrefix(iss, v.s.names.own+"/"); ok && ids.Valid(strings.TrimSuffix(rest, "/")) {
		return f.WithFix("This is a token for an API. Ask the managed identity for one with the resource '%s'.", ExchangeAudience)
	}
	return f.WithFix("Give the application a federated credential whose issuer is exactly the assertion's, with the same letter case and the same ending.")
}

// checkSignature verifies the assertion with the issuer's keys. If they had to
// be fetched, the issuer is looked up once more.
func (v *verification) checkSignature(ctx context.Context) error {
	key := "key '" + v.a.token.Header.KeyID + "'"
	if err := v.verify(ctx); err != nil {
		return v.broke("signature", "a signature by one of the issuer's keys", key, err)
	}
	v.ok("signature", key)
	if !v.waited {
		return nil
	}
	known, err := v.readCandidates(ctx)
	if err == nil && !known {
		err = v.broke("issuer", "an issuer that a federated credential still names", v.a.named.Issuer, v.noIssuer())
	}
	return err
}

func (v *verification) verify(ctx context.Context) error {
	if tenant, ok := v.s.names.tenant(v.a.named.Issuer); ok {
		return v.verifyOwn(ctx, tenant)
	}
	return v.verifyForeign(ctx)
}

// verifyOwn takes the keys of a tenant of this installation from the store.
func (v *verification) verifyOwn(ctx context.Context, tenant ids.TenantID) error {
	var key jose.Key
	err := v.s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		key, err = v.s.keys.Public(ctx, tx, tenant, v.a.token.Header.KeyID)
		return err
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return v.a.token.Verify() // says that no key fits
	case err != nil:
		return err
	}
	return v.a.token.Verify(key)
}

// verifyForeign takes the issuer's keys from the cache or fetches them, and
// fetches once more, not more often than the cache allows, when none fits.
func (v *verification) verifyForeign(ctx context.Context) (err error) {
	set, atHand := v.s.issuers.Cached(v.a.named.Issuer)
	if !atHand {
		v.waited = true
		if set, err = v.s.issuers.Get(ctx, v.a.named.Issuer); err != nil {
			return err
		}
	}
	if err = v.a.token.Verify(set.Keys...); !errors.Is(err, jose.NoKey) {
		return err
	}
	v.waited = true
	if set, err = v.s.issuers.Renew(ctx, v.a.named.Issuer); err != nil {
		return err
	}
	return v.a.token.Verify(set.Keys...)
}

// checkTimes compares with the machine's time, in which tokens are issued here
// as elsewhere.
func (v *verification) checkTimes() error {
	now := v.s.clk.Wall()
	from, until := stamp(v.a.named.NotBefore.Time), stamp(v.a.named.Expiry.Time)
	if v.a.named.Valid(now, skew) {
		v.ok("time", "valid until "+until)
		return nil
	}
	return v.broke("time", "from "+from+" until "+until, stamp(now), fault.Because(fault.Unauthenticated, Expired,
		"Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s.", stamp(now), from, until).
		With("now", stamp(now)).With("from", from).With("until", until).
		WithFix("Ask the issuer for a new assertion."))
}

// stamp prints an absent time as the beginning of 1970, as Entra does.
func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}

// checkHome applies what holds for tokens of this installation: only a managed
// identity of the same tenant stands in for an application.
func (v *verification) checkHome(ctx context.Context, tenant ids.TenantID) error {
	if tenant != v.of.Tenant {
		return v.broke("home tenant", string(v.of.Tenant), string(tenant), fault.Because(fault.Unauthenticated, CrossTenant,
			"Tokens issued by '%s' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.", clip(v.a.named.Issuer)).
			With("issuer", clip(v.a.named.Issuer)).
			WithFix("Use a managed identity of the application's own tenant, %s.", v.of.Tenant))
	}
	if v.a.named.Scopes != nil || v.a.named.Kind == "user" {
		return v.broke("token kind", "an app-only token", "a delegated token", fault.Because(fault.Unauthenticated, Delegated,
			"Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.").
			WithFix("Ask the managed identity itself for a token with the resource '%s'.", ExchangeAudience))
	}
	var p app.Identity
	err := v.s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = app.FindIdentity(ctx, tx, tenant, ids.ObjectID(v.a.named.Subject))
		return err
	})
	switch {
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	case err != nil || !p.Managed:
		return v.broke("token kind", "a managed identity's token", v.a.named.Subject, fault.Because(fault.Unauthenticated, AADTokenNotAllowed,
			"AAD-issued tokens may not be used for federated identity flows.").
			WithFix("Only a managed identity's token may be used, and the identity must still exist."))
	case !p.Enabled:
		return v.broke("managed identity", "enabled", "disabled", fault.Because(fault.Unauthenticated, IdentityGone,
			"The managed identity '%s' is disabled.", p.AppID).With("appId", string(p.AppID)).With("name", p.Name).
			WithFix("Enable the identity's service principal in its tenant."))
	}
	v.match.Home = tenant
	v.ok("token kind", "a managed identity's token")
	return nil
}

// checkSubject returns the credentials whose subject or expression fits.
func (v *verification) checkSubject(ctx context.Context) ([]*Credential, error) {
	var fit []*Credential
	all := sync.OnceValue(v.a.all)
	for _, c := range v.candidates {
		if c.fits(v.a.named.Subject, all) {
			fit = append(fit, c)
		}
	}
	if len(fit) > 0 {
		v.ok("subject", v.a.named.Subject)
		return fit, nil
	}
	return nil, v.noSubject(ctx)
}

// fits reports whether the credential's subject or expression does.
func (c *Credential) fits(subject string, claims func() map[string]any) bool {
	if c.Expression == nil {
		return string(c.Subject) == subject
	}
	conditions, err := c.Expression.compile()
	if err != nil {
		return false
	}
	all := claims()
	return !slices.ContainsFunc(conditions, func(o condition) bool { return !o.holds(all) })
}

// noSubject refuses the subject. It tells whether only the letter case differs,
// but not which subjects would do: the caller has proved to be none of them.
func (v *verification) noSubject(ctx context.Context) error {
	sub := v.a.named.Subject
	var others []*Credential
	err := v.s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		others, err = listOfIssuers(ctx, tx, v.of, v.s.names.spellings(v.a.named.Issuer))
		return err
	})
	if err != nil {
		return err
	}
	expected := "the subject of a federated credential"
	if len(others) == 1 && others[0].Subject != "" {
		expected = string(others[0].Subject)
	}
	if slices.ContainsFunc(others, func(c *Credential) bool { return strings.EqualFold(string(c.Subject), sub) }) {
		return v.broke("subject", expected, sub, fault.Because(fault.Unauthenticated, SubjectCase,
			"No matching federated identity record found for presented assertion subject '%s'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison.", clip(sub)).
			With("subject", clip(sub)).
			WithFix("Write the credential's subject in the letter case of the assertion."))
	}
	return v.broke("subject", expected, sub, fault.Because(fault.Unauthenticated, SubjectMismatch,
		"No matching federated identity record found for presented assertion subject '%s'.", clip(sub)).
		With("subject", clip(sub)).
		WithFix("Give the application a federated credential with this subject. A managed identity's subject is its object (principal) id."))
}

// checkAudience takes the first credential whose audience is the assertion's.
func (v *verification) checkAudience(fit []*Credential) error {
	found := strings.Join(v.a.named.Audience, " ")
	for _, c := range fit {
		if slices.Contains(v.audiences(), c.audience()) {
			v.match.Credential, v.match.Name = c.ID, c.Name
			v.ok("audience", found)
			v.ok(credentialLink, c.Name)
			return nil
		}
	}
	expected := fit[0].audience()
	if v.match.Home != "" && strings.EqualFold(expected, ExchangeAppID) {
		return v.broke("audience", ExchangeAudience, expected, fault.Because(fault.Unauthenticated, AudienceForm,
			"The audience of the federated identity credential must be '%s' for this issuer.", ExchangeAudience).
			With("audience", clip(found)).
			WithFix("Set the credential's audience to '%s'.", ExchangeAudience))
	}
	return v.broke("audience", expected, found, fault.Because(fault.Unauthenticated, AudienceMismatch,
		"No matching federated identity record found for presented assertion audience '%s'.", clip(found)).
		With("audience", clip(found)).
		WithFix("Ask the issuer for an assertion whose audience is '%s'.", expected))
}

// audiences returns the assertion's audiences as credentials name them. A token
// of ours for the exchange carries its resource's GUID, for which a credential
// says api://AzureADTokenExchange.
func (v *verification) audiences() []string {
	if v.match.Home == "" {
		return v.a.named.Audience
	}
	if slices.Contains(v.a.named.Audience, ExchangeAppID) {
		return []string{ExchangeAudience}
	}
	return nil
}

// credentialLink is the link that names the credential that matched.
const credentialLink = "credential"

// A chain collects the links that a decision followed.
type chain struct{ links []audit.Link }

func (c *chain) ok(name, found string) {
	c.links = append(c.links, audit.Link{Name: name, Found: clip(found), Verdict: "ok"})
}

// broke records the link that broke and returns why. What is our own trouble
// breaks no link.
func (c *chain) broke(name, expected, found string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason != "" {
		c.links = append(c.links, audit.Link{Name: name, Expected: clip(expected), Found: clip(found), Verdict: string(f.Reason)})
	}
	return err
}
