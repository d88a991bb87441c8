package graphtest

import "net/http"

// people is the room of users, objects and the organization.
var people = Room{
	Furnish: func(f *Furnishing) {
		f.Create("/users", "/users", NewUser(f.Domain, f.Word))
		f.Create("user", "/users", NewUser(f.Domain, f.Word+"-other"))
		f.Send(http.MethodPut, "/v1.0/users/"+f.IDs["/users"]+"/manager/$ref", Ref(f.IDs["user"]))
		f.Send(http.MethodPut, "/v1.0/users/"+f.IDs["user"]+"/manager/$ref", Ref(f.IDs["/users"]))
		f.Create("/users/sponsors", "/users", NewUser(f.Domain, f.Word+"-sponsor"))
		f.Send(http.MethodPost, "/v1.0/users/"+f.IDs["/users"]+"/sponsors/$ref", Ref(f.IDs["/users/sponsors"]))
		f.IDs["/users/directReports"] = f.IDs["user"]
		f.IDs["/directoryObjects"], f.IDs["/organization"] = f.IDs["/users"], f.Tenant
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/users": func(f *Furnishing, _ string) map[string]any { return NewUser(f.Domain, f.Word+"-new") },
	},
	Changes: map[string]map[string]any{
		"/users":        {"displayName": "taken"},
		"/organization": {"displayName": "taken"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/changePassword": func(*Furnishing, string) map[string]any {
			return map[string]any{"currentPassword": "Correct-horse-7", "newPassword": "Correct-horse-8"}
		},
		"/revokeSignInSessions": func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/getByIds": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"ids": []string{f.IDs["/users"]}}
		},
	},
}

// NewUser is the body of a new user.
func NewUser(domain, name string) map[string]any {
	return map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@" + domain,
		"passwordProfile": map[string]any{"password": "Correct-horse-7"},
	}
}
