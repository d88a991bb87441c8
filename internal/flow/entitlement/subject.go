package entitlement

import (
	"time"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
)

// A Subject is who asks for access, or has it: a person or a workload, known by
// its home. Graph's accessPackageSubject.
//
// Principal is who they are at home, and nobody where only an address is known.
// Object is what stands for them in the tenant, and empty until it exists. Two
// subjects are the same when their homes say so, never because both lack one.
type Subject struct {
	Tenant        ids.TenantID
	ID            ids.SubjectID
	Kind          ids.Kind
	Principal     ids.Principal
	Object        ids.ObjectID
	Name          string
	Email         string
	PrincipalName string
	Organization  ids.OrganizationID // the connected organization they belong to, or empty
	CreatedAt     time.Time

	user *directory.User // what account has read
}

// Inside reports whether the subject's home is the tenant itself.
func (s *Subject) Inside() bool {
	return s.Principal.Home == s.Tenant || s.Principal.IsZero() && s.Object != "" && s.Kind == ids.Workload
}

// Is reports whether the subject is the principal or the object: whichever is
// known of both.
func (s *Subject) Is(p ids.Principal, object ids.ObjectID) bool {
	return s.Principal.Same(p) || s.Object != "" && s.Object == object
}
