package governance

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// policies is the entity set …/assignmentPolicies.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignmentpolicy?view=graph-rest-1.0
func (s Services) policies() *edm.Set {
	set := s.policySet(func(*edm.Request) ids.PackageID { return "" })
	set.Raw = true
	set.Create = edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
		p := offer.Policy{}
		if err := readPolicy(r, &p, true); err != nil {
			return edm.Item{}, err
		}
		made, err := s.Entitlement.CreatePolicy(ctx, r.Who, p)
		return rendered(made, err, policyItem)
	}}
	change := func(ctx context.Context, r *edm.Request, whole bool) (*offer.Policy, error) {
		return s.Entitlement.ChangePolicy(ctx, r.Who, ids.PolicyID(r.ID), func(p *offer.Policy) error { return readPolicy(r, p, whole) })
	}
	set.Put = edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
		p, err := change(ctx, r, true)
		r.Replaced()
		return rendered(p, err, policyItem)
	}}
	set.Update = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
		_, err := change(ctx, r, false)
		return err
	}}
	set.Delete = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Entitlement.DeletePolicy(ctx, r.Who, ids.PolicyID(r.ID))
	}}
	// Ours: what a policy would do, before it is saved. The body is the policy's.
	set.Common = []edm.Action{{
		Name: "whatIf", Raw: true, May: write, Returns: edm.Of("accessPackagePolicyOutcome"),
		Params: []edm.Prop{{Name: "displayName", Type: edm.String}},
		Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			p := offer.Policy{}
			if err := readPolicy(r, &p, true); err != nil {
				return nil, err
			}
			out, err := s.Entitlement.WhatIf(ctx, r.Who, p)
			if err != nil {
				return nil, err
			}
			veil(r, out.Requestors)
			veil(r, out.OnBehalf)
			for _, stage := range out.Stages {
				veil(r, stage.Approvers)
				veil(r, stage.Escalation)
			}
			return json.Marshal(out)
		},
	}}
	set.Of = []edm.Type{edm.Of("user"), edm.Of("group"), edm.Of("servicePrincipal")}
	return set
}

// veil takes away the names of those whom the caller may not read.
func veil(r *edm.Request, list []entitlement.Party) {
	for i := range list {
		switch list[i].Kind {
		case "user", "group", "servicePrincipal":
			if !r.Reads(edm.Of(list[i].Kind)) {
				list[i].Name = ""
			}
		}
	}
}

// policiesOf is the part assignmentPolicies of an access package.
func (s Services) policiesOf(own func(*edm.Request) ids.PackageID) *edm.Set { return s.policySet(own) }

func (s Services) policySet(of func(*edm.Request) ids.PackageID) *edm.Set {
	one := func(ctx context.Context, r *edm.Request) (*offer.Policy, error) {
		return s.Entitlement.Policy(ctx, r.Who, of(r), ids.PolicyID(r.Parent()))
	}
	return &edm.Set{
		Path: edm.Name{V1: "assignmentPolicies", Beta: "accessPackageAssignmentPolicies"}, Type: edm.Of("accessPackageAssignmentPolicy"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageassignmentpolicy?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Policies(ctx, r.Who, of(r), asked(r))
			return paged(l, err, policyItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			p, err := s.Entitlement.Policy(ctx, r.Who, of(r), ids.PolicyID(r.ID))
			return rendered(p, err, policyItem)
		}},
		Parts: []*edm.Set{
			s.packageOf(func(ctx context.Context, r *edm.Request) (ids.PackageID, error) {
				p, err := one(ctx, r)
				if err != nil {
					return "", err
				}
				return p.Package, nil
			}),
			s.catalogOf(edm.Name{V1: "catalog", Beta: "accessPackageCatalog"}, func(ctx context.Context, r *edm.Request) (ids.CatalogID, error) {
				p, err := one(ctx, r)
				if err != nil {
					return "", err
				}
				of, err := s.Entitlement.Package(ctx, r.Who, "", p.Package)
				if err != nil {
					return "", err
				}
				return of.Catalog, nil
			}),
			s.stageSettings(one),
		},
	}
}

// stageSettings is the part customExtensionStageSettings of a policy.
func (s Services) stageSettings(one func(context.Context, *edm.Request) (*offer.Policy, error)) *edm.Set {
	of := func(p *offer.Policy) (page edm.Page, err error) {
		return whole(p.Extensions, nil, func(e offer.StageExtension) (edm.Item, error) {
			id := stageID(p, e)
			return item(id, struct {
				ID    string `json:"id"`
				Stage string `json:"stage"`
			}{id, e.Stage}, nil)
		})
	}
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		p, err := one(ctx, r)
		if err != nil {
			return edm.Page{}, err
		}
		return of(p)
	}
	return &edm.Set{
		Path: edm.Both("customExtensionStageSettings"), Type: edm.Of("customExtensionStageSetting"), Unpaged: true, Deep: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/customextensionstagesetting?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Parts: []*edm.Set{{
			Path: edm.Both("customExtension"), Type: edm.Of("customCalloutExtension"), Single: true,
			Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				up := *r
				up.Parents = r.Parents[:len(r.Parents)-1]
				p, err := one(ctx, &up)
				if err != nil {
					return edm.Item{}, err
				}
				for _, e := range p.Extensions {
					if stageID(p, e) == r.Parent() {
						x, err := s.Entitlement.Extension(ctx, r.Who, "", e.Extension)
						return rendered(x, err, extensionItem)
					}
				}
				return edm.Item{}, absent(r.Parent())
			}},
		}},
	}
}

// stageID is the identifier of a policy's call at a stage.
func stageID(p *offer.Policy, e offer.StageExtension) string {
	return ids.Derived[string]("stage", string(p.ID), e.Stage)
}

// unknownScope is v1.0's word for a scope that it has no word for.
const unknownScope offer.TargetScope = "unknownFutureValue"

// A policyFace is what v1.0 shows of a policy.
type policyFace struct {
	ID            ids.PolicyID    `json:"id"`
	Scope         string          `json:"allowedTargetScope"`
	Automatic     *automaticFace  `json:"automaticRequestSettings"`
	Created       time.Time       `json:"createdDateTime"`
	Description   *string         `json:"description"`
	Name          string          `json:"displayName"`
	Expiration    expirationFace  `json:"expiration"`
	Modified      time.Time       `json:"modifiedDateTime"`
	Notifications map[string]bool `json:"notificationSettings"`
	Approval      approvalFace    `json:"requestApprovalSettings"`
	Requestor     requestorFace   `json:"requestorSettings"`
	Review        any             `json:"reviewSettings"`
	Targets       []subjectFace   `json:"specificAllowedTargets"`
	Questions     []any           `json:"questions"`
}

type automaticFace struct {
	Grace string `json:"gracePeriodBeforeAccessRemoval"`
	Take  bool   `json:"removeAccessWhenTargetLeavesAllowedTargets"`
	Give  bool   `json:"requestAccessForAllowedTargets"`
}

type expirationFace struct {
	Duration *string    `json:"duration"`
	End      *time.Time `json:"endDateTime"`
	Type     string     `json:"type"`
}

func expirationOf(e offer.Expiration) expirationFace {
	f := expirationFace{Type: string(e.Type)}
	switch e.Type {
	case offer.ExpirationAfterDuration:
		d := formatDuration(e.Duration)
		f.Duration = &d
	case offer.ExpirationAfterDateTime:
		f.End = &e.End
	}
	return f
}

type approvalFace struct {
	Add           bool        `json:"isApprovalRequiredForAdd"`
	Update        bool        `json:"isApprovalRequiredForUpdate"`
	Justification bool        `json:"isRequestorJustificationRequired"`
	Stages        []stageFace `json:"stages"`
}

type stageFace struct {
	Visibility        string        `json:"approverInformationVisibility"`
	TimeOut           string        `json:"durationBeforeAutomaticDenial"`
	EscalateAfter     string        `json:"durationBeforeEscalation"`
	Alternate         []subjectFace `json:"escalationApprovers"`
	AlternateFallback []subjectFace `json:"fallbackEscalationApprovers"`
	Fallback          []subjectFace `json:"fallbackPrimaryApprovers"`
	Justification     bool          `json:"isApproverJustificationRequired"`
	Escalation        bool          `json:"isEscalationEnabled"`
	Primary           []subjectFace `json:"primaryApprovers"`
}

type requestorFace struct {
	Schedule       bool          `json:"allowCustomAssignmentSchedule"`
	OnBehalfAdd    bool          `json:"enableOnBehalfRequestorsToAddAccess"`
	OnBehalfRemove bool          `json:"enableOnBehalfRequestorsToRemoveAccess"`
	OnBehalfUpdate bool          `json:"enableOnBehalfRequestorsToUpdateAccess"`
	Add            bool          `json:"enableTargetsToSelfAddAccess"`
	Remove         bool          `json:"enableTargetsToSelfRemoveAccess"`
	Update         bool          `json:"enableTargetsToSelfUpdateAccess"`
	OnBehalf       []subjectFace `json:"onBehalfRequestors"`
}

// A subjectFace is a member of a list of targets or approvers, under v1.0's names.
type subjectFace struct {
	Type             string  `json:"@odata.type"`
	Description      *string `json:"description,omitempty"`
	User             string  `json:"userId,omitempty"`
	Group            string  `json:"groupId,omitempty"`
	Organization     string  `json:"connectedOrganizationId,omitempty"`
	ServicePrincipal string  `json:"servicePrincipalId,omitempty"`
	Level            int     `json:"managerLevel,omitempty"`
	Rule             string  `json:"membershipRule,omitempty"`
}

func subjectsOf(list []offer.SubjectSet) []subjectFace {
	faces := []subjectFace{}
	for _, s := range list {
		f := subjectFace{Type: "#microsoft.graph." + string(s.Kind), Description: text(s.Description), Level: s.ManagerLevel, Rule: s.Rule}
		switch s.Kind {
		case offer.SingleUser:
			f.User = string(s.Object)
		case offer.GroupMembers:
			f.Group = string(s.Object)
		case offer.ConnectedOrganizationMembers:
			f.Organization = string(s.Organization)
		case offer.SingleServicePrincipal:
			f.ServicePrincipal = string(s.Object)
		}
		faces = append(faces, f)
	}
	return faces
}

func policyItem(p *offer.Policy) (edm.Item, error) {
	f := policyFace{
		ID: p.ID, Scope: string(p.Scope), Created: p.CreatedAt, Description: text(p.Description), Name: p.Name, Expiration: expirationOf(p.Expiration),
		Modified: p.ModifiedAt, Notifications: map[string]bool{"isAssignmentNotificationDisabled": p.Quiet},
		Approval: approvalFace{p.Approval.ForAdd, p.Approval.ForUpdate, p.Approval.Justification, []stageFace{}},
		Requestor: requestorFace{p.Requestor.CustomSchedule, p.Requestor.OnBehalfAdd, p.Requestor.OnBehalfRemove, p.Requestor.OnBehalfUpdate,
			p.Requestor.SelfAdd, p.Requestor.SelfRemove, p.Requestor.SelfUpdate, subjectsOf(p.Requestor.OnBehalf)},
		Targets: subjectsOf(p.Targets), Questions: []any{},
	}
	if p.Scope == offer.AllExistingConnectedOrganizationUsers {
		f.Scope = string(unknownScope)
	}
	if a := p.Automatic; a != nil {
		f.Automatic = &automaticFace{formatDuration(a.Grace), a.Take, a.Give}
	}
	if len(p.Review) > 0 {
		f.Review = p.Review
	}
	for _, s := range p.Approval.Stages {
		f.Approval.Stages = append(f.Approval.Stages, stageFace{s.Visibility, formatDuration(s.TimeOut), formatDuration(s.EscalateAfter),
			subjectsOf(s.Alternate), subjectsOf(s.AlternateFallback), subjectsOf(s.Fallback), s.Justification, s.Escalation, subjectsOf(s.Primary)})
	}
	for _, q := range p.Questions {
		f.Questions = append(f.Questions, questionOf(q))
	}
	return item(string(p.ID), f, betaPolicy(p))
}

// A localizedFace is a text in a language.
type localizedFace struct {
	Language string `json:"languageCode"`
	Text     string `json:"text"`
}

func translationsOf(l offer.Localized) []localizedFace {
	list := []localizedFace{}
	for _, t := range l.Translations {
		list = append(list, localizedFace{t.Language, t.Text})
	}
	return list
}

// The types of questions.
const (
	textQuestion   = "#microsoft.graph.accessPackageTextInputQuestion"
	choiceQuestion = "#microsoft.graph.accessPackageMultipleChoiceQuestion"
)

// questionOf is a question under v1.0's names.
func questionOf(q offer.Question) map[string]any {
	f := map[string]any{
		"@odata.type": textQuestion, "id": q.ID, "isAnswerEditable": q.Editable, "isRequired": q.Required,
		"localizations": translationsOf(q.Text), "sequence": q.Sequence, "text": q.Text.Text,
	}
	if len(q.Choices) == 0 {
		f["isSingleLineQuestion"], f["regexPattern"] = q.SingleLine, text(q.Pattern)
		return f
	}
	choices := []any{}
	for _, c := range q.Choices {
		choices = append(choices, map[string]any{"actualValue": c.Value, "localizations": translationsOf(c.Text), "text": c.Text.Text})
	}
	f["@odata.type"], f["choices"], f["isMultipleSelectionAllowed"] = choiceQuestion, choices, q.Multiple
	return f
}
