package arm

import (
	"encoding/json"
	"errors"
	"net/http"

	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// Why this edge itself refuses.
const (
	noVersion       fault.Reason = "arm.api_version"
	noToken         fault.Reason = "arm.no_token"
	wrongMethod     fault.Reason = "arm.method"
	wrongPath       fault.Reason = "arm.path"
	wrongType       fault.Reason = "arm.type"
	badSubscription fault.Reason = "arm.subscription"
	badContent      fault.Reason = "arm.content"
	badCredential   fault.Reason = "arm.credential"
)

type wire struct {
	status int
	code   string
}

// reasons is the mapping from reasons to Azure Resource Manager's errors; what
// is not in it goes by statuses.
var reasons = map[fault.Reason]wire{
	noVersion:       {http.StatusBadRequest, "MissingApiVersionParameter"},
	noToken:         {http.StatusUnauthorized, "AuthenticationFailed"},
	wrongMethod:     {http.StatusMethodNotAllowed, "HttpMethodNotAllowed"},
	wrongPath:       {http.StatusNotFound, "NotFound"},
	wrongType:       {http.StatusNotFound, "InvalidResourceType"},
	badSubscription: {http.StatusBadRequest, "InvalidSubscriptionId"},
	badContent:      {http.StatusBadRequest, "InvalidRequestContent"},
	badCredential:   {http.StatusBadRequest, "BadRequest"},

	managedidentity.NoSubscription: {http.StatusNotFound, "SubscriptionNotFound"},
	managedidentity.NoGroup:        {http.StatusNotFound, "ResourceGroupNotFound"},
	managedidentity.NoResource:     {http.StatusNotFound, "ResourceNotFound"},
	managedidentity.WrongLocation:  {http.StatusConflict, "InvalidResourceLocation"},
	managedidentity.NotAuthorized:  {http.StatusForbidden, "AuthorizationFailed"},
	managedidentity.AlreadyRole:    {http.StatusConflict, "RoleAssignmentExists"},

	authz.Denied:            {http.StatusForbidden, "AuthorizationFailed"},
	token.Expired:           {http.StatusUnauthorized, "ExpiredAuthenticationToken"},
	federation.NameTaken:    {http.StatusConflict, "Conflict"},
	federation.PairTaken:    {http.StatusBadRequest, "BadRequest"},
	federation.BadValue:     {http.StatusBadRequest, "BadRequest"},
	federation.NeverMatches: {http.StatusBadRequest, "BadRequest"},
	federation.TooMany:      {http.StatusBadRequest, "BadRequest"},
}

var statuses = map[fault.Code]wire{
	fault.Invalid:         {http.StatusBadRequest, "BadRequest"},
	fault.Unauthenticated: {http.StatusUnauthorized, "InvalidAuthenticationToken"},
	fault.Forbidden:       {http.StatusForbidden, "AuthorizationFailed"},
	fault.NotFound:        {http.StatusNotFound, "ResourceNotFound"},
	fault.Conflict:        {http.StatusConflict, "Conflict"},
	fault.Throttled:       {http.StatusTooManyRequests, "TooManyRequests"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable"},
	fault.Internal:        {http.StatusInternalServerError, "InternalServerError"},
}

// fail answers with Azure Resource Manager's error object.
// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	pub := fault.Public(err)
	to, ok := reasons[pub.Reason]
	if !ok {
		to = statuses[pub.Code]
	}
	if to.status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	if to.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="`+s.Hosts.Base(r)+`/organizations", error="invalid_token"`)
	}
	message := pub.Message
	if errors.Is(err, token.WrongAudience) {
		message = "The access token has been obtained for wrong audience or resource '" + pub.Values["audience"] + "'. It should match with one of the allowed audiences of Azure Resource Manager."
	}
	if pub.Fix != "" {
		message += " " + pub.Fix
	}
	body := map[string]string{"code": to.code, "message": message}
	if pub.Target != "" {
		body["target"] = pub.Target
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Ms-Failure-Cause", "gateway")
	w.WriteHeader(to.status)
	json.NewEncoder(w).Encode(map[string]any{"error": body})
}
