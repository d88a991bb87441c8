package directory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestNamesOfGuests(t *testing.T) {
	home := &tenant.Tenant{ID: ids.New[ids.TenantID](), Domains: []tenant.Domain{{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}}}
	tests := []struct {
		name string
		in   directory.Invitee
		upn  string // empty: refused
		show string
	}{
		{"plain", directory.Invitee{Mail: "adele@fabrikam.example"}, "adele_fabrikam.example#EXT#@contoso.onmicrosoft.com", "adele"},
		{"with a name", directory.Invitee{Mail: "a.b@fabrikam.example", DisplayName: " Adele "}, "a.b_fabrikam.example#EXT#@contoso.onmicrosoft.com", "Adele"},
		{"signs that names do not take", directory.Invitee{Mail: "o'hara+news@fabrikam.example"}, "o'hara_news_fabrikam.example#EXT#@contoso.onmicrosoft.com", "o'hara+news"},
		{"longer than a name", directory.Invitee{Mail: strings.Repeat("a", 64) + "@fabrikam.example"}, strings.Repeat("a", 59) + "#EXT#@contoso.onmicrosoft.com", strings.Repeat("a", 64)},
		{"no domain", directory.Invitee{Mail: "adele"}, "", ""},
		{"no top-level domain", directory.Invitee{Mail: "adele@fabrikam"}, "", ""},
		{"two domains", directory.Invitee{Mail: "adele@fabrikam.example@fabrikam.example"}, "", ""},
		{"a blank", directory.Invitee{Mail: "a dele@fabrikam.example"}, "", ""},
		{"a very long one", directory.Invitee{Mail: "a@" + strings.Repeat("b", 300) + ".example"}, "", ""},
		{"another kind", directory.Invitee{Mail: "adele@fabrikam.example", UserType: "Owner"}, "", ""},
		{"a long name", directory.Invitee{Mail: "adele@fabrikam.example", DisplayName: strings.Repeat("n", 257)}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := directory.NewGuest(home, tt.in, time.Unix(1, 0))
			if tt.upn == "" {
				if !errors.Is(err, fault.Invalid) {
					t.Errorf("err = %v, want Invalid", err)
				}
				return
			}
			if err != nil || u.UserPrincipalName != tt.upn || u.DisplayName != tt.show || *u.MailNickname+"@contoso.onmicrosoft.com" != tt.upn {
				t.Errorf("got %+v, %v, want %s called %s", u, err, tt.upn, tt.show)
			}
		})
	}
}

func TestGuestLife(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		sponsor := h.AddUser(t, h.A, "sponsor")
		in := func(f func(tx *sqldb.Tx, home *tenant.Tenant) error) error {
			return h.DB.Update(ctx, func(tx *sqldb.Tx) error {
				home, err := tenant.Get(ctx, tx, h.A.ID)
				if err != nil {
					return err
				}
				return f(tx, home)
			})
		}
		var u *directory.User
		add := func(who directory.Invitee) error {
			return in(func(tx *sqldb.Tx, home *tenant.Tenant) (err error) {
				u, err = directory.AddGuest(ctx, tx, home, who)
				return err
			})
		}
		invitee := directory.Invitee{Mail: "Adele@fabrikam.example", InvitedBy: sponsor.ID, Sponsors: []ids.ObjectID{sponsor.ID}}
		if err := add(invitee); err != nil {
			t.Fatal(err)
		}
		if *u.ExternalUserState != directory.PendingAcceptance || *u.CreationType != directory.Invitation || *u.UserType != directory.Guest ||
			u.OtherMails[0] != invitee.Mail || u.ProxyAddresses[0] != "SMTP:"+invitee.Mail || !u.Enabled() || u.PasswordPolicies != nil ||
			!u.ExternalUserStateChange.Equal(h.Clock.Now().Truncate(time.Second)) {
			t.Errorf("made %+v", u)
		}
		guest := u.ID

		if err := add(invitee); !errors.Is(err, object.NameTaken) {
			t.Errorf("a second one: err = %v, want NameTaken", err)
		}
		stranger := directory.Invitee{Mail: "other@fabrikam.example", Sponsors: []ids.ObjectID{h.B.Admin.Object}}
		if err := add(stranger); !errors.Is(err, object.NoObject) {
			t.Errorf("a sponsor of another tenant: err = %v, want NoObject", err)
		}
		found := func(tenant ids.TenantID, mail string) (g *directory.User, err error) {
			err = h.DB.View(ctx, func(tx *sqldb.Tx) error { g, err = directory.GuestByMail(ctx, tx, tenant, mail); return err })
			return g, err
		}
		if g, err := found(h.A.ID, "ADELE@Fabrikam.example"); err != nil || g.ID != guest {
			t.Errorf("by mail: %v, %v", g, err)
		}
		for _, mail := range []string{"nobody@fabrikam.example", "sponsor@contoso.example", ""} {
			if _, err := found(h.A.ID, mail); !errors.Is(err, fault.NotFound) {
				t.Errorf("%q: err = %v, want NotFound", mail, err)
			}
		}
		if _, err := found(h.B.ID, invitee.Mail); !errors.Is(err, fault.NotFound) {
			t.Errorf("in another tenant: err = %v, want NotFound", err)
		}

		load := func(f func(tx *sqldb.Tx, u *directory.User) error) error {
			return in(func(tx *sqldb.Tx, _ *tenant.Tenant) (err error) {
				if u, err = directory.GetUser(ctx, tx, h.A.ID, string(guest)); err != nil {
					return err
				}
				return f(tx, u)
			})
		}
		accept := func(home ids.Principal) error {
			return load(func(tx *sqldb.Tx, u *directory.User) error { return directory.AcceptGuest(ctx, tx, u, home) })
		}
		me := h.B.Admin.Subject
		for name, home := range map[string]ids.Principal{
			"nobody": {}, "a program": {Kind: ids.Workload, Home: h.B.ID, ID: me.ID}, "a member": h.A.Admin.Subject,
		} {
			if err := accept(home); !errors.Is(err, fault.Invalid) {
				t.Errorf("accepted by %s: err = %v, want Invalid", name, err)
			}
		}
		h.Clock.Advance(time.Hour)
		for range 2 { // a second time changes nothing
			if err := accept(me); err != nil {
				t.Fatal(err)
			}
		}
		if !u.HasAccepted() || u.Home != me || u.Identities[0].Issuer != "ExternalAzureAD" || !u.ExternalUserStateChange.Equal(h.Clock.Now().Truncate(time.Second)) {
			t.Errorf("accepted: %+v", u)
		}
		other := me
		other.ID = ids.New[ids.ObjectID]()
		if err := accept(other); !errors.Is(err, fault.Conflict) {
			t.Errorf("accepted by someone else: err = %v, want Conflict", err)
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			g, err := directory.GuestOf(ctx, tx, h.A.ID, me)
			if err != nil || g.ID != guest || g.Home != me {
				t.Errorf("by home: %v, %v", g, err)
			}
			if _, err := directory.GuestOf(ctx, tx, h.A.ID, ids.Principal{}); !errors.Is(err, fault.NotFound) {
				t.Errorf("nobody's: err = %v, want NotFound", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		first := guest
		if err := add(directory.Invitee{Mail: "second@fabrikam.example"}); err != nil {
			t.Fatal(err)
		}
		guest = u.ID
		if err := accept(me); !errors.Is(err, fault.Conflict) {
			t.Errorf("one person as two guests: err = %v, want Conflict", err)
		}
		guest = first

		if err := load(func(tx *sqldb.Tx, u *directory.User) error {
			return directory.ResetGuest(ctx, tx, u, "new@fabrikam.example")
		}); err != nil {
			t.Fatal(err)
		}
		if err := load(func(*sqldb.Tx, *directory.User) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if u.HasAccepted() || !u.Home.IsZero() || *u.Mail != "new@fabrikam.example" || !u.SessionsFrom.Equal(h.Clock.Now()) || u.ID != first ||
			u.UserPrincipalName != "Adele_fabrikam.example#EXT#@contoso.onmicrosoft.com" {
			t.Errorf("reset: %+v", u)
		}
		if err := h.Users.Delete(ctx, h.A.Admin, string(first)); err != nil {
			t.Fatal(err)
		}
		if err := add(invitee); err != nil { // name and addresses are free again
			t.Errorf("invited anew: %v", err)
		}
	})
}

// TestGuestWhoseNameIsTaken gets another one.
func TestGuestWhoseNameIsTaken(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		body := strings.Replace(string(house.UserBody("x", "contoso.onmicrosoft.com")), "x@", "adele_fabrikam.example#EXT#@", 1)
		if _, err := h.Users.Create(ctx, h.A.Admin, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			home, err := tenant.Get(ctx, tx, h.A.ID)
			if err != nil {
				return err
			}
			u, err := directory.AddGuest(ctx, tx, home, directory.Invitee{Mail: "adele@fabrikam.example"})
			if err == nil && u.UserPrincipalName != "adele_fabrikam.example_"+string(u.ID)[:8]+"#EXT#@contoso.onmicrosoft.com" {
				t.Errorf("called %s", u.UserPrincipalName)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
