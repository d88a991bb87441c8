package graphtest

import (
	"net/http"
	"strings"
	"testing"
)

// TestInvitations makes guests as Graph's clients do, and is refused as they are.
func TestInvitations(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Invite.All", "User.Read.All", "Policy.ReadWrite.Authorization")
		sponsor := string(w.A.Admin)
		invite := func(mail string) map[string]any {
			return map[string]any{"invitedUserEmailAddress": mail, "inviteRedirectUrl": "https://app.example", "sendInvitationMessage": false}
		}
		body := invite("adele@guest.example")
		body["invitedUserSponsors"] = []any{map[string]any{"@odata.type": "#microsoft.graph.user", "id": sponsor}}
		body["invitedUserMessageInfo"] = map[string]any{"customizedMessageBody": "Welcome"}
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/invitations", body)
		user, _ := made.Body["invitedUser"].(map[string]any)
		if made.Text("id") == "" || user["id"] == nil || !strings.HasPrefix(made.Text("inviteRedeemUrl"), Own+"/redeem?") ||
			made.Text("status") != "PendingAcceptance" || made.Text("invitedUserType") != "Guest" ||
			made.Text("@odata.context") != Own+"/v1.0/$metadata#invitations/$entity" || made.Body["invitedUserSponsors"] != nil {
			t.Errorf("got %s", made.Raw)
		}
		guest := c.Get(t, w, "/v1.0/users/"+user["id"].(string)+"?$select=mail,userType,externalUserState,creationType")
		if guest.Text("mail") != "adele@guest.example" || guest.Text("userType") != "Guest" || guest.Text("externalUserState") != "PendingAcceptance" || guest.Text("creationType") != "Invitation" {
			t.Errorf("the guest is %s", guest.Raw)
		}
		bound := invite("lee@guest.example")
		bound["invitedUserSponsors@odata.bind"] = Bind(sponsor)
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/invitations", bound)
		again := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/invitations", invite("Adele@guest.example"))
		if twice := again.Body["invitedUser"].(map[string]any); twice["id"] != user["id"] || again.Text("inviteRedeemUrl") == made.Text("inviteRedeemUrl") {
			t.Errorf("invited again: %s", again.Raw)
		}
		for name, tt := range map[string]struct {
			body   map[string]any
			status int
			code   string
		}{
			"an address of the tenant": {invite("x@" + w.A.Domain), 400, "BadRequest"},
			"a plus":                   {invite("x+y@guest.example"), 400, "BadRequest"},
			"no address":               {map[string]any{"inviteRedirectUrl": "https://app.example"}, 400, "Request_BadRequest"},
			"a mail":                   {map[string]any{"invitedUserEmailAddress": "x@guest.example", "inviteRedirectUrl": "https://app.example", "sendInvitationMessage": true}, 400, "BadRequest"},
		} {
			a := w.Call(t, c.Token, "POST", "/v1.0/invitations", tt.body)
			if code, _ := a.Error(); a.Status != tt.status || code != tt.code {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/policies/authorizationPolicy", map[string]any{"allowInvitesFrom": "none"})
		a := w.Call(t, c.Token, "POST", "/v1.0/invitations", invite("y@guest.example"))
		if code, _ := a.Error(); a.Status != http.StatusForbidden || code != "Forbidden" {
			t.Errorf("when nobody may: %d %s", a.Status, a.Raw)
		}
		nobody := w.Client(t, w.A, "User.Read.All")
		if a := w.Call(t, nobody.Token, "POST", "/v1.0/invitations", invite("y@guest.example")); a.Status != http.StatusForbidden {
			t.Errorf("without the permission: %d", a.Status)
		}
	})
}

// TestCrossTenantAccessPolicy goes through the policy as its clients do.
func TestCrossTenantAccessPolicy(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Policy.ReadWrite.CrossTenantAccess", "Policy.Read.All")
		const def = crossPolicy + "/default"
		if a := c.Get(t, w, "/v1.0"+def); a.Body["isServiceDefault"] != true {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0"+def, map[string]any{"inboundTrust": map[string]any{"isMfaAccepted": true}})
		if a := c.Get(t, w, "/v1.0"+def); a.Body["isServiceDefault"] != false || a.Body["inboundTrust"].(map[string]any)["isMfaAccepted"] != true {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0"+def+"/resetToSystemDefault", nil)
		if a := c.Get(t, w, "/v1.0"+def); a.Body["isServiceDefault"] != true {
			t.Errorf("after the reset: %s", a.Raw)
		}
		partner := map[string]any{"tenantId": w.B.ID}
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+partnersPath, partner)
		if made.Body["id"] != nil || made.Text("tenantId") != string(w.B.ID) || made.Body["b2bCollaborationInbound"] != nil {
			t.Errorf("made %s", made.Raw)
		}
		one := partnersPath + "/" + string(w.B.ID)
		for name, tt := range map[string]struct {
			method, path string
			body         map[string]any
			status       int
		}{
			"twice":            {"POST", partnersPath, partner, 409},
			"itself":           {"POST", partnersPath, map[string]any{"tenantId": w.A.ID}, 400},
			"other letters":    {"PATCH", one, map[string]any{"InboundTrust": nil}, 400},
			"half a section":   {"PATCH", one, map[string]any{"b2bCollaborationInbound": map[string]any{"applications": nil}}, 400},
			"no partner":       {"GET", partnersPath + "/" + NoRole, nil, 404},
			"nothing in sync":  {"GET", one + "/identitySynchronization", nil, 404},
			"sync of a nobody": {"PUT", partnersPath + "/" + NoRole + "/identitySynchronization", map[string]any{}, 404},
		} {
			if a := w.Call(t, c.Token, tt.method, "/v1.0"+tt.path, tt.body); a.Status != tt.status {
				t.Errorf("%s: %d %s, want %d", name, a.Status, a.Raw, tt.status)
			}
		}
		c.Send(t, w, http.StatusNoContent, "PUT", "/v1.0"+one+"/identitySynchronization", newSync("sync"))
		if a := c.Get(t, w, "/v1.0"+one+"/identitySynchronization"); a.Text("displayName") != "sync" {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0"+one, nil)
	})
}
