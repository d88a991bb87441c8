package sts_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/token"
	"entente/internal/enttest/crossing"
	"entente/internal/flow/sts"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// public lets the application act without a credential.
func (v *visitor) public(on string) {
	v.t.Helper()
	_, err := v.Apps.Update(v.t.Context(), crossing.System(v.A), v.Object, []byte(`{"isFallbackPublicClient":`+on+`}`))
	v.ok(err)
}

func (v *visitor) begin(at string, more ...string) (sts.DeviceStart, error) {
	f := with(oauth2.Form{"client_id": string(v.App), "scope": "openid profile offline_access User.Read"}, more...)
	return v.STS.BeginDevice(v.t.Context(), sts.Request{Tenant: at, Version: 2, Form: f, IP: "192.0.2.9", UserAgent: "toaster"})
}

// waiting returns a device that waits at B.
func (v *visitor) waiting() sts.DeviceStart {
	v.t.Helper()
	d, err := v.begin(string(v.B))
	v.ok(err)
	return d
}

func (v *visitor) poll(code string, more ...string) oauth2.Form {
	return with(oauth2.Form{"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": string(v.App), "device_code": code}, more...)
}

// decide does what a person does in the browser.
func (v *visitor) decide(d sts.DeviceStart, who *directory.User, approve bool) {
	v.t.Helper()
	v.update(func(ctx context.Context, tx *sqldb.Tx) error {
		got, err := token.DeviceByUserCode(ctx, tx, d.UserCode)
		if err != nil {
			return err
		}
		if approve {
			err = got.Approve(token.Proof{Home: who.Tenant, User: who.ID, Session: ids.New[ids.SessionID](), Methods: []string{"pwd"}, AuthAt: tx.Now()}, v.B, tx.Now())
		} else {
			err = got.Decline(tx.Now())
		}
		if err != nil {
			return err
		}
		return token.DecideDevice(ctx, tx, got)
	})
}

// TestADeviceSignsIn: it waits, and has tokens once somebody has approved.
func TestADeviceSignsIn(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.public("true")
		for _, at := range []string{string(v.B), "organizations", "COMMON"} {
			d, err := v.begin(at)
			v.ok(err)
			if d.Lifetime != 15*time.Minute || d.Interval != 5*time.Second || len(d.UserCode) != 9 || d.Code == "" {
				t.Errorf("the device got %+v", d)
			}
			before := len(signIns(t, v.World, v.B))
			for _, step := range []struct {
				wait time.Duration
				want fault.Reason
			}{{0, token.DevicePending}, {time.Second, token.DeviceTooFast}, {time.Second, token.DeviceTooFast}, {3 * time.Second, token.DevicePending}} {
				v.clk.Advance(step.wait)
				if _, err := v.ask(at, v.poll(d.Code), ""); !errors.Is(err, step.want) {
					t.Errorf("at %s, after %s: err = %v, want %s", at, step.wait, err, step.want)
				}
			}
			if n := len(signIns(t, v.World, v.B)); n != before {
				t.Errorf("waiting left %d entries", n-before)
			}
			v.decide(d, v.user, true)
			res, err := v.ask(at, v.poll(d.Code, "grant_type", "device_code"), "")
			v.ok(err)
			access, id := claimsOf(t, res.Token.Text), claimsOf(t, res.ID)
			for name, want := range map[string]any{"tid": string(v.B), "oid": string(v.user.ID), "scp": "User.Read openid profile", "appidacr": "0"} {
				if access[name] != want {
					t.Errorf("%s = %v, want %v", name, access[name], want)
				}
			}
			if id["aud"] != string(v.App) || id["nonce"] != nil || res.Person.ID != v.user.ID {
				t.Errorf("the ID token says %v", id)
			}
			if next, err := v.ask(at, v.again(res.Refresh), ""); err != nil || next.Refresh == "" {
				t.Errorf("the refresh: %v", err)
			}
			if _, err := v.ask(at, v.poll(d.Code), ""); !errors.Is(err, token.DeviceRedeemed) {
				t.Errorf("a second time at %s: %v", at, err)
			}
		}
		if _, err := v.begin("consumers"); !errors.Is(err, sts.NotHere) {
			t.Errorf("at consumers: %v", err)
		}
	})
}

// TestVersionOneDevice: it names a resource, and sends its code as code.
func TestVersionOneDevice(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.public("true")
		first := func(f oauth2.Form) sts.Request {
			return sts.Request{Tenant: string(v.B), Version: 1, Form: f, Correlation: "c", IP: "192.0.2.9"}
		}
		_, err := v.STS.BeginDevice(t.Context(), first(oauth2.Form{"client_id": string(v.App)}))
		if !errors.Is(err, sts.ParameterMissing) {
			t.Errorf("without a resource: %v", err)
		}
		d, err := v.STS.BeginDevice(t.Context(), first(oauth2.Form{"client_id": string(v.App), "resource": graph}))
		v.ok(err)
		v.decide(d, v.user, true)
		res, err := v.STS.Exchange(t.Context(), first(oauth2.Form{"grant_type": "device_code", "client_id": string(v.App), "code": d.Code}))
		v.ok(err)
		if res.Resource != graph || res.Refresh == "" || claimsOf(t, res.ID)["ver"] != "1.0" {
			t.Errorf("the device got %+v", res)
		}
	})
}

// TestDeviceInWrongHands: each way to misuse a device code has its own refusal,
// and none spends it.
func TestDeviceInWrongHands(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		if _, err := v.begin(string(v.B)); !errors.Is(err, sts.CredentialMissing) {
			t.Errorf("an application that is not public: %v", err)
		}
		withSecret, err := v.begin(string(v.B), "client_secret", v.Secret)
		v.ok(err)
		v.decide(withSecret, v.user, true)
		v.refused(v.poll(withSecret.Code), sts.CredentialMissing)
		v.refused(v.poll(withSecret.Code, "client_secret", "wrong"), app.WrongSecret)
		confidential := v.get(v.poll(withSecret.Code, "client_secret", v.Secret))
		v.refused(v.again(confidential.Refresh), sts.CredentialMissing)
		v.get(v.again(confidential.Refresh, "client_secret", v.Secret))

		v.public("true")
		other, err := v.Apps.Create(t.Context(), crossing.System(v.B), []byte(`{"displayName":"Other","isFallbackPublicClient":true}`), nil)
		v.ok(err)
		v.Presence(t, v.B, other.AppID)
		v.Presence(t, v.A, v.App)
		d := v.waiting()
		v.decide(d, v.user, true)
		v.refused(v.poll(""), sts.ParameterMissing)
		v.refused(v.poll("nonsense"), token.DeviceUnknown)
		v.refused(v.poll(d.UserCode), token.DeviceUnknown)
		v.refused(v.poll(d.Code, "client_id", string(other.AppID)), token.DeviceUnknown)
		if _, err := v.ask(string(v.A), v.poll(d.Code), ""); !errors.Is(err, token.DeviceUnknown) {
			t.Errorf("at another tenant: %v", err)
		}
		if _, err := v.ask("organizations", v.poll(d.Code, "client_id", string(other.AppID)), ""); !errors.Is(err, token.DeviceUnknown) {
			t.Errorf("by another client at organizations: %v", err)
		}
		// What is one thing is no other.
		v.refused(v.form(d.Code), token.CodeUnknown)
		v.refused(v.again(d.Code), token.RefreshUnknown)
		v.refused(v.poll(v.code(nil)), token.DeviceUnknown)
		v.get(v.poll(d.Code))

		declined := v.waiting()
		v.decide(declined, v.user, false)
		v.refused(v.poll(declined.Code), token.DeviceRefused)
		late := v.waiting()
		v.decide(late, v.user, true)
		v.clk.Advance(15 * time.Minute)
		v.refused(v.poll(late.Code), token.DeviceExpired)
		gone := v.waiting()
		v.decide(gone, v.user, true)
		v.patch(v.user, `{"accountEnabled":false}`)
		v.refused(v.poll(gone.Code), person.NoAccount)
	})
}

// TestDeviceStartIsRefused: what cannot become a sign-in does not begin to wait.
func TestDeviceStartIsRefused(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.public("true")
		single, err := v.Apps.Create(t.Context(), crossing.System(v.A), []byte(`{"displayName":"Single","isFallbackPublicClient":true,"signInAudience":"AzureADMyOrg"}`), nil)
		v.ok(err)
		for _, tt := range []struct {
			name, at string
			more     []string
			want     fault.Reason
		}{
			{"no client", string(v.B), []string{"client_id", ""}, sts.ParameterMissing},
			{"a client that is none", string(v.B), []string{"client_id", "x"}, sts.UnknownClient},
			{"a client that nobody has", string(v.B), []string{"client_id", string(ids.New[ids.AppID]())}, sts.UnknownClient},
			{"another tenant's own client", string(v.B), []string{"client_id", string(single.AppID)}, sts.UnknownClient},
			{"the same for whoever signs in", "common", []string{"client_id", string(single.AppID)}, sts.UnknownClient},
			{"no scope", string(v.B), []string{"scope", ""}, oauth2.ScopeMissing},
			{"a scope without end", string(v.B), []string{"scope", strings.Repeat("a ", 2500)}, oauth2.ScopeMalformed},
			{"a resource", string(v.B), []string{"resource", graph}, sts.ResourceOnV2},
			{"a wrong secret", string(v.B), []string{"client_secret", "wrong"}, app.WrongSecret},
		} {
			if _, err := v.begin(tt.at, tt.more...); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %s", tt.name, err, tt.want)
			}
		}
	})
}

// TestDeviceRace: of many polls at once, one has the tokens.
func TestDeviceRace(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.public("true")
		d := v.waiting()
		v.decide(d, v.user, true)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 6 {
			wg.Go(func() {
				_, err := v.ask(string(v.B), v.poll(d.Code), "")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, token.DeviceRedeemed) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d had tokens", won)
		}
	})
}
