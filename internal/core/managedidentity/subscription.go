package managedidentity

import (
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Why something is refused. The edge of Azure Resource Manager has a code for
// each, and the token service one for those of ForHost.
const (
	NoSubscription fault.Reason = "subscription_not_found"
	NoGroup        fault.Reason = "resource_group_not_found"
	NoResource     fault.Reason = "resource_not_found"
	WrongLocation  fault.Reason = "resource_location"
	NotAuthorized  fault.Reason = "role_missing"
	AlreadyRole    fault.Reason = "role_assignment_exists"

	// A host was refused an identity. The token endpoint sends these words as
	// suberror, and agents read them.
	NotAssigned fault.Reason = "identity_not_assigned"
	Ambiguous   fault.Reason = "identity_ambiguous"
	NoIdentity  fault.Reason = "no_identity"

	// A host did not prove who it is.
	NoHost       fault.Reason = "host_not_found"
	BadAssertion fault.Reason = "host_assertion"
	Replayed     fault.Reason = "host_assertion_replayed"
	BadToken     fault.Reason = "enrollment_token"
)

// A Subscription is a place for resource groups. It belongs to one tenant.
type Subscription struct {
	Tenant      ids.TenantID
	ID          SubscriptionID
	DisplayName string
	CreatedAt   time.Time
}

const maxName = 256

// NewSubscription returns a subscription of tenant; an empty id becomes a
// random one.
func NewSubscription(tenant ids.TenantID, id SubscriptionID, name string, now time.Time) (*Subscription, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxName {
		return nil, fault.InvalidAt("displayName", "A subscription's name has 1 to %d bytes.", maxName)
	}
	if id == "" {
		id = ids.New[SubscriptionID]()
	}
	id, err := ids.Parse[SubscriptionID](string(id))
	if err != nil {
		return nil, err
	}
	return &Subscription{tenant, id, name, now}, nil
}

// A Group is a resource group: a place for identities and hosts.
type Group struct {
	Subscription SubscriptionID
	Name         string
	Location     string
	Tags         Tags
	CreatedAt    time.Time
}

// ID returns the group's resource identifier.
func (g *Group) ID() string { return GroupID(g.Subscription, g.Name) }

// NewGroup returns a resource group, or an Invalid fault.
func NewGroup(sub SubscriptionID, name, place string, tags Tags, now time.Time) (*Group, error) {
	if err := checkGroupName(name); err != nil {
		return nil, err
	}
	if err := tags.check(); err != nil {
		return nil, err
	}
	place, err := location(place)
	if err != nil {
		return nil, err
	}
	return &Group{sub, name, place, tags, now}, nil
}

func noSubscription(id SubscriptionID) *fault.Error {
	return fault.Because(fault.NotFound, NoSubscription, "The subscription '%s' could not be found.", id)
}

func noGroup(name string) *fault.Error {
	return fault.Because(fault.NotFound, NoGroup, "Resource group '%s' could not be found.", name)
}

func noResource(r Resource) *fault.Error {
	return fault.Because(fault.NotFound, NoResource,
		"The Resource '%s/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix", r.Type, r.Name, r.Group)
}
