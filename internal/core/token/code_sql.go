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

// AddCode stores a code and returns its text, which is known to nobody else.
func AddCode(ctx context.Context, tx *sqldb.Tx, c Code) (string, error) {
	text := "1.A" + secret.Random(48)
	_, err := tx.Exec(ctx, `
		insert into auth_code (tenant_id, digest, client, redirect, challenge, scope, nonce, claims, platform, home_id, user_id, object_id,
		                       session_id, methods, auth_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Tenant, codeDigest(text), c.Client, c.Redirect, c.Challenge, c.Scope, c.Nonce, strings.Join(c.Claims, " "), c.Platform, c.Home, c.User, c.Object,
		c.Session, c.methods(), sqldb.Micros(c.AuthAt), sqldb.Micros(tx.Now().Add(codeLife)))
	return text, err
}

func codeDigest(text string) secret.Digest { return secret.DigestOf("code", text) }

// FindCode returns the code of a text, spent or not, until a while after its
// end; CodeUnknown otherwise.
func FindCode(ctx context.Context, tx *sqldb.Tx, text string) (*Code, error) {
	c := &Code{digest: codeDigest(text)}
	var methods, claims string
	var auth, expires, used int64
	err := tx.One(ctx, `
		select tenant_id, client, redirect, challenge, scope, nonce, claims, platform, home_id, user_id, object_id, session_id, methods,
		       auth_us, expires_us, used_us, family_id
		from   auth_code where digest = ? /* all tenants: the code tells whose it is */`, []any{c.digest},
		&c.Tenant, &c.Client, &c.Redirect, &c.Challenge, &c.Scope, &c.Nonce, &claims, &c.Platform, &c.Home, &c.User, &c.Object, &c.Session, &methods,
		&auth, &expires, &used, &c.Family)
	if errors.Is(err, fault.NotFound) {
		return nil, badGrant(CodeUnknown, "The code is not valid.").WithFix("Send the code as it came, once, within ten minutes.")
	}
	c.Claims, c.Methods, c.AuthAt, c.ExpiresAt, c.UsedAt = strings.Fields(claims), strings.Fields(methods), sqldb.Time(auth), sqldb.Time(expires), sqldb.Time(used)
	return c, err
}

// SpendCode marks a code as redeemed for a family, or for none. Of two that do
// so at once the second gets CodeSpent.
func SpendCode(ctx context.Context, tx *sqldb.Tx, c *Code, family ids.FamilyID) error {
	n, err := tx.Exec(ctx, `update auth_code set used_us = ?, family_id = ? where tenant_id = ? and digest = ? and used_us = 0`,
		sqldb.Micros(tx.Now()), family, c.Tenant, c.digest)
	if err == nil && n == 0 {
		err = badGrant(CodeSpent, "The code was already redeemed.")
	}
	return err
}

// SweepCodes removes up to limit codes that ended a day ago. Until then one
// that comes again is known to have been spent.
func SweepCodes(ctx context.Context, tx *sqldb.Tx, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		delete from auth_code where (tenant_id, digest) in (
			select tenant_id, digest from auth_code where expires_us < ? order by expires_us limit ? /* all tenants: a clean-up */)`,
		sqldb.Micros(tx.Now().Add(-kept)), limit)
	return int(n), err
}
