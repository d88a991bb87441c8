package audit

import (
	"context"
	"encoding/json"

	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// The kinds of sign-in, in the words of Graph's signInEventTypes.
const (
	ServicePrincipalSignIn = "servicePrincipal"
	ManagedIdentitySignIn  = "managedIdentity"
	InteractiveUserSignIn  = "interactiveUser"
	UserSignIn             = "nonInteractiveUser"
)

// A Link is one link of the chain that a decision followed.
type Link struct {
	Name     string `json:"name"`               // "issuer", "subject", "service principal" …
	Expected string `json:"expected,omitempty"` // what would have been right
	Found    string `json:"found,omitempty"`    // what came
	Verdict  string `json:"verdict"`            // ok, or the reason it broke
}

// A SignIn is one answer of the token endpoint or the sign-in pages.
type SignIn struct {
	ID             ids.AuditID // empty: Put makes one
	Tenant         ids.TenantID
	At             time.Time
	Kind           string
	App            ids.AppID
	AppName        string
	Principal      ids.ObjectID // service principal or user in Tenant
	PrincipalName  string
	Home           ids.TenantID // where the application or person lives
	Other          ids.TenantID // the tenant on the other side; empty is Home where that is another
	ResourceApp    ids.AppID
	Resource       ids.ObjectID // the resource's service principal in Tenant
	ResourceName   string
	CredentialKind string // secret, certificate, federated, host, password …
	CredentialID   string
	Correlation    string
	TokenID        string // the token's uti
	IP             string
	UserAgent      string
	ErrorCode      int    // the AADSTS number, or 0
	Reason         string // the fault's reason, for the log
	Links          []Link
}

// SignIns stores sign-ins; many callers' entries share one commit.
type SignIns struct{ crowd *sqldb.Crowd[SignIn] }

// NewSignIns returns a store of sign-ins on db. Close it before db.
func NewSignIns(db *sqldb.DB) *SignIns {
	return &SignIns{sqldb.NewCrowd(db, addSignIns)}
}

// Put stores the entry and returns when it is committed.
func (s *SignIns) Put(ctx context.Context, e SignIn) error {
	if e.ID == "" {
		e.ID = ids.New[ids.AuditID]()
	}
	return s.crowd.Put(ctx, e)
}

// Close waits for what is under way.
func (s *SignIns) Close() { s.crowd.Close() }

func addSignIns(ctx context.Context, tx *sqldb.Tx, entries []SignIn) error {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		links := ""
		if len(e.Links) > 0 {
			text, err := json.Marshal(e.Links)
			if err != nil {
				return err
			}
			links = string(text)
		}
		other := e.Other
		if other == "" && e.Home != e.Tenant {
			other = e.Home
		}
		rows[i] = []any{
			e.Tenant, sqldb.Micros(e.At), e.ID, e.Kind, e.App, e.AppName, e.Principal, e.PrincipalName, e.Home,
			e.ResourceApp, e.Resource, e.ResourceName, e.CredentialKind, e.CredentialID, e.Correlation,
			e.TokenID, e.IP, e.UserAgent, e.ErrorCode, e.Reason, links,
			query.Fold(e.AppName), query.Fold(e.PrincipalName), query.Fold(e.ResourceName), other,
		}
	}
	_, err := tx.ExecAll(ctx, `
		insert into sign_in (tenant_id, at_us, id, kind, app_id, app_name, principal_id, principal_name, home_tenant,
		                     resource_app, resource_id, resource_name, credential_kind, credential_id, correlation_id,
		                     token_id, ip, user_agent, error_code, reason, links, app_folded, principal_folded, resource_folded, other_tenant)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, rows)
	return err
}

// DropSignIns removes sign-ins of all tenants from before a time, the oldest
// first, at most limit of them, and returns how many went.
func DropSignIns(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `
		/* all tenants: the installation keeps every tenant's sign-ins equally long */
		delete from sign_in where (tenant_id, at_us, id) in (
			select tenant_id, at_us, id from sign_in where at_us < ? order by at_us limit ?)`,
		sqldb.Micros(before), limit)
}

// SignInsOf returns a tenant's sign-ins of one application, or of all when app
// is empty, the newest first, at most limit of them.
func SignInsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, app ids.AppID, limit int) ([]SignIn, error) {
	return sqldb.All(ctx, tx, "select "+signInColumns+` from sign_in s
		where  s.tenant_id = ? and (? = '' or s.app_id = ?)
		order  by s.at_us desc, s.id desc limit ?`,
		[]any{tenant, app, app, limit},
		func(scan func(...any) error) (SignIn, error) { return scanSignIn(tenant, scan) })
}
