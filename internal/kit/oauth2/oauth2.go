// Package oauth2 has the words of OAuth 2.0 and OpenID Connect as they stand on
// the wire, and reads the texts that are written in them: scopes, forms, Basic
// credentials.
//
// It knows how something is spelled, never whether it is allowed. Where Entra
// spells differently from the standards, both spellings are here and the
// comment says whose is whose.
package oauth2

// A GrantType is the value of grant_type.
type GrantType string

// The grant types.
const (
	ClientCredentials GrantType = "client_credentials"                           // RFC 6749, section 4.4
	AuthorizationCode GrantType = "authorization_code"                           // RFC 6749, section 4.1
	RefreshToken      GrantType = "refresh_token"                                // RFC 6749, section 6
	DeviceCode        GrantType = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628, section 3.4
	DeviceCodeShort   GrantType = "device_code"                                  // the same, as Microsoft's libraries have it
	// ManagedIdentity is ours: a host asks for a token of an identity that is
	// assigned to it, and proves itself by an assertion under its own key.
	ManagedIdentity GrantType = "urn:entente:params:oauth:grant-type:managed-identity"
)

// AssertionJWT is the client_assertion_type of a JWT (RFC 7523, section 2.2).
const AssertionJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// An Error is the value of error in a refusal.
type Error string

// The errors of RFC 6749, section 5.2, and those that Entra adds.
const (
	InvalidRequest         Error = "invalid_request"
	InvalidClient          Error = "invalid_client"
	InvalidGrant           Error = "invalid_grant"
	UnauthorizedClient     Error = "unauthorized_client"
	UnsupportedGrantType   Error = "unsupported_grant_type"
	InvalidScope           Error = "invalid_scope"
	ServerError            Error = "server_error"            // RFC 6749, section 4.1.2.1
	TemporarilyUnavailable Error = "temporarily_unavailable" // the same
	AuthorizationPending   Error = "authorization_pending"   // RFC 8628, section 3.5, and the two below
	SlowDown               Error = "slow_down"
	ExpiredToken           Error = "expired_token"
	InteractionRequired    Error = "interaction_required"
	CodeExpired            Error = "code_expired"           // Entra's word for the same in version 1
	AuthorizationDeclined  Error = "authorization_declined" // Entra; access_denied in RFC 8628
	BadVerificationCode    Error = "bad_verification_code"  // Entra
	InvalidResource        Error = "invalid_resource"       // Entra; invalid_target in RFC 8707
	InvalidTenant          Error = "invalid_tenant"         // Entra
	InvalidInstance        Error = "invalid_instance"       // Entra
	InvalidToken           Error = "invalid_token"          // RFC 6750, section 3.1
	InsufficientScope      Error = "insufficient_scope"     // the same
)

// Bearer is the token_type of all our tokens (RFC 6750).
const Bearer = "Bearer"
