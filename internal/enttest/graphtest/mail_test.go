package graphtest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/mailbox"
	"entente/internal/flow/notify"
	"entente/internal/kit/clock"
	"entente/internal/kit/jobs"
	"entente/internal/kit/mail"
)

// A postOffice is a world whose messages arrive in a mailbox.
type postOffice struct {
	*World
	box    *mailbox.Server
	worker *jobs.Worker
}

func eachPostOffice(t *testing.T, test func(t *testing.T, w postOffice)) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			box, clk := mailbox.New(t, mailbox.Options{}), clock.NewFake(dbtest.Noon)
			smtp, err := mail.New(mail.Options{Server: box.Address, Roots: box.Roots, From: mail.Address{Mail: "no-reply@id.contoso.example"}})
			must(t, err)
			db := dbtest.OpenClock(t, engine, clk)
			w := postOffice{NewMailing(t, db, clk, smtp), box, jobs.New(db, clk, jobs.Options{})}
			w.worker.Handle(notify.SendKind, w.Notes.Send, notify.Tries)
			test(t, w)
		})
	}
}

// arrived sends what is due and returns the letters that are new.
func (w postOffice) arrived(t *testing.T) []mailbox.Letter {
	t.Helper()
	before := len(w.box.Letters())
	_, err := w.worker.RunDue(t.Context())
	must(t, err)
	return w.box.Letters()[before:]
}

func invitation(to string, info map[string]any) map[string]any {
	return map[string]any{
		"invitedUserEmailAddress": to, "inviteRedirectUrl": "https://app.example", "sendInvitationMessage": true, "invitedUserMessageInfo": info,
	}
}

// TestInvitationMessages: the message brings the link of the answer, to the
// guest and to nobody else.
func TestInvitationMessages(t *testing.T) {
	eachPostOffice(t, func(t *testing.T, w postOffice) {
		c := w.Client(t, w.A, "User.Invite.All", "User.ReadWrite.All")
		made := c.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("adele@guest.example", map[string]any{
			"customizedMessageBody": "Hello Adele.\nhttps://elsewhere.example", "messageLanguage": "de-DE",
			"ccRecipients": []any{map[string]any{"emailAddress": map[string]any{"address": "chief@guest.example", "name": "Chief\r\nBcc: x@y.example"}}},
		}))
		if made.Body["sendInvitationMessage"] != true {
			t.Errorf("the answer is %s", made.Raw)
		}
		link := made.Text("inviteRedeemUrl")
		letters := w.arrived(t)
		if len(letters) != 2 {
			t.Fatalf("%d letters, want the guest's and the copy", len(letters))
		}
		for _, l := range letters {
			carries := strings.Contains(l.Text, link) && strings.Contains(l.HTML, strings.ReplaceAll(link, "&", "&amp;"))
			if l.Subject != "Contoso invites you as a guest" || l.Header.Get("To") != "<adele@guest.example>" || carries != (l.To == "adele@guest.example") ||
				!strings.Contains(l.Text, "> Hello Adele.\n> https://elsewhere.example\n") || l.Header.Get("Bcc") != "" {
				t.Errorf("letter to %s:\n%s", l.To, l.Raw)
			}
		}
		if again := w.arrived(t); len(again) != 0 {
			t.Errorf("%d letters more", len(again))
		}

		// Of two that wait only the newer one is worth anything.
		c.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("lee@guest.example", nil))
		newer := c.Send(t, w.World, http.StatusCreated, "POST", "/beta/invitations", invitation("lee@guest.example", nil))
		letters = w.arrived(t)
		if len(letters) != 1 || !strings.Contains(letters[0].Text, newer.Text("inviteRedeemUrl")) {
			t.Errorf("letters %+v, want the newer link alone", letters)
		}

		// Who was deleted meanwhile is not invited any more, nor is anybody by a link that has ended.
		gone := c.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("gone@guest.example", nil))
		c.Send(t, w.World, http.StatusNoContent, "DELETE", "/v1.0/users/"+gone.Body["invitedUser"].(map[string]any)["id"].(string), nil)
		c.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("late@guest.example", nil))
		w.Clock.Advance(31 * 24 * time.Hour)
		if letters := w.arrived(t); len(letters) != 0 {
			t.Errorf("letters %+v, want none", letters)
		}
	})
}

// TestInvitationMessagesOfPeople: the inviter is named, and answers go to them
// where their organization has proved to own their address's domain.
func TestInvitationMessagesOfPeople(t *testing.T) {
	eachPostOffice(t, func(t *testing.T, w postOffice) {
		admin := w.Person(t, w.A, w.A.Admin, "User.Invite.All", "User.ReadWrite.All")
		for _, tt := range []struct{ mail, answers string }{
			{"ada@" + w.A.Domain, "ada@" + w.A.Domain},
			{"ada@bank.example", ""},
		} {
			admin.Send(t, w.World, http.StatusNoContent, "PATCH", "/v1.0/users/"+string(w.A.Admin), map[string]any{"displayName": "Ada \u202eLovelace", "mail": tt.mail})
			admin.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("adele@guest.example", nil))
			letters := w.arrived(t)
			if len(letters) != 1 || !strings.Contains(letters[0].Text, "Ada Lovelace") || strings.Contains(letters[0].Text, "\u202e") ||
				strings.Contains(letters[0].Header.Get("Reply-To"), "@") != (tt.answers != "") || !strings.Contains(letters[0].Header.Get("Reply-To"), tt.answers) {
				t.Errorf("with the address %s: %+v", tt.mail, letters)
			}
		}
	})
}

// TestInvitationMessagesThatNobodyGets are refused before anything is made.
func TestInvitationMessagesThatNobodyGets(t *testing.T) {
	eachPostOffice(t, func(t *testing.T, w postOffice) {
		c := w.Client(t, w.A, "User.Invite.All", "User.Read.All")
		copyTo := func(all ...string) map[string]any {
			cc := []any{}
			for _, a := range all {
				cc = append(cc, map[string]any{"emailAddress": map[string]any{"address": a}})
			}
			return map[string]any{"ccRecipients": cc}
		}
		for name, body := range map[string]map[string]any{
			"two copies":                   invitation("x@guest.example", copyTo("a@guest.example", "b@guest.example")),
			"a copy to no address":         invitation("x@guest.example", copyTo("a@guest.example\r\nRCPT TO:<b@guest.example>")),
			"a copy to a list":             invitation("x@guest.example", copyTo("a@guest.example,b@guest.example")),
			"long words":                   invitation("x@guest.example", map[string]any{"customizedMessageBody": strings.Repeat("x", 5001)}),
			"an address with a mark in it": invitation("x\u202e@guest.example", nil),
		} {
			if a := w.Call(t, c.Token, "POST", "/v1.0/invitations", body); a.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		if letters := w.arrived(t); len(letters) != 0 {
			t.Errorf("letters %+v", letters)
		}
		if a := c.Get(t, w.World, "/v1.0/users?$filter=userType%20eq%20'Guest'"); len(a.Body["value"].([]any)) != 0 {
			t.Errorf("guests: %s", a.Raw)
		}
		// An empty one, as clients send it back, is nobody.
		c.Send(t, w.World, http.StatusCreated, "POST", "/v1.0/invitations", invitation("x@guest.example", map[string]any{
			"messageLanguage": nil, "customizedMessageBody": nil, "ccRecipients": []any{map[string]any{"emailAddress": map[string]any{"name": nil, "address": nil}}},
		}))
		if letters := w.arrived(t); len(letters) != 1 {
			t.Errorf("%d letters, want one", len(letters))
		}
	})
}
