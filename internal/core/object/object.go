// Package object keeps what every directory object shares: its kind and
// display name, its owners, its deletion, the names that must be unique across
// kinds, what caused it, and the log of changes that delta queries read.
//
// Each noun has a table of its own beside this one. A noun adds, renames and
// removes its shared row in the transaction in which it changes its own.
//
// A cause is what keeps something alive: a consent, an administrator's word,
// an assignment of an access package. It may have an end. Who links a thing to
// a cause keeps the latest end of its causes beside the thing, so that the
// token path reads one column; what has no live cause left is removed by the
// noun when EndDue says so.
package object

import (
	"time"

	"entente/internal/kit/ids"
)

// A Kind is a kind of directory object, in Graph's words.
type Kind string

// The kinds.
const (
	User             Kind = "user"
	Group            Kind = "group"
	Application      Kind = "application"
	ServicePrincipal Kind = "servicePrincipal"
	DirectoryRole    Kind = "directoryRole"
)

// An Object is the shared row.
type Object struct {
	Tenant      ids.TenantID
	ID          ids.ObjectID
	Kind        Kind
	DisplayName string
	CreatedAt   time.Time
	DeletedAt   time.Time // zero while it lives
}

// What happened to an object, in the change log.
const (
	Created  = "created"
	Changed  = "changed"
	Deleted  = "deleted"  // can be restored
	Restored = "restored" //
	Purged   = "purged"   // gone for good
)

// Spaces of unique names. A space in the installation is shared by all tenants.
const (
	SpaceUPN = "upn"
	SpaceURI = "uri" // identifier URIs of applications, within the tenant

	// SpaceAddress holds the mail addresses of users and groups, without the
	// kind before the colon.
	SpaceAddress  = "address"
	SpaceIdentity = "identity" // issuer and name there of those who sign in
)
