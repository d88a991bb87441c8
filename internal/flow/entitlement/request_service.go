package entitlement

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A Submission is what somebody sends to have a package, to have it otherwise or
// to have it no more.
type Submission struct {
	Type          RequestType
	Package       ids.PackageID
	Policy        ids.PolicyID  // empty: the one that applies
	Assignment    ids.AccessID  // of updates and removals; or by package and target
	Target        ids.ObjectID  // empty: the caller
	Subject       ids.SubjectID // the same, by the subject
	Email         string        // of a target from elsewhere
	Schedule      offer.Schedule
	Justification string
	Answers       []Answer
	ValidateOnly  bool // check, and store nothing
}

// Submit takes a request, and begins it in the same transaction: it waits for an
// approver, for its time or for its delivery. The checks are made in the order of
// what they need, each with a reason of its own.
func (s *Service) Submit(ctx context.Context, who authz.Caller, in Submission) (*Request, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) (*Request, error) {
		a, err := s.ask(ctx, tx, who, in)
		if err != nil || in.ValidateOnly {
			return a.request, err
		}
		return a.request, s.begin(ctx, tx, who, a)
	})
}

// An asking is a submission with what it is about.
type asking struct {
	in                Submission
	pkg               *offer.Package
	catalog           *offer.Catalog
	policy            *offer.Policy
	requestor, target *Subject
	nobody            error       // why there is no such target
	assignment        *Assignment // of updates and removals
	request           *Request
	approval          bool
	void              *Assignment // that of an account which is deleted: it ends when the target asks anew
}

// ask makes a request of a submission or refuses it.
func (s *Service) ask(ctx context.Context, tx *sqldb.Tx, who authz.Caller, in Submission) (a *asking, err error) {
	a = &asking{in: in}
	if !slices.Contains(RequestTypes, in.Type) || !who.IsSystem() && (in.Type == SystemAdd || in.Type == SystemUpdate || in.Type == SystemRemove) {
		return a, offer.Bad("requestType", "A request of the type '%.40s' cannot be made.", string(in.Type))
	}
	if err = a.find(ctx, tx, who); err != nil {
		return a, err
	}
	if err = cmp.Or(a.authority(ctx, tx, who), a.nobody); err != nil {
		return a, err
	}
	if in.Type.Removes() {
		a.request, err = newRequest(a.policy, in.Type, a.requestor.ID, a.target.ID, in.Justification, tx.Now())
		if err == nil {
			a.request.Assignment = a.assignment.ID
		}
		return a, err
	}
	return a, a.conditions(ctx, tx, who)
}

// find loads what the submission names.
func (a *asking) find(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (err error) {
	if a.requestor, err = subjectOfCaller(ctx, tx, who); err != nil {
		return err
	}
	switch {
	case a.in.Subject != "":
		if a.target, err = subjectByID(ctx, tx, who.Tenant, a.in.Subject); err != nil {
			return noTarget(err)
		}
	case a.in.Target != "":
		a.target, err = subjectOfObject(ctx, tx, who.Tenant, a.in.Target)
	case a.in.Email != "":
		if a.target, err = subjectOfAddress(ctx, tx, who.Tenant, a.in.Email); errors.Is(err, NoSuchTarget) {
			// Whoever may not assign is answered as if there were such a person: accounts
			// elsewhere are nobody's business.
			a.nobody, a.target, err = err, &Subject{Tenant: who.Tenant, Kind: ids.Person, Email: a.in.Email}, nil
		}
	default:
		a.target = a.requestor
	}
	if err != nil {
		return err
	}
	if a.in.Assignment != "" {
		if a.assignment, err = assignmentByID(ctx, tx, who.Tenant, a.in.Assignment); err != nil {
			return absent(err, NoSuchAccess, "assignment")
		}
		if !a.assignment.Live() || a.in.Package != "" && a.in.Package != a.assignment.Package {
			return absent(object.Missing(""), NoSuchAccess, "assignment")
		}
		a.in.Package = a.assignment.Package
		if a.target, err = subjectByID(ctx, tx, who.Tenant, a.assignment.Target); err != nil {
			return err
		}
	}
	if a.pkg, err = offer.PackageByID(ctx, tx, who.Tenant, a.in.Package); err != nil {
		return absent(err, NoSuchPackage, "access package")
	}
	if a.catalog, err = offer.CatalogByID(ctx, tx, who.Tenant, a.pkg.Catalog); err != nil {
		return err
	}
	if a.assignment == nil && !a.in.Type.Adds() {
		if a.assignment, err = liveOf(ctx, tx, who.Tenant, a.pkg.ID, a.target.ID); err != nil {
			return absent(err, NoSuchAccess, "assignment")
		}
	}
	if a.assignment != nil && (a.in.Policy == "" || a.in.Type.Removes()) {
		a.in.Policy = a.assignment.Policy // what is ended is ended by its own rules
	}
	if a.in.Policy == "" {
		return nil
	}
	a.policy, err = offer.PolicyByID(ctx, tx, who.Tenant, a.in.Policy)
	if missing(err) && a.in.Type.Removes() { // gone meanwhile; what it gave is still ended
		a.policy, err = &offer.Policy{Tenant: who.Tenant, ID: a.in.Policy, Package: a.pkg.ID, Requestor: offer.RequestorSettings{SelfRemove: true}}, nil
	}
	if err == nil && a.policy.Package != a.pkg.ID {
		err = object.Missing("")
	}
	return absent(err, NoSuchPolicy, "policy")
}

// unfit says that no policy lets the caller ask. Who may ask on behalf of others learns
// that the address is nobody's.
func (a *asking) unfit(ctx context.Context, tx *sqldb.Tx, policies []*offer.Policy) error {
	for _, p := range policies {
		if a.nobody == nil || a.in.Type != OnBehalfAdd {
			break
		}
		if ok, err := a.lets(ctx, tx, p, false, p.Requestor.OnBehalfAdd); err != nil || ok {
			return cmp.Or(err, a.nobody)
		}
	}
	return fault.Because(fault.Forbidden, NotInScope, "No policy of the access package lets you make this request.")
}

func absent(err error, why fault.Reason, what string) error {
	if !missing(err) {
		return err
	}
	return fault.Because(fault.NotFound, why, "The %s does not exist.", what)
}

// authority asks whether the caller may make such a request, and finds the policy
// that lets them where none is named.
func (a *asking) authority(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	t := a.in.Type
	if who.IsSystem() {
		return nil
	}
	if t.Administers() {
		if err := offer.May(ctx, tx, who, a.catalog.ID, offer.ToAssign); err != nil {
			return err
		}
		switch {
		case t == AdminRemove:
			return nil
		case t == AdminUpdate && a.sameRules():
			return a.bypass(ctx, tx, who)
		}
		if t == AdminUpdate && a.policy.Automatic != nil {
			return fault.Because(fault.Forbidden, NotInScope, "By an automatic policy the installation alone gives access.")
		}
		if a.policy == nil {
			return offer.Bad("assignment.assignmentPolicyId", "An administrator says by which policy.")
		}
		if a.target.Object == "" && !a.catalog.External { // who sets up packages does not open the catalog
			return closed()
		}
		if err := a.bypass(ctx, tx, who); err != nil {
			return err
		}
		return a.reach(ctx, tx)
	}
	if t != UserRemove && !a.catalog.Published {
		return closed()
	}
	own := a.target.ID == a.requestor.ID
	if own && t == OnBehalfAdd || !own && t == UserAdd {
		return offer.Bad("assignment.targetId", "A request of the type %s is made for %s.", string(t), map[bool]string{true: "somebody else", false: "oneself"}[t == OnBehalfAdd])
	}
	policies := []*offer.Policy{a.policy}
	if a.assignment == nil || a.in.Policy != a.assignment.Policy {
		var err error
		if policies, err = offer.PoliciesOf(ctx, tx, who.Tenant, a.pkg.ID); err != nil {
			return err
		}
	}
	fit, err := a.fitting(ctx, tx, policies)
	if err != nil {
		return err
	}
	if len(fit) == 0 {
		return a.unfit(ctx, tx, policies)
	}
	if a.policy != nil {
		fit = slices.DeleteFunc(fit, func(p *offer.Policy) bool { return p.ID != a.policy.ID })
	}
	switch {
	case len(fit) == 0:
		return fault.Because(fault.Forbidden, NotInScope, "Another policy of the access package is for this request.").
			WithFix("Name one of those that getApplicablePolicyRequirements lists, or none: where several are for you, the most particular ones count.")
	case len(fit) > 1:
		return offer.Bad("assignment.assignmentPolicyId", "Several policies of the access package apply; say which.")
	}
	a.policy = fit[0]
	if t != UserRemove && outside(a.target, a.policy.Scope) && !a.catalog.External {
		return closed()
	}
	a.approval = a.approved()
	return nil
}

// sameRules reports whether the access stays with the policy that it was given by.
func (a *asking) sameRules() bool { return a.assignment != nil && a.policy.ID == a.assignment.Policy }

// approved reports whether the policy has such a request approved. Access that comes
// by another policy than before is new by that one.
func (a *asking) approved() bool {
	switch says := a.policy.Approval; {
	case a.in.Type.Removes():
		return false
	case a.in.Type.Adds():
		return says.ForAdd
	default:
		return says.ForUpdate || !a.sameRules() && says.ForAdd
	}
}

// bypass lets those who may change the policy do without its approval. An assignment
// manager cannot change it, and goes its way.
func (a *asking) bypass(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	err := offer.May(ctx, tx, who, a.catalog.ID, offer.ToPackage)
	if a.approval = err != nil && a.approved(); errors.Is(err, fault.Forbidden) {
		err = nil
	}
	return err
}

// reach refuses an administrator's assignment by a policy that is not for the
// target. A policy by which nobody asks is for everybody. Somebody who is known by
// an address alone comes in by whatever lets people from outside ask, which
// organization they are of shows when they sign in.
func (a *asking) reach(ctx context.Context, tx *sqldb.Tx) error {
	if a.policy.Scope == offer.NotSpecified || a.target.Principal.IsZero() && a.policy.Scope.OfOutsiders() {
		return nil
	}
	tier, err := admits(ctx, tx, a.policy, a.target)
	if err == nil && tier == 0 {
		err = fault.Because(fault.Forbidden, NotInScope, "The policy is not for whom the assignment is for.").
			WithFix("Name a policy for which they could ask, or one by which only administrators assign.")
	}
	return err
}

func closed() error {
	return fault.Because(fault.Forbidden, CatalogClosed, "The catalog of the access package is not open to this request.").
		WithFix("An administrator publishes the catalog, or opens it to people from outside.")
}

// fitting returns those of the policies that take such a request for the target;
// of several only the most particular ones.
func (a *asking) fitting(ctx context.Context, tx *sqldb.Tx, policies []*offer.Policy) (fit []*offer.Policy, err error) {
	best := 0
	for _, p := range policies {
		var ok bool
		switch a.in.Type {
		case UserAdd:
			ok = p.Requestor.SelfAdd
		case UserUpdate:
			ok, err = a.lets(ctx, tx, p, p.Requestor.SelfUpdate, p.Requestor.OnBehalfUpdate)
		case UserRemove:
			ok, err = a.lets(ctx, tx, p, p.Requestor.SelfRemove, p.Requestor.OnBehalfRemove)
			if err != nil {
				return nil, err
			}
			if ok {
				return []*offer.Policy{p}, nil // whoever has it may give it back, in scope or not
			}
		case OnBehalfAdd:
			ok, err = a.lets(ctx, tx, p, false, p.Requestor.OnBehalfAdd)
		}
		if err != nil {
			return nil, err
		}
		if !ok || p.Automatic != nil {
			continue
		}
		tier, err := admits(ctx, tx, p, a.target)
		if err != nil {
			return nil, err
		}
		switch {
		case tier == 0:
		case best == 0 || tier < best:
			best, fit = tier, []*offer.Policy{p}
		case tier == best:
			fit = append(fit, p)
		}
	}
	return fit, nil
}

// lets reports whether a policy lets the target do something that it lets targets do
// or not, or the requestor do it for the target.
func (a *asking) lets(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, self, others bool) (bool, error) {
	if a.requestor.ID == a.target.ID || !others {
		return self && a.requestor.ID == a.target.ID, nil
	}
	return actsFor(ctx, tx, p.Requestor.OnBehalf, a.requestor, a.target)
}

// outside reports whether somebody comes in from outside by a policy.
func outside(s *Subject, scope offer.TargetScope) bool { return scope.OfOutsiders() || s.Object == "" }

// admits returns how particularly a policy is for a subject, from 1, the most, to
// 4; 0 is not at all.
func admits(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, s *Subject) (int, error) {
	person, external := s.Kind == ids.Person, s.Kind == ids.Person && s.Principal.Home != s.Tenant && !s.Principal.IsZero()
	switch p.Scope {
	case offer.SpecificDirectoryUsers, offer.SpecificDirectoryServicePrincipals:
		if s.Object == "" || person != (p.Scope == offer.SpecificDirectoryUsers) {
			return 0, nil
		}
		in, err := circle(ctx, tx, s.Tenant, s.Object)
		if err != nil {
			return 0, err
		}
		for _, t := range p.Targets {
			if t.Object != "" && slices.Contains(in, t.Object) {
				return 1, nil
			}
		}
		if ok, err := ruledIn(ctx, tx, p, s); err != nil || !ok {
			return 0, err
		}
		return 1, nil
	case offer.AllMemberUsers, offer.AllDirectoryUsers:
		if !person || s.Object == "" {
			return 0, nil
		}
		u, err := s.account(ctx, tx)
		if err != nil {
			return 0, err
		}
		switch member := u.UserType == nil || *u.UserType == directory.Member; {
		case p.Scope == offer.AllDirectoryUsers:
			return 3, nil
		case member:
			return 2, nil
		}
		return 0, nil
	case offer.AllDirectoryServicePrincipals:
		if !person && s.Object != "" {
			return 3, nil
		}
		return 0, nil
	case offer.AllExternalUsers:
		if external {
			return 4, nil
		}
		return 0, nil
	case offer.SpecificConnectedOrganizationUsers, offer.AllConfiguredConnectedOrganizationUsers, offer.AllExistingConnectedOrganizationUsers:
		if !external || s.Organization == "" {
			return 0, nil
		}
		if p.Scope == offer.SpecificConnectedOrganizationUsers {
			if slices.ContainsFunc(p.Targets, func(t offer.SubjectSet) bool { return t.Organization == s.Organization }) {
				return 1, nil
			}
			return 0, nil
		}
		o, err := offer.OrganizationByID(ctx, tx, s.Tenant, s.Organization)
		if err != nil || p.Scope == offer.AllConfiguredConnectedOrganizationUsers && o.State != offer.Configured {
			return 0, err
		}
		return 4, nil
	}
	return 0, nil
}

// actsFor reports whether the requestor is among those who may ask for the target.
func actsFor(ctx context.Context, tx *sqldb.Tx, sets []offer.SubjectSet, requestor, target *Subject) (bool, error) {
	mine, err := circle(ctx, tx, requestor.Tenant, requestor.Object)
	if err != nil {
		return false, err
	}
	for _, set := range sets {
		objects, err := objectsOf(ctx, tx, set, target)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(objects, func(id ids.ObjectID) bool { return slices.Contains(mine, id) }) {
			return true, nil
		}
	}
	return false, nil
}

// conditions checks what the policy and the target's other access say, and makes
// the request.
func (a *asking) conditions(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (err error) {
	if err := a.mayStay(ctx, tx); err != nil {
		return err
	}
	t := a.in.Type
	if t.Adds() {
		if err := apart(ctx, tx, a.pkg, a.target); err != nil {
			return err
		}
	}
	// Otherwise the store tells when the request is stored. To ask it before is to have
	// read, for serializable transactions, what everybody else who asks writes.
	// The installation goes on with others where somebody is in its way.
	if a.in.ValidateOnly || t == SystemUpdate || t == SystemAdd {
		if open, err := hasOpen(ctx, tx, who.Tenant, a.pkg.ID, a.target.ID); err != nil || open {
			if err == nil {
				err = openRequest()
			}
			return err
		}
	}
	if t.Adds() {
		have, err := liveOf(ctx, tx, who.Tenant, a.pkg.ID, a.target.ID)
		if err != nil && !missing(err) {
			return err
		}
		if err == nil {
			if gone, err := a.target.without(ctx, tx, have); err != nil {
				return err
			} else if !gone {
				return hasAlready()
			}
			a.void = have
		}
	} else if gone, err := a.target.without(ctx, tx, a.assignment); err != nil {
		return err
	} else if gone {
		return fault.Because(fault.Invalid, NoSuchAccess, "The account that had the access is deleted.").WithFix("Ask for the access package anew, or restore the account.")
	}
	free := a.policy.Requestor.CustomSchedule || t.Administers() || t == UserUpdate && !a.in.Schedule.Given()
	if a.request, err = newRequest(a.policy, t, a.requestor.ID, a.target.ID, a.in.Justification, tx.Now()); err != nil {
		return err
	}
	asked := t == UserAdd || t == OnBehalfAdd || t == UserUpdate && !a.sameRules()
	if asked || len(a.in.Answers) > 0 {
		if a.request.Answers, err = check(a.policy.Questions, a.in.Answers); err != nil {
			return err
		}
	}
	if !t.Administers() && !who.IsSystem() && a.policy.Approval.Justification && a.request.Justification == "" {
		f := fault.Because(fault.Invalid, NoJustification, "The policy asks for a justification.")
		f.Target = "justification"
		return f
	}
	if err := a.in.Schedule.Fits(a.policy.Expiration, free, tx.Now()); err != nil {
		return err
	}
	if end := a.policy.Expiration; end.Type == offer.ExpirationAfterDateTime && !end.End.After(tx.Now()) {
		return offer.RefuseSchedule("assignment.assignmentPolicyId", "By this policy all access ended on %s.", stamp(end.End))
	}
	a.request.Schedule = a.in.Schedule
	if a.assignment != nil {
		a.request.Assignment = a.assignment.ID
	}
	return nil
}

// mayStay refuses a target who is blocked, except by us for the want of access,
// and one from elsewhere whom the tenants would not let come.
func (a *asking) mayStay(ctx context.Context, tx *sqldb.Tx) error {
	s := a.target
	if s.Object == "" {
		in, err := tenant.Get(ctx, tx, s.Tenant)
		if err != nil {
			return err
		}
		return guest.MayBring(ctx, tx, in, guest.Newcomer{Home: s.Principal, Mail: s.Email})
	}
	if s.Kind != ids.Person {
		return nil
	}
	u, err := s.account(ctx, tx)
	if err != nil || u.Enabled() {
		return noTarget(err)
	}
	l, err := guest.LifeOf(ctx, tx, s.Tenant, u.ID)
	if err == nil && !l.Blocks(u) {
		err = fault.Because(fault.Invalid, TargetBlocked, "The target's account is disabled here.").WithFix("An administrator enables the account first.")
	}
	return err
}

// apart refuses a target who has what the package is incompatible with.
func apart(ctx context.Context, tx *sqldb.Tx, p *offer.Package, s *Subject) error {
	not, err := offer.IncompatibleWith(ctx, tx, p.Tenant, p.ID)
	if err != nil {
		return err
	}
	return clash(ctx, tx, not, p, s)
}

// clash does so where it is known what the package is incompatible with.
func clash(ctx context.Context, tx *sqldb.Tx, not offer.Incompatible, p *offer.Package, s *Subject) error {
	held, err := holdsAny(ctx, tx, p.Tenant, s.ID, not.Packages)
	if err != nil {
		return err
	}
	what := "the access package " + string(held)
	if held == "" && len(not.Groups) > 0 && s.Object != "" {
		in, err := circle(ctx, tx, p.Tenant, s.Object)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(not.Groups, func(g ids.ObjectID) bool { return slices.Contains(in, g) })
		if i < 0 {
			return nil
		}
		held, what = ids.PackageID(not.Groups[i]), "membership of the group "+string(not.Groups[i])
	}
	if held == "" {
		return nil
	}
	return fault.Because(fault.Invalid, Clashes, "The target has %s, which is incompatible with this access package.", what)
}

// begin stores the request and takes it on.
func (s *Service) begin(ctx context.Context, tx *sqldb.Tx, who authz.Caller, a *asking) error {
	r := a.request
	if err := propose(ctx, tx, a); err != nil {
		return err
	}
	if a.void != nil {
		if err := s.end(ctx, tx, a.void); err != nil {
			return err
		}
	}
	r.Terms.Approval = a.approval
	if err := a.remember(ctx, tx); err != nil {
		return err
	}
	held, activities := false, []string{madeBy[r.Type]}
	if !r.Type.Removes() {
		var err error
		if held, err = callAt(ctx, tx, r, r.Terms, stageCreated); err != nil {
			return err
		}
	}
	if !held {
		if err := onward(ctx, tx, r, a.pkg, a.target, a.requestor); err != nil {
			return err
		}
		activities = append(activities, unasked(r), ahead(r))
	}
	if err := addRequest(ctx, tx, r); err != nil {
		return err
	}
	if err := tell(ctx, tx, who, a.target, r, a.pkg.Name, activities...); err != nil {
		return err
	}
	return wake(ctx, tx, r)
}

// remember notes who stands behind the programs that ask, or are to have it, where
// somebody is to give their word. Who administers the package and is not to be approved
// is no party.
func (a *asking) remember(ctx context.Context, tx *sqldb.Tx) (err error) {
	by, says := a.requestor, &a.request.Terms
	if a.in.Type.Administers() && !a.approval {
		by = a.target
	}
	if a.target.Kind != ids.Workload && by.Kind != ids.Workload || !a.approval && len(says.Extensions) == 0 {
		return nil
	}
	says.Behind, err = partiesOf(ctx, tx, a.target, by)
	return err
}

// wake enqueues the job that next looks at the request; if it has ended none does.
func wake(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	j, ok := r.job()
	switch {
	case !ok:
		_, err := jobs.Cancel(ctx, tx, j.Kind, j.Tenant, j.Key)
		return err
	case r.State == PendingApproval && r.Callout == "":
		stage, err := r.stage(ctx, tx)
		if err != nil {
			return err
		}
		j.NotBefore = stage.Next()
	}
	return jobs.Enqueue(ctx, tx, j)
}

// job returns the job that next looks at the request, if it has not ended. When a
// request is looked at that waits for approval, its stage says.
func (r *Request) job() (jobs.Job, bool) {
	j := jobs.Job{Kind: RequestKind, Tenant: r.Tenant, Key: string(r.ID)}
	switch {
	case r.Callout != "":
		j.NotBefore = r.ResumeBy
	case r.State == PendingApproval:
	case r.State == Scheduled:
		j.NotBefore = r.Schedule.Start
	case r.State == Delivering:
		j.NotBefore = r.TryAt
	default:
		return j, false
	}
	return j, true
}

// Reprocess delivers again what could not be delivered.
func (s *Service) Reprocess(ctx context.Context, who authz.Caller, id ids.RequestID) error {
	return s.changeRequest(ctx, who, id, false, triedAgain, func(ctx context.Context, tx *sqldb.Tx, r *Request) error {
		if err := r.Reprocess(tx.Now()); err != nil {
			return err
		}
		if err := stands(ctx, tx, r); err != nil {
			return err
		}
		if err := putRequest(ctx, tx, r); err != nil {
			return err
		}
		return wake(ctx, tx, r)
	})
}

func (s *Service) changeRequest(ctx context.Context, who authz.Caller, id ids.RequestID, own bool, activity string,
	do func(ctx context.Context, tx *sqldb.Tx, r *Request) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, p, err := requestFor(ctx, tx, who, id, offer.ToAssign, own)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, r); err != nil {
			return err
		}
		target, _, err := r.parties(ctx, tx)
		if err != nil {
			return err
		}
		return tell(ctx, tx, who, target, r, p.Name, activity)
	})
}

// requestFor returns a request of the caller's own, where own ones count, or of a
// package with which they may do the task. To everybody else there is none.
func requestFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.RequestID, t offer.Task, own bool) (*Request, *offer.Package, error) {
	r, err := requestByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := packageOf(ctx, tx, who.Tenant, r.Package)
	if err != nil {
		return nil, nil, err
	}
	if own {
		target, requestor, err := r.parties(ctx, tx)
		if err != nil {
			return nil, nil, err
		}
		if target.Is(who.Subject, who.Object) || requestor.Is(who.Subject, who.Object) {
			return r, p, nil
		}
	}
	return r, p, offer.May(ctx, tx, who, p.Catalog, t)
}

// DeleteRequest removes a request that has ended. What it brought about stays.
func (s *Service) DeleteRequest(ctx context.Context, who authz.Caller, id ids.RequestID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, p, err := requestFor(ctx, tx, who, id, offer.ToAssign, false)
		if err != nil {
			return err
		}
		if r.Open() {
			return fault.Because(fault.Invalid, WrongState, "A request that is under way cannot be deleted.").WithFix("Cancel it first.")
		}
		target, _, err := r.parties(ctx, tx)
		if err != nil {
			return err
		}
		if err := dropRequest(ctx, tx, r); err != nil {
			return err
		}
		return tell(ctx, tx, who, target, r, p.Name, deletedRequest)
	})
}
