package entitlement

import (
	"context"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// write says what a message tells as things are now, and nothing when that is no
// news any more.
func (s *Service) write(ctx context.Context, tx *sqldb.Tx, m *notify.Message) (notify.Content, error) {
	n, to, err := readPart(m)
	if err != nil {
		return nil, err
	}
	in, err := tenant.Get(ctx, tx, m.Tenant)
	if err != nil || in.Active() != nil {
		return nil, err
	}
	w := writing{s: s, m: m, n: n, to: to, in: in, org: notify.Organization{Name: in.DisplayName, Domain: in.DefaultDomain()}}
	var c notify.Content
	if n.Access != "" {
		c, err = w.access(ctx, tx)
	} else {
		c, err = w.request(ctx, tx)
	}
	if missing(err) { // deleted meanwhile
		return nil, nil
	}
	return c, err
}

// A writing is a message that is put together.
type writing struct {
	s   *Service
	m   *notify.Message
	n   news
	to  ids.ObjectID // the reader, where they are in the tenant
	in  *tenant.Tenant
	org notify.Organization
}

// link returns a link that leads to a place until a time.
func (w *writing) link(p Place, id string, until time.Time) (secret.String, error) {
	return w.s.Address(Link{Tenant: w.m.Tenant, Place: p, ID: id, Until: until})
}

// request tells what has become of a request.
func (w *writing) request(ctx context.Context, tx *sqldb.Tx) (c notify.Content, err error) {
	l, err := loadOf(ctx, tx, w.m.Tenant, w.n.Request)
	if err != nil {
		return nil, err
	}
	ask, err := w.ask(ctx, tx, &l)
	if err != nil {
		return nil, err
	}
	later := tx.Now().Add(linkLife)
	id := string(l.r.ID)
	switch w.m.Kind {
	case notify.Approval:
		return w.approval(ctx, tx, &l, ask)
	case notify.Decision:
		d := notify.DecisionContent{Organization: w.org, Ask: ask, TimedOut: w.n.Event == eventTimedOut, More: w.n.Stage+1 < len(l.r.Terms.Stages)}
		d.Link, err = w.link(ApprovalPlace, id, later)
		return d, err
	case notify.Refusal:
		r := notify.RefusalContent{Organization: w.org, Ask: ask, TimedOut: w.n.Event == eventTimedOut}
		r.Link, err = w.link(RequestPlace, id, later)
		return r, err
	case notify.Trouble:
		until := l.r.CompletedAt.Add(retention)
		if l.r.State != PartiallyDelivered && l.r.State != DeliveryFailed || !tx.Now().Before(until) {
			return nil, nil // tried again since
		}
		t := notify.TroubleContent{Organization: w.org, Ask: ask, Taking: l.r.Type.Removes(), Partly: l.r.State == PartiallyDelivered, Why: l.r.Error, Until: until}
		t.Link, err = w.link(RequestPlace, id, until)
		return t, err
	}
	return w.delivered(ctx, tx, &l)
}

// approval asks for a word that is still waited for, of somebody who may still
// give it.
func (w *writing) approval(ctx context.Context, tx *sqldb.Tx, l *load, ask notify.Ask) (notify.Content, error) {
	if l.r.State != PendingApproval || l.r.Stage != w.n.Stage {
		return nil, nil
	}
	stage, err := stageNumber(ctx, tx, l.r, w.n.Stage)
	if err != nil || stage.Status != StageInProgress || !tx.Now().Before(stage.DueAt) {
		return nil, err
	}
	u, err := directory.GetUser(ctx, tx, l.r.Tenant, string(w.to))
	if err != nil || !u.Enabled() {
		return nil, err
	}
	mine, err := circle(ctx, tx, l.r.Tenant, w.to)
	if err != nil {
		return nil, err
	}
	asked, err := asksOne(ctx, tx, stage, mine)
	if err != nil || !asked {
		return nil, err
	}
	c := notify.ApprovalContent{Organization: w.org, Ask: ask, Again: w.n.Event == eventReminded, PassedOn: w.n.Event == eventPassedOn, Due: stage.DueAt, Others: stage.EscalateAt}
	c.Link, err = w.link(ApprovalPlace, string(l.r.ID), stage.DueAt)
	return c, err
}

// delivered tells what somebody has now.
func (w *writing) delivered(ctx context.Context, tx *sqldb.Tx, l *load) (notify.Content, error) {
	if l.a == nil || !l.a.Live() {
		return nil, nil
	}
	given, err := offer.RolesOf(ctx, tx, l.r.Tenant, l.r.Package)
	if err != nil {
		return nil, err
	}
	c := notify.AccessContent{Organization: w.org, Package: l.pkg.Name, Changed: !l.r.Type.Adds(), Until: l.a.EndsAt}
	for _, g := range given[:min(len(given), mostShown)] {
		c.Gives = append(c.Gives, g.Resource.Name+": "+g.Role.Name)
	}
	if l.r.ForAnother() && w.to != l.target.Object {
		c.For = notify.Person{Name: nameOfSubject(l.target)}
		c.Link, err = w.link(RequestPlace, string(l.r.ID), tx.Now().Add(linkLife))
		return c, err
	}
	c.Link, err = w.link(AssignmentsPlace, "", tx.Now().Add(linkLife))
	return c, err
}

// mostShown is how many of a package's roles a message lists.
const mostShown = 20

// access tells that an assignment ends, or has ended.
func (w *writing) access(ctx context.Context, tx *sqldb.Tx) (notify.Content, error) {
	a, err := assignmentByID(ctx, tx, w.m.Tenant, w.n.Access)
	if err != nil {
		return nil, err
	}
	p, err := offer.PackageByID(ctx, tx, a.Tenant, a.Package)
	if err != nil {
		return nil, err
	}
	c := notify.AccessContent{Organization: w.org, Package: p.Name, Ending: true, Ended: w.n.Event == eventEnded, Until: a.EndsAt}
	if c.Ended {
		if _, err := liveOf(ctx, tx, a.Tenant, a.Package, a.Target); !missing(err) || a.Live() {
			return nil, err // they have it again
		}
		c.Link, err = w.link(AssignmentsPlace, "", tx.Now().Add(linkLife))
		return c, err
	}
	if !a.Live() || sqldb.Micros(a.EndsAt) != w.n.Until || a.Over(tx.Now()) {
		return nil, nil // it lasts longer, or has ended
	}
	if c.Extend, err = extensible(ctx, tx, a); err != nil {
		return nil, err
	}
	c.Link, err = w.link(AssignmentsPlace, "", a.EndsAt)
	return c, err
}

// extensible reports whether who has an assignment could ask for longer now.
func extensible(ctx context.Context, tx *sqldb.Tx, a *Assignment) (bool, error) {
	p, err := offer.PolicyByID(ctx, tx, a.Tenant, a.Policy)
	if missing(err) {
		return false, nil
	}
	if err != nil || !p.Requestor.SelfUpdate || p.Automatic != nil {
		return false, err
	}
	if end := p.Expiration.From(tx.Now()); !end.IsZero() && !end.After(a.EndsAt) {
		return false, nil
	}
	t, err := subjectByID(ctx, tx, a.Tenant, a.Target)
	if err != nil {
		return false, err
	}
	tier, err := admits(ctx, tx, p, t)
	return tier > 0, err
}

// ask tells of a request as people know it.
func (w *writing) ask(ctx context.Context, tx *sqldb.Tx, l *load) (a notify.Ask, err error) {
	r := l.r
	a = notify.Ask{Package: l.pkg.Name, For: personOf(l.target), Longer: !r.Type.Adds(), Words: r.Justification, Made: r.CreatedAt}
	begin := tx.Now()
	if r.Schedule.Start.After(begin) {
		begin, a.Starts = r.Schedule.Start, r.Schedule.Start
	}
	a.Ends = r.End(begin)
	if l.a != nil && r.State == Delivered {
		a.Ends = l.a.EndsAt
	}
	if r.Requestor != r.Target {
		by, err := subjectByID(ctx, tx, r.Tenant, r.Requestor)
		if err != nil {
			return a, err
		}
		a.By = personOf(by)
	}
	a.Home, err = w.home(ctx, tx, l.target)
	return a, err
}

// home returns the name of the organization that a subject comes from: as the
// tenant calls it, else as it calls itself, and none of who is at home.
func (w *writing) home(ctx context.Context, tx *sqldb.Tx, s *Subject) (string, error) {
	if s.Organization != "" {
		o, err := offer.OrganizationByID(ctx, tx, s.Tenant, s.Organization)
		if err == nil {
			return o.Name, nil
		}
		if !missing(err) {
			return "", err
		}
	}
	if s.Principal.IsZero() || s.Principal.Home == s.Tenant {
		return "", nil
	}
	t, err := tenant.Get(ctx, tx, s.Principal.Home)
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return t.DisplayName, nil
}

func personOf(s *Subject) notify.Person {
	return notify.Person{Name: nameOfSubject(s), Address: s.Email, Program: s.Kind != ids.Person}
}

func nameOfSubject(s *Subject) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Email
}
