package graphtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/person"
	"entente/internal/flow/guest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// answer has an account of B answer an invitation's link.
func (w *World) answer(t *testing.T, link, account string, with func(*guest.Redemption, *sqldb.Tx) error) {
	t.Helper()
	u, err := url.Parse(link)
	must(t, err)
	q := u.Query()
	ticket, err := guest.ReadTicket(q.Get("tenant"), q.Get("user"), q.Get("ticket"))
	must(t, err)
	must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
		r, err := guest.ByLink(t.Context(), tx, ticket, person.Proof{Home: w.B.ID, User: ids.ObjectID(account), At: tx.Now()})
		if err != nil {
			return err
		}
		return with(r, tx)
	}))
}

// TestLifeOfAGuest reads a guest after each step of an invitation.
func TestLifeOfAGuest(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Invite.All", "User.ReadWrite.All", "AuditLog.Read.All")
		home := w.Client(t, w.B, "User.ReadWrite.All", "AuditLog.Read.All")
		upn := "adele@" + w.B.Domain
		account := home.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", map[string]any{
			"accountEnabled": true, "displayName": "Adele", "mailNickname": "adele", "userPrincipalName": upn, "passwordProfile": map[string]any{"password": "Correct-horse-7"},
		}).Text("id")
		invite := func(more map[string]any) Answer {
			body := map[string]any{"invitedUserEmailAddress": upn, "inviteRedirectUrl": "https://app.example",
				"invitedUserSponsors": []any{map[string]any{"@odata.type": "#microsoft.graph.user", "id": string(w.A.Admin)}}}
			for k, v := range more {
				body[k] = v
			}
			return c.Send(t, w, http.StatusCreated, "POST", "/v1.0/invitations", body)
		}
		made := invite(nil)
		id := made.Body["invitedUser"].(map[string]any)["id"].(string)
		shows := func(step, state, issuer string) {
			t.Helper()
			got := c.Get(t, w, "/v1.0/users/"+id+"?$select=userPrincipalName,userType,creationType,externalUserState,externalUserStateChangeDateTime,identities,mail&$expand=sponsors($select=id)")
			identity := got.Body["identities"].([]any)[0].(map[string]any)
			sponsors := got.Body["sponsors"].([]any)
			if got.Text("externalUserState") != state || got.Text("externalUserStateChangeDateTime") != w.Clock.Now().UTC().Truncate(time.Second).Format(time.RFC3339) ||
				identity["issuer"] != issuer || identity["signInType"] != "federated" || identity["issuerAssignedId"] != nil || got.Text("creationType") != "Invitation" || got.Text("userType") != "Guest" ||
				!strings.Contains(got.Text("userPrincipalName"), "#EXT#@") || got.Text("mail") != upn ||
				len(sponsors) != 1 || sponsors[0].(map[string]any)["id"] != string(w.A.Admin) {
				t.Errorf("%s: %s", step, got.Raw)
			}
			found := w.Call(t, c.Token, "GET", "/v1.0/users?$count=true&$select=id&$filter="+url.QueryEscape("externalUserState eq '"+state+"'"), nil, "ConsistencyLevel", "eventual")
			if list, _ := found.Body["value"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != id {
				t.Errorf("%s: found %s", step, found.Raw)
			}
		}
		shows("invited", "PendingAcceptance", "mail")
		from := guest.From{Request: "request"}
		w.answer(t, made.Text("inviteRedeemUrl"), account, func(r *guest.Redemption, tx *sqldb.Tx) error { return r.Decline(t.Context(), tx, from) })
		shows("declined", "PendingAcceptance", "mail")
		w.Clock.Advance(10 * time.Minute)
		w.answer(t, made.Text("inviteRedeemUrl"), account, func(r *guest.Redemption, tx *sqldb.Tx) error { return r.Accept(t.Context(), tx, from) })
		shows("accepted", "Accepted", "ExternalAzureAD")
		if again := invite(nil); again.Text("status") != "Completed" {
			t.Errorf("invited again: %s", again.Raw)
		}
		shows("invited again", "Accepted", "ExternalAzureAD")

		for name, side := range map[string]*Client{"A": c, "B": home} {
			log := side.Get(t, w, "/v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("loggedByService eq 'Invited Users'"))
			var said []string
			for _, e := range log.Body["value"].([]any) {
				said = append(said, e.(map[string]any)["activityDisplayName"].(string))
			}
			if strings.Join(said, ", ") != "Redeem external user invite, Decline external user invite" {
				t.Errorf("the log of %s says %v", name, said)
			}
		}

		w.Clock.Advance(10 * time.Minute)
		reset := invite(map[string]any{"resetRedemption": true, "invitedUser": map[string]any{"id": id}})
		if reset.Text("status") != "PendingAcceptance" || reset.Body["invitedUser"].(map[string]any)["id"] != id {
			t.Errorf("reset: %s", reset.Raw)
		}
		shows("reset", "PendingAcceptance", "mail")
	})
}

// TestGuestAtGraph lets a guest see what guests may, for as long as the account
// at home serves.
func TestGuestAtGraph(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Invite.All")
		home := w.Client(t, w.B, "User.ReadWrite.All")
		account := home.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", map[string]any{
			"accountEnabled": true, "displayName": "Adele", "mailNickname": "adele", "userPrincipalName": "adele@" + w.B.Domain, "passwordProfile": map[string]any{"password": "Correct-horse-7"},
		}).Text("id")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/invitations", map[string]any{"invitedUserEmailAddress": "adele@" + w.B.Domain, "inviteRedirectUrl": "https://app.example"})
		w.answer(t, made.Text("inviteRedeemUrl"), account, func(r *guest.Redemption, tx *sqldb.Tx) error {
			return r.Accept(t.Context(), tx, guest.From{})
		})
		g := w.Person(t, w.A, ids.ObjectID(made.Body["invitedUser"].(map[string]any)["id"].(string)), "User.Read.All", "Group.Read.All", "User.Invite.All")
		if me := g.Get(t, w, "/v1.0/me"); me.Text("mail") != "adele@"+w.B.Domain {
			t.Errorf("the guest is %s", me.Raw)
		}
		for _, path := range []string{"/v1.0/users", "/v1.0/groups", "/v1.0/users?$search=\"displayName:a\"", "/v1.0/users/$count"} {
			if a := w.Call(t, g.Token, "GET", path, nil, "ConsistencyLevel", "eventual"); a.Status != http.StatusForbidden {
				t.Errorf("%s: %d %s", path, a.Status, a.Raw)
			}
		}
		home.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/"+account, map[string]any{"accountEnabled": false})
		if a := w.Call(t, g.Token, "GET", "/v1.0/me", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("with the account disabled at home: %d %s", a.Status, a.Raw)
		}
		home.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/"+account, map[string]any{"accountEnabled": true})
		if a := w.Call(t, g.Token, "GET", "/v1.0/me", nil); a.Status != http.StatusOK {
			t.Errorf("enabled again: %d %s", a.Status, a.Raw)
		}
		home.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+account, nil)
		if a := w.Call(t, g.Token, "GET", "/v1.0/me", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("with the account deleted at home: %d %s", a.Status, a.Raw)
		}
	})
}
