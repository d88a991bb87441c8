package sts

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/crosstenant"
	"entente/internal/kit/fault"
)

// link records one link of the chain and returns err. A link that holds has no
// err; one that broke says what would have held. Our own trouble is no link.
func (x *exchange) link(name, expected, found string, err error) error {
	l := audit.Link{Name: name, Expected: expected, Found: clip(found), Verdict: "ok"}
	if err == nil {
		l.Expected = ""
	} else if f := faultOf(err); f != nil && f.Reason != "" {
		l.Verdict = string(f.Reason)
	} else {
		return err
	}
	x.entry.Links = append(x.entry.Links, l)
	return err
}

// enterClient copies who the client is into the entry.
func (x *exchange) enterClient() {
	if x.client.app == "" {
		return
	}
	x.entry.App, x.entry.AppName = x.client.app, x.client.name
	x.entry.Principal, x.entry.PrincipalName, x.entry.Home = x.client.principal, x.client.name, x.client.home
}

// record stores the sign-in entry. It returns after the entry is committed; a
// token whose entry cannot be stored is not given. What names no tenant of
// ours has no log to stand in.
func (x *exchange) record(ctx context.Context, refusal error) error {
	if x.tenant == nil || waiting(refusal) {
		return nil
	}
	e := x.entry
	e.Tenant, e.At, e.Kind = x.tenant.ID, x.s.Clock.Now(), x.kind()
	e.ResourceApp, e.Resource, e.ResourceName = x.resource.AppID, x.resource.Principal, x.resource.Name
	if e.ResourceName == "" {
		e.ResourceName = clip(x.audience)
	}
	e.Correlation, e.IP, e.UserAgent, e.TokenID = x.req.Correlation, x.req.IP, clip(x.req.UserAgent), x.minted.ID
	if refusal != nil {
		e.ErrorCode, e.Reason, e.TokenID = x.s.Number(refusal), string(fault.Public(refusal).Reason), ""
		if e.Reason == "" {
			e.Reason = string(fault.Public(refusal).Code)
		}
	}
	err := x.s.SignIns.Put(ctx, e)
	if err == nil && errors.Is(refusal, crosstenant.OutboundBlocked) {
		err = x.recordAtHome(ctx, e)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "The sign-in could not be recorded.").Wrap(errors.Join(err, refusal))
	}
	return nil
}

// kind returns whose sign-in it is. A managed identity's is its own, by
// whichever grant.
func (x *exchange) kind() string {
	switch {
	case x.client.identity != "":
		return audit.ManagedIdentitySignIn
	case x.grant.kind == "":
		return audit.ServicePrincipalSignIn
	}
	return x.grant.kind
}

func faultOf(err error) *fault.Error {
	f, _ := errors.AsType[*fault.Error](err)
	return f
}
