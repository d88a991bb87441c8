package token

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// AddFamily stores a family and returns its first refresh token.
func AddFamily(ctx context.Context, tx *sqldb.Tx, f *Family) (string, error) {
	if _, err := tx.Exec(ctx, `
		insert into refresh_family (tenant_id, id, user_id, client, platform, scope, session_id, methods, auth_us, created_us, used_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.Home, f.ID, f.User, f.Client, f.Platform, f.Scope, f.Session, f.methods(), sqldb.Micros(f.AuthAt), sqldb.Micros(f.CreatedAt),
		sqldb.Micros(f.UsedAt), sqldb.Micros(f.ExpiresAt)); err != nil {
		return "", err
	}
	text := refreshForm + secret.Random(32)
	return text, addRefresh(ctx, tx, f, text)
}

// refreshForm begins every refresh token; the rest is 32 bytes in base64url.
const refreshForm = "1.R"

func refreshDigest(text string) secret.Digest { return secret.DigestOf("refresh", text) }

func addRefresh(ctx context.Context, tx *sqldb.Tx, f *Family, text string) error {
	_, err := tx.Exec(ctx, `
		insert into refresh_token (tenant_id, digest, family_id, created_us) values (?, ?, ?, ?)
		on conflict do nothing`, // a successor that was given before
		f.Home, refreshDigest(text), f.ID, sqldb.Micros(tx.Now()))
	return err
}

// FindRefresh returns the family of a refresh token and the token, spent or
// not; RefreshUnknown if there is none.
func FindRefresh(ctx context.Context, tx *sqldb.Tx, text string) (*Family, Refresh, error) {
	f, r := &Family{}, Refresh{text: text}
	var methods string
	var auth, created, used, expires, revokedAt, spent int64
	err := tx.One(ctx, `
		select f.tenant_id, f.id, f.user_id, f.client, f.platform, f.scope, f.session_id, f.methods, f.auth_us, f.created_us, f.used_us, f.expires_us,
		       f.revoked_us, r.spent_us
		from   refresh_token r join refresh_family f on f.tenant_id = r.tenant_id and f.id = r.family_id
		where  r.digest = ? /* all tenants: the token tells whose it is */`, []any{refreshDigest(text)},
		&f.Home, &f.ID, &f.User, &f.Client, &f.Platform, &f.Scope, &f.Session, &methods, &auth, &created, &used, &expires, &revokedAt, &spent)
	if errors.Is(err, fault.NotFound) {
		return nil, r, badGrant(RefreshUnknown, "The refresh token is not valid.").WithFix("Send the last refresh token as it came, or begin a new sign-in.")
	}
	f.Methods, f.AuthAt, f.CreatedAt = strings.Fields(methods), sqldb.Time(auth), sqldb.Time(created)
	f.UsedAt, f.ExpiresAt, f.RevokedAt, r.spentAt = sqldb.Time(used), sqldb.Time(expires), sqldb.Time(revokedAt), sqldb.Time(spent)
	return f, r, err
}

// Rotate spends the token, if it is not spent yet, and returns its successor:
// the same each time, because it follows from the token and the operator's key.
func Rotate(ctx context.Context, tx *sqldb.Tx, ring *secret.Ring, f *Family, r Refresh) (string, error) {
	now := tx.Now()
	n, err := tx.Exec(ctx, `update refresh_token set spent_us = ? where tenant_id = ? and digest = ? and spent_us = 0`,
		sqldb.Micros(now), f.Home, refreshDigest(r.text))
	if err != nil {
		return "", err
	}
	next := refreshForm + ring.MAC(r.text, "refresh", string(f.ID))
	if n == 0 { // somebody was first: theirs is the successor
		return next, nil
	}
	f.use(now)
	n, err = tx.Exec(ctx, `update refresh_family set used_us = ?, expires_us = ? where tenant_id = ? and id = ? and revoked_us = 0`,
		sqldb.Micros(f.UsedAt), sqldb.Micros(f.ExpiresAt), f.Home, f.ID)
	if err == nil && n == 0 {
		err = revoked(f)
	}
	if err != nil {
		return "", err
	}
	return next, addRefresh(ctx, tx, f, next)
}

// Replay is why a family was ended, for the log: a spent token or code came
// again.
const Replay = "a spent token or code came again"

// RevokeFamily ends a family for good.
func RevokeFamily(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, id ids.FamilyID, why string) error {
	_, err := tx.Exec(ctx, `update refresh_family set revoked_us = ?, revoked_for = ? where tenant_id = ? and id = ? and revoked_us = 0`,
		sqldb.Micros(tx.Now()), why, home, id)
	return err
}

// SweepFamilies removes up to limit refresh tokens that were spent as long ago
// as an unused one lives, or whose families ended a day ago, then those
// families. It returns how many rows went.
func SweepFamilies(ctx context.Context, tx *sqldb.Tx, limit int) (int, error) {
	over := sqldb.Micros(tx.Now().Add(-kept))
	n, err := tx.Exec(ctx, `
		delete from refresh_token where (tenant_id, digest) in (
			select r.tenant_id, r.digest from refresh_token r join refresh_family f on f.tenant_id = r.tenant_id and f.id = r.family_id
			where  f.expires_us < ? or r.spent_us > 0 and r.spent_us < ? limit ? /* all tenants: a clean-up */)`,
		over, sqldb.Micros(tx.Now().Add(-idleLife)), limit)
	if err != nil || n > 0 {
		return int(n), err
	}
	n, err = tx.Exec(ctx, `
		delete from refresh_family where (tenant_id, id) in (
			select tenant_id, id from refresh_family where expires_us < ? order by expires_us limit ? /* all tenants: a clean-up */)`, over, limit)
	return int(n), err
}
