package graphtest

import (
	"net/http"
	"strings"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A wrong is a request that is wrong, and how Graph answers it
// (https://learn.microsoft.com/graph/errors).
type wrong struct {
	name   string
	method string // headers may stand behind it: "GET ConsistencyLevel: eventual; Prefer: x"
	path   string
	body   string

	status  int
	code    string
	message string // one that ends in … is a beginning
}

const unsupported, badRequest, request = "Request_UnsupportedQuery", "BadRequest", "Request_BadRequest"

// wrongs are all wrong requests, by subject.
var wrongs = map[string][]wrong{
	"paths": wrongPaths, "queries": wrongQueries, "advanced": wrongAdvanced, "bodies": wrongBodies, "writes": wrongWrites, "links": wrongLinks, "batches": wrongBatches,
}

// TestWrongRequests: what is wrong is refused with Graph's status, code and
// words, and nothing else than that.
func TestWrongRequests(t *testing.T) {
	n := 0
	for _, list := range wrongs {
		n += len(list)
	}
	if n < 150 {
		t.Errorf("%d wrong requests, want 150", n)
	}
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		g := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "wrong", "mailNickname": "wrong", "mailEnabled": false, "securityEnabled": true,
			"members@odata.bind": []string{"https://x/v1.0/users/" + string(w.A.Admin)},
		})
		fill := strings.NewReplacer("{admin}", string(w.A.Admin), "{app}", string(c.App.ID), "{appId}", string(c.App.AppID), "{graph}", string(w.A.Graph.ID),
			"{client}", string(c.Principal.ID), "{nobody}", "11111111-2222-3333-4444-555555555555", "{group}", g.Text("id"), "{stranger}", string(w.B.Admin))
		for subject, list := range wrongs {
			for _, tt := range list {
				w.refuses(t, c, subject, tt, fill)
			}
		}
		if got := c.Get(t, w, "/v1.0/devices/x").Header.Get("Entente-Gap"); got != "devices" {
			t.Errorf("the gap is called %q, want devices", got)
		}
	})
}

// refuses sends a wrong request.
func (w *World) refuses(t *testing.T, c *Client, subject string, tt wrong, fill *strings.Replacer) {
	t.Helper()
	const correlation = "0aaa0000-bbbb-cccc-dddd-eeee00000001"
	var body any
	if tt.body != "" {
		body = fill.Replace(tt.body)
	}
	method, rest, _ := strings.Cut(tt.method, " ")
	headers := []string{"client-request-id", correlation}
	for line := range strings.SplitSeq(rest, "; ") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			headers = append(headers, name, value)
		}
	}
	a := w.Call(t, c.Token, method, fill.Replace(tt.path), body, headers...)
	code, message := a.Error()
	want := fill.Replace(tt.message)
	begin, partly := strings.CutSuffix(want, "…")
	same := message == want || partly && strings.HasPrefix(message, begin)
	if a.Status != tt.status || code != tt.code || !same {
		t.Errorf("%s: %s: %s %s %s:\ngot  %d %s %s\nwant %d %s %s", subject, tt.name, tt.method, tt.path, body, a.Status, code, message, tt.status, tt.code, want)
		return
	}
	inner, _ := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
	if inner["client-request-id"] != correlation || inner["request-id"] != a.Header.Get("request-id") || inner["date"] != "2026-11-23T12:00:00" {
		t.Errorf("%s: innerError = %v", tt.name, inner)
	}
}

// TestTokens: who is not, or no longer, what the token says is refused.
func TestTokens(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		refused := func(name, token string, status int, code, message string) {
			t.Helper()
			a := w.Call(t, token, "GET", "/v1.0/users", nil)
			if c, m := a.Error(); a.Status != status || c != code || m != message {
				t.Errorf("%s: got %d %s %s, want %d %s %s", name, a.Status, c, m, status, code, message)
			}
			if a.Status == http.StatusUnauthorized && !strings.Contains(a.Header.Get("WWW-Authenticate"), `authorization_uri="`+Own+`/common/oauth2/authorize"`) {
				t.Errorf("%s: WWW-Authenticate = %s", name, a.Header.Get("WWW-Authenticate"))
			}
		}
		const invalid, none = "InvalidAuthenticationToken", "Insufficient privileges to complete the operation."
		refused("no token", "", 401, invalid, "Access token is empty.")
		refused("no JWT", "nonsense", 401, invalid, "IDX14100: JWT is not well formed, there are no dots (.).")
		c := w.Client(t, w.A, "User.Read.All")
		for _, audience := range []string{"https://graph.microsoft.com", "https://graph.microsoft.com/", string(app.GraphAppID), Own, Own + "/", Other} {
			if a := w.Call(t, w.Token(t, c, audience, "User.Read.All"), "GET", "/v1.0/users", nil); a.Status != http.StatusOK {
				t.Errorf("audience %s: got %d %s", audience, a.Status, a.Raw)
			}
		}
		refused("another audience", w.Token(t, c, "https://management.azure.com", "User.Read.All"), 401, invalid, "Access token validation failure. Invalid audience.")
		cut := strings.LastIndex(c.Token, ".")
		refused("another signature", c.Token[:cut+1]+w.Client(t, w.A).Token[strings.LastIndex(w.Client(t, w.A).Token, ".")+1:], 401, invalid, "Access token validation failure. Invalid signature.")
		refused("a permission that was never granted", w.Token(t, c, string(app.GraphAppID), "User.ReadWrite.All", "Directory.Read.All"), 403, "Authorization_RequestDenied", none)

		const gone = "The identity of the calling application could not be established."
		system := authz.System(w.A.ID, "test")
		_, err := w.Apps.UpdatePrincipal(ctx, system, c.Principal.ID, []byte(`{"accountEnabled":false}`))
		must(t, err)
		refused("disabled principal", c.Token, 401, "Authorization_IdentityNotFound", gone)
		_, err = w.Apps.UpdatePrincipal(ctx, system, c.Principal.ID, []byte(`{"accountEnabled":true}`))
		must(t, err)

		must(t, w.DB.View(ctx, func(tx *sqldb.Tx) error {
			held, err := consent.ListAssignments(ctx, tx, w.A.ID, consent.HeldBy(c.Principal.ID), query.Query{})
			must(t, err)
			c.Principal.Notes = new(string(held.Items[0].ID))
			return nil
		}))
		must(t, w.Consent.Unassign(ctx, system, consent.HeldBy(c.Principal.ID), ids.AssignmentID(*c.Principal.Notes)))
		refused("a grant that ended a moment ago", c.Token, 403, "Authorization_RequestDenied", none)

		d := w.Client(t, w.A, "User.Read.All")
		must(t, w.Apps.DeletePrincipal(ctx, system, d.Principal.ID))
		refused("deleted principal", d.Token, 401, "Authorization_IdentityNotFound", gone)
		again, err := w.Apps.CreatePrincipal(ctx, system, d.App.AppID, []byte(`{}`), nil)
		must(t, err)
		refused("a principal made anew is another one", d.Token, 401, "Authorization_IdentityNotFound", gone)
		must(t, w.Apps.Delete(ctx, system, d.App.ID))
		d.Principal = again
		refused("deleted application", w.Token(t, d, string(app.GraphAppID)), 401, "Authorization_IdentityNotFound", gone)

		f := w.Client(t, w.B)
		must(t, multi(t, w, f))
		here, err := w.Apps.CreatePrincipal(ctx, system, f.App.AppID, []byte(`{}`), nil)
		must(t, err)
		guest := w.Token(t, &Client{Tenant: w.A, App: f.App, Principal: here}, string(app.GraphAppID))
		refused("an application of another tenant", guest, 403, "Authorization_RequestDenied", none)
		_, err = w.Apps.Update(ctx, authz.System(w.B.ID, "test"), f.App.ID, []byte(`{"signInAudience":"AzureADMyOrg"}`))
		must(t, err)
		refused("an application that went home", guest, 401, "Authorization_IdentityNotFound", gone)

		e := w.Client(t, w.B, "User.Read.All")
		must(t, tenant.NewService(w.DB).SetEnabled(ctx, authz.System(w.B.ID, "test"), w.B.ID, false))
		refused("disabled tenant", e.Token, 401, "Authorization_IdentityNotFound", gone)
		w.Clock.Advance(2 * 60 * 60 * 1e9)
		refused("expired", c.Token, 401, invalid, "Lifetime validation failed, the token is expired.")
	})
}

// TestOwnersOnly: with Application.ReadWrite.OwnedBy a program changes what it
// owns and nothing else, though it may read all.
func TestOwnersOnly(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		other := "/v1.0/applications/" + string(c.App.ID)
		c.Send(t, w, http.StatusOK, "GET", other, nil)
		c.Send(t, w, http.StatusForbidden, "PATCH", other, `{"notes":"mine"}`)
		c.Send(t, w, http.StatusForbidden, "POST", other+"/addPassword", `{}`)
		c.Send(t, w, http.StatusForbidden, "DELETE", other, nil)
		own := "/v1.0/applications/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", `{"displayName":"own"}`).Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", own, `{"notes":"mine"}`)
		c.Send(t, w, http.StatusOK, "POST", own+"/addPassword", `{}`)
		c.Send(t, w, http.StatusNoContent, "DELETE", own, nil)
		b := w.Client(t, w.B)
		must(t, multi(t, w, b))
		a := c.Send(t, w, http.StatusForbidden, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": b.App.AppID})
		if _, msg := a.Error(); msg != "When using this permission, the backing application of the service principal being created must in the local tenant" {
			t.Errorf("got %s", msg)
		}
	})
}

func multi(t *testing.T, w *World, c *Client) error {
	_, err := w.Apps.Update(t.Context(), authz.System(c.Tenant.ID, "test"), c.App.ID, []byte(`{"signInAudience":"AzureADMultipleOrgs"}`))
	return err
}

// TestLeastPermission: a refusal names the least permission that would have
// sufficed, wherever it was decided.
func TestLeastPermission(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		none, basic, owner := w.Client(t, w.A), w.Client(t, w.A, "User.ReadBasic.All"), w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		status, all := w.Client(t, w.A, "User.EnableDisableAccount.All"), w.Client(t, w.A, "User.ReadWrite.All", "Group.ReadWrite.All")
		user, appl := "/v1.0/users/"+string(w.A.Admin), "/v1.0/applications/"+string(none.App.ID)
		for _, tt := range []struct {
			c                        *Client
			method, path, body, want string
		}{
			{none, "GET", "/v1.0/users", "", "User.ReadBasic.All"},
			{basic, "GET", "/v1.0/users?$filter=department eq 'x'", "", "User.Read.All"},
			{basic, "GET", "/v1.0/users?$orderby=userPrincipalName&$filter=accountEnabled eq true", "", "User.Read.All"},
			{basic, "GET", user + "/department", "", "User.Read.All"},
			{status, "PATCH", user, `{"city":"Oslo"}`, "User.ReadWrite.All"},
			{all, "PATCH", user, `{"passwordProfile":{"password":"Correct-horse-7"}}`, ""}, // no permission reaches who holds roles
			{all, "DELETE", user, "", ""},
			{all, "POST", "/v1.0/groups", `{"displayName":"g","mailNickname":"g","mailEnabled":false,"securityEnabled":true,"isAssignableToRole":true}`, "RoleManagement.ReadWrite.Directory"},
			{none, "POST", appl + "/owners/$ref", `{}`, "Application.ReadWrite.OwnedBy with Directory.Read.All or Directory.ReadWrite.All"},
			{none, "PATCH", appl, `{}`, "Application.ReadWrite.OwnedBy"},
			{owner, "PATCH", appl, `{}`, "Application.ReadWrite.All"},
			{owner, "POST", appl + "/addPassword", `{}`, "Application.ReadWrite.All"},
		} {
			a := tt.c.Send(t, w, http.StatusForbidden, tt.method, tt.path, tt.body)
			inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
			if got, _ := inner["leastPermission"].(string); got != tt.want {
				t.Errorf("%s %s: named %q, want %q", tt.method, tt.path, got, tt.want)
			}
		}
	})
}
