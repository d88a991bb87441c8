package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestGroupFilters asks for groups by each operator of the table, plainly and
// in an advanced query, and as Terraform, the CLI for Microsoft 365 and
// Microsoft's pages do.
func TestGroupFilters(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All", "RoleManagement.ReadWrite.Directory")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "owner")).Text("id")
		names := map[string]string{}
		add := func(name string, changes map[string]any) {
			names[c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup(name, changes)).Text("id")] = name
		}
		add("team", map[string]any{
			"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false, "description": "Sales, north",
			"resourceProvisioningOptions": []string{"Team"}, "classification": "Low", "preferredLanguage": "de-DE",
			"owners@odata.bind": []string{"https://x/v1.0/users/" + user},
		})
		add("plain", map[string]any{"uniqueName": "p", "onPremisesSamAccountName": "PLAIN1"})
		add("roles", map[string]any{"isAssignableToRole": true})
		const unsupported, notIndexed = "unsupported", "not indexed"
		for _, tt := range []struct{ query, plainly, advanced string }{
			{"$filter=groupTypes/any(c:c+eq+'Unified')", "team", "team"},
			{"$filter=securityEnabled eq true and mailEnabled eq false", "plain roles", "plain roles"},
			{"$filter=securityEnabled eq false and mailEnabled eq true and not(groupTypes/any(t:t eq 'Unified'))", unsupported, ""},
			{"$filter=not(groupTypes/any(t:t eq 'Unified'))", unsupported, "plain roles"},
			{"$filter=displayName eq 'plain'", "plain", "plain"},
			{"$filter=mailNickname eq 'PLAIN'", "plain", "plain"},
			{"$filter=startsWith(displayName, 'te')", "team", "team"},
			{"$filter=mailEnabled eq true and securityEnabled eq false", "team", "team"},
			{"$filter=displayName eq 'team' and mailNickname eq 'team'", "team", "team"},
			{"$filter=displayName in ('team','roles')", "roles team", "roles team"},
			{"$filter=displayName ne 'team'", unsupported, "plain roles"},
			{"$filter=displayName ge 'r'", "roles team", "roles team"},
			{"$filter=displayName eq null", unsupported, ""},
			{"$filter=mail eq 'TEAM@contoso.example'", "team", "team"},
			{"$filter=mail eq null", unsupported, "plain roles"},
			{"$filter=endsWith(mail,'@contoso.example')", unsupported, "team"},
			{"$filter=proxyAddresses/any(p:startsWith(p,'smtp:team@'))", "team", "team"},
			{"$filter=proxyAddresses/any(p:endsWith(p,'contoso.example'))", unsupported, "team"},
			{"$filter=proxyAddresses/$count eq 0", unsupported, "plain roles"},
			{"$filter=resourceProvisioningOptions/Any(x:x eq 'Team')", "team", "team"},
			{"$filter=not(resourceProvisioningOptions/any(x:x eq 'Team'))", unsupported, "plain roles"},
			{"$filter=classification eq 'low'", "team", "team"},
			{"$filter=classification ne 'low'", unsupported, "plain roles"},
			{"$filter=description eq 'Sales, north'", "team", "team"},
			{"$filter=startsWith(description,'sales')", "team", "team"},
			{"$filter=isAssignableToRole eq true", "roles", "roles"},
			{"$filter=isAssignableToRole eq false", "", ""},
			{"$filter=isAssignableToRole ne true", unsupported, "plain team"},
			{"$filter=expirationDateTime le 2030-01-01T00:00:00Z", "", ""},
			{"$filter=renewedDateTime ge 2020-01-01T00:00:00Z", "plain roles team", "plain roles team"},
			{"$filter=renewedDateTime in (2020-01-01T00:00:00Z)", unsupported, ""},
			{"$filter=membershipRule eq 'x'", "", ""},
			{"$filter=membershipRuleProcessingState ne 'On'", unsupported, "plain roles team"},
			{"$filter=membershipRuleProcessingState ge 'On'", notIndexed, notIndexed},
			{"$filter=onPremisesSamAccountName eq 'plain1'", unsupported, "plain"},
			{"$filter=onPremisesSyncEnabled eq true", "", ""},
			{"$filter=onPremisesSyncEnabled eq null", unsupported, "plain roles team"},
			{"$filter=onPremisesSyncEnabled ne true", unsupported, "plain roles team"},
			{"$filter=onPremisesSecurityIdentifier eq 'S-1'", "", ""},
			{"$filter=onPremisesLastSyncDateTime ge 2020-01-01T00:00:00Z", unsupported, ""},
			{"$filter=preferredLanguage eq 'de-de'", unsupported, "team"},
			{"$filter=startsWith(preferredLanguage,'de')", unsupported, "team"},
			{"$filter=uniqueName eq 'p'", "plain", "plain"},
			{"$filter=assignedLicenses/any(x:x/skuId eq 6fd2c87f-b296-42f0-b197-1e91e994b900)", "", ""},
			{"$filter=owners/$count eq 0", unsupported, "plain roles"},
			{"$filter=owners/$count ne 0", unsupported, "team"},
			{"$filter=owners/$count ge 1", unsupported, unsupported},
			{"$filter=visibility eq 'Private'", unsupported, unsupported},
			{"$orderby=displayName desc", "team roles plain", "team roles plain"},
			{"$orderby=createdDateTime", unsupported, "plain roles team"},
			{"$filter=mailEnabled eq false&$orderby=displayName desc", unsupported, "roles plain"},
			{"$search=\"description:nor\"", unsupported, "team"},
			{"$search=\"displayName:pl\" OR \"mailNickname:te\"", unsupported, "plain team"},
			{"$search=\"mail:team@\"", unsupported, "team"},
		} {
			for _, ask := range []struct {
				how, want string
				headers   []string
			}{{"", tt.plainly, nil}, {"&$count=true", tt.advanced, []string{"ConsistencyLevel", "eventual"}}} {
				a := c.Get(t, w, "/v1.0/groups?"+tt.query+ask.how, ask.headers...)
				code, message := a.Error()
				var got []string
				for _, it := range a.Items() {
					got = append(got, names[it["id"].(string)])
				}
				if !strings.Contains(tt.query, "$orderby=displayName") {
					slices.Sort(got)
				}
				switch want := ask.want; {
				case want == unsupported || want == notIndexed:
					if a.Status != http.StatusBadRequest || code != "Request_UnsupportedQuery" {
						t.Errorf("%s%s: got %d %s %q, want Request_UnsupportedQuery", tt.query, ask.how, a.Status, code, message)
					}
				case a.Status != http.StatusOK || strings.Join(got, " ") != want:
					t.Errorf("%s%s: got %d %v %s, want %q", tt.query, ask.how, a.Status, got, message, want)
				}
			}
		}
	})
}

// TestMembersByTheirProperties asks for members without a cast, as the CLI for
// Microsoft 365 and Microsoft's pages do.
func TestMembersByTheirProperties(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All", "Application.Read.All")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "prime")).Text("id")
		inner := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("primes", nil)).Text("id")
		group := "/v1.0/groups/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("outer", map[string]any{
			"members@odata.bind": []string{"https://x/v1.0/users/" + user, "https://x/v1.0/groups/" + inner, "https://x/v1.0/directoryObjects/" + string(c.Principal.ID)},
		})).Text("id") + "/members"
		for query, want := range map[string][]string{
			"?$filter=userType%20eq%20'Guest'":                                  {},
			"?$filter=userType eq 'Member'&$select=id,userType":                 {user},
			"?$filter=id eq '" + user + "'":                                     {user},
			"?$filter=startswith(displayName,'prime')&$count=true":              {user, inner},
			"?$count=true&$orderby=displayName&$search=\"displayName:Pri\"":     {user, inner},
			"?$filter=mailEnabled eq false":                                     {inner},
			"/microsoft.graph.user?$filter=displayName eq 'prime'":              {user},
			"/graph.servicePrincipal?$count=true":                               {string(c.Principal.ID)},
			"?$filter=displayName in ('prime','client')&$count=true&$select=id": {user, string(c.Principal.ID)},
		} {
			a := c.Get(t, w, group+query, "ConsistencyLevel", "eventual")
			got := identifiers(a)
			if a.Status != http.StatusOK || len(got) != len(want) || slices.ContainsFunc(want, func(id string) bool { return !got[id] }) {
				t.Errorf("%s: got %d %s, want %v", query, a.Status, a.Raw, want)
			}
		}
		blind := w.Client(t, w.A, "GroupMember.Read.All")
		for query, status := range map[string]int{
			"?$filter=id eq '" + user + "'":                        http.StatusOK,
			"?$filter=userType eq 'Member'":                        http.StatusForbidden,
			"?$filter=startswith(displayName,'prime')&$count=true": http.StatusForbidden,
			"?$search=\"displayName:prime\"":                       http.StatusForbidden,
		} {
			if a := blind.Get(t, w, group+query, "ConsistencyLevel", "eventual"); a.Status != status {
				t.Errorf("%s without a permission for people: got %d %s, want %d", query, a.Status, a.Raw, status)
			}
		}
	})
}

// TestGroupDefaults counts what a real tenant was seen to answer.
func TestGroupDefaults(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("counted", nil))
		if n := len(made.Body); n != 36 {
			t.Errorf("a group has %d members, want 36 with the context: %s", n, made.Raw)
		}
		group := "/v1.0/groups/" + made.Text("id")
		w.Clock.Advance(1e9)
		c.Send(t, w, http.StatusNoContent, "POST", group+"/renew", nil)
		a := c.Get(t, w, group)
		if a.Text("renewedDateTime") <= a.Text("createdDateTime") {
			t.Errorf("not renewed: %s", a.Raw)
		}
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("taken", map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true}))
		c.Send(t, w, http.StatusNoContent, "POST", group+"/validateProperties", map[string]any{"displayName": "Free", "mailNickname": "free"})
		for name, body := range map[string]map[string]any{
			"a nickname that is taken":    {"mailNickname": "TAKEN"},
			"a nickname with a space":     {"mailNickname": "a b"},
			"no name":                     {"displayName": ""},
			"a name that is far too long": {"displayName": strings.Repeat("é", 257)},
		} {
			a := c.Send(t, w, http.StatusUnprocessableEntity, "POST", group+"/validateProperties", body)
			if code, message := a.Error(); code != "Request_UnprocessableEntity" || message != "The values provided contain one or more validation errors." {
				t.Errorf("%s: %s", name, a.Raw)
			}
		}
		for name, tt := range map[string]struct {
			body   map[string]any
			status int
			code   string
		}{
			"a dynamic group":                  {map[string]any{"groupTypes": []string{"DynamicMembership"}, "membershipRule": "user.city -eq \"x\"", "membershipRuleProcessingState": "On"}, http.StatusForbidden, "Authorization_RequestDenied"},
			"a security group becomes Unified": {map[string]any{"groupTypes": []string{"Unified"}}, http.StatusBadRequest, "Request_BadRequest"},
			"roles are decided at the start":   {map[string]any{"isAssignableToRole": true}, http.StatusBadRequest, "Request_BadRequest"},
			"an empty description":             {map[string]any{"description": ""}, http.StatusBadRequest, "Request_BadRequest"},
			"256 letters":                      {map[string]any{"displayName": strings.Repeat("é", 256)}, http.StatusNoContent, ""},
			"257 letters":                      {map[string]any{"displayName": strings.Repeat("é", 257)}, http.StatusBadRequest, "Request_BadRequest"},
			"the same types":                   {map[string]any{"groupTypes": []string{}}, http.StatusNoContent, ""},
			"no security":                      {map[string]any{"securityEnabled": false}, http.StatusBadRequest, "Request_BadRequest"},
		} {
			a := w.Call(t, c.Token, "PATCH", group, tt.body)
			if code, _ := a.Error(); a.Status != tt.status || code != tt.code {
				t.Errorf("%s: got %d %s, want %d", name, a.Status, a.Raw, tt.status)
			}
		}
	})
}
