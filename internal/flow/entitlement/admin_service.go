package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// mostFound is how many people a list is narrowed to by the beginning of their
// address.
const mostFound = 200

// narrowed adds to a query that the target's mail address begins so.
func narrowed(ctx context.Context, tx *sqldb.Tx, who authz.Caller, q offer.Asked, field, email string) (offer.Asked, error) {
	if email == "" {
		return q, nil
	}
	page, err := listSubjects(ctx, tx, who.Tenant, query.Query{Filter: query.StartsWith{Field: "email", Value: email},
		Order: []query.Key{{Field: "email"}}, Page: query.Page{Limit: mostFound}})
	in := query.In{Field: field, Values: []any{ids.Nil}} // which nobody is
	for _, s := range page.Items {
		in.Values = append(in.Values, string(s.ID))
	}
	if q.Query.Filter == nil {
		q.Query.Filter = in
	} else {
		q.Query.Filter = query.And{q.Query.Filter, in}
	}
	return q, err
}

// Cases returns a page of Requests with the names of what they are about; with an
// email, of people whose mail address begins so.
func (s *Service) Cases(ctx context.Context, who authz.Caller, email string, q offer.Asked) (offer.List[CaseRow], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (l offer.List[CaseRow], err error) {
		where, args, err := whole(ctx, tx, who, "q")
		if err != nil {
			return l, err
		}
		if q, err = narrowed(ctx, tx, who, q, "assignment/target/id", email); err != nil {
			return l, err
		}
		return casesIn(ctx, tx, who, requestView{where, args}, q)
	})
}

// A HeldRow is an assignment in a list: who has what, and how far its roles have
// come.
type HeldRow struct {
	*Assignment
	Name   string // of the package
	For    *Subject
	Grants []*provision.Grant
}

// Held returns a page of Assignments with the names of what they are about; with
// an email, of people whose mail address begins so.
func (s *Service) Held(ctx context.Context, who authz.Caller, email string, q offer.Asked) (offer.List[HeldRow], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (l offer.List[HeldRow], err error) {
		where, args, err := whole(ctx, tx, who, "a")
		if err != nil {
			return l, err
		}
		if q, err = narrowed(ctx, tx, who, q, "target/id", email); err != nil {
			return l, err
		}
		page, err := assignmentsIn(ctx, tx, who, assignmentView{where, args}, q)
		if err != nil {
			return l, err
		}
		l.Next, l.Total = page.Next, page.Total
		var packages []ids.PackageID
		var people []ids.SubjectID
		var sources []string
		for _, a := range page.Items {
			packages, people, sources = append(packages, a.Package), append(people, a.Target), append(sources, string(a.ID))
		}
		names, err := namesOf(ctx, tx, who.Tenant, packages)
		if err != nil {
			return l, err
		}
		whom, err := subjectsIn(ctx, tx, who.Tenant, people)
		if err != nil {
			return l, err
		}
		grants, err := provision.OfAll(ctx, tx, who.Tenant, sources)
		for _, a := range page.Items {
			l.Items = append(l.Items, HeldRow{a, names[a.Package], whom[a.Target], grants[string(a.ID)]})
		}
		return l, err
	})
}

// A HeldCase is an assignment with everything around it.
type HeldCase struct {
	HeldRow
	Gone     bool              // the package was deleted
	Roles    []offer.RoleScope // what the package gives now
	Requests []*Request        // that made, changed or are to end it, the newest first
}

// HeldCase returns an assignment to those who read its catalog.
func (s *Service) HeldCase(ctx context.Context, who authz.Caller, id ids.AccessID) (*HeldCase, error) {
	page, err := s.Held(ctx, who, "", offer.One(string(id)))
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, object.Missing(string(id))
	}
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*HeldCase, error) {
		h := &HeldCase{HeldRow: page.Items[0]}
		p, err := packageOf(ctx, tx, who.Tenant, h.Package)
		if err != nil {
			return nil, err
		}
		h.Gone = p.Catalog == ""
		if h.Roles, err = offer.RolesOf(ctx, tx, who.Tenant, h.Package); err != nil {
			return nil, err
		}
		made, err := listRequests(ctx, tx, who.Tenant, requestView{" and q.assignment_id = ?", []any{id}},
			query.Query{Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: query.Page{Limit: 20}})
		h.Requests = made.Items
		return h, err
	})
}
