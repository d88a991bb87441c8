package consent

import (
	"cmp"
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// An Origin is where service principals of a tenant come from.
type Origin string

// The origins.
const (
	Anywhere  Origin = ""
	OwnTenant Origin = "own"      // applications that are registered in the tenant
	Elsewhere Origin = "foreign"  // applications of other tenants
	Managed   Origin = "identity" // managed identities
	BuiltIn   Origin = "builtIn"  // the installation's own applications
)

// filter returns what is asked of the store for an origin beside f; Elsewhere
// has a list of its own.
func (o Origin) filter(tenant ids.TenantID, f query.Expr) query.Expr {
	is := func(field string, value any) query.Expr {
		return query.Compare{Field: field, Op: query.Eq, Value: value}
	}
	var x query.Expr
	switch o {
	case OwnTenant:
		x = is("appOwnerOrganizationId", string(tenant))
	case Managed:
		x = is("servicePrincipalType", app.TypeManagedIdentity)
	case BuiltIn:
		x = is("appOwnerOrganizationId", string(app.ServicesTenant))
	default:
		return f
	}
	if f == nil {
		return x
	}
	return query.And{f, x}
}

// An Enterprise is a service principal as administrators look at it: where it
// comes from and what it may do where it is.
type Enterprise struct {
	*app.ServicePrincipal
	HomeName  string // display name of the application's home, or nothing
	PlaceName string // display name of the tenant in which it is
	Has       Holding
	Last      time.Time // when it last signed in, or somebody to it; zero if that is not among the latest attempts
}

// A Holding sums up what a service principal may do in its tenant now, without
// what single people have agreed to.
type Holding struct {
	Roles  int       // application permissions
	Role   string    // the first of them by its value
	Scopes int       // delegated permissions that hold for everybody
	Scope  string    // the first of them
	People bool      // somebody has agreed for themselves alone
	Ends   time.Time // when the last of it ends; zero: never, or there is nothing
}

// A Permission is one that an organization has granted to a service principal.
type Permission struct {
	Application bool
	Resource    ids.ObjectID
	ResourceOf  string // display name of the resource
	Value       string // such as User.Read.All; empty for plain access
	Name        string // as an administrator reads it, or nothing
	Since       time.Time
	Ends        time.Time        // zero: no end
	Assignment  ids.AssignmentID // of an application permission
	Grant       ids.GrantID      // of a delegated one
	Causes      []object.Cause   // that keep it, the newest first

	role ids.RoleID
}

// tie names what causes of the permission are linked to.
func (p Permission) tie() object.Tie {
	if p.Application {
		return object.Tie{Kind: object.OfRoleAssignment, ID: string(p.Assignment)}
	}
	return object.Tie{Kind: object.OfScope, ID: string(p.Grant) + " " + p.Value}
}

// By returns the newest cause of the permission; the zero Cause if it has none.
func (p Permission) By() object.Cause {
	if len(p.Causes) == 0 {
		return object.Cause{}
	}
	return p.Causes[0]
}

// kept returns the causes that have not ended, the newest first.
func kept(all []object.Cause, now time.Time) []object.Cause {
	live := slices.DeleteFunc(slices.Clone(all), func(c object.Cause) bool { return !c.Live(now) })
	slices.SortStableFunc(live, func(a, b object.Cause) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return live
}

// A Standing is a service principal with what the organization has granted to
// it: application permissions first, at most MostPermissions.
type Standing struct {
	Enterprise
	Permissions []Permission
	More        bool // there are more
}

// MostPermissions bounds the permissions of a Standing.
const MostPermissions = 150

// Given returns the consent or grant under an identifier, and what it keeps;
// nothing if none of the permissions is kept by it.
func (s *Standing) Given(id ids.CauseID) (object.Cause, []Permission) {
	var c object.Cause
	var list []Permission
	for _, p := range s.Permissions {
		if i := slices.IndexFunc(p.Causes, func(c object.Cause) bool { return c.ID == id }); i >= 0 {
			c, list = p.Causes[i], append(list, p)
		}
	}
	return c, list
}

// A PersonalConsent is what one person has agreed to for an application, on one
// resource.
type PersonalConsent struct {
	Grant
	Person     string // display name
	ResourceOf string // display name of the resource
	Since      time.Time
}

// NotByHand is the Reason of a refusal to end by hand what something else gave.
const NotByHand fault.Reason = "consent.not_by_hand"

// byHand refuses what is neither a consent nor granted by an administrator.
func byHand(c object.Cause) error {
	switch c.Kind {
	case object.ByConsent, object.ByAdministrator:
		return nil
	case object.ByAssignment:
		return fault.Because(fault.Invalid, NotByHand, "An access package gave this.").WithFix("End the assignment of the access package instead.")
	}
	return fault.Because(fault.Invalid, NotByHand, "This came with the organization and stays.")
}

// What it takes to see service principals and what they may do, and where an
// organization's own applications are: what crosses is in its audit log too.
var (
	readEnterprises = []authz.Action{"servicePrincipals/standard/read", "servicePrincipals/appRoleAssignments/read", "servicePrincipals/oAuth2PermissionGrants/read"}
	readAbroad      = []authz.Action{"applications/standard/read", "auditLogs/allProperties/read"}
)
