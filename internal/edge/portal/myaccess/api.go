package myaccess

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// The endpoint for programs of people who ask another organization for access,
// where they may have no account yet: Graph cannot take such a request, because
// its tokens are of the organization that is asked. See doc/my-access.md.

// selfService is the delegated permission that lets a program do it.
const selfService = "EntitlementMgmt-SubjectAccess.ReadWrite"

// longestBody bounds what is read.
const longestBody = 256 << 10

// A wish is what a program sends.
type wish struct {
	Package       string       `json:"accessPackageId"`
	Policy        string       `json:"assignmentPolicyId"`
	Justification string       `json:"justification"`
	Answers       []answerBody `json:"answers"`
	Start         *time.Time   `json:"startDateTime"`
	End           *time.Time   `json:"endDateTime"`
}

type answerBody struct {
	Question string `json:"questionId"`
	Value    string `json:"value"`
}

// A told request is what a program reads.
type requestBody struct {
	ID        string     `json:"id"`
	Package   string     `json:"accessPackageId"`
	Type      string     `json:"requestType"`
	State     string     `json:"state"`
	Status    string     `json:"status"`
	Created   time.Time  `json:"createdDateTime"`
	Completed *time.Time `json:"completedDateTime"`
	DecideBy  *time.Time `json:"decisionDueDateTime"`
	Page      string     `json:"page"`
}

// apiCaller returns the person whose program asks, as somebody of elsewhere: the
// account that they may have here, and what it may, counts for nothing.
func (p *Pages) apiCaller(r *http.Request) (who authz.Caller, at string, err error) {
	scheme, raw, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(raw) == "" {
		return who, "", fault.New(fault.Unauthenticated, "Send an access token of your home tenant for Microsoft Graph.")
	}
	home, err := p.Caller(r.Context(), strings.TrimSpace(raw))
	if err != nil {
		return who, "", err
	}
	if home.Subject.Kind != ids.Person || home.Subject.Home != home.Tenant || !home.Has(selfService) {
		return who, "", fault.New(fault.Forbidden, "The token must be a person's, of their home tenant, with the delegated permission %s.", selfService)
	}
	in, at, err := p.organization(r)
	if err != nil {
		return who, "", err
	}
	who = home
	who.Request, who.IP = web.RequestID(r.Context()), web.ClientIP(r.Context())
	if in.ID != home.Tenant {
		who.Tenant, who.Object, who.Scopes, who.Roles, who.ByRole = in.ID, "", nil, nil, false
	}
	return who, at, nil
}

// apiAsk takes a request.
func (p *Pages) apiAsk(w http.ResponseWriter, r *http.Request) error {
	who, at, err := p.apiCaller(r)
	if err != nil {
		return err
	}
	var in wish
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return fault.New(fault.Invalid, "The body must be one JSON object with the properties that are documented.")
	}
	ask := entitlement.Submission{Type: entitlement.UserAdd, Justification: in.Justification}
	if ask.Package, err = ids.Parse[ids.PackageID](in.Package); err != nil {
		return fault.InvalidAt("accessPackageId", "The identifier of the access package is none.")
	}
	if in.Policy != "" {
		if ask.Policy, err = ids.Parse[ids.PolicyID](in.Policy); err != nil {
			return fault.InvalidAt("assignmentPolicyId", "The identifier of the policy is none.")
		}
	}
	for _, a := range in.Answers {
		ask.Answers = append(ask.Answers, entitlement.Answer{Question: ids.QuestionID(strings.ToLower(a.Question)), Value: a.Value})
	}
	if in.Start != nil {
		ask.Schedule.Start = in.Start.UTC()
	}
	if in.End != nil {
		ask.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: in.End.UTC()}
	}
	made, err := p.Access.Submit(r.Context(), who, ask)
	if err != nil {
		return err
	}
	return p.apiAnswer(w, r, who, at, made.ID, http.StatusCreated)
}

// apiRequest tells what became of a request.
func (p *Pages) apiRequest(w http.ResponseWriter, r *http.Request) error {
	who, at, err := p.apiCaller(r)
	if err != nil {
		return err
	}
	id, err := idOf[ids.RequestID](r)
	if err != nil {
		return err
	}
	return p.apiAnswer(w, r, who, at, id, http.StatusOK)
}

func (p *Pages) apiAnswer(w http.ResponseWriter, r *http.Request, who authz.Caller, at string, id ids.RequestID, status int) error {
	c, err := p.Access.Case(r.Context(), who, id)
	if err == nil && !c.Own {
		err = fault.New(fault.NotFound, "There is no such request of yours.")
	}
	if err != nil {
		return none(err, "There is no such request of yours.")
	}
	b := requestBody{ID: string(c.ID), Package: string(c.Of.ID), Type: string(c.Type), State: string(c.State), Status: c.Status, Created: c.CreatedAt.UTC(),
		Page: p.Site.Hosts.Base(r) + entitlement.RequestPage(at, c.ID)}
	if !c.CompletedAt.IsZero() {
		at := c.CompletedAt.UTC()
		b.Completed = &at
	}
	if c.State == entitlement.PendingApproval && c.Stage < len(c.Approval) {
		due := c.Approval[c.Stage].DueAt.UTC()
		b.DecideBy = &due
	}
	return apiWrite(w, status, b)
}

func apiWrite(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	web.NoStore(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}

// statuses are those of faults.
var statuses = map[fault.Code]int{
	fault.Invalid: http.StatusBadRequest, fault.Unauthenticated: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.Throttled: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

// apiFail answers with an error as a program reads it.
func (p *Pages) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, authz.Denied) {
		err = fault.New(fault.Forbidden, "%s", fault.Public(err).Message)
	}
	pub := fault.Public(err)
	status := statuses[pub.Code]
	if status == 0 || status >= http.StatusInternalServerError {
		p.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	code := string(pub.Reason)
	if code == "" {
		code = http.StatusText(status)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="entente"`)
	}
	told := map[string]any{"code": code, "message": pub.Message, "target": pub.Target, "requestId": web.RequestID(r.Context())}
	if err := apiWrite(w, status, map[string]any{"error": told}); err != nil {
		p.Log.ErrorContext(r.Context(), "answer failed", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
}
