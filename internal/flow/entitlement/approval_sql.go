package entitlement

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const stageColumns = `s.tenant_id, s.request_id, s.number, s.id, s.status, s.opened_us, s.remind_us, s.escalate_us, s.due_us, s.escalated_us, s.reminded,
	s.result, s.by_subject, s.by_object, s.by_name, s.reason, s.decided_us, s.shown`

func scanStage(scan func(...any) error) (*ApprovalStage, error) {
	a := &ApprovalStage{}
	var opened, remind, escalate, due, escalated, decided int64
	err := scan(&a.Tenant, &a.Request, &a.Number, &a.ID, &a.Status, &opened, &remind, &escalate, &due, &escalated, &a.Reminded,
		&a.Result, &a.By, &a.ByObject, &a.ByName, &a.Reason, &decided, &a.Shown)
	a.OpenedAt, a.RemindAt, a.EscalateAt, a.DueAt = sqldb.Time(opened), sqldb.Time(remind), sqldb.Time(escalate), sqldb.Time(due)
	a.EscalatedAt, a.DecidedAt = sqldb.Time(escalated), sqldb.Time(decided)
	return a, err
}

// stagesOf returns the stages of a request's approval, in order; none if it was
// not to be approved.
func stagesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.RequestID) ([]*ApprovalStage, error) {
	return sqldb.All(ctx, tx, "select "+stageColumns+" from approval_stage s where s.tenant_id = ? and s.request_id = ? order by s.number", []any{tenant, of}, scanStage)
}

// stageNumber returns one of them, or NotFound.
func stageNumber(ctx context.Context, tx *sqldb.Tx, r *Request, number int) (*ApprovalStage, error) {
	return offer.Row(ctx, tx, string(r.ID), "select "+stageColumns+" from approval_stage s where s.tenant_id = ? and s.request_id = ? and s.number = ?", []any{r.Tenant, r.ID, number}, scanStage)
}

// addStages stores stages on which nobody has decided.
func addStages(ctx context.Context, tx *sqldb.Tx, all []*ApprovalStage) error {
	rows := make([][]any, len(all))
	for i, a := range all {
		rows[i] = []any{a.Tenant, a.Request, a.Number, a.ID, a.Status, a.Result, sqldb.Micros(a.OpenedAt), sqldb.Micros(a.RemindAt), sqldb.Micros(a.EscalateAt), sqldb.Micros(a.DueAt)}
	}
	return tx.Queue(ctx, `
		insert into approval_stage (tenant_id, request_id, number, id, status, result, opened_us, remind_us, escalate_us, due_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, rows)
}

// putStage stores a changed stage. One that is decided stays as it is: the fault
// is Decided.
func putStage(ctx context.Context, tx *sqldb.Tx, a *ApprovalStage) error {
	n, err := tx.Exec(ctx, `
		update approval_stage
		set    status = ?, opened_us = ?, remind_us = ?, escalate_us = ?, due_us = ?, escalated_us = ?, reminded = ?,
		       result = ?, by_subject = ?, by_object = ?, by_name = ?, reason = ?, decided_us = ?, shown = ?
		where  tenant_id = ? and request_id = ? and number = ? and status in ('Initializing', 'InProgress')`,
		a.Status, sqldb.Micros(a.OpenedAt), sqldb.Micros(a.RemindAt), sqldb.Micros(a.EscalateAt), sqldb.Micros(a.DueAt), sqldb.Micros(a.EscalatedAt), a.Reminded,
		a.Result, a.By, a.ByObject, a.ByName, a.Reason, sqldb.Micros(a.DecidedAt), a.Shown, a.Tenant, a.Request, a.Number)
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, Decided, "The stage is decided.")
	}
	return err
}

// An approver of a stage: a user or service principal, or a group.
type approver struct {
	object    ids.ObjectID
	alternate bool
}

func addApprovers(ctx context.Context, tx *sqldb.Tx, a *ApprovalStage, list []approver) error {
	rows := make([][]any, len(list))
	for i, p := range list {
		rows[i] = []any{a.Tenant, a.Request, a.Number, p.object, p.alternate}
	}
	return tx.Queue(ctx, `
		insert into approval_approver (tenant_id, request_id, number, object_id, alternate) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, request_id, number, object_id) do nothing`, rows)
}

// asksOne reports whether one of some objects may decide on a stage now.
func asksOne(ctx context.Context, tx *sqldb.Tx, a *ApprovalStage, of []ids.ObjectID) (bool, error) {
	if len(of) == 0 {
		return false, nil
	}
	in, values := sqldb.In(of)
	n := 0
	err := tx.One(ctx, `
		select count(*) from approval_approver p join object o on o.tenant_id = p.tenant_id and o.id = p.object_id and o.deleted_us = 0
		where  p.tenant_id = ? and p.request_id = ? and p.number = ? and (p.alternate = 0 or ? = 1) and p.object_id in (`+in+`)`,
		append([]any{a.Tenant, a.Request, a.Number, !a.EscalatedAt.IsZero()}, values...), &n)
	return n > 0, err
}

// wasAsked reports whether one of some objects is among those who were asked to
// decide on a request at any of its stages, or will be. They are found by the request,
// which has few, not by the object, which may have been asked often: hence the "|| ”".
func wasAsked(ctx context.Context, tx *sqldb.Tx, r *Request, of []ids.ObjectID) (bool, error) {
	if len(of) == 0 {
		return false, nil
	}
	in, values := sqldb.In(of)
	n := 0
	err := tx.One(ctx, `
		select count(*) from approval_approver p
		join   approval_stage s on s.tenant_id = p.tenant_id and s.request_id = p.request_id and s.number = p.number
		join   object o on o.tenant_id = p.tenant_id and o.id = p.object_id and o.deleted_us = 0
		where  p.tenant_id = ? and p.request_id = ? and (p.alternate = 0 or s.escalated_us > 0) and p.object_id || '' in (`+in+`)`,
		append([]any{r.Tenant, r.ID}, values...), &n)
	return n > 0, err
}

// approversOf returns who may decide on a stage now, as objects that live: the first
// two hundred by name.
func approversOf(ctx context.Context, tx *sqldb.Tx, a *ApprovalStage) ([]object.Object, error) {
	return sqldb.All(ctx, tx, `
		select o.id, o.kind, o.display_name
		from   approval_approver p join object o on o.tenant_id = p.tenant_id and o.id = p.object_id and o.deleted_us = 0
		where  p.tenant_id = ? and p.request_id = ? and p.number = ? and (p.alternate = 0 or ? = 1) order by o.display_name, o.id limit 200`,
		[]any{a.Tenant, a.Request, a.Number, !a.EscalatedAt.IsZero()}, func(scan func(...any) error) (object.Object, error) {
			o := object.Object{Tenant: a.Tenant}
			return o, scan(&o.ID, &o.Kind, &o.DisplayName)
		})
}

// waitingFor is the view of the requests on which one of the objects may decide
// now: somebody and the groups that they are in.
func waitingFor(objects []ids.ObjectID) requestView {
	limit, args := offer.Among("p.object_id", objects)
	return requestView{` and q.state = 'pendingApproval' and exists (select 1 from approval_approver p
		join approval_stage s on s.tenant_id = p.tenant_id and s.request_id = p.request_id and s.number = p.number
		where p.tenant_id = q.tenant_id and p.request_id = q.id and p.number = q.stage and s.status = 'InProgress'
		and (p.alternate = 0 or s.escalated_us > 0)` + limit + ")", args}
}
