// Package person answers who an account is in a tenant now, and whether it may
// come there: at sign-in, at the token endpoint and at each call of Graph.
//
// An account lives in one tenant, its home, and is a user there. In any other
// tenant it is a guest: a user with an identifier of its own that names the
// account. Both ends count. An account that its home deleted or disabled, or
// whose sessions it revoked, is refused everywhere; a guest may be disabled,
// and its sessions revoked, for one tenant alone. Between the two, both
// tenants' cross-tenant access policies decide.
//
// Nothing is remembered between two questions.
package person
