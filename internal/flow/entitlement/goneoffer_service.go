package entitlement

import (
	"context"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// GoneName stands where the name of an access package would that was deleted.
const GoneName = "Deleted access package"

// packageOf returns the access package that a request or an assignment is of. One
// that was deleted is returned without a catalog: what was asked of it and given
// stays to be read, by those whose role is for the whole tenant and by those whose
// own it is.
func packageOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID) (*offer.Package, error) {
	p, err := offer.PackageByID(ctx, tx, tenant, id)
	if missing(err) {
		return &offer.Package{Tenant: tenant, ID: id, Name: GoneName}, nil
	}
	return p, err
}

// namesOf returns the names of the access packages that requests or assignments
// are of.
func namesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, list []ids.PackageID) (map[ids.PackageID]string, error) {
	names, err := offer.PackageNames(ctx, tx, tenant, list)
	if err != nil {
		return nil, err
	}
	for _, id := range list {
		if _, known := names[id]; !known {
			names[id] = GoneName
		}
	}
	return names, nil
}
