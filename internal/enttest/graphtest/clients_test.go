package graphtest

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestAsClientsSend holds what unmodified clients were seen to send beyond what
// is documented, and to rely on.
func TestAsClientsSend(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All", "Group.ReadWrite.All", "Directory.Read.All")
		boss := "admin@" + w.A.Domain
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", map[string]any{
			"accountEnabled": true, "displayName": "Un", "mailNickname": "un", "userPrincipalName": "un@" + w.A.Domain,
			"passwordProfile": map[string]any{"password": "Correct-horse-7"}, "manager@odata.bind": "https://graph.microsoft.com/v1.0/users/" + boss,
		}).Body["id"].(string)
		manager := func(want string) {
			t.Helper()
			if got := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/"+user+"/manager", nil).Body["id"]; got != want {
				t.Errorf("manager = %v, want %s", got, want)
			}
		}
		manager(string(w.A.Admin))

		// The CLI for Microsoft 365 names a manager by userPrincipalName.
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+user+"/manager/$ref", nil)
		named := map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + boss}
		c.Send(t, w, http.StatusNoContent, "PUT", "/v1.0/users/un@"+w.A.Domain+"/manager/$ref", named)
		manager(string(w.A.Admin))
		other := map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/admin@" + w.B.Domain}
		c.Send(t, w, http.StatusNotFound, "PUT", "/v1.0/users/"+user+"/manager/$ref", other)

		// It numbers the requests of a batch, and binds members in one of them.
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/myorganization/groups", map[string]any{
			"displayName": "g", "mailEnabled": false, "mailNickName": "g", "securityEnabled": true,
		}).Body["id"].(string)
		bind := with(ask("", "PATCH", "/groups/"+group), map[string]any{"members@odata.bind": []string{"https://graph.microsoft.com/v1.0/directoryObjects/" + user}})
		bind["id"] = 1
		list := ask("2", "GET", "/groups/"+group+"/members")
		list["dependsOn"] = []int{1}
		answers, _ := c.batch(t, w, bind, list)
		var members struct{ Value []struct{ ID string } }
		if answers["1"].Status != http.StatusNoContent || json.Unmarshal(answers["2"].Body, &members) != nil ||
			len(members.Value) != 1 || members.Value[0].ID != user {
			t.Errorf("got %v", answers)
		}
	})
}
