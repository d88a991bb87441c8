package graphtest

import "net/http"

const (
	crossPolicy  = "/policies/crossTenantAccessPolicy"
	partnersPath = crossPolicy + "/partners"
)

// policies is the room of policies. The partner of a tenant is the one that the
// maker of the furnishing calls so.
var policies = Room{
	Furnish: func(f *Furnishing) {
		f.Enroll(f.IDs["/users"]) // the last one could not be removed
		f.IDs["/users/authentication/softwareOathMethods"] = f.Enroll(f.IDs["/users"])
		f.Send(http.MethodPost, "/v1.0"+partnersPath, map[string]any{"tenantId": f.IDs["partner"]})
		f.IDs[partnersPath] = f.IDs["partner"]
		f.Send(http.MethodPut, "/v1.0"+partnersPath+"/"+f.IDs["partner"]+"/identitySynchronization", newSync(f.Word))
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		partnersPath: func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"tenantId": f.IDs["another partner"]}
		},
		"/invitations": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{
				"invitedUserEmailAddress": f.Word + "@guest.example", "inviteRedirectUrl": "https://app.example/",
				"invitedUserSponsors@odata.bind": Bind(f.IDs["/users"]),
			}
		},
		partnersPath + "/identitySynchronization": func(f *Furnishing, _ string) map[string]any { return newSync(f.Word) },
	},
	Changes: map[string]map[string]any{
		crossPolicy:              {"allowedCloudEndpoints": []string{"microsoftonline.us"}},
		crossPolicy + "/default": {"inboundTrust": map[string]any{"isMfaAccepted": true}},
		partnersPath:             {"inboundTrust": map[string]any{"isMfaAccepted": true}},
		partnersPath + "/identitySynchronization":             {"displayName": "taken"},
		"/policies/identitySecurityDefaultsEnforcementPolicy": {"isEnabled": true},
		"/policies/authorizationPolicy":                       {"allowInvitesFrom": "adminsGuestInvitersAndAllMembers"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/resetToSystemDefault": func(*Furnishing, string) map[string]any { return nil },
	},
}

func newSync(name string) map[string]any {
	return map[string]any{"displayName": name, "userSyncInbound": map[string]any{"isSyncAllowed": true}}
}
