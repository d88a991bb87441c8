package entitlement

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const requestColumns = `q.tenant_id, q.id, q.kind, q.package_id, q.policy_id, q.requestor_id, q.target_id, q.assignment_id, q.state, q.status,
	q.stage, q.tries, q.try_us, q.error, q.callout, q.resume_us, q.schedule, q.justification, q.answers, q.terms, q.created_us, q.completed_us, q.version`

func scanRequest(scan func(...any) error) (*Request, error) {
	r := &Request{}
	var try, resume, created, completed int64
	var schedule, answers, terms string
	err := scan(&r.Tenant, &r.ID, &r.Type, &r.Package, &r.Policy, &r.Requestor, &r.Target, &r.Assignment, &r.State, &r.Status,
		&r.Stage, &r.Tries, &try, &r.Error, &r.Callout, &resume, &schedule, &r.Justification, &answers, &terms, &created, &completed, &r.version)
	if err != nil {
		return nil, err
	}
	r.TryAt, r.ResumeBy, r.CreatedAt, r.CompletedAt = sqldb.Time(try), sqldb.Time(resume), sqldb.Time(created), sqldb.Time(completed)
	return r, errors.Join(json.Unmarshal([]byte(schedule), &r.Schedule), json.Unmarshal([]byte(answers), &r.Answers), json.Unmarshal([]byte(terms), &r.Terms))
}

// requestTable tells by what requests can be found and sorted.
var requestTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":                       {SQL: "q.id"},
	"requestType":              {SQL: "q.kind", Among: texts(RequestTypes)},
	"state":                    {SQL: "q.state", Among: texts(RequestStates)},
	"status":                   {SQL: "q.status"},
	"createdDateTime":          {SQL: "q.created_us", Kind: query.Time},
	"completedDateTime":        {SQL: "q.completed_us", Kind: query.Time, Null: int64(0)},
	"accessPackage/id":         {SQL: "q.package_id"},
	"assignment/id":            {SQL: "q.assignment_id", Null: ""},
	"requestor/id":             {SQL: "q.requestor_id"},
	"requestor/objectId":       {SQL: subjectField("requestor_id", "object_id"), Null: ""},
	"assignment/target/id":     {SQL: "q.target_id"},
	"assignment/target/object": {SQL: subjectField("target_id", "object_id"), Null: ""},
}}

// subjectField is a column of one of a request's subjects.
func subjectField(which, column string) string {
	return "(select b." + column + " from subject b where b.tenant_id = q.tenant_id and b.id = q." + which + ")"
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

// requestByID returns a request, or NotFound.
func requestByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) (*Request, error) {
	return offer.Row(ctx, tx, string(id), "select "+requestColumns+" from assignment_request q where q.tenant_id = ? and q.id = ?", []any{tenant, id}, scanRequest)
}

// requestsByID returns those of some requests that there are.
func requestsByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []string) ([]*Request, error) {
	return offer.Several(ctx, tx, "select "+requestColumns+" from assignment_request q where q.tenant_id = ? and q.id", tenant, keys, scanRequest)
}

// addRequest stores a new request. Another open one for the target and package is
// OpenRequest.
func addRequest(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	return addRequests(ctx, tx, []*Request{r})
}

// addRequests does so for several.
func addRequests(ctx context.Context, tx *sqldb.Tx, all []*Request) error {
	rows := make([][]any, len(all))
	for i, r := range all {
		schedule, answers, terms, err := r.stored()
		if err != nil {
			return err
		}
		rows[i] = []any{r.Tenant, r.ID, r.Type, r.Package, r.Policy, r.Requestor, r.Target, r.Assignment, r.State, r.Status, r.waits(),
			r.Stage, r.Tries, sqldb.Micros(r.TryAt), r.Error, r.Callout, sqldb.Micros(r.ResumeBy), schedule, r.Justification, answers, terms,
			sqldb.Micros(r.CreatedAt), sqldb.Micros(r.CompletedAt)}
		r.version = 1
	}
	n, err := tx.ExecAll(ctx, `
		insert into assignment_request (tenant_id, id, kind, package_id, policy_id, requestor_id, target_id, assignment_id, state, status, waits,
		                                stage, tries, try_us, error, callout, resume_us, schedule, justification, answers, terms, created_us, completed_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, package_id, target_id) where waits = 1 do nothing`, rows)
	if err == nil && n < int64(len(all)) {
		err = openRequest()
	}
	return err
}

// alone refuses a request that is to wait while another does for its target and package.
func alone(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	if !r.waits() {
		return nil
	}
	var n int
	err := tx.One(ctx, `select count(*) from assignment_request where tenant_id = ? and package_id = ? and target_id = ? and waits = 1 and id <> ?`,
		[]any{r.Tenant, r.Package, r.Target, r.ID}, &n)
	if err == nil && n > 0 {
		err = openRequest()
	}
	return err
}

func openRequest() error {
	return fault.Because(fault.Invalid, OpenRequest, "There is an open request of the target for this access package.").
		WithFix("Wait until it ends, or cancel it.")
}

// waits reports whether a second request of its kind is refused meanwhile. What
// takes access away is never in the way, nor is what the installation does.
func (r *Request) waits() bool {
	return r.Open() && !r.Type.Removes() && r.Type != SystemUpdate
}

// putRequest stores a changed request; a Conflict if someone else stored it since.
func putRequest(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	return putRequests(ctx, tx, []*Request{r})
}

// putAgreed does so with the terms, which otherwise never change.
func putAgreed(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	_, _, terms, err := r.stored()
	if err != nil {
		return err
	}
	return putChanged(ctx, tx, "terms = ?, ", [][]any{append([]any{terms}, r.changed()...)})
}

// putRequests does so for several.
func putRequests(ctx context.Context, tx *sqldb.Tx, all []*Request) error {
	rows := make([][]any, len(all))
	for i, r := range all {
		rows[i] = r.changed()
	}
	return putChanged(ctx, tx, "", rows)
}

// changed returns the values of putChanged for a request, which is the next version then.
func (r *Request) changed() []any {
	row := []any{r.Assignment, r.Target, r.State, r.Status, r.waits(), r.Stage, r.Tries, sqldb.Micros(r.TryAt), r.Error, r.Callout, sqldb.Micros(r.ResumeBy),
		sqldb.Micros(r.CompletedAt), r.Tenant, r.ID, r.version}
	r.version++
	return row
}

func putChanged(ctx context.Context, tx *sqldb.Tx, also string, rows [][]any) error {
	n, err := tx.ExecAll(ctx, `
		update assignment_request
		set    `+also+`assignment_id = ?, target_id = ?, state = ?, status = ?, waits = ?, stage = ?, tries = ?, try_us = ?, error = ?, callout = ?, resume_us = ?,
		       completed_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`, rows)
	if err == nil && n < int64(len(rows)) {
		err = fault.New(fault.Conflict, "Someone else has just changed this request.")
	}
	return err
}

// dropRequest removes a request with its approval.
func dropRequest(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	for _, text := range []string{
		`delete from approval_approver where tenant_id = ? and request_id = ?`,
		`delete from approval_stage where tenant_id = ? and request_id = ?`,
		`delete from callout where tenant_id = ? and request_id = ?`,
		`delete from assignment_request where tenant_id = ? and id = ?`,
	} {
		if _, err := tx.Exec(ctx, text, r.Tenant, r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (r *Request) stored() (schedule, answers, terms string, err error) {
	s, errS := json.Marshal(r.Schedule)
	if r.Answers == nil {
		r.Answers = []Answer{}
	}
	a, errA := json.Marshal(r.Answers)
	t, errT := json.Marshal(r.Terms)
	return string(s), string(a), string(t), errors.Join(errS, errA, errT)
}

// openOf returns the open requests that would change assignments: of each there is
// one at most.
func openOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of []*Assignment) ([]*Request, error) {
	keys := make([]ids.AccessID, len(of))
	for i, a := range of {
		keys[i] = a.ID
	}
	return offer.Several(ctx, tx, "select "+requestColumns+` from assignment_request q
		where q.tenant_id = ? and q.assignment_id <> '' and q.waits = 1 and q.assignment_id`, tenant, keys, scanRequest)
}

// hasOpen reports whether a target has an open request for a package.
func hasOpen(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, pkg ids.PackageID, target ids.SubjectID) (bool, error) {
	var n int
	err := tx.One(ctx, `select count(*) from assignment_request where tenant_id = ? and package_id = ? and target_id = ? and waits = 1`,
		[]any{tenant, pkg, target}, &n)
	return n > 0, err
}

// A view of requests: whose.
type requestView struct {
	where string
	args  []any
}

func (v requestView) from(tenant ids.TenantID) (string, []any) {
	return "from assignment_request q where q.tenant_id = ?" + v.where, append([]any{tenant}, v.args...)
}

func listRequests(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v requestView, q query.Query) (object.Page[*Request], error) {
	from, args := v.from(tenant)
	return object.List(ctx, tx, q, requestTable, requestColumns, from, args, scanRequest)
}

func countRequests(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v requestView, filter query.Expr) (int, error) {
	from, args := v.from(tenant)
	return object.Count(ctx, tx, filter, requestTable, from, args)
}

// stands refuses to try a delivery again that something else has overtaken: the package
// is gone, the target has it otherwise, another request is under way, or a later one has
// changed the access since.
func stands(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	if _, err := offer.PackageByID(ctx, tx, r.Tenant, r.Package); err != nil {
		return absent(err, NoSuchPackage, "access package")
	}
	if err := alone(ctx, tx, r); err != nil || r.Type.Removes() {
		return err
	}
	if r.Type.Adds() {
		have, err := liveOf(ctx, tx, r.Tenant, r.Package, r.Target)
		if err == nil && have.ID != r.Assignment {
			return hasAlready()
		}
		if err != nil {
			return skipMissing(err)
		}
	}
	var later int
	err := tx.One(ctx, `select count(*) from assignment_request where tenant_id = ? and assignment_id = ? and assignment_id <> '' and id <> ? and created_us > ? and state in (?, ?)`,
		[]any{r.Tenant, r.Assignment, r.ID, sqldb.Micros(r.CreatedAt), Delivered, PartiallyDelivered}, &later)
	if err == nil && later > 0 {
		err = fault.Because(fault.Invalid, WrongState, "A later request has changed the access since.").WithFix("Make a new request.")
	}
	return err
}
