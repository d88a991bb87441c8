package sts_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/federation"
	"entente/internal/enttest/crossing"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/fakeidp"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A certified client signs its assertions with a registered certificate.
type certified struct {
	key *rsa.PrivateKey
	der []byte
}

func certify(t *testing.T, w *crossing.World) certified {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: w.Clock.Now().Add(-time.Hour), NotAfter: w.Clock.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]any{"keyCredentials": []map[string]any{{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}}})
	if _, err := w.Apps.Update(t.Context(), crossing.System(w.A), w.Object, body); err != nil {
		t.Fatal(err)
	}
	return certified{key, der}
}

// sign returns an assertion as clients make it, with a header and changes of
// claims.
func (c certified) sign(t *testing.T, w *crossing.World, h jose.Header, change func(*jose.Claims)) string {
	t.Helper()
	now := w.Clock.Wall()
	claims := jose.Claims{Issuer: string(w.App), Subject: string(w.App), ID: secret.Random(16),
		Audience:  jose.Audience{crossing.Name + "/" + string(w.B) + "/oauth2/v2.0/token"},
		NotBefore: jose.Date{Time: now}, Expiry: jose.Date{Time: now.Add(10 * time.Minute)}}
	if change != nil {
		change(&claims)
	}
	s, err := jose.NewSigner(crypto.Signer(c.key), h)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestCertificateAssertion covers RFC 7523, section 3, with Entra's ways to name
// the certificate.
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func TestCertificateAssertion(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		c := certify(t, w)
		stranger, _ := rsa.GenerateKey(rand.Reader, 2048)
		sum1, sum256 := sha1.Sum(c.der), sha256.Sum256(c.der)
		std, raw, padded := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString, base64.URLEncoding.EncodeToString
		go256 := jose.Header{Algorithm: jose.PS256, X5tS256: std(sum256[:])}
		audience := func(a string) func(*jose.Claims) { return func(c *jose.Claims) { c.Audience = jose.Audience{a} } }
		tests := []struct {
			name   string
			by     certified
			h      jose.Header
			change func(*jose.Claims)
			want   error
		}{
			{"as MSAL Go: PS256, x5t#S256 in padded standard base64", c, go256, nil, nil},
			{"as MSAL Node: PS256, x5t#S256 in base64url", c, jose.Header{Algorithm: jose.PS256, X5tS256: raw(sum256[:])}, nil, nil},
			{"older: RS256, x5t", c, jose.Header{Algorithm: jose.RS256, X5t: raw(sum1[:])}, nil, nil},
			{"as azuread: RS256, kid is the padded base64url thumbprint", c, jose.Header{Algorithm: jose.RS256, KeyID: padded(sum1[:])}, nil, nil},
			{"kid is the hexadecimal thumbprint", c, jose.Header{Algorithm: jose.RS256, KeyID: strings.ToUpper(hex.EncodeToString(sum1[:]))}, nil, nil},
			{"audience is the issuer", c, go256, audience(crossing.Name + "/" + string(w.B) + "/v2.0"), nil},
			{"audience by domain is only taken when asked by it", c, go256, audience(crossing.Name + "/fabrikam.example/oauth2/v2.0/token"), sts.AudienceDiffers},
			{"another tenant's audience", c, go256, audience(crossing.Name + "/" + string(w.A) + "/oauth2/v2.0/token"), sts.AudienceDiffers},
			{"another host's audience", c, go256, audience("https://login.example.evil/" + string(w.B) + "/oauth2/v2.0/token"), sts.AudienceDiffers},
			{"section 3, 2: subject is not the client", c, go256, func(c *jose.Claims) { c.Subject = "other" }, sts.SubjectDiffers},
			{"section 3, 4: expired", c, go256, func(c *jose.Claims) { c.Expiry.Time = c.Expiry.Add(-time.Hour) }, sts.AssertionTime},
			{"section 3, 4: no expiry", c, go256, func(c *jose.Claims) { c.Expiry = jose.Date{} }, sts.AssertionTime},
			{"section 3, 5: not yet", c, go256, func(c *jose.Claims) { c.NotBefore.Time = c.NotBefore.Add(time.Hour) }, sts.AssertionTime},
			{"a certificate that is not registered", c, jose.Header{Algorithm: jose.RS256, X5t: raw(sum256[:20])}, nil, app.NoCertificate},
			{"no certificate named", c, jose.Header{Algorithm: jose.RS256}, nil, app.NoCertificate},
			{"another key under the certificate's name", certified{stranger, c.der}, go256, nil, sts.SignatureDiffers},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got, err := ask(w, w.B, 2, w.AssertionForm(graph, tt.by.sign(t, w, tt.h, tt.change)))
				if !errors.Is(err, tt.want) {
					t.Fatalf("err = %v, want %v", err, tt.want)
				}
				if err == nil && got["appidacr"] != "2" {
					t.Errorf("appidacr = %v, want 2", got["appidacr"])
				}
			})
		}
		clk.Advance(1001 * time.Hour)
		if _, err := ask(w, w.B, 2, w.AssertionForm(graph, c.sign(t, w, go256, nil))); !errors.Is(err, app.NoCertificate) {
			t.Errorf("after the certificate's end: err = %v, want %s", err, app.NoCertificate)
		}
	})
}

// TestAnotherIssuersAssertion breaks each link of an assertion from outside.
func TestAnotherIssuersAssertion(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		idp := fakeidp.StartAt(t, clk)
		w := crossing.New(t, db, clk, crossing.Options{Fetch: fetch.Options{Roots: idp.Roots(), Allow: []string{"127.0.0.1", "::1", "localhost"}}})
		w.TrustSubject(t, idp.Issuer, "repo:contoso/app")
		forge := func(alg gojose.SignatureAlgorithm, key any, header string) string {
			s, err := gojose.NewSigner(gojose.SigningKey{Algorithm: alg, Key: key}, (&gojose.SignerOptions{}).WithHeader("jku", header))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(map[string]any{"iss": idp.Issuer, "sub": "repo:contoso/app", "aud": app.TokenExchangeAudience, "exp": clk.Now().Add(time.Hour).Unix()})
			jws, err := s.Sign(text)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := jws.CompactSerialize()
			return raw
		}
		stranger, _ := rsa.GenerateKey(rand.Reader, 2048)
		token := func(subject, audience string, more map[string]any) string {
			return idp.Token(t, subject, audience, more)
		}
		claims := map[string]any{"iss": idp.Issuer, "sub": "repo:contoso/app", "aud": app.TokenExchangeAudience, "exp": clk.Now().Add(time.Hour).Unix()}
		none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(token("repo:contoso/app", app.TokenExchangeAudience, nil), ".")[1] + "."
		tests := []struct {
			name, raw string
			want      error
		}{
			{"right", token("repo:contoso/app", app.TokenExchangeAudience, nil), nil},
			{"another issuer", token("repo:contoso/app", app.TokenExchangeAudience, map[string]any{"iss": "https://other.example"}), federation.IssuerMismatch},
			{"the issuer with a slash", token("repo:contoso/app", app.TokenExchangeAudience, map[string]any{"iss": idp.Issuer + "/"}), federation.IssuerMismatch},
			{"another subject", token("repo:contoso/other", app.TokenExchangeAudience, nil), federation.SubjectMismatch},
			{"the subject in other case", token("repo:Contoso/app", app.TokenExchangeAudience, nil), federation.SubjectCase},
			{"another audience", token("repo:contoso/app", "api://other", nil), federation.AudienceMismatch},
			{"expired", token("repo:contoso/app", app.TokenExchangeAudience, map[string]any{"exp": clk.Now().Add(-time.Hour).Unix()}), federation.Expired},
			{"RFC 8725 section 3.1: none", none, jose.WrongAlgorithm},
			{"RFC 8725 section 2.1: HS256 under the public key", forge(gojose.HS256, stranger.N.Bytes(), "x"), jose.WrongAlgorithm},
			{"a key of one's own, offered by jku", forge(gojose.RS256, stranger, "https://keys.example/"), jose.BadSignature},
			{"a wrong kid", idp.Sign(t, claims, map[string]any{"kid": "unknown"}), jose.NoKey},
			{"too long", strings.Repeat("x", jose.MaxLength+1), jose.TooLong},
			{"nonsense", "x.y.z", jose.Malformed},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if _, err := ask(w, w.B, 2, w.AssertionForm(graph, tt.raw)); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
	})
}

// TestWhatCredentialsExpectStaysAtHome: the tenant that is asked learns what
// came, and the application's home alone what its credentials say.
func TestWhatCredentialsExpectStaysAtHome(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		w.Presence(t, w.A, w.App)
		assertion, form := w.ExchangeToken(t), w.AssertionForm(graph, "")
		link := func(tenant ids.TenantID, name string) (found audit.Link) {
			t.Helper()
			clk.Advance(time.Second) // so that the entry is the newest
			form["client_assertion"] = assertion
			_, err := ask(w, tenant, 2, form)
			e := signIns(t, w, tenant)[0]
			if e.CredentialKind == "" || (err == nil) != (e.Reason == "") {
				t.Errorf("err = %v, entry = %+v", err, e)
			}
			for _, l := range e.Links {
				if l.Name == name {
					found = l
				}
			}
			return found
		}
		if home, abroad := link(w.A, "credential"), link(w.B, "credential"); home.Found == "" || abroad.Found != "" || abroad.Verdict != "ok" {
			t.Errorf("matched: home has %+v, abroad %+v", home, abroad)
		}
		if err := w.Trust.Delete(t.Context(), crossing.System(w.A), federation.Parent{Tenant: w.A, Kind: federation.Application, ID: w.Object}, string(w.Credential)); err != nil {
			t.Fatal(err)
		}
		w.TrustSubject(t, crossing.Name+"/"+string(w.A)+"/v2.0", "another")
		home, abroad := link(w.A, "subject"), link(w.B, "subject")
		if home.Expected != "another" || abroad.Expected != "" {
			t.Errorf("expected: home has %q, abroad %q", home.Expected, abroad.Expected)
		}
		if want := string(w.Identity.Principal); home.Found != want || abroad.Found != want || abroad.Verdict != string(federation.SubjectMismatch) {
			t.Errorf("found: home has %+v, abroad %+v", home, abroad)
		}
	})
}
