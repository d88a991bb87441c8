// Package managedidentity keeps the identities that belong to resources, the
// hosts that may use them, and who may manage both.
//
// A user-assigned identity is a resource of its own in a subscription. A host
// (an automation account, a virtual machine, a web site or function app, a logic
// app) is a resource with an identity block: its system-assigned identity,
// switched on or off, and a set of user-assigned ones. Behind each identity
// stands a service principal of type ManagedIdentity and no application. The
// service principal goes the moment its identity does, for good: a deletion
// that could be taken back would leave a workload that nobody looks after.
//
// A host proves itself with a key of its own. The key is registered with a
// one-time enrollment token; each assertion that the key signs is used once
// (RFC 7523, section 3). ForHost answers which identity a host may be given,
// from the store as it is at that moment; minting is the business of package
// sts.
//
// Subscriptions and resource groups are kept in the light form in which they
// are places for identities. What a caller may do with them follows from the
// built-in roles of Azure assigned at a scope. A Global Administrator counts as
// Owner everywhere in the tenant; elsewhere they would have to elevate first
// (doc/divergences.md).
//
// Resource identifiers match in any letter case. Those of identities come back
// with a lower-case "resourcegroups", as that provider writes them.
package managedidentity
