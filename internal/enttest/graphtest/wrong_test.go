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

// TestWrongRequests: what is wrong is refused with Graph's status, code and
// words (https://learn.microsoft.com/graph/errors).
func TestWrongRequests(t *testing.T) {
	const unsupported = "Request_UnsupportedQuery"
	tests := []struct {
		name, method, path, body string
		status                   int
		code, message            string // a message that ends in … is a beginning
	}{
		{"unknown segment", "GET", "/v1.0/nothing", "", 400, "BadRequest", "Resource not found for the segment 'nothing'."},
		{"unknown version", "GET", "/v2.0/users", "", 400, "BadRequest", "Invalid version: v2.0"},
		{"unknown part", "GET", "/v1.0/users/{admin}/nothing", "", 400, "BadRequest", "Resource not found for the segment 'nothing'."},
		{"unknown action", "POST", "/v1.0/users/{admin}/microsoft.graph.nothing", "{}", 400, "BadRequest", "Resource not found for the segment 'microsoft.graph.nothing'."},
		{"behind a count", "GET", "/v1.0/users/$count/more", "", 400, "BadRequest", "Resource not found for the segment 'more'."},
		{"no GUID", "GET", "/v1.0/applications/nobody", "", 400, "Request_BadRequest", "Invalid object identifier 'nobody'."},
		{"no user", "GET", "/v1.0/users/nobody@contoso.example", "", 404, "Request_ResourceNotFound", "Resource 'nobody@contoso.example' does not exist or one of its queried reference-property objects are not present."},
		{"unknown alternate key", "GET", "/v1.0/applications(displayName='x')", "", 400, "BadRequest", "Resource not found for the segment 'applications(displayName)'."},
		{"method", "PUT", "/v1.0/users", "{}", 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."},
		{"GET of an action", "GET", "/v1.0/applications/{app}/addPassword", "", 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."},

		{"page too large", "GET", "/v1.0/users?$top=1000", "", 400, unsupported, "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."},
		{"page of none", "GET", "/v1.0/users?$top=0", "", 400, unsupported, "Invalid page size specified: '0'. Must be between 1 and 999 inclusive."},
		{"page of words", "GET", "/v1.0/users?$top=many", "", 400, "BadRequest", "…"},
		{"skip", "GET", "/v1.0/users?$skip=5", "", 400, unsupported, "'$skip' is not supported by the service."},
		{"search without the header", "GET", `/v1.0/users?$search="displayName:a"`, "", 400, unsupported, "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"},
		{"count without the header", "GET", "/v1.0/users/$count", "", 400, "Request_BadRequest", "$count is not currently supported."},
		{"unknown option", "GET", "/v1.0/users?$nothing=1", "", 400, unsupported, "…"},
		{"option twice", "GET", "/v1.0/users?$top=1&$top=2", "", 400, "BadRequest", "…"},
		{"unknown select", "GET", "/v1.0/users?$select=noSuch", "", 400, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'noSuch' on type 'microsoft.graph.user'."},
		{"unknown expand", "GET", "/v1.0/users?$expand=noSuch", "", 400, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'noSuch' on type 'microsoft.graph.user'."},
		{"filter syntax", "GET", "/v1.0/users?$filter=displayName eq", "", 400, "BadRequest", "Invalid filter clause: Syntax error at position …"},
		{"filter on nothing", "GET", "/v1.0/users?$filter=noSuch eq 'x'", "", 400, "BadRequest", "Invalid filter clause: Could not find a property named 'noSuch' on type 'microsoft.graph.user'."},
		{"filter of another type", "GET", "/v1.0/users?$filter=accountEnabled eq 'yes'", "", 400, "BadRequest", "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types 'Edm.Boolean' and 'Edm.String' for operator kind 'Equal'."},
		{"filter that needs more", "GET", "/v1.0/users?$filter=displayName ne 'x'", "", 400, unsupported, "Unsupported Query."},
		{"not, without more", "GET", "/v1.0/users?$filter=not(startswith(displayName,'x'))", "", 400, unsupported, "Unsupported Query."},
		{"endswith, without more", "GET", "/v1.0/users?$filter=endswith(mail,'x')", "", 400, unsupported, "Unsupported Query."},
		{"filter that nobody takes", "GET", "/v1.0/users?$filter=passwordPolicies eq 'x'", "", 400, unsupported, "Unsupported or invalid query filter clause specified for property 'passwordPolicies' of resource 'User'."},
		{"contains", "GET", "/v1.0/users?$filter=contains(displayName,'x')", "", 400, unsupported, "Unsupported or invalid query filter clause specified for property 'displayName' of resource 'User'."},
		{"order that needs more", "GET", "/v1.0/applications?$orderby=displayName", "", 400, unsupported, "Unsupported Query."},
		{"order that nobody takes", "GET", "/v1.0/users?$orderby=department", "", 400, unsupported, "Sorting not supported for current query."},
		{"order beside a filter", "GET", "/v1.0/users?$orderby=displayName&$filter=userType eq 'Guest'", "", 400, unsupported, "Unsupported Query."},

		{"no JSON", "POST", "/v1.0/users", "nonsense", 400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."},
		{"no object", "POST", "/v1.0/users", "[]", 400, "BadRequest", "Unable to read JSON request payload. …"},
		{"empty body", "POST", "/v1.0/users", "", 400, "BadRequest", "Unable to read JSON request payload. …"},
		{"text behind the object", "POST", "/v1.0/users", "{}{}", 400, "BadRequest", "Unable to read JSON request payload. …"},
		{"too deep", "POST", "/v1.0/users", `{"identities":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", 400, "BadRequest", "Unable to read JSON request payload. …"},
		{"unknown property", "POST", "/v1.0/users", `{"noSuch":1}`, 400, "Request_BadRequest", "Invalid property 'noSuch'."},
		{"unknown property below", "PATCH", "/v1.0/applications/{app}", `{"web":{"RedirectUris":[]}}`, 400, "Request_BadRequest", "Invalid property 'RedirectUris'."},
		{"property of beta", "POST", "/v1.0/applications/{app}/federatedIdentityCredentials", `{"claimsMatchingExpression":null}`, 400, "Request_BadRequest", "Invalid property 'claimsMatchingExpression'."},
		{"property twice", "POST", "/v1.0/users", `{"displayName":"a","DisplayName":"b"}`, 400, "Request_BadRequest", "The property 'DisplayName' stands in the request more than once."},
		{"read-only property", "PATCH", "/v1.0/applications/{app}", `{"appId":"{admin}"}`, 400, "Request_BadRequest", "Property 'appId' is read-only and cannot be set."},
		{"another identifier", "PATCH", "/v1.0/users/{admin}", `{"id":"{app}"}`, 400, "Request_BadRequest", "Property 'id' is read-only and cannot be set."},
		{"set at creation only", "PATCH", "/v1.0/applications/{app}", `{"passwordCredentials":[{"displayName":"x"}]}`, 400, "Request_BadRequest", "Property 'passwordCredentials' is read-only and cannot be set."},
		{"wrong type", "PATCH", "/v1.0/users/{admin}", `{"displayName":7}`, 400, "Request_BadRequest", "Invalid value specified for property 'displayName' of resource 'User'."},
		{"wrong type in a list", "PATCH", "/v1.0/users/{admin}", `{"otherMails":[7]}`, 400, "Request_BadRequest", "Invalid value specified for property 'otherMails' of resource 'User'."},
		{"no time", "PATCH", "/v1.0/users/{admin}", `{"employeeHireDate":"soon"}`, 400, "Request_BadRequest", "Invalid value specified for property 'employeeHireDate' of resource 'User'."},
		{"missing property", "POST", "/v1.0/users", `{"accountEnabled":true}`, 400, "Request_BadRequest", "A value is required for property 'displayName' of resource 'User'."},
		{"missing parameter", "POST", "/v1.0/applications/{app}/removePassword", `{}`, 400, "Request_BadRequest", "A value is required for property 'keyId' of resource 'RemovePassword'."},
		{"foreign domain", "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"x@elsewhere.example","passwordProfile":{"password":"Correct-horse-7"}}`, 400, "Request_BadRequest", "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."},
		{"name that is taken", "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"ADMIN@contoso.example","passwordProfile":{"password":"Correct-horse-7"}}`, 400, "Request_BadRequest", "Another object with the same value for property userPrincipalName already exists."},
		{"bad reference", "POST", "/v1.0/applications/{app}/owners/$ref", `{"@odata.id":"nonsense"}`, 400, "Request_BadRequest", "Invalid URL format specified in payload."},
		{"bad bind", "POST", "/v1.0/applications", `{"displayName":"x","owners@odata.bind":["nonsense"]}`, 400, "Request_BadRequest", "Invalid URL format specified in payload."},
		{"bind of no part", "POST", "/v1.0/applications", `{"displayName":"x","members@odata.bind":[]}`, 400, "Request_BadRequest", "Invalid property 'members'."},
		{"owner that is not there", "POST", "/v1.0/applications/{app}/owners/$ref", `{"@odata.id":"https://x/v1.0/users/{nobody}"}`, 404, "Request_ResourceNotFound", "Resource '{nobody}' does not exist …"},
		{"principal of no application", "POST", "/v1.0/servicePrincipals", `{"appId":"{nobody}"}`, 400, "Request_BadRequest", "The appId '{nobody}' of the service principal does not reference a valid application object."},
		{"no such role", "POST", "/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", `{"principalId":"{client}","resourceId":"{graph}","appRoleId":"{nobody}"}`, 400, "Request_BadRequest", "Not a valid reference update."},
		{"assignment of another resource", "POST", "/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", `{"principalId":"{client}","resourceId":"{client}","appRoleId":"{nobody}"}`, 400, "Request_BadRequest", "Invalid value specified for property 'resourceId' of resource 'AppRoleAssignment'."},
		{"identifier URI of another host", "PATCH", "/v1.0/applications/{app}", `{"identifierUris":["https://elsewhere.example/api"]}`, 400, "HostNameNotOnVerifiedDomain", "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://elsewhere.example/api'"},
	}
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		fill := strings.NewReplacer("{admin}", string(w.A.Admin), "{app}", string(c.App.ID), "{graph}", string(w.A.Graph.ID),
			"{client}", string(c.Principal.ID), "{nobody}", "11111111-2222-3333-4444-555555555555")
		for _, tt := range tests {
			var body any
			if tt.body != "" {
				body = fill.Replace(tt.body)
			}
			a := w.Call(t, c.Token, tt.method, fill.Replace(tt.path), body, "client-request-id", "0aaa0000-bbbb-cccc-dddd-eeee00000001")
			code, message := a.Error()
			want := fill.Replace(tt.message)
			begin, partly := strings.CutSuffix(want, "…")
			same := message == want || partly && strings.HasPrefix(message, begin)
			if a.Status != tt.status || code != tt.code || !same {
				t.Errorf("%s: %s %s:\ngot  %d %s %s\nwant %d %s %s", tt.name, tt.method, tt.path, a.Status, code, message, tt.status, tt.code, want)
			}
			if a.Body == nil {
				continue
			}
			inner, _ := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
			if inner["client-request-id"] != "0aaa0000-bbbb-cccc-dddd-eeee00000001" || inner["request-id"] != a.Header.Get("request-id") || inner["date"] != "2026-11-23T12:00:00" {
				t.Errorf("%s: innerError = %v", tt.name, inner)
			}
		}
		if got := c.Get(t, w, "/v1.0/devices/x").Header.Get("Entente-Gap"); got != "devices" {
			t.Errorf("the gap is called %q, want devices", got)
		}
	})
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
		status := w.Client(t, w.A, "User.EnableDisableAccount.All")
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
			{none, "POST", appl + "/owners/$ref", `{}`, "Application.ReadWrite.OwnedBy with Directory.Read.All or Directory.ReadWrite.All"},
			{none, "PATCH", appl, `{}`, "Application.ReadWrite.OwnedBy"},
			{owner, "PATCH", appl, `{}`, "Application.ReadWrite.All"},
			{owner, "POST", appl + "/addPassword", `{}`, "Application.ReadWrite.All"},
		} {
			a := tt.c.Send(t, w, http.StatusForbidden, tt.method, tt.path, tt.body)
			inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
			if inner["leastPermission"] != tt.want {
				t.Errorf("%s %s: named %v, want %s", tt.method, tt.path, inner["leastPermission"], tt.want)
			}
		}
	})
}
