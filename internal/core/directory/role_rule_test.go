package directory

import (
	"errors"
	"testing"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
)

const someone = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"

func TestRoleScopes(t *testing.T) {
	for text, want := range map[string]struct {
		on  string
		err error
	}{
		"/":                               {"", nil},
		"/" + someone:                     {someone, nil},
		"":                                {"", ScopeUnknown},
		someone:                           {"", ScopeUnknown},
		"/administrativeUnits/" + someone: {"", ScopeUnknown},
		"/somewhere":                      {"", ScopeUnknown},
	} {
		if on, err := scopeOf(text); string(on) != want.on || !errors.Is(err, want.err) {
			t.Errorf("%q: got %q, %v, want %q, %v", text, on, err, want.on, want.err)
		}
	}
}

func TestWhatHoldsAndLimitsRoles(t *testing.T) {
	yes := true
	assignable := &Group{}
	assignable.IsAssignableToRole = &yes
	for name, tt := range map[string]struct {
		kind        object.Kind
		group       *Group
		holds, ends error
	}{
		"a person":                {object.User, nil, nil, ScopeUnknown},
		"a service principal":     {object.ServicePrincipal, nil, nil, nil},
		"an application":          {object.Application, nil, NoPrincipal, nil},
		"a group":                 {object.Group, &Group{}, NoPrincipal, nil},
		"a group meant for roles": {object.Group, assignable, nil, nil},
		"a role":                  {object.DirectoryRole, nil, NoPrincipal, ScopeUnknown},
	} {
		o := object.Object{Kind: tt.kind}
		if err := holdsRoles(o, tt.group); !errors.Is(err, tt.holds) {
			t.Errorf("%s holds roles: err = %v, want %v", name, err, tt.holds)
		}
		if err := limits(o); !errors.Is(err, tt.ends) {
			t.Errorf("a role on %s: err = %v, want %v", name, err, tt.ends)
		}
	}
	if _, ok := newRole(someone, "00000000-0000-0000-0000-000000000000"); ok {
		t.Error("there is a role without a definition")
	}
	if err := holdsRoles(object.Object{Kind: object.Group}, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("a group that nobody looked up: err = %v, want Invalid", err)
	}
}
