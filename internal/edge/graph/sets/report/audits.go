package report

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// audits is the part directoryAudits of the logs.
// https://learn.microsoft.com/graph/api/resources/directoryaudit?view=graph-rest-1.0
func (s Services) audits() *edm.Set {
	read := edm.Alike(edm.Any("AuditLog.Read.All", "Directory.Read.All")).Needing("auditLogs/allProperties/read")
	return &edm.Set{
		Path: edm.Both("directoryAudits"), Type: edm.Of("directoryAudit"), FreeKeys: true, Top: most, Usual: most,
		Doc:  "https://learn.microsoft.com/graph/api/resources/directoryaudit?view=graph-rest-1.0",
		List: edm.List{May: read, Do: s.listAudits},
		Get:  edm.Get{May: read, Do: s.getAudit},
	}
}

func (s Services) listAudits(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s, r, "auditLogs/allProperties/read", func(tx *sqldb.Tx) (page edm.Page, err error) {
		q, total := r.Query, 0
		q.Filter = audit.OneElement(q.Filter)
		if r.Count {
			if total, err = audit.CountEntries(ctx, tx, r.Who.Tenant, q.Filter); err != nil || r.Only {
				return edm.Page{Total: total}, err
			}
		}
		rows, err := audit.ListEntries(ctx, tx, r.Who.Tenant, q)
		if err != nil {
			return page, err
		}
		page, err = pageOf(rows, auditItem)
		page.Total = total
		return page, err
	})
}

func (s Services) getAudit(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s, r, "auditLogs/allProperties/read", func(tx *sqldb.Tx) (edm.Item, error) {
		id, ok := entryID(r.ID)
		if !ok {
			return edm.Item{}, object.Missing(r.ID)
		}
		e, err := audit.GetEntry(ctx, tx, r.Who.Tenant, id)
		if err != nil {
			return edm.Item{}, missing(r.ID, err)
		}
		if keyOf(e) != r.ID {
			return edm.Item{}, object.Missing(r.ID)
		}
		return auditItem(e)
	})
}

// keyOf returns an entry's key as Graph forms it: the log, what it belongs
// together with, and what tells it from the others.
func keyOf(e audit.Stored) string {
	return "Directory_" + correlationOf(e) + "_" + strings.ReplaceAll(string(e.ID), "-", "")
}

// correlationOf returns the request of which an entry tells, or the entry
// itself where the installation acted without one.
func correlationOf(e audit.Stored) string {
	if e.Request == "" {
		return string(e.ID)
	}
	return e.Request
}

// entryID returns the identifier in a key.
func entryID(key string) (ids.AuditID, bool) {
	s := key[strings.LastIndexByte(key, '_')+1:]
	if len(s) != 32 {
		return "", false
	}
	s = strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
	return ids.AuditID(s), ids.Valid(s)
}

// A directoryAudit is an entry as Graph shows it.
type directoryAudit struct {
	ID                  string       `json:"id"`
	ActivityDateTime    time.Time    `json:"activityDateTime"`
	ActivityDisplayName string       `json:"activityDisplayName"`
	AdditionalDetails   []pair       `json:"additionalDetails"`
	Category            string       `json:"category"`
	CorrelationID       *string      `json:"correlationId"`
	InitiatedBy         initiator    `json:"initiatedBy"`
	LoggedByService     string       `json:"loggedByService"`
	OperationType       string       `json:"operationType"`
	Result              string       `json:"result"`
	ResultReason        string       `json:"resultReason"`
	TargetResources     []targetInfo `json:"targetResources"`
}

type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// An initiator is a person or a program, never both.
type initiator struct {
	User *userIdentity `json:"user"`
	App  *appIdentity  `json:"app"`
}

type userIdentity struct {
	ID   *ids.ObjectID `json:"id"`
	Name *string       `json:"displayName"`
	UPN  *string       `json:"userPrincipalName"`
	IP   *string       `json:"ipAddress"`
}

type appIdentity struct {
	AppID *ids.AppID    `json:"appId"`
	Name  *string       `json:"displayName"`
	ID    *ids.ObjectID `json:"servicePrincipalId"`
	SPN   *string       `json:"servicePrincipalName"`
}

type targetInfo struct {
	Name      *string    `json:"displayName"`
	GroupType *string    `json:"groupType"`
	ID        *string    `json:"id"`
	Modified  []modified `json:"modifiedProperties"`
	Type      string     `json:"type"`
	UPN       *string    `json:"userPrincipalName"`
}

type modified struct {
	Name string  `json:"displayName"`
	Old  *string `json:"oldValue"`
	New  *string `json:"newValue"`
}

func auditItem(e audit.Stored) (edm.Item, error) {
	result := "success"
	if e.Failure != "" {
		result = "failure"
	}
	key := keyOf(e)
	return item(key, directoryAudit{
		ID: key, ActivityDateTime: e.At, ActivityDisplayName: e.Activity, AdditionalDetails: detailsOf(e), Category: e.Category,
		CorrelationID: text(correlationOf(e)), InitiatedBy: initiatorOf(e), LoggedByService: e.Service, OperationType: operationOf(e.Activity),
		Result: result, ResultReason: e.Failure, TargetResources: []targetInfo{targetOf(e)},
	}, nil)
}

// detailsOf returns what else is known. What crossed names the other side and
// the crossing, under which that side's log has it too.
func detailsOf(e audit.Stored) []pair {
	details := []pair{}
	for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
		details = append(details, pair{key, e.Detail[key]})
	}
	if e.Crossing != "" {
		details = append(details, pair{"CrossingId", string(e.Crossing)}, pair{"OtherTenantId", string(e.Other)})
	}
	if e.By.Kind == ids.Person && e.ByAppName != "" {
		details = append(details, pair{"AppName", e.ByAppName})
	}
	return details
}

// initiatorOf returns who did it. Of somebody in another tenant only that
// tenant is known.
func initiatorOf(e audit.Stored) initiator {
	afar := e.ByObject == "" && e.By.Home != e.Tenant
	switch {
	case e.By.Kind != ids.Person:
		return initiator{App: &appIdentity{AppID: text(e.ByApp), Name: text(e.ByName), ID: text(e.ByObject)}}
	case afar:
		return initiator{User: &userIdentity{Name: text(e.ByName)}}
	}
	return initiator{User: &userIdentity{ID: text(e.ByObject), UPN: text(e.ByName), IP: text(e.IP)}}
}

func targetOf(e audit.Stored) targetInfo {
	t := targetInfo{ID: text(e.Target.ID), Type: e.Target.Kind, Modified: []modified{}}
	if e.Target.Kind == "User" {
		t.UPN = text(e.Target.Name)
	} else {
		t.Name = text(e.Target.Name)
	}
	for _, c := range e.Changes {
		t.Modified = append(t.Modified, modified{c.Name, inJSON(c.Old), inJSON(c.New)})
	}
	return t
}

// inJSON returns a value as the log shows it: JSON, within a text.
func inJSON(value string) *string {
	if value == "" {
		return nil
	}
	if !json.Valid([]byte(value)) {
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil
		}
		value = string(quoted)
	}
	return &value
}

// operations are the beginnings of activities and the type of operation that
// they are; the first that fits counts.
var operations = []struct{ begins, is string }{
	{"Add member to", "Assign"}, {"Add owner to", "Assign"}, {"Add app role assignment", "Assign"}, {"Consent to", "Assign"},
	{"Add delegated permission grant", "Assign"}, {"Remove member from", "Unassign"}, {"Remove owner from", "Unassign"},
	{"Remove app role assignment", "Unassign"}, {"Remove delegated permission grant", "Unassign"},
	{"Add", "Add"}, {"Create", "Add"}, {"Invite", "Add"}, {"Delete", "Delete"}, {"Hard", "Delete"}, {"Remove", "Delete"},
}

// operationOf returns the type of operation of an activity. What neither adds
// nor takes away updates.
func operationOf(activity string) string {
	for _, o := range operations {
		if strings.HasPrefix(activity, o.begins) {
			return o.is
		}
	}
	return "Update"
}
