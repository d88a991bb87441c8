// Package federation lets a workload that another issuer vouches for stand in
// for an application or a managed identity, without a secret.
//
// A federated credential names an issuer, a subject and one audience. An
// assertion (RFC 7523, section 2.2) proves the identity when its signature
// verifies against the issuer's published keys and all three names match, byte
// for byte. A credential may carry a claims matching expression instead of a
// subject; its patterns work on segments and cross neither ':' nor '/', because
// a credential that matches what its author did not think of is worse than two.
//
// The package fetches issuer metadata (OpenID Connect Discovery 1.0, section 4)
// and keys (RFC 7517) through package fetch, only for issuers that a stored
// credential names, and caches both. Credentials themselves are never cached:
// one that was deleted a moment ago proves nothing any more. An issuer that is
// a tenant of this installation is not fetched: its keys are at home, and only
// managed identities of the application's own tenant may use it.
//
// An assertion may be used again within its life, as real clients do. Times are
// compared with five minutes' tolerance.
//
// At write, the package tells what cannot work, as warnings, and refuses only
// what can never match. It decides who the caller is; what the caller may have
// is the business of package sts.
package federation

import "entente/internal/kit/fault"

// Why a write is refused.
const (
	BadValue     fault.Reason = "federation.bad_value"     // a property breaks a rule; Target names it
	NeverMatches fault.Reason = "federation.never_matches" // no assertion could ever match
	NameTaken    fault.Reason = "federation.name_taken"    // Values: name
	PairTaken    fault.Reason = "federation.pair_taken"    // Values: issuer, subject
	TooMany      fault.Reason = "federation.too_many"      // Values: limit
)

// Why an assertion is refused.
const (
	IssuerMismatch     fault.Reason = "federation.issuer"            // no credential names the issuer; Values: issuer
	SubjectMismatch    fault.Reason = "federation.subject"           // none of that issuer names the subject; Values: subject
	SubjectCase        fault.Reason = "federation.subject_case"      // one does, but in another case; Values: subject
	AudienceMismatch   fault.Reason = "federation.audience"          // Values: audience
	AudienceForm       fault.Reason = "federation.audience_form"     // the credential names the exchange audience by its GUID
	Expired            fault.Reason = "federation.times"             // outside its times; Values: now, from, until
	IssuerUnreachable  fault.Reason = "federation.issuer_away"       // metadata or keys cannot be had
	IssuerDiffers      fault.Reason = "federation.issuer_differs"    // metadata names another issuer
	IssuerUnusable     fault.Reason = "federation.issuer_unusable"   // metadata or keys make no sense, or there are no keys
	AADTokenNotAllowed fault.Reason = "federation.not_a_managed_id"  // a token of ours that is no managed identity's
	Delegated          fault.Reason = "federation.delegated"         // a token of ours that speaks for a person
	CrossTenant        fault.Reason = "federation.cross_tenant"      // a managed identity of another tenant; Values: issuer
	IdentityGone       fault.Reason = "federation.identity_disabled" // the managed identity is disabled
)
