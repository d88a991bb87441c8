package sts

import (
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// The reasons for which this package refuses a token itself.
const (
	NotHere          fault.Reason = "sts.not_here"       // over common, organizations or consumers
	ParameterMissing fault.Reason = "sts.missing"        // Values: name
	UnsupportedGrant fault.Reason = "sts.grant"          // Values: grant
	ResourceOnV2     fault.Reason = "sts.resource_on_v2" // a resource where a scope belongs
	ManyCredentials  fault.Reason = "sts.credentials"    // more than one way of authentication (RFC 6749, section 2.3)
	NoCredential     fault.Reason = "sts.no_credential"
	AssertionType    fault.Reason = "sts.assertion_type"

	NilClient        fault.Reason = "sts.nil_client"        // Values: client
	UnknownClient    fault.Reason = "sts.client"            // Values: client, tenant
	NoPrincipal      fault.Reason = "sts.no_principal"      // Values: client, tenant
	ClientDisabled   fault.Reason = "sts.client_disabled"   // Values: client, name
	HomeDisabled     fault.Reason = "sts.home_disabled"     // the application's own tenant is switched off
	SubjectDiffers   fault.Reason = "sts.assertion_subject" // of a certificate's assertion
	AudienceDiffers  fault.Reason = "sts.assertion_audience"
	AssertionTime    fault.Reason = "sts.assertion_time" // Values: now, from, until
	SignatureDiffers fault.Reason = "sts.assertion_signature"

	PersonNotAssigned fault.Reason = "sts.person_not_assigned"
	NoConsent         fault.Reason = "sts.no_consent"         // Values: client, name, scope
	PublicCredential  fault.Reason = "sts.public_credential"  // a credential where none belongs
	CredentialMissing fault.Reason = "sts.credential_missing" // none where one belongs
	OriginMissing     fault.Reason = "sts.origin_missing"     // a page's code without the page
	OriginDiffers     fault.Reason = "sts.origin_differs"     // another page than the one that the code was sent to
	OriginGiven       fault.Reason = "sts.origin_given"       // a page with another's code

	NoResource       fault.Reason = "sts.resource"          // Values: resource, tenant
	ResourceDisabled fault.Reason = "sts.resource_disabled" // Values: resource
	NotAssigned      fault.Reason = "sts.not_assigned"      // Values: client, name, resource, resourceName
)

// missing refuses a request that lacks a parameter.
func missing(name string) *fault.Error {
	f := fault.Because(fault.Invalid, ParameterMissing, "The request body must contain the following parameter: '%s'.", name).With("name", name)
	f.Target = name
	return f
}

// missingPrincipal refuses a client that the tenant does not have.
func missingPrincipal(client string, tenant ids.TenantID) *fault.Error {
	return fault.Because(fault.Unauthenticated, NoPrincipal, "The client application %.64s is missing service principal in the tenant %s.", client, tenant).
		With("client", clip(client)).With("tenant", string(tenant))
}

// clip shortens what a client sent before it is stored or repeated, and takes
// out what no database keeps and no person reads.
func clip(s string) string {
	if len(s) > maxEcho {
		s = s[:maxEcho]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

const maxEcho = 300 // bytes of a client's text that come back
