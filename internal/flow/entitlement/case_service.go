package entitlement

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Case is a request with all that one has to know to follow it, or to decide
// on it, as it is at one moment.
type Case struct {
	*Request
	Of         *offer.Package
	For        *Subject
	By         *Subject
	Home       *tenant.Tenant // of whom it is for; nil where that is no tenant of this installation
	Connected  string         // the name of the connected organization that they belong to, or nothing
	Roles      []offer.RoleScope
	Approval   []CaseStage
	Assignment *Assignment        // that it is about; nil while there is none
	Grants     []*provision.Grant // how far each role has come
	Earlier    []*Assignment      // of the same package, that they had before
	Clash      bool               // they have something that the package is incompatible with
	Own        bool               // the caller asked, or it is for them
	Shown      secret.Digest      // of all that a decision is about
}

// A CaseStage is a stage of the approval.
type CaseStage struct {
	StageView
	Names []string // who may decide, where the caller may know
}

// Case returns a request to those who may see it. To everybody else there is none.
func (s *Service) Case(ctx context.Context, who authz.Caller, id ids.RequestID) (*Case, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Case, error) {
		r, err := requestShown(ctx, tx, who, id)
		if errors.Is(err, authz.Denied) {
			err = object.Missing(string(id))
		}
		if err != nil {
			return nil, err
		}
		c := &Case{Request: r}
		for _, load := range []func(context.Context, *sqldb.Tx, authz.Caller) error{c.people, c.access, c.approval, c.weigh} {
			if err := load(ctx, tx, who); err != nil {
				return nil, err
			}
		}
		c.Shown = digest(r, c.For, c.Roles)
		return c, nil
	})
}

// people loads who asks, and for whom.
func (c *Case) people(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (err error) {
	if c.For, err = subjectByID(ctx, tx, c.Tenant, c.Target); err != nil {
		return err
	}
	if c.By, err = subjectByID(ctx, tx, c.Tenant, c.Requestor); err != nil {
		return err
	}
	c.Own = c.For.Is(who.Subject, who.Object) || c.By.Is(who.Subject, who.Object)
	if home := c.For.Principal.Home; home != "" {
		if c.Home, err = tenant.Get(ctx, tx, home); err != nil && !missing(err) {
			return err
		}
	}
	if c.For.Organization == "" {
		return nil
	}
	o, err := offer.OrganizationByID(ctx, tx, c.Tenant, c.For.Organization)
	if err == nil {
		c.Connected = o.Name
	}
	return skipMissing(err)
}

func skipMissing(err error) error {
	if missing(err) {
		return nil
	}
	return err
}

// access loads the package, and how far its roles have come.
func (c *Case) access(ctx context.Context, tx *sqldb.Tx, _ authz.Caller) (err error) {
	if c.Of, err = packageOf(ctx, tx, c.Tenant, c.Package); err != nil {
		return err
	}
	if c.Roles, err = offer.RolesOf(ctx, tx, c.Tenant, c.Package); err != nil || c.Request.Assignment == "" {
		return err
	}
	if c.Assignment, err = assignmentByID(ctx, tx, c.Tenant, c.Request.Assignment); err != nil {
		c.Assignment = nil
		return skipMissing(err)
	}
	c.Grants, err = provision.Of(ctx, tx, c.Tenant, string(c.Assignment.ID))
	return err
}

// approval loads the stages, and who may decide as far as the caller may know:
// whoever asks as the policy says, approvers always.
func (c *Case) approval(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	stages, err := stagesOf(ctx, tx, c.Tenant, c.ID)
	if err != nil {
		return err
	}
	for i, a := range stages {
		err := mayDecide(ctx, tx, who, c.Request, a, c.For, c.By)
		mine := err == nil && a.Status == StageInProgress && c.State == PendingApproval
		told := CaseStage{StageView: StageView{a, mine}}
		if !c.Own || i < len(c.Terms.Stages) && tells(c.Terms.Stages[i], c.By) {
			all, err := approversOf(ctx, tx, a)
			if err != nil {
				return err
			}
			for _, o := range all[:min(len(all), mostNames)] {
				told.Names = append(told.Names, o.DisplayName)
			}
		}
		c.Approval = append(c.Approval, told)
	}
	return nil
}

// weigh loads what speaks for or against it.
func (c *Case) weigh(ctx context.Context, tx *sqldb.Tx, _ authz.Caller) error {
	if err := apart(ctx, tx, c.Of, c.For); fault.Public(err).Reason == Clashes {
		c.Clash = true
	} else if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: query.Page{Limit: 5},
		Filter: query.Compare{Field: "state", Op: query.Eq, Value: string(AccessExpired)}}
	page, err := listAssignments(ctx, tx, c.Tenant, assignmentView{" and a.target_id = ? and a.package_id = ?", []any{c.Target, c.Package}}, q)
	c.Earlier = page.Items
	return err
}

// Waiting returns the stage that waits for the caller, or nil.
func (c *Case) Waiting() *CaseStage {
	i := slices.IndexFunc(c.Approval, func(s CaseStage) bool { return s.Mine })
	if i < 0 {
		return nil
	}
	return &c.Approval[i]
}

// A CaseRow is a request in a list, with the names of what it is about.
type CaseRow struct {
	*Request
	Name string // of the package
	For  *Subject
}

// OwnCases returns a page of OwnRequests with the names of what they are about.
func (s *Service) OwnCases(ctx context.Context, who authz.Caller, on string, q offer.Asked) (offer.List[CaseRow], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[CaseRow], error) {
		v, err := ownRequests(ctx, tx, who, on)
		if err != nil {
			return offer.List[CaseRow]{}, err
		}
		return casesIn(ctx, tx, who, v, q)
	})
}

// casesIn returns a page of requests with the names of what they are about.
func casesIn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, v requestView, q offer.Asked) (l offer.List[CaseRow], err error) {
	page, err := requestsIn(ctx, tx, who, v, q)
	if err != nil {
		return l, err
	}
	l.Next, l.Total = page.Next, page.Total
	var packages []ids.PackageID
	var people []ids.SubjectID
	for _, r := range page.Items {
		packages, people = append(packages, r.Package), append(people, r.Target)
	}
	names, err := namesOf(ctx, tx, who.Tenant, packages)
	if err != nil {
		return l, err
	}
	whom, err := subjectsIn(ctx, tx, who.Tenant, people)
	for _, r := range page.Items {
		l.Items = append(l.Items, CaseRow{r, names[r.Package], whom[r.Target]})
	}
	return l, err
}

// An AccessRow is an assignment in a list, with what it gives.
type AccessRow struct {
	*Assignment
	Name  string // of the package
	Roles []offer.RoleScope
}

// OwnAccess returns a page of the assignments of the caller's own, with what they
// give.
func (s *Service) OwnAccess(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[AccessRow], error) {
	page, err := s.OwnAssignments(ctx, who, OnTarget, q)
	if err != nil {
		return offer.List[AccessRow]{}, err
	}
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[AccessRow], error) {
		l := offer.List[AccessRow]{Next: page.Next, Total: page.Total}
		var packages []ids.PackageID
		for _, a := range page.Items {
			packages = append(packages, a.Package)
		}
		names, err := namesOf(ctx, tx, who.Tenant, packages)
		if err != nil {
			return l, err
		}
		roles := make(map[ids.PackageID][]offer.RoleScope)
		for id := range names {
			if roles[id], err = offer.RolesOf(ctx, tx, who.Tenant, id); err != nil {
				return l, err
			}
		}
		for _, a := range page.Items {
			l.Items = append(l.Items, AccessRow{a, names[a.Package], roles[a.Package]})
		}
		return l, nil
	})
}

// subjectsIn returns subjects by their identifiers.
func subjectsIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, list []ids.SubjectID) (map[ids.SubjectID]*Subject, error) {
	people := make(map[ids.SubjectID]*Subject)
	limit, args := offer.Among("b.id", append([]ids.SubjectID{}, list...))
	all, err := sqldb.All(ctx, tx, "select "+subjectColumns+" from subject b where b.tenant_id = ?"+limit, append([]any{tenant}, args...), scanSubject)
	for _, s := range all {
		people[s.ID] = s
	}
	return people, err
}
