package guest_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const base = "https://id.entente.example"

func body(mail string, more map[string]any) []byte {
	m := map[string]any{"invitedUserEmailAddress": mail, "inviteRedirectUrl": "https://app.example/"}
	for k, v := range more {
		m[k] = v
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return text
}

// program is an application of A that a permission has admitted.
func program(h *house.House, permissions ...string) authz.Caller {
	id := ids.New[ids.ObjectID]()
	return authz.Caller{
		Tenant: h.A.ID, Object: id, App: ids.New[ids.AppID](), Name: "program",
		Subject: ids.Principal{Kind: ids.Workload, Home: h.A.ID, ID: id}, Roles: permissions,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAddresses(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := guest.NewService(h.DB, h.Ring, base, nil)
		for name, tt := range map[string]struct {
			mail string
			more map[string]any
			want error
		}{
			"plain":                      {"adele@guest.example", nil, nil},
			"with hyphens within":        {"a-b_c@guest-house.example", nil, nil},
			"a plus":                     {"adele+x@guest.example", nil, guest.BadAddress},
			"a hyphen first":             {"-adele@guest.example", nil, guest.BadAddress},
			"an underscore last":         {"adele_@guest.example", nil, guest.BadAddress},
			"two signs":                  {"a@b@guest.example", nil, guest.BadAddress},
			"no domain":                  {"adele", nil, guest.BadAddress},
			"half a domain":              {"adele@guest", nil, guest.BadAddress},
			"of the tenant itself":       {"somebody@" + h.A.Domain, nil, guest.OwnDomain},
			"of the tenant, in capitals": {"somebody@" + strings.ToUpper(h.A.Domain), nil, guest.OwnDomain},
			"a script to go to":          {"x@guest.example", map[string]any{"inviteRedirectUrl": "javascript:alert(1)"}, fault.Invalid},
			"nowhere to go to":           {"x@guest.example", map[string]any{"inviteRedirectUrl": ""}, fault.Invalid},
			"an odd kind":                {"x@guest.example", map[string]any{"invitedUserType": "Owner"}, fault.Invalid},
			"a mail":                     {"x@guest.example", map[string]any{"sendInvitationMessage": true}, guest.NoMail},
			"a reset of nobody":          {"x@guest.example", map[string]any{"resetRedemption": true}, fault.Invalid},
		} {
			if _, err := s.Invite(t.Context(), h.A.Admin, body(tt.mail, tt.more), nil); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
		}
	})
}

func TestInvite(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), guest.NewService(h.DB, h.Ring, base, nil)
		first, err := s.Invite(ctx, h.A.Admin, body("adele@"+h.B.Domain, nil), nil)
		must(t, err)
		if first.Status != guest.Pending || *first.UserType != "Guest" || first.User == nil || !strings.HasPrefix(first.RedeemURL, base+"/redeem?") {
			t.Errorf("got %+v", first)
		}
		var crossing [2]audit.Stored
		must(t, h.DB.View(ctx, func(tx *sqldb.Tx) error {
			for i, of := range []ids.TenantID{h.A.ID, h.B.ID} {
				list, err := audit.Entries(ctx, tx, of, string(first.User.ID), 5)
				if err != nil || len(list) != 1 || list[0].Activity != "Invite external user" {
					t.Fatalf("entries %+v, %v", list, err)
				}
				crossing[i] = list[0]
			}
			var sponsor ids.ObjectID
			err := tx.One(ctx, `select sponsor_id from sponsor where tenant_id = ? and user_id = ?`, []any{h.A.ID, first.User.ID}, &sponsor)
			if sponsor != h.A.Admin.Object {
				t.Errorf("sponsor %q, want who invites", sponsor)
			}
			return err
		}))
		if crossing[0].Crossing == "" || crossing[0].Crossing != crossing[1].Crossing {
			t.Error("the two entries do not belong together")
		}
		show := func(link string, change func(url.Values)) (guest.Shown, error) {
			u, err := url.Parse(link)
			must(t, err)
			q := u.Query()
			if change != nil {
				change(q)
			}
			ticket, err := guest.ReadTicket(q.Get("tenant"), q.Get("user"), q.Get("ticket"))
			if err != nil {
				return guest.Shown{}, err
			}
			return s.Show(ctx, ticket)
		}
		for range 2 { // looking does not use it up
			if v, err := show(first.RedeemURL, nil); err != nil || v.Accepted || v.Tenant != "Contoso" {
				t.Errorf("shown %+v, %v", v, err)
			}
		}
		second, err := s.Invite(ctx, h.A.Admin, body("Adele@"+h.B.Domain, nil), nil)
		must(t, err)
		if second.User.ID != first.User.ID || second.RedeemURL == first.RedeemURL {
			t.Errorf("invited again: %+v", second)
		}
		other, err := s.Invite(ctx, h.A.Admin, body("lee@guest.example", map[string]any{"invitedUserDisplayName": "Lee"}), nil)
		must(t, err)
		for name, change := range map[string]func(url.Values){
			"no ticket":       func(q url.Values) { q.Del("ticket") },
			"a wrong one":     func(q url.Values) { q.Set("ticket", "x") },
			"another guest":   func(q url.Values) { q.Set("user", string(other.User.ID)) },
			"another tenant":  func(q url.Values) { q.Set("tenant", string(h.B.ID)) },
			"no identifier":   func(q url.Values) { q.Set("user", "x") },
			"the last ticket": func(q url.Values) { u, _ := url.Parse(first.RedeemURL); q.Set("ticket", u.Query().Get("ticket")) },
		} {
			if _, err := show(second.RedeemURL, change); !errors.Is(err, guest.NoInvitation) {
				t.Errorf("%s: err = %v, want NoInvitation", name, err)
			}
		}
		must(t, h.DB.View(ctx, func(tx *sqldb.Tx) error {
			u, err := url.Parse(second.RedeemURL)
			must(t, err)
			var n int
			err = tx.One(ctx, `select count(*) from invitation where tenant_id = ? and ticket = ?`, []any{h.A.ID, u.Query().Get("ticket")}, &n)
			if n != 0 {
				t.Error("the ticket itself is stored")
			}
			return err
		}))
		h.Clock.Advance(31 * 24 * time.Hour)
		if _, err := show(second.RedeemURL, nil); !errors.Is(err, guest.Expired) {
			t.Errorf("after its end: err = %v", err)
		}
		if n, err := s.Sweep(ctx, 10); err != nil || n != 0 {
			t.Errorf("swept %d, %v, while their end may still be asked for", n, err)
		}
		h.Clock.Advance(61 * 24 * time.Hour)
		if n, err := s.Sweep(ctx, 10); err != nil || n != 2 {
			t.Errorf("swept %d, %v, want both", n, err)
		}
	})
}

func TestReset(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), guest.NewService(h.DB, h.Ring, base, nil)
		made, err := s.Invite(ctx, h.A.Admin, body("adele@guest.example", nil), nil)
		must(t, err)
		must(t, h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			u, err := directory.GetUser(ctx, tx, h.A.ID, string(made.User.ID))
			if err != nil {
				return err
			}
			return directory.AcceptGuest(ctx, tx, u, h.B.Admin.Subject)
		}))
		again, err := s.Invite(ctx, h.A.Admin, body("adele@guest.example", nil), nil)
		must(t, err)
		if again.Status != guest.Completed || again.User.ID != made.User.ID {
			t.Errorf("after the acceptance: %+v", again)
		}
		reset := body("new@guest.example", map[string]any{"resetRedemption": true, "invitedUser": map[string]any{"id": made.User.ID}})
		if _, err := s.Invite(ctx, program(h, "User.Invite.All"), reset, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("with the permission to invite alone: err = %v", err)
		}
		member := body("m@guest.example", map[string]any{"invitedUserType": "Member"})
		if _, err := s.Invite(ctx, program(h, "User.Invite.All"), member, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("a member with the permission to invite alone: err = %v", err)
		}
		// A reset hands the account over: one with a role is out of a program's reach.
		assign := func(role ids.RoleID) {
			must(t, h.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, made.User.ID, role) }))
		}
		got, err := s.Invite(ctx, program(h, "User.ReadWrite.All"), reset, nil)
		must(t, err)
		if got.User.ID != made.User.ID || got.Status != guest.Pending {
			t.Errorf("reset: %+v", got)
		}
		assign(authz.GroupsAdministrator)
		if _, err := s.Invite(ctx, program(h, "User.ReadWrite.All"), reset, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("of a guest with a role, by a program: err = %v", err)
		}
		admin := h.A.Admin
		if _, err := s.Invite(ctx, admin, reset, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("by an administrator through an application that may not: err = %v", err)
		}
		admin.Scopes = []string{"User.ReadWrite.All"}
		_, err = s.Invite(ctx, admin, reset, nil)
		must(t, err)
		for name, id := range map[string]ids.ObjectID{"of nobody": ids.New[ids.ObjectID](), "of another tenant's": h.B.Admin.Object} {
			b := body("new@guest.example", map[string]any{"resetRedemption": true, "invitedUser": map[string]any{"id": id}})
			if _, err := s.Invite(ctx, admin, b, nil); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: err = %v", name, err)
			}
		}
		b := body("new@guest.example", map[string]any{"resetRedemption": true, "invitedUser": map[string]any{"id": h.A.Admin.Object}})
		if _, err := s.Invite(ctx, admin, b, nil); !errors.Is(err, guest.NotGuest) {
			t.Errorf("of a member: err = %v", err)
		}
	})
}

// TestWhoInvites goes through allowInvitesFrom for every kind of caller.
func TestWhoInvites(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s, policies := t.Context(), guest.NewService(h.DB, h.Ring, base, nil), tenant.NewService(h.DB)
		member, inviter := h.AddUser(t, h.A, "member"), h.AddUser(t, h.A, "inviter")
		must(t, h.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, inviter.ID, authz.GuestInviter) }))
		made, err := s.Invite(ctx, h.A.Admin, body("guest@guest.example", nil), nil)
		must(t, err)
		callers := []struct {
			name string
			who  authz.Caller
		}{
			{"admin", h.A.Admin}, {"inviter", house.Person(h.A.ID, inviter.ID)}, {"member", house.Person(h.A.ID, member.ID)},
			{"guest", house.Person(h.A.ID, made.User.ID)}, {"program", program(h, "User.Invite.All")},
		}
		for from, may := range map[string][]bool{
			tenant.InviteNobody:    {false, false, false, false, false},
			tenant.InviteAdmins:    {true, true, false, false, false},
			tenant.InviteMembers:   {true, true, true, false, true},
			tenant.InviteEverybody: {true, true, true, true, true},
		} {
			must(t, policies.UpdateAuthorization(ctx, h.A.Admin, []byte(`{"allowInvitesFrom":"`+from+`"}`)))
			for i, c := range callers {
				_, err := s.Invite(ctx, c.who, body("new@guest.example", nil), nil)
				if may[i] != (err == nil) || err != nil && !errors.Is(err, fault.Forbidden) {
					t.Errorf("%s, %s: err = %v, want allowed %v", from, c.name, err, may[i])
				}
			}
		}
		if _, err := s.Invite(ctx, house.Person(h.A.ID, inviter.ID), body("m@guest.example", map[string]any{"invitedUserType": "Member"}), nil); !errors.Is(err, fault.Forbidden) {
			t.Errorf("a member by a guest inviter: err = %v", err)
		}
	})
}

// TestBothSidesLetInvite shuts either side.
func TestBothSidesLetInvite(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s, policies := t.Context(), guest.NewService(h.DB, h.Ring, base, nil), crosstenant.NewService(h.DB)
		shut := func(name string) []byte {
			return []byte(`{"` + name + `":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},
				"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`)
		}
		for name, tt := range map[string]struct {
			who     authz.Caller
			section string
			want    error
		}{
			"the host lets nobody in":         {h.A.Admin, "b2bCollaborationInbound", crosstenant.InboundBlocked},
			"the home lets nobody out":        {h.B.Admin, "b2bCollaborationOutbound", crosstenant.OutboundBlocked},
			"the host lets its own stay home": {h.A.Admin, "b2bCollaborationOutbound", nil},
		} {
			must(t, policies.UpdateDefault(ctx, tt.who, shut(tt.section)))
			if _, err := s.Invite(ctx, h.A.Admin, body("adele@"+h.B.Domain, nil), nil); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
			if _, err := s.Invite(ctx, h.A.Admin, body("lee@guest.example", nil), nil); err != nil {
				t.Errorf("%s, of no tenant here: %v", name, err)
			}
			must(t, policies.ResetDefault(ctx, tt.who))
		}
	})
}
