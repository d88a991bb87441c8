package graphtest

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// TestSearch: $search finds by the beginnings of words, and what it cannot do
// it refuses.
func TestSearch(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All", "Application.ReadWrite.All")
		stranger := w.Client(t, w.B, "User.ReadWrite.All")
		stranger.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.B.Domain, "Design-Lead"))
		for _, name := range []string{"designer", "redesign", "walker"} {
			c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, name))
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/walker@contoso.example", `{"displayName":"Walker Design-Lead"}`)
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/redesign@contoso.example", `{"mail":"redesign@contoso.example"}`)
		for _, name := range []string{"JobRunner", "Runner of jobs", "other"} {
			c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": name})
		}
		find := func(set, search, more string) []string {
			t.Helper()
			a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/"+set+"?$select=displayName&$search="+url.QueryEscape(search)+more, nil, "ConsistencyLevel", "eventual")
			var names []string
			for _, it := range a.Items() {
				names = append(names, it["displayName"].(string))
			}
			slices.Sort(names)
			return names
		}
		for _, tt := range []struct {
			set, search, more string
			want              []string
		}{
			{"users", `"displayName:des"`, "", []string{"Walker Design-Lead", "designer"}},
			{"users", `"displayName:DESIGN lead"`, "", []string{"Walker Design-Lead"}},
			{"users", `"displayname:designlead"`, "", []string{"Walker Design-Lead"}},
			{"users", `"displayName:walker"`, "", []string{"Walker Design-Lead"}},
			{"users", `"displayName:sign"`, "", nil},
			{"users", `"displayName:des" OR "mail:REDE"`, "", []string{"Walker Design-Lead", "designer", "redesign"}},
			{"users", `"displayName:des" AND "userPrincipalName:walk"`, "", []string{"Walker Design-Lead"}},
			{"users", `"displayName:des"`, "&$filter=userPrincipalName eq 'designer@contoso.example'", []string{"designer"}},
			{"users", `"displayName:'%_"`, "", nil},
			{"applications", `"displayName:job"`, "", []string{"JobRunner", "Runner of jobs"}},
			{"applications", `"displayName:run job"`, "&$count=true&$top=5", []string{"JobRunner", "Runner of jobs"}},
			{"servicePrincipals", `"displayName:microsoft gr"`, "", []string{"Microsoft Graph"}},
		} {
			if got := find(tt.set, tt.search, tt.more); !slices.Equal(got, tt.want) {
				t.Errorf("%s?$search=%s%s: got %q, want %q", tt.set, tt.search, tt.more, got, tt.want)
			}
		}
		a := c.Send(t, w, http.StatusOK, "GET", `/v1.0/users/$count?$search=%22displayName:des%22`, nil, "ConsistencyLevel", "eventual")
		if string(a.Raw) != "2" {
			t.Errorf("count = %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusOK, "GET", `/v1.0/users?$top=1&$search=%22displayName:des%22`, nil, "ConsistencyLevel", "eventual")
		next, err := url.Parse(a.Text("@odata.nextLink"))
		must(t, err)
		if a = c.Send(t, w, http.StatusOK, "GET", next.RequestURI(), nil, "ConsistencyLevel", "eventual"); len(a.Items()) != 1 || a.Text("@odata.nextLink") != "" {
			t.Errorf("the second page: %s", a.Raw)
		}
	})
}

func TestWrongSearches(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, basic := w.Client(t, w.A, "User.Read.All"), w.Client(t, w.A, "User.ReadBasic.All")
		const unsupported = "Request_UnsupportedQuery"
		for search, want := range map[string][2]string{
			`displayName:wa`:         {"BadRequest", "Syntax error: character ':' is not valid at position 11 in 'displayName:wa'."},
			`"wa"`:                   {"BadRequest", `A clause of $search has the form "property:value", in double quotes.`},
			`wa`:                     {"BadRequest", `A clause of $search has the form "property:value", in double quotes.`},
			`"displayName:"`:         {"BadRequest", `A clause of $search has the form "property:value", in double quotes.`},
			`"noSuch:wa"`:            {"BadRequest", "Could not find a property named 'noSuch' on type 'microsoft.graph.user'."},
			`"city:wa"`:              {unsupported, "Property 'city' isn't supported in $search for resource 'User'."},
			`NOT "displayName:wa"`:   {unsupported, "The operator NOT is not supported in $search."},
			`"displayName:wa" AND (`: {"BadRequest", ""},
		} {
			a := c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0/users?$search="+url.QueryEscape(search), nil, "ConsistencyLevel", "eventual")
			if code, message := a.Error(); code != want[0] || want[1] != "" && message != want[1] {
				t.Errorf("%s: got %s %s", search, code, message)
			}
		}
		for _, header := range []string{"", "strong"} {
			a := c.Send(t, w, http.StatusBadRequest, "GET", `/v1.0/users?$search=%22displayName:wa%22`, nil, "ConsistencyLevel", header)
			if _, message := a.Error(); message != "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'" {
				t.Errorf("got %s", message)
			}
		}
		basic.Send(t, w, http.StatusOK, "GET", `/v1.0/users?$search=%22displayName:wa%22`, nil, "ConsistencyLevel", "eventual")
	})
}
