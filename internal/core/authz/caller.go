// Package authz knows who is calling and what a directory role allows.
//
// Two questions have two places. May this application ask such a thing? That
// is declared beside each entity set and answered by the edge, from
// Caller.Roles and Caller.Scopes. May this caller do it to this object? That
// is answered by the services, in the transaction, with Allow and NeedReach: the
// right is an action in Microsoft's notation (users/password/update), and who
// has it is a matter of the directory roles held now, for the tenant or for the
// object, of owning the object, and of what everybody may.
//
// Role definitions are Microsoft's built-in ones and live in this package
// (roles.txt); role assignments are rows. The package records nothing in the audit log
// itself: its writes take the caller's transaction.
package authz

import (
	"slices"

	"entente/internal/kit/ids"
)

// A Caller is whoever makes this request: a person through an application, an
// application on its own, or the installation itself.
type Caller struct {
	Tenant  ids.TenantID  // where the caller acts
	Subject ids.Principal // who they are at home
	Object  ids.ObjectID  // their object in Tenant: a user or service principal
	App     ids.AppID     // the application they use, or are
	AppName string
	Name    string   // for the log: a user principal name or display name
	Roles   []string // application permissions: what the token says and is granted now
	Scopes  []string // delegated permissions, likewise
	ByRole  bool     // no permission of the application admitted it, its directory roles did
	Request string   // the request's identifier
	IP      string
}

// System returns the installation as a caller in tenant. why says which part
// of it acts; it is what the audit log shows.
func System(tenant ids.TenantID, why string) Caller {
	return Caller{
		Tenant:  tenant,
		Subject: ids.Principal{Kind: ids.System, Home: tenant, ID: ids.Nil},
		Name:    why,
	}
}

// IsSystem reports whether the installation itself acts.
func (c Caller) IsSystem() bool { return c.Subject.Kind == ids.System }

// AppOnly reports whether an application acts on its own, with nobody signed in.
func (c Caller) AppOnly() bool { return c.Subject.Kind == ids.Workload }

// AsUser is the delegated permission that lends a program everything which the
// person who is signed in may do in the directory.
const AsUser = "Directory.AccessAsUser.All"

// Has reports whether the caller's token and present grants give permission,
// as an application permission or a delegated one, whichever kind counts.
func (c Caller) Has(permission string) bool {
	if c.AppOnly() {
		return slices.Contains(c.Roles, permission)
	}
	return slices.Contains(c.Scopes, permission)
}
