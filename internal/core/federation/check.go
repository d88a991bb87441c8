package federation

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// The issuer of GitHub's workflows.
// https://docs.github.com/actions/reference/security/oidc
const GitHub = "https://token.actions.githubusercontent.com"

// What the credentials of each cloud name as audience.
const (
	AudienceGovernment = ExchangeAudience + "USGov"
	AudienceChina      = ExchangeAudience + "China"
)

// Issuer returns what the tokens of a tenant's managed identities carry as
// issuer, and a credential for one has to name.
func (s *Service) Issuer(tenant ids.TenantID) string { return s.names.issuer(tenant) }

// A Finding is what Check has found out about one part of a credential.
type Finding struct {
	About string // issuer, subject, audience
	OK    bool
	Text  string // may carry what somebody else wrote
}

// Check tells what would match, and what would not, if the credential were
// stored: Create with the body, or Update of the one that key names if it is not
// empty. What those would refuse is refused likewise. Nothing is stored; the
// issuer is asked.
func (s *Service) Check(ctx context.Context, who authz.Caller, of Parent, key string, body []byte) (*Credential, []Finding, error) {
	of.Tenant = who.Tenant
	var before, c *Credential
	var others []*Credential
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if _, err = of.find(ctx, tx, who, true); err != nil {
			return err
		}
		if key == "" {
			c, err = newCredential(of, body, tx.Now())
		} else if before, err = getCredential(ctx, tx, of, key); err == nil {
			c, err = before.apply(body)
		}
		if err != nil {
			return err
		}
		if err := s.fits(ctx, tx, before, c); err != nil {
			return err
		}
		others, err = listCredentials(ctx, tx, of)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	warnings, err := s.advise(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.find(ctx, c, warnings)
	return c, append(found, alike(c, others)...), err
}

// about says which part of a credential a warning is about.
var about = map[string]string{
	WarnUnreachable: "issuer", WarnDiffers: "issuer", WarnUnusable: "issuer", WarnCrossTenant: "issuer",
	WarnSubject: "subject", WarnSubjectClient: "subject", WarnSubjectCase: "subject", WarnWildcard: "subject", WarnBroad: "subject",
	WarnAudience: "audience", WarnSpace: "subject",
}

// find turns the warnings into findings, and says of the parts without one why
// they look right.
func (s *Service) find(ctx context.Context, c *Credential, warnings []Warning) ([]Finding, error) {
	var all []Finding
	wrong := make(map[string]bool)
	for _, w := range warnings {
		wrong[about[w.Code]] = true
		all = append(all, Finding{About: about[w.Code], Text: w.Text + differs(c.Issuer, w.found)})
	}
	if c.Issuer != GitHub && strings.EqualFold(strings.TrimSuffix(c.Issuer, "/"), GitHub) {
		wrong["issuer"] = true
		all = append(all, Finding{About: "issuer", Text: "GitHub’s tokens carry " + GitHub + ", in lower case and without a slash at the end."})
	}
	home, ours, err := s.homeOf(ctx, c.Issuer)
	if err != nil {
		return nil, err
	}
	right := func(part, text string) {
		if !wrong[part] {
			all = append(all, Finding{About: part, OK: true, Text: text})
		}
	}
	if !ours {
		right("issuer", "Its metadata can be had from here, names this issuer, and publishes keys.")
		if c.Issuer == GitHub && c.Expression == nil && !gitHubSubject.MatchString(string(c.Subject)) {
			wrong["subject"] = true
			all = append(all, Finding{About: "subject", Text: "GitHub’s subjects look like repo:organization/repository:ref:refs/heads/main, unless the repository has a template of its own."})
		}
		right("subject", "It is compared with the subject of each token, byte for byte. Whether the issuer gives it to a workload, only a token shows.")
		right("audience", "The workload has to ask its issuer for a token with this audience.")
		return all, nil
	}
	right("issuer", "It is this organization. Only its managed identities match.")
	right("audience", "Managed identities’ tokens for it carry the application ID "+ExchangeAppID+", which stands for the same.")
	if wrong["subject"] || home != c.Parent.Tenant {
		return all, nil
	}
	name, err := s.identityName(ctx, home, ids.ObjectID(c.Subject))
	right("subject", "It is the object ID of the managed identity “"+name+"”.")
	return all, err
}

// differs says how the issuer that was found differs from the one that was named.
func differs(named, found string) string {
	switch {
	case found == "":
		return ""
	case found == named+"/":
		return " It has a slash at the end, which counts."
	case found+"/" == named:
		return " It has no slash at the end, which counts."
	case strings.EqualFold(found, named):
		return " It is written in another letter case, which counts: “" + found + "”."
	}
	return " It is “" + found + "”."
}

// gitHubSubject is what workflows are called, by names alone or with the
// identifiers of owner and repository, which stay when names change hands.
var gitHubSubject = regexp.MustCompile(`^repo:[^/:@]+(@[0-9]+)?/[^/:@]+(@[0-9]+)?:(ref:refs/(heads|tags)/.+|environment:.+|pull_request)$`)

// identityName returns the name of a user-assigned identity; a host's own has
// its host's, and is told by its kind.
func (s *Service) identityName(ctx context.Context, tenant ids.TenantID, id ids.ObjectID) (name string, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		i, err := managedidentity.ByPrincipal(ctx, tx, tenant, id)
		if errors.Is(err, fault.NotFound) {
			name = "system-assigned, of a resource"
			return nil
		}
		if err == nil {
			name = i.Name
		}
		return err
	})
	return name, err
}

// alike finds the credentials that differ from c in letter case or in a slash at
// the end alone: one of the two was meant.
func alike(c *Credential, others []*Credential) []Finding {
	fold := func(c *Credential) [3]string {
		return [3]string{strings.ToLower(strings.TrimSuffix(c.Issuer, "/")), strings.ToLower(string(c.Subject)), strings.ToLower(c.expression())}
	}
	var all []Finding
	for _, o := range others {
		if o.ID != c.ID && fold(o) == fold(c) {
			all = append(all, Finding{About: "issuer", Text: "The credential “" + o.Name + "” differs from it in letter case or in a slash at the end alone. Both count byte for byte: one of them will not match."})
		}
	}
	return all
}
