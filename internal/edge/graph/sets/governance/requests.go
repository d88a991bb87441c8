package governance

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const (
	ownAlone  = "EntitlementMgmt-SubjectAccess.ReadWrite"
	readAll   = "EntitlementManagement.Read.All"
	changeAll = "EntitlementManagement.ReadWrite.All"
)

// Who asks, and who takes back: whoever asks for themselves needs no right, since
// policies say who can.
var (
	submit = edm.Access{App: edm.Any(changeAll), Delegated: edm.Any(ownAlone, changeAll)}
	cancel = submit.Needing(offer.Manage)
)

// forOneself reports whether a program acts for a person in their own matters
// only.
func forOneself(who authz.Caller) bool {
	return !who.AppOnly() && !who.Has(changeAll) && !who.Has(authz.AsUser)
}

// requests is the entity set …/assignmentRequests.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignmentrequest?view=graph-rest-1.0
func (s Services) requests() *edm.Set {
	of := func(r *edm.Request) ids.RequestID { return ids.RequestID(r.Parents[0]) }
	return &edm.Set{
		Path: edm.Name{V1: "assignmentRequests", Beta: "accessPackageAssignmentRequests"}, Type: edm.Of("accessPackageAssignmentRequest"), Deep: true, Raw: true,
		Of:  []edm.Type{edm.Of("user"), edm.Of("group"), edm.Of("servicePrincipal")}, // who is waited for
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageassignmentrequest?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Requests(ctx, r.Who, asked(r))
			return paged(l, err, s.requestItem(ctx, r))
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			q, err := s.Entitlement.Request(ctx, r.Who, ids.RequestID(r.ID))
			return rendered(q, err, s.requestItem(ctx, r))
		}},
		Create: edm.Create{May: submit, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			in, err := readSubmission(r)
			if err != nil {
				return edm.Item{}, err
			}
			if in.Type.Administers() && forOneself(r.Who) {
				return edm.Item{}, authz.Refuse().With("leastPermission", changeAll)
			}
			q, err := s.Entitlement.Submit(ctx, r.Who, in)
			return rendered(q, err, func(q *entitlement.Request) (edm.Item, error) { return accessRequestItem(q, in.ValidateOnly, nil, nil) })
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.DeleteRequest(ctx, r.Who, ids.RequestID(r.ID))
		}},
		Actions: []edm.Action{
			{Name: "cancel", May: cancel, Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				id := ids.RequestID(r.ID)
				if forOneself(r.Who) {
					own, err := s.Entitlement.OwnRequests(ctx, r.Who, entitlement.OnTargetOrRequestor, offer.One(r.ID))
					if err == nil && len(own.Items) == 0 {
						if _, err = s.Entitlement.Request(ctx, r.Who, id); err == nil {
							err = authz.Refuse().With("leastPermission", changeAll)
						}
					}
					if err != nil {
						return nil, err
					}
				}
				return nil, s.Entitlement.Cancel(ctx, r.Who, id)
			}},
			{Name: "reprocess", May: write, Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				r.Accept("/identityGovernance/entitlementManagement/"+pick(r, "assignmentRequests", "accessPackageAssignmentRequests")+"/"+r.ID, "")
				return nil, s.Entitlement.Reprocess(ctx, r.Who, ids.RequestID(r.ID))
			}},
			{Name: "resume", Raw: true, May: write, Params: []edm.Prop{{Name: "data", Type: edm.Of("customExtensionData"), Required: true}, {Name: "source", Type: edm.String}, {Name: "type", Type: edm.String}},
				Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
					in, err := readResumption(r)
					if err != nil {
						return nil, err
					}
					return nil, s.Entitlement.Resume(ctx, r.Who, ids.RequestID(r.ID), in)
				}},
		},
		Common: []edm.Action{ownOnes("accessPackageAssignmentRequest", ask, func(ctx context.Context, r *edm.Request, on string) (edm.Page, error) {
			l, err := s.Entitlement.OwnRequests(ctx, r.Who, on, asked(r))
			return paged(l, err, s.requestItem(ctx, r))
		})},
		Parts: []*edm.Set{
			s.packagePart(func(ctx context.Context, r *edm.Request) (*offer.Package, error) {
				return s.Entitlement.PackageOf(ctx, r.Who, of(r))
			}),
			s.subjectPart("requestor", func(ctx context.Context, r *edm.Request) (entitlement.SubjectView, error) {
				return s.Entitlement.RequestorOf(ctx, r.Who, of(r))
			}),
			s.assignmentPart(of),
		},
	}
}

// assignmentPart is the part assignment of a request: what it makes, changes or
// ends.
func (s Services) assignmentPart(of func(*edm.Request) ids.RequestID) *edm.Set {
	get := func(ctx context.Context, r *edm.Request) (*entitlement.Assignment, error) {
		return s.Entitlement.AssignmentOf(ctx, r.Who, of(r))
	}
	return &edm.Set{
		Path: edm.Name{V1: "assignment", Beta: "accessPackageAssignment"}, Type: edm.Of("accessPackageAssignment"), Single: true, Deep: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			a, err := get(ctx, r)
			return rendered(a, err, s.assignmentItem(ctx, r))
		}},
		Parts: []*edm.Set{
			s.packagePart(func(ctx context.Context, r *edm.Request) (*offer.Package, error) {
				return s.Entitlement.PackageOf(ctx, r.Who, of(r))
			}),
			s.policyPart(get),
			s.subjectPart("target", func(ctx context.Context, r *edm.Request) (entitlement.SubjectView, error) {
				return s.Entitlement.TargetOf(ctx, r.Who, of(r))
			}),
		},
	}
}

// policyPart is the part assignmentPolicy of an assignment, for who may read
// policies.
func (s Services) policyPart(of func(context.Context, *edm.Request) (*entitlement.Assignment, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "assignmentPolicy", Beta: "accessPackageAssignmentPolicy"}, Type: edm.Of("accessPackageAssignmentPolicy"), Single: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			a, err := of(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			p, err := s.Entitlement.Policy(ctx, r.Who, "", a.Policy)
			return rendered(p, err, policyItem)
		}},
	}
}

// ownOnes is the function filterByCurrentUser.
func ownOnes(of string, may edm.Access, list func(ctx context.Context, r *edm.Request, on string) (edm.Page, error)) edm.Action {
	return edm.Action{
		Name: "filterByCurrentUser", Function: true, May: may, Returns: edm.Many(edm.Of(of)),
		Params: []edm.Prop{{Name: "on", Type: edm.String, Required: true}},
		List: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			var params struct {
				On string `json:"on"`
			}
			if err := json.Unmarshal(r.Body, &params); err != nil {
				return edm.Page{}, fault.InvalidAt("on", "It is not said on what to filter.").Wrap(err)
			}
			return list(ctx, r, params.On)
		},
	}
}

// pick is a name in the version that is asked.
func pick(r *edm.Request, v1, beta string) string {
	if r.Version == edm.Beta {
		return beta
	}
	return v1
}

// requestItem renders requests, with what each waits for where that is asked for.
func (s Services) requestItem(ctx context.Context, r *edm.Request) func(*entitlement.Request) (edm.Item, error) {
	return func(q *entitlement.Request) (edm.Item, error) {
		var callouts []*entitlement.Callout
		var err error
		if len(q.Terms.Extensions) > 0 {
			if callouts, err = s.Entitlement.Callouts(ctx, r.Who, q.ID); err != nil {
				return edm.Item{}, err
			}
		}
		if !r.Selected["waitsFor"] {
			return accessRequestItem(q, false, nil, callouts)
		}
		w, err := s.Entitlement.Waits(ctx, r.Who, q.ID)
		if err != nil {
			return edm.Item{}, err
		}
		return accessRequestItem(q, false, waitOf(r, w), callouts)
	}
}

// A waitFace is what a request waits for, for whom, and until when at the latest.
// Ours.
type waitFace struct {
	For   string              `json:"for"`
	Whom  []entitlement.Party `json:"whom"`
	Until *time.Time          `json:"untilDateTime"`
	Why   *string             `json:"lastError"`
}

// calloutsOf are the calls that were made for a request or an assignment, as they
// stand in either version. Graph has no word for one that is not made yet.
func calloutsOf(list []*entitlement.Callout) []any {
	all := []any{}
	for _, c := range list {
		if c.Status == entitlement.CalloutPending {
			continue
		}
		all = append(all, map[string]any{
			"id": c.ID, "customExtensionId": c.Extension, "externalCorrelationId": text(c.Correlation), "detail": text(c.Detail), "status": c.Status,
		})
	}
	return all
}

// waitOf is nil for a request that waits for nothing.
func waitOf(r *edm.Request, w entitlement.Wait) *waitFace {
	if w.For == "" {
		return nil
	}
	f := &waitFace{For: w.For, Whom: []entitlement.Party{}, Until: instant(w.Until), Why: text(w.Why)}
	for _, o := range w.Whom {
		f.Whom = append(f.Whom, entitlement.Party{Kind: string(o.Kind), ID: string(o.ID), Name: o.DisplayName, Count: 1})
	}
	veil(r, f.Whom)
	return f
}

// instant is a time as it is shown: null where there is none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// A accessRequestFace is what v1.0 shows of a request.
type accessRequestFace struct {
	ID            ids.RequestID `json:"id"`
	Answers       []any         `json:"answers"`
	Completed     *time.Time    `json:"completedDateTime"`
	Created       *time.Time    `json:"createdDateTime"`
	Callouts      []any         `json:"customExtensionCalloutInstances"`
	Justification *string       `json:"justification"`
	Type          string        `json:"requestType"`
	Schedule      scheduleFace  `json:"schedule"`
	State         string        `json:"state"`
	Status        string        `json:"status"`
}

func accessRequestItem(q *entitlement.Request, validated bool, wait *waitFace, callouts []*entitlement.Callout) (edm.Item, error) {
	answers, beta := []any{}, []any{}
	for _, a := range q.Answers {
		answers, beta = append(answers, answerOf(a, a.Text)), append(beta, answerOf(a, betaText(offer.Localized{Text: a.Text})))
	}
	return item(string(q.ID), accessRequestFace{q.ID, answers, instant(q.CompletedAt), instant(q.CreatedAt), calloutsOf(callouts), text(q.Justification),
		string(q.Type), scheduleOf(q.Schedule), string(q.State), q.Status},
		map[string]any{"betaAnswers": beta, "completedDate": instant(q.CompletedAt), "betaRequestType": pascal(q.Type), "requestState": pascal(q.State),
			"requestStatus": q.Status, "isValidationOnly": validated, "expirationDateTime": nil, "waitsFor": wait})
}

// answerOf is an answer with the question as it was asked.
func answerOf(a entitlement.Answer, asked any) map[string]any {
	kind := textQuestion
	if a.Kind == "choice" {
		kind = choiceQuestion
	}
	return map[string]any{
		"@odata.type": "#microsoft.graph.accessPackageAnswerString", "value": a.Value, "displayValue": text(a.Display),
		"answeredQuestion": map[string]any{"@odata.type": kind, "id": a.Question, "text": asked},
	}
}

// A scheduleFace is from when until when.
type scheduleFace struct {
	Expiration expirationFace `json:"expiration"`
	Recurrence any            `json:"recurrence"`
	Start      *time.Time     `json:"startDateTime"`
}

func scheduleOf(s offer.Schedule) scheduleFace {
	if s.Expiration.Type == "" {
		s.Expiration.Type = offer.ExpirationNotSpecified
	}
	return scheduleFace{Expiration: expirationOf(s.Expiration), Start: instant(s.Start)}
}
