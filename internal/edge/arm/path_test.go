package arm

import (
	"errors"
	"strings"
	"testing"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
)

const (
	sub      = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001"
	group    = sub + "/resourceGroups/Apps"
	identity = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
	machine  = group + "/providers/Microsoft.Compute/virtualMachines/vm"
	runner   = group + "/providers/Microsoft.Automation/automationAccounts/runner"
)

var paths = map[string]kind{
	"/metadata/endpoints": metadataKind,
	"/tenants":            tenantsKind,
	"/subscriptions":      subscriptionsKind,
	"/subscriptions/":     subscriptionsKind,
	"/providers/Microsoft.Subscription/aliases/main": aliasKind,
	sub:                              subscriptionKind,
	sub + "/resourcegroups":          groupsKind,
	group:                            groupKind,
	group + "/resources":             groupContentKind,
	sub + "/providers":               providersKind,
	sub + "/providers/Microsoft.Web": providerKind,
	sub + "/providers/Microsoft.Web/register":                             registerKind,
	sub + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities":   identitiesKind,
	group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities": identitiesKind,
	sub + "/providers/Microsoft.Web/sites":                                hostsKind,
	identity:                                                              identityKind,
	strings.ToUpper(identity):                                             identityKind,
	identity + "/federatedIdentityCredentials":                            credentialsKind,
	identity + "/federatedIdentityCredentials/x":                          credentialKind,
	machine:                            hostKind,
	machine + "/createEnrollmentToken": enrollKind,
	machine + "/revokeKeys":            revokeKind,
	machine + "/providers/Microsoft.ManagedIdentity/identities/default": ownIdentityKind,
	sub + "/providers/Microsoft.Authorization/roleAssignments":          rolesKind,
	identity + "/providers/Microsoft.Authorization/roleAssignments/x":   roleKind,
	group + "/providers/Microsoft.Authorization/roleDefinitions":        definitionsKind,
	"/providers/Microsoft.Authorization/roleDefinitions":                definitionsKind,
	"/providers/Microsoft.Authorization/roleDefinitions/x":              definitionKind,
}

var noPaths = []string{
	"", "/", "//", "subscriptions", "/subscriptions/x", "/subscriptions//resourceGroups", sub + "/x", sub + "/..", sub + "/%2e%2e",
	group + "%2Fproviders", group + "/providers", group + "/providers/Microsoft.Storage/storageAccounts/x", identity + "/x", machine + "/federatedIdentityCredentials",
	identity + "/createEnrollmentToken", group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/%00abc", "/providers/Microsoft.Authorization/roleAssignments",
	"/x/providers/Microsoft.Authorization/roleAssignments", identity + "/providers/Microsoft.ManagedIdentity/identities/other", "/%zz",
	"/metadata", "/metadata/instance", sub + strings.Repeat("/x", 30), sub + "/" + strings.Repeat("x", 3000),
}

func TestParse(t *testing.T) {
	for path, want := range paths {
		if got, err := parse(path); err != nil || got.kind != want {
			t.Errorf("%s: got %s, %v, want %s", path, got.kind, err, want)
		}
	}
	for _, path := range noPaths {
		if got, err := parse(path); !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %+v, %v, want a refusal", path, got, err)
		}
	}
}

// FuzzParse: whatever the path, a target names what its path says and nothing
// that a path could not hold.
func FuzzParse(f *testing.F) {
	for path := range paths {
		f.Add(path)
	}
	for _, path := range noPaths {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := parse(path)
		if err != nil {
			if !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v is no refusal", path, err)
			}
			return
		}
		if handlers[got.kind] == nil {
			t.Errorf("%q leads to %q, which nobody serves", path, got.kind)
		}
		if strings.ContainsAny(got.name+got.group+got.resource.Name, "/\\\x00") {
			t.Errorf("%q hides a separator: %+v", path, got)
		}
		if r := got.resource; r.Type != "" {
			again, err := managedidentity.ParseResource(r.ID())
			if err != nil || again != r {
				t.Errorf("%q: %+v reads back as %+v, %v", path, r, again, err)
			}
			if got.subscription != r.Subscription {
				t.Errorf("%q names two subscriptions: %+v", path, got)
			}
		}
		if got.scope != "" {
			if _, sub, err := managedidentity.ParseScope(got.scope); err != nil || sub != got.subscription {
				t.Errorf("%q: the scope %q is none of its subscription's: %v", path, got.scope, err)
			}
		}
	})
}
