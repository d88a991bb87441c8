package factor_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/object"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/enttest/phone"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A desk is somebody in A who keeps a second factor.
type desk struct {
	*house.House
	factors *factor.Service
	who     authz.Caller
	of      factor.Account
}

const holder = "the session"

func sit(t *testing.T, h *house.House) *desk {
	u := h.AddUser(t, h.A, "ada")
	who := house.Person(h.A.ID, u.ID)
	who.Name = u.UserPrincipalName
	return &desk{h, factor.NewService(h.DB, h.Ring, h.Clock), who, factor.Account{Tenant: h.A.ID, User: u.ID}}
}

// enroll registers a phone.
func (d *desk) enroll(t *testing.T, name string) phone.Phone {
	t.Helper()
	e, err := d.factors.Offer(t.Context(), d.who, holder)
	if err != nil {
		t.Fatal(err)
	}
	p := phone.Scanned(t, e.URI.Reveal())
	if typed := phone.Typed(t, e.Secret.Reveal()); typed.Code(d.Clock.Wall()) != p.Code(d.Clock.Wall()) {
		t.Fatal("what is typed is another secret than what is scanned")
	}
	if _, err := d.factors.Enroll(t.Context(), d.who, holder, name, p.Code(d.Clock.Wall())); err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *desk) check(t *testing.T, code string) error {
	t.Helper()
	var c factor.Checked
	if err := d.DB.Update(t.Context(), func(tx *sqldb.Tx) (err error) {
		c, err = d.factors.Vault().CheckCode(t.Context(), tx, d.of, code)
		return err
	}); err != nil {
		return err
	}
	return c.Refusal
}

func (d *desk) checkSpare(t *testing.T, code string) (int, error) {
	t.Helper()
	var c factor.Checked
	if err := d.DB.Update(t.Context(), func(tx *sqldb.Tx) (err error) {
		c, err = d.factors.Vault().CheckSpare(t.Context(), tx, d.who, d.of, code)
		return err
	}); err != nil {
		return 0, err
	}
	return c.Left, c.Refusal
}

func (d *desk) spares(t *testing.T, holder string) []string {
	t.Helper()
	codes, err := d.factors.Spares(t.Context(), d.who, holder)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = c.Reveal()
	}
	return all
}

func (d *desk) activities(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	if err := d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		entries, err := audit.Entries(t.Context(), tx, d.A.ID, string(d.of.User), 100)
		for _, e := range entries {
			if e.Service == "Authentication Methods" {
				found[e.Activity]++
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCodes(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		if err := d.check(t, "123456"); !errors.Is(err, factor.WrongCode) {
			t.Errorf("without an authenticator: %v", err)
		}
		p := d.enroll(t, " My phone ")
		now := h.Clock.Wall
		if err := d.check(t, p.Code(now())); !errors.Is(err, factor.UsedCode) {
			t.Errorf("the code that registered it: %v, want UsedCode", err)
		}
		h.Clock.Advance(30 * time.Second)
		if err := d.check(t, p.Wrong(now())); !errors.Is(err, factor.WrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
		code := p.Code(now())
		if err := d.check(t, " "+code[:3]+" "+code[3:]); err != nil {
			t.Errorf("a right code: %v", err)
		}
		if err := d.check(t, code); !errors.Is(err, factor.UsedCode) {
			t.Errorf("the same code again: %v, want UsedCode", err)
		}
		h.Clock.Advance(time.Minute)
		if err := d.check(t, code); !errors.Is(err, factor.WrongCode) {
			t.Errorf("an old code: %v, want WrongCode", err)
		}
		second := d.enroll(t, "")
		h.Clock.Advance(30 * time.Second)
		for i, p := range []phone.Phone{second, p} {
			if err := d.check(t, p.Code(now())); err != nil {
				t.Errorf("authenticator %d: %v", i, err)
			}
		}
		i, err := d.factors.Info(t.Context(), d.who, d.of.User)
		if err != nil || len(i.Authenticators) != 2 || i.Authenticators[0].Name != "My phone" || i.Authenticators[1].Name != "Authenticator app" || i.Spares.Left != 10 ||
			!i.Authenticators[0].UsedAt.Equal(h.Clock.Now()) {
			t.Errorf("registered: %+v, %v", i, err)
		}
		if got := d.activities(t); got["User registered security info"] != 2 || got["User made new recovery codes"] != 1 {
			t.Errorf("log: %v", got)
		}
	})
}

// TestGuessing pauses an account, and not its recovery codes.
func TestGuessing(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		p := d.enroll(t, "")
		spare := d.spares(t, holder)[0]
		for range 5 {
			if err := d.check(t, p.Wrong(h.Clock.Wall())); !errors.Is(err, factor.WrongCode) {
				t.Fatal(err)
			}
		}
		h.Clock.Advance(59 * time.Second)
		err := d.check(t, p.Code(h.Clock.Wall()))
		if !errors.Is(err, factor.Paused) || fault.Public(err).Values["until"] != h.Clock.Now().Add(time.Second).Format(time.RFC3339) {
			t.Errorf("the right code while a pause lasts: %v", err)
		}
		if left, err := d.checkSpare(t, spare); err != nil || left != 9 {
			t.Errorf("a recovery code while a pause lasts: %d left, %v", left, err)
		}
		h.Clock.Advance(time.Second)
		if err := d.check(t, p.Wrong(h.Clock.Wall())); !errors.Is(err, factor.WrongCode) {
			t.Errorf("after the pause: %v", err)
		}
		h.Clock.Advance(time.Minute)
		if err := d.check(t, p.Code(h.Clock.Wall())); !errors.Is(err, factor.Paused) {
			t.Errorf("the second pause is twice as long: %v", err)
		}
		h.Clock.Advance(time.Minute)
		if err := d.check(t, p.Code(h.Clock.Wall())); err != nil {
			t.Errorf("the right code: %v", err)
		}
		for range 4 {
			if err := d.check(t, p.Wrong(h.Clock.Wall())); !errors.Is(err, factor.WrongCode) {
				t.Errorf("a right code forgets the wrong ones: %v", err)
			}
		}
	})
}

// TestOnceOnly lets many use one code, and one recovery code, at the same time.
func TestOnceOnly(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		p := d.enroll(t, "")
		h.Clock.Advance(30 * time.Second)
		code, spare := p.Code(h.Clock.Wall()), d.spares(t, holder)[3]
		race := func(name string, use func() error) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			taken := 0
			for range 4 {
				wg.Go(func() {
					err := use()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						taken++
					case !errors.Is(err, factor.UsedCode) && !errors.Is(err, factor.WrongSpare):
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			wg.Wait()
			if taken != 1 {
				t.Errorf("%s was taken %d times", name, taken)
			}
		}
		race("a code", func() error { return d.check(t, code) })
		race("a recovery code", func() error { _, err := d.checkSpare(t, spare); return err })
	})
}

func TestRecoveryCodes(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		ctx := t.Context()
		if err := d.factors.RenewSpares(ctx, d.who, holder); !errors.Is(err, factor.None) {
			t.Errorf("without an authenticator: %v, want None", err)
		}
		d.enroll(t, "")
		first := d.spares(t, holder)
		if len(first) != factor.RecoveryCodes || len(slices.Compact(slices.Sorted(slices.Values(first)))) != factor.RecoveryCodes {
			t.Fatalf("codes: %v", first)
		}
		if !slices.Equal(d.spares(t, holder), first) || len(d.spares(t, "another session")) != 0 {
			t.Error("the codes are not those of whoever made them")
		}
		for i, typed := range []string{first[0], strings.ToUpper(strings.ReplaceAll(first[1], "-", " "))} {
			if left, err := d.checkSpare(t, typed); err != nil || left != 9-i {
				t.Errorf("code %d: %d left, %v", i, left, err)
			}
			if _, err := d.checkSpare(t, typed); !errors.Is(err, factor.WrongSpare) {
				t.Errorf("code %d again: %v, want WrongSpare", i, err)
			}
		}
		other := d.of
		other.User = d.A.Admin.Object
		mine := d.of
		d.of = other
		if _, err := d.checkSpare(t, first[2]); !errors.Is(err, factor.WrongSpare) {
			t.Errorf("at another account: %v, want WrongSpare", err)
		}
		d.of = mine
		h.Clock.Advance(15*time.Minute + time.Second)
		if got := d.spares(t, holder); len(got) != 0 {
			t.Errorf("shown after a quarter of an hour: %v", got)
		}
		if err := d.factors.RenewSpares(ctx, d.who, holder); err != nil {
			t.Fatal(err)
		}
		if again := d.spares(t, holder); len(again) != 10 || slices.ContainsFunc(again, func(c string) bool { return slices.Contains(first, c) }) {
			t.Errorf("new codes: %v", again)
		}
		if _, err := d.checkSpare(t, first[5]); !errors.Is(err, factor.WrongSpare) {
			t.Errorf("a replaced code: %v, want WrongSpare", err)
		}
		if got := d.activities(t); got["User used a recovery code"] != 2 || got["User made new recovery codes"] != 2 {
			t.Errorf("log: %v", got)
		}
	})
}

// TestKeepingOnesOwn: names, codes that are saved, and the last authenticator,
// which stays while the tenant demands one, whoever of its own person asks.
func TestKeepingOnesOwn(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		ctx := t.Context()
		d.enroll(t, "")
		update := func(do func(tx *sqldb.Tx) error) error { return h.DB.Update(ctx, do) }
		v := d.factors.Vault()
		i, err := d.factors.Info(ctx, d.who, d.of.User)
		if err != nil || i.Demanded {
			t.Fatalf("%+v, %v", i, err)
		}
		id := i.Authenticators[0].ID
		for name, want := range map[string]error{"Slate": nil, strings.Repeat("n", 65): factor.WrongName} {
			if err := update(func(tx *sqldb.Tx) error { return v.Rename(ctx, tx, d.who, d.of, id, name) }); !errors.Is(err, want) {
				t.Errorf("the name %.5s: %v", name, err)
			}
		}
		if err := update(func(tx *sqldb.Tx) error { return v.Rename(ctx, tx, d.who, d.of, ids.New[ids.MethodID](), "x") }); !errors.Is(err, fault.NotFound) {
			t.Errorf("none: %v", err)
		}
		if i, _ = d.factors.Info(ctx, d.who, d.of.User); i.Authenticators[0].Name != "Slate" {
			t.Errorf("named %q", i.Authenticators[0].Name)
		}
		for _, by := range []string{"another session", holder} {
			if err := update(func(tx *sqldb.Tx) error { return v.Saved(ctx, tx, d.of, by) }); err != nil {
				t.Fatal(err)
			}
			if left := d.spares(t, holder); (len(left) == 0) != (by == holder) {
				t.Errorf("saved by %s, and shown are %d", by, len(left))
			}
		}
		if err := d.factors.Demand(ctx, h.A.Admin, factor.Everybody); err != nil {
			t.Fatal(err)
		}
		if err := d.factors.Remove(ctx, d.who, d.of.User, id); !errors.Is(err, factor.Needed) {
			t.Errorf("the last one: %v, want Needed", err)
		}
		d.enroll(t, "")
		if err := d.factors.Remove(ctx, d.who, d.of.User, id); err != nil {
			t.Errorf("one of two: %v", err)
		}
		if got := d.activities(t); got["User updated security info"] != 1 || got["User deleted security info"] != 1 {
			t.Errorf("log: %v", got)
		}
	})
}

func TestRegistering(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		ctx := t.Context()
		e, err := d.factors.Offer(ctx, d.who, holder)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.factors.Offer(ctx, d.who, holder)
		if err != nil || again != e {
			t.Errorf("loaded again: another secret, %v", err)
		}
		if other, err := d.factors.Offer(ctx, d.who, "another session"); err != nil || other == e {
			t.Errorf("another session has the same secret, %v", err)
		}
		p := phone.Typed(t, e.Secret.Reveal())
		wrong := p.Wrong(h.Clock.Wall())
		if _, err := d.factors.Enroll(ctx, d.who, holder, "", wrong); !errors.Is(err, factor.WrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
		if _, err := d.factors.Enroll(ctx, d.who, holder, strings.Repeat("n", 65), p.Code(h.Clock.Wall())); !errors.Is(err, factor.WrongName) {
			t.Errorf("a long name: %v", err)
		}
		for n := range factor.MaxAuthenticators {
			d.enroll(t, "")
			if n == 0 {
				if _, err := d.factors.Enroll(ctx, d.who, holder, "", p.Code(h.Clock.Wall())); !errors.Is(err, factor.WrongCode) {
					t.Errorf("the same secret twice: %v", err)
				}
			}
		}
		if _, err := d.factors.Offer(ctx, d.who, holder); !errors.Is(err, factor.TooMany) {
			t.Errorf("a sixth one: %v, want TooMany", err)
		}
		if _, err := d.factors.Enroll(ctx, d.who, holder, "", wrong); !errors.Is(err, factor.TooMany) {
			t.Errorf("a sixth one: %v, want TooMany", err)
		}
	})
}

// TestWhoMayTakeOneAway walks through callers.
func TestWhoMayTakeOneAway(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		ctx := t.Context()
		role := func(nick string, role ids.RoleID) authz.Caller {
			u := h.AddUser(t, h.A, nick)
			d.give(t, u.ID, role)
			return house.Person(h.A.ID, u.ID)
		}
		d.enroll(t, "one")
		i, err := d.factors.Info(ctx, d.who, d.of.User)
		if err != nil {
			t.Fatal(err)
		}
		id := i.Authenticators[0].ID
		reader, helpdesk := role("reader", authz.GlobalReader), role("helpdesk", authz.HelpdeskAdministrator)
		officer, chief := role("officer", authz.AuthenticationAdministrator), role("chief", authz.PrivilegedAuthenticationAdministrator)
		colleague := house.Person(h.A.ID, h.AddUser(t, h.A, "colleague").ID)
		tests := []struct {
			name       string
			who        authz.Caller
			see, reset error
		}{
			{"a colleague", colleague, authz.Denied, authz.Denied},
			{"a Helpdesk Administrator", helpdesk, authz.Denied, authz.Denied},
			{"a Global Reader sees", reader, nil, authz.Denied},
			{"an administrator of another tenant", h.B.Admin, fault.NotFound, fault.NotFound},
		}
		for _, tt := range tests {
			if _, err := d.factors.Info(ctx, tt.who, d.of.User); !errors.Is(err, tt.see) {
				t.Errorf("%s sees: %v, want %v", tt.name, err, tt.see)
			}
			if err := d.factors.Remove(ctx, tt.who, d.of.User, id); !errors.Is(err, tt.reset) {
				t.Errorf("%s resets: %v, want %v", tt.name, err, tt.reset)
			}
		}
		if err := d.factors.Remove(ctx, officer, d.of.User, ids.New[ids.MethodID]()); !errors.Is(err, fault.NotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		if err := d.factors.Remove(ctx, officer, d.of.User, id); err != nil {
			t.Errorf("an Authentication Administrator: %v", err)
		}
		if i, err := d.factors.Info(ctx, d.who, d.of.User); err != nil || len(i.Authenticators) != 0 || i.Spares.Left != 0 {
			t.Errorf("what is left: %+v, %v", i, err)
		}
		d.enroll(t, "of an administrator")
		d.give(t, d.of.User, authz.UserAdministrator)
		if i, err = d.factors.Info(ctx, d.who, d.of.User); err != nil {
			t.Fatal(err)
		}
		id = i.Authenticators[0].ID
		if err := d.factors.Remove(ctx, officer, d.of.User, id); !errors.Is(err, authz.Denied) {
			t.Errorf("an Authentication Administrator, of a User Administrator: %v, want Denied", err)
		}
		if err := d.factors.Remove(ctx, chief, d.of.User, id); err != nil {
			t.Errorf("a Privileged Authentication Administrator: %v", err)
		}
		d.enroll(t, "mine")
		if i, err = d.factors.Info(ctx, d.who, d.of.User); err != nil {
			t.Fatal(err)
		}
		if err := d.factors.Remove(ctx, d.who, d.of.User, i.Authenticators[0].ID); err != nil {
			t.Errorf("oneself: %v", err)
		}
		if got := d.activities(t); got["User deleted security info"] != 1 || got["Admin deleted security info"] != 2 {
			t.Errorf("log: %v", got)
		}
	})
}

func (d *desk) give(t *testing.T, to ids.ObjectID, role ids.RoleID) {
	t.Helper()
	if err := d.DB.Update(t.Context(), func(tx *sqldb.Tx) error { return authz.Assign(t.Context(), tx, d.A.ID, to, role) }); err != nil {
		t.Fatal(err)
	}
}

// TestTheRule asks for what is missing as the stores of two tenants say.
func TestTheRule(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		ctx := t.Context()
		ask := func(v *person.Visit, methods ...string) factor.Need {
			t.Helper()
			var need factor.Need
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				need, _, err = factor.Ask(ctx, tx, factor.Asking{Visit: v, Methods: methods})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return need
		}
		visit := func(in house.Tenant, user ids.ObjectID) *person.Visit {
			t.Helper()
			v := &person.Visit{}
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
				to, err := tenant.Get(ctx, tx, in.ID)
				if err == nil {
					v, err = person.Find(ctx, tx, to, person.Proof{Home: h.A.ID, User: user, At: h.Clock.Now().Add(time.Minute)})
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return v
		}
		member, admin := visit(h.A, d.of.User), visit(h.A, h.A.Admin.Object)
		if need := ask(member); !need.IsZero() {
			t.Errorf("as it is made: %+v", need)
		}
		if err := d.factors.Demand(ctx, d.who, factor.Everybody); !errors.Is(err, authz.Denied) {
			t.Errorf("a member sets the rule: %v, want Denied", err)
		}
		if err := d.factors.Demand(ctx, h.A.Admin, "guests"); !errors.Is(err, fault.Invalid) {
			t.Errorf("a rule that is none: %v, want Invalid", err)
		}
		demand := func(in house.Tenant, who factor.Who) {
			t.Helper()
			if err := d.factors.Demand(ctx, in.Admin, who); err != nil {
				t.Fatal(err)
			}
		}
		demand(h.A, factor.Administrators)
		if need := ask(member); !need.IsZero() {
			t.Errorf("a member, where administrators are asked: %+v", need)
		}
		if need := ask(admin); need.Account.User != h.A.Admin.Object || !need.Enroll {
			t.Errorf("an administrator: %+v", need)
		}
		demand(h.A, factor.Everybody)
		if need := ask(member, "pwd"); need != (factor.Need{Account: d.of, Enroll: true}) {
			t.Errorf("a member, where everybody is asked: %+v", need)
		}
		d.enroll(t, "")
		if need := ask(member, "pwd"); need != (factor.Need{Account: d.of}) {
			t.Errorf("a member with an authenticator: %+v", need)
		}
		if need := ask(member, "pwd", "otp", "mfa"); !need.IsZero() {
			t.Errorf("proved: %+v", need)
		}
		demand(h.A, factor.Nobody)

		guest := d.invite(t)
		there := visit(h.B, d.of.User)
		if need := ask(there, "pwd", "otp", "mfa"); !need.IsZero() {
			t.Errorf("a guest where nothing is demanded: %+v", need)
		}
		demand(h.B, factor.Everybody)
		if need := ask(there, "pwd", "otp", "mfa"); need != (factor.Need{Account: factor.Account{Tenant: h.B.ID, User: guest}, Enroll: true, Abroad: true}) {
			t.Errorf("a guest where home is not trusted: %+v", need)
		}
		d.trust(t, h.B, h.A.ID)
		if need := ask(there, "pwd", "otp", "mfa"); !need.IsZero() {
			t.Errorf("a guest where home is trusted: %+v", need)
		}
		if need := ask(there, "pwd"); need != (factor.Need{Account: d.of}) {
			t.Errorf("a guest where home is trusted, without: %+v", need)
		}
	})
}

// TestReseal opens, under a new master key alone, what the old one sealed.
func TestReseal(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		old, next := secret.NewKey(), secret.NewKey()
		under := func(keys ...[]byte) *factor.Service {
			t.Helper()
			ring, err := secret.NewRing(keys...)
			if err != nil {
				t.Fatal(err)
			}
			return factor.NewService(h.DB, ring, h.Clock)
		}
		d := sit(t, h)
		d.factors = under(old)
		p := d.enroll(t, "")
		spare := d.spares(t, holder)[0]
		d.factors = under(next, old)
		if err := d.factors.Reseal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.checkSpare(t, spare); err != nil {
			t.Errorf("a recovery code while the old key is on the ring: %v", err)
		}
		d.factors = under(next)
		h.Clock.Advance(30 * time.Second)
		if err := d.check(t, p.Code(h.Clock.Wall())); err != nil {
			t.Errorf("a code under the new key: %v", err)
		}
	})
}

// TestNothingRemains purges a person's factor.
func TestNothingRemains(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := sit(t, h)
		p := d.enroll(t, "")
		if err := d.check(t, p.Wrong(h.Clock.Wall())); !errors.Is(err, factor.WrongCode) {
			t.Fatal(err)
		}
		if err := h.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			n, err := factor.ClearRemains(t.Context(), tx, object.Remain{Tenant: d.of.Tenant, ID: d.of.User}, 100)
			if n != 12 {
				t.Errorf("%d rows went, want 12", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// invite makes the person a guest of B.
func (d *desk) invite(t *testing.T) (id ids.ObjectID) {
	t.Helper()
	ctx := t.Context()
	if err := d.DB.Update(ctx, func(tx *sqldb.Tx) error {
		in, err := tenant.Get(ctx, tx, d.B.ID)
		if err != nil {
			return err
		}
		u, err := directory.AddGuest(ctx, tx, in, directory.Invitee{Mail: "ada@contoso.example"})
		if err != nil {
			return err
		}
		id = u.ID
		return directory.AcceptGuest(ctx, tx, u, ids.Principal{Kind: ids.Person, Home: d.A.ID, ID: d.of.User})
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

// trust lets a tenant trust the second factor of another.
func (d *desk) trust(t *testing.T, in house.Tenant, home ids.TenantID) {
	t.Helper()
	body := `{"tenantId":"` + string(home) + `","inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}}`
	if _, err := crosstenant.NewService(d.DB).AddPartner(t.Context(), in.Admin, []byte(body)); err != nil {
		t.Fatal(err)
	}
}
