package governance

import (
	"context"
	"encoding/json"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// ask is who asks for themselves: a person, through a program that may do so for
// them. A right is not needed: policies say who can ask.
var ask = edm.Access{Delegated: edm.Any("EntitlementMgmt-SubjectAccess.ReadWrite", "EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All")}

// requestable is the function filterByCurrentUser of access packages: those that
// the caller can ask for.
// https://learn.microsoft.com/graph/api/accesspackage-filterbycurrentuser?view=graph-rest-1.0
func (s Services) requestable() edm.Action {
	return edm.Action{
		Name: "filterByCurrentUser", Function: true, May: ask, Returns: edm.Many(edm.Of("accessPackage")),
		Params: []edm.Prop{{Name: "on", Type: edm.String, Required: true}},
		Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			var params struct {
				On string `json:"on"`
			}
			if err := json.Unmarshal(r.Body, &params); err != nil {
				return nil, err
			}
			if params.On != "allowedRequestor" {
				return nil, fault.InvalidAt("on", "Access packages are filtered on 'allowedRequestor'.")
			}
			l, err := s.Entitlement.Requestable(ctx, r.Who, entitlement.Asked{Query: query.Query{Page: query.Page{Limit: 999}}})
			page, err := paged(l, err, packageItem)
			if err != nil {
				return nil, err
			}
			return faces(r, page.Items)
		},
	}
}

// faces renders entities as the result of a function: the members of v1.0, and in
// beta those beside them, which are called alike.
func faces(r *edm.Request, items []edm.Item) (json.RawMessage, error) {
	list := []json.RawMessage{}
	for _, it := range items {
		face := it.Face
		if r.Version == edm.Beta {
			all := make(map[string]json.RawMessage)
			for _, part := range []json.RawMessage{it.Face, it.Rest} {
				if err := json.Unmarshal(part, &all); err != nil {
					return nil, err
				}
			}
			var err error
			if face, err = json.Marshal(all); err != nil {
				return nil, err
			}
		}
		list = append(list, face)
	}
	return json.Marshal(list)
}

// requirements is the action getApplicablePolicyRequirements of an access package:
// by which policies the caller can ask for it, and what they want.
// https://learn.microsoft.com/graph/api/accesspackage-getapplicablepolicyrequirements?view=graph-rest-1.0
func (s Services) requirements() edm.Action {
	return edm.Action{
		Name: "getApplicablePolicyRequirements", May: ask, Returns: edm.Many(edm.Of("accessPackageAssignmentRequestRequirements")),
		Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			policies, err := s.Entitlement.Requirements(ctx, r.Who, ids.PackageID(r.ID))
			if err != nil {
				return nil, err
			}
			list := []map[string]any{}
			for _, p := range policies {
				list = append(list, requirementsOf(r, p))
			}
			return json.Marshal(list)
		},
	}
}

func requirementsOf(r *edm.Request, p *entitlement.Policy) map[string]any {
	f := map[string]any{
		"policyId": p.ID, "policyDisplayName": p.Name, "policyDescription": text(p.Description),
		"isRequestorJustificationRequired": p.Approval.Justification,
		"schedule":                         map[string]any{"startDateTime": nil, "recurrence": nil, "expiration": expirationOf(p.Expiration)},
	}
	questions := []any{}
	for _, q := range p.Questions {
		if r.Version == edm.Beta {
			questions = append(questions, betaQuestion(q))
		} else {
			questions = append(questions, questionOf(q))
		}
	}
	f["questions"] = questions
	if r.Version == edm.Beta {
		f["isApprovalRequired"], f["isApprovalRequiredForExtension"] = p.Approval.ForAdd, p.Approval.ForUpdate
		f["isCustomAssignmentScheduleAllowed"], f["existingAnswers"], f["verifiableCredentialRequirementStatus"] = p.Requestor.CustomSchedule, []any{}, nil
		return f
	}
	f["isApprovalRequiredForAdd"], f["isApprovalRequiredForUpdate"], f["allowCustomAssignmentSchedule"] = p.Approval.ForAdd, p.Approval.ForUpdate, p.Requestor.CustomSchedule
	return f
}
