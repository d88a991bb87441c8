package crosstenant

import (
	"slices"

	"entente/internal/kit/ids"
)

// clouds are the endpoints of other Microsoft clouds that a tenant may name.
var clouds = []string{"microsoftonline.com", "microsoftonline.us", "partner.microsoftonline.cn"}

// checkClouds refuses an endpoint that nobody has, or one that stands in the
// list twice.
func checkClouds(list []string) error {
	for i, c := range list {
		if !slices.Contains(clouds, c) || slices.Contains(list[:i], c) {
			return bad("allowedCloudEndpoints", "The cloud endpoint '%.100s' is unknown, or stands in the list twice.", c)
		}
	}
	return nil
}

// PolicyID is the identifier of a tenant's policy. It follows from the tenant's
// own, so that it is there before anything is stored.
func PolicyID(tenant ids.TenantID) string {
	return ids.Derived[string](string(tenant), "crossTenantAccessPolicy")
}
