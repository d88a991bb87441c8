package audit

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Stored entry is what the log holds of one event.
type Stored struct {
	Entry
	ID        ids.AuditID
	Tenant    ids.TenantID
	At        time.Time
	By        ids.Principal
	ByObject  ids.ObjectID
	ByApp     ids.AppID
	ByName    string
	ByAppName string // the application through which it was done
	IP        string
	Other     ids.TenantID   // the other side, if the event crossed
	Crossing  ids.CrossingID // shared by both sides' entries
	Request   string
	Hash      secret.Digest
	text      string
}

// Entries returns a tenant's entries about target, or about everything when
// target is empty, the newest first, at most limit of them.
func Entries(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, target string, limit int) ([]Stored, error) {
	return sqldb.All(ctx, tx, "select "+entryColumns+` from audit_entry e
		where  e.tenant_id = ? and (? = '' or e.target_id = ?)
		order  by e.at_us desc, e.id desc limit ?`,
		[]any{tenant, target, target, limit},
		func(scan func(...any) error) (Stored, error) { return scanEntry(tenant, scan) })
}

const entryColumns = `e.id, e.at_us, e.category, e.activity, e.service, e.reason, e.by_subject, e.by_object, e.by_app, e.by_name,
	e.target_kind, e.target_id, e.target_name, e.other_tenant, e.crossing_id, e.request_id, e.body, e.hash`

func scanEntry(tenant ids.TenantID, scan func(...any) error) (Stored, error) {
	s := Stored{Tenant: tenant}
	var at int64
	err := scan(&s.ID, &at, &s.Category, &s.Activity, &s.Service, &s.Failure, &s.By, &s.ByObject, &s.ByApp, &s.ByName,
		&s.Target.Kind, &s.Target.ID, &s.Target.Name, &s.Other, &s.Crossing, &s.Request, &s.text, &s.Hash)
	if err != nil {
		return s, err
	}
	s.At = sqldb.Time(at)
	if s.text != "" {
		var b body
		if err := json.Unmarshal([]byte(s.text), &b); err != nil {
			return s, err
		}
		s.Changes, s.Detail, s.IP, s.ByAppName = b.Changes, b.Detail, b.IP, b.AppName
	}
	return s, nil
}

// Intact reports whether the entry is as it was written. An entry whose body
// was erased is not checked against the body.
func (s Stored) Intact() bool {
	return s.text == "" || s.Hash == hashOf(s.Tenant, s.ID, sqldb.Micros(s.At), s.Entry, s.By, s.ByObject, s.ByApp, s.ByName,
		s.Other, s.Crossing, s.Request, s.text)
}

// hashOf returns the hash of an entry's canonical form. The digest of the body
// goes in, not the body: an erased body leaves the rest provable.
func hashOf(tenant ids.TenantID, id ids.AuditID, at int64, e Entry, by ids.Principal, byObject ids.ObjectID, byApp ids.AppID, byName string,
	other ids.TenantID, crossing ids.CrossingID, request, text string) secret.Digest {
	return secret.DigestOf(string(tenant), string(id), strconv.FormatInt(at, 10), e.Category, e.Activity, e.Failure,
		by.String(), string(byObject), string(byApp), byName, e.Target.Kind, e.Target.ID, e.Target.Name,
		string(other), string(crossing), request, string(secret.DigestOf(text)))
}
