package guest_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A desk invites people of B into A and takes their answers.
type desk struct {
	*house.House
	t       *testing.T
	service *guest.Service
	letters []guest.Letter
	lost    error // what becomes of the next letter
}

func eachDesk(t *testing.T, test func(d *desk)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := &desk{House: h, t: t}
		d.service = guest.NewService(h.DB, h.Ring, base, func(_ context.Context, _ *sqldb.Tx, l guest.Letter) error {
			d.letters = append(d.letters, l)
			return d.lost
		})
		test(d)
	})
}

// ticketOf reads a link.
func ticketOf(t *testing.T, link string) guest.Ticket {
	t.Helper()
	u, err := url.Parse(link)
	must(t, err)
	q := u.Query()
	ticket, err := guest.ReadTicket(q.Get("tenant"), q.Get("user"), q.Get("ticket"))
	must(t, err)
	return ticket
}

// invite invites an address into A.
func (d *desk) invite(mail string, more map[string]any) *guest.Invitation {
	d.t.Helper()
	admin := d.A.Admin
	admin.Scopes = []string{"User.ReadWrite.All"}
	v, err := d.service.Invite(d.t.Context(), admin, body(mail, more), nil)
	must(d.t, err)
	return v
}

// reset has A take back what a guest accepted.
func (d *desk) reset(of *guest.Invitation, mail string) *guest.Invitation {
	d.t.Helper()
	return d.invite(mail, map[string]any{"resetRedemption": true, "invitedUser": map[string]any{"id": of.User.ID}})
}

// proofOf says that an account was proved just now.
func (d *desk) proofOf(home house.Tenant, id ids.ObjectID) person.Proof {
	return person.Proof{Home: home.ID, User: id, At: d.Clock.Now()}
}

var from = guest.From{Request: "request", IP: "192.0.2.7"}

// redeem has an account answer a link with yes.
func (d *desk) redeem(v *guest.Invitation, p person.Proof) (*guest.Redemption, error) {
	var r *guest.Redemption
	err := d.DB.Update(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		if r, err = guest.ByLink(d.t.Context(), tx, ticketOf(d.t, v.RedeemURL), p); err != nil {
			return err
		}
		return r.Accept(d.t.Context(), tx, from)
	})
	return r, err
}

// awaited asks whether A waits for an account.
func (d *desk) awaited(p person.Proof) (r *guest.Redemption, err error) {
	err = d.DB.View(d.t.Context(), func(tx *sqldb.Tx) error {
		in, err := tenant.Get(d.t.Context(), tx, d.A.ID)
		if err == nil {
			r, err = guest.Awaited(d.t.Context(), tx, in, p)
		}
		return err
	})
	return r, err
}

// guest returns a guest as it is.
func (d *desk) guest(v *guest.Invitation) (u *directory.User) {
	d.t.Helper()
	must(d.t, d.DB.View(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		u, err = directory.GetUser(d.t.Context(), tx, d.A.ID, string(v.User.ID))
		return err
	}))
	return u
}

// told returns what a tenant's log says of a guest, the newest first.
func (d *desk) told(in house.Tenant, v *guest.Invitation) (list []audit.Stored) {
	d.t.Helper()
	must(d.t, d.DB.View(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = audit.Entries(d.t.Context(), tx, in.ID, string(v.User.ID), 50)
		return err
	}))
	return list
}

func count(list []audit.Stored, activity string) (n int) {
	for _, e := range list {
		if e.Activity == activity {
			n++
		}
	}
	return n
}

// change sets properties of a user of B.
func (d *desk) change(u *directory.User, patch string) {
	d.t.Helper()
	_, err := d.Users.Update(d.t.Context(), d.B.Admin, string(u.ID), []byte(patch))
	must(d.t, err)
}

func TestAccept(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t := d.t
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite("Adele@"+strings.ToUpper(d.B.Domain), nil) // another case is the same address
		d.Clock.Advance(time.Hour)
		r, err := d.redeem(v, d.proofOf(d.B, adele.ID))
		must(t, err)
		if r.In.ID != d.A.ID || r.Home.ID != d.B.ID || r.Here.ID != v.User.ID || r.Redirect != "https://app.example/" || r.Inviter.Program || r.Inviter.Name == "" {
			t.Errorf("redeemed %+v", r)
		}
		u := d.guest(v)
		if !u.HasAccepted() || !u.ExternalUserStateChange.Equal(d.Clock.Now().Truncate(time.Second)) || *u.CreationType != "Invitation" || *u.UserType != "Guest" ||
			u.Identities[0].Issuer != "ExternalAzureAD" || u.Home != (ids.Principal{Kind: ids.Person, Home: d.B.ID, ID: adele.ID}) {
			t.Errorf("the guest is %+v", u)
		}
		at, here := d.told(d.B, v), d.told(d.A, v)
		const activity = "Redeem external user invite"
		if count(at, activity) != 1 || count(here, activity) != 1 || at[0].Crossing == "" || at[0].Crossing != here[0].Crossing {
			t.Errorf("logs %+v and %+v", at, here)
		}
		if at[0].ByObject != adele.ID || here[0].ByObject != "" {
			t.Errorf("home names %q, the other side %q", at[0].ByObject, here[0].ByObject)
		}

		d.Clock.Advance(time.Hour)
		r, err = d.redeem(v, d.proofOf(d.B, adele.ID)) // once more
		if err != nil || !r.Before || count(d.told(d.A, v), activity) != 1 || !d.guest(v).ExternalUserStateChange.Equal(*u.ExternalUserStateChange) {
			t.Errorf("a second time: %+v, %v", r, err)
		}
		lee := d.AddUser(t, d.B, "lee")
		if _, err := d.redeem(v, d.proofOf(d.B, lee.ID)); !errors.Is(err, guest.Spent) {
			t.Errorf("by another afterwards: err = %v", err)
		}
		if r, err := d.awaited(d.proofOf(d.B, adele.ID)); r != nil || err != nil {
			t.Errorf("still awaited: %+v, %v", r, err)
		}
	})
}

// TestWhoMayRedeem has accounts come to an invitation that is another's, or
// theirs by an address of their mail.
func TestWhoMayRedeem(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t := d.t
		adele, lee := d.AddUser(t, d.B, "adele"), d.AddUser(t, d.B, "lee")
		d.change(adele, `{"mail":"adele.v@`+d.B.Domain+`"}`)
		// Lee's mail says what another signs in with, and what is nobody's here.
		d.change(lee, `{"mail":"adele@`+d.B.Domain+`","otherMails":["other@`+d.B.Domain+`"]}`)
		pat := d.AddUser(t, d.B, "pat")
		d.change(pat, `{"mail":"pat@elsewhere.example"}`)
		for name, tt := range map[string]struct {
			mail string
			home house.Tenant
			id   ids.ObjectID
			want error
		}{
			"what it signs in with":               {"adele@" + d.B.Domain, d.B, adele.ID, nil},
			"its mail":                            {"Adele.V@" + d.B.Domain, d.B, adele.ID, nil},
			"a colleague":                         {"adele.v@" + d.B.Domain, d.B, lee.ID, guest.OtherAccount},
			"mail that another signs in with":     {"adele@" + d.B.Domain, d.B, lee.ID, guest.OtherAccount},
			"an address that was merely noted":    {"other@" + d.B.Domain, d.B, lee.ID, guest.OtherAccount},
			"mail of a domain that home has not":  {"pat@elsewhere.example", d.B, pat.ID, guest.OtherAccount},
			"an administrator of the same tenant": {"adele@" + d.B.Domain, d.B, d.B.Admin.Object, guest.OtherAccount},
			"a member of the tenant itself":       {"adele@" + d.B.Domain, d.A, d.A.Admin.Object, guest.OtherAccount},
		} {
			t.Run(name, func(t *testing.T) {
				v := d.invite(tt.mail, nil)
				p := d.proofOf(tt.home, tt.id)
				waits, err := d.awaited(p)
				if (tt.want == nil) != (waits != nil) || err != nil {
					t.Errorf("awaited without the link: %+v, %v", waits, err)
				}
				_, err = d.redeem(v, p)
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Fatalf("err = %v, want %v", err, tt.want)
				}
				if tt.want != nil {
					said := err.Error() + fault.Public(err).Fix
					for _, value := range fault.Public(err).Values {
						said += value
					}
					if tt.home.ID == d.B.ID && tt.id != adele.ID && strings.Contains(strings.ToLower(said), "adele") && tt.mail == "adele.v@"+d.B.Domain {
						t.Errorf("a stranger learns who was invited: %s", said)
					}
				}
				must(t, d.Users.Delete(t.Context(), d.A.Admin, string(v.User.ID)))
			})
		}
	})
}

// TestUnusable goes through what an invitation is refused for, each with a
// reason of its own.
func TestUnusable(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		policies := crosstenant.NewService(d.DB)
		shut := func(name string) []byte {
			return []byte(`{"` + name + `":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},
				"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`)
		}
		for name, tt := range map[string]struct {
			spoil func(t *testing.T, v *guest.Invitation, u *directory.User)
			want  error
		}{
			"it ended": {func(*testing.T, *guest.Invitation, *directory.User) { d.Clock.Advance(30*24*time.Hour + time.Second) }, guest.Expired},
			"the guest was deleted": {func(t *testing.T, v *guest.Invitation, _ *directory.User) {
				must(t, d.Users.Delete(ctx, d.A.Admin, string(v.User.ID)))
			}, guest.Withdrawn},
			"the guest is disabled": {func(t *testing.T, v *guest.Invitation, _ *directory.User) {
				_, err := d.Users.Update(ctx, d.A.Admin, string(v.User.ID), []byte(`{"accountEnabled":false}`))
				must(t, err)
			}, person.NotHereNow},
			"a newer one took its place":      {func(_ *testing.T, v *guest.Invitation, u *directory.User) { d.invite(u.UserPrincipalName, nil) }, guest.NoInvitation},
			"the account is disabled at home": {func(_ *testing.T, _ *guest.Invitation, u *directory.User) { d.change(u, `{"accountEnabled":false}`) }, person.NoAccount},
			"the account goes by another name": {func(_ *testing.T, _ *guest.Invitation, u *directory.User) {
				d.change(u, `{"userPrincipalName":"renamed-`+u.UserPrincipalName+`"}`)
			}, guest.OtherAccount},
			"the host lets nobody in": {func(t *testing.T, _ *guest.Invitation, _ *directory.User) {
				must(t, policies.UpdateDefault(ctx, d.A.Admin, shut("b2bCollaborationInbound")))
			}, crosstenant.InboundBlocked},
			"the home lets nobody out": {func(t *testing.T, _ *guest.Invitation, _ *directory.User) {
				must(t, policies.UpdateDefault(ctx, d.B.Admin, shut("b2bCollaborationOutbound")))
			}, crosstenant.OutboundBlocked},
			"the home lets somebody else out": {func(t *testing.T, _ *guest.Invitation, _ *directory.User) {
				must(t, policies.UpdateDefault(ctx, d.B.Admin, []byte(`{"b2bCollaborationOutbound":{
					"usersAndGroups":{"accessType":"allowed","targets":[{"target":"`+string(d.B.Admin.Object)+`","targetType":"user"}]},
					"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}`)))
			}, crosstenant.OutboundBlocked},
			"the account is here as another guest": {func(t *testing.T, _ *guest.Invitation, u *directory.User) {
				d.change(u, `{"mail":"second-`+u.UserPrincipalName+`"}`)
				_, err := d.redeem(d.invite("second-"+u.UserPrincipalName, nil), d.proofOf(d.B, u.ID))
				must(t, err)
			}, guest.AlreadyHere},
		} {
			t.Run(name, func(t *testing.T) {
				u := d.AddUser(t, d.B, "u"+ids.New[string]()[:8])
				v := d.invite(u.UserPrincipalName, nil)
				tt.spoil(t, v, u)
				_, err := d.redeem(v, d.proofOf(d.B, u.ID))
				if !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
				if fault.Public(err).Fix == "" {
					t.Errorf("%v says no remedy", err)
				}
				must(t, policies.ResetDefault(ctx, d.A.Admin))
				must(t, policies.ResetDefault(ctx, d.B.Admin))
				if list := d.told(d.A, v); count(list, "Redeem external user invite") != 0 {
					t.Errorf("the log has %+v", list)
				}
			})
		}
	})
}

// TestDecline leaves the guest waiting.
func TestDecline(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t := d.t
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite(adele.UserPrincipalName, nil)
		must(t, d.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			r, err := guest.ByLink(t.Context(), tx, ticketOf(t, v.RedeemURL), d.proofOf(d.B, adele.ID))
			if err != nil {
				return err
			}
			return r.Decline(t.Context(), tx, from)
		}))
		if u := d.guest(v); u.HasAccepted() || !u.Home.IsZero() {
			t.Errorf("declined: %+v", u)
		}
		for _, in := range []house.Tenant{d.A, d.B} {
			if count(d.told(in, v), "Decline external user invite") != 1 {
				t.Errorf("log %+v", d.told(in, v))
			}
		}
		if _, err := d.redeem(v, d.proofOf(d.B, adele.ID)); err != nil { // on second thoughts
			t.Error(err)
		}
	})
}

// TestResetOfRedemption hands a guest from one account to another.
func TestResetOfRedemption(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t := d.t
		adele, lee := d.AddUser(t, d.B, "adele"), d.AddUser(t, d.B, "lee")
		old := d.invite(adele.UserPrincipalName, nil)
		before := d.proofOf(d.B, adele.ID)
		_, err := d.redeem(old, before)
		must(t, err)
		d.Clock.Advance(time.Hour)
		v := d.reset(old, lee.UserPrincipalName)
		if u := d.guest(v); v.User.ID != old.User.ID || v.Status != guest.Pending || u.HasAccepted() || !u.Home.IsZero() || u.Identities[0].Issuer != "mail" {
			t.Errorf("reset to %+v, %+v", v, u)
		}
		if _, err := d.redeem(old, d.proofOf(d.B, adele.ID)); !errors.Is(err, guest.NoInvitation) {
			t.Errorf("the old link: err = %v", err)
		}
		if _, err := d.redeem(v, d.proofOf(d.B, adele.ID)); !errors.Is(err, guest.OtherAccount) {
			t.Errorf("who it was before: err = %v", err)
		}
		if r, err := d.awaited(d.proofOf(d.B, adele.ID)); r != nil || err != nil {
			t.Errorf("who it was before is awaited: %+v, %v", r, err)
		}
		_, err = d.redeem(v, d.proofOf(d.B, lee.ID))
		must(t, err)
		if u := d.guest(v); u.Home.ID != lee.ID {
			t.Errorf("handed to %v", u.Home)
		}
		d.Clock.Advance(time.Hour)
		again := d.reset(v, lee.UserPrincipalName)
		if _, err := d.redeem(again, before); !errors.Is(err, guest.OtherAccount) {
			t.Errorf("an old proof of the first: err = %v", err)
		}
		if _, err := d.redeem(again, person.Proof{Home: d.B.ID, User: lee.ID, At: d.Clock.Now().Add(-time.Minute)}); !errors.Is(err, person.Ended) {
			t.Errorf("who was proved before the reset: err = %v", err)
		}
		if _, err := d.redeem(again, d.proofOf(d.B, lee.ID)); err != nil {
			t.Error(err)
		}
	})
}

// TestAutomatic looks at what both tenants say about asking.
func TestAutomatic(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		policies := crosstenant.NewService(d.DB)
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite(adele.UserPrincipalName, nil)
		agree := func(who house.Tenant, with house.Tenant, setting string) {
			_, err := policies.AddPartner(ctx, who.Admin, []byte(`{"tenantId":"`+string(with.ID)+`","automaticUserConsentSettings":{"`+setting+`":true}}`))
			must(t, err)
		}
		asked := func() bool {
			r, err := d.awaited(d.proofOf(d.B, adele.ID))
			must(t, err)
			return !r.Automatic()
		}
		if !asked() {
			t.Error("nobody agreed")
		}
		agree(d.A, d.B, "inboundAllowed")
		if !asked() {
			t.Error("one side agreed")
		}
		agree(d.B, d.A, "outboundAllowed")
		if asked() {
			t.Error("both sides agreed")
		}
		d.Clock.Advance(time.Second) // the newest entry is the first
		_, err := d.redeem(v, d.proofOf(d.B, adele.ID))
		must(t, err)
		if e := d.told(d.A, v)[0]; !strings.Contains(e.Detail["agreed"], "policies") {
			t.Errorf("the log says %v", e.Detail)
		}
	})
}

// TestMemberInvited is a member in the end, who lives elsewhere.
func TestMemberInvited(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t := d.t
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite(adele.UserPrincipalName, map[string]any{"invitedUserType": "Member"})
		_, err := d.redeem(v, d.proofOf(d.B, adele.ID))
		must(t, err)
		must(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			in, err := tenant.Get(t.Context(), tx, d.A.ID)
			must(t, err)
			found, err := person.Find(t.Context(), tx, in, d.proofOf(d.B, adele.ID))
			if err != nil || found.Guest() || found.AtHome() || found.Here.ID != v.User.ID {
				t.Errorf("found %+v, %v", found, err)
			}
			return nil
		}))
	})
}

// TestNothingHalfDone lets the transaction of an acceptance fail at its end,
// and that of an invitation at its message.
func TestNothingHalfDone(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite(adele.UserPrincipalName, nil)
		crash := errors.New("crash")
		err := d.DB.Update(ctx, func(tx *sqldb.Tx) error {
			r, err := guest.ByLink(ctx, tx, ticketOf(t, v.RedeemURL), d.proofOf(d.B, adele.ID))
			must(t, err)
			must(t, r.Accept(ctx, tx, from))
			return crash
		})
		if !errors.Is(err, crash) || d.guest(v).HasAccepted() || count(d.told(d.A, v), "Redeem external user invite") != 0 {
			t.Errorf("half accepted: %v", err)
		}
		d.lost = crash
		if _, err := d.service.Invite(ctx, d.A.Admin, body("new@guest.example", map[string]any{"sendInvitationMessage": true}), nil); !errors.Is(err, crash) {
			t.Errorf("err = %v", err)
		}
		if err := d.DB.View(ctx, func(tx *sqldb.Tx) error {
			_, err := directory.GuestByMail(ctx, tx, d.A.ID, "new@guest.example")
			return err
		}); !errors.Is(err, fault.NotFound) {
			t.Errorf("a guest whose message was not stored: %v", err)
		}
		if _, err := d.redeem(v, d.proofOf(d.B, adele.ID)); err != nil {
			t.Error(err)
		}
	})
}

// TestLetters has the message of an invitation carry its link, which the store
// does not show.
func TestLetters(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		adele := d.AddUser(t, d.B, "adele")
		v := d.invite(adele.UserPrincipalName, map[string]any{"sendInvitationMessage": true, "invitedUserMessageInfo": map[string]any{"customizedMessageBody": "Welcome."}})
		if len(d.letters) != 1 || d.letters[0].To != adele.UserPrincipalName || d.letters[0].Invitation != v.ID || *d.letters[0].Message.Body != "Welcome." {
			t.Fatalf("letters %+v", d.letters)
		}
		link := func(v *guest.Invitation) (out secret.String, err error) {
			err = d.DB.View(ctx, func(tx *sqldb.Tx) error { out, err = d.service.Link(ctx, tx, d.A.ID, v.User.ID, v.ID); return err })
			return out, err
		}
		if got, err := link(v); err != nil || got.Reveal() != v.RedeemURL {
			t.Errorf("the link is %s, %v", got.Reveal(), err)
		}
		must(t, d.DB.View(ctx, func(tx *sqldb.Tx) error {
			var sealed string
			u, err := url.Parse(v.RedeemURL)
			must(t, err)
			err = tx.One(ctx, `select sealed from invitation where tenant_id = ? and user_id = ?`, []any{d.A.ID, v.User.ID}, &sealed)
			if strings.Contains(sealed, u.Query().Get("ticket")) {
				t.Error("the ticket itself is stored")
			}
			return err
		}))
		second := d.invite(adele.UserPrincipalName, nil)
		if _, err := link(v); !errors.Is(err, guest.NoInvitation) {
			t.Errorf("of an invitation that another replaced: err = %v", err)
		}
		other := d.invite("other@guest.example", nil)
		must(t, d.DB.Update(ctx, func(tx *sqldb.Tx) error { // somebody moves it to another row
			_, err := tx.Exec(ctx, `update invitation set sealed = (select sealed from invitation where tenant_id = ? and user_id = ?) where tenant_id = ? and user_id = ?`,
				d.A.ID, second.User.ID, d.A.ID, other.User.ID)
			return err
		}))
		if _, err := link(other); err == nil {
			t.Error("a sealed ticket opens in another's place")
		}
		_, err := d.redeem(second, d.proofOf(d.B, adele.ID))
		must(t, err)
		if _, err := link(second); !errors.Is(err, guest.NoInvitation) {
			t.Errorf("of one that was accepted: err = %v", err)
		}
	})
}

// TestMailOfAMember: an account of elsewhere whose mail says what a member of
// the tenant is called stays somebody else.
func TestMailOfAMember(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		boss := d.AddUser(t, d.A, "boss")
		mallory := d.AddUser(t, d.B, "mallory")
		d.change(mallory, `{"mail":"`+boss.UserPrincipalName+`"}`)
		if r, err := d.awaited(d.proofOf(d.B, mallory.ID)); r != nil || err != nil {
			t.Errorf("awaited as the member: %+v, %v", r, err)
		}
		v := d.invite(mallory.UserPrincipalName, nil)
		_, err := d.redeem(v, d.proofOf(d.B, mallory.ID))
		must(t, err)
		if u := d.guest(v); u.ID == boss.ID || *u.Mail != mallory.UserPrincipalName || u.UserPrincipalName == boss.UserPrincipalName {
			t.Errorf("the guest is %+v", u)
		}
		// A member has an address of the other tenant's domain: nobody comes in by it.
		member := d.AddUser(t, d.A, "member")
		lee := d.AddUser(t, d.B, "lee")
		_, err = d.Users.Update(ctx, d.A.Admin, string(member.ID), []byte(`{"mail":"`+lee.UserPrincipalName+`"}`))
		must(t, err)
		if r, err := d.awaited(d.proofOf(d.B, lee.ID)); r != nil || err != nil {
			t.Errorf("awaited by a member's mail: %+v, %v", r, err)
		}
		if _, err := d.service.Invite(ctx, d.A.Admin, body(lee.UserPrincipalName, nil), nil); !errors.Is(err, object.NameTaken) {
			t.Errorf("invited under a member's address: err = %v", err)
		}
	})
}

// TestMade shows an invitation again to the person who made it, and to nobody
// else.
func TestMade(t *testing.T) {
	eachDesk(t, func(d *desk) {
		t, ctx := d.t, d.t.Context()
		adele, colleague := d.AddUser(t, d.B, "adele"), d.AddUser(t, d.A, "colleague")
		v := d.invite(adele.UserPrincipalName, nil)
		m, err := d.service.Made(ctx, d.A.Admin, v.User.ID, v.ID)
		if err != nil || m.Link.Reveal() != v.RedeemURL || *m.Guest.Mail != adele.UserPrincipalName || m.Ended {
			t.Errorf("made %+v, %v", m, err)
		}
		nobody := d.A.Admin
		nobody.Object = ""
		for name, who := range map[string]authz.Caller{"a colleague": house.Person(d.A.ID, colleague.ID), "another tenant": d.B.Admin, "nobody": nobody} {
			if _, err := d.service.Made(ctx, who, v.User.ID, v.ID); !errors.Is(err, guest.NoInvitation) {
				t.Errorf("%s: err = %v", name, err)
			}
		}
		second := d.invite(adele.UserPrincipalName, nil)
		if _, err := d.service.Made(ctx, d.A.Admin, v.User.ID, v.ID); !errors.Is(err, guest.NoInvitation) {
			t.Errorf("after a newer one: err = %v", err)
		}
		_, err = d.redeem(second, d.proofOf(d.B, adele.ID))
		must(t, err)
		if m, err := d.service.Made(ctx, d.A.Admin, v.User.ID, second.ID); err != nil || !m.Link.IsZero() || !m.Guest.HasAccepted() {
			t.Errorf("accepted: %+v, %v", m, err)
		}
	})
}
