package governance

import (
	"context"
	"encoding/json"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// ask is who asks for themselves: a person, through a program that may do so for
// them, or a program. A right is not needed: policies say who can ask.
var ask = edm.Access{App: edm.Any(readAll, changeAll), Delegated: edm.Any(ownAlone, readAll, changeAll)}

// requestable is the function filterByCurrentUser of access packages: those that
// the caller can ask for.
// https://learn.microsoft.com/graph/api/accesspackage-filterbycurrentuser?view=graph-rest-1.0
func (s Services) requestable() edm.Action {
	return ownOnes("accessPackage", ask, func(ctx context.Context, r *edm.Request, on string) (edm.Page, error) {
		if on != "allowedRequestor" {
			return edm.Page{}, fault.InvalidAt("on", "Access packages are filtered on 'allowedRequestor'.")
		}
		l, err := s.Entitlement.Requestable(ctx, r.Who, asked(r))
		return paged(l, err, packageItem)
	})
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

func requirementsOf(r *edm.Request, p *offer.Policy) map[string]any {
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
