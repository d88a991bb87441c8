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
	ID       ids.AuditID
	Tenant   ids.TenantID
	At       time.Time
	By       ids.Principal
	ByObject ids.ObjectID
	ByApp    ids.AppID
	ByName   string
	Other    ids.TenantID   // the other side, if the event crossed
	Crossing ids.CrossingID // shared by both sides' entries
	Request  string
	Hash     secret.Digest
	text     string
}

// Entries returns a tenant's entries about target, or about everything when
// target is empty, the newest first, at most limit of them.
func Entries(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, target string, limit int) ([]Stored, error) {
	return sqldb.All(ctx, tx, `
		select id, at_us, category, activity, reason, by_subject, by_object, by_app, by_name,
		       target_kind, target_id, target_name, other_tenant, crossing_id, request_id, body, hash
		from   audit_entry
		where  tenant_id = ? and (? = '' or target_id = ?)
		order  by at_us desc, id desc limit ?`,
		[]any{tenant, target, target, limit},
		func(scan func(...any) error) (Stored, error) {
			s := Stored{Tenant: tenant}
			var at int64
			err := scan(&s.ID, &at, &s.Category, &s.Activity, &s.Failure, &s.By, &s.ByObject, &s.ByApp, &s.ByName,
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
				s.Changes, s.Detail = b.Changes, b.Detail
			}
			return s, nil
		})
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
