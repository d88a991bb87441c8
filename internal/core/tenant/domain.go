package tenant

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Domain is a DNS name that a tenant claims or has proved to own. Only a
// proved one leads anywhere; any tenant may claim any name.
type Domain struct {
	Name       string // lower case, punycode
	Verified   bool
	Default    bool
	Initial    bool
	Promoted   bool     // a root of its own below another verified domain
	Proof      string   // the digits that the name's owner publishes
	Services   []string // what the tenant means to use it for; counts while it is verified
	Removal    Removal
	RemovalAt  time.Time // when Removal changed; zero while there is none
	CreatedAt  time.Time
	VerifiedAt time.Time
}

// A Removal is how far a forced deletion is, in Graph's words.
type Removal string

// The states of a removal: none → Scheduled → InProgress, and then the domain
// is gone, or the removal Failed and can be asked for again.
const (
	NoRemoval         Removal = ""
	RemovalScheduled  Removal = "Scheduled"
	RemovalInProgress Removal = "InProgress"
	RemovalFailed     Removal = "Failed"
)

// Leaving reports whether the domain is being removed: nothing new is named
// under it.
func (d Domain) Leaving() bool {
	return d.Removal == RemovalScheduled || d.Removal == RemovalInProgress
}

// Why a change of a domain is refused.
const (
	Taken           fault.Reason = "tenant.name_taken"           // another tenant has verified this domain
	Claimed         fault.Reason = "tenant.name_claimed"         // the tenant claims or has it already
	TooManyDomains  fault.Reason = "tenant.too_many_domains"     //
	AlreadyVerified fault.Reason = "tenant.already_verified"     //
	NotVerified     fault.Reason = "tenant.not_verified"         // what was asked needs a verified domain
	NotProved       fault.Reason = "tenant.not_proved"           // DNS does not show the proof
	Indispensable   fault.Reason = "tenant.indispensable_domain" // the initial one, the default one, one above others
	InUse           fault.Reason = "tenant.domain_in_use"        // objects are named under it
	NoSuchDomain    fault.Reason = "tenant.no_such_domain"       // not among the tenant's
)

// maxDomains is how many names a tenant may claim and own.
const maxDomains = 900

// services are what a domain can be meant for.
// https://learn.microsoft.com/graph/api/resources/domain?view=graph-rest-1.0
var services = []string{"Email", "OfficeCommunicationsOnline", "Yammer"}

// usualServices are what a domain is meant for until somebody says otherwise.
func usualServices() []string { return []string{"Email", "OfficeCommunicationsOnline"} }

// Claim returns the tenant's claim of a name, or why it cannot be one. Below a
// verified root of the tenant it is verified at once.
func (t *Tenant) Claim(name string, now time.Time) (Domain, error) {
	name, err := ParseDomain(name)
	if err != nil {
		return Domain{}, err
	}
	switch {
	case !strings.ContainsFunc(name[strings.LastIndexByte(name, '.'):], isLetter):
		return Domain{}, badName(name) // an address, or nothing that exists
	case t.Domain(name) != nil:
		return Domain{}, fault.Because(fault.Conflict, Claimed, "The tenant has the domain %s already.", name)
	case len(t.Domains) >= maxDomains:
		return Domain{}, fault.Because(fault.Invalid, TooManyDomains, "A tenant has at most %d domains.", maxDomains)
	}
	d := Domain{Name: name, Proof: proofOf(t.ID, name), Services: usualServices(), CreatedAt: now}
	if above := t.above(name); above != nil {
		d.Verified, d.VerifiedAt = true, now
	}
	return d, nil
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' }

// proofOf returns the digits that prove a name for a tenant. They follow from
// both, so that a claim given up and made again asks for the same: whoever could
// draw until they match what another tenant's owner has published would get the
// name. Entra has eight digits; these are too many to be met by chance.
func proofOf(id ids.TenantID, name string) string {
	sum := sha256.Sum256([]byte("entente domain proof\x00" + string(id) + "\x00" + name))
	return fmt.Sprintf("%019d", binary.BigEndian.Uint64(sum[:])%1e19)
}

// ProofText returns the TXT record that proves the domain.
func (d Domain) ProofText() string { return "MS=ms" + d.Proof }

// ProofExchange returns the mail exchange that proves the domain. It never
// resolves (RFC 6761, section 6.4).
func (d Domain) ProofExchange() string { return "ms" + d.Proof + ".msv1.invalid" }

// Proved reports whether DNS shows the proof: a text or a mail exchange.
func (d Domain) Proved(texts, exchanges []string) bool {
	same := func(want string) func(string) bool {
		return func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), want) }
	}
	return slices.ContainsFunc(texts, same(d.ProofText())) || slices.ContainsFunc(exchanges, same(d.ProofExchange()))
}

// Domain returns the tenant's domain of that name, or nil.
func (t *Tenant) Domain(name string) *Domain {
	for i := range t.Domains {
		if strings.EqualFold(t.Domains[i].Name, name) {
			return &t.Domains[i]
		}
	}
	return nil
}

// above returns the nearest verified domain of the tenant above a name, or nil.
func (t *Tenant) above(name string) *Domain {
	for {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return nil
		}
		if d := t.Domain(rest); d != nil && d.Verified && !d.Leaving() {
			return d
		}
		name = rest
	}
}

// IsRoot reports whether d is verified and hangs on no other domain.
func (t *Tenant) IsRoot(d Domain) bool { return d.Verified && (d.Promoted || t.above(d.Name) == nil) }

// RootOf returns the root that d hangs on, or nil for a root and for what is
// not verified.
func (t *Tenant) RootOf(d Domain) *Domain {
	if !d.Verified || d.Promoted {
		return nil
	}
	above := t.above(d.Name)
	for above != nil && !t.IsRoot(*above) {
		above = t.above(above.Name)
	}
	return above
}

// DefaultDomain returns the tenant's default domain, or "".
func (t *Tenant) DefaultDomain() string {
	for _, d := range t.Domains {
		if d.Default && d.Verified {
			return d.Name
		}
	}
	return t.InitialDomain()
}

// InitialDomain returns the domain the tenant was made with, or "".
func (t *Tenant) InitialDomain() string {
	for _, d := range t.Domains {
		if d.Initial {
			return d.Name
		}
	}
	return ""
}

// Owns reports whether new names may stand under domain: it is one of the
// tenant's verified domains and stays.
func (t *Tenant) Owns(domain string) bool {
	d := t.Domain(domain)
	return d != nil && d.Verified && !d.Leaving()
}

// A DomainChange is what can be changed of a domain; nil stays.
type DomainChange struct {
	Default        *bool     `json:"isDefault"`
	Services       *[]string `json:"supportedServices"`
	Authentication *string   `json:"authenticationType"`
	Validity       *int      `json:"passwordValidityPeriodInDays"`
	Notice         *int      `json:"passwordNotificationWindowInDays"`
}

// How passwords age: they do not, and nobody is told that they will.
const (
	PasswordsForEver   = 1<<31 - 1 // days
	PasswordNoticeDays = 14
)

// Change applies a change to the domain of the tenant, or refuses it.
func (t *Tenant) Change(d *Domain, c DomainChange) error {
	if !d.Verified {
		return notVerified(d.Name)
	}
	switch {
	case c.Authentication != nil && *c.Authentication == "Federated":
		return fault.InvalidAt("authenticationType", "Federated domains are not supported here; people of this tenant sign in with it.")
	case c.Authentication != nil && *c.Authentication != "Managed":
		return badValue("authenticationType")
	case c.Validity != nil && *c.Validity != PasswordsForEver:
		return fault.InvalidAt("passwordValidityPeriodInDays", "Passwords do not expire here; the only value is %d.", PasswordsForEver)
	case c.Notice != nil && *c.Notice != PasswordNoticeDays:
		return fault.InvalidAt("passwordNotificationWindowInDays", "Passwords do not expire here; the only value is %d.", PasswordNoticeDays)
	case c.Default != nil && !*c.Default && d.Default:
		return fault.InvalidAt("isDefault", "A tenant has one default domain. Make another one the default instead.")
	case c.Default != nil && *c.Default && d.Leaving():
		return fault.InvalidAt("isDefault", "The domain '%s' is being deleted.", d.Name)
	}
	if c.Services != nil {
		list, err := readServices(*c.Services)
		if err != nil {
			return err
		}
		d.Services = list
	}
	if c.Default != nil && *c.Default {
		for i := range t.Domains {
			t.Domains[i].Default = false
		}
		d.Default = true
	}
	return nil
}

// readServices returns the services, each once and as Graph spells it.
func readServices(asked []string) ([]string, error) {
	list := []string{}
	for _, s := range services {
		if slices.ContainsFunc(asked, func(a string) bool { return strings.EqualFold(a, s) }) {
			list = append(list, s)
		}
	}
	for _, a := range asked {
		if !slices.ContainsFunc(services, func(s string) bool { return strings.EqualFold(a, s) }) {
			return nil, badValue("supportedServices")
		}
	}
	return list, nil
}

// Removable refuses to remove a domain that the tenant cannot do without.
func (t *Tenant) Removable(d *Domain) error {
	why := ""
	switch {
	case d.Initial:
		why = "The initial domain '%s' cannot be deleted."
	case d.Default:
		why = "The default domain '%s' cannot be deleted. Make another one the default first."
	case d.Verified && slices.ContainsFunc(t.Domains, func(o Domain) bool { return o.Verified && strings.HasSuffix(o.Name, "."+d.Name) }):
		why = "The domain '%s' cannot be deleted while the tenant has verified domains below it. Delete them first."
	default:
		return nil
	}
	return fault.Because(fault.Invalid, Indispensable, why, d.Name)
}

// Promote makes a verified subdomain a root of its own.
func (t *Tenant) Promote(d *Domain) error {
	switch {
	case !d.Verified:
		return notVerified(d.Name)
	case t.IsRoot(*d):
		return fault.New(fault.Invalid, "The domain '%s' is a root domain already.", d.Name)
	}
	d.Promoted = true
	return nil
}

// MissingDomain returns the fault of a domain that is not among the tenant's.
func MissingDomain(name string) error {
	return fault.Because(fault.NotFound, NoSuchDomain,
		"Resource '%.253s' does not exist or one of its queried reference-property objects are not present.", name)
}

func notVerified(name string) error {
	return fault.Because(fault.Invalid, NotVerified, "The domain '%s' is not verified. Only verified domains can be changed.", name).
		WithFix("Publish one of its verificationDnsRecords and POST /domains/%s/verify.", name)
}

func badValue(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'Domain'.", property)
}

// A label may have letters, digits and hyphens (RFC 1123, section 2.1); a
// domain has at least two.
var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ParseDomain returns the domain in lower case, or an Invalid fault.
func ParseDomain(s string) (string, error) {
	d := strings.ToLower(strings.TrimSpace(s))
	if len(d) > 253 || !domainForm.MatchString(d) {
		return "", badName(s)
	}
	return d, nil
}

func badName(s string) error { return fault.InvalidAt("id", "'%.100s' is no domain name.", s) }
