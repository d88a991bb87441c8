package crosstenant

import (
	"encoding/json"
	"maps"
	"slices"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Access types.
const (
	Allowed = "allowed"
	Blocked = "blocked"
)

// Kinds of targets.
const (
	ofUser        = "user"
	ofGroup       = "group"
	ofApplication = "application"
)

// Targets that are no identifier. The last two are Microsoft's own sets of
// applications, none of which lives in an installation of ours.
const (
	AllUsers        = "AllUsers"
	AllApplications = "AllApplications"
	office365       = "Office365"
	adminPortals    = "MicrosoftAdminPortals"
)

// A Target is one user, group or application, or all of them.
type Target struct {
	Target string `json:"target"`
	Kind   string `json:"targetType"`
}

// A Block allows its targets and nothing else, or blocks them and nothing else.
type Block struct {
	Access  string   `json:"accessType"`
	Targets []Target `json:"targets"`
}

// A Section is what people and workloads may do in one direction.
type Section struct {
	Users        *Block `json:"usersAndGroups"`
	Applications *Block `json:"applications"`
}

// Restrictions are a Section for people who sign in from devices of this
// tenant with accounts of another.
type Restrictions struct {
	Users        *Block   `json:"usersAndGroups"`
	Applications *Block   `json:"applications"`
	Devices      *Devices `json:"devices"`
}

// Devices tells by a rule which devices are meant.
type Devices struct {
	Mode *string `json:"mode"`
	Rule *string `json:"rule"`
}

// A UsersOnly section has no applications.
type UsersOnly struct {
	Users *Block `json:"usersAndGroups"`
}

// An InboundUsers section is UsersOnly under another name of Graph's.
type InboundUsers struct {
	Users *Block `json:"users"`
}

// An ApplicationsOnly section has no people.
type ApplicationsOnly struct {
	Applications *Block `json:"applications"`
}

// Trust says which claims of the other tenant are believed.
type Trust struct {
	MFA       *bool `json:"isMfaAccepted"`
	Compliant *bool `json:"isCompliantDeviceAccepted"`
	Joined    *bool `json:"isHybridAzureADJoinedDeviceAccepted"`
}

// Consents says for which direction nobody is asked before data of theirs
// crosses.
type Consents struct {
	Inbound  *bool `json:"inboundAllowed"`
	Outbound *bool `json:"outboundAllowed"`
}

// Redemption says how guests prove who they are.
type Redemption struct {
	Order    []string `json:"primaryIdentityProviderPrecedenceOrder"`
	Fallback *string  `json:"fallbackIdentityProvider"`
}

// A Configuration is the settings towards one partner, or the default. A
// section that is nil is inherited. The members are Graph's.
type Configuration struct {
	AppServiceInbound *ApplicationsOnly `json:"appServiceConnectInbound"`
	Consents          *Consents         `json:"automaticUserConsentSettings"`
	Inbound           *Section          `json:"b2bCollaborationInbound"`
	Outbound          *Section          `json:"b2bCollaborationOutbound"`
	DirectInbound     *Section          `json:"b2bDirectConnectInbound"`
	DirectOutbound    *Section          `json:"b2bDirectConnectOutbound"`
	Trust             *Trust            `json:"inboundTrust"`
	M365Inbound       *InboundUsers     `json:"m365CollaborationInbound"`
	M365Outbound      *UsersOnly        `json:"m365CollaborationOutbound"`
	Restrictions      *Restrictions     `json:"tenantRestrictions"`
}

// A Default is what counts for tenants that are no partners.
type Default struct {
	Configuration
	Redemption     *Redemption `json:"invitationRedemptionIdentityProviderConfiguration"`
	ServiceDefault bool        `json:"isServiceDefault"`
	version        int64
}

// A Partner is what counts for one other tenant.
type Partner struct {
	Tenant ids.TenantID `json:"tenantId"`
	Configuration
	InOrganization  bool  `json:"isInMultiTenantOrganization"`
	ServiceProvider *bool `json:"isServiceProvider"`

	Sync    *Sync `json:"-"` // nil while there is none
	version int64
}

// Sync is whether the partner may make and keep users here.
type Sync struct {
	Name   *string      `json:"displayName"`
	Tenant ids.TenantID `json:"tenantId"`
	Users  *SyncUsers   `json:"userSyncInbound"`
}

// SyncUsers is the one thing that Sync says.
type SyncUsers struct {
	Allowed *bool `json:"isSyncAllowed"`
}

// Why a configuration is refused.
const (
	Bad      fault.Reason = "crosstenant.invalid"
	Exists   fault.Reason = "crosstenant.exists"
	NoTenant fault.Reason = "crosstenant.no_tenant" // a partner that is no tenant here, or this one
)

// Limits.
const (
	maxConfiguration = 25 << 10 // bytes, as in Entra
	maxSyncName      = 256
)

// System returns the configuration of a tenant that has set nothing.
// https://learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationdefault-get
func System() Default {
	no, fallback := false, "defaultConfiguredIdp"
	return Default{
		ServiceDefault: true,
		Configuration: Configuration{
			Trust:   &Trust{&no, &no, &no},
			Inbound: everything(Allowed), Outbound: everything(Allowed),
			DirectInbound: everything(Blocked), DirectOutbound: everything(Blocked),
			Restrictions: &Restrictions{Users: everything(Blocked).Users, Applications: everything(Blocked).Applications},
			Consents:     &Consents{&no, &no},
		},
		Redemption: &Redemption{Order: []string{"externalFederation", "azureActiveDirectory", "socialIdentityProviders"}, Fallback: &fallback},
	}
}

func everything(access string) *Section {
	return &Section{
		&Block{access, []Target{{AllUsers, ofUser}}},
		&Block{access, []Target{{AllApplications, ofApplication}}},
	}
}

// Under returns c with what it leaves out taken from base.
func (c Configuration) Under(base Configuration) Configuration {
	c.AppServiceInbound = or(c.AppServiceInbound, base.AppServiceInbound)
	c.Inbound, c.Outbound = or(c.Inbound, base.Inbound), or(c.Outbound, base.Outbound)
	c.DirectInbound, c.DirectOutbound = or(c.DirectInbound, base.DirectInbound), or(c.DirectOutbound, base.DirectOutbound)
	c.M365Inbound, c.M365Outbound = or(c.M365Inbound, base.M365Inbound), or(c.M365Outbound, base.M365Outbound)
	c.Restrictions = or(c.Restrictions, base.Restrictions)
	if c.Trust == nil {
		c.Trust = base.Trust
	} else if base.Trust != nil {
		c.Trust = &Trust{or(c.Trust.MFA, base.Trust.MFA), or(c.Trust.Compliant, base.Trust.Compliant), or(c.Trust.Joined, base.Trust.Joined)}
	}
	if c.Consents == nil {
		c.Consents = base.Consents
	} else if base.Consents != nil {
		c.Consents = &Consents{or(c.Consents.Inbound, base.Consents.Inbound), or(c.Consents.Outbound, base.Consents.Outbound)}
	}
	return c
}

func or[T any](a, b *T) *T {
	if a == nil {
		return b
	}
	return a
}

// Effective returns the default with what it leaves out taken from the system's.
func (d Default) Effective() Default {
	system := System()
	d.Configuration = d.Under(system.Configuration)
	d.Redemption = or(d.Redemption, system.Redemption)
	return d
}

// whole are the sections that a body replaces as a whole. Of the others the
// members that stand in the body are changed.
var whole = []string{
	"appServiceConnectInbound", "b2bCollaborationInbound", "b2bCollaborationOutbound", "b2bDirectConnectInbound", "b2bDirectConnectOutbound",
	"m365CollaborationInbound", "m365CollaborationOutbound", "tenantRestrictions",
}

// change reads a Graph body over into, whose JSON members are what is stored
// now: sections that are replaced as a whole begin anew, null inherits.
func change(into any, body []byte) error {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(body, &sections); err != nil {
		return fault.New(fault.Invalid, "The request body is not a JSON object.").Wrap(err)
	}
	// What is replaced is cleared first: a reader of JSON would keep old members.
	cleared := make(map[string]json.RawMessage)
	for _, name := range whole {
		if _, ok := sections[name]; ok {
			cleared[name] = json.RawMessage("null")
		}
	}
	for _, text := range []map[string]json.RawMessage{cleared, sections} {
		raw, err := json.Marshal(text)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return fault.New(fault.Invalid, "The request body cannot be read.").Wrap(err)
		}
	}
	return nil
}

// check refuses a configuration that could be read in two ways.
func (c Configuration) check() error {
	if text, err := json.Marshal(c); err != nil || len(text) > maxConfiguration {
		return bad("", "A configuration has at most %d bytes.", maxConfiguration).Wrap(err)
	}
	for name, s := range map[string]*Section{
		"b2bCollaborationInbound": c.Inbound, "b2bCollaborationOutbound": c.Outbound,
		"b2bDirectConnectInbound": c.DirectInbound, "b2bDirectConnectOutbound": c.DirectOutbound,
	} {
		if s == nil {
			continue
		}
		if err := checkSection(name, s.Users, s.Applications); err != nil {
			return err
		}
	}
	if r := c.Restrictions; r != nil {
		if err := checkSection("tenantRestrictions", r.Users, r.Applications); err != nil {
			return err
		}
		if d := r.Devices; d != nil && d.Mode != nil && *d.Mode != Allowed && *d.Mode != Blocked {
			return bad("tenantRestrictions", "The mode of a device filter is allowed or blocked.")
		}
	}
	return c.checkHalves()
}

// checkHalves checks the sections that have one block.
func (c Configuration) checkHalves() error {
	if s := c.AppServiceInbound; s != nil && s.Applications != nil {
		if err := s.Applications.check("appServiceConnectInbound", applications); err != nil {
			return err
		}
	}
	if s := c.M365Inbound; s != nil && s.Users != nil {
		if err := s.Users.check("m365CollaborationInbound", people); err != nil {
			return err
		}
	}
	if s := c.M365Outbound; s != nil && s.Users != nil {
		return s.Users.check("m365CollaborationOutbound", people)
	}
	return nil
}

// checkSection wants both blocks, and that both shut everybody out or neither:
// of people who may use nothing, and of applications that nobody may use, it
// could not be said what was meant.
func checkSection(name string, users, apps *Block) error {
	if users == nil || apps == nil {
		return bad(name, "%s must be given both usersAndGroups and applications, or null.", name)
	}
	if err := users.check(name, people); err != nil {
		return err
	}
	if err := apps.check(name, applications); err != nil {
		return err
	}
	if users.shuts() != apps.shuts() {
		return bad(name, "The access types of usersAndGroups and applications in %s must be consistent: if one blocks all, the other must block all too.", name)
	}
	return nil
}

// people and applications are what a block may speak of: the kinds of its
// targets, each with the words that are allowed besides identifiers.
var (
	people       = map[string][]string{ofUser: {AllUsers}, ofGroup: nil}
	applications = map[string][]string{ofApplication: {AllApplications, office365, adminPortals}}
)

func (b *Block) check(section string, kinds map[string][]string) error {
	switch {
	case b.Access != Allowed && b.Access != Blocked:
		return bad(section, "An accessType in %s is missing: it is allowed or blocked.", section)
	case len(b.Targets) == 0:
		return bad(section, "Targets in %s are missing.", section)
	}
	seen := make(map[Target]bool)
	for i, t := range b.Targets {
		words, ok := kinds[t.Kind]
		if !ok {
			return bad(section, "The targetType '%.50s' is not possible in this part of %s; possible: %v.", t.Kind, section, slices.Sorted(maps.Keys(kinds)))
		}
		switch {
		case slices.Contains(words, t.Target):
		case ids.Valid(t.Target):
			t.Target = lower(t.Target)
			b.Targets[i] = t
		default:
			return bad(section, "The target '%.50s' in %s is neither an identifier nor one of %v.", t.Target, section, words)
		}
		if seen[t] {
			return bad(section, "The target '%s' stands in %s more than once.", t.Target, section)
		}
		seen[t] = true
		if all(t) && len(b.Targets) > 1 {
			return bad(section, "Beside the target %s there can be no other in %s.", t.Target, section)
		}
	}
	return nil
}

// all reports whether the target is everybody, or everything.
func all(t Target) bool { return t.Target == AllUsers || t.Target == AllApplications }

// shuts reports whether the block lets nothing through.
func (b *Block) shuts() bool { return b.Access == Blocked && all(b.Targets[0]) }

var providers = []string{"azureActiveDirectory", "externalFederation", "socialIdentityProviders"}

var fallbacks = []string{"defaultConfiguredIdp", "emailOneTimePasscode", "microsoftAccount"}

func (r *Redemption) check() error {
	const name = "invitationRedemptionIdentityProviderConfiguration"
	if r == nil {
		return nil
	}
	for i, p := range r.Order {
		if !slices.Contains(providers, p) || slices.Contains(r.Order[:i], p) {
			return bad(name, "The identity provider '%.50s' cannot stand in the order, or stands there twice.", p)
		}
	}
	if r.Fallback != nil && !slices.Contains(fallbacks, *r.Fallback) {
		return bad(name, "The identity provider '%.50s' cannot be the fallback.", *r.Fallback)
	}
	return nil
}

func (s *Sync) check() error {
	if s.Name != nil && len(*s.Name) > maxSyncName {
		return bad("displayName", "A display name has at most %d bytes.", maxSyncName)
	}
	return nil
}

func bad(target, format string, args ...any) *fault.Error {
	f := fault.Because(fault.Invalid, Bad, format, args...)
	f.Target = target
	return f
}
