package isolation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"entente/internal/edge/hostapi"
	"entente/internal/enttest"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
)

// A machine is one that has become a side's host.
type machine struct {
	tenant, id string
	key        *jose.Signer
}

// enroll makes the side's host and a machine that is it.
func (g *ground) enroll(t *testing.T, x *side) machine {
	t.Helper()
	g.furnishARM(t, x)
	var right struct{ Token string }
	g.ARM(t, x.Tenant, http.MethodPost, x.host()+"/createEnrollmentToken", nil, &right)
	m := g.redeem(t, x, right.Token)
	x.ids["host"] = m.id
	return m
}

// redeem makes a machine of a one-time token of the side's.
func (g *ground) redeem(t *testing.T, x *side, token string) machine {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(gojose.JSONWebKey{Key: key.Public(), KeyID: "host", Algorithm: "ES256", Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	a := g.As(t, "", http.MethodPost, "/host/enroll", map[string]any{"token": token, "key": json.RawMessage(jwk)})
	if a.Status != http.StatusCreated {
		t.Fatalf("enroll: %d %s", a.Status, a.Body)
	}
	var made struct{ TenantID, HostID string }
	a.Into(t, &made)
	if made.TenantID != x.ID {
		t.Errorf("a token of %s enrolls in %s", x.ID, made.TenantID)
	}
	m := machine{tenant: made.TenantID, id: made.HostID}
	if m.key, err = jose.NewSigner(crypto.Signer(key), jose.Header{Algorithm: jose.ES256, KeyID: "host"}); err != nil {
		t.Fatal(err)
	}
	return m
}

// assert signs that the machine is the host id, for an endpoint.
func (m machine) assert(t *testing.T, g *ground, id, endpoint string) string {
	t.Helper()
	now := g.Clock.Wall()
	raw, err := m.key.Sign(jose.Claims{
		Issuer: id, Subject: id, Audience: jose.Audience{g.Name + endpoint},
		IssuedAt: jose.Date{Time: now}, Expiry: jose.Date{Time: now.Add(time.Minute)}, ID: secret.Random(16),
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// beat reports that the host id of a tenant lives, as the host that signs says.
func (m machine) beat(t *testing.T, g *ground, tenant, id, signs string) enttest.Answer {
	t.Helper()
	return m.ask(t, g, "/host/heartbeat", tenant, id, signs, nil)
}

// ask asks for something as the host id of a tenant, as the host that signs says.
func (m machine) ask(t *testing.T, g *ground, endpoint, tenant, id, signs string, more map[string]any) enttest.Answer {
	t.Helper()
	body := map[string]any{"tenantId": tenant, "hostId": id}
	maps.Copy(body, more)
	return g.As(t, m.assert(t, g, signs, endpoint), http.MethodPost, endpoint, body)
}

// TestHostAPI walks what hosts speak with; jobs are in TestWorkers.
func TestHostAPI(t *testing.T) {
	if want := []string{"POST /host/enroll", "POST /host/heartbeat", "POST /host/jobs/take", "POST /host/jobs/tell"}; !slices.Equal(hostapi.Routes(), want) {
		t.Fatalf("the routes are %v, and %v are walked", hostapi.Routes(), want)
	}
	each(t, func(t *testing.T, g *ground) {
		theirs, own := g.enroll(t, g.victim), g.enroll(t, g.stranger)
		before := g.rows(t)
		for _, tenant := range []string{theirs.tenant, own.tenant} {
			for _, id := range []string{theirs.id, own.id} {
				for _, signs := range []string{theirs.id, own.id} {
					if a := own.beat(t, g, tenant, id, signs); tenant+id+signs == own.tenant+own.id+own.id {
						if a.Status != http.StatusOK {
							t.Errorf("its own heartbeat: %d %s", a.Status, a.Body)
						}
					} else if a.Status != http.StatusUnauthorized {
						t.Errorf("a heartbeat for the host %s of %s as %s: %d %s", id, tenant, signs, a.Status, a.Body)
					}
				}
			}
		}
		g.untouched(t, before)
		if a := theirs.beat(t, g, theirs.tenant, theirs.id, theirs.id); a.Status != http.StatusOK {
			t.Errorf("the victim's heartbeat: %d %s", a.Status, a.Body)
		}
	})
}
