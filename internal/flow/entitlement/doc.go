// Package entitlement lets people, and later workloads, of one tenant have
// resources of another: asked for, approved, for a time.
//
// What can be asked for is set up in flow/offer: access packages of a catalog, and
// policies that say who may ask, what they are asked, who approves, until when. A
// request moves:
//
//	submitted → pendingApproval, scheduled, delivering, denied, canceled
//	pendingApproval → scheduled, delivering, denied, canceled
//	scheduled → delivering, canceled, deliveryFailed
//	delivering → delivered, partiallyDelivered, deliveryFailed
//	partiallyDelivered → delivering, delivered, deliveryFailed
//	deliveryFailed → delivering
//	delivered, denied, canceled: final
//
// An assignment is what a delivered request leaves: who has which package, by
// which policy, from when until when.
//
// Who asks is a Subject: a kind, a home tenant and an identity there. The object
// in the tenant whose resources they are is optional, because it may not exist
// yet. Nothing here assumes that a subject is a user.
//
// A change, its audit entries in both tenants, its messages and its jobs commit
// together. Time returns by jobs alone; a job says "look at this row now", so
// that one which is late, lost or doubled does no harm. What a person may do is
// read in the transaction that does it.
//
// Each noun has a file with its rules, one with its SQL and one with its verbs.
// https://learn.microsoft.com/graph/api/resources/entitlementmanagement-overview?view=graph-rest-1.0
package entitlement
