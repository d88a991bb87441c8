package offer

import (
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
)

// A Package is an access package: roles of its catalog's resources that are had
// together. Graph's accessPackage.
type Package struct {
	Tenant      ids.TenantID
	ID          ids.PackageID
	Catalog     ids.CatalogID
	Name        string
	Description string
	Hidden      bool // it stands in no list of what can be asked for; its link works
	CreatedBy   string
	CreatedAt   time.Time
	ModifiedBy  string
	ModifiedAt  time.Time

	version int64
}

// A PackageChange is what a body says of an access package; nil is unsaid.
type PackageChange struct {
	Name        *string
	Description *string
	Hidden      *bool
}

// NewPackage returns an access package of the catalog, without roles.
func NewPackage(c *Catalog, to PackageChange, by string, now time.Time) (*Package, error) {
	p := &Package{Tenant: c.Tenant, ID: ids.New[ids.PackageID](), Catalog: c.ID, CreatedBy: by, CreatedAt: now}
	if to.Name == nil {
		return nil, Bad("displayName", "An access package has a name.")
	}
	return p, p.Change(to, by, now)
}

// Change applies what a body says.
func (p *Package) Change(to PackageChange, by string, now time.Time) error {
	if to.Name != nil {
		name, err := nameOf("displayName", *to.Name)
		if err != nil {
			return err
		}
		p.Name = name
	}
	if to.Description != nil {
		if err := short("description", *to.Description, longestDescription); err != nil {
			return err
		}
		p.Description = *to.Description
	}
	if to.Hidden != nil {
		p.Hidden = *to.Hidden
	}
	p.ModifiedBy, p.ModifiedAt = by, now
	return nil
}

// PackageRolesChanged says that a package gives other roles than before; its
// arguments are a RolesChange. Whoever has the package is to have them.
const PackageRolesChanged jobs.Signal = "entitlement.packageRolesChanged"

// A RolesChange is what the signal tells.
type RolesChange struct {
	Package ids.PackageID `json:"package"`
}

// Incompatible is what nobody may have who asks for a package.
type Incompatible struct {
	Packages []ids.PackageID
	Groups   []ids.ObjectID
}

// mostIncompatible is how many packages, and how many groups, a package is
// incompatible with.
const mostIncompatible = 100
