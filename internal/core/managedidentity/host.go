package managedidentity

import (
	"encoding/json"
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A HostID names a host at the token endpoint, as a client identifier does an
// application.
type HostID string

// A Host is a resource that may have identities.
type Host struct {
	Resource
	Tenant     ids.TenantID
	HostID     HostID
	Kind       string // of a web site: app, functionapp …
	Location   string
	Tags       Tags
	Properties json.RawMessage // kept and shown, nothing more
	System     Own             // the system-assigned identity; zero when off
	Assigned   []*Identity     // the user-assigned ones, by name
	CreatedAt  time.Time
	SeenAt     time.Time // its last heartbeat; zero before the first
}

// Own is a host's system-assigned identity.
type Own struct {
	Principal ids.ObjectID
	Client    ids.AppID
}

// On reports whether the host has one.
func (o Own) On() bool { return o.Principal != "" }

// A HostSpec is what a caller says of a host. A nil member was not given.
type HostSpec struct {
	Location   *string
	Kind       *string
	Tags       Tags
	Properties json.RawMessage
	Identity   *IdentityBlock
}

// An IdentityBlock is what a caller says of a host's identities.
type IdentityBlock struct {
	System bool
	Add    []Resource // user-assigned identities to have
	Remove []Resource // and those not to have any more
	// Only says that Add is the whole of it: whatever else is assigned goes.
	Only bool
}

const maxProperties = 64 << 10

// NewHost returns a host without identities, or an Invalid fault.
func NewHost(tenant ids.TenantID, r Resource, s HostSpec, now time.Time) (*Host, error) {
	if !isHost(r.Type) {
		return nil, fault.InvalidAt("type", "'%s' has no identity block.", r.Type)
	}
	h := &Host{Resource: r, Tenant: tenant, HostID: ids.New[HostID](), Properties: json.RawMessage("{}"), CreatedAt: now}
	if s.Location == nil {
		s.Location = new(string)
	}
	var err error
	if h.Location, err = location(*s.Location); err != nil {
		return nil, err
	}
	return h, h.change(s)
}

// change takes over what the caller said, the identities aside.
func (h *Host) change(s HostSpec) error {
	if s.Location != nil {
		wanted, err := location(*s.Location)
		if err != nil {
			return err
		}
		if err := sameLocation(h.Resource, h.Location, wanted); err != nil {
			return err
		}
	}
	if err := s.Tags.check(); err != nil {
		return err
	}
	if len(s.Properties) > maxProperties {
		return fault.InvalidAt("properties", "The properties of a resource have at most %d bytes here.", maxProperties)
	}
	if s.Kind != nil {
		if len(*s.Kind) > maxName {
			return fault.InvalidAt("kind", "A kind has at most %d bytes.", maxName)
		}
		h.Kind = *s.Kind
	}
	if s.Tags != nil {
		h.Tags = s.Tags
	}
	if s.Properties != nil {
		h.Properties = s.Properties
	}
	return nil
}

// wanted returns the user-assigned identities that h shall have under b, of
// those it has and those in added.
func (h *Host) wanted(b *IdentityBlock, added []*Identity) []*Identity {
	var all []*Identity
	if !b.Only {
		all = slices.Clone(h.Assigned)
	}
	for _, i := range added {
		if !slices.ContainsFunc(all, func(o *Identity) bool { return o.Principal == i.Principal }) {
			all = append(all, i)
		}
	}
	all = slices.DeleteFunc(all, func(i *Identity) bool {
		return slices.ContainsFunc(b.Remove, func(r Resource) bool { return r.Scope() == i.Scope() })
	})
	slices.SortFunc(all, func(a, b *Identity) int { return compare(a.Scope(), b.Scope()) })
	return all
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A Selector names one of a host's identities; all empty names none.
type Selector struct {
	ClientID   string
	ObjectID   string
	ResourceID string
}

// A Given is an identity as a host is given it.
type Given struct {
	Tenant    ids.TenantID
	Principal ids.ObjectID
	Client    ids.AppID
	Resource  string // what tokens carry as xms_mirid
	Name      string
	System    bool // the host's own
}

// Give returns the identity that the host asks for. Without a choice it is the
// host's own, or the only one there is.
func (h *Host) Give(s Selector) (*Given, error) {
	have := h.given()
	if len(have) == 0 {
		return nil, fault.Because(fault.Invalid, NoIdentity, "The host has no identity.").
			WithFix("Assign a managed identity to %s.", h.ID())
	}
	if s == (Selector{}) {
		if have[0].System || len(have) == 1 {
			return have[0], nil
		}
		return nil, fault.Because(fault.Invalid, Ambiguous,
			"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request").
			WithFix("Choose one of the host's %d identities by client_id, object_id or mi_res_id.", len(have))
	}
	i := slices.IndexFunc(have, s.matches)
	if i < 0 {
		return nil, fault.Because(fault.Invalid, NotAssigned,
			"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.").
			WithFix("Assign the identity to %s.", h.ID())
	}
	return have[i], nil
}

// given lists the host's identities, its own first.
func (h *Host) given() []*Given {
	var all []*Given
	if h.System.On() {
		all = append(all, &Given{h.Tenant, h.System.Principal, h.System.Client, h.Claim(), h.Name, true})
	}
	for _, i := range h.Assigned {
		all = append(all, &Given{h.Tenant, i.Principal, i.Client, i.Claim(), i.Name, false})
	}
	return all
}

// Clients returns the client identifiers of the identities that the host may
// use, its own first.
func (h *Host) Clients() []ids.AppID {
	clients := []ids.AppID{}
	for _, g := range h.given() {
		clients = append(clients, g.Client)
	}
	return clients
}

// matches reports whether every member of s that is given names g.
func (s Selector) matches(g *Given) bool {
	return sameOrUnset(s.ClientID, string(g.Client)) && sameOrUnset(s.ObjectID, string(g.Principal)) && sameOrUnset(s.ResourceID, g.Resource)
}
