package graphtest

import "net/http"

// groups is the room of groups and of who is in them.
var groups = Room{
	Furnish: func(f *Furnishing) {
		f.Create("around", "/groups", NewGroup(f.Word+"-around"))
		under := NewGroup(f.Word) // a team stands over it
		under["groupTypes"], under["mailEnabled"] = []string{"Unified"}, true
		f.Create("/groups", "/groups", under)
		group, user := f.IDs["/groups"], f.IDs["/users"]
		for _, to := range []string{"owners", "members"} {
			f.Send(http.MethodPost, "/v1.0/groups/"+group+"/"+to+"/$ref", Ref(user))
		}
		f.Send(http.MethodPost, "/v1.0/groups/"+f.IDs["around"]+"/members/$ref", Ref(group))
		for _, words := range []string{"/groups/owners", "/groups/members", "/groups/transitiveMembers"} {
			f.IDs[words] = user
		}
		for _, words := range []string{"/groups", "/users"} {
			f.IDs[words+"/memberOf"], f.IDs[words+"/transitiveMemberOf"] = f.IDs["around"], f.IDs["around"]
		}
		f.IDs["/users/memberOf"] = group
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/groups": func(f *Furnishing, _ string) map[string]any {
			body := NewGroup(f.Word + "-new")
			body["members@odata.bind"] = Bind(f.IDs["user"])
			return body
		},
	},
	Changes: map[string]map[string]any{
		"/groups": {"displayName": "taken"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/checkMemberGroups": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"groupIds": []string{f.IDs["/groups"]}}
		},
		"/checkMemberObjects": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"ids": []string{f.IDs["/groups"]}}
		},
		"/renew": func(*Furnishing, string) map[string]any { return nil },
		"/validateProperties": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"displayName": f.Word + "-valid", "mailNickname": f.Word + "-valid"}
		},
		"/getMemberGroups":  func(*Furnishing, string) map[string]any { return map[string]any{"securityEnabledOnly": true} },
		"/getMemberObjects": func(*Furnishing, string) map[string]any { return map[string]any{"securityEnabledOnly": true} },
	},
}

// NewGroup is the body of a new security group.
func NewGroup(name string) map[string]any {
	return map[string]any{"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true}
}
