package governance

import (
	"context"
	"strings"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// decide is who decides: people whom a policy names, for whom no role counts, and
// programs with the permission.
var (
	decide  = edm.Alike(edm.Any(changeAll)).Needing(offer.Manage)
	awaited = edm.Alike(edm.Any(changeAll))
)

// approvals is the entity set …/accessPackageAssignmentApprovals. The approval of
// a request has its identifier.
// https://learn.microsoft.com/graph/api/resources/approval?view=graph-rest-1.0
func (s Services) approvals() *edm.Set {
	return &edm.Set{
		Path: edm.Both("accessPackageAssignmentApprovals"), Type: edm.Of("approval"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/approval?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Approvals(ctx, r.Who, asked(r))
			return paged(l, err, approvalItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			q, err := s.Entitlement.Approval(ctx, r.Who, ids.RequestID(r.ID))
			return rendered(q, err, approvalItem)
		}},
		Common: []edm.Action{ownOnes("approval", awaited, func(ctx context.Context, r *edm.Request, on string) (edm.Page, error) {
			l, err := s.Entitlement.OwnApprovals(ctx, r.Who, on, asked(r))
			return paged(l, err, approvalItem)
		})},
		Parts: []*edm.Set{s.stages()},
	}
}

// stages is the part stages of an approval, which beta calls steps.
// https://learn.microsoft.com/graph/api/resources/approvalstage?view=graph-rest-1.0
func (s Services) stages() *edm.Set {
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		of := ids.RequestID(r.Parents[0])
		if _, err := s.Entitlement.Approval(ctx, r.Who, of); err != nil {
			return edm.Page{}, err
		}
		all, err := s.Entitlement.Stages(ctx, r.Who, of)
		return whole(all, err, stageItem)
	}
	return &edm.Set{
		Path: edm.Name{V1: "stages", Beta: "steps"}, Type: edm.Of("approvalStage"), Unpaged: true, Raw: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/approvalstage?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Update: edm.Change{May: decide, Do: func(ctx context.Context, r *edm.Request) error {
			approve, why, err := readDecision(r)
			if err != nil || approve == nil {
				return err
			}
			_, err = s.Entitlement.Decide(ctx, r.Who, ids.RequestID(r.Parents[0]), ids.StageID(r.ID), *approve, why, "")
			return err
		}},
	}
}

// readDecision reads what an approver says; nil where nothing is said.
func readDecision(r *edm.Request) (approve *bool, why string, err error) {
	b := readBody(r.Body)
	why = b.word("justification")
	if word := b.text("reviewResult"); word != nil {
		yes := strings.EqualFold(*word, entitlement.Approve) || strings.EqualFold(*word, "Approved")
		if !yes && !strings.EqualFold(*word, entitlement.Deny) && !strings.EqualFold(*word, "Denied") {
			b.fail("reviewResult", "An approver says Approve or Deny.")
		}
		approve = &yes
	} else if why != "" {
		b.fail("reviewResult", "An approver says Approve or Deny.")
	}
	b.pass("id", "displayName", "assignedToMe", "reviewedBy", "reviewedDateTime", "status")
	return approve, why, b.end()
}

func approvalItem(q *entitlement.Request) (edm.Item, error) {
	return item(string(q.ID), struct {
		ID ids.RequestID `json:"id"`
	}{q.ID}, nil)
}

// A stageOne is what is shown of a stage.
type stageOne struct {
	ID            ids.StageID       `json:"id"`
	Mine          bool              `json:"assignedToMe"`
	Name          *string           `json:"displayName"`
	Justification *string           `json:"justification"`
	By            map[string]string `json:"reviewedBy"`
	At            *time.Time        `json:"reviewedDateTime"`
	Result        string            `json:"reviewResult"`
	Status        string            `json:"status"`
}

func stageItem(v entitlement.StageView) (edm.Item, error) {
	f := stageOne{ID: v.ID, Mine: v.Mine, Justification: text(v.Reason), At: instant(v.DecidedAt), Result: v.Result, Status: string(v.Status)}
	if v.ByObject != "" || v.ByName != "" {
		f.By = map[string]string{"id": string(v.ByObject), "displayName": v.ByName}
	}
	return item(string(v.ID), f, nil)
}

// approvalTypes are the entity types.
func approvalTypes() []edm.Entity {
	return []edm.Entity{
		{Name: "approval", Base: "entity"},
		{Name: "approvalStage", Base: "entity", Props: []edm.Prop{
			{Name: "assignedToMe", Type: edm.Boolean},
			{Name: "displayName", Type: edm.String},
			{Name: "justification", Type: edm.String, Write: edm.U},
			{Name: "reviewedBy", Type: edm.Of("identity")},
			{Name: "reviewedDateTime", Type: edm.DateTimeOffset},
			{Name: "reviewResult", Type: edm.String, Write: edm.U},
			{Name: "status", Type: edm.String},
		}},
	}
}
