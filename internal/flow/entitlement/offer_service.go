package entitlement

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// At returns the tenant that a domain or an identifier names, to whoever opens a
// page of it. A
// tenant that is shut looks like one that does not exist.
func (s *Service) At(ctx context.Context, domain string) (*tenant.Tenant, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*tenant.Tenant, error) {
		in, err := tenant.Resolve(ctx, tx, domain)
		if err == nil && in.Active() != nil {
			err = object.Missing(domain)
		}
		if missing(err) || errors.Is(err, fault.Invalid) {
			return nil, fault.New(fault.NotFound, "No organization here has this domain.")
		}
		return in, err
	})
}

// An Offer is an access package as it is shown to somebody to whom its link was
// given: they can ask for it, or are told who can.
type Offer struct {
	Package *offer.Package
	Roles   []offer.RoleScope   // what it gives; nothing to whom it is not offered
	Ways    []Way               // by which the caller can ask; none where they cannot
	Whom    []offer.TargetScope // whom its policies are for, where the caller cannot ask
	Open    *Request            // the caller's own that is under way, or nil
	Held    *Assignment         // what the caller has of it, or nil
	Clash   error               // what the caller has that keeps them from it, or nil
}

// A Way is a policy by which somebody can ask.
type Way struct {
	*offer.Policy
	Self      bool       // for themselves
	Behalf    bool       // for others
	Approvers [][]string // by stage, their names where the caller may know them and they don't depend on whom it is for
}

// Offer returns a package as the caller may ask for it. It stores nothing.
func (s *Service) Offer(ctx context.Context, who authz.Caller, id ids.PackageID) (*Offer, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Offer, error) {
		p, err := offer.PackageByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		c, err := offer.CatalogByID(ctx, tx, who.Tenant, p.Catalog)
		if err != nil {
			return nil, err
		}
		if !c.Published {
			return nil, object.Missing(string(id))
		}
		me, err := subjectSeen(ctx, tx, who)
		if err != nil {
			return nil, err
		}
		o := &Offer{Package: p}
		if err := o.ways(ctx, tx, me); err != nil {
			return nil, err
		}
		if err := o.own(ctx, tx, me); err != nil {
			return nil, err
		}
		if len(o.Ways) == 0 && o.Held == nil && o.Open == nil {
			return o, nil
		}
		if o.Roles, err = offer.RolesOf(ctx, tx, who.Tenant, id); err != nil {
			return nil, err
		}
		if err := apart(ctx, tx, p, me); fault.Public(err).Reason == Clashes {
			o.Clash = err
		} else if err != nil {
			return nil, err
		}
		return o, nil
	})
}

// ways finds by which policies the subject can ask.
func (o *Offer) ways(ctx context.Context, tx *sqldb.Tx, me *Subject) error {
	policies, err := offer.PoliciesOf(ctx, tx, me.Tenant, o.Package.ID)
	if err != nil {
		return err
	}
	a := &asking{in: Submission{Type: UserAdd}, requestor: me, target: me}
	fit, err := a.fitting(ctx, tx, policies)
	if err != nil {
		return err
	}
	for _, p := range policies {
		o.Whom = append(o.Whom, p.Scope)
		w := Way{Policy: p}
		if slices.Contains(fit, p) {
			if w.Self, err = opensTo(ctx, tx, p, me); err != nil {
				return err
			}
		}
		if w.Behalf, err = actsForSome(ctx, tx, p, me); err != nil {
			return err
		}
		if !w.Self && !w.Behalf {
			continue
		}
		if err := w.approvers(ctx, tx, me); err != nil {
			return err
		}
		o.Ways = append(o.Ways, w)
	}
	return nil
}

// approvers finds who would decide on a request by the policy.
func (w *Way) approvers(ctx context.Context, tx *sqldb.Tx, me *Subject) error {
	if !w.Approval.ForAdd {
		return nil
	}
	for _, stage := range w.Approval.Stages {
		var names []string
		if w.Self {
			var err error
			if names, err = whoApproves(ctx, tx, stage, me); err != nil {
				return err
			}
		}
		w.Approvers = append(w.Approvers, names)
	}
	return nil
}

// actsForSome reports whether a policy lets the subject ask for others. Where it
// is their managers who may, anybody is one who has a report.
func actsForSome(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, me *Subject) (bool, error) {
	if !p.Requestor.OnBehalfAdd || p.Automatic != nil || me.Object == "" {
		return false, nil
	}
	mine, err := circle(ctx, tx, me.Tenant, me.Object)
	if err != nil {
		return false, err
	}
	for _, set := range p.Requestor.OnBehalf {
		if set.Kind != offer.TargetManager {
			if slices.Contains(mine, set.Object) {
				return true, nil
			}
			continue
		}
		reports, err := directory.ListObjects(ctx, tx, me.Tenant, directory.ReportsOf(me.Object), "", query.Query{Page: query.Page{Limit: 1}})
		if err != nil || len(reports.Items) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// own finds what the subject has of the package already.
func (o *Offer) own(ctx context.Context, tx *sqldb.Tx, me *Subject) (err error) {
	if me.ID == "" {
		return nil
	}
	if o.Held, err = liveOf(ctx, tx, me.Tenant, o.Package.ID, me.ID); missing(err) {
		o.Held = nil
	} else if err != nil {
		return err
	}
	o.Open, err = openFor(ctx, tx, me.Tenant, o.Package.ID, me.ID)
	return err
}

// openFor returns the open request of a target for a package, or nil.
func openFor(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, pkg ids.PackageID, target ids.SubjectID) (*Request, error) {
	all, err := sqldb.All(ctx, tx, "select "+requestColumns+` from assignment_request q
		where q.tenant_id = ? and q.package_id = ? and q.target_id = ? and q.waits = 1 limit 1`, []any{tenant, pkg, target}, scanRequest)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// whoApproves returns the names of who would approve, where whoever asks may
// know them: members of the tenant unless the policy says otherwise, people from
// elsewhere where it says so.
func whoApproves(ctx context.Context, tx *sqldb.Tx, s offer.Stage, me *Subject) ([]string, error) {
	if !tells(s, me) {
		return nil, nil
	}
	own, err := me.selves(ctx, tx)
	if err != nil {
		return nil, err
	}
	all, err := resolve(ctx, tx, s.Primary, s.Fallback, me, own)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, id := range all[:min(len(all), mostNames)] {
		o, err := object.Get(ctx, tx, me.Tenant, id)
		if err != nil && !missing(err) {
			return nil, err
		}
		if err == nil {
			names = append(names, o.DisplayName)
		}
	}
	return names, nil
}

// mostNames is how many approvers are named.
const mostNames = 10

// tells reports whether a stage lets a subject know who approves.
func tells(s offer.Stage, me *Subject) bool {
	return s.Visibility == "visible" || s.Visibility != "notVisible" && me.Inside()
}

// subjectSeen returns the subject who is calling as subjectOfCaller does, but
// stores nothing: without an identifier nothing is kept of them yet.
func subjectSeen(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (*Subject, error) {
	s := &Subject{Tenant: who.Tenant, Kind: who.Subject.Kind, Principal: who.Subject, Object: who.Object, Name: who.Name}
	if s.Kind == ids.Person {
		u, err := directory.GetUser(ctx, tx, who.Subject.Home, string(who.Subject.ID))
		if err != nil {
			return nil, err
		}
		s.describe(u)
	}
	if s.Object == "" && s.Kind == ids.Person {
		here, err := directory.GuestOf(ctx, tx, who.Tenant, who.Subject)
		if err != nil && !missing(err) {
			return nil, err
		}
		if err == nil {
			s.Object = here.ID
		}
	}
	var err error
	if s.Organization, err = homeOrganization(ctx, tx, s); err != nil {
		return nil, err
	}
	all, err := same(ctx, tx, s)
	for _, have := range all {
		if s.ID == "" || have.Principal.Same(s.Principal) {
			s.ID = have.ID
		}
	}
	return s, err
}
