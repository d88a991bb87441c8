// Package deletion is what becomes of deleted objects: within thirty days
// somebody brings them back, or purges them; then they are purged by
// themselves.
//
//	deleted → restored, purged
//	purged: final
//
// While an object is deleted, nothing that hangs on it counts: every reader of
// memberships, owners, assignments and grants joins the objects on both sides.
// That is why a restore has nothing to rebuild but the names, which others may
// have taken meanwhile.
//
// A purge takes the object away at once, so that its identifier answers as if
// it had never been. What hung on it goes afterwards, some rows a transaction:
// a group may have a hundred thousand members. Each noun of core knows what
// hangs in its tables (ClearRemains).
//
// Whether a caller may decide on an object is judged by the nouns, in the
// transaction.
package deletion
