package factor

import (
	"context"
	"slices"
	"strconv"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Vault makes, keeps and compares what proves a second factor. Its methods
// work in the caller's transaction.
//
// Codes come from phones, whose clocks nobody here can move: they are compared
// with the time of the machine.
type Vault struct {
	Ring  *secret.Ring
	Clock clock.Clock
}

// What the parts of the vault are sealed and derived for.
const (
	forSecret = "authenticator"
	forSpare  = "recovery code"
)

// A Checked is a factor that was looked at. A refusal is not an error: what was
// counted must be stored, so whoever asks commits first and refuses then.
type Checked struct {
	Method  ids.MethodID // which authenticator; empty for a recovery code
	Left    int          // how many recovery codes are left after one was used
	Refusal error        // WrongCode, UsedCode, WrongSpare or Paused
}

// CheckCode takes a code of one of the account's authenticators. A right one is
// spent in the transaction.
func (v Vault) CheckCode(ctx context.Context, tx *sqldb.Tx, of Account, typed string) (c Checked, err error) {
	if c.Refusal, err = takeTry(ctx, tx, of); err != nil || c.Refusal != nil {
		return c, err
	}
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return c, err
	}
	code, now := plainCode(typed), v.Clock.Wall()
	c.Refusal = wrongCode()
	for _, a := range all {
		key, err := v.open(of, a)
		if err != nil {
			return c, err
		}
		step, used := match(key, code, now, a.last)
		if used {
			c.Refusal = usedCode()
		}
		if step == 0 {
			continue
		}
		fresh, err := spendStep(ctx, tx, of, a.ID, step, tx.Now())
		if err != nil {
			return c, err
		}
		if !fresh { // another transaction took it meanwhile
			c.Refusal = usedCode()
			continue
		}
		c.Method, c.Refusal = a.ID, nil
		return c, forgetTries(ctx, tx, of)
	}
	return c, nil
}

// CheckSpare takes one of the account's recovery codes, which is spent in the
// transaction and noted in the log.
func (v Vault) CheckSpare(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, typed string) (c Checked, err error) {
	spent, err := spendSpare(ctx, tx, of, v.Ring.MACs(plainSpare(typed), forSpare, string(of.Tenant), string(of.User)))
	if err != nil {
		return c, err
	}
	if !spent {
		c.Refusal = wrongSpare()
		return c, nil
	}
	s, err := SparesOf(ctx, tx, of)
	c.Left = s.Left
	if err != nil {
		return c, err
	}
	return c, record(ctx, tx, who, of, "User used a recovery code", nil)
}

// Offer returns what the account's person is shown to register a further
// authenticator: the same for the same holder (a sign-in, a session) until one
// was registered.
func (v Vault) Offer(ctx context.Context, tx *sqldb.Tx, of Account, holder, issuer, name string) (Enrollment, error) {
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return Enrollment{}, err
	}
	if len(all) >= MaxAuthenticators {
		return Enrollment{}, tooMany()
	}
	key := v.fresh(of, holder, all)
	return Enrollment{secret.NewString(base32Of(key)), secret.NewString(uriOf(key, issuer, name))}, nil
}

// Enroll registers the authenticator that was offered to a holder, once its
// person proves by a code that it works, and makes recovery codes if none are
// left; spares says so. The code is spent.
func (v Vault) Enroll(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, holder, name, typed string) (a Authenticator, spares bool, err error) {
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return a, false, err
	}
	if len(all) >= MaxAuthenticators {
		return a, false, tooMany()
	}
	if name, err = nameOf(name); err != nil {
		return a, false, err
	}
	key := v.fresh(of, holder, all)
	step, _ := match(key, plainCode(typed), v.Clock.Wall(), 0)
	if step == 0 {
		return a, false, wrongCode() // whoever tries has the secret before them: there is nothing to guess
	}
	a = Authenticator{ID: ids.New[ids.MethodID](), Name: name, CreatedAt: tx.Now(), last: step}
	if a.sealed, err = v.Ring.Seal(key, forSecret, string(of.Tenant), string(of.User), string(a.ID)); err != nil {
		return a, false, err
	}
	if err := addAuthenticator(ctx, tx, of, a, v.Ring.Newest()); err != nil {
		return a, false, err
	}
	if err := record(ctx, tx, who, of, "User registered security info", &audit.Change{Name: "AuthenticatorApp", New: a.Name}); err != nil {
		return a, false, err
	}
	s, err := SparesOf(ctx, tx, of)
	if err != nil || s.Left > 0 {
		return a, false, err
	}
	return a, true, v.RenewSpares(ctx, tx, who, of, holder)
}

// RenewSpares replaces the account's recovery codes by new ones, which their
// holder can show for a while.
// It takes an authenticator to have any; the fault has the reason None.
func (v Vault) RenewSpares(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, holder string) error {
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return noneYet()
	}
	codes := v.spares(of, holder, Spares{MadeAt: tx.Now()})
	macs := make([]string, len(codes))
	for i, c := range codes {
		macs[i] = v.mac(of, c)
	}
	if err := putSpares(ctx, tx, of, macs); err != nil {
		return err
	}
	return record(ctx, tx, who, of, "User made new recovery codes", nil)
}

// Spares returns the recovery codes that a holder has made, or none if that was
// too long ago, they are saved, or others have replaced them.
func (v Vault) Spares(ctx context.Context, tx *sqldb.Tx, of Account, holder string) ([]secret.String, error) {
	s, err := SparesOf(ctx, tx, of)
	if err != nil || s.MadeAt.IsZero() || !s.SavedAt.IsZero() || tx.Now().After(s.MadeAt.Add(shownFor)) {
		return nil, err
	}
	codes := v.spares(of, holder, s)
	ours, err := hasSpare(ctx, tx, of, v.mac(of, codes[0]))
	if err != nil || !ours {
		return nil, err
	}
	all := make([]secret.String, len(codes))
	for i, c := range codes {
		all[i] = secret.NewString(c)
	}
	return all, nil
}

// Saved takes the word that the recovery codes which a holder was shown are
// saved. If others have replaced them meanwhile it does nothing.
func (v Vault) Saved(ctx context.Context, tx *sqldb.Tx, of Account, holder string) error {
	codes, err := v.Spares(ctx, tx, of, holder)
	if err != nil || len(codes) == 0 {
		return err
	}
	return setSaved(ctx, tx, of)
}

// Rename gives an authenticator of the account another name, or returns
// NotFound.
func (v Vault) Rename(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, id ids.MethodID, name string) error {
	a, err := one(ctx, tx, of, id)
	if err != nil {
		return err
	}
	if name, err = nameOf(name); err != nil || name == a.Name {
		return err
	}
	if err := setName(ctx, tx, of, id, name); err != nil {
		return err
	}
	return record(ctx, tx, who, of, "User updated security info", &audit.Change{Name: "AuthenticatorApp", Old: a.Name, New: name})
}

// one returns an authenticator of the account, or NotFound.
func one(ctx context.Context, tx *sqldb.Tx, of Account, id ids.MethodID) (Authenticator, error) {
	all, err := Authenticators(ctx, tx, of)
	for _, a := range all {
		if a.ID == id {
			return a, err
		}
	}
	if err == nil {
		err = object.Missing(string(id))
	}
	return Authenticator{}, err
}

// RemoveOwn is Remove for the account's own person, who keeps the last one while
// the tenant demands a second factor: without it, whoever has the password could
// register theirs. The fault has the reason Needed.
func (v Vault) RemoveOwn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, id ids.MethodID) error {
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return err
	}
	if len(all) == 1 && all[0].ID == id {
		demanded, err := demandedOf(ctx, tx, of)
		if err != nil {
			return err
		}
		if demanded {
			return needed()
		}
	}
	return v.Remove(ctx, tx, who, of, id)
}

// Remove takes away an authenticator of the account, or returns NotFound. With
// the last one go the recovery codes.
func (v Vault) Remove(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, id ids.MethodID) error {
	all, err := Authenticators(ctx, tx, of)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(a Authenticator) bool { return a.ID == id })
	if i < 0 {
		return object.Missing(string(id))
	}
	if err := dropAuthenticator(ctx, tx, of, id); err != nil {
		return err
	}
	if len(all) == 1 {
		if err := dropSpares(ctx, tx, of); err != nil {
			return err
		}
	}
	activity := "User deleted security info"
	if who.Object != of.User {
		activity = "Admin deleted security info"
	}
	return record(ctx, tx, who, of, activity, &audit.Change{Name: "AuthenticatorApp", Old: all[i].Name})
}

// open returns the secret of an authenticator.
func (v Vault) open(of Account, a Authenticator) ([]byte, error) {
	return v.Ring.Open(a.sealed, forSecret, string(of.Tenant), string(of.User), string(a.ID))
}

// fresh returns the secret of a further authenticator.
func (v Vault) fresh(of Account, holder string, all []Authenticator) []byte {
	return v.Ring.Derive(secretLen, forSecret, string(of.Tenant), string(of.User), holder, generation(all))
}

// spares returns the recovery codes that a holder makes at a moment.
func (v Vault) spares(of Account, holder string, s Spares) []string {
	random := v.Ring.Derive(RecoveryCodes*spareLen, forSpare, string(of.Tenant), string(of.User), holder, strconv.FormatInt(sqldb.Micros(s.MadeAt), 10))
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		codes[i] = spareOf(random[i*spareLen:])
	}
	return codes
}

func (v Vault) mac(of Account, code string) string {
	return v.Ring.MAC(plainSpare(code), forSpare, string(of.Tenant), string(of.User))
}

func tooMany() error {
	return fault.Because(fault.Conflict, TooMany, "An account has at most %d authenticators.", MaxAuthenticators).
		WithFix("Remove one that is not used any more.")
}

// record writes an entry into the log of the account's tenant.
func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of Account, activity string, change *audit.Change) error {
	e := audit.Entry{
		Category: "UserManagement", Activity: activity, Service: "Authentication Methods", Target: audit.Target{Kind: "User", ID: string(of.User)},
	}
	if change != nil {
		e.Changes = []audit.Change{*change}
	}
	return audit.Record(ctx, tx, who, e)
}
