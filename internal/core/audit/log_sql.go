package audit

import (
	"context"
	"maps"
	"slices"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// The results that a log is asked for.
const (
	Succeeded = "success"
	Failed    = "failure"
)

// A Question is what a reader of a log looks for; what is empty is not asked.
type Question struct {
	Since  time.Time
	Result string // Succeeded or Failed
	Kind   string // of sign-in, or category of change
	By     By
	Value  string // of By; names are compared folded
	Page   query.Page
}

// By is what one value is looked for in. Every one is found by an index, in
// the order of time.
type By string

// What a log can be asked by.
const (
	ByName        By = "name"        // user principal name; of sign-ins also a workload's name
	ByObject      By = "object"      // object ID: who signed in, or what was changed
	ByApp         By = "app"         // application ID: what signed in, or changed
	ByActivity    By = "activity"    // what was done
	ByOther       By = "other"       // the tenant on the other side
	ByCorrelation By = "correlation" // the identifier that error pages show
)

var (
	signInFields = map[By]string{ByName: "principalName", ByObject: "principal", ByApp: "appId", ByOther: "otherTenant", ByCorrelation: "correlationId"}
	entryFields  = map[By]string{
		ByName: "initiatedBy/user/userPrincipalName", ByObject: "targetResources/id", ByApp: "initiatedBy/app/appId",
		ByActivity: "activityDisplayName", ByOther: "otherTenant", ByCorrelation: "correlationId",
	}
	signInLog = extended(SignInTable, "s.other_tenant")
	entryLog  = extended(EntryTable, "e.other_tenant")
)

// extended returns a table that can be asked for the other side as well, which
// Graph's cannot.
func extended(t query.Table, other string) query.Table {
	fields := maps.Clone(t.Fields)
	fields["otherTenant"] = query.Column{SQL: other, Null: ""}
	t.Fields = fields
	return t
}

// AskSignIns returns a page of the tenant's sign-ins that answer q, the newest
// first.
func AskSignIns(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q Question) (Page[SignIn], error) {
	return list(ctx, tx, q.query("createdDateTime", "signInEventTypes", signInFields[q.By]), signInLog, signInColumns, signInsFrom+q.only("s"), tenant, scanSignIn)
}

// AskEntries returns a page of the tenant's entries that answer q, the newest
// first.
func AskEntries(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q Question) (Page[Stored], error) {
	return list(ctx, tx, q.query("activityDateTime", "category", entryFields[q.By]), entryLog, entryColumns, entriesFrom+q.only("e"), tenant, scanEntry)
}

func (q Question) query(at, kind, by string) query.Query {
	var all query.And
	if !q.Since.IsZero() {
		all = append(all, query.Compare{Field: at, Op: query.Ge, Value: q.Since})
	}
	if q.Kind != "" {
		all = append(all, query.Compare{Field: kind, Op: query.Eq, Value: q.Kind})
	}
	if by != "" && q.Value != "" {
		all = append(all, query.Compare{Field: by, Op: query.Eq, Value: q.Value})
	}
	return query.Query{Filter: all, Order: []query.Key{{Field: at, Desc: true}}, Page: q.Page}
}

// only returns the conditions of the indexes that hold a part of the rows: they
// are used where they stand in the text.
func (q Question) only(row string) (text string) {
	switch q.Result {
	case Failed:
		text += " and " + row + ".reason <> ''"
	case Succeeded:
		text += " and " + row + ".reason = ''"
	}
	switch {
	case q.By == ByOther:
		text += " and " + row + ".other_tenant <> ''"
	case q.By == ByName && row == "e":
		text += " and e.by_user_folded <> ''"
	}
	return text
}

// Categories returns the categories of changes.
func Categories() []string { return slices.Clone(categories) }
