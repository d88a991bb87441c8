package directory

import (
	"context"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// MoveUser gives a user the names under another domain of the tenant that they
// have under one, and switches the account off if asked. The installation does
// it, when a domain goes.
func (s *Service) MoveUser(ctx context.Context, who authz.Caller, id ids.ObjectID, from, to string, disable bool) error {
	if !who.IsSystem() {
		return authz.Refuse()
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		before, err := GetUser(ctx, tx, who.Tenant, string(id))
		if err != nil {
			return err
		}
		u := *before
		u.UserPrincipalName = moved(u.UserPrincipalName, from, to)
		if u.Mail != nil {
			mail := moved(*u.Mail, from, to)
			u.Mail = &mail
		}
		u.ProxyAddresses = make([]string, len(before.ProxyAddresses))
		for i, a := range before.ProxyAddresses {
			u.ProxyAddresses[i] = moved(a, from, to)
		}
		if disable && u.Enabled() {
			off := false
			u.AccountEnabled, u.SessionsFrom = &off, tx.Now()
		}
		if err := putUser(ctx, tx, &u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update user", &u, audit.Diff(before, &u))
	})
}

// MoveGroup gives a group the mail address under another domain of the tenant
// that it has under one. The installation does it, when a domain goes.
func (s *Service) MoveGroup(ctx context.Context, who authz.Caller, id ids.ObjectID, from, to string) error {
	if !who.IsSystem() {
		return authz.Refuse()
	}
	return s.changeGroup(ctx, who, id, "basic/update", func(tx *sqldb.Tx, before *Group) error {
		g := *before
		if g.Mail != nil {
			mail := moved(*g.Mail, from, to)
			g.Mail = &mail
		}
		g.ProxyAddresses = make([]string, len(before.ProxyAddresses))
		for i, a := range before.ProxyAddresses {
			g.ProxyAddresses[i] = moved(a, from, to)
		}
		if err := putGroup(ctx, tx, &g); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Update group", &g, audit.Diff(before, &g))
	})
}

// moved returns the address with another domain, if it has that one.
func moved(address, from, to string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || !strings.EqualFold(domain, from) {
		return address
	}
	return local + "@" + to
}
