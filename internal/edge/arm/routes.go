package arm

import (
	"cmp"
	"net/http"
	"slices"
)

type handler func(*call) error

// handlers is what can be done to what.
var handlers = map[kind]map[string]handler{
	metadataKind:      {http.MethodGet: (*call).metadata},
	tenantsKind:       {http.MethodGet: (*call).tenants},
	aliasKind:         {http.MethodGet: (*call).getAlias, http.MethodPut: (*call).putAlias},
	subscriptionsKind: {http.MethodGet: (*call).subscriptions},
	subscriptionKind:  {http.MethodGet: (*call).subscription},
	groupsKind:        {http.MethodGet: (*call).groups},
	groupKind: {
		http.MethodGet: (*call).getGroup, http.MethodHead: (*call).headGroup, http.MethodPut: (*call).putGroup,
		http.MethodPatch: (*call).patchGroup, http.MethodDelete: (*call).deleteGroup,
	},
	groupContentKind: {http.MethodGet: (*call).groupContent},
	providersKind:    {http.MethodGet: (*call).providers},
	providerKind:     {http.MethodGet: (*call).provider},
	registerKind:     {http.MethodPost: (*call).provider},
	identitiesKind:   {http.MethodGet: (*call).identities},
	identityKind: {
		http.MethodGet: (*call).getIdentity, http.MethodPut: (*call).putIdentity,
		http.MethodPatch: (*call).patchIdentity, http.MethodDelete: (*call).deleteIdentity,
	},
	credentialsKind: {http.MethodGet: (*call).credentials},
	credentialKind: {
		http.MethodGet: (*call).getCredential, http.MethodPut: (*call).putCredential, http.MethodDelete: (*call).deleteCredential,
	},
	ownIdentityKind: {http.MethodGet: (*call).ownIdentity},
	hostsKind:       {http.MethodGet: (*call).hosts},
	hostKind: {
		http.MethodGet: (*call).getHost, http.MethodPut: (*call).putHost,
		http.MethodPatch: (*call).patchHost, http.MethodDelete: (*call).deleteHost,
	},
	enrollKind:      {http.MethodPost: (*call).createEnrollment},
	revokeKind:      {http.MethodPost: (*call).revokeKeys},
	rolesKind:       {http.MethodGet: (*call).roles},
	roleKind:        {http.MethodGet: (*call).getRole, http.MethodPut: (*call).putRole, http.MethodDelete: (*call).deleteRole},
	definitionsKind: {http.MethodGet: (*call).definitions},
	definitionKind:  {http.MethodGet: (*call).definition},
}

// An Operation is one thing that can be done to what a path leads to.
type Operation struct{ Kind, Method string }

// Operations returns everything that is served, in order.
func Operations() []Operation {
	var all []Operation
	for k, methods := range handlers {
		for m := range methods {
			all = append(all, Operation{string(k), m})
		}
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Method, b.Method))
	})
	return all
}
