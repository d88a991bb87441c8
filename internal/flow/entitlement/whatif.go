package entitlement

import (
	"context"
	"errors"
	"fmt"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// An Outcome is what a policy would do, if it were saved: who could ask, who would
// approve, and what would be given. What deserves a second look stands in Notes.
type Outcome struct {
	Requestors []Party   `json:"requestors"`
	OnBehalf   []Party   `json:"onBehalfRequestors"` // who could ask for those
	Stages     []Parties `json:"approvalStages"`
	Grants     []Granted `json:"grants"`
	Notes      []string  `json:"notes"`
}

// A Party is somebody, or several.
type Party struct {
	Kind  string `json:"kind"` // user, group, connectedOrganization … or the policy's word for them
	ID    string `json:"id"`
	Name  string `json:"displayName"`
	Count int    `json:"people"` // how many people that is now; -1 where nobody knows
}

// Parties are who would approve in a stage.
type Parties struct {
	Approvers  []Party `json:"approvers"`
	Escalation []Party `json:"escalationApprovers"` // asked besides, after a while
}

// A Granted is a role that would be given.
type Granted struct {
	Resource string       `json:"resource"`
	Role     string       `json:"role"`
	Origin   offer.Origin `json:"originSystem"`
}

// WhatIf tells what a policy would do, without saving it. It is refused as saving
// it would be.
func (s *Service) WhatIf(ctx context.Context, who authz.Caller, p offer.Policy) (*Outcome, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Outcome, error) {
		of, err := offer.PackageFor(ctx, tx, who, p.Package, offer.ToPackage)
		if err != nil {
			return nil, err
		}
		p.Tenant = who.Tenant
		if err := offer.Stand(ctx, tx, who, of, &p); err != nil {
			return nil, err
		}
		return outcomeOf(ctx, tx, who, of, &p)
	})
}

// outcomeOf tells what a policy that stands would do.
func outcomeOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of *offer.Package, p *offer.Policy) (*Outcome, error) {
	out := &Outcome{Requestors: []Party{}, OnBehalf: []Party{}, Stages: []Parties{}, Grants: []Granted{}, Notes: []string{}}
	if err := out.requestors(ctx, tx, who, p); err != nil {
		return nil, err
	}
	if err := out.proposed(ctx, tx, p); err != nil {
		return nil, err
	}
	if err := out.approvers(ctx, tx, who, p); err != nil {
		return nil, err
	}
	given, err := offer.RolesOf(ctx, tx, who.Tenant, of.ID)
	for _, g := range given {
		out.Grants = append(out.Grants, Granted{g.Resource.Name, g.Role.Name, g.Resource.Origin})
	}
	if err != nil {
		return nil, err
	}
	c, err := offer.CatalogByID(ctx, tx, who.Tenant, of.Catalog)
	if err != nil {
		return nil, err
	}
	out.note(len(given) == 0, "The access package gives no roles.")
	out.note(!c.Published, "The catalog is not published: nobody can ask.")
	out.note(!c.External && external[p.Scope], "The catalog is not for people from outside, whom the policy is for.")
	out.note(of.Hidden, "The access package is hidden: people ask by its link.")
	if asks := p.Scope != offer.NotSpecified && p.Automatic == nil; asks && !p.Requestor.SelfAdd {
		others := p.Requestor.OnBehalfAdd && len(p.Requestor.OnBehalf) > 0
		out.note(!others, "The policy accepts no requests.")
		out.note(others, "Those whom the policy is for cannot ask; others ask on their behalf.")
	}
	out.note(p.Expiration.Type == offer.NoExpiration, "Access never ends.")
	return out, nil
}

// external are the scopes of people from outside.
var external = map[offer.TargetScope]bool{
	offer.SpecificConnectedOrganizationUsers: true, offer.AllConfiguredConnectedOrganizationUsers: true, offer.AllExternalUsers: true, offer.AllExistingConnectedOrganizationUsers: true,
}

func (o *Outcome) note(is bool, say string, args ...any) {
	if is {
		o.Notes = append(o.Notes, fmt.Sprintf(say, args...))
	}
}

// mostOrganizations is how many connected organizations are told one by one.
const mostOrganizations = 100

// requestors tells whom the policy is for, and who asks on their behalf.
func (o *Outcome) requestors(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *offer.Policy) error {
	if p.Requestor.OnBehalfAdd {
		for _, set := range p.Requestor.OnBehalf {
			party, err := partyOf(ctx, tx, who, set)
			if err != nil {
				return err
			}
			o.OnBehalf = append(o.OnBehalf, party)
		}
	}
	if len(p.Targets) > 0 {
		for _, t := range p.Targets {
			party, err := partyOf(ctx, tx, who, t)
			if err == nil && t.Kind == offer.AttributeRuleMembers {
				party.Count, err = o.ruled(ctx, tx, who, t.Rule)
			}
			if err != nil {
				return err
			}
			o.Requestors = append(o.Requestors, party)
		}
		return nil
	}
	n := -1
	var err error
	switch p.Scope {
	case offer.NotSpecified:
		o.note(true, "Nobody asks by this policy; administrators assign.")
		return nil
	case offer.AllMemberUsers:
		n, err = people(ctx, tx, p.Tenant, "Member")
	case offer.AllDirectoryUsers:
		n, err = people(ctx, tx, p.Tenant, "")
	case offer.AllConfiguredConnectedOrganizationUsers, offer.AllExistingConnectedOrganizationUsers:
		q := query.Query{Page: query.Page{Limit: mostOrganizations}}
		if p.Scope == offer.AllConfiguredConnectedOrganizationUsers {
			q.Filter = query.Compare{Field: "state", Op: query.Eq, Value: string(offer.Configured)}
		}
		list, err := offer.ListOrganizations(ctx, tx, p.Tenant, q)
		for _, org := range list.Items {
			o.Requestors = append(o.Requestors, Party{"connectedOrganization", string(org.ID), org.Name, -1})
		}
		if err == nil && len(list.Next) > 0 {
			orgs, _ := organizationsOf(p)
			_, n, err := offer.OrganizationNames(ctx, tx, p.Tenant, orgs, 0)
			if err != nil {
				return err
			}
			o.note(true, "The policy is for %d connected organizations, of which the first %d are told.", n, mostOrganizations)
		}
		o.note(err == nil && len(list.Items) == 0, "There is no connected organization: nobody can ask.")
		return err
	}
	o.Requestors = append(o.Requestors, Party{Kind: string(p.Scope), Name: string(p.Scope), Count: n})
	return err
}

// mostWeighed is of how many users it is found out whether a rule names them.
const mostWeighed = 10_000

// ruled returns how many people a rule names now; -1 and a note where the tenant has
// too many users to ask of each. Whoever does not administer everything is not told:
// rules ask for attributes that they may not read.
func (o *Outcome) ruled(ctx context.Context, tx *sqldb.Tx, who authz.Caller, text string) (int, error) {
	if err := offer.May(ctx, tx, who, "", offer.ToAdminister); errors.Is(err, authz.Denied) {
		return -1, nil
	} else if err != nil {
		return 0, err
	}
	r, err := directory.ParseMembershipRule(text)
	if err != nil {
		return 0, err
	}
	named, seen := 0, 0
	for after := ids.ObjectID(""); seen < mostWeighed; {
		some, err := directory.UsersAfter(ctx, tx, who.Tenant, after, ruleBatch)
		if err != nil {
			return 0, err
		}
		for _, u := range some {
			if r.Has(u) {
				named++
			}
		}
		if seen += len(some); len(some) < ruleBatch {
			o.note(named == 0, "The rule names nobody now.")
			return named, nil
		}
		after = some[len(some)-1].ID
	}
	o.note(true, "Of %d users the rule names %d. The organization has more, of whom it was not asked.", seen, named)
	return -1, nil
}

// partyOf tells who a set is now, as far as that does not depend on who asks.
func partyOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller, set offer.SubjectSet) (Party, error) {
	switch set.Kind {
	case offer.ConnectedOrganizationMembers:
		org, err := offer.OrganizationByID(ctx, tx, who.Tenant, set.Organization)
		if err != nil {
			return Party{}, err
		}
		return Party{"connectedOrganization", string(org.ID), org.Name, -1}, nil
	case offer.SingleUser, offer.GroupMembers, offer.SingleServicePrincipal:
		o, err := object.Get(ctx, tx, who.Tenant, set.Object)
		if err != nil {
			return Party{}, err
		}
		party := Party{string(o.Kind), string(o.ID), o.DisplayName, 1}
		if o.Kind != object.Group {
			return party, nil
		}
		if err := directory.MaySeeMembers(ctx, tx, who, o.ID); errors.Is(err, authz.Denied) {
			party.Count = -1 // who is in it is hidden from the caller
			return party, nil
		} else if err != nil {
			return Party{}, err
		}
		party.Count, err = directory.CountObjects(ctx, tx, who.Tenant, directory.AllMembersOf(o.ID), object.User, nil)
		return party, err
	}
	return Party{Kind: string(set.Kind), Name: string(set.Kind), Count: -1}, nil
}

// people returns how many users the tenant has; of the type if it is not empty.
func people(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of string) (n int, err error) {
	err = tx.One(ctx, `select count(*) from account where tenant_id = ? and deleted_us = 0 and enabled = 1 and (? = '' or user_type = ?)`, []any{tenant, of, of}, &n)
	return n, err
}
