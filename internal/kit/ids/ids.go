// Package ids gives every identifier a type of its own, so that the compiler
// keeps a tenant from being taken for a user.
//
// Identifiers are GUIDs in lower case (RFC 9562, section 4), as Microsoft
// Graph prints them, unless their comment says otherwise. They are compared
// byte for byte: Parse folds the case once, at the edge.
package ids

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"entente/internal/kit/fault"
)

// The identifiers. An object is anything in a tenant's directory: its
// identifier is unique within the installation.
type (
	TenantID     string // a tenant
	ObjectID     string // a user, group, application, service principal …
	AppID        string // an application's client identifier, the same in all tenants
	CredentialID string // a federated credential
	KeyID        string // a secret or certificate of an application
	RoleID       string // an app role or delegated scope
	CauseID      string // what keeps a grant alive: a consent, an administrator's word
	AuditID      string // one entry of an audit or sign-in log
	CrossingID   string // what two tenants' audit entries of one event share
	JobID        string // a job
	SessionID    string // a browser's session
	FlowID       string // a sign-in that is under way
	SignOutID    string // a sign-out that is done
	FamilyID     string // the refresh tokens that follow one sign-in
	MethodID     string // an authenticator of a person

	// Of entitlement management.
	OrganizationID string // a connected organization
	CatalogID      string
	ResourceID     string // a resource of a catalog
	PackageID      string // an access package
	PolicyID       string // an assignment policy
	QuestionID     string // a question of a policy
	SubjectID      string // who asks for access, or has it
	RequestID      string // a request for an assignment; of its approval too
	StageID        string // a stage of an approval
	AccessID       string // an assignment of an access package
	DraftID        string // what somebody sets up and has not finished

	// AssignmentID names an app role assignment: base64url of the principal's
	// GUID in .NET byte order and 16 random bytes.
	AssignmentID string
	// GrantID names a delegated permission grant: base64url of client and
	// resource, and of the principal if there is one, in .NET byte order.
	GrantID string
)

// New returns a random identifier.
func New[T ~string]() T { return T(uuid.NewString()) }

// Derived returns the identifier that follows from parts, the same each time: of
// what every tenant has exactly once.
func Derived[T ~string](parts ...string) T {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:entente:derived"))
	return T(uuid.NewSHA1(space, []byte(strings.Join(parts, "/"))).String())
}

// Parse returns the identifier that s spells in any case, or an Invalid fault.
// Only the form 8-4-4-4-12 is accepted.
func Parse[T ~string](s string) (T, error) {
	if !Valid(s) {
		return "", fault.New(fault.Invalid, "Invalid object identifier '%.64s'.", s)
	}
	return T(strings.ToLower(s)), nil
}

// Valid reports whether s is a GUID in the form 8-4-4-4-12, in any case.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return true
}

// Nil is the GUID of zeros: "no app role in particular" in an assignment.
const Nil = "00000000-0000-0000-0000-000000000000"

// NewAssignmentID returns an identifier for an assignment to principal.
func NewAssignmentID(principal ObjectID) AssignmentID {
	var tail [16]byte
	rand.Read(tail[:])
	return AssignmentID(base64.RawURLEncoding.EncodeToString(append(littleEndian(principal), tail[:]...)))
}

// GrantIDOf returns the identifier of the grant of resource to client, for all
// principals when principal is empty. The tuple is the identity.
func GrantIDOf(client, resource, principal ObjectID) GrantID {
	b := append(littleEndian(client), littleEndian(resource)...)
	if principal != "" {
		b = append(b, littleEndian(principal)...)
	}
	return GrantID(base64.RawURLEncoding.EncodeToString(b))
}

// RoleAssignmentIDOf returns the identifier of a directory role given to a
// principal, in the whole tenant when scope is empty. The tuple is the identity.
func RoleAssignmentIDOf(role RoleID, principal, scope ObjectID) string {
	b := append(littleEndian(ObjectID(role)), littleEndian(principal)...)
	if scope == "" {
		return base64.RawURLEncoding.EncodeToString(b) + "-1"
	}
	return base64.RawURLEncoding.EncodeToString(append(b, littleEndian(scope)...)) + "-2"
}

// littleEndian returns a GUID's bytes as .NET orders them: the first three
// groups reversed. What is no GUID becomes zeros.
func littleEndian(id ObjectID) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", ""))
	if err != nil || len(b) != 16 {
		return make([]byte, 16)
	}
	binary.LittleEndian.PutUint32(b[0:], binary.BigEndian.Uint32(b[0:]))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:]))
	return b
}
