package graphtest

import "net/http"

// Built-in roles that a furnishing gives: none that lets its holder do much.
const (
	reportsReader    = "4a5d8f65-41da-4de4-8968-e035b65339cf"
	guestInviter     = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
	directoryReaders = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
	securityReader   = "5d6b6bb7-de71-4623-b4af-96380a352509"
)

const assignmentsPath = "/roleManagement/directory/roleAssignments"

// directoryRoles is the room of directory roles. They are given to somebody of
// their own: whoever holds one is protected.
var directoryRoles = Room{
	Furnish: func(f *Furnishing) {
		f.Create("holder", "/users", NewUser(f.Domain, f.Word+"-holder"))
		f.Create("/directoryRoles", "/directoryRoles", map[string]any{"roleTemplateId": reportsReader})
		f.Send(http.MethodPost, "/v1.0/directoryRoles/"+f.IDs["/directoryRoles"]+"/members/$ref", Ref(f.IDs["holder"]))
		f.IDs["/directoryRoles/members"] = f.IDs["holder"]
		f.Create(assignmentsPath, assignmentsPath, newRoleAssignment(f.IDs["holder"], directoryReaders, "/"+f.IDs["/applications"]))
		f.IDs["/directoryRoleTemplates"], f.IDs["/roleManagement/directory/roleDefinitions"] = reportsReader, reportsReader
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/directoryRoles": func(*Furnishing, string) map[string]any { return map[string]any{"roleTemplateId": securityReader} },
		assignmentsPath: func(f *Furnishing, _ string) map[string]any {
			return newRoleAssignment(f.IDs["holder"], guestInviter, "/")
		},
	},
}

func newRoleAssignment(principal, role, scope string) map[string]any {
	return map[string]any{"principalId": principal, "roleDefinitionId": role, "directoryScopeId": scope}
}
