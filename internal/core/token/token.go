// Package token turns who, for what and with which permissions into a signed
// access token, and believes our own tokens again.
//
// A token has the form of Entra's: version 1 or 2 as the resource wants it,
// whatever endpoint was asked. Its issuer is the installation's own name,
// always: "{name}/{tenant}/" in version 1 and "{name}/{tenant}/v2.0" in version
// 2. Permissions are in it for others to read; our own Graph grants only what
// the store still says.
//
// Verify is for a resource of ours. It believes a token whose issuer is this
// installation and whose key is in this store. That alone keeps a lab's tokens
// out of a service: its keys are in another store, and a store bears the mark
// of the kind of installation it was made by and is refused by any other.
//
// The times in a token are the machine's (clock.Wall), because whoever reads it
// elsewhere compares them with a clock that nobody moves.
//
// The package knows claims and lifetimes. Who may have a token, and with what
// permissions, is the business of package sts.
package token

import (
	"strings"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"

	"entente/internal/core/keys"
)

// The lifetimes of access tokens.
const (
	AppLifetime      = time.Hour      // an application's own
	IdentityLifetime = 24 * time.Hour // a managed identity's
)

// backdate is how far before its issue a token is valid, because clocks differ;
// Entra's tokens have the same five minutes.
const backdate = 5 * time.Minute

// The reasons for which a token is not believed.
const (
	Malformed     fault.Reason = "token.malformed"
	NotOurs       fault.Reason = "token.issuer"    // another issuer, or a tenant's that is not here
	BadSignature  fault.Reason = "token.signature" // no key of the tenant's made the signature
	Expired       fault.Reason = "token.expired"
	NotYet        fault.Reason = "token.not_yet"
	WrongAudience fault.Reason = "token.audience" // Values: audience
)

// A Service mints and verifies access tokens.
type Service struct {
	keys *keys.Service
	clk  clock.Clock
	name string
}

// New returns a service whose tokens are issued in the name given: the
// installation's own base URL, without a slash at the end.
func New(k *keys.Service, clk clock.Clock, name string) *Service {
	return &Service{keys: k, clk: clk, name: strings.TrimRight(name, "/")}
}

// IssuerV1 returns the issuer of tenant's version 1 tokens.
func (s *Service) IssuerV1(tenant ids.TenantID) string { return s.name + "/" + string(tenant) + "/" }

// IssuerV2 returns the issuer of tenant's version 2 tokens.
func (s *Service) IssuerV2(tenant ids.TenantID) string {
	return s.name + "/" + string(tenant) + "/v2.0"
}

// MembershipsOf returns where Graph tells all groups of a person.
func (s *Service) MembershipsOf(user ids.ObjectID) string {
	return s.name + "/v1.0/users/" + string(user) + "/getMemberObjects"
}
