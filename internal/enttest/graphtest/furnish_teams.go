package graphtest

import "net/http"

// teams is the room of teams and sites. The team stands over a group of its
// own; the site is one that stands alone. One more group is there for a team.
var teams = Room{
	Furnish: func(f *Furnishing) {
		group := f.IDs["/groups"]
		f.Send(http.MethodPut, "/v1.0/groups/"+group+"/team", map[string]any{})
		bare := NewGroup(f.Word + "-bare")
		bare["groupTypes"], bare["mailEnabled"], bare["owners@odata.bind"] = []string{"Unified"}, true, Bind(f.IDs["/users"])
		f.Create("PUT /groups/team", "/groups", bare)
		f.IDs["/teams"], f.IDs["/users/joinedTeams"], f.IDs["/groups/sites"] = group, group, "root"
		f.Create("/teams/members", "/teams/"+group+"/members", newSeat(f.IDs["/users/sponsors"]))
		f.Send(http.MethodPost, "/v1.0/teams/"+group+"/archive", map[string]any{})
		done := f.Send(http.MethodGet, "/v1.0/teams/"+group+"/operations", nil)["value"].([]any)
		f.IDs["/teams/operations"] = done[0].(map[string]any)["id"].(string)
		f.Create("/sites", "/sites", newSite(f.Word+"-site"))
		f.IDs["program"] = f.Send(http.MethodGet, "/v1.0/servicePrincipals/"+f.IDs["client"], nil)["appId"].(string)
		f.Create("/sites/permissions", "/sites/"+f.IDs["/sites"]+"/permissions", newOpening(f.IDs["program"]))
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/groups/team": func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/teams": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{
				"template@odata.bind": standardTemplate, "displayName": f.Word + "-team",
				"members": []any{newSeat(f.IDs["user"])},
			}
		},
		"/teams/members":     func(f *Furnishing, _ string) map[string]any { return newSeat(f.IDs["/users/sponsors"]) },
		"/sites":             func(f *Furnishing, _ string) map[string]any { return newSite(f.Word + "-new") },
		"/sites/permissions": func(f *Furnishing, _ string) map[string]any { return newOpening(f.IDs["program"]) },
	},
	Changes: map[string]map[string]any{
		"/teams":             {"funSettings": map[string]any{"allowGiphy": false}},
		"/teams/members":     {"roles": []string{"owner"}},
		"/sites/permissions": {"roles": []string{"write"}},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/archive":   func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/unarchive": func(*Furnishing, string) map[string]any { return nil },
	},
}

// standardTemplate is the template of every team.
const standardTemplate = "https://graph.microsoft.com/v1.0/teamsTemplates('standard')"

// newSeat is the body of someone who owns a team.
func newSeat(user string) map[string]any {
	return map[string]any{
		"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": []string{"owner"},
		"user@odata.bind": "https://graph.microsoft.com/v1.0/users('" + user + "')",
	}
}

func newSite(name string) map[string]any {
	return map[string]any{"name": name, "displayName": name}
}

// newOpening is the body of a permission that opens a site to an application.
func newOpening(app string) map[string]any {
	return map[string]any{
		"roles":               []string{"read"},
		"grantedToIdentities": []any{map[string]any{"application": map[string]any{"id": app, "displayName": "client"}}},
	}
}
