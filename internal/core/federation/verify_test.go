package federation

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	jose4 "github.com/go-jose/go-jose/v4"

	"entente/internal/core/app"
	"entente/internal/enttest/fakeidp"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// check verifies and compares the reason; the last link must tell it too.
func (w *world) check(t *testing.T, of Parent, raw string, want error) Match {
	t.Helper()
	m, err := w.fed.Verify(t.Context(), of, raw)
	if !errors.Is(err, want) {
		t.Fatalf("err = %v, want %v", err, want)
	}
	if len(m.Links) == 0 {
		t.Fatal("no link is recorded")
	}
	last, verdict := m.Links[len(m.Links)-1], "ok"
	if want != nil {
		verdict = want.Error()
	}
	if last.Verdict != verdict {
		t.Errorf("the last link is %+v, want the verdict %q", last, verdict)
	}
	return m
}

func TestVerifyOtherIssuer(t *testing.T) {
	each(t, func(w *world) {
		c := w.create(w.admin, w.app, w.body(nil))
		good := w.idp.Token(w, "job-7", ExchangeAudience, nil)
		parts := strings.Split(good, ".")
		now := w.clk.Wall()
		token := func(more map[string]any) string { return w.idp.Token(w, "job-7", ExchangeAudience, more) }
		signed := func(header map[string]any) string {
			return w.idp.Sign(w, map[string]any{"iss": w.idp.Issuer, "sub": "job-7", "aud": ExchangeAudience, "exp": now.Add(time.Hour).Unix()}, header)
		}
		tests := []struct {
			name string
			raw  string
			want error
		}{
			{"all three names match", good, nil},
			{"a line break after the token, as from a file", good + "\n", nil},
			{"one audience of two", token(map[string]any{"aud": []string{"x", ExchangeAudience}}), nil},
			{"another issuer", token(map[string]any{"iss": "https://another.example"}), IssuerMismatch},
			{"the issuer with a slash", token(map[string]any{"iss": w.idp.Issuer + "/"}), IssuerMismatch},
			{"a null character in the issuer", token(map[string]any{"iss": w.idp.Issuer + "\x00"}), IssuerMismatch},
			{"no issuer", token(map[string]any{"iss": nil}), IssuerMismatch},
			{"another subject", token(map[string]any{"sub": "job-8"}), SubjectMismatch},
			{"the subject in another case", token(map[string]any{"sub": "Job-7"}), SubjectCase},
			{"a null character in the subject", token(map[string]any{"sub": "job\x00"}), SubjectMismatch},
			{"no subject", token(map[string]any{"sub": nil}), SubjectMismatch},
			{"another audience", token(map[string]any{"aud": "x"}), AudienceMismatch},
			{"no audience", token(map[string]any{"aud": nil}), AudienceMismatch},
			{"the exchange audience as a GUID", token(map[string]any{"aud": ExchangeAppID}), AudienceMismatch},
			{"expired five minutes ago", token(map[string]any{"exp": now.Add(-5 * time.Minute).Unix()}), Expired},
			{"expired a moment ago", token(map[string]any{"exp": now.Add(-5*time.Minute + time.Second).Unix()}), nil},
			{"not valid yet", token(map[string]any{"nbf": now.Add(5*time.Minute + time.Second).Unix()}), Expired},
			{"without an end", token(map[string]any{"exp": nil}), Expired},
			{"another subject and expired", token(map[string]any{"sub": "x", "exp": 1}), Expired},
			{"without a signature", parts[0] + "." + parts[1] + ".", jose.BadSignature},
			{"with the signature of another token", parts[0] + "." + parts[1] + "." + strings.Split(signed(nil), ".")[2], jose.BadSignature},
			{"alg none", encode(`{"alg":"none"}`) + "." + parts[1] + ".", jose.WrongAlgorithm},
			{"HS256", encode(`{"alg":"HS256","kid":"key-1"}`) + "." + parts[1] + "." + parts[2], jose.WrongAlgorithm},
			{"an unknown kid", signed(map[string]any{"kid": "key-9"}), jose.NoKey},
			{"a jku header is passed over", signed(map[string]any{"jku": "https://another.example/keys"}), nil},
			{"crit", signed(map[string]any{"crit": []string{"exp"}}), jose.Malformed},
			{"a megabyte", strings.Repeat("a", 1<<20), jose.TooLong},
			{"no token", "x.y.z", jose.Malformed},
			{"nothing", "", jose.Malformed},
			{"claims that are no object", w.raw("[]"), jose.Malformed},
			{"a subject that is no text", token(map[string]any{"sub": 7}), jose.Malformed},
		}
		for _, tt := range tests {
			w.Run(tt.name, func(t *testing.T) {
				m := w.check(t, w.app, tt.raw, tt.want)
				if tt.want == nil && (m.Credential != c.ID || m.Subject != "job-7" || m.Home != "") {
					t.Errorf("got %+v, want the credential %s", m, c.ID)
				}
			})
		}
		w.check(w.T, w.appC, good, IssuerMismatch)
		if d, k := w.idp.Asked(); d > 2 || k > 2 {
			w.Errorf("the issuer was asked %d and %d times, want one write and one exchange", d, k)
		}
	})
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// raw returns a token of the other issuer's header, with any payload.
func (w *world) raw(payload string) string {
	parts := strings.Split(w.idp.Token(w, "s", "a", nil), ".")
	return parts[0] + "." + encode(payload) + "." + parts[2]
}

// Each algorithm that other issuers use, and a rotation that we have not heard of.
func TestVerifyAlgorithmsAndRotation(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), nil)
		for _, alg := range []jose4.SignatureAlgorithm{jose4.RS256, jose4.PS256, jose4.ES256, jose4.EdDSA} {
			w.idp.Rotate(w, alg)
			w.clk.Advance(29 * time.Second)
			w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), jose.NoKey)
			w.clk.Advance(time.Second)
			w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), nil)
		}
		w.idp.Retire()
		old := w.idp.Token(w, "job-7", ExchangeAudience, nil)
		w.idp.Rotate(w, jose4.ES256)
		w.idp.Retire()
		w.clk.Advance(6 * time.Hour)
		w.check(w.T, w.app, old, jose.NoKey)
	})
}

func TestVerifyAgainstBadIssuer(t *testing.T) {
	tests := []struct {
		name            string
		discovery, jwks fakeidp.Behavior
		want            error
	}{
		{"hangs", fakeidp.Hang, fakeidp.Honest, IssuerUnreachable},
		{"redirects inward", fakeidp.RedirectInward, fakeidp.Honest, IssuerUnreachable},
		{"sends eight megabytes", fakeidp.Huge, fakeidp.Honest, IssuerUnreachable},
		{"lies about its name", fakeidp.WrongIssuer, fakeidp.Honest, IssuerDiffers},
		{"is no issuer", fakeidp.Garbage, fakeidp.Honest, IssuerUnusable},
		{"names no keys", fakeidp.NoKeys, fakeidp.Honest, IssuerUnusable},
		{"hangs at its keys", fakeidp.Honest, fakeidp.Hang, IssuerUnreachable},
		{"redirects its keys inward", fakeidp.Honest, fakeidp.RedirectInward, IssuerUnreachable},
		{"sends eight megabytes of keys", fakeidp.Honest, fakeidp.Huge, IssuerUnreachable},
		{"has no keys", fakeidp.Honest, fakeidp.NoKeys, IssuerUnusable},
		{"fails at its keys", fakeidp.Honest, fakeidp.Fail, IssuerUnreachable},
	}
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		other := fakeidp.StartAt(w.T, w.clk)
		w.create(w.admin, w.app, w.body(map[string]any{"name": "other", "issuer": other.Issuer}))
		for _, tt := range tests {
			w.Run(tt.name, func(t *testing.T) {
				w.fed = w.service(Options{Name: here}) // with an empty cache
				w.idp.Discovery(tt.discovery)
				w.idp.Keys(tt.jwks)
				w.check(t, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), tt.want)
				w.check(t, w.app, other.Token(w, "job-7", ExchangeAudience, nil), nil)
				w.idp.Discovery(fakeidp.Honest)
				w.idp.Keys(fakeidp.Honest)
				w.clk.Advance(10 * time.Second)
				w.check(t, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), nil)
			})
		}
	})
}

// Keys that cannot be renewed serve on, until their greatest age.
func TestVerifyWhileIssuerIsAway(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), nil)
		w.idp.Discovery(fakeidp.Fail)
		w.clk.Advance(23 * time.Hour)
		w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), nil)
		w.clk.Advance(time.Hour)
		w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), IssuerUnreachable)
	})
}

// An issuer that nobody named is never asked.
func TestUnnamedIssuerIsNotFetched(t *testing.T) {
	each(t, func(w *world) {
		w.check(w.T, w.app, w.idp.Token(w, "job-7", ExchangeAudience, nil), IssuerMismatch)
		if d, k := w.idp.Asked(); d+k > 0 {
			w.Errorf("the issuer was asked %d and %d times", d, k)
		}
	})
}

func TestDeletedCredentialProvesNothing(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		raw := w.idp.Token(w, "job-7", ExchangeAudience, nil)
		w.check(w.T, w.app, raw, nil)
		w.check(w.T, w.app, raw, nil) // used again within its life
		w.must(w.fed.Delete(w.Context(), w.admin, w.app, "pipeline"))
		w.check(w.T, w.app, raw, IssuerMismatch)
	})
}

// A credential that is deleted while its issuer lets us wait proves nothing
// either.
func TestDeletedWhileWaitingForTheIssuer(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		raw := w.idp.Token(w, "job-7", ExchangeAudience, nil)
		before, _ := w.idp.Asked()
		w.idp.Discovery(fakeidp.Hang)
		var wg sync.WaitGroup
		var err error
		patient := w.patient(Options{Name: here}, time.Minute)
		wg.Go(func() { _, err = patient.Verify(w.Context(), w.app, raw) })
		for asked := before; asked == before; asked, _ = w.idp.Asked() {
			time.Sleep(time.Millisecond)
		}
		w.must(w.fed.Delete(w.Context(), w.admin, w.app, "pipeline"))
		w.idp.Release()
		wg.Wait()
		if !errors.Is(err, IssuerMismatch) {
			w.Errorf("err = %v, want %v", err, IssuerMismatch)
		}
	})
}

func TestVerifyExpression(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(map[string]any{"subject": nil,
			"claimsMatchingExpression": map[string]any{"value": "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'", "languageVersion": 1}}))
		w.check(w.T, w.app, w.idp.Token(w, "repo:contoso/web:ref:refs/heads/main", ExchangeAudience, nil), nil)
		w.check(w.T, w.app, w.idp.Token(w, "repo:fabrikam/web:ref:refs/heads/main", ExchangeAudience, nil), SubjectMismatch)
		w.check(w.T, w.app, w.idp.Token(w, "repo:contoso/web:ref:refs/heads/main", "x", nil), AudienceMismatch)
	})
}

func TestVerifyManagedIdentity(t *testing.T) {
	each(t, func(w *world) {
		c := w.create(w.admin, w.app, w.homeBody(nil))
		person := ids.New[ids.ObjectID]()
		w.create(w.admin, w.app, w.homeBody(map[string]any{"name": "no-identity", "subject": person}))
		w.create(w.adminC, w.appC, w.homeBody(nil)) // names an identity of A
		now := w.clk.Wall()
		tests := []struct {
			name string
			of   Parent
			more map[string]any
			want error
		}{
			{"the identity", w.app, nil, nil},
			{"for an application of another tenant", w.appC, nil, CrossTenant},
			{"an object that is no managed identity", w.app, map[string]any{"sub": person}, AADTokenNotAllowed},
			{"no such subject, no such identity", w.app, map[string]any{"sub": "x"}, AADTokenNotAllowed},
			{"a delegated token", w.app, map[string]any{"scp": "User.Read", "sub": person}, Delegated},
			{"a delegated token by its kind", w.app, map[string]any{"idtyp": "user"}, Delegated},
			{"a token for another API", w.app, map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}, AudienceMismatch},
			{"the audience as a credential names it", w.app, map[string]any{"aud": ExchangeAudience}, AudienceMismatch},
			{"a version 1 token", w.app, map[string]any{"iss": here + "/" + string(tenantA) + "/"}, IssuerMismatch},
			{"another tenant's issuer under our signature", w.app, map[string]any{"iss": w.fed.names.issuer(tenantC)}, IssuerMismatch},
			{"expired", w.app, map[string]any{"exp": now.Add(-5 * time.Minute).Unix()}, Expired},
		}
		for _, tt := range tests {
			w.Run(tt.name, func(t *testing.T) {
				m := w.check(t, tt.of, w.token(tt.more), tt.want)
				if tt.want == nil && (m.Credential != c.ID || m.Home != tenantA) {
					t.Errorf("got %+v, want the credential %s", m, c.ID)
				}
			})
		}
		w.check(w.T, w.app, w.idp.Token(w, string(w.identity.Principal), ExchangeAppID, map[string]any{"iss": w.fed.names.issuer(tenantA)}), jose.NoKey)
		if d, k := w.idp.Asked(); d+k > 0 {
			w.Errorf("an issuer was asked %d and %d times for tokens of our own", d, k)
		}
	})
}

// What becomes of the identity is true at once.
func TestVerifyFollowsTheIdentity(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.homeBody(nil))
		raw := w.token(nil)
		w.check(w.T, w.app, raw, nil)
		w.enable(false)
		w.check(w.T, w.app, raw, IdentityGone)
		w.enable(true)
		w.check(w.T, w.app, raw, nil)
		_, err := w.ids.DeleteIdentity(w.Context(), w.admin, w.identity.Resource)
		w.must(err)
		w.check(w.T, w.app, raw, AADTokenNotAllowed)
	})
}

func (w *world) enable(on bool) {
	w.must(w.db.Update(w.Context(), func(tx *sqldb.Tx) error {
		p, err := app.GetPrincipal(w.Context(), tx, tenantA, w.identity.Principal)
		if err != nil {
			return err
		}
		p.AccountEnabled = &on
		return app.PutPrincipal(w.Context(), tx, p)
	}))
}

// Entra refuses it with a number of its own, and so do we.
func TestVerifyAudienceWrittenAsGUID(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.homeBody(map[string]any{"audiences": []string{ExchangeAppID}}))
		w.check(w.T, w.app, w.token(nil), AudienceForm)
	})
}

// In the lab's host-mapping mode a credential may name a tenant as Microsoft's
// article does; elsewhere that is another issuer.
func TestVerifyUnderAnAlias(t *testing.T) {
	each(t, func(w *world) {
		const alias = "https://login.microsoftonline.com"
		body := w.homeBody(map[string]any{"issuer": alias + "/" + string(tenantA) + "/v2.0"})
		plain := w.fed
		w.fed = w.service(Options{Name: here, Alias: alias})
		c, warnings, err := w.fed.Create(w.Context(), w.admin, w.app, body)
		if err != nil || len(warnings) > 0 || c.Issuer != alias+"/"+string(tenantA)+"/v2.0" {
			w.Fatalf("got %v, %v, %v, want it kept as typed", c, warnings, err)
		}
		w.check(w.T, w.app, w.token(nil), nil)
		w.fed = plain
		w.check(w.T, w.app, w.token(nil), IssuerMismatch)
	})
}

// The refusal tells what to do, and not which subject would do.
func TestRefusalTellsWhatToDo(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(map[string]any{"subject": "the-secret-subject"}))
		_, err := w.fed.Verify(w.Context(), w.app, w.idp.Token(w, "job-8", ExchangeAudience, nil))
		pub := fault.Public(err)
		text, _ := json.Marshal(pub)
		if pub.Fix == "" || pub.Values["subject"] != "job-8" || strings.Contains(string(text), "the-secret-subject") {
			w.Errorf("got %s", text)
		}
	})
}
