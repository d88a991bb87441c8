package managedidentity

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestAUserAssignedIdentityFromBirthToEnd(t *testing.T) {
	each(t, func(h *house) {
		i := h.identity("reader")
		p := h.principal(i.Principal)
		if p == nil || !p.ManagedIdentity() || p.AppID != i.Client || p.DisplayName != "reader" || p.OwnerTenant != nil || p.ApplicationID != "" {
			h.t.Fatalf("the service principal is %+v", p)
		}
		if want := []string{"isExplicit=True", i.Claim()}; !slices.Equal(p.AlternativeNames, want) {
			h.t.Errorf("alternativeNames = %v, want %v", p.AlternativeNames, want)
		}
		if !h.isIdentity(home, i.Principal) || h.isIdentity(other, i.Principal) || h.isIdentity(home, "") {
			h.t.Error("IsManagedIdentity is wrong")
		}
		again, created, err := h.PutIdentity(h.t.Context(), system, place(TypeIdentity, "READER"), IdentitySpec{Tags: Tags{"a": "b"}})
		if err != nil || created || again.Principal != i.Principal || again.Name != "reader" || again.Tags["a"] != "b" {
			h.t.Errorf("put again: got %+v, %v, %v", again, created, err)
		}
		if got, err := h.PatchIdentity(h.t.Context(), system, place(TypeIdentity, "reader"), IdentitySpec{}); err != nil || got.Tags["a"] != "b" {
			h.t.Errorf("an empty patch: got %+v, %v", got, err)
		}
		host := h.host("runner", IdentityBlock{Add: []Resource{i.Resource}})
		if g, err := h.give(host.HostID, Selector{}); err != nil || g.Principal != i.Principal || g.Resource != i.Claim() || g.System {
			h.t.Errorf("got %+v, %v", g, err)
		}
		if existed, err := h.DeleteIdentity(h.t.Context(), system, place(TypeIdentity, "Reader")); err != nil || !existed {
			h.t.Fatalf("delete: %v, %v", existed, err)
		}
		if h.principal(i.Principal) != nil || h.isIdentity(home, i.Principal) || !slices.Contains(h.forgotten, i.Principal) {
			h.t.Error("something of the identity stayed")
		}
		if _, err := h.give(host.HostID, Selector{ClientID: string(i.Client)}); !errors.Is(err, NoIdentity) {
			h.t.Errorf("got %v, want %v", err, NoIdentity)
		}
		if existed, err := h.DeleteIdentity(h.t.Context(), system, i.Resource); err != nil || existed {
			h.t.Errorf("delete again: %v, %v", existed, err)
		}
		if again := h.identity("reader"); again.Principal == i.Principal || again.Client == i.Client {
			h.t.Error("a new identity of the same name is the old one")
		}
	})
}

func TestASystemAssignedIdentityIsSwitchedOnAndOff(t *testing.T) {
	each(t, func(h *house) {
		host := h.host("runner", IdentityBlock{System: true})
		p := h.principal(host.System.Principal)
		if p == nil || !slices.Equal(p.AlternativeNames, []string{"isExplicit=False", host.Claim()}) || p.AppID != host.System.Client {
			h.t.Fatalf("the service principal is %+v", p)
		}
		g, err := h.give(host.HostID, Selector{})
		if err != nil || !g.System || g.Resource != host.Claim() || g.Client != host.System.Client {
			h.t.Errorf("got %+v, %v", g, err)
		}
		same, err := h.PatchHost(h.t.Context(), system, host.Resource, HostSpec{Identity: &IdentityBlock{System: true}})
		if err != nil || same.System != host.System {
			h.t.Errorf("on twice: got %+v, %v", same, err)
		}
		off, err := h.PatchHost(h.t.Context(), system, host.Resource, HostSpec{Identity: &IdentityBlock{}})
		if err != nil || off.System.On() || h.principal(host.System.Principal) != nil || h.isIdentity(home, host.System.Principal) {
			h.t.Errorf("off: got %+v, %v", off, err)
		}
		if _, err := h.give(host.HostID, Selector{}); !errors.Is(err, NoIdentity) {
			h.t.Errorf("got %v, want %v", err, NoIdentity)
		}
		on, err := h.PatchHost(h.t.Context(), system, host.Resource, HostSpec{Identity: &IdentityBlock{System: true}})
		if err != nil || on.System.Principal == host.System.Principal {
			h.t.Errorf("on again is the old identity: %+v, %v", on, err)
		}
		if _, err := h.DeleteHost(h.t.Context(), system, host.Resource); err != nil || h.principal(on.System.Principal) != nil {
			h.t.Errorf("the host is gone and its identity stayed: %v", err)
		}
		if _, err := h.give(host.HostID, Selector{}); !errors.Is(err, NoHost) {
			h.t.Errorf("got %v, want %v", err, NoHost)
		}
	})
}

func TestTheSetOfAHostsIdentities(t *testing.T) {
	each(t, func(h *house) {
		one, two, three := h.identity("one"), h.identity("two"), h.identity("three")
		host := h.host("runner", IdentityBlock{Add: []Resource{two.Resource, one.Resource}, Only: true})
		names := func(h *Host) (s string) {
			for _, i := range h.Assigned {
				s += i.Name + " "
			}
			return s
		}
		steps := []struct {
			name string
			b    IdentityBlock
			want string
		}{
			{"one more", IdentityBlock{Add: []Resource{three.Resource}}, "one three two "},
			{"one less", IdentityBlock{Remove: []Resource{one.Resource}}, "three two "},
			{"one that is there", IdentityBlock{Add: []Resource{two.Resource}}, "three two "},
			{"only one", IdentityBlock{Add: []Resource{one.Resource}, Only: true}, "one "},
			{"none", IdentityBlock{Only: true}, ""},
		}
		for _, s := range steps {
			if _, err := h.PatchHost(h.t.Context(), system, host.Resource, HostSpec{Identity: &s.b}); err != nil {
				h.t.Fatalf("%s: %v", s.name, err)
			}
			got, err := h.Host(h.t.Context(), system, host.Resource)
			if err != nil || names(got) != s.want {
				h.t.Errorf("%s: got %s, %v, want %s", s.name, names(got), err, s.want)
			}
		}
		_, err := h.PatchHost(h.t.Context(), system, host.Resource, HostSpec{Identity: &IdentityBlock{Add: []Resource{place(TypeIdentity, "four")}}})
		if !errors.Is(err, NoResource) {
			h.t.Errorf("an identity that is not there: got %v, want %v", err, NoResource)
		}
	})
}

func TestAuthority(t *testing.T) {
	each(t, func(h *house) {
		ctx, east := h.t.Context(), "eastus"
		i, host := h.identity("one"), h.host("runner", IdentityBlock{})
		who := h.person()
		attempts := map[string]func() error{
			"read an identity":  func() error { _, err := h.Identity(ctx, who, i.Resource); return err },
			"write an identity": func() error { _, err := h.PatchIdentity(ctx, who, i.Resource, IdentitySpec{}); return err },
			"make an identity": func() error {
				_, _, err := h.PutIdentity(ctx, who, place(TypeIdentity, "new"), IdentitySpec{Location: &east})
				return err
			},
			"read a host": func() error { _, err := h.Host(ctx, who, host.Resource); return err },
			"assign": func() error {
				_, err := h.PatchHost(ctx, who, host.Resource, HostSpec{Identity: &IdentityBlock{Add: []Resource{i.Resource}, Only: true}})
				return err
			},
			"enroll": func() error { _, err := h.AddEnrollment(ctx, who, host.Resource, 0); return err },
			"grant": func() error {
				_, _, err := h.PutRole(ctx, who, Role{ID: ids.New[string](), Scope: SubscriptionScope(subA), Principal: who.Object, Definition: IdentityOperator})
				return err
			},
			"see the subscription": func() error { _, err := h.Subscription(ctx, who, subA); return err },
		}
		expect := func(role string, may ...string) {
			h.t.Helper()
			for name, try := range attempts {
				err := try()
				if slices.Contains(may, name) != (err == nil) || err != nil && !errors.Is(err, NotAuthorized) {
					h.t.Errorf("%s: %s: got %v", role, name, err)
				}
			}
		}
		expect("nobody")
		if subs, err := h.Subscriptions(ctx, who); err != nil || len(subs) != 0 {
			h.t.Errorf("nobody sees %v, %v", subs, err)
		}
		for role, may := range map[DefinitionID][]string{
			Reader:              {"read an identity", "read a host", "see the subscription"},
			IdentityContributor: {"read an identity", "write an identity", "make an identity", "see the subscription"},
			IdentityOperator:    {"read an identity", "see the subscription"},
			Contributor:         {"read an identity", "write an identity", "make an identity", "read a host", "assign", "enroll", "see the subscription"},
		} {
			r := h.grant(who, SubscriptionScope(subA), role)
			expect(string(role), may...)
			if _, err := h.DeleteRole(ctx, system, r.Scope, r.ID); err != nil {
				h.t.Fatal(err)
			}
		}
		r := h.grant(who, host.Scope(), Contributor)
		if _, err := h.PatchHost(ctx, system, host.Resource, HostSpec{Identity: &IdentityBlock{Only: true}}); err != nil {
			h.t.Fatal(err)
		}
		expect("contributor of the host alone", "read a host", "enroll", "see the subscription")
		h.grant(who, i.Scope(), IdentityOperator)
		expect("and operator of the identity", "read a host", "enroll", "see the subscription", "read an identity", "assign")
		if _, err := h.DeleteRole(ctx, system, r.Scope, r.ID); err != nil {
			h.t.Fatal(err)
		}
		if err := h.db.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, home, who.Object, authz.GlobalAdministrator)
		}); err != nil {
			h.t.Fatal(err)
		}
		for name, try := range attempts {
			if err := try(); err != nil {
				h.t.Errorf("global administrator: %s: %v", name, err)
			}
		}
	})
}

func TestAnotherTenantsSubscriptionIsNotThere(t *testing.T) {
	each(t, func(h *house) {
		ctx, stranger, east := h.t.Context(), authz.System(other, "test"), "eastus"
		i, host := h.identity("one"), h.host("runner", IdentityBlock{System: true})
		for name, try := range map[string]func() error{
			"subscription": func() error { _, err := h.Subscription(ctx, stranger, subA); return err },
			"groups":       func() error { _, _, err := h.Groups(ctx, stranger, subA, Page{}); return err },
			"delete group": func() error { _, err := h.DeleteGroup(ctx, stranger, subA, "Apps"); return err },
			"identity":     func() error { _, err := h.Identity(ctx, stranger, i.Resource); return err },
			"put identity": func() error {
				_, _, err := h.PutIdentity(ctx, stranger, i.Resource, IdentitySpec{Location: &east})
				return err
			},
			"delete identity": func() error { _, err := h.DeleteIdentity(ctx, stranger, i.Resource); return err },
			"host":            func() error { _, err := h.Host(ctx, stranger, host.Resource); return err },
			"enrollment":      func() error { _, err := h.AddEnrollment(ctx, stranger, host.Resource, 0); return err },
			"roles":           func() error { _, err := h.Roles(ctx, stranger, SubscriptionScope(subA)); return err },
		} {
			if err := try(); !errors.Is(err, NoSubscription) || !errors.Is(err, fault.NotFound) {
				h.t.Errorf("%s: got %v, want %v", name, err, NoSubscription)
			}
		}
		if subs, err := h.Subscriptions(ctx, stranger); err != nil || len(subs) != 0 {
			h.t.Errorf("a stranger sees %v, %v", subs, err)
		}
		if _, err := h.AddSubscription(ctx, stranger, subA, "Mine"); !errors.Is(err, fault.Conflict) {
			h.t.Errorf("a second subscription of the identifier: %v", err)
		}
		err := h.db.Read(ctx, func(tx *sqldb.Tx) error {
			if keys, err := HostKeys(ctx, tx, other, host.HostID); err != nil || len(keys) != 0 {
				h.t.Errorf("keys: %v, %v", keys, err)
			}
			_, err := ForHost(ctx, tx, other, host.HostID, Selector{})
			return err
		})
		if !errors.Is(err, NoHost) {
			h.t.Errorf("got %v, want %v", err, NoHost)
		}
		if _, err := h.AddSubscription(ctx, h.person(), "", "Mine"); !errors.Is(err, authz.Denied) {
			h.t.Errorf("anyone makes a subscription: %v", err)
		}
	})
}

func TestEnrollment(t *testing.T) {
	each(t, func(h *house) {
		ctx := h.t.Context()
		host := h.host("runner", IdentityBlock{System: true})
		m := newMachine(h.t, "first")
		e := must[*Enrollment](h)(h.AddEnrollment(ctx, system, host.Resource, 0))
		got, err := h.Enroll(ctx, e.Token, m.jwk(h.t), "")
		if err != nil || got.HostID != host.HostID {
			h.t.Fatalf("got %+v, %v", got, err)
		}
		if _, err := h.Enroll(ctx, e.Token, m.jwk(h.t), ""); !errors.Is(err, BadToken) {
			h.t.Errorf("a second time: got %v, want %v", err, BadToken)
		}
		now := h.clock.Now()
		fresh := map[string]any{"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
		raw := m.assert(h.t, host.HostID, fresh)
		if _, err := h.Heartbeat(ctx, home, host.HostID, raw, now, "https://e/token"); err != nil {
			h.t.Fatal(err)
		}
		if got, _ := h.Host(ctx, system, host.Resource); !got.SeenAt.Equal(now) {
			h.t.Errorf("seen at %v, want %v", got.SeenAt, now)
		}
		if _, err := h.Heartbeat(ctx, home, host.HostID, raw, now, "https://e/token"); !errors.Is(err, Replayed) {
			h.t.Errorf("replayed: got %v, want %v", err, Replayed)
		}
		late := must[*Enrollment](h)(h.AddEnrollment(ctx, system, host.Resource, time.Minute))
		h.clock.Advance(time.Minute)
		if _, err := h.Enroll(ctx, late.Token, m.jwk(h.t), ""); !errors.Is(err, BadToken) {
			h.t.Errorf("too late: got %v, want %v", err, BadToken)
		}
		if n, err := h.RevokeKeys(ctx, system, host.Resource); err != nil || n != 1 {
			h.t.Errorf("revoked %d, %v, want 1", n, err)
		}
		fresh["jti"] = "2"
		if _, err := h.Heartbeat(ctx, home, host.HostID, m.assert(h.t, host.HostID, fresh), now, "https://e/token"); !errors.Is(err, BadAssertion) {
			h.t.Errorf("after revoking: got %v, want %v", err, BadAssertion)
		}
		if _, err := h.AddEnrollment(ctx, system, host.Resource, 31*24*time.Hour); !errors.Is(err, fault.Invalid) {
			h.t.Errorf("for a month: %v", err)
		}
	})
}

// TestHostsOfADisabledTenant: a tenant that is switched off gets no machines,
// and those it has are not heard.
func TestHostsOfADisabledTenant(t *testing.T) {
	each(t, func(h *house) {
		ctx, now := h.t.Context(), h.clock.Now()
		host := h.host("runner", IdentityBlock{System: true})
		m := newMachine(h.t, "first")
		first := must[*Enrollment](h)(h.AddEnrollment(ctx, system, host.Resource, 0))
		must[*Host](h)(h.Enroll(ctx, first.Token, m.jwk(h.t), ""))
		second := must[*Enrollment](h)(h.AddEnrollment(ctx, system, host.Resource, 0))
		if err := tenant.NewService(h.db).SetEnabled(ctx, system, home, false); err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.Enroll(ctx, second.Token, m.jwk(h.t), ""); !errors.Is(err, tenant.Disabled) {
			h.t.Errorf("enrollment: err = %v, want %v", err, tenant.Disabled)
		}
		raw := m.assert(h.t, host.HostID, map[string]any{"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
		if _, err := h.Heartbeat(ctx, home, host.HostID, raw, now, "https://e/token"); !errors.Is(err, tenant.Disabled) {
			h.t.Errorf("heartbeat: err = %v, want %v", err, tenant.Disabled)
		}
	})
}

func TestDeletingAGroupTakesAllInItAlong(t *testing.T) {
	each(t, func(h *house) {
		ctx, who := h.t.Context(), h.person()
		i := h.identity("one")
		host := h.host("runner", IdentityBlock{System: true, Add: []Resource{i.Resource}})
		h.grant(who, i.Scope(), Reader)
		h.grant(who, strings.ToUpper(GroupID(subA, "apps")), Reader)
		h.group("Apps2")
		if existed, err := h.DeleteGroup(ctx, system, subA, "APPS"); err != nil || !existed {
			h.t.Fatalf("got %v, %v", existed, err)
		}
		if h.principal(i.Principal) != nil || h.principal(host.System.Principal) != nil {
			h.t.Error("service principals stayed")
		}
		if roles, err := h.Roles(ctx, system, SubscriptionScope(subA)); err != nil || len(roles) != 0 {
			h.t.Errorf("roles stayed: %v, %v", roles, err)
		}
		if _, err := h.Group(ctx, system, subA, "Apps"); !errors.Is(err, NoGroup) {
			h.t.Errorf("got %v, want %v", err, NoGroup)
		}
		if _, err := h.Group(ctx, system, subA, "Apps2"); err != nil {
			h.t.Errorf("a neighbor went along: %v", err)
		}
		if existed, err := h.DeleteGroup(ctx, system, subA, "APPS"); err != nil || existed {
			h.t.Errorf("again: got %v, %v", existed, err)
		}
		east := "eastus"
		if _, _, err := h.PutIdentity(ctx, system, i.Resource, IdentitySpec{Location: &east}); !errors.Is(err, NoGroup) {
			h.t.Errorf("got %v, want %v", err, NoGroup)
		}
	})
}

func TestListsComeInPages(t *testing.T) {
	each(t, func(h *house) {
		ctx := h.t.Context()
		h.group("Bees")
		for _, n := range []string{"ccc", "AAA", "bbb"} {
			h.identity(n)
			h.host(n, IdentityBlock{})
		}
		var got []string
		for p := (Page{Limit: 2}); ; {
			all, next, err := h.Identities(ctx, system, subA, "", p)
			if err != nil {
				h.t.Fatal(err)
			}
			for _, i := range all {
				got = append(got, i.Name)
			}
			if p.After = next; next == "" {
				break
			}
			got = append(got, "|")
		}
		if s := strings.Join(got, " "); s != "AAA bbb | ccc" {
			h.t.Errorf("identities: %s", s)
		}
		hosts, next, err := h.Hosts(ctx, system, subA, "apps", TypeAutomation, Page{Limit: 1})
		if err != nil || len(hosts) != 1 || next == "" {
			h.t.Fatalf("hosts: %v, %q, %v", hosts, next, err)
		}
		hosts, _, err = h.Hosts(ctx, system, subA, "apps", "", Page{After: next})
		if err != nil || len(hosts) != 2 || hosts[0].Name != "bbb" {
			h.t.Errorf("hosts: %v, %v", hosts, err)
		}
		if hosts, _, err := h.Hosts(ctx, system, subA, "bees", "", Page{}); err != nil || len(hosts) != 0 {
			h.t.Errorf("hosts of an empty group: %v, %v", hosts, err)
		}
		if groups, next, err := h.Groups(ctx, system, subA, Page{Limit: 1}); err != nil || len(groups) != 1 || next != "apps" {
			h.t.Errorf("groups: %v, %q, %v", groups, next, err)
		}
	})
}

func TestRoleAssignments(t *testing.T) {
	each(t, func(h *house) {
		ctx, who := h.t.Context(), h.person()
		r := h.grant(who, SubscriptionScope(subA), Reader)
		if r.PrincipalType != "User" {
			h.t.Errorf("the principal is a %s", r.PrincipalType)
		}
		if _, created, err := h.PutRole(ctx, system, *r); err != nil || created {
			h.t.Errorf("the same again: %v, %v", created, err)
		}
		twice := *r
		twice.ID = ids.New[string]()
		if _, _, err := h.PutRole(ctx, system, twice); !errors.Is(err, AlreadyRole) {
			h.t.Errorf("the same role by another name: %v", err)
		}
		renamed := *r
		renamed.Definition = Owner
		if _, _, err := h.PutRole(ctx, system, renamed); !errors.Is(err, AlreadyRole) {
			h.t.Errorf("another role by the same name: %v", err)
		}
		if _, _, err := h.PutRole(ctx, system, Role{ID: ids.New[string](), Scope: r.Scope, Principal: ids.New[ids.ObjectID](), Definition: Reader}); !errors.Is(err, fault.Invalid) {
			h.t.Errorf("to nobody: %v", err)
		}
		if got, err := h.Role(ctx, who, r.Scope, r.ID); err != nil || got.Definition != Reader {
			h.t.Errorf("got %+v, %v", got, err)
		}
		if all, err := h.Roles(ctx, who, GroupID(subA, "Apps")); err != nil || len(all) != 1 {
			h.t.Errorf("seen from a group: %v, %v", all, err)
		}
		if gone, err := h.DeleteRole(ctx, system, r.Scope, r.ID); err != nil || gone == nil {
			h.t.Errorf("got %v, %v", gone, err)
		}
		if gone, err := h.DeleteRole(ctx, system, r.Scope, r.ID); err != nil || gone != nil {
			h.t.Errorf("again: got %v, %v", gone, err)
		}
	})
}

func TestChangesAreRecorded(t *testing.T) {
	each(t, func(h *house) {
		i := h.identity("one")
		if _, err := h.DeleteIdentity(h.t.Context(), system, i.Resource); err != nil {
			h.t.Fatal(err)
		}
		var got []string
		err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) error {
			for _, target := range []string{i.ID(), string(i.Principal)} {
				entries, err := audit.Entries(h.t.Context(), tx, home, target, 10)
				if err != nil {
					return err
				}
				for _, e := range entries {
					got = append(got, e.Activity)
				}
			}
			return nil
		})
		slices.Sort(got)
		want := []string{"Add service principal", "Create user-assigned managed identity", "Delete user-assigned managed identity", "Hard delete service principal"}
		if err != nil || !slices.Equal(got, want) {
			h.t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}
