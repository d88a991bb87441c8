package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
)

// This file says who may what, from the declarations of the registry and the
// tables below. TestAuthority asks the server whether it is so, and
// testdata/authority.txt shows it.
//
// A person may do an operation through a program that has all permissions, if
//
//   - it is declared for people at all, and
//   - it asks for no right of theirs, or
//   - it is done to what is below themselves and only reads, is declared for
//     oneself alone, or is one of toOneself, or
//   - their roles, their being a member or a guest, or their owning the object
//     allow one of the actions that are declared for it. Where a declaration lists
//     what different bodies and objects need, asksFor says what those of the
//     examples do.
//
// Guests do not leaf through collections without a role.
//
// A program on its own may do it with a permission that is declared for
// programs, or with a role that allows one of the actions.

// asksFor are the actions that are asksFor for the examples, any one of which
// suffices, where the declaration lists more, or the service decides by what
// is done to whom (section 1.13 of the reference).
var asksFor = map[string][]authz.Action{
	"PATCH /users/{id}":                                     {"users/basic/update"},
	"PATCH /applications/{id}":                              {"applications/basic/update"},
	"PUT /applications/{id}/logo":                           {"applications/basic/update"},
	"PATCH /servicePrincipals/{id}":                         {"servicePrincipals/notes/update"},
	"POST /servicePrincipals":                               {"servicePrincipals/create"},
	"PATCH /policies/crossTenantAccessPolicy/default":       {"crossTenantAccessPolicy/default/b2bCollaboration/update"},
	"PATCH /policies/crossTenantAccessPolicy/partners/{id}": {"crossTenantAccessPolicy/partners/b2bCollaboration/update"},
	"POST /teams/members":                                   {"groups.unified/owners/update"}, // the example owns the team
	"PATCH /teams/members/{id}":                             {"groups.unified/owners/update"},
	"DELETE /teams/members/{id}":                            {"groups.unified/owners/update"},
	"POST /servicePrincipals/appRoleAssignments":            {authz.GrantMostThings, authz.GrantAnything},
	"DELETE /servicePrincipals/appRoleAssignments/{id}":     {authz.GrantAnything}, // on Microsoft Graph
}

// toOneself are the changes that everybody makes of themselves, and what they
// see of themselves where the service decides who else does.
var toOneself = []string{
	"POST /users/{id}/revokeSignInSessions",
	"GET /users/authentication/softwareOathMethods",
	"GET /users/authentication/softwareOathMethods/$count",
	"GET /users/authentication/softwareOathMethods/{id}",
	"DELETE /users/authentication/softwareOathMethods/{id}",
}

// byPolicy are the operations that people may whom a policy names, and nobody by
// a role: the example's approver is none of those who ask.
var byPolicy = []string{"PATCH /identityGovernance/entitlementManagement/accessPackageAssignmentApprovals/stages/{id}"}

// A who is somebody of the tenant, as the rule sees them.
type who struct {
	name    string
	role    authz.Role // that they hold; none where it has no name
	program bool
	guest   bool
	owner   bool // of the examples of groups, applications and service principals
	self    bool // the example of a user, who owns them as well
}

// everybody are those of whom the rule is asksFor.
func everybody() (all []who) {
	for _, program := range []bool{false, true} {
		for _, r := range authz.BuiltIn() {
			all = append(all, who{name: r.Name, role: r, program: program})
		}
	}
	return append(all, who{name: "a member"}, who{name: "a guest", guest: true}, who{name: "an owner", owner: true}, who{name: "the person", self: true, owner: true})
}

// A doing is an operation of the registry on its example.
type doing struct {
	above []*edm.Set
	set   *edm.Set
	op    edm.Operation
	words string
}

func doings(r *edm.Registry) (all []doing) {
	r.Walk(func(above []*edm.Set, s *edm.Set) {
		if s.Path.V1 == "" {
			return
		}
		for _, op := range s.Operations() {
			if op.May.Types() != nil { // the example is a group
				op.May = op.May.For(edm.Of("group"))
			}
			all = append(all, doing{above, s, op, Words(above, s)})
		}
	})
	return all
}

// name is the operation as the tables spell it.
func (d doing) name() string { return d.op.Method + " " + d.words + d.op.Suffix }

// named reports whether the path names an entity by a key.
func (d doing) named() bool {
	return strings.HasPrefix(d.op.Suffix, "/{id}") || slices.ContainsFunc(d.above, func(s *edm.Set) bool { return !s.Single })
}

// needs returns the actions of which one is needed.
func (d doing) needs() []authz.Action {
	if a, ok := asksFor[d.name()]; ok {
		return a
	}
	// The example is a Microsoft 365 group, but for a new one and a deleted one.
	kinds := []authz.Action{"groups.security/", "groupsAssignableToRoles/"}
	if d.name() == "POST /groups" || strings.HasPrefix(d.words, "/directory/deletedItems") {
		kinds[0] = "groups.unified/"
	}
	var needs []authz.Action
	for _, n := range d.op.May.Needs {
		if !slices.ContainsFunc(kinds, func(kind authz.Action) bool { return strings.HasPrefix(string(n), string(kind)) }) {
			needs = append(needs, n)
		}
	}
	return needs
}

// may is the rule.
func (d doing) may(w who) bool {
	if w.program {
		return len(d.op.May.App) > 0 && d.op.May.Allows(w.role.Allows) && slices.ContainsFunc(d.needs(), w.role.Allows)
	}
	own := w.self && d.named() && strings.HasPrefix(d.words, "/users")
	everybodys := slices.ContainsFunc(d.op.May.Delegated, func(p edm.Perm) bool { return !p.Self })
	switch {
	case len(d.op.May.Delegated) == 0, slices.Contains(byPolicy, d.name()):
		return false
	case !everybodys, own && (d.op.May.Reads() || slices.Contains(toOneself, d.name())):
		return own
	case len(d.op.May.Needs) == 0:
		return true
	case w.guest && d.op.May.Reads() && !d.named() && !d.set.Unpaged:
		return slices.ContainsFunc(d.needs(), w.role.Allows)
	}
	return slices.ContainsFunc(d.needs(), func(a authz.Action) bool { return w.allowed(d, a) })
}

// byKind is what people may without a role, in a tenant that changed nothing of it.
var byKind = map[bool][]authz.Action{
	false: {"users/inviteGuest", "groups.unified/createAsOwner", "groups.security/createAsOwner", "applications/createAsOwner", "servicePrincipals/createAsOwner"},
	true:  {"users/inviteGuest"},
}

func (w who) allowed(d doing, a authz.Action) bool {
	like := authz.MemberUser
	if w.guest {
		like = authz.GuestUser
	}
	kind, _ := authz.RoleByID(like)
	owned := w.owner && d.named() && authz.OwnersMay(a) && slices.ContainsFunc([]string{"groups", "applications", "servicePrincipals"}, func(s string) bool {
		team := s == "groups" && strings.HasPrefix(d.words, "/teams")
		return (team || strings.HasPrefix(d.words, "/"+s)) && strings.HasPrefix(string(a), s)
	})
	return w.role.Allows(a) || kind.Allows(a) || slices.Contains(byKind[w.guest], a) || owned
}

// noRight are the operations for which people need no right: whoever uses a
// program with the permission may.
var noRight = []string{
	"GET /tenantRelationships/findTenantInformationByTenantId",
	"GET /tenantRelationships/findTenantInformationByDomainName",
	"POST /users/{id}/changePassword",
	"GET /identityGovernance/entitlementManagement/accessPackages/filterByCurrentUser",
	"GET /identityGovernance/entitlementManagement/assignmentRequests/filterByCurrentUser",
	"GET /identityGovernance/entitlementManagement/assignments/filterByCurrentUser",
	"GET /identityGovernance/entitlementManagement/accessPackageAssignmentApprovals/filterByCurrentUser",
	"POST /identityGovernance/entitlementManagement/assignmentRequests",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/$count",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/{id}",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/$count",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/{id}",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/role",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/role/resource",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/scope",
	"GET /identityGovernance/entitlementManagement/availableAccessPackages/resourceRoleScopes/scope/resource",
	"GET /identityGovernance/entitlementManagement/accessPackageSuggestions/filterByCurrentUser",
	"GET /identityGovernance/entitlementManagement/accessPackageSuggestions/accessPackage",
	"POST /identityGovernance/entitlementManagement/accessPackages/{id}/getApplicablePolicyRequirements",
}

// TestEveryOperationAsksForARight: what people may is declared, and somebody
// may.
func TestEveryOperationAsksForARight(t *testing.T) {
	known := map[string]bool{}
	for _, d := range doings(declared(t)) {
		known[d.name()] = true
		if open := len(d.op.May.Needs) == 0; open != slices.Contains(noRight, d.name()) {
			t.Errorf("%s asks people for a right: %t, which is not what noRight says", d.name(), !open)
		}
		if len(d.op.May.Needs) > 0 && len(d.needs()) == 0 {
			t.Errorf("%s asks nothing of its example", d.name())
		}
		for _, a := range d.op.May.Needs {
			if !slices.ContainsFunc(authz.Roles(), func(r authz.Role) bool { return r.Allows(a) || slices.Contains(byKind[false], a) }) {
				t.Errorf("%s asks for %s, which nobody has", d.name(), a)
			}
		}
		if d.op.Method != http.MethodGet && len(d.op.May.App)+len(d.op.May.Delegated) == 0 {
			t.Errorf("%s is for nobody", d.name())
		}
	}
	for name := range asksFor {
		if !known[name] {
			t.Errorf("asksFor speaks of %s, which is not declared", name)
		}
	}
}
