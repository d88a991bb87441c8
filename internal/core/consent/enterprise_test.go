package consent_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

var byName = query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: 50}}

// foreign returns what stands in B of A's application, as B's administrator and
// as A's sees it.
func (h *stage) foreign(t *testing.T) (here, abroad consent.Enterprise) {
	t.Helper()
	in := must(h.Consent.Enterprises(t.Context(), h.B.Admin, consent.Elsewhere, byName))(t)
	out := must(h.Consent.Abroad(t.Context(), h.A.Admin, byName))(t)
	if len(in.Items) != 1 || len(out.Items) != 1 {
		t.Fatalf("B sees %d foreign applications, A %d elsewhere, want one each", len(in.Items), len(out.Items))
	}
	return in.Items[0], out.Items[0]
}

func TestEachSideSeesWhatCrosses(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		end := h.Clock.Now().Add(30 * 24 * time.Hour)
		if err := h.accept(t.Context(), h.B.Admin, end); err != nil {
			t.Fatal(err)
		}
		here, abroad := h.foreign(t)
		for who, e := range map[string]consent.Enterprise{"B": here, "A": abroad} {
			if e.HomeName != "Contoso" || e.PlaceName != "Fabrikam" || e.DisplayName != "Directory sync" {
				t.Errorf("%s sees %q of %q in %q", who, e.DisplayName, e.HomeName, e.PlaceName)
			}
			if e.Has != (consent.Holding{Roles: 1, Role: "User.Read.All", Scopes: 1, Scope: "User.Read", Ends: end}) {
				t.Errorf("%s sees that it has %+v", who, e.Has)
			}
		}
		for of, want := range map[consent.Origin]int{consent.Anywhere: 1, consent.OwnTenant: 0, consent.Managed: 0} {
			page := must(h.Consent.Enterprises(t.Context(), h.B.Admin, of, query.Query{Filter: query.StartsWith{Field: "displayName", Value: "directory s"}}))(t)
			if len(page.Items) != want {
				t.Errorf("of origin %q: %d, want %d", of, len(page.Items), want)
			}
		}
		if page := must(h.Consent.Enterprises(t.Context(), h.B.Admin, consent.BuiltIn, byName))(t); len(page.Items) == 0 {
			t.Error("no application of the installation is there")
		}
		if page := must(h.Consent.Abroad(t.Context(), h.B.Admin, byName))(t); len(page.Items) != 0 {
			t.Errorf("B's applications elsewhere: %d, want none", len(page.Items))
		}

		must(h.Apps.UpdatePrincipal(t.Context(), h.B.Admin, here.ID, []byte(`{"notes":"for us alone"}`)))(t)
		if _, abroad = h.foreign(t); abroad.Notes != nil {
			t.Errorf("A lists B's notes: %q", *abroad.Notes)
		}
		b := must(h.Consent.Enterprise(t.Context(), h.B.Admin, here.ID))(t)
		a := must(h.Consent.AbroadOne(t.Context(), h.A.Admin, here.ID))(t)
		if len(b.Permissions) != 2 || len(a.Permissions) != 2 {
			t.Fatalf("permissions: B %d, A %d", len(b.Permissions), len(a.Permissions))
		}
		if b.Notes == nil || a.Notes != nil {
			t.Error("the notes of B are for B alone")
		}
		if p := b.Permissions[0]; !p.Application || p.Value != "User.Read.All" || p.Name == "" || p.By().ByName != h.B.Admin.Name || !p.Ends.Equal(end) {
			t.Errorf("B sees %+v", p)
		}
		for _, p := range a.Permissions {
			if c := p.By(); c.ByName != "" || c.By != (ids.Principal{}) || c.CreatedAt.IsZero() {
				t.Errorf("A learns who consented: %+v", c)
			}
		}
		if _, err := h.Consent.Enterprise(t.Context(), h.A.Admin, here.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("A opens B's service principal: %v", err)
		}
		if _, err := h.Consent.AbroadOne(t.Context(), h.B.Admin, here.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("B opens it as its own elsewhere: %v", err)
		}
	})
}

// log returns the activities in a tenant's log, the newest first.
func (h *stage) log(t *testing.T, in ids.TenantID) (all []string) {
	t.Helper()
	err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		list, err := audit.Entries(t.Context(), tx, in, "", 100)
		for _, e := range list {
			all = append(all, e.Activity)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAConsentIsShortened(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil {
			t.Fatal(err)
		}
		here, _ := h.foreign(t)
		standing := must(h.Consent.Enterprise(t.Context(), h.B.Admin, here.ID))(t)
		cause := standing.Permissions[0].By().ID
		if c, all := standing.Given(cause); c.Kind != object.ByConsent || len(all) != 2 {
			t.Errorf("the consent gave %d of kind %q", len(all), c.Kind)
		}
		soon := h.Clock.Now().Add(time.Hour)
		for _, who := range []authz.Caller{h.member(t, h.B), h.A.Admin} {
			if err := h.Consent.Shorten(t.Context(), who, here.ID, cause, soon); fault.Public(err).Code != fault.Forbidden && fault.Public(err).Code != fault.NotFound {
				t.Errorf("%s shortens it: %v", who.Name, err)
			}
			if _, err := h.Consent.Withdraw(t.Context(), who, here.ID, cause); fault.Public(err).Code != fault.Forbidden && fault.Public(err).Code != fault.NotFound {
				t.Errorf("%s ends it: %v", who.Name, err)
			}
		}
		if err := h.Consent.Shorten(t.Context(), h.B.Admin, here.ID, cause, h.Clock.Now()); !errors.Is(err, fault.Invalid) {
			t.Errorf("an end that is now: %v", err)
		}
		if err := h.Consent.Shorten(t.Context(), h.B.Admin, here.ID, cause, soon); err != nil {
			t.Fatal(err)
		}
		if err := h.Consent.Shorten(t.Context(), h.B.Admin, here.ID, cause, soon.Add(time.Hour)); !errors.Is(err, fault.Invalid) {
			t.Errorf("a later end: %v", err)
		}
		if here, _ = h.foreign(t); !here.Has.Ends.Equal(soon) {
			t.Errorf("it ends %v, want %v", here.Has.Ends, soon)
		}
		for _, in := range []ids.TenantID{h.A.ID, h.B.ID} {
			if all := h.log(t, in); !slices.Contains(all, "Update consent to application") {
				t.Errorf("the log of %s does not tell: %s", in, strings.Join(all, "; "))
			}
		}
		h.Clock.Advance(time.Hour)
		if roles, scopes := h.rights(t, h.B.ID); len(roles)+len(scopes) != 0 {
			t.Errorf("after the end: %v %v", roles, scopes)
		}
		if n, err := h.Consent.EndDue(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("ends: %d, %v", n, err)
		}
		if _, err := h.Consent.Enterprise(t.Context(), h.B.Admin, here.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("nothing keeps it, and it is here: %v", err)
		}
	})
}

func TestAConsentIsWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil {
			t.Fatal(err)
		}
		here, _ := h.foreign(t)
		standing := must(h.Consent.Enterprise(t.Context(), h.B.Admin, here.ID))(t)
		graph := standing.Permissions[0].Resource
		must(h.Consent.Assign(t.Context(), h.B.Admin, here.ID, graph, groupReadAll, time.Time{}))(t)
		cause := standing.Permissions[0].By().ID
		if _, err := h.Consent.Withdraw(t.Context(), h.B.Admin, graph, cause); !errors.Is(err, fault.NotFound) {
			t.Errorf("the consent of another application: %v", err)
		}
		if gone, err := h.Consent.Withdraw(t.Context(), h.B.Admin, here.ID, cause); gone || err != nil {
			t.Fatalf("withdrawn: gone %v, %v", gone, err)
		}
		if roles, scopes := h.rights(t, h.B.ID); !slices.Equal(roles, []string{"Group.Read.All"}) || len(scopes) != 0 {
			t.Errorf("what stays: %v %v", roles, scopes)
		}
		if _, err := h.Consent.Withdraw(t.Context(), h.B.Admin, here.ID, cause); !errors.Is(err, fault.NotFound) {
			t.Errorf("twice: %v", err)
		}
		g := must(consent.NewGrant(h.B.ID, here.ID, graph, "", consent.AllPrincipals))(t)
		must(h.Consent.Grant(t.Context(), h.B.Admin, g, "User.Read Mail.Read", time.Time{}))(t)
		for _, scope := range []string{"User.Read", "Mail.Read"} {
			if err := h.Consent.RevokeScope(t.Context(), h.member(t, h.B), here.ID, g.ID, scope); !errors.Is(err, fault.Forbidden) {
				t.Errorf("a member revokes a scope: %v", err)
			}
			if err := h.Consent.RevokeScope(t.Context(), h.B.Admin, here.ID, g.ID, scope); err != nil {
				t.Errorf("revoke %s: %v", scope, err)
			}
		}
		if err := h.Consent.RevokeScope(t.Context(), h.B.Admin, here.ID, g.ID, "Mail.Read"); !errors.Is(err, fault.NotFound) {
			t.Errorf("a grant without scopes stays: %v", err)
		}
		standing = must(h.Consent.Enterprise(t.Context(), h.B.Admin, here.ID))(t)
		if gone, err := h.Consent.Withdraw(t.Context(), h.B.Admin, here.ID, standing.Permissions[0].By().ID); gone || err != nil {
			t.Errorf("the last: gone %v, %v; only consents take the service principal with them", gone, err)
		}
	})
}

// member returns a caller without a role.
func (h *stage) member(t *testing.T, in house.Tenant) authz.Caller {
	t.Helper()
	who := in.Admin
	who.Object = ids.New[ids.ObjectID]()
	who.Subject.ID, who.Name = who.Object, "somebody"
	return who
}
