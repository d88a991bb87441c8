// Package audit keeps what happened: changes of the directory, and sign-ins.
//
// An entry is written in the transaction of the change it tells of, so there
// is never one without the other. What crosses between two tenants is written
// in both, under one crossing identifier. The far side's entry says what
// happened and which tenant did it; who it was there, from which address and
// with which application stands in that tenant's own entry, and whoever has to
// know asks for it by the crossing. Each entry carries the hash of its
// canonical form; its body, which may hold personal data, can be erased later
// and the hash still proves what stood there.
//
// A sign-in is an answer of the token endpoint, given or refused, with the
// links of the chain that was followed: what was expected, what was found, the
// verdict. Sign-ins come in crowds and share commits; Put returns when the
// entry is stored, so that no token leaves before its entry. They are
// dropped when they are older than the operator keeps them; changes never are.
package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Target is what an entry speaks of. Kind is Graph's word: User, Application,
// ServicePrincipal, Policy …
type Target struct {
	Kind string
	ID   string
	Name string
}

// A Change is one property's old and new value, as JSON or plain text.
type Change struct {
	Name string `json:"displayName"`
	Old  string `json:"oldValue,omitempty"`
	New  string `json:"newValue,omitempty"`
}

// An Entry is one change of the directory. Activity and Category are the words
// of Microsoft's audit log where it has them.
type Entry struct {
	Category string
	Activity string
	Target   Target
	Changes  []Change
	Detail   map[string]string // anything else worth keeping, such as warnings
	Failure  string            // why it was refused; empty for a success
	Service  string            // which part of Entra logs it; empty is CoreDirectory
}

// CoreDirectory is the service that logs what names no other.
const CoreDirectory = "Core Directory"

// Record writes an entry into the log of the caller's tenant.
func Record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, e Entry) error {
	return RecordAll(ctx, tx, who, []Told{{Entry: e}})
}

// RecordBoth writes an entry into the logs of the caller's tenant and of the
// other tenant, under one crossing identifier. The other tenant's entry names
// the caller's tenant in the caller's place. When both are the same tenant there
// is one entry.
func RecordBoth(ctx context.Context, tx *sqldb.Tx, who authz.Caller, other ids.TenantID, e Entry) error {
	return RecordAll(ctx, tx, who, []Told{{Entry: e, Other: other}})
}

// Told is an entry, and the other tenant that is told as well; none if empty.
type Told struct {
	Entry
	Other ids.TenantID
	Own   []Change // what the other tenant is not told
}

// RecordAll does what RecordBoth does for several entries, in one statement.
func RecordAll(ctx context.Context, tx *sqldb.Tx, who authz.Caller, all []Told) error {
	rows := make([][]any, 0, len(all))
	add := func(who authz.Caller, tenant, other ids.TenantID, crossing ids.CrossingID, e Entry) error {
		row, err := rowOf(tx, who, tenant, other, crossing, e)
		rows = append(rows, row)
		return err
	}
	for _, t := range all {
		own := t.Entry
		own.Changes = slices.Concat(t.Changes, t.Own)
		if t.Other == "" || t.Other == who.Tenant {
			if err := add(who, who.Tenant, "", "", own); err != nil {
				return err
			}
			continue
		}
		crossing := ids.New[ids.CrossingID]()
		if err := add(who, who.Tenant, t.Other, crossing, own); err != nil {
			return err
		}
		if err := add(fromAfar(who), t.Other, who.Tenant, crossing, t.Entry); err != nil {
			return err
		}
	}
	return insertEntries(ctx, tx, rows)
}

// fromAfar returns what another tenant learns of a caller: the kind, and by
// its identifier the tenant.
func fromAfar(who authz.Caller) authz.Caller {
	return authz.Caller{
		Tenant: who.Tenant, Subject: ids.Principal{Kind: who.Subject.Kind, Home: who.Tenant, ID: ids.Nil},
		Name: string(who.Tenant), Request: who.Request,
	}
}

type body struct {
	Changes []Change          `json:"changes,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
	IP      string            `json:"ip,omitempty"`
	AppName string            `json:"app,omitempty"`
}

// rowOf returns the values of insertEntries for one entry in one log.
func rowOf(tx *sqldb.Tx, who authz.Caller, tenant, other ids.TenantID, crossing ids.CrossingID, e Entry) ([]any, error) {
	text, err := json.Marshal(body{e.Changes, e.Detail, who.IP, who.AppName})
	if err != nil {
		return nil, err
	}
	result := "success"
	if e.Failure != "" {
		result = "failure"
	}
	// A random identifier; the order within a transaction is that of insertion
	// only by chance, which Graph does not promise either.
	id, at := ids.New[ids.AuditID](), sqldb.Micros(tx.Now())
	hash := hashOf(tenant, id, at, e, who.Subject, who.Object, who.App, who.Name, other, crossing, who.Request, string(text))
	by := initiatorOf(who)
	return []any{
		tenant, id, at, e.Category, e.Activity, query.Fold(e.Activity), cmp.Or(e.Service, CoreDirectory), result, e.Failure,
		who.Subject.Kind, who.Subject, who.Object, who.App, who.Name, by.user, by.userFolded, by.program, by.programFolded,
		e.Target.Kind, e.Target.ID, e.Target.Name, other, crossing, who.Request, string(text), hash,
	}, nil
}

func insertEntries(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	return tx.Queue(ctx, `
		insert into audit_entry (tenant_id, id, at_us, category, activity, activity_folded, service, result, reason,
		                         by_kind, by_subject, by_object, by_app, by_name, by_user, by_user_folded, by_program, by_program_folded,
		                         target_kind, target_id, target_name, other_tenant, crossing_id, request_id, body, hash)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, rows)
}

// An initiator is who did it, as the log is asked for it. Of somebody afar
// nothing is known to ask for.
type initiator struct {
	user          ids.ObjectID
	program       ids.AppID
	userFolded    string
	programFolded string
}

func initiatorOf(who authz.Caller) (by initiator) {
	switch {
	case who.Subject.Kind != ids.Person:
		by.program, by.programFolded = who.App, query.Fold(who.Name)
	case who.Object != "":
		by.user, by.userFolded = who.Object, query.Fold(who.Name)
	}
	return by
}
