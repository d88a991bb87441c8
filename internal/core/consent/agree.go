package consent

import (
	"context"
	"slices"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// An Agreement is a person's word on a question.
type Agreement struct {
	Plea
	Shown     secret.Digest // of the question that was seen
	Everybody bool          // for everybody in the tenant, not for themselves alone
}

// Agree grants what is asked and missing: to the caller alone, beside what they
// have granted before, or to everybody. It makes the application's service
// principal if the tenant has none, and writes both tenants' logs, in the
// transaction of the sign-in. If the question is no longer what was shown,
// nothing happens and the fault is OfferChanged; if the caller may not agree, it
// is AdminRequired.
func Agree(ctx context.Context, tx *sqldb.Tx, who authz.Caller, in Agreement) (*Question, error) {
	q, err := MakeQuestion(ctx, tx, who, in.Plea)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Digest != in.Shown:
		return nil, fault.Because(fault.Conflict, OfferChanged, "The application has changed since the page was shown.").
			WithFix("Look at what it asks for now, and decide again.")
	case q.Verdict == NeedsAdministrator, in.Everybody && !q.Everybody:
		return nil, fault.Because(fault.Forbidden, AdminRequired, "Consent to these permissions needs an administrator.").
			With("appId", string(in.AppID)).With("name", q.Application.DisplayName)
	}
	give := q.Missing()
	if in.Everybody {
		give = slices.DeleteFunc(slices.Clone(q.Items), func(i Item) bool { return i.ForAll })
	}
	if len(give) == 0 {
		return q, nil // asked again, and nothing is new
	}
	return q, q.grant(ctx, tx, who, give, in.Everybody)
}

// grant stores the permissions under one cause.
func (q *Question) grant(ctx context.Context, tx *sqldb.Tx, who authz.Caller, items []Item, everybody bool) error {
	c, err := object.NewCause(object.ByConsent, string(q.Application.AppID), who.Subject, who.Name, time.Time{}, tx.Now())
	if err != nil {
		return err
	}
	if err := object.AddCause(ctx, tx, q.Tenant, c); err != nil {
		return err
	}
	client, err := presence(ctx, tx, who, q.Application.AppID, c)
	if err != nil {
		return err
	}
	scopes := make(map[ids.ObjectID][]string)
	var resources []ids.ObjectID
	for _, i := range items {
		api, err := presence(ctx, tx, who, i.ResourceApp, c)
		if err != nil {
			return err
		}
		if scopes[api.ID] == nil {
			resources = append(resources, api.ID)
		}
		scopes[api.ID] = append(scopes[api.ID], i.Value)
	}
	person, kind, admin := q.Person, OnePrincipal, "False"
	if everybody {
		person, kind, admin = "", AllPrincipals, "True"
	}
	for _, resource := range resources {
		g, err := NewGrant(q.Tenant, client.ID, resource, person, kind)
		if err != nil {
			return err
		}
		if err := addTo(ctx, tx, who, g, scopes[resource], c); err != nil {
			return err
		}
	}
	return audit.RecordBoth(ctx, tx, who, q.Application.Tenant, audit.Entry{
		Category: "ApplicationManagement", Activity: "Consent to application",
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(client.ID), Name: client.DisplayName},
		Changes: []audit.Change{
			{Name: "ConsentContext.IsAdminConsent", New: admin}, {Name: "ConsentContext.OnBehalfOfAll", New: admin}, {Name: "Offer", New: string(q.Digest)},
		},
	})
}

// addTo adds scopes to a grant, which is made if it is not there.
func addTo(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g Grant, scopes []string, c object.Cause) error {
	if _, err := addGrant(ctx, tx, g); err != nil {
		return err
	}
	if err := addScopes(ctx, tx, g.Tenant, g.ID, scopes, c.ID); err != nil {
		return err
	}
	if err := loadScope(ctx, tx, &g); err != nil {
		return err
	}
	if len(g.Scope) > maxScopeText {
		return fault.InvalidAt("scope", "A grant's scope has at most %d characters.", maxScopeText)
	}
	return recordGrant(ctx, tx, who, "Add delegated permission grant", g)
}
