package myaccess

import (
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
)

// TestPieces has two sites of which the same role is given: each shows how far its own
// has come.
func TestPieces(t *testing.T) {
	at := func(site string) offer.RoleScope {
		return offer.RoleScope{Resource: &offer.Resource{Origin: offer.SharePointOnline, OriginID: site, Name: site}, Role: offer.ResourceRole{OriginID: "5"}}
	}
	c := &entitlement.Case{Roles: []offer.RoleScope{at("first"), at("second"), at("third")}, Grants: []*provision.Grant{
		{Role: provision.Role{System: provision.Sites, Origin: "first", Role: "5"}, State: provision.Given},
		{Role: provision.Role{System: provision.Sites, Origin: "second", Role: "5"}, State: provision.Failed},
	}}
	for i, want := range []string{"y", "x", "o"} {
		if got := pieces(c)[i]; got.Class != want {
			t.Errorf("%s is shown as %q (%s), not %q", got.Name, got.Class, got.Says, want)
		}
	}
}
