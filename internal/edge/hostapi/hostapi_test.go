package hostapi

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

const (
	own   = "https://entente.test"
	alias = "https://login.test"
	home  = ids.TenantID("11111111-1111-4111-8111-111111111111")
)

// A desk is the host API over a store with one host.
type desk struct {
	t       *testing.T
	handler http.Handler
	host    *managedidentity.Host
	token   string // unspent
	key     *ecdsa.PrivateKey
	clock   *clock.Fake
}

func each(t *testing.T, test func(d *desk)) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		s := managedidentity.NewService(db, func(context.Context, *sqldb.Tx, ids.TenantID, ids.ObjectID) error { return nil })
		contoso, err := tenant.New(home, "Contoso", dbtest.Noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return tenant.Add(t.Context(), tx, contoso) }); err != nil {
			t.Fatal(err)
		}
		who, east := authz.System(home, "test"), "eastus"
		sub, err := s.AddSubscription(t.Context(), who, "", "Main")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.PutGroup(t.Context(), who, sub.ID, "Apps", east, nil); err != nil {
			t.Fatal(err)
		}
		r := managedidentity.Resource{Subscription: sub.ID, Group: "Apps", Type: managedidentity.TypeMachine, Name: "vm"}
		h, _, err := s.PutHost(t.Context(), who, r, managedidentity.HostSpec{Location: &east, Identity: &managedidentity.IdentityBlock{System: true}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.AddEnrollment(t.Context(), who, r, 0)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		srv := &Server{Identities: s, Hosts: web.Hosts{Own: own, Also: []string{alias}}, Clock: clk, Log: slog.New(slog.DiscardHandler)}
		test(&desk{t, srv.Handler(), h, e.Token.Reveal(), key, clk})
	})
}

// post sends a body and returns the status and the answer.
func (d *desk) post(base, path, bearer, body string) (int, map[string]any) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, base+path, strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		d.t.Fatalf("%s: %d %s: %v", path, w.Code, w.Body, err)
	}
	return w.Code, got
}

func (d *desk) enrollment() string {
	b, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"token":%q,"key":{"kty":"EC","crv":"P-256","x":%q,"y":%q,"kid":"k"}}`, d.token, enc(b[1:33]), enc(b[33:]))
}

func (d *desk) assertion(audience string) string {
	signer, err := jose.NewSigner(d.key, jose.Header{Algorithm: jose.ES256, KeyID: "k"})
	if err != nil {
		d.t.Fatal(err)
	}
	now := d.clock.Wall()
	raw, err := signer.Sign(map[string]any{
		"iss": d.host.HostID, "sub": d.host.HostID, "aud": audience, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": ids.New[string](),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return raw
}

func TestAHostEnrollsAndReports(t *testing.T) {
	each(t, func(d *desk) {
		status, got := d.post(own, "/host/enroll", "", d.enrollment())
		if status != 201 || got["hostId"] != string(d.host.HostID) || got["tenantId"] != string(home) || got["resourceId"] != d.host.ID() {
			d.t.Fatalf("got %d %v", status, got)
		}
		if status, got := d.post(own, "/host/enroll", "", d.enrollment()); status != 401 {
			d.t.Errorf("a second time: got %d %v, want 401", status, got)
		}
		body := fmt.Sprintf(`{"tenantId":%q,"hostId":%q}`, home, d.host.HostID)
		for _, base := range []string{own, alias} {
			status, got = d.post(base, "/host/heartbeat", d.assertion(base+"/host/heartbeat"), body)
			if status != 200 || fmt.Sprint(got["identities"]) != fmt.Sprint([]any{d.host.System.Client}) || got["every"] != float64(every) {
				d.t.Errorf("%s: got %d %v", base, status, got)
			}
		}
		once := d.assertion(own + "/host/heartbeat")
		d.post(own, "/host/heartbeat", once, body)
		for name, bearer := range map[string]string{
			"none": "", "noise": "x", "used before": once, "for the token endpoint": d.assertion(own + "/" + string(home) + "/oauth2/token"),
			"for a host that we are not": d.assertion("https://evil.example/host/heartbeat"),
		} {
			if status, got := d.post(own, "/host/heartbeat", bearer, body); status != 401 {
				d.t.Errorf("assertion %s: got %d %v, want 401", name, status, got)
			}
		}
	})
}

func TestWhatIsNoRequest(t *testing.T) {
	each(t, func(d *desk) {
		tests := []struct {
			path, body string
			status     int
		}{
			{"/host/enroll", ``, 400},
			{"/host/enroll", `[]`, 400},
			{"/host/enroll", `{"token":"` + strings.Repeat("x", maxBody) + `"}`, 400},
			{"/host/enroll", `{"token":"x"}`, 401},
			{"/host/enroll", `{"token":"` + d.token + `","key":{"kty":"oct","k":"AAAA","kid":"x"}}`, 400},
			{"/host/heartbeat", `{"tenantId":"x","hostId":"y"}`, 400},
			{"/host/heartbeat", `{"tenantId":"` + string(home) + `","hostId":"` + string(home) + `"}`, 401},
		}
		for _, tt := range tests {
			if status, got := d.post(own, tt.path, "", tt.body); status != tt.status {
				d.t.Errorf("%s %.60s: got %d %v, want %d", tt.path, tt.body, status, got, tt.status)
			}
		}
		if status, got := d.post(own, "/host/enroll", "", d.enrollment()); status != 201 {
			d.t.Errorf("what was refused spent the token: %d %v", status, got)
		}
	})
}
