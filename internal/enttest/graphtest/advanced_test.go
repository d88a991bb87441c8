package graphtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
)

// literals are values of the types that filters compare.
var literals = map[edm.Type]string{
	edm.String: "'x'", edm.Guid: "11111111-2222-3333-4444-555555555555", edm.Boolean: "true", edm.Int32: "7", edm.Int64: "7",
	edm.DateTimeOffset: "2026-11-23T12:00:00Z",
}

// conditions returns a filter for each operator that a declaration may name,
// on one property.
func conditions(p edm.Prop) map[string]string {
	lit, ok := literals[p.Type.Item()]
	n := p.Name
	switch {
	case !ok, p.Type == edm.Many(edm.Guid):
		return nil
	case p.Type.IsMany():
		return map[string]string{
			"eq": n + "/any(x:x eq " + lit + ")", "ge": n + "/any(x:x ge " + lit + ")", "le": n + "/any(x:x lt " + lit + ")",
			"sw": n + "/any(x:startsWith(x,'x'))", "not": "not(" + n + "/any(x:x eq " + lit + "))", "cnt": n + "/$count ne 0",
		}
	}
	c := map[string]string{
		"eq": n + " eq " + lit, "ne": n + " ne " + lit, "ge": n + " gt " + lit, "le": n + " le " + lit, "in": n + " in (" + lit + ")",
		"not": "NOT " + n + " eq " + lit, "null": n + " eq null",
	}
	if p.Type == edm.String {
		c["sw"], c["ew"], c["contains"] = "startswith("+n+","+lit+")", "endswith("+n+","+lit+")", "contains("+n+","+lit+")"
	}
	return c
}

// TestOperators asks every set with every operator on every property: what is
// declared is answered, what needs an advanced query says so without one, and
// the rest is refused with either.
func TestOperators(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		for _, x := range w.examples(t, c).paths {
			if x.many == "" || x.set.Unpaged {
				continue
			}
			for _, p := range w.Registry.Props(x.of) {
				if p.In(edm.V1) == "" {
					continue
				}
				plainly, later, _ := strings.Cut(p.Filter, ";")
				plain, advanced := strings.Fields(plainly), strings.Fields(later)
				for op, filter := range conditions(p) {
					path := "/v1.0" + x.many + "?$filter=" + url.QueryEscape(filter)
					usual := c.Get(t, w, path)
					more := c.Get(t, w, path+"&$count=true", "ConsistencyLevel", "eventual")
					want, wantMore := 400, 400
					if slices.Contains(plain, op) {
						want, wantMore = 200, 200
					}
					if slices.Contains(advanced, op) {
						wantMore = 200
					}
					if usual.Status != want || more.Status != wantMore {
						t.Errorf("%s: got %d and %d, want %d and %d\n%s%s", path, usual.Status, more.Status, want, wantMore, usual.Raw, more.Raw)
					}
					for _, a := range []Answer{usual, more} {
						if code, _ := a.Error(); a.Status == 400 && code != "Request_UnsupportedQuery" {
							t.Errorf("%s: got %s", path, a.Raw)
						}
					}
					if _, message := usual.Error(); want == 400 && wantMore == 200 && message != "Unsupported Query." {
						t.Errorf("%s: got %s", path, message)
					}
				}
				path := "/v1.0" + x.many + "?$orderby=" + p.Name + " desc"
				usual, more := c.Get(t, w, path).Status, c.Get(t, w, path+"&$count=true", "ConsistencyLevel", "eventual").Status
				if (usual == 200) != (p.Order == "d" || p.Order == "F") || (more == 200) != (p.Order != "") {
					t.Errorf("%s, declared %q: got %d and %d", path, p.Order, usual, more)
				}
			}
		}
	})
}

// TestAdvancedQueries: what asks for ConsistencyLevel is refused without it, in
// Graph's words.
func TestAdvancedQueries(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Read.All", "Application.Read.All")
		const more, unindexed = "Unsupported Query.", "The request uses a filter property that is not indexed"
		owners := "/v1.0/applications/" + string(c.App.ID) + "/owners"
		many := strings.Repeat("'x',", 15) + "'x'"
		for _, tt := range []struct{ path, header, message string }{
			{"/v1.0/users?$filter=userType ne 'Guest'", "", more},
			{"/v1.0/users?$filter=userType ne 'Guest'", "eventual", more},
			{"/v1.0/users?$filter=userType ne 'Guest'&$count=true", "", more},
			{"/v1.0/users?$filter=userType ne 'Guest'&$count=true", "session", more},
			{"/v1.0/users?$filter=userType ne 'Guest'&$count=false", "eventual", more},
			{"/v1.0/users?$filter=endsWith(mail,'x')", "eventual", more},
			{"/v1.0/users?$filter=not(startsWith(displayName,'x'))", "eventual", more},
			{"/v1.0/users?$filter=externalUserState eq 'PendingAcceptance'", "eventual", more},
			{"/v1.0/applications?$filter=identifierUris/$count eq 0", "eventual", more},
			{"/v1.0/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity'", "eventual", more},
			{"/v1.0/servicePrincipals?$orderby=displayName", "eventual", more},
			{"/v1.0/users?$orderby=createdDateTime", "", more},
			{"/v1.0/users?$orderby=displayName&$filter=startsWith(displayName,'x')", "eventual", more},
			{owners + "/microsoft.graph.user?$count=true", "", more},
			{"/v1.0/users?$filter=id ge 'x'&$count=true", "eventual", unindexed},
			{"/v1.0/users?$filter=id ge 'x'", "", "Unsupported or invalid query filter clause specified for property 'id' of resource 'User'."},
			{"/v1.0/users?$filter=id in (" + many + ")", "", "Too many child clauses specified in search filter expression containing 'OR' operators: 16. Max allowed: 15."},
			{"/v1.0/users?$filter=identities/all(i:i/issuer eq 'x')&$count=true", "eventual", "Unsupported or invalid query filter clause specified for property 'identities' of resource 'User'."},
			{"/v1.0/users/$count", "session", "$count is not currently supported."},
		} {
			a := c.Get(t, w, tt.path, "ConsistencyLevel", tt.header)
			if _, message := a.Error(); a.Status != http.StatusBadRequest || message != tt.message {
				t.Errorf("%s, ConsistencyLevel %q: got %d %s", tt.path, tt.header, a.Status, a.Raw)
			}
		}
		for _, path := range []string{
			"/v1.0/users?$filter=userType ne 'Guest'&$count=true", "/v1.0/users/$count?$filter=userType ne 'Guest'",
			"/v1.0/users?$filter=id in (" + many + ")&$count=true", "/v1.0/users?$filter=userType eq 'Guest'&$orderby=displayName&$count=true",
			owners + "/microsoft.graph.user?$count=true", "/v1.0/users?filter=userType ne 'Guest'&count=true",
		} {
			for _, header := range []string{"eventual", "Eventual"} {
				c.Send(t, w, http.StatusOK, "GET", path, nil, "Consistencylevel", header)
			}
		}
		// Without the header a count is left out, and nobody is told.
		if a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?$count=true", nil); a.Body["@odata.count"] != nil {
			t.Errorf("got %s", a.Raw)
		}
	})
}
