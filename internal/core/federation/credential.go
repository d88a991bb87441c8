package federation

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// The audience of managed identity tokens that are meant for an exchange: as a
// credential names it, and as a v2 token does.
const (
	ExchangeAudience = "api://AzureADTokenExchange"
	ExchangeAppID    = "fb60f99c-7a34-4190-8149-302f77469936"
)

const maxText = 600 // characters of issuer, subject, audience, description

// A ParentKind says what a credential belongs to.
type ParentKind string

// The kinds.
const (
	Application     ParentKind = "application"
	ManagedIdentity ParentKind = "managedIdentity"
)

// A Parent is what a credential lets a workload stand in for: an application
// object, or the service principal of a user-assigned managed identity.
type Parent struct {
	Tenant ids.TenantID
	Kind   ParentKind
	ID     ids.ObjectID
}

// A Credential is a trust in one identity of another issuer. The members with
// JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/federatedidentitycredential?view=graph-rest-1.0
type Credential struct {
	Parent Parent `json:"-"`

	ID          ids.CredentialID `json:"id"`
	Name        string           `json:"name"`
	Issuer      string           `json:"issuer"`
	Subject     Optional         `json:"subject"` // empty when Expression is set
	Description Optional         `json:"description"`
	Audiences   []string         `json:"audiences"`                          // exactly one
	Expression  *Expression      `json:"claimsMatchingExpression,omitempty"` // beta

	CreatedAt time.Time `json:"-"`
	version   int64
}

// Optional is a text that is null on the wire when it is empty.
type Optional string

// MarshalJSON writes null for no text.
func (o Optional) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(o))
}

// UnmarshalJSON reads a text, or null as no text.
func (o *Optional) UnmarshalJSON(text []byte) error {
	var s *string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*o = ""
	if s != nil {
		*o = Optional(*s)
	}
	return nil
}

// audience returns the one audience.
func (c *Credential) audience() string {
	if len(c.Audiences) != 1 {
		return ""
	}
	return c.Audiences[0]
}

// expression returns the text of the claims matching expression, or "".
func (c *Credential) expression() string {
	if c.Expression == nil {
		return ""
	}
	return c.Expression.Value
}

// matchKey returns what is unique among a parent's credentials. The texts are
// too long for an index.
func matchKey(issuer string, subject Optional, expression string) secret.Digest {
	return secret.DigestOf(issuer, string(subject), expression)
}

// nameForm: a name stands in a URL.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$`)

// check returns a fault that names the first property that breaks a rule.
func (c *Credential) check() error {
	switch {
	case c.Name == "":
		return bad("name", "A federated credential needs a name.")
	case !nameForm.MatchString(c.Name):
		return bad("name", "A name has 3 to 120 letters, digits, '-' and '_', and begins with a letter or digit.")
	case len(c.Audiences) != 1 || c.Audiences[0] == "":
		return bad("audiences", "A federated credential has exactly one audience.")
	case tooLong(c.Audiences[0]):
		return bad("audiences", "An audience has at most %d characters.", maxText)
	case hasControl(c.Audiences[0]):
		return bad("audiences", "An audience has no control characters.")
	case tooLong(string(c.Description)):
		return bad("description", "A description has at most %d characters.", maxText)
	case strings.ContainsRune(string(c.Description), 0): // which no database keeps
		return bad("description", "A description has no null characters.")
	}
	if err := checkIssuer(c.Issuer); err != nil {
		return err
	}
	return c.checkSubject()
}

// checkSubject: one of subject and expression, not both.
func (c *Credential) checkSubject() error {
	switch {
	case c.Expression == nil && c.Subject == "":
		return bad("subject", "A federated credential needs a subject.")
	case c.Expression != nil && c.Subject != "":
		return bad("claimsMatchingExpression", "A federated credential has a subject or a claims matching expression, not both.")
	case tooLong(string(c.Subject)):
		return bad("subject", "A subject has at most %d characters.", maxText)
	case hasControl(string(c.Subject)):
		return bad("subject", "A subject has no control characters.")
	case c.Expression == nil:
		return nil
	case c.Parent.Kind != Application:
		return bad("claimsMatchingExpression", "Only an application's federated credential has a claims matching expression.")
	}
	_, err := c.Expression.compile()
	return err
}

// checkIssuer: an issuer is an https URL without query and fragment (OpenID
// Connect Core 1.0, section 2). It is kept as typed: the string must equal the
// assertion's iss.
func checkIssuer(issuer string) error {
	switch {
	case issuer == "":
		return bad("issuer", "A federated credential needs an issuer.")
	case tooLong(issuer):
		return bad("issuer", "An issuer has at most %d characters.", maxText)
	case strings.ContainsFunc(issuer, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return bad("issuer", "An issuer has no white space.")
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(issuer, "?#") {
		return bad("issuer", "An issuer is an https URL without query and fragment.")
	}
	return nil
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

func tooLong(s string) bool { return utf8.RuneCountInString(s) > maxText }

func bad(target, format string, args ...any) error {
	e := fault.InvalidAt(target, format, args...)
	e.Reason = BadValue
	return e
}

func neverMatches(target, fix, format string, args ...any) error {
	e := fault.InvalidAt(target, format, args...)
	e.Reason = NeverMatches
	return e.WithFix("%s", fix)
}
