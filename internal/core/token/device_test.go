package token_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const deviceClient ids.AppID = "22222222-2222-4222-8222-222222222222"

func device() *token.Device {
	return token.NewDevice(tenant, deviceClient, "openid User.Read", "192.0.2.1", "toaster", dbtest.Noon)
}

func TestPollDevice(t *testing.T) {
	const life = token.DeviceLife
	tests := []struct {
		name   string
		change func(d *token.Device)
		client ids.AppID
		at     time.Duration
		want   fault.Reason
	}{
		{"while nobody has decided", nil, deviceClient, 0, token.DevicePending},
		{"again after the interval", func(d *token.Device) { d.PolledAt = dbtest.Noon }, deviceClient, 5 * time.Second, token.DevicePending},
		{"again a little early, as networks have it", func(d *token.Device) { d.PolledAt = dbtest.Noon }, deviceClient, 4 * time.Second, token.DevicePending},
		{"again too soon", func(d *token.Device) { d.PolledAt = dbtest.Noon }, deviceClient, 4*time.Second - 1, token.DeviceTooFast},
		{"too soon, but somebody has approved", func(d *token.Device) { d.PolledAt, d.State = dbtest.Noon, token.DeviceApproved }, deviceClient, 1, ""},
		{"declined", func(d *token.Device) { d.State = token.DeviceDeclined }, deviceClient, 0, token.DeviceRefused},
		{"at the last moment", nil, deviceClient, life - 1, token.DevicePending},
		{"at its end", nil, deviceClient, life, token.DeviceExpired},
		{"approved, but at its end", func(d *token.Device) { d.State = token.DeviceApproved }, deviceClient, life, token.DeviceExpired},
		{"a second time", func(d *token.Device) { d.State = token.DeviceSpent }, deviceClient, 0, token.DeviceRedeemed},
		{"by another client", nil, "33333333-3333-4333-8333-333333333333", 0, token.DeviceUnknown},
		{"by another client, approved", func(d *token.Device) { d.State = token.DeviceApproved }, "33333333-3333-4333-8333-333333333333", 0, token.DeviceUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := device()
			if tt.change != nil {
				tt.change(d)
			}
			wants(t, d.Poll(tt.client, dbtest.Noon.Add(tt.at)), tt.want)
		})
	}
}

func TestDecide(t *testing.T) {
	d := device()
	wants(t, d.Approve(proof(), tenant, dbtest.Noon.Add(token.DeviceLife)), token.UserCodeUnknown)
	if d.State != token.DeviceWaiting || d.User != "" {
		t.Errorf("what is refused has changed the device: %+v", d)
	}
	wants(t, d.Approve(proof(), tenant, dbtest.Noon), "")
	if d.User != proof().User || d.State != token.DeviceApproved {
		t.Errorf("approved: %+v", d)
	}
	wants(t, d.Decline(dbtest.Noon), token.UserCodeDecided)
	wants(t, d.Approve(proof(), tenant, dbtest.Noon), token.UserCodeDecided)
}

// A waiting is a device in the store.
type waiting struct {
	db          *sqldb.DB
	code, typed string
}

func newWaiting(t *testing.T, db *sqldb.DB, d *token.Device) (w waiting) {
	t.Helper()
	w.db = db
	do(t, db.Update(t.Context(), func(tx *sqldb.Tx) (err error) {
		d.CreatedAt, d.ExpiresAt = tx.Now(), tx.Now().Add(token.DeviceLife)
		w.code, w.typed, err = token.AddDevice(t.Context(), tx, d)
		return err
	}))
	return w
}

func (w waiting) find(t *testing.T) *token.Device {
	t.Helper()
	var d *token.Device
	do(t, w.db.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		d, err = token.FindDevice(t.Context(), tx, w.code)
		return err
	}))
	return d
}

func (w waiting) enter(t *testing.T, typed string) (d *token.Device, err error) {
	err = w.db.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		d, err = token.DeviceByUserCode(t.Context(), tx, typed)
		return err
	})
	return d, err
}

func (w waiting) decide(t *testing.T, rule func(d *token.Device, now time.Time) error) error {
	return w.db.Update(t.Context(), func(tx *sqldb.Tx) error {
		d, err := token.DeviceByUserCode(t.Context(), tx, w.typed)
		if err == nil {
			err = rule(d, tx.Now())
		}
		if err != nil {
			return err
		}
		return token.DecideDevice(t.Context(), tx, d)
	})
}

// TestUserCodes: a person may type the code in any way, and no other.
func TestUserCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := newWaiting(t, db, device())
		if len(w.typed) != 9 || strings.Trim(w.typed, "CDFGHJKLMNPQRTVWXY3479") != "" {
			t.Fatalf("the code is %q", w.typed)
		}
		for _, as := range []string{w.typed, strings.ToLower(w.typed), " " + w.typed[:3] + " " + w.typed[3:6] + "-" + w.typed[6:] + "\t"} {
			d, err := w.enter(t, as)
			if err != nil || d.Client != deviceClient || d.IP != "192.0.2.1" || d.Agent != "toaster" || d.Scope != "openid User.Read" {
				t.Errorf("%q: %+v, %v", as, d, err)
			}
		}
		for _, as := range []string{"", w.typed[:8], w.typed + "C", "CCCCCCCCC", "O" + w.typed[1:], w.code, strings.Repeat(" ", 100) + w.typed} {
			_, err := w.enter(t, as)
			wants(t, err, token.UserCodeUnknown)
		}
		other := newWaiting(t, db, device())
		if other.typed == w.typed || other.code == w.code {
			t.Error("two devices have one code")
		}
	})
}

// TestOneNetworkHasSoManyDevices: those of another still find room, and its own
// do again once these have ended.
func TestOneNetworkHasSoManyDevices(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		add := func(ip string) error {
			return db.Update(t.Context(), func(tx *sqldb.Tx) error {
				_, _, err := token.AddDevice(t.Context(), tx, token.NewDevice(tenant, deviceClient, "openid", ip, "toaster", tx.Now()))
				return err
			})
		}
		for i := range 200 {
			do(t, add("2001:db8::"+strconv.FormatInt(int64(i), 16)))
		}
		if err := add("2001:db8::1:1"); !errors.Is(err, fault.Throttled) {
			t.Errorf("one more: %v, want %s", err, fault.Throttled)
		}
		do(t, add("2001:db8:0:1::1"))
		clk.Advance(token.DeviceLife)
		do(t, add("2001:db8::1:1"))
	})
}

// TestDeviceIsForWhoeverSignsIn: until then it is nobody's.
func TestDeviceIsForWhoeverSignsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := device()
		d.Tenant = ""
		w := newWaiting(t, db, d)
		do(t, w.decide(t, func(d *token.Device, now time.Time) error { return d.Approve(proof(), tenant, now) }))
		got := w.find(t)
		if want := proof(); got.Tenant != tenant || got.Home != want.Home || got.User != want.User || got.Session != want.Session ||
			len(got.Methods) != 2 || !got.AuthAt.Equal(want.AuthAt) || got.State != token.DeviceApproved {
			t.Errorf("the device is %+v", got)
		}
		_, err := w.enter(t, w.typed)
		wants(t, err, token.UserCodeDecided)
	})
}

// TestDeviceIsDecidedAndSpentOnce, by however many at once.
func TestDeviceIsDecidedAndSpentOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := newWaiting(t, db, device())
		race := func(lost fault.Reason, work func() error) {
			t.Helper()
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for range 6 {
				wg.Go(func() {
					err := work()
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
					} else {
						wants(t, err, lost)
					}
				})
			}
			wg.Wait()
			if won != 1 {
				t.Errorf("%d were first", won)
			}
		}
		race(token.UserCodeDecided, func() error {
			return w.decide(t, func(d *token.Device, now time.Time) error { return d.Approve(proof(), tenant, now) })
		})
		race(token.DeviceRedeemed, func() error {
			return db.Update(t.Context(), func(tx *sqldb.Tx) error {
				d, err := token.FindDevice(t.Context(), tx, w.code)
				if err == nil {
					err = d.Poll(deviceClient, tx.Now())
				}
				if err != nil {
					return err
				}
				return token.SpendDevice(t.Context(), tx, d)
			})
		})
	})
}

// TestSweepDevices: what is over is known for a day.
func TestSweepDevices(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		w := newWaiting(t, db, device())
		sweep := func(want int) {
			t.Helper()
			do(t, db.Update(t.Context(), func(tx *sqldb.Tx) error {
				n, err := token.SweepDevices(t.Context(), tx, 10)
				if n != want {
					t.Errorf("%d went, want %d", n, want)
				}
				return err
			}))
		}
		clk.Advance(24 * time.Hour)
		sweep(0)
		wants(t, w.find(t).Poll(deviceClient, clk.Now()), token.DeviceExpired)
		clk.Advance(token.DeviceLife + time.Second)
		sweep(1)
		err := db.View(t.Context(), func(tx *sqldb.Tx) error {
			_, err := token.FindDevice(t.Context(), tx, w.code)
			return err
		})
		wants(t, err, token.DeviceUnknown)
	})
}
