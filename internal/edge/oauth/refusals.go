package oauth

import (
	"net/http"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/crosstenant"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/flow/automation"
	"entente/internal/flow/sts"
	"entente/internal/kit/fault"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
)

// The reasons for which this edge refuses a request itself.
const (
	wrongVerb       fault.Reason = "oauth.method" // Values: right, method
	notAForm        fault.Reason = "oauth.not_a_form"
	unknownInstance fault.Reason = "oauth.instance"
	noPage          fault.Reason = "oauth.no_page"
)

// A form is how a refusal looks on the wire. An empty text is the fault's own.
type form struct {
	number   int
	status   int
	word     oauth2.Error
	text     string
	suberror string
}

// formOf returns the form of a refusal: by its Reason, else by its Code.
func formOf(f *fault.Error) form {
	if o, ok := reasons[f.Reason]; ok {
		return o
	}
	return codes[f.Code]
}

// basicAction is what libraries hear when a person has to do something on a page.
const basicAction = "basic_action"

// in returns the word for a refusal in the version of the endpoint that says it.
func (o form) in(path string) oauth2.Error {
	if strings.Contains(path, "/v2.0/") {
		return o.word
	}
	switch {
	case o.word == oauth2.ExpiredToken:
		return oauth2.CodeExpired
	case o.suberror == basicAction:
		return oauth2.InteractionRequired
	}
	return o.word
}

const (
	bad          = http.StatusBadRequest
	unauthorized = http.StatusUnauthorized

	checkCredential = " Please check your federated identity credential Subject, Audience and Issuer against the presented assertion."
	notFoundHere    = " This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
)

// codes is the form of a refusal without a reason of its own.
var codes = map[fault.Code]form{
	fault.Invalid:         {number: 90023, status: bad, word: oauth2.InvalidRequest},
	fault.Unauthenticated: {number: 70002, status: unauthorized, word: oauth2.InvalidClient},
	fault.Forbidden:       {number: 70001, status: bad, word: oauth2.UnauthorizedClient},
	fault.NotFound:        {number: 90023, status: bad, word: oauth2.InvalidRequest},
	fault.Conflict:        {number: 90023, status: bad, word: oauth2.InvalidRequest},
	fault.Throttled:       {number: 50196, status: http.StatusTooManyRequests, word: oauth2.TemporarilyUnavailable},
	fault.Unavailable:     {number: 90033, status: http.StatusServiceUnavailable, word: oauth2.TemporarilyUnavailable},
	fault.Internal:        {number: 50000, status: http.StatusInternalServerError, word: oauth2.ServerError},
}

// reasons gives each refusal its number, status and word. Texts are Entra's,
// with the fault's values in braces.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var reasons = map[fault.Reason]form{
	wrongVerb:       {900561, http.StatusMethodNotAllowed, oauth2.InvalidRequest, "The endpoint only accepts {right} requests. Received a {method} request.", ""},
	notAForm:        {9002313, bad, oauth2.InvalidRequest, "Invalid request. Request is malformed or invalid.", ""},
	unknownInstance: {50049, bad, oauth2.InvalidInstance, "Unknown or invalid instance.", ""},
	noPage:          {90023, http.StatusNotFound, oauth2.InvalidRequest, "", ""},

	// Of userinfo alone, where no number is told.
	noBearer:      {0, unauthorized, oauth2.InvalidRequest, "", ""},
	manyBearers:   {0, bad, oauth2.InvalidRequest, "", ""},
	otherTenant:   {0, unauthorized, oauth2.InvalidToken, "", ""},
	sts.NotOpenID: {0, http.StatusForbidden, oauth2.InsufficientScope, "", ""},

	oauth2.FormMalformed:   {9002313, bad, oauth2.InvalidRequest, "Invalid request. Request is malformed or invalid.", ""},
	oauth2.FormTooLong:     {9002313, bad, oauth2.InvalidRequest, "", ""},
	oauth2.FormTwice:       {9002313, bad, oauth2.InvalidRequest, "", ""},
	oauth2.ScopeMissing:    {90014, bad, oauth2.InvalidRequest, "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", ""},
	oauth2.ScopeNoDefault:  {1002012, bad, oauth2.InvalidScope, "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", ""},
	oauth2.ScopeMany:       {28000, bad, oauth2.InvalidScope, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.", ""},
	oauth2.ClaimsMalformed: {9002313, bad, oauth2.InvalidRequest, "", ""},
	oauth2.ScopeMalformed:  {70011, bad, oauth2.InvalidScope, "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.", ""},

	tenant.NotFound:  {90002, bad, oauth2.InvalidTenant, "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", ""},
	tenant.Malformed: {900023, bad, oauth2.InvalidRequest, "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.", ""},
	tenant.Disabled:  {5000225, bad, oauth2.InvalidTenant, "The tenant '{tenant}' is disabled.", ""},
	sts.HomeDisabled: {5000225, bad, oauth2.InvalidTenant, "The application's home tenant '{tenant}' is disabled.", ""},

	sts.NotHere:          {9001023, bad, oauth2.InvalidRequest, "The grant type is not supported over the /common or /consumers endpoints.", ""},
	sts.ParameterMissing: {900144, bad, oauth2.InvalidRequest, "The request body must contain the following parameter: '{name}'.", ""},
	sts.UnsupportedGrant: {70003, bad, oauth2.UnsupportedGrantType, "The app requested an unsupported grant type '{grant}'.", ""},
	sts.ResourceOnV2:     {901002, bad, oauth2.InvalidRequest, "The 'resource' request parameter is not supported.", ""},
	sts.ManyCredentials:  {9002313, bad, oauth2.InvalidRequest, "", ""},
	sts.NoCredential:     {7000216, unauthorized, oauth2.InvalidClient, "'client_assertion', 'client_secret' or 'request' is required for the '{grant}' grant type.", ""},
	sts.AssertionType:    {90013, bad, oauth2.InvalidRequest, "", ""},

	token.CodeUnknown:      {70000, bad, oauth2.InvalidGrant, "The provided value for the 'code' parameter is not valid. The code has expired.", ""},
	token.CodeExpired:      {70008, bad, oauth2.InvalidGrant, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.", "token_expired"},
	token.CodeSpent:        {54005, bad, oauth2.InvalidGrant, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", ""},
	token.CodeOtherTenant:  {700005, bad, oauth2.InvalidGrant, "Provided Authorization Code is intended to use against other tenant, thus rejected.", ""},
	token.CodeOtherClient:  {70000, bad, oauth2.InvalidGrant, "The provided value for the 'code' parameter is not valid: it was issued to another client.", ""},
	token.WrongRedirect:    {500112, bad, oauth2.InvalidGrant, "The reply address '{redirect}' does not match the reply address provided when requesting Authorization code.", ""},
	token.WrongVerifier:    {501481, bad, oauth2.InvalidGrant, "The Code_Verifier does not match the code_challenge supplied in the authorization request.", ""},
	token.MissingVerifier:  {501481, bad, oauth2.InvalidGrant, "The Code_Verifier is missing, though the authorization request had a code_challenge.", ""},
	token.RefreshUnknown:   {9002313, bad, oauth2.InvalidGrant, "Invalid request. Request is malformed or invalid.", ""},
	token.RefreshForOthers: {700007, bad, oauth2.InvalidGrant, "The refresh token was issued to another client.", ""},
	token.RefreshRevoked:   {50173, bad, oauth2.InvalidGrant, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The grant was issued on '{issued}'.", "bad_token"},
	token.RefreshIdle:      {700082, bad, oauth2.InvalidGrant, "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for 90.00:00:00.", "bad_token"},
	token.RefreshOver:      {700084, bad, oauth2.InvalidGrant, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {issued}.", "bad_token"},

	token.DevicePending:  {70016, bad, oauth2.AuthorizationPending, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", ""},
	token.DeviceTooFast:  {70016, bad, oauth2.SlowDown, "OAuth 2.0 device flow error. Authorization is pending. Poll less often.", ""},
	token.DeviceRefused:  {65004, bad, oauth2.AuthorizationDeclined, "User declined to sign in to the device.", ""},
	token.DeviceExpired:  {70020, bad, oauth2.ExpiredToken, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.", ""},
	token.DeviceUnknown:  {70018, bad, oauth2.BadVerificationCode, "The provided value for the input parameter 'device_code' is not valid.", ""},
	token.DeviceRedeemed: {54005, bad, oauth2.InvalidGrant, "The device code was already redeemed, please ask for a new one or use an existing refresh token.", ""},

	sts.CredentialMissing: {7000218, unauthorized, oauth2.InvalidClient, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", ""},
	sts.PublicCredential:  {700025, unauthorized, oauth2.InvalidClient, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", ""},
	sts.OriginMissing:     {9002327, bad, oauth2.InvalidRequest, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.", ""},
	sts.OriginDiffers:     {9002327, bad, oauth2.InvalidRequest, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests by a page of the redirect address's origin.", ""},
	sts.OriginGiven:       {9002326, bad, oauth2.InvalidRequest, "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.", ""},
	person.NoHome:         {50057, bad, oauth2.InvalidGrant, "The user account is disabled.", ""},
	person.NoAccount:      {50057, bad, oauth2.InvalidGrant, "The user account is disabled.", ""},
	person.NotHereNow:     {50057, bad, oauth2.InvalidGrant, "The user account is disabled.", ""},
	person.Ended:          {50173, bad, oauth2.InvalidGrant, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The grant was issued on '{issued}'.", "bad_token"},
	person.NotHere:        {50020, bad, oauth2.InvalidGrant, "User account '{account}' from identity provider '{idp}' does not exist in tenant '{tenant}' and cannot access the application '{client}'({name}) in that tenant. The account needs to be added as an external user in the tenant first.", ""},
	sts.FactorRequired:    {50076, bad, oauth2.InvalidGrant, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{resource}'.", basicAction},
	sts.FactorMissing:     {50079, bad, oauth2.InvalidGrant, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{resource}'.", basicAction},
	sts.PersonNotAssigned: {50105, bad, oauth2.InvalidGrant, "Your administrator has configured the application {name} ('{client}') to block users unless they are specifically granted ('assigned') access to the application.", ""},
	sts.NoConsent:         {65001, bad, oauth2.InvalidGrant, "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an interactive authorization request for this user and resource.", "consent_required"},

	sts.NilClient:      {700038, bad, oauth2.UnauthorizedClient, "'{client}' is not a valid application identifier.", ""},
	sts.UnknownClient:  {700016, bad, oauth2.UnauthorizedClient, "Application with identifier '{client}' was not found in the directory '{tenant}'." + notFoundHere + " You may have sent your authentication request to the wrong tenant.", ""},
	sts.NoPrincipal:    {7000229, unauthorized, oauth2.InvalidClient, "The client application {client} is missing service principal in the tenant {tenant}.", ""},
	sts.ClientDisabled: {7000112, bad, oauth2.UnauthorizedClient, "Application '{client}'({name}) is disabled.", ""},

	app.WrongSecret:      {7000215, unauthorized, oauth2.InvalidClient, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.", ""},
	app.SecretExpired:    {7000222, unauthorized, oauth2.InvalidClient, "The provided client secret keys for app '{client}' are expired.", ""},
	app.NoCertificate:    {700027, unauthorized, oauth2.InvalidClient, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', app Id '{client}']", ""},
	sts.SignatureDiffers: {700027, unauthorized, oauth2.InvalidClient, "Client assertion failed signature validation.", ""},
	sts.SubjectDiffers:   {50048, unauthorized, oauth2.InvalidClient, "Subject must match Issuer claim in the client assertion.", ""},
	sts.AudienceDiffers:  {50027, unauthorized, oauth2.InvalidClient, "JWT token is invalid or malformed: unexpected audience in the client assertion.", ""},
	sts.AssertionTime:    {700024, unauthorized, oauth2.InvalidClient, timeText, ""},

	jose.TooLong:        {50027, unauthorized, oauth2.InvalidClient, "JWT token is invalid or malformed: it is too long.", ""},
	jose.Malformed:      {50027, unauthorized, oauth2.InvalidClient, "JWT token is invalid or malformed.", ""},
	jose.WrongAlgorithm: {50027, unauthorized, oauth2.InvalidClient, "JWT token is invalid or malformed: its signature algorithm is not accepted.", ""},
	jose.NoKey:          {700027, unauthorized, oauth2.InvalidClient, "Client assertion failed signature validation. [Reason - The key was not found.]", ""},
	jose.BadSignature:   {900384, unauthorized, oauth2.InvalidClient, "JWT token failed signature validation.", ""},

	federation.IssuerMismatch:     {700211, unauthorized, oauth2.InvalidClient, "No matching federated identity record found for presented assertion issuer '{issuer}'." + checkCredential, ""},
	federation.SubjectMismatch:    {700213, unauthorized, oauth2.InvalidClient, "No matching federated identity record found for presented assertion subject '{subject}'." + checkCredential, ""},
	federation.SubjectCase:        {7002138, unauthorized, oauth2.InvalidClient, "No matching federated identity record found for presented assertion subject '{subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison.", ""},
	federation.AudienceMismatch:   {700212, unauthorized, oauth2.InvalidClient, "No matching federated identity record found for presented assertion audience '{audience}'." + checkCredential, ""},
	federation.AudienceForm:       {700214, unauthorized, oauth2.InvalidClient, "", ""},
	federation.Expired:            {700024, unauthorized, oauth2.InvalidClient, timeText, ""},
	federation.AADTokenNotAllowed: {700222, unauthorized, oauth2.InvalidClient, "AAD-issued tokens may not be used for federated identity flows.", ""},
	federation.Delegated:          {700229, unauthorized, oauth2.InvalidClient, "Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.", ""},
	federation.CrossTenant:        {700222, unauthorized, oauth2.InvalidClient, "", ""},
	federation.IdentityGone:       {7000112, unauthorized, oauth2.InvalidClient, "", ""},
	federation.IssuerUnreachable:  {50166, bad, oauth2.InvalidRequest, "", ""},
	federation.IssuerDiffers:      {50166, bad, oauth2.InvalidRequest, "", ""},
	federation.IssuerUnusable:     {50166, bad, oauth2.InvalidRequest, "", ""},

	sts.NoResource:       {500011, bad, oauth2.InvalidResource, "The resource principal named {resource} was not found in the tenant named {tenant}." + notFoundHere + " You might have sent your authentication request to the wrong tenant.", ""},
	sts.ResourceDisabled: {500014, bad, oauth2.InvalidResource, "The service principal for resource '{resource}' is disabled.", ""},
	sts.NotAssigned:      {501051, bad, oauth2.InvalidGrant, "Application '{client}'({name}) is not assigned to a role for the application '{resource}'({resourceName}).", ""},

	crosstenant.OutboundBlocked: {500212, bad, oauth2.UnauthorizedClient, "", ""},
	crosstenant.InboundBlocked:  {500213, bad, oauth2.UnauthorizedClient, "", ""},

	managedidentity.NotAssigned:  {700016, bad, oauth2.InvalidRequest, "", string(managedidentity.NotAssigned)},
	managedidentity.NoIdentity:   {700016, bad, oauth2.InvalidRequest, "", string(managedidentity.NoIdentity)},
	managedidentity.Ambiguous:    {90013, bad, oauth2.InvalidRequest, "", string(managedidentity.Ambiguous)},
	managedidentity.NoHost:       {70002, unauthorized, oauth2.InvalidClient, "", ""},
	managedidentity.BadAssertion: {50027, unauthorized, oauth2.InvalidClient, "", ""},
	managedidentity.Replayed:     {50027, unauthorized, oauth2.InvalidClient, "", ""},

	automation.NotAWorker: {70002, unauthorized, oauth2.InvalidClient, "", ""},
	automation.NoJob:      {70002, unauthorized, oauth2.InvalidClient, "", ""},
	automation.JobOver:    {70002, unauthorized, oauth2.InvalidClient, "", ""},
}

const timeText = "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry time of assertion {until}."
