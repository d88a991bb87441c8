package token

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// AddDevice stores a device and returns its code and the one that a person
// types, both known to nobody else. Anybody may have one wait, so that one
// network has no more than a number of them.
func AddDevice(ctx context.Context, tx *sqldb.Tx, d *Device) (code, typed string, err error) {
	var many int
	err = tx.One(ctx, `select count(*) from device_code where network = ? and expires_us > ? /* all tenants: a network asks for any */`,
		[]any{d.network(), sqldb.Micros(tx.Now())}, &many)
	if err != nil {
		return "", "", err
	}
	if many >= maxDevices {
		return "", "", fault.New(fault.Throttled, "Too many devices of your network wait for a sign-in.")
	}
	code = "1.D" + secret.Random(48)
	d.digest = deviceDigest(code)
	for range 5 { // two that wait at once can't have the same: one in a million million
		typed = secret.Pick(userCodeLetters, userCodeLength)
		n, err := tx.Exec(ctx, `
			insert into device_code (tenant_id, digest, user_digest, client, scope, ip, network, agent, state, created_us, expires_us)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			on conflict do nothing`,
			d.Tenant, d.digest, userDigest(typed), d.Client, d.Scope, d.IP, d.network(), d.Agent, d.State, sqldb.Micros(d.CreatedAt), sqldb.Micros(d.ExpiresAt))
		if err != nil || n == 1 {
			return code, typed, err
		}
	}
	return "", "", fault.New(fault.Unavailable, "No code is free.")
}

func deviceDigest(code string) secret.Digest { return secret.DigestOf("device", code) }

func userDigest(typed string) secret.Digest { return secret.DigestOf("user code", typed) }

// FindDevice returns the device of a code, whatever became of it, until a while
// after its end; DeviceUnknown otherwise.
func FindDevice(ctx context.Context, tx *sqldb.Tx, code string) (*Device, error) {
	d, err := getDevice(ctx, tx, `digest = ?`, deviceDigest(code))
	if errors.Is(err, fault.NotFound) {
		return nil, deviceUnknown()
	}
	return d, err
}

// DeviceByUserCode returns the device that waits for what a person typed;
// UserCodeUnknown, or UserCodeDecided.
func DeviceByUserCode(ctx context.Context, tx *sqldb.Tx, typed string) (*Device, error) {
	code := readUserCode(typed)
	if code == "" {
		return nil, userCodeUnknown()
	}
	return openDevice(ctx, tx, `user_digest = ?`, userDigest(code))
}

// Key returns the name by which a sign-in remembers the device.
func (d *Device) Key() secret.Digest { return d.digest }

// DeviceByKey returns the device of a key; UserCodeUnknown, or UserCodeDecided,
// if nobody can decide on it any more.
func DeviceByKey(ctx context.Context, tx *sqldb.Tx, key secret.Digest) (*Device, error) {
	return openDevice(ctx, tx, `digest = ?`, key)
}

func openDevice(ctx context.Context, tx *sqldb.Tx, where string, digest secret.Digest) (*Device, error) {
	d, err := getDevice(ctx, tx, where, digest)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, userCodeUnknown()
	case err != nil:
		return nil, err
	}
	return d, d.Open(tx.Now())
}

func getDevice(ctx context.Context, tx *sqldb.Tx, where string, digest secret.Digest) (*Device, error) {
	d := &Device{}
	var methods string
	var created, expires, polled, auth int64
	err := tx.One(ctx, `
		select tenant_id, digest, client, scope, ip, agent, state, accepted, created_us, expires_us, polled_us, home_id, user_id, session_id, methods, auth_us
		from   device_code where `+where+` /* all tenants: the code tells whose it is */`, []any{digest},
		&d.Tenant, &d.digest, &d.Client, &d.Scope, &d.IP, &d.Agent, &d.State, &d.Accepted, &created, &expires, &polled, &d.Home, &d.User, &d.Session, &methods, &auth)
	d.CreatedAt, d.ExpiresAt, d.PolledAt = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(polled)
	d.Methods, d.AuthAt = strings.Fields(methods), sqldb.Time(auth)
	return d, err
}

// PollDevice notes that the device has asked.
func PollDevice(ctx context.Context, tx *sqldb.Tx, d *Device) error {
	_, err := tx.Exec(ctx, `update device_code set polled_us = ? where tenant_id = ? and digest = ?`, sqldb.Micros(tx.Now()), d.Tenant, d.digest)
	return err
}

// AcceptDevice stores in which sign-in somebody has taken the device for theirs.
func AcceptDevice(ctx context.Context, tx *sqldb.Tx, d *Device) error {
	n, err := tx.Exec(ctx, `update device_code set accepted = ? where tenant_id = ? and digest = ? and state = 'waiting'`, d.Accepted, d.Tenant, d.digest)
	if err == nil && n == 0 {
		err = userCodeDecided()
	}
	return err
}

// DecideDevice stores what a person decided on a device. Of two who do so at
// once the second gets UserCodeDecided. Until somebody approves, one that is
// for whoever signs in is no tenant's.
func DecideDevice(ctx context.Context, tx *sqldb.Tx, d *Device) error {
	n, err := tx.Exec(ctx, `
		update device_code set tenant_id = ?, state = ?, home_id = ?, user_id = ?, session_id = ?, methods = ?, auth_us = ?
		where  tenant_id in ('', ?) and digest = ? and state = 'waiting'`,
		d.Tenant, d.State, d.Home, d.User, d.Session, d.methods(), sqldb.Micros(d.AuthAt), d.Tenant, d.digest)
	if err == nil && n == 0 {
		err = userCodeDecided()
	}
	return err
}

// SpendDevice marks an approved device as redeemed. Of two that do so at once
// the second gets DeviceRedeemed.
func SpendDevice(ctx context.Context, tx *sqldb.Tx, d *Device) error {
	n, err := tx.Exec(ctx, `update device_code set state = 'spent' where tenant_id = ? and digest = ? and state = 'approved'`, d.Tenant, d.digest)
	if err == nil && n == 0 {
		err = badGrant(DeviceRedeemed, "The device code was already redeemed.")
	}
	return err
}

// SweepDevices removes up to limit devices that ended a day ago.
func SweepDevices(ctx context.Context, tx *sqldb.Tx, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		delete from device_code where (tenant_id, digest) in (
			select tenant_id, digest from device_code where expires_us < ? order by expires_us limit ? /* all tenants: a clean-up */)`,
		sqldb.Micros(tx.Now().Add(-kept)), limit)
	return int(n), err
}
