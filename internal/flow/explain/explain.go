// Package explain says why a sign-in was refused: the links of the chain that
// the refusing packages have recorded in the log, in their order, what was
// expected of each and what was found, and in whose power it is to mend the one
// that broke. It reads the logs for those who may, and decides nothing.
package explain

import (
	"entente/internal/core/audit"
	"entente/internal/core/crosstenant"
)

// A Step is one link of a decision.
type Step struct {
	Name     string // as pages show it
	Expected string // what would have held; empty where it held, or is another tenant's affair
	Found    string
	Reason   string // why it broke; empty where it held
	Mend     string // where it is set, and by whom; of a link that broke
}

// Broken reports whether the decision ended here.
func (s Step) Broken() bool { return s.Reason != "" }

// A Decision is an answer to a sign-in, link by link.
type Decision struct {
	Refused bool
	Steps   []Step
}

// Broken returns the link that broke, or nil: where none did, or where the
// refusal came before the first.
func (d Decision) Broken() *Step {
	for i := range d.Steps {
		if d.Steps[i].Broken() {
			return &d.Steps[i]
		}
	}
	return nil
}

// Of returns how the sign-in was decided.
func Of(e audit.SignIn) Decision {
	d := Decision{Refused: e.Reason != "" || e.ErrorCode != 0}
	for _, l := range e.Links {
		known := links[l.Name]
		s := Step{Name: known.name, Expected: l.Expected, Found: l.Found}
		if s.Name == "" {
			s.Name = l.Name
		}
		if l.Verdict != "ok" {
			s.Reason, s.Mend = l.Verdict, known.mend
			if l.Name == outbound && e.Tenant != e.Home {
				s.Mend = "The policy is the home organization’s. Ask its administrators: their own sign-in log has the rule."
			}
			if l.Name == inbound && l.Verdict == string(crosstenant.OutboundBlocked) {
				s.Mend = links[outbound].mend
			}
		}
		d.Steps = append(d.Steps, s)
	}
	return d
}

const (
	outbound = "outbound policy"
	inbound  = "inbound policy"
)

const (
	ofCredential = "An owner of the application compares this with its federated credentials: App registrations, Certificates & secrets, Federated credentials."
	ofSecret     = "An owner of the application adds or renews the credential: App registrations, Certificates & secrets."
	ofClient     = "Whoever configures the client looks at what it sends."
	ofUser       = "An administrator of the user’s organization looks at the account: Users."
)

// links tells of each link how it is called and where it is set.
var links = map[string]struct{ name, mend string }{
	"tenant":             {"Organization", "Whoever operates the installation enables the organization."},
	"home tenant":        {"Home organization", "The identity and the application have to live in one organization that is enabled."},
	"application":        {"Application", "Its owner looks at App registrations: whether it is there, enabled, and its supported account types are any organizational directory."},
	"service principal":  {"Enterprise application", "An administrator of this organization consents to the application, which makes its enterprise application here, or enables it: Enterprise applications, Properties."},
	"resource":           {"Resource", "An administrator of this organization looks whether the resource’s enterprise application is there and enabled."},
	"issuer":             {"Issuer of the assertion", ofCredential},
	"subject":            {"Subject of the assertion", ofCredential},
	"audience":           {"Audience of the assertion", ofCredential},
	"credential":         {"Credential", ofSecret},
	"secret":             {"Client secret", ofSecret},
	"certificate":        {"Certificate", ofSecret},
	"signature":          {"Signature", "Whoever sends the assertion gets a fresh one; if it stays, compare its key with those that the issuer publishes."},
	"time":               {"Times of the assertion", "Whoever sends the assertion gets a fresh one, and looks at the clock of the machine."},
	"token kind":         {"Kind of token", "Use a managed identity’s token as the assertion."},
	"managed identity":   {"Managed identity", "An administrator of the identity’s organization enables its service principal, or makes the identity again."},
	"host":               {"Host", "Whoever runs the host enrolls it again, or looks at its key and clock."},
	"identity":           {"Assigned identity", "An administrator of the identity’s organization assigns the identity to the resource that asks."},
	"assertion":          {"Assertion", ofClient},
	"assertion subject":  {"Subject of the assertion", ofClient},
	"assertion audience": {"Audience of the assertion", ofClient},
	"assertion time":     {"Times of the assertion", ofClient},
	"code":               {"Authorization code", ofClient},
	"device code":        {"Device code", ofClient},
	"refresh token":      {"Refresh token", "The user signs in again."},
	"account":            {"Account", ofUser},
	"sign-in":            {"Time of the sign-in", "The user signs in again."},
	"guest":              {"Guest account", "An administrator of this organization invites the user, or enables the guest: Users."},
	"second factor":      {"Second factor", "The user sets up or uses a second factor. Whether that of the home organization counts stands in the cross-tenant access settings."},
	"assignment":         {"Assignment", "An administrator of this organization assigns it: Enterprise applications, Users and groups."},
	"consent":            {"Consent", "The user or an administrator of this organization consents to the permissions: Enterprise applications, Permissions."},
	inbound:              {"Inbound cross-tenant access", "A Security Administrator of this organization changes the cross-tenant access settings: inbound access, B2B collaboration."},
	outbound:             {"Outbound cross-tenant access", "A Security Administrator of this organization changes the cross-tenant access settings: outbound access, B2B collaboration."},
}
