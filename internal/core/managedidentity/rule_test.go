package managedidentity

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const (
	subA  = SubscriptionID("aaaaaaaa-0000-4000-8000-000000000001")
	home  = ids.TenantID("11111111-1111-4111-8111-111111111111")
	other = ids.TenantID("99999999-9999-4999-8999-999999999999")
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestResource(t *testing.T) {
	const good = "/subscriptions/" + string(subA) + "/resourcegroups/Apps/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Reader"
	r, err := ParseResource(strings.ToUpper(good))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.ID(); got != strings.Replace(strings.Replace(good, "Apps", "APPS", 1), "Reader", "READER", 1) {
		t.Errorf("got %s, want the words of the provider and the names as given", got)
	}
	vm, err := NewResource(string(subA), "Apps", "microsoft.compute/VIRTUALMACHINES", "vm.1")
	if err != nil {
		t.Fatal(err)
	}
	if vm.ID() != "/subscriptions/"+string(subA)+"/resourceGroups/Apps/providers/Microsoft.Compute/virtualMachines/vm.1" {
		t.Errorf("got %s", vm.ID())
	}
	if vm.Claim() != strings.Replace(vm.ID(), "resourceGroups", "resourcegroups", 1) {
		t.Errorf("a claim says %s", vm.Claim())
	}
	for name, bad := range map[string]string{
		"empty":            "",
		"a short one":      "/subscriptions/" + string(subA),
		"no GUID":          strings.Replace(good, string(subA), "x", 1),
		"another provider": strings.Replace(good, "Microsoft.ManagedIdentity", "Microsoft.Storage", 1),
		"a child":          good + "/federatedIdentityCredentials/x",
		"a group in a dot": strings.Replace(good, "Apps", "Apps.", 1),
		"a short name":     strings.Replace(good, "Reader", "Re", 1),
		"a dotted name":    strings.Replace(good, "Reader", "Rea.der", 1),
		"no leading slash": strings.TrimPrefix(good, "/"),
	} {
		if r, err := ParseResource(bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, %v, want Invalid", name, r, err)
		}
	}
}

func TestGive(t *testing.T) {
	identity := func(name, n string) *Identity {
		return &Identity{
			Resource: Resource{subA, "Apps", TypeIdentity, name}, Tenant: home,
			Principal: ids.ObjectID("00000000-0000-4000-8000-0000000000" + n), Client: ids.AppID("cccccccc-0000-4000-8000-0000000000" + n),
		}
	}
	one, two := identity("one", "a1"), identity("two", "a2")
	own := Own{"00000000-0000-4000-8000-0000000000ff", "cccccccc-0000-4000-8000-0000000000ff"}
	tests := []struct {
		name     string
		own      Own
		assigned []*Identity
		ask      Selector
		want     ids.ObjectID
		err      error
	}{
		{name: "none at all", err: NoIdentity},
		{name: "none at all, one asked for", ask: Selector{ClientID: string(one.Client)}, err: NoIdentity},
		{name: "its own", own: own, want: own.Principal},
		{name: "its own before others", own: own, assigned: []*Identity{one, two}, want: own.Principal},
		{name: "the only one", assigned: []*Identity{one}, want: one.Principal},
		{name: "one of several, none chosen", assigned: []*Identity{one, two}, err: Ambiguous},
		{name: "by client", assigned: []*Identity{one, two}, ask: Selector{ClientID: strings.ToUpper(string(two.Client))}, want: two.Principal},
		{name: "by object", assigned: []*Identity{one, two}, ask: Selector{ObjectID: string(two.Principal)}, want: two.Principal},
		{name: "by resource in another case", assigned: []*Identity{one, two}, ask: Selector{ResourceID: strings.ToUpper(two.ID())}, want: two.Principal},
		{name: "its own by client", own: own, assigned: []*Identity{one}, ask: Selector{ClientID: string(own.Client)}, want: own.Principal},
		{name: "another's by client", own: own, assigned: []*Identity{one}, ask: Selector{ClientID: string(two.Client)}, err: NotAssigned},
		{name: "two names that disagree", assigned: []*Identity{one, two}, ask: Selector{ClientID: string(one.Client), ObjectID: string(two.Principal)}, err: NotAssigned},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &Host{Resource: Resource{subA, "Apps", TypeMachine, "vm"}, Tenant: home, System: tt.own, Assigned: tt.assigned}
			got, err := h.Give(tt.ask)
			if !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if tt.err == nil && got.Principal != tt.want {
				t.Errorf("got %s, want %s", got.Principal, tt.want)
			}
		})
	}
}

func TestRolesAllow(t *testing.T) {
	scope := func(s string) string { return "/subscriptions/" + string(subA) + s }
	const identity = "/resourcegroups/apps/providers/microsoft.managedidentity/userassignedidentities/one"
	tests := []struct {
		name   string
		role   DefinitionID
		at     string
		scope  string
		action Action
		want   bool
	}{
		{"an owner grants", Owner, "", identity, Grant, true},
		{"a contributor grants", Contributor, "", identity, Grant, false},
		{"a contributor writes below its group", Contributor, "/resourcegroups/apps", identity, WriteIdentity, true},
		{"a contributor writes beside its group", Contributor, "/resourcegroups/app", identity, WriteIdentity, false},
		{"a role on a resource does not reach up", Owner, identity, "/resourcegroups/apps", Read, false},
		{"a reader writes", Reader, "", identity, WriteIdentity, false},
		{"an identity contributor writes identities", IdentityContributor, "", identity, WriteIdentity, true},
		{"an identity contributor assigns", IdentityContributor, "", identity, AssignIdentity, false},
		{"an identity contributor writes other things", IdentityContributor, "", "/resourcegroups/apps", Write, false},
		{"an identity operator assigns", IdentityOperator, identity, identity, AssignIdentity, true},
		{"an identity operator writes", IdentityOperator, "", identity, WriteIdentity, false},
		{"a role that is none", "x", "", identity, Read, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			roles := []Role{{Scope: scope(tt.at), Definition: tt.role}}
			if got := allows(roles, scope(tt.scope), tt.action); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNewRoleNamesWhatIsWrong(t *testing.T) {
	const id, sub = "bbbbbbbb-0000-4000-8000-000000000001", "/subscriptions/" + string(subA)
	for target, make := range map[string]func() (*Role, error){
		"name":             func() (*Role, error) { return NewRole("x", sub, id, "", string(Owner), noon) },
		"scope":            func() (*Role, error) { return NewRole(id, "/", id, "", string(Owner), noon) },
		"principalId":      func() (*Role, error) { return NewRole(id, sub, "x", "", string(Owner), noon) },
		"roleDefinitionId": func() (*Role, error) { return NewRole(id, sub, id, "", id, noon) },
		"principalType":    func() (*Role, error) { return NewRole(id, sub, id, "Group", string(Owner), noon) },
	} {
		_, err := make()
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Target != target {
			t.Errorf("got %v, want a fault at %s", err, target)
		}
	}
	r, err := NewRole(id, strings.ToUpper(sub)+"/", id, "", "/providers/Microsoft.Authorization/roleDefinitions/"+strings.ToUpper(string(Reader)), noon)
	if err != nil || r.Scope != sub || r.Definition != Reader || r.PrincipalType != "ServicePrincipal" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestAHostStaysWhereItIs(t *testing.T) {
	east, west, again := "East US", "westus", "eastus"
	h, err := NewHost(home, Resource{subA, "Apps", TypeMachine, "vm"}, HostSpec{Location: &east}, noon)
	if err != nil || h.Location != "eastus" {
		t.Fatalf("got %+v, %v", h, err)
	}
	if err := h.change(HostSpec{Location: &west}); !errors.Is(err, WrongLocation) {
		t.Errorf("got %v, want %v", err, WrongLocation)
	}
	if err := h.change(HostSpec{Location: &again}); err != nil {
		t.Error(err)
	}
	if _, err := NewHost(home, Resource{subA, "Apps", TypeMachine, "vm"}, HostSpec{}, noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("without location: %v", err)
	}
	if _, err := NewHost(home, Resource{subA, "Apps", TypeIdentity, "one"}, HostSpec{Location: &east}, noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("an identity as a host: %v", err)
	}
}
