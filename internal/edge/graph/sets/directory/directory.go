// Package directory declares the entity sets of a tenant's people: users,
// groups and their members, objects of any kind, the organization itself, its domains,
// and directory roles.
//
// It says what each set shows, who may ask, and which service of core answers;
// it decides nothing.
package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/deletion"
	"entente/internal/flow/domain"
	"entente/internal/kit/sqldb"
)

// Services are what answers for the sets.
type Services struct {
	DB      *sqldb.DB
	Users   *directory.Service // groups as well
	Tenants *tenant.Service
	Factors *factor.Service

	Deletion *deletion.Service
	Domains  *domain.Service
}

// Sets returns the sets. ofUser and ofGroup stand below each user and group,
// governed beside the directory in what roles are managed of.
func (s Services) Sets(ofUser, ofGroup []*edm.Set, governed *edm.Set) []*edm.Set {
	return []*edm.Set{s.users(ofUser), s.groups(ofGroup), s.objects(), s.organization(), s.domains(), s.tenantRelationships(), s.directoryRoot(),
		s.directoryRoles(), s.directoryRoleTemplates(), s.roleManagement(governed), s.teams(), s.sites()}
}

// OfPrincipal returns what stands below a service principal: the groups that it
// is in.
func (s Services) OfPrincipal() []*edm.Set {
	may := edm.Alike(edm.Any("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).
		Needing("servicePrincipals/memberOf/read")
	tied := edm.Access{
		App:       edm.Any("Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
		Delegated: may.Delegated,
	}.Needing("servicePrincipals/ownedObjects/read")
	return []*edm.Set{
		s.related("memberOf", ofHolders, may, isKind(object.ServicePrincipal), directory.GroupsOf),
		s.related("transitiveMemberOf", ofHolders, may, isKind(object.ServicePrincipal), directory.AllGroupsOf),
		s.related("ownedObjects", ofOwned, tied, isKind(object.ServicePrincipal), directory.OwnedBy),
		listed(s.related("createdObjects", ofAnything, tied, isKind(object.ServicePrincipal), directory.CreatedBy)),
	}
}

// item renders a value whose JSON is Graph's.
func item(id string, v any) (edm.Item, error) {
	face, err := json.Marshal(v)
	return edm.Item{ID: id, Face: face}, err
}

// view reads in one snapshot.
func view[T any](ctx context.Context, db *sqldb.DB, read func(*sqldb.Tx) (T, error)) (out T, err error) {
	err = db.View(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = read(tx)
		return err
	})
	return out, err
}
