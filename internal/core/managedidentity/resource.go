package managedidentity

import (
	"regexp"
	"slices"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A SubscriptionID names a subscription, within the installation.
type SubscriptionID string

// The types of resource that are kept here.
const (
	TypeIdentity   = "Microsoft.ManagedIdentity/userAssignedIdentities"
	TypeAutomation = "Microsoft.Automation/automationAccounts"
	TypeMachine    = "Microsoft.Compute/virtualMachines"
	TypeSite       = "Microsoft.Web/sites"
	TypeWorkflow   = "Microsoft.Logic/workflows"
	TypeServer     = "Microsoft.HybridCompute/machines" // a machine of one's own, with an agent on it
)

var types = []string{TypeIdentity, TypeAutomation, TypeMachine, TypeSite, TypeWorkflow, TypeServer}

// A Resource is the place of an identity or a host.
type Resource struct {
	Subscription SubscriptionID
	Group        string
	Type         string // one of the constants, as they are written
	Name         string
}

// Limits of Azure Resource Manager.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
var (
	groupName    = regexp.MustCompile(`^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$`)
	identityName = regexp.MustCompile(`^[A-Za-z0-9_-]{3,128}$`)
	hostName     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$`)
)

// TypeNamed returns the type that s spells in any case, and whether it is one
// that is kept here.
func TypeNamed(s string) (string, bool) {
	i := slices.IndexFunc(types, func(t string) bool { return strings.EqualFold(t, s) })
	if i < 0 {
		return "", false
	}
	return types[i], true
}

// NewResource returns the place of a resource, or an Invalid fault that names
// what is not well formed. The subscription's identifier may be in any case.
func NewResource(subscription, group, typ, name string) (Resource, error) {
	sub, err := ids.Parse[SubscriptionID](subscription)
	if err != nil {
		return Resource{}, fault.InvalidAt("subscriptionId", "The provided subscription identifier '%.64s' is malformed or invalid.", subscription)
	}
	if err := checkGroupName(group); err != nil {
		return Resource{}, err
	}
	t, ok := TypeNamed(typ)
	if !ok {
		return Resource{}, fault.InvalidAt("type", "There are no resources of type '%.100s' here.", typ)
	}
	rule := hostName
	if t == TypeIdentity {
		rule = identityName
	}
	if !rule.MatchString(name) {
		return Resource{}, fault.InvalidAt("name", "The resource name '%.140s' is not valid for '%s'.", name, t)
	}
	return Resource{sub, group, t, name}, nil
}

func checkGroupName(name string) error {
	if !groupName.MatchString(name) {
		return fault.InvalidAt("resourceGroup", "The resource group name '%.100s' is not valid: it has 1 to 90 letters, digits, '_', '-', '.', '(' or ')', and does not end in '.'.", name)
	}
	return nil
}

// ParseResource returns the resource that an identifier names, in any letter
// case, or an Invalid fault.
func ParseResource(s string) (Resource, error) {
	p := strings.Split(s, "/")
	if len(p) != 9 || p[0] != "" || !strings.EqualFold(p[1], "subscriptions") ||
		!strings.EqualFold(p[3], "resourceGroups") || !strings.EqualFold(p[5], "providers") {
		return Resource{}, fault.InvalidAt("id", "'%.300s' is no resource identifier that is known here.", s)
	}
	return NewResource(p[2], p[4], p[6]+"/"+p[7], p[8])
}

// ID returns the resource's identifier as its provider writes it.
func (r Resource) ID() string {
	if r.Type == TypeIdentity {
		return r.Claim()
	}
	return GroupID(r.Subscription, r.Group) + "/providers/" + r.Type + "/" + r.Name
}

// Claim returns the identifier as tokens carry it (xms_mirid) and service
// principals show it: with a lower-case "resourcegroups" whatever the type.
func (r Resource) Claim() string {
	return SubscriptionScope(r.Subscription) + "/resourcegroups/" + r.Group + "/providers/" + r.Type + "/" + r.Name
}

// Scope returns the identifier by which roles are compared: in lower case.
func (r Resource) Scope() string { return strings.ToLower(r.Claim()) }

// SubscriptionScope returns a subscription's identifier.
func SubscriptionScope(id SubscriptionID) string { return "/subscriptions/" + string(id) }

// GroupID returns a resource group's identifier.
func GroupID(id SubscriptionID, group string) string {
	return SubscriptionScope(id) + "/resourceGroups/" + group
}

// folded returns the parts by which a resource is stored.
func (r Resource) folded() (group, typ, name string) {
	return strings.ToLower(r.Group), strings.ToLower(r.Type), strings.ToLower(r.Name)
}

// isHost reports whether the type is one whose resources have an identity block.
func isHost(typ string) bool { return typ != TypeIdentity && slices.Contains(types, typ) }

// Tags are what people note beside a resource.
type Tags map[string]string

func (t Tags) check() error {
	const maxTags, maxKey, maxValue = 50, 512, 256
	if len(t) > maxTags {
		return fault.InvalidAt("tags", "A resource has at most %d tags.", maxTags)
	}
	for k, v := range t {
		if k == "" || len(k) > maxKey || len(v) > maxValue {
			return fault.InvalidAt("tags", "A tag's name has 1 to %d bytes and its value at most %d.", maxKey, maxValue)
		}
	}
	return nil
}

// location returns a region's name as Azure writes it: "East US" is eastus.
func location(s string) (string, error) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if s == "" || len(s) > 60 {
		return "", fault.InvalidAt("location", "The location property is required for this definition.")
	}
	return s, nil
}

// sameLocation refuses to move a resource.
func sameLocation(r Resource, had, wanted string) error {
	if had == wanted {
		return nil
	}
	return fault.Because(fault.Conflict, WrongLocation,
		"The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.",
		r.Name, had, r.Group, wanted)
}
