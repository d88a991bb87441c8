package crash_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const (
	back     = "http://localhost/back"
	verifier = "a-verifier-of-at-least-forty-three-characters-1"
)

// A journey is somebody who signs in to an application, uses what it got and
// signs out, request by request.
type journey struct {
	*stage
	t       *testing.T
	native  ids.AppID
	browser *http.Client     // keeps cookies and follows nothing
	between func(*testing.T) // happens before every request
	steps   int
}

// setOut makes an application that may act for everybody, and a browser.
func (s *stage) setOut(t *testing.T) *journey {
	t.Helper()
	ctx, db, who := t.Context(), s.open(t), authz.System(s.tenant, "test")
	a, err := app.NewService(db, nil).Create(ctx, who, []byte(`{"displayName":"Notes","isFallbackPublicClient":true,"publicClient":{"redirectUris":["`+back+`"]}}`), nil)
	check(t, err)
	client, err := app.NewService(db, nil).CreatePrincipal(ctx, who, a.AppID, []byte(`{}`), nil)
	check(t, err)
	var graph *app.ServicePrincipal
	check(t, db.View(ctx, func(tx *sqldb.Tx) (err error) {
		graph, err = app.PrincipalByAppID(ctx, tx, s.tenant, app.GraphAppID)
		return err
	}))
	g, err := consent.NewGrant(s.tenant, client.ID, graph.ID, "", consent.AllPrincipals)
	check(t, err)
	_, err = consent.NewService(db).Grant(ctx, who, g, "openid profile offline_access User.Read", time.Time{})
	check(t, err)
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &journey{stage: s, t: t, native: a.AppID, browser: &http.Client{
		Timeout: s.client.Timeout, Transport: s.client.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An arrival is where the browser is: on a page, or at the application.
type arrival struct {
	page *pagetest.Page
	sent url.Values
}

// send makes one request after the other until there is a page, or the browser
// is sent to the application.
func (j *journey) send(method, path string, form url.Values) arrival {
	j.t.Helper()
	for address := j.name + path; ; method = http.MethodGet {
		j.between(j.t)
		j.steps++
		var body io.Reader
		if method == http.MethodPost {
			body = strings.NewReader(form.Encode())
		}
		r, err := http.NewRequestWithContext(j.t.Context(), method, address, body)
		check(j.t, err)
		if body != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		resp, err := j.browser.Do(r)
		check(j.t, err)
		text, err := io.ReadAll(resp.Body)
		check(j.t, err)
		check(j.t, resp.Body.Close())
		if resp.StatusCode < 300 || resp.StatusCode >= 400 {
			return arrival{page: pagetest.Parse(j.t, bytes.NewReader(text))}
		}
		to, err := resp.Location()
		check(j.t, err)
		if address = to.String(); strings.HasPrefix(address, back) {
			return arrival{sent: to.Query()}
		}
	}
}

func (j *journey) press(on arrival, button string, fill url.Values) arrival {
	j.t.Helper()
	if on.page == nil {
		j.t.Fatalf("the browser was sent away with %v, and is not on a page with %q", on.sent, button)
	}
	action, fields := on.page.Form(j.t, button)
	for k, v := range fill {
		fields[k] = v
	}
	return j.send(http.MethodPost, action, fields)
}

// link is what the application has the browser ask.
func (j *journey) link(more url.Values) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"client_id": {string(j.native)}, "response_type": {"code"}, "redirect_uri": {back}, "scope": {"openid profile offline_access User.Read"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	for k, v := range more {
		q[k] = v
	}
	return "/" + string(j.tenant) + "/oauth2/v2.0/authorize?" + q.Encode()
}

// again gets a further code by the session that the browser has.
func (j *journey) again() string {
	j.t.Helper()
	to := j.send(http.MethodGet, j.link(url.Values{"prompt": {"none"}}), nil)
	if to.sent.Get("code") == "" {
		j.t.Fatalf("with the session: %v", to.sent)
	}
	return to.sent.Get("code")
}

// An issue is what the token endpoint answers.
type issue struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Codes   []int  `json:"error_codes"`
}

// exchange asks the token endpoint; the fault is that nothing was answered.
func (j *journey) exchange(form url.Values) (got issue, err error) {
	form.Set("client_id", string(j.native))
	resp, err := (&http.Client{Timeout: j.client.Timeout, Transport: j.browser.Transport}).PostForm(j.name+"/"+string(j.tenant)+"/oauth2/v2.0/token", form)
	if err != nil {
		return got, err
	}
	defer resp.Body.Close()
	return got, json.NewDecoder(resp.Body).Decode(&got)
}

func redemption(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}}
}

func renewal(refresh string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"openid User.Read"}}
}

// given is exchange for what must be given, refused for what must be refused
// with a number.
func (j *journey) given(form url.Values) issue {
	j.t.Helper()
	j.between(j.t)
	j.steps++
	got, err := j.exchange(form)
	if check(j.t, err); got.Access == "" || got.Refresh == "" {
		j.t.Fatalf("%s: refused with %v", form.Get("grant_type"), got.Codes)
	}
	return got
}

func (j *journey) refused(form url.Values, number int) {
	j.t.Helper()
	j.between(j.t)
	j.steps++
	got, err := j.exchange(form)
	if check(j.t, err); got.Access != "" || len(got.Codes) != 1 || got.Codes[0] != number {
		j.t.Errorf("%s a second time: %v, want AADSTS%d", form.Get("grant_type"), got.Codes, number)
	}
}

// walk goes the whole way: sign-in, tokens, renewals, codes and tokens that
// come twice, Graph, sign-out.
func (j *journey) walk() {
	t := j.t
	t.Helper()
	p := j.press(j.send(http.MethodGet, j.link(nil), nil), "Next", url.Values{"username": {"admin@" + j.domain}})
	to := j.press(p, "Sign in", url.Values{"password": {"Correct-horse-7"}})
	code := to.sent.Get("code")
	if code == "" {
		t.Fatalf("signed in, the browser is at %v", to)
	}
	first := j.given(redemption(code))
	second := j.given(renewal(first.Refresh))
	third := j.given(renewal(second.Refresh))
	j.between(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, j.name+"/v1.0/me", nil)
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+third.Access)
	resp, err := j.browser.Do(r)
	check(t, err)
	check(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/me: %s", resp.Status)
	}
	j.refused(redemption(code), 54005)
	j.refused(renewal(third.Refresh), 50173) // the code that came twice ended what it gave

	out := url.Values{"id_token_hint": {first.ID}, "post_logout_redirect_uri": {back}, "state": {"out"}}
	if to := j.send(http.MethodGet, "/"+string(j.tenant)+"/oauth2/v2.0/logout?"+out.Encode(), nil); to.sent.Get("state") != "out" {
		t.Errorf("sign-out led to %v", to)
	}
	if to := j.send(http.MethodGet, j.link(url.Values{"prompt": {"none"}}), nil); to.sent.Get("error") != "login_required" {
		t.Errorf("after sign-out: %v", to)
	}
}

// TestCrashBetweenSteps kills the server before every single request of a
// sign-in and of what follows: everything goes on where it was.
func TestCrashBetweenSteps(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			s := newStage(t, engine)
			j := s.setOut(t)
			child := s.start(t)
			j.between = func(t *testing.T) {
				check(t, child.Process.Signal(syscall.SIGKILL))
				_ = child.Wait() // killed: that it says so is the point
				s.client.CloseIdleConnections()
				child = s.start(t)
			}
			if j.walk(); j.steps < 12 {
				t.Errorf("the way had %d requests only", j.steps)
			}
		})
	}
}

// TestCrashWhileCodesAreRedeemed kills the server while the same code is redeemed
// many times at once: whatever was answered before and after, it is answered
// with tokens once at most.
func TestCrashWhileCodesAreRedeemed(t *testing.T) {
	const tries = 8
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			s := newStage(t, engine)
			j := s.setOut(t)
			j.between = func(*testing.T) {}
			child := s.start(t)
			p := j.press(j.send(http.MethodGet, j.link(nil), nil), "Next", url.Values{"username": {"admin@" + j.domain}})
			j.press(p, "Sign in", url.Values{"password": {"Correct-horse-7"}})
			redeemed, broken := 0, 0
			for round := range tries {
				code := j.again()
				var wait sync.WaitGroup
				var mu sync.Mutex
				served, cut := 0, 0
				for range 6 {
					wait.Go(func() {
						got, err := j.exchange(redemption(code))
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							cut++
						} else if got.Access != "" {
							served++
						}
					})
				}
				time.Sleep(time.Duration(round) * 3 * time.Millisecond)
				check(t, child.Process.Signal(syscall.SIGKILL))
				_ = child.Wait()
				wait.Wait()
				s.client.CloseIdleConnections()
				child = s.start(t)
				for range 2 {
					got, err := j.exchange(redemption(code))
					if check(t, err); got.Access != "" {
						served++
					}
				}
				if served > 1 {
					t.Errorf("round %d: a code was redeemed %d times", round, served)
				}
				redeemed += served
				if cut > 0 {
					broken++
				}
			}
			if redeemed == 0 || broken == 0 {
				t.Errorf("%d of %d codes redeemed, %d rounds cut short: too few to say anything", redeemed, tries, broken)
			}
		})
	}
}

// TestTwoServersServeOneSignIn has two servers on one PostgreSQL, and every
// request goes to the other one than the request before it.
func TestTwoServersServeOneSignIn(t *testing.T) {
	for _, engine := range dbtest.Engines {
		if engine != sqldb.PostgreSQL {
			continue // SQLite is for one server
		}
		t.Run(string(engine), func(t *testing.T) {
			s := newStage(t, engine)
			var at [2]string
			for i := range at {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				check(t, err)
				at[i] = l.Addr().String()
				check(t, l.Close())
				s.startAt(t, at[i])
			}
			j := s.setOut(t)
			turn, used := 0, [2]int{}
			transport := s.client.Transport.(*http.Transport).Clone()
			transport.DisableKeepAlives = true
			transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				n := turn % 2
				used[n]++
				return (&net.Dialer{}).DialContext(ctx, network, at[n])
			}
			j.browser.Transport = transport
			j.between = func(*testing.T) { turn++ }
			j.walk()
			if used[0] < 5 || used[1] < 5 {
				t.Errorf("the servers were asked %v times", used)
			}
			j.together(at, transport)
		})
	}
}

// together has both servers redeem the same code, and renew the same token, at
// once.
func (j *journey) together(at [2]string, transport *http.Transport) {
	t := j.t
	p := j.press(j.send(http.MethodGet, j.link(nil), nil), "Next", url.Values{"username": {"admin@" + j.domain}})
	code := j.press(p, "Sign in", url.Values{"password": {"Correct-horse-7"}}).sent.Get("code")
	if code == "" {
		code = j.again()
	}
	var wait sync.WaitGroup
	var served [2]issue
	for i := range at {
		own := transport.Clone()
		own.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at[i])
		}
		one := *j
		one.browser = &http.Client{Transport: own}
		wait.Go(func() {
			got, err := one.exchange(redemption(code))
			if err != nil {
				t.Error(err)
			}
			served[i] = got
		})
	}
	wait.Wait()
	if (served[0].Access == "") == (served[1].Access == "") {
		t.Errorf("a code at two servers at once: %s", fmt.Sprint(served[0].Codes, served[1].Codes))
	}
}
