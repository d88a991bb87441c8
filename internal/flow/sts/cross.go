package sts

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/crosstenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// cross asks both sides' cross-tenant access policy whether an application of
// one tenant may act in another: two keyed reads, and none where nothing
// crosses. It comes after everything that waits for others.
func (x *exchange) cross(ctx context.Context) (err error) {
	if x.client.home == x.tenant.ID || x.client.home == app.ServicesTenant || x.visit != nil {
		return nil // a person's own crossing was asked for when they were found
	}
	what := crosstenant.What{Kind: ids.Workload, Apps: []ids.AppID{x.client.app, x.resource.AppID}}
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		x.crossing, err = crosstenant.Cross(ctx, tx, x.client.home, x.tenant.ID, what)
		return err
	})
	if err != nil {
		return err
	}
	c, refusal := x.crossing, x.crossing.Err("the application '"+x.client.name+"'")
	// The entry stands in the log of the tenant that was asked. Why the home
	// tenant says what it says is that tenant's affair; see recordAtHome.
	if errors.Is(refusal, crosstenant.OutboundBlocked) {
		return x.link(outboundLink, "allowed by the home tenant", "blocked", refusal)
	}
	if err := x.link(outboundLink, "", "allowed", nil); err != nil {
		return err
	}
	return x.link("inbound policy", "allowed by the tenant", c.In.Rule, refusal)
}

const outboundLink = "outbound policy"

// recordAtHome stores a refusal by the home tenant's own policy in its own log
// as well, with the rule: its administrators made the policy, and they are the
// ones who can change it.
func (x *exchange) recordAtHome(ctx context.Context, e audit.SignIn) error {
	e.Tenant, e.ID, e.Other = x.client.home, "", x.tenant.ID
	// What the other tenant calls its objects is none of home's affair.
	e.Principal, e.Resource, e.IP, e.UserAgent = "", "", x.req.IP, clip(x.req.UserAgent)
	e.Links = []audit.Link{
		{Name: "tenant", Found: string(x.tenant.ID), Verdict: "ok"},
		{Name: outboundLink, Expected: "allowed", Found: x.crossing.Out.Rule, Verdict: string(crosstenant.OutboundBlocked)},
	}
	return x.s.SignIns.Put(ctx, e)
}
