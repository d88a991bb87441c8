package signin

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A denial is how the sign-in log has the Reason for which somebody who has proved
// who they are does not come to an application: the AADSTS number, and the link of
// the chain that broke.
type denial struct {
	number                int
	link, expected, found string
}

// denials are the Reasons that the log has. Others are the browser's own affair: a
// flow that is over, or a page that was used before.
var denials = map[fault.Reason]denial{
	DisabledApp:                 {7000112, "service principal", "enabled", "disabled"},
	NotAssigned:                 {50105, "assignment", "a role of the application", "none"},
	NeedsApproval:               {90094, "consent", "an administrator’s consent", "none"},
	consent.AdminRequired:       {90094, "consent", "a role that may consent", "none"},
	person.NotHere:              {50020, "guest", "the account as a guest of the tenant", "none"},
	person.NotHereNow:           {50057, "guest", "enabled", "disabled"},
	guest.AccessEnded:           {50057, "guest", "access that has not ended", "blocked after the last access"},
	crosstenant.OutboundBlocked: {500212, outboundLink, "allowed by the home tenant", "blocked"},
	crosstenant.InboundBlocked:  {500213, "inbound policy", "allowed by the tenant", "blocked"},
}

const outboundLink = "outbound policy"

// denied puts a refusal into the log of the tenant to which its flow leads, and one
// by the home's policy into that of the home as well. It returns the refusal, or
// that it could not be recorded.
func (s *Service) denied(ctx context.Context, b Browser, id ids.FlowID, refusal error) error {
	reason := fault.Public(refusal).Reason
	d, ok := denials[reason]
	if !ok {
		return refusal
	}
	e := audit.SignIn{
		At: s.clock.Now(), Kind: audit.InteractiveUserSignIn, CredentialKind: "session", ErrorCode: d.number, Reason: string(reason),
		Correlation: b.Request, IP: b.IP, UserAgent: b.UserAgent,
	}
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		e.Tenant, e.Home, e.App, e.PrincipalName, e.CredentialID = f.Resource(), f.Home, f.Ask.App, f.Username, string(f.Session)
		if f.Ask.App == "" || e.Tenant == "" {
			return nil
		}
		in, err := tenant.Get(ctx, tx, e.Tenant)
		if err != nil {
			return err
		}
		v, err := guest.Find(ctx, tx, in, f.proof(), f.Ask.App)
		if err := unlessRefused(err); err != nil {
			return err
		}
		if v != nil && v.Here != nil {
			e.Principal = v.Here.ID
		}
		a, err := findApp(ctx, tx, f.Ask.Tenant, string(f.Ask.App))
		if a != nil {
			e.AppName = a.DisplayName
		}
		return unlessRefused(err)
	})
	if err != nil {
		return errors.Join(refusal, err)
	}
	if e.Tenant == "" {
		return refusal
	}
	e.Links = []audit.Link{{Name: "account", Found: e.PrincipalName, Verdict: "ok"}, {Name: d.link, Expected: d.expected, Found: d.found, Verdict: string(reason)}}
	err = s.signIns.Put(ctx, e)
	if err == nil && reason == crosstenant.OutboundBlocked && e.Home != e.Tenant {
		e.Other, e.Tenant = e.Tenant, e.Home
		err = s.signIns.Put(ctx, e)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "The sign-in could not be recorded.").Wrap(errors.Join(err, refusal))
	}
	return refusal
}
