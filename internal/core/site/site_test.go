package site

import (
	"testing"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
)

// TestReadAddress tells which site a path names.
func TestReadAddress(t *testing.T) {
	const host, key = "contoso.example", "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0"
	web := mask(key, ofWebMask)
	for _, tt := range []struct {
		text string
		want address
		ok   bool
	}{
		{"root", address{}, true},
		{"Contoso.Example", address{}, true},
		{host + ":", address{}, true},
		{host + ":/", address{}, true},
		{host + ":/sites/Crew", address{name: "crew"}, true},
		{host + ":/sites/crew:", address{name: "crew"}, true},
		{host + "," + key, address{key: key}, true},
		{host + "," + key + "," + web, address{key: key}, true},
		{host + "," + key + "," + key, address{}, false},
		{host + ",x," + web, address{}, false},
		{host + ":/sites/", address{}, false},
		{host + ":/sites/a/b", address{}, false},
		{host + ":/teams/crew", address{}, false},
		{"other.example", address{}, false},
		{"other.example:/sites/crew", address{}, false},
		{"other.example," + key + "," + web, address{}, false},
		{key, address{}, false},
		{"", address{}, false},
	} {
		got, ok := readAddress(host, tt.text)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: got %+v, %v, want %+v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// TestMask: an identifier made of another one is none but its own.
func TestMask(t *testing.T) {
	id := string(ids.New[ids.ObjectID]())
	site := mask(id, ofGroupMask)
	if site == id || !ids.Valid(site) || mask(site, ofGroupMask) != id || mask(site, ofWebMask) == id {
		t.Errorf("%s became %s, and %s", id, site, mask(site, ofGroupMask))
	}
	if got := mask("x", ofGroupMask); got != "" {
		t.Errorf("of no GUID: %q", got)
	}
}

// TestPairs: two identifiers in one come apart again, and nothing else does.
func TestPairs(t *testing.T) {
	a, b := string(ids.New[ids.ObjectID]()), string(ids.New[ids.ObjectID]())
	pair := joinPair(a, b)
	if x, y, ok := splitPair(pair); !ok || x != a || y != b {
		t.Errorf("%s and %s came apart as %s, %s, %v", a, b, x, y, ok)
	}
	for _, text := range []string{"", "x", pair[1:], pair + "AAAA", "!" + pair[1:], a} {
		if _, _, ok := splitPair(text); ok {
			t.Errorf("%q came apart", text)
		}
	}
}

// TestSeatRoles tells who asks for an owner's seat.
func TestSeatRoles(t *testing.T) {
	for _, tt := range []struct {
		roles     []string
		owner, ok bool
	}{
		{nil, false, true}, {[]string{}, false, true}, {[]string{"owner"}, true, true},
		{[]string{"guest"}, false, false}, {[]string{"Owner"}, false, false}, {[]string{"owner", "owner"}, false, false},
	} {
		if owner, err := owns(tt.roles); owner != tt.owner || (err == nil) != tt.ok {
			t.Errorf("%q: got %v, %v", tt.roles, owner, err)
		}
	}
}

// TestPermissionRoles: a permission has one role of three.
func TestPermissionRoles(t *testing.T) {
	for _, role := range permissionRoles {
		if got, err := oneRole([]string{role}); got != role || err != nil {
			t.Errorf("%s: got %q, %v", role, got, err)
		}
	}
	for _, roles := range [][]string{nil, {}, {"owner"}, {"Read"}, {"read", "write"}} {
		if got, err := oneRole(roles); err == nil {
			t.Errorf("%q: got %q", roles, got)
		}
	}
}

// TestTemplates: there is one template, by both forms of its address.
func TestTemplates(t *testing.T) {
	const at = "https://graph.microsoft.com/v1.0/"
	for text, ok := range map[string]bool{
		at + "teamsTemplates('standard')": true, at + "teamsTemplates/standard": true, "teamsTemplates('Standard')": true,
		at + "teamsTemplates('educationClass')": false, at + "groups('standard')": false, "": false,
	} {
		if err := checkTemplate(text); (err == nil) != ok {
			t.Errorf("%q: %v, want %v", text, err, ok)
		}
	}
}

// TestVisibility: teams and groups have each other's words.
func TestVisibility(t *testing.T) {
	for _, v := range []string{directory.Public, directory.Private, directory.HiddenMembership} {
		group := &directory.Group{}
		group.Visibility = &v
		team := &Team{}
		team.follow(group)
		if team.Visibility == nil || ofGroup(*team.Visibility) != v {
			t.Errorf("%s became %v", v, team.Visibility)
		}
	}
}
