package oauth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/edge/oauth"
	"entente/internal/enttest/crossing"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/fakeidp"
	"entente/internal/kit/clock"
	"entente/internal/kit/fetch"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// BenchmarkToken measures what a token costs us in processor time, beside the
// bare yardstick of the plan (section 8): verify one RS256 assertion, sign one
// RS256 token, parse a form, answer, and nothing else. "ratio" is the
// yardstick's time over ours, measured in the same run with as many clients.
func BenchmarkToken(b *testing.B) {
	for _, engine := range dbtest.Engines {
		for _, path := range []string{"identity", "issuer", "secret"} {
			b.Run(path+"/"+string(engine), func(b *testing.B) { benchmarkPath(b, engine, path) })
		}
	}
}

func benchmarkPath(b *testing.B, engine sqldb.Engine, path string) {
	clk := clock.System{}
	idp := fakeidp.Start(b)
	w := crossing.New(b, dbtest.OpenClock(b, engine, clk), clk, crossing.Options{
		Number: oauth.Number,
		Fetch:  fetch.Options{Roots: idp.Roots(), Allow: []string{"127.0.0.1", "::1", "localhost"}},
	})
	form := w.ClientForm(graph)
	switch path {
	case "identity":
		form = w.AssertionForm(graph, w.ExchangeToken(b))
	case "issuer":
		w.TrustSubject(b, idp.Issuer, "build")
		form = w.AssertionForm(graph, idp.Token(b, "build", app.TokenExchangeAudience, nil))
	case "secret":
		form["client_secret"] = w.Secret
	}
	h := front(oauth.New(options(w)), clk)
	at, body := crossing.Name+"/"+string(w.B)+"/oauth2/v2.0/token", encode(form)
	ask := func() {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, formRequest(at, body))
		if rec.Code != http.StatusOK {
			b.Error(rec.Body.String())
		}
	}
	ask()
	bare := yardstick(b)
	var ours, theirs time.Duration
	b.ResetTimer()
	for left := b.N; left > 0; left -= round { // in turns: a busy machine hits both alike
		n := min(left, round)
		ours += processorTime(b, n, ask)
		b.StopTimer()
		theirs += processorTime(b, n, bare)
		b.StartTimer()
	}
	b.StopTimer()
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs-cpu/op")
	b.ReportMetric(float64(theirs.Microseconds())/float64(b.N), "µs-cpu-bare/op")
	b.ReportMetric(float64(theirs)/float64(ours), "ratio")
}

const (
	// clients is how many ask at once: sign-in entries share commits only among
	// those who wait together.
	clients = 32
	// round is how many tokens are made before the other side has its turn.
	round = 10 * clients
)

// processorTime runs f n times and returns the time that this process spent.
func processorTime(b *testing.B, n int, f func()) time.Duration {
	before := rusage(b)
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				f()
			}
		})
	}
	wg.Wait()
	return rusage(b) - before
}

func rusage(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// yardstick returns the least that a token could cost.
func yardstick(b *testing.B) func() {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(key, jose.Header{Algorithm: jose.RS256, KeyID: "k", Type: "JWT"})
	if err != nil {
		b.Fatal(err)
	}
	public, err := jose.NewKey("k", key.Public())
	if err != nil {
		b.Fatal(err)
	}
	claims := map[string]any{"iss": "https://login.example/a/v2.0", "sub": "s", "aud": "a", "exp": clock.System{}.Wall().Add(time.Hour).Unix(), "tid": "t", "oid": "o"}
	assertion, err := signer.Sign(claims)
	if err != nil {
		b.Fatal(err)
	}
	body := encode(oauth2.Form{"client_assertion": assertion, "client_assertion_type": oauth2.AssertionJWT, "client_id": "c",
		"grant_type": "client_credentials", "scope": graph + "/.default"})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			b.Error(err)
		}
		t, err := jose.Peek(r.PostForm.Get("client_assertion"), jose.RS256)
		if err == nil {
			err = t.Verify(public)
		}
		if err != nil {
			b.Error(err)
			return
		}
		token, err := signer.Sign(claims)
		if err != nil {
			b.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"` + token + `","token_type":"Bearer","expires_in":3599}`))
	})
	return func() {
		h.ServeHTTP(httptest.NewRecorder(), formRequest(crossing.Name+"/t/token", body))
	}
}
