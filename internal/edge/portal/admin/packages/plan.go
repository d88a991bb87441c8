package packages

import (
	"time"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// The kinds of drafts.
const (
	packageDraft = "accessPackage"
	policyDraft  = "assignmentPolicy"
)

const day = 24 * time.Hour

// A plan is what a draft says: an access package with its first policy, or a
// policy of a package that is there.
type plan struct {
	Reached int // how many steps were done, from the first

	Name        string
	Description string
	Hidden      bool
	Catalog     ids.CatalogID // empty where NewCatalog is wanted
	NewCatalog  *newCatalog
	Roles       []role

	// Of a policy alone.
	Of       ids.PackageID
	Change   ids.PolicyID // empty for a new one
	ChangeAt time.Time    // when that was last changed, as it is known here

	Policy offer.Policy
	Rules  bool       // the catalog has custom extensions to choose among
	Review *reviewing // what is wanted of reviews; nil where nobody has said so
}

// A newCatalog is one that is made with the access package.
type newCatalog struct {
	Name        string
	Description string
	Inside      bool // not for people from outside
}

// A role is one that the package is to give, as its origin calls it.
type role struct {
	Origin     offer.Origin
	OriginID   string
	Role       string // its originId
	Name, Kind string // of the resource, as it was when it was chosen
}

// usualPolicy is what a policy says that nobody has changed: good enough to go on.
func usualPolicy() offer.Policy {
	return offer.Policy{
		Name:       "Initial Policy",
		Scope:      offer.AllMemberUsers,
		Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 365 * day},
		Requestor:  offer.RequestorSettings{SelfAdd: true, SelfUpdate: true, SelfRemove: true, CustomSchedule: true},
		Approval:   offer.ApprovalSettings{Justification: true},
	}
}

// usualAutomatic is what an automatic policy says that nobody has changed.
func usualAutomatic() offer.Policy {
	return offer.Policy{
		Name: "Automatic Policy", Scope: offer.SpecificDirectoryUsers, Targets: []offer.SubjectSet{{Kind: offer.AttributeRuleMembers}},
		Expiration: offer.Expiration{Type: offer.NoExpiration}, Automatic: &offer.AutomaticSettings{Give: true, Take: true},
	}
}

// usualStage is a stage of approval that nobody has changed.
func usualStage() offer.Stage {
	return offer.Stage{TimeOut: 14 * day, Justification: true, EscalateAfter: 7 * day}
}

// newPlan returns an access package before anybody says anything of it.
func newPlan(home ids.TenantID) *plan {
	return &plan{Catalog: offer.GeneralID(home), Policy: usualPolicy()}
}

// ofPolicy reports whether the plan is of a policy alone.
func (p *plan) ofPolicy() bool { return p.Of != "" }

// kind returns the kind of the plan's draft.
func (p *plan) kind() string {
	if p.ofPolicy() {
		return policyDraft
	}
	return packageDraft
}

// title returns what the draft is called.
func (p *plan) title() string {
	if p.ofPolicy() {
		return p.Policy.Name
	}
	return p.Name
}

// whole returns the plan as it is made.
func (p *plan) whole() entitlement.Plan {
	all := entitlement.Plan{Catalog: p.Catalog, Package: offer.PackageChange{Name: &p.Name, Description: &p.Description, Hidden: &p.Hidden}, Policy: p.stored()}
	if p.NewCatalog != nil {
		yes, outside := true, !p.NewCatalog.Inside
		all.NewCatalog = &offer.CatalogChange{Name: &p.NewCatalog.Name, Description: &p.NewCatalog.Description, Published: &yes, External: &outside}
	}
	for _, r := range p.Roles {
		all.Roles = append(all.Roles, offer.RoleAsk{Origin: r.Origin, OriginID: r.OriginID, RoleOriginID: r.Role})
	}
	return all
}

// automatic reports whether the policy gives its package by a rule.
func (p *plan) automatic() bool { return p.Policy.Automatic != nil }

// asks reports whether people ask by the policy.
func (p *plan) asks() bool { return p.Policy.Scope != offer.NotSpecified && !p.automatic() }

// stored returns the policy as it is stored: without what its own answers make
// void.
func (p *plan) stored() offer.Policy {
	policy := p.Policy
	policy.Review = p.reviewing().stored(policy.Review)
	if p.NewCatalog != nil {
		policy.Extensions = nil
	}
	if p.automatic() { // nobody asks
		policy.Scope, policy.Targets = offer.SpecificDirectoryUsers, []offer.SubjectSet{*p.rule()}
		policy.Requestor, policy.Approval, policy.Questions = offer.RequestorSettings{}, offer.ApprovalSettings{}, nil
		return policy
	}
	switch policy.Scope {
	case offer.SpecificDirectoryUsers, offer.SpecificConnectedOrganizationUsers:
		policy.Targets = fitting(policy.Targets, policy.Scope)
	default:
		policy.Targets = nil
	}
	if !p.asks() {
		policy.Requestor.SelfAdd, policy.Requestor.SelfUpdate = false, false
	}
	if !policy.Approval.ForAdd && !policy.Approval.ForUpdate {
		policy.Approval.Stages = nil
	}
	for i := range policy.Questions {
		policy.Questions[i].Sequence = i
	}
	return policy
}

// fitting returns the targets that a scope takes: what somebody chose before they
// changed their mind stays in the draft.
func fitting(all []offer.SubjectSet, scope offer.TargetScope) []offer.SubjectSet {
	var fit []offer.SubjectSet
	for _, s := range all {
		if (s.Kind == offer.ConnectedOrganizationMembers) == (scope == offer.SpecificConnectedOrganizationUsers) {
			fit = append(fit, s)
		}
	}
	return fit
}
