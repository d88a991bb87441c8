package graph

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/federation"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
	"entente/internal/kit/web"
)

// A reply is how a fault looks on the wire.
type reply struct {
	status  int
	code    string
	message string // in place of the fault's own, where Graph has fixed words
	detail  string // the code of an entry in details that names the fault's target
}

// codes is the whole mapping from the codes of faults to Graph errors.
// https://learn.microsoft.com/graph/errors
var codes = map[fault.Code]reply{
	fault.Invalid:         {http.StatusBadRequest, "Request_BadRequest", "", "InvalidValue"},
	fault.Unauthenticated: {http.StatusUnauthorized, "InvalidAuthenticationToken", "", ""},
	fault.Forbidden:       {http.StatusForbidden, "Authorization_RequestDenied", "", ""},
	fault.NotFound:        {http.StatusNotFound, "Request_ResourceNotFound", "", ""},
	fault.Conflict:        {http.StatusConflict, "Directory_ConcurrencyViolation", "", ""},
	fault.Throttled:       {http.StatusTooManyRequests, "TooManyRequests", "", ""},
	fault.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable", "", ""},
	fault.Internal:        {http.StatusInternalServerError, "InternalServerError", "", ""},
}

const notIndexed = "The request uses a filter property that is not indexed"

// reasons are the faults that Graph names more exactly. They go before codes.
var reasons = map[fault.Reason]reply{
	noToken:             {http.StatusUnauthorized, "InvalidAuthenticationToken", "", ""},
	noIdentity:          {http.StatusUnauthorized, "Authorization_IdentityNotFound", "", ""},
	token.Malformed:     {http.StatusUnauthorized, "InvalidAuthenticationToken", "IDX14100: JWT is not well formed, there are no dots (.).", ""},
	token.NotOurs:       {http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid issuer.", ""},
	token.BadSignature:  {http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid signature.", ""},
	token.Expired:       {http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.", ""},
	token.NotYet:        {http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.", ""},
	token.WrongAudience: {http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.", ""},

	unknownSegment: {http.StatusBadRequest, "BadRequest", "", ""},
	notAllowed:     {http.StatusMethodNotAllowed, "Request_BadRequest", "", ""},
	changed:        {http.StatusPreconditionFailed, "PreconditionFailed", "", ""},
	notBuilt:       {http.StatusNotImplemented, "NotImplemented", "", ""},
	badKey:         {http.StatusBadRequest, "Request_BadRequest", "", ""},
	badMedia:       {http.StatusUnsupportedMediaType, "UnsupportedMediaType", "", ""},
	tooLarge:       {http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "", ""},
	badFormat:      {http.StatusBadRequest, "BadRequest", "", ""},
	meAlone:        {http.StatusBadRequest, "BadRequest", "", ""},
	badBatch:       {http.StatusBadRequest, "BadRequest", "", ""},
	largeBatch:     {http.StatusBadRequest, "MaximumValueExceeded", "", ""},
	nestedBatch:    {http.StatusBadRequest, "BadRequest", "", ""},
	dependency:     {http.StatusFailedDependency, "FailedDependency", "", ""},

	pageSize:        {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	unsupported:     {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	searchNeedsMore: {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	countNeedsMore:  {http.StatusBadRequest, "Request_BadRequest", "", ""},
	badToken:        {http.StatusBadRequest, "Directory_ExpiredPageToken", "", ""},

	edm.UnknownSelect:   {http.StatusBadRequest, "BadRequest", "", ""},
	edm.UnknownInFilter: {http.StatusBadRequest, "BadRequest", "Invalid filter clause: ", ""},
	edm.UnknownInOrder:  {http.StatusBadRequest, "BadRequest", "", ""},
	edm.WrongLiteral:    {http.StatusBadRequest, "BadRequest", "Invalid filter clause: ", ""},
	edm.NoSuchOperator:  {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.NeedsAdvanced:   {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.NotIndexed:      {http.StatusBadRequest, "Request_UnsupportedQuery", notIndexed, ""},
	edm.TooMany:         {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.NotSortable:     {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.BadSearch:       {http.StatusBadRequest, "BadRequest", "", ""},
	edm.UnknownInSearch: {http.StatusBadRequest, "BadRequest", "", ""},
	edm.NotSearched:     {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.SearchNegate:    {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	edm.Unreadable:      {http.StatusBadRequest, "BadRequest", "", ""},
	odata.Syntax:        {http.StatusBadRequest, "BadRequest", "", ""},
	odata.Unsupported:   {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	odata.TooComplex:    {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	query.UnknownField:  {http.StatusBadRequest, "Request_UnsupportedQuery", notIndexed, ""},
	query.Unsupported:   {http.StatusBadRequest, "Request_UnsupportedQuery", notIndexed, ""},
	query.TooComplex:    {http.StatusBadRequest, "Request_UnsupportedQuery", "", ""},
	query.WrongCursor:   {http.StatusBadRequest, "Directory_ExpiredPageToken", "", ""},

	directory.NotValid:        {http.StatusUnprocessableEntity, "Request_UnprocessableEntity", "The values provided contain one or more validation errors.", "InvalidValue"},
	object.NameTaken:          {http.StatusBadRequest, "Request_BadRequest", "", "ObjectConflict"},
	object.AlreadyOwner:       {http.StatusBadRequest, "Request_BadRequest", "", ""},
	app.NameInUse:             {http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "", ""},
	app.StillEnabled:          {http.StatusBadRequest, "CannotDeleteOrUpdateEnabledEntitlement", "", ""},
	app.DuplicateValue:        {http.StatusBadRequest, "DuplicateValue", "", "DuplicateValue"},
	app.ForeignHost:           {http.StatusBadRequest, "HostNameNotOnVerifiedDomain", "", "HostNameNotOnVerifiedDomain"},
	app.NoApplication:         {http.StatusBadRequest, "Request_BadRequest", "", ""},
	app.NoSuchSecret:          {http.StatusBadRequest, "Request_BadRequest", "", ""},
	app.NoSuchKey:             {http.StatusBadRequest, "Request_BadRequest", "", ""},
	app.TooLarge:              {http.StatusForbidden, "Directory_ResourceSizeExceeded", "", ""},
	app.BadKeyStart:           {http.StatusBadRequest, "KeyCredentialsInvalidStartDate", "", ""},
	app.BadKeyEnd:             {http.StatusBadRequest, "KeyCredentialsInvalidEndDate", "", ""},
	app.ExtensionTaken:        {http.StatusBadRequest, "Request_BadRequest", "", "ObjectConflict"},
	app.BadProof:              {http.StatusUnauthorized, "Authentication_MissingOrMalformed", "", ""},
	app.Locked:                {http.StatusBadRequest, "CannotUpdateLockedServicePrincipalProperty", "", ""},
	consent.AlreadyAssigned:   {http.StatusBadRequest, "Request_BadRequest", "", "InvalidUpdate"},
	consent.AlreadyClassified: {http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "", ""},
	consent.GrantExists:       {http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "", ""},
	factor.Needed:             {http.StatusBadRequest, "Request_BadRequest", "", ""},
	federation.NameTaken:      {http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "", ""},
	federation.PairTaken:      {http.StatusBadRequest, "InvalidFederatedIdentityCredentialValue", "", ""},
	federation.BadValue:       {http.StatusBadRequest, "Request_BadRequest", "", "InvalidValue"},
	federation.NeverMatches:   {http.StatusBadRequest, "InvalidFederatedIdentityCredentialValue", "", "InvalidValue"},
	tenant.Disabled:           {http.StatusNotFound, "Directory_ObjectNotFound", "Unable to read the company information from the directory.", ""},
	crosstenant.Bad:           {http.StatusBadRequest, "Request_BadRequest", "", "InvalidValue"},
	crosstenant.NoTenant:      {http.StatusBadRequest, "Request_BadRequest", "", "InvalidValue"},
	crosstenant.Exists:        {http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "", ""},
	guest.BadAddress:          {http.StatusBadRequest, "BadRequest", "", ""},
	guest.OwnDomain:           {http.StatusBadRequest, "BadRequest", "", ""},
	guest.NotAllowed:          {http.StatusForbidden, "Forbidden", "", ""},
	guest.NoMail:              {http.StatusBadRequest, "BadRequest", "", ""},
	guest.NotGuest:            {http.StatusBadRequest, "BadRequest", "", ""},
	tenant.Fixed:              {http.StatusBadRequest, "Request_BadRequest", "", "InvalidValue"},
	tenant.Taken:              {http.StatusBadRequest, "Request_BadRequest", "Another object with the same value for property id already exists.", ""},
	tenant.Claimed:            {http.StatusBadRequest, "Request_BadRequest", "Another object with the same value for property id already exists.", ""},
	tenant.NoInformation:      {http.StatusNotFound, "ResourceNotFound", "", ""},
	site.TeamExists:           {http.StatusConflict, "Conflict", "", ""},
	site.NotUnified:           {http.StatusBadRequest, "BadRequest", "", ""},
	site.NoTeamOwner:          {http.StatusBadRequest, "BadRequest", "", ""},
	site.BadMember:            {http.StatusBadRequest, "BadRequest", "", ""},
	site.NotTemplate:          {http.StatusBadRequest, "BadRequest", "", ""},
	site.BadRole:              {http.StatusBadRequest, "invalidRequest", "", ""},

	offer.BadModel:              {http.StatusBadRequest, "InvalidModel", "", "InvalidValue"},
	offer.BadEndpoint:           {http.StatusBadRequest, "InvalidModel", "", "InvalidValue"},
	offer.NoSponsor:             {http.StatusBadRequest, "InvalidModel", "", ""},
	offer.NotMatched:            {http.StatusBadRequest, "ResourceNotInCatalog", "", ""},
	offer.NoPackage:             {http.StatusBadRequest, "ArgumentNullException", "", ""},
	offer.NameTaken:             {http.StatusConflict, "DuplicateKey", "", ""},
	offer.SourceTaken:           {http.StatusConflict, "DuplicateKey", "", ""},
	offer.TooMany:               {http.StatusBadRequest, "QuotaExceeded", "", ""},
	offer.BuiltIn:               {http.StatusForbidden, "OperationNotAllowed", "", ""},
	offer.NotEmpty:              {http.StatusBadRequest, "CatalogNotEmpty", "", ""},
	offer.InUse:                 {http.StatusBadRequest, "ResourceInUse", "", ""},
	offer.AlreadyOnboarded:      {http.StatusBadRequest, "ResourceAlreadyOnboarded", "", ""},
	offer.NotInOrigin:           {http.StatusBadRequest, "ResourceNotFoundInOriginSystem", "", ""},
	offer.NotEligible:           {http.StatusBadRequest, "ResourceNotEligible", "", ""},
	offer.HasEntitlements:       {http.StatusBadRequest, "InvalidDeleteResourceHasEntitlements", "", ""},
	offer.NotOwner:              {http.StatusForbidden, "CallerNotResourceOwner", "", ""},
	entitlement.NoSuchPackage:   {http.StatusNotFound, "AccessPackageNotFound", "", ""},
	entitlement.NoSuchPolicy:    {http.StatusNotFound, "PolicyNotFound", "", ""},
	entitlement.NoSuchAccess:    {http.StatusNotFound, "AssignmentNotFound", "", ""},
	entitlement.NoSuchTarget:    {http.StatusNotFound, "TargetNotFound", "", ""},
	entitlement.CatalogClosed:   {http.StatusForbidden, "CatalogNotEnabled", "", ""},
	entitlement.NotInScope:      {http.StatusForbidden, "NotInPolicyScope", "", ""},
	entitlement.TargetBlocked:   {http.StatusBadRequest, "TargetBlocked", "", ""},
	entitlement.Clashes:         {http.StatusBadRequest, "IncompatibleAccess", "", ""},
	entitlement.OpenRequest:     {http.StatusBadRequest, "ExistingOpenRequest", "", ""},
	entitlement.HasAlready:      {http.StatusBadRequest, "ExistingGrant", "", ""},
	entitlement.NoAnswer:        {http.StatusBadRequest, "AnswersMissing", "", ""},
	entitlement.BadAnswer:       {http.StatusBadRequest, "AnswerInvalid", "", ""},
	entitlement.NoJustification: {http.StatusBadRequest, "JustificationRequired", "", ""},
	offer.BadSchedule:           {http.StatusBadRequest, "ScheduleNotAllowed", "", ""},
	entitlement.WrongState:      {http.StatusBadRequest, "InvalidRequestState", "", ""},
	entitlement.TooLate:         {http.StatusBadRequest, "InvalidRequestState", "", ""},
	entitlement.Decided:         {http.StatusConflict, "ApprovalStageCompleted", "", ""},
	entitlement.NotApprover:     {http.StatusForbidden, "NotApprover", "", ""},
	entitlement.OwnRequest:      {http.StatusForbidden, "SelfApprovalNotAllowed", "", ""},
	entitlement.NeedsPackage:    {http.StatusForbidden, "Authorization_RequestDenied", "", ""},
	entitlement.NoSuchCallout:   {http.StatusBadRequest, "InvalidCalloutInstance", "", ""},
	entitlement.ShownOtherwise:  {http.StatusConflict, "RequestChanged", "", ""},
	provision.TooManyRoles:      {http.StatusBadRequest, "QuotaExceeded", "", ""},
}

// replyTo finds how a fault looks.
func replyTo(f *fault.Error) reply {
	if to, ok := reasons[f.Reason]; ok {
		return to
	}
	return codes[f.Code]
}

// The error object of Graph.
type (
	errorBody struct {
		Code    string        `json:"code"`
		Message string        `json:"message"`
		Target  string        `json:"target,omitempty"`
		Details []errorDetail `json:"details,omitempty"`
		Inner   innerError    `json:"innerError"`
	}
	errorDetail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Target  string `json:"target"`
	}
	// innerError has three members of Graph's, three more when too much was
	// asked, and three of ours: what the caller can do, the least permission and,
	// for people, the least directory role that would have sufficed.
	innerError struct {
		Code            string `json:"code,omitempty"`
		Message         string `json:"message,omitempty"`
		Status          string `json:"status,omitempty"`
		LeastPermission string `json:"leastPermission,omitempty"`
		LeastRole       string `json:"leastRole,omitempty"`
		Fix             string `json:"fix,omitempty"`
		Date            string `json:"date"`
		Request         string `json:"request-id"`
		ClientRequest   string `json:"client-request-id"`
	}
)

// fail answers with a Graph error object. The caller reads the public part of
// err; the log has the rest.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Public(err)
	to := replyTo(f)
	ctx := r.Context()
	if to.status >= http.StatusInternalServerError {
		s.Log.ErrorContext(ctx, "request failed", web.AttrRequest, web.RequestID(ctx), "path", r.URL.Path, web.AttrError, err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if to.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+s.Hosts.Base(r)+`/common/oauth2/authorize", client_id="`+string(app.GraphAppID)+`"`)
	}
	if segment := f.Values["segment"]; segment != "" {
		h.Set(GapHeader, url.PathEscape(segment))
	}
	inner := innerError{
		LeastPermission: f.Values["leastPermission"], LeastRole: f.Values["leastRole"], Fix: f.Fix,
		Date: s.Clock.Now().UTC().Format(errorTime), Request: web.RequestID(ctx), ClientRequest: web.CorrelationID(ctx),
	}
	if wait := f.Values["retry-after"]; wait != "" {
		h.Set("Retry-After", wait)
	}
	if f.Reason == tooMany {
		inner.Code, inner.Message, inner.Status = "429", "Please retry after", "429"
	}
	w.WriteHeader(to.status)
	body := map[string]errorBody{"error": {
		Code: to.code, Message: messageOf(f, to), Target: f.Target, Details: detailsOf(f, to), Inner: inner,
	}}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		s.Log.DebugContext(ctx, "answer not delivered", web.AttrRequest, web.RequestID(ctx), web.AttrError, err)
	}
}

// errorTime is the form of dates in errors: no zone, no fraction.
const errorTime = time.DateOnly + "T" + time.TimeOnly

// messageOf returns the words of the answer. A fixed text that ends in a space
// stands before the fault's own; a mistake in a filter's text is placed as
// Graph places it.
func messageOf(f *fault.Error, to reply) string {
	switch n := len(to.message); {
	case f.Reason == odata.Syntax:
		return syntaxMessage(f)
	case f.Reason == odata.Unsupported && strings.HasPrefix(f.Values["text"], "$") && f.Values["text"] == f.Values["option"]:
		return "The query parameter '" + f.Values["option"] + "' is not supported."
	case n > 0 && to.message[n-1] == ' ':
		return to.message + f.Message
	case n > 0:
		return to.message
	}
	return f.Message
}

// syntaxMessage places a mistake in the text of a query option as Graph does.
func syntaxMessage(f *fault.Error) string {
	text := f.Values["text"]
	at := "Syntax error at position " + f.Values["position"] + " in '" + text + "'."
	switch option := f.Values["option"]; option {
	case "$filter":
		return "Invalid filter clause: " + at
	case "$orderby", "$search":
		return at
	case "$select", "$expand":
		return "Parsing OData Select and Expand failed: " + at
	case "$top", "$skip":
		return "Invalid value '" + text + "' for " + option + " query option found. The " + option + " query option requires a non-negative integer value."
	case "$count":
		return "Invalid value '" + text + "' for $count query option found. Valid values are 'true' and 'false'."
	}
	return f.Message
}

func detailsOf(f *fault.Error, to reply) []errorDetail {
	if f.Target == "" || to.detail == "" {
		return nil
	}
	return []errorDetail{{to.detail, f.Message, f.Target}}
}
