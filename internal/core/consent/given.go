package consent

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Gift is an app role of a resource that a principal has by a cause.
type Gift struct {
	Principal, Resource ids.ObjectID
	Role                ids.RoleID
	Cause               object.Cause
}

// A place is where an app role assignment stands; there is one at most.
type place struct {
	principal, resource ids.ObjectID
	role                ids.RoleID
}

func (g Gift) place() place { return place{g.Principal, g.Resource, g.Role} }

func (a Assignment) place() place { return place{a.PrincipalID, a.ResourceID, a.RoleID} }

// GiveRoles gives principals app roles of resources for stored causes, in the caller's
// transaction, each kind of row in one statement; who may is the caller's business. A
// role that is held already has one cause more.
func GiveRoles(ctx context.Context, tx *sqldb.Tx, who authz.Caller, all []Gift) error {
	principals, err := object.GetAll(ctx, tx, who.Tenant, principalsOf(all))
	if err != nil {
		return err
	}
	held, causes, err := heldWithCauses(ctx, tx, who.Tenant, all)
	if err != nil {
		return err
	}
	l := ledger{tx: tx, who: who, resources: map[ids.ObjectID]*app.ServicePrincipal{}}
	var links [][2]string
	var rows []Assignment
	for _, g := range all {
		p, ok := principals[g.Principal]
		if !ok {
			return object.Missing(string(g.Principal))
		}
		r, err := l.resource(ctx, g.Resource)
		if err != nil {
			return err
		}
		a, err := NewAssignment(p, r, g.Role, tx.Now())
		if err != nil {
			return err
		}
		if before, ok := held[g.place()]; ok {
			a.ID = before.ID
		}
		held[g.place()] = a
		have := causes[a.ID]
		_, alive := object.LifeBy(have, tx.Now())
		if !slices.ContainsFunc(have, func(c object.Cause) bool { return c.ID == g.Cause.ID }) {
			have = append(have, g.Cause)
			causes[a.ID] = have
			links = append(links, [2]string{string(a.ID), string(g.Cause.ID)})
		}
		a.Ends, _ = object.LifeBy(have, tx.Now())
		rows = append(rows, a)
		if alive {
			continue
		}
		a.Ends = g.Cause.Ends
		if err := l.tell(ctx, assigning[a.PrincipalKind], a, r); err != nil {
			return err
		}
	}
	if err := putAssignments(ctx, tx, rows); err != nil {
		return err
	}
	if err := object.LinkAll(ctx, tx, who.Tenant, object.OfRoleAssignment, links); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, who, l.told)
}

// TakeRoles ends causes, in the caller's transaction, and takes those app roles that no
// other cause keeps. What a cause never gave, or somebody took meanwhile, changes
// nothing. Of the causes only the identifiers count.
func TakeRoles(ctx context.Context, tx *sqldb.Tx, who authz.Caller, all []Gift) error {
	ending := make([]ids.CauseID, len(all))
	for i, g := range all {
		ending[i] = g.Cause.ID
	}
	ended, err := object.EndCauses(ctx, tx, who.Tenant, ending)
	if err != nil {
		return err
	}
	held, causes, err := heldWithCauses(ctx, tx, who.Tenant, all)
	if err != nil {
		return err
	}
	l := ledger{tx: tx, who: who, resources: map[ids.ObjectID]*app.ServicePrincipal{}}
	var gone []ids.AssignmentID
	var ends [][]any
	for _, g := range all {
		a, ok := held[g.place()]
		if !ok || !slices.Contains(ended[g.Cause.ID], object.Tie{Kind: object.OfRoleAssignment, ID: string(a.ID)}) {
			continue
		}
		delete(held, g.place()) // each once
		if end, alive := object.LifeBy(causes[a.ID], tx.Now()); alive {
			ends = append(ends, []any{sqldb.Micros(end), who.Tenant, a.ID})
			continue
		}
		gone = append(gone, a.ID)
		r, err := l.resource(ctx, g.Resource)
		if errors.Is(err, fault.NotFound) { // deleted, and may return
			r, err = &app.ServicePrincipal{Tenant: who.Tenant}, nil
			r.ID, r.DisplayName = g.Resource, a.ResourceName
		}
		if err != nil {
			return err
		}
		if err := l.tell(ctx, unassigning[a.PrincipalKind], a, r); err != nil {
			return err
		}
	}
	if err := endAssignments(ctx, tx, ends); err != nil {
		return err
	}
	if err := dropAssignments(ctx, tx, who.Tenant, gone); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, who, l.told)
}

// heldWithCauses returns the assignments that stand where gifts do, whether they count
// now or not, and by their identifiers the causes of each.
func heldWithCauses(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []Gift) (map[place]Assignment, map[ids.AssignmentID][]object.Cause, error) {
	held, err := heldAmong(ctx, tx, tenant, principalsOf(all), resourcesOf(all))
	if err != nil {
		return nil, nil, err
	}
	var ties []string
	for _, g := range all {
		if a, ok := held[g.place()]; ok {
			ties = append(ties, string(a.ID))
		}
	}
	of, err := object.CausesOfAll(ctx, tx, tenant, object.OfRoleAssignment, ties)
	causes := make(map[ids.AssignmentID][]object.Cause, len(of))
	for id, list := range of {
		causes[ids.AssignmentID(id)] = list
	}
	return held, causes, err
}

func principalsOf(all []Gift) (list []ids.ObjectID) {
	for _, g := range all {
		list = append(list, g.Principal)
	}
	return list
}

func resourcesOf(all []Gift) (list []ids.ObjectID) {
	for _, g := range all {
		if !slices.Contains(list, g.Resource) {
			list = append(list, g.Resource)
		}
	}
	return list
}

// A ledger gathers what the log says of several assignments, and reads each resource
// once.
type ledger struct {
	tx        *sqldb.Tx
	who       authz.Caller
	resources map[ids.ObjectID]*app.ServicePrincipal
	told      []audit.Told
}

func (l *ledger) resource(ctx context.Context, id ids.ObjectID) (*app.ServicePrincipal, error) {
	if r := l.resources[id]; r != nil {
		return r, nil
	}
	r, err := app.GetPrincipal(ctx, l.tx, l.who.Tenant, id)
	if err == nil {
		l.resources[id] = r
	}
	return r, err
}

func (l *ledger) tell(ctx context.Context, activity string, a Assignment, r *app.ServicePrincipal) error {
	t, err := toldOf(ctx, l.tx, activity, a, r)
	l.told = append(l.told, t)
	return err
}
