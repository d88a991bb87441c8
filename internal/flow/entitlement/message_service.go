package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// TellKind is the kind of the jobs that find out whom some news is for.
const TellKind jobs.Kind = "entitlement.tell"

// Notify has people told by messages of n. Links is called as well.
func (s *Service) Notify(n *notify.Service) {
	s.notes = n
	for _, k := range []notify.Kind{notify.Approval, notify.Decision, notify.Refusal, notify.Access, notify.Trouble} {
		n.Write(k, s.write)
	}
}

// say stores, in the transaction of the cause, that there is news. Where the
// policy wants no messages there is none.
func say(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, quiet bool, n news) error {
	if quiet {
		return nil
	}
	return jobs.Enqueue(ctx, tx, newsJob(tenant, n))
}

func newsJob(tenant ids.TenantID, n news) jobs.Job {
	return jobs.Job{Kind: TellKind, Tenant: tenant, Args: n}
}

// sayOutcome stores what there is to say about how far a delivery has come.
func sayOutcome(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	n, quiet, ok := newsOf(r)
	if !ok {
		return nil
	}
	return say(ctx, tx, r.Tenant, quiet, n)
}

// newsOf returns what there is to say about how far a delivery has come, if
// anything. Administrators are told of trouble whatever the policy wants.
func newsOf(r *Request) (n news, quiet, ok bool) {
	switch {
	case r.State == Delivered && !r.Type.Removes():
		return news{Event: eventDelivered, Request: r.ID}, r.Terms.Quiet, true
	case r.State == PartiallyDelivered || r.State == DeliveryFailed:
		return news{Event: eventFailing, Request: r.ID}, false, true
	}
	return news{}, false, false
}

// Tell is the handler of TellKind: it puts a message to everybody whom the news
// is for, once.
func (s *Service) Tell(ctx context.Context, group []*jobs.Work) error {
	if s.notes == nil || s.notes.Ready() != nil {
		return nil // nothing is sent from here
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, w := range group {
			if err := s.tellOne(ctx, tx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) tellOne(ctx context.Context, tx *sqldb.Tx, w *jobs.Work) error {
	var n news
	if err := w.Args(&n); err != nil {
		return err
	}
	all, err := readersOf(ctx, tx, w.Tenant, n)
	if err != nil && !missing(err) { // what is gone is no news
		return err
	}
	for _, r := range all {
		m := notify.Message{Tenant: w.Tenant, Kind: r.kind, About: n.about(), Part: n.part(r.object), Addressee: r.address, Language: r.language}
		if err := s.notes.Put(ctx, tx, m); err != nil {
			return err
		}
	}
	return w.Complete(ctx, tx)
}

// readersOf returns who is to be told the news at this moment.
func readersOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, n news) ([]reader, error) {
	if n.Access != "" {
		a, err := assignmentByID(ctx, tx, tenant, n.Access)
		if err != nil {
			return nil, err
		}
		t, err := subjectByID(ctx, tx, tenant, a.Target)
		if err != nil || a.Terms.Direct && t.Inside() {
			return nil, err
		}
		return readerBehind(ctx, tx, t, notify.Access)
	}
	l, err := loadOf(ctx, tx, tenant, n.Request)
	if err != nil {
		return nil, err
	}
	requestor, err := subjectByID(ctx, tx, tenant, l.r.Requestor)
	if err != nil {
		return nil, err
	}
	switch n.Event {
	case eventAsked, eventReminded, eventPassedOn, eventApproved, eventTimedOut:
		all, err := approversTold(ctx, tx, &l, requestor, n)
		if err != nil || n.Event != eventTimedOut {
			return all, err
		}
		one, err := readerBehind(ctx, tx, requestor, notify.Refusal)
		return append(all, one...), err
	case eventRefused:
		return readerBehind(ctx, tx, requestor, notify.Refusal)
	case eventDelivered:
		if l.r.Terms.Direct && l.target.Inside() {
			return nil, nil
		}
		all, err := readerBehind(ctx, tx, l.target, notify.Access)
		if err != nil || !l.r.ForAnother() {
			return all, err
		}
		one, err := readerBehind(ctx, tx, requestor, notify.Access)
		return append(all, one...), err
	case eventFailing:
		return administrators(ctx, tx, l.pkg)
	}
	return nil, nil
}

// readerBehind returns a subject as a reader; none if nobody reads there.
func readerBehind(ctx context.Context, tx *sqldb.Tx, s *Subject, k notify.Kind) ([]reader, error) {
	if s.Kind != ids.Person {
		return nil, nil
	}
	if s.Object == "" {
		if !sendable(s.Email) {
			return nil, nil
		}
		return []reader{{address: s.Email, kind: k}}, nil
	}
	u, err := directory.GetUser(ctx, tx, s.Tenant, string(s.Object))
	if err != nil {
		return nil, err // gone: nothing is told to whom there is not
	}
	if r, ok := readerOf(u, k); ok {
		return []reader{r}, nil
	}
	return nil, nil
}

// approversTold returns those of a stage whom the news is for: who was asked, and
// only those whom it was passed on to if that is the news. Nobody is told of
// their own request.
func approversTold(ctx context.Context, tx *sqldb.Tx, l *load, requestor *Subject, n news) ([]reader, error) {
	stage, err := stageNumber(ctx, tx, l.r, n.Stage)
	if err != nil {
		return nil, err
	}
	var objects []ids.ObjectID
	if n.Event == eventPassedOn {
		objects, err = alternatesOf(ctx, tx, stage)
	} else {
		var list []object.Object
		list, err = approversOf(ctx, tx, stage)
		for _, o := range list {
			objects = append(objects, o.ID)
		}
	}
	if err != nil {
		return nil, err
	}
	kind := notify.Decision
	if n.Event == eventAsked || n.Event == eventReminded || n.Event == eventPassedOn {
		kind = notify.Approval
	}
	own, err := l.r.owned(ctx, tx, l.target, requestor)
	if err != nil {
		return nil, err
	}
	return peopleOf(ctx, tx, l.r.Tenant, objects, kind, own.has)
}

// peopleOf returns the people behind some objects, each once: users who may sign
// in, and those in groups.
func peopleOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, objects []ids.ObjectID, k notify.Kind, not func(*directory.User) bool) (all []reader, err error) {
	users := []ids.ObjectID{}
	for _, id := range objects {
		o, err := object.Get(ctx, tx, tenant, id)
		switch {
		case missing(err):
		case err != nil:
			return nil, err
		case o.Kind == object.User:
			users = append(users, id)
		case o.Kind == object.Group:
			page, err := directory.ListObjects(ctx, tx, tenant, directory.AllMembersOf(id), object.User, query.Query{Page: query.Page{Limit: mostTold}})
			if err != nil {
				return nil, err
			}
			for _, m := range page.Items {
				users = append(users, m.ID)
			}
		}
	}
	slices.Sort(users)
	for _, id := range slices.Compact(users) {
		u, err := directory.GetUser(ctx, tx, tenant, string(id))
		if err != nil {
			return nil, err
		}
		if !u.Enabled() || not != nil && not(u) {
			continue
		}
		if r, ok := readerOf(u, k); ok && len(all) < mostTold {
			all = append(all, r)
		}
	}
	return all, nil
}

// administrators returns who can do something about a package's trouble: those to
// whom its catalog was given, else those who govern identities, else those who
// administer the tenant.
func administrators(ctx context.Context, tx *sqldb.Tx, p *offer.Package) ([]reader, error) {
	objects, err := delegatesOf(ctx, tx, p.Tenant, p.Catalog, []ids.RoleID{offer.CatalogOwner, offer.PackageManager, offer.AssignmentManager})
	if err != nil {
		return nil, err
	}
	all, err := peopleOf(ctx, tx, p.Tenant, objects, notify.Trouble, nil)
	for _, role := range []ids.RoleID{authz.IdentityGovernanceAdministrator, authz.GlobalAdministrator} {
		if err != nil || len(all) > 0 {
			return all, err
		}
		if objects, err = holdersOf(ctx, tx, p.Tenant, role); err == nil {
			all, err = peopleOf(ctx, tx, p.Tenant, objects, notify.Trouble, nil)
		}
	}
	return all, err
}

// holdersOf returns who has a directory role in the whole tenant.
func holdersOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, role ids.RoleID) (all []ids.ObjectID, err error) {
	page, err := directory.ListRoleAssignments(ctx, tx, tenant, query.Query{
		Filter: query.Compare{Field: "roleDefinitionId", Op: query.Eq, Value: string(role)}, Page: query.Page{Limit: mostTold},
	})
	for _, a := range page.Items {
		if a.On() == "" {
			all = append(all, a.Principal)
		}
	}
	return all, err
}
