package tenant

import (
	"errors"
	"testing"

	"entente/internal/kit/fault"
)

// TestUserConsent: which policies may be assigned, in which spelling, and how
// far people may agree then.
func TestUserConsent(t *testing.T) {
	tests := []struct {
		name string
		body string
		want UserConsent
		err  error
	}{
		{name: "as a tenant begins", body: `{}`, want: ConsentLow},
		{name: "nobody", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":[]}}`, want: ConsentNone},
		{name: "nothing at all", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":null}}`, want: ConsentNone},
		{name: "all", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"]}}`, want: ConsentAll},
		{name: "low, in another case", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["managePermissionGrantsForSelf.Microsoft-User-Default-Low"]}}`, want: ConsentLow},
		{name: "the wider of two", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-legacy","ManagePermissionGrantsForSelf.microsoft-user-default-low"]}}`, want: ConsentAll},
		{name: "a policy that is not here", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.mine"]}}`, err: Fixed},
		{name: "a policy for owners of teams", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"]}}`, err: Fixed},
		{name: "a bare name", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["microsoft-user-default-low"]}}`, err: Fixed},
		{name: "the same twice", body: `{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-low","ManagePermissionGrantsForSelf.microsoft-user-default-low"]}}`, err: fault.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := NewAuthorization().Apply([]byte(tt.body))
			if !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if err == nil && (a.UserConsent() != tt.want || a.Defaults.ConsentPolicies == nil) {
				t.Errorf("got %q from %q, want %q", a.UserConsent(), a.Defaults.ConsentPolicies, tt.want)
			}
		})
	}
}
