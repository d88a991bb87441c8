package entitlement_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/keys"
	"entente/internal/core/token"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// A hooked stage has a receiver of calls, which verifies them.
type hooked struct {
	*mailed
	server *httptest.Server
	keys   *keys.Service
	hook   *offer.Extension // pauses requests
	plain  *offer.Extension // does not
	notice *offer.Extension

	mu     sync.Mutex
	got    []call
	answer int            // the status; 202 when zero
	during func(c call)   // what the receiver does before it answers
	seen   map[string]int // how often an instance came
}

type call struct {
	Type     string `json:"@odata.type"`
	Instance string `json:"customExtensionStageInstanceId"`
	Stage    string `json:"stage"`
	Request  string `json:"accessPackageAssignmentRequestId"`
	Status   string `json:"status"`
	Path     string `json:"callbackUriPath"`
	Callback struct {
		Timeout string `json:"timeoutDuration"`
	} `json:"callbackConfiguration"`
	Package struct {
		Name string `json:"displayName"`
	} `json:"accessPackage"`
	Target struct {
		Email string `json:"email"`
	} `json:"target"`
}

func eachHooked(t *testing.T, test func(s *hooked)) {
	eachMailed(t, func(m *mailed) {
		s := &hooked{mailed: m, seen: make(map[string]int)}
		s.server = httptest.NewTLSServer(http.HandlerFunc(s.receive))
		m.t.Cleanup(s.server.Close)
		roots := x509.NewCertPool()
		roots.AddCert(s.server.Certificate())
		client, err := fetch.New(fetch.Options{Allow: []string{"127.0.0.1"}, Roots: roots, Timeout: time.Second})
		must(m.t, err)
		m.t.Cleanup(client.Close)
		s.keys = keys.New(s.DB, s.Ring, s.Clock, keys.Options{})
		s.service.Call(entitlement.Outward{Client: client, Keys: s.keys, Tokens: token.New(s.keys, s.Clock, base), Clock: s.Clock})
		s.worker.Handle(entitlement.CalloutKind, s.service.CallOut, jobs.Policy{})
		make := func(name string, k offer.ExtensionKind, callback bool) *offer.Extension {
			e, err := s.service.CreateExtension(m.t.Context(), s.A.Admin, s.catalog.ID, offer.Extension{Kind: k, Name: name, Callback: callback, Pause: 2 * day,
				Endpoint: offer.Endpoint{URL: s.server.URL + "/hook?sig=1"}, Client: json.RawMessage(`{"maximumRetries":1,"timeoutInMilliseconds":900}`),
				Authentication: json.RawMessage(`{"@odata.type":"#microsoft.graph.azureAdPopTokenAuthentication"}`)})
			must(m.t, err)
			return e
		}
		s.hook, s.plain, s.notice = make("pauses", offer.RequestExtension, true), make("does not", offer.RequestExtension, false), make("notice", offer.AssignmentExtension, false)
		test(s)
	})
}

// receive takes a call as a careful receiver does: by the tenant's published keys.
func (s *hooked) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.verify(r, body)
	}
	var c call
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	if err != nil {
		s.t.Errorf("a call that no receiver should take: %v", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	s.got = append(s.got, c)
	s.seen[c.Instance]++
	answer, during := s.answer, s.during
	s.mu.Unlock()
	if during != nil {
		during(c)
	}
	if answer == 0 {
		answer = http.StatusAccepted
	}
	w.Header().Set("X-Ms-Workflow-Run-Id", "run-1")
	w.WriteHeader(answer)
}

func (s *hooked) verify(r *http.Request, body []byte) error {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("%s %v", r.Method, r.Header)
	}
	tok, err := jose.Peek(raw, jose.RS256)
	if err != nil {
		return err
	}
	var key jose.Key
	if err := s.DB.View(r.Context(), func(tx *sqldb.Tx) (err error) {
		key, err = s.keys.Public(r.Context(), tx, s.A.ID, tok.Header.KeyID)
		return err
	}); err != nil {
		return err
	}
	if err := tok.Verify(key); err != nil {
		return err
	}
	var c struct {
		Iss string `json:"iss"`
		Aud string `json:"aud"`
		Tid string `json:"tid"`
		M   string `json:"m"`
		U   string `json:"u"`
		P   string `json:"p"`
		B   string `json:"b"`
		Exp int64  `json:"exp"`
	}
	if err := tok.Claims(&c); err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	at, err := url.Parse(s.server.URL)
	if err != nil {
		return err
	}
	if c.Iss != base+"/"+string(s.A.ID)+"/v2.0" || c.Aud != s.server.URL || c.Tid != string(s.A.ID) || c.M != "POST" || c.U != at.Host || c.P != "/hook" ||
		c.B != base64.RawURLEncoding.EncodeToString(sum[:]) || c.Exp != s.Clock.Now().Add(5*time.Minute).Unix() ||
		r.Header.Get("Content-Digest") != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
		return fmt.Errorf("claims %+v", c)
	}
	return nil
}

// calls are the stages at which the receiver was called since the last time.
func (s *hooked) calls() (stages []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.got {
		stages = append(stages, strings.TrimPrefix(c.Stage, "assignment"))
	}
	s.got = nil
	return stages
}

func (s *hooked) expect(when string, want ...string) {
	s.t.Helper()
	s.work()
	if got := s.calls(); !slices.Equal(got, want) {
		s.t.Errorf("%s: called at %q, want %q", when, got, want)
	}
}

// on has the policy call extensions at stages.
func (s *hooked) on(at map[string]*offer.Extension) {
	s.change(func(p *offer.Policy) {
		p.Extensions = nil
		for stage, e := range at {
			p.Extensions = append(p.Extensions, offer.StageExtension{Stage: "assignment" + stage, Extension: e.ID})
		}
		slices.SortFunc(p.Extensions, func(a, b offer.StageExtension) int { return strings.Compare(a.Stage, b.Stage) })
	})
}

func (s *hooked) callouts(r *entitlement.Request) []*entitlement.Callout {
	s.t.Helper()
	all, err := s.service.Callouts(s.t.Context(), s.A.Admin, r.ID)
	must(s.t, err)
	return all
}

func (s *hooked) resume(r *entitlement.Request, state entitlement.RequestState) error {
	return s.service.Resume(s.t.Context(), s.A.Admin, r.ID, entitlement.Resumption{Callout: s.state(r).Callout, Detail: "looked at", State: state})
}

func (s *hooked) is(r *entitlement.Request, when string, state entitlement.RequestState, status string) {
	s.t.Helper()
	if got := s.state(r); got.State != state || got.Status != status {
		s.t.Errorf("%s: %s %s, want %s %s", when, got.State, got.Status, state, status)
	}
}

// TestCallsWithoutPause calls at each stage of a lifecycle, and nothing waits.
func TestCallsWithoutPause(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		s.on(map[string]*offer.Extension{"RequestCreated": s.plain, "RequestApproved": s.plain, "RequestGranted": s.plain, "RequestRemoved": s.hook,
			"FourteenDaysBeforeExpiration": s.notice, "OneDayBeforeExpiration": s.notice})
		r := s.ask(s.grace)
		s.work()
		s.mu.Lock()
		if c := s.got[0]; c.Request != string(r.ID) || c.Package.Name != "Joint design files" || c.Target.Email != s.grace.UserPrincipalName || c.Path != "" || c.Type != "#microsoft.graph.accessPackageAssignmentRequestCalloutData" {
			s.t.Errorf("the receiver was told %+v", c)
		}
		s.mu.Unlock()
		s.expect("asked", "RequestCreated")
		s.is(r, "asked", entitlement.PendingApproval, "PendingApproval")
		must(s.t, s.decide(s.member(s.ada), r, true))
		s.expect("approved", "RequestApproved", "RequestGranted")
		s.is(r, "granted", entitlement.Delivered, "Delivered")
		for _, c := range s.callouts(r) {
			if c.Status != entitlement.CalloutSent || c.SentAt.IsZero() || c.Correlation != "run-1" || c.Tries != 1 {
				s.t.Errorf("callout %+v", c)
			}
		}
		a := s.assignment(r)
		s.Clock.Advance(a.EndsAt.Add(-14 * day).Sub(s.Clock.Now()))
		s.expect("14 days before", "FourteenDaysBeforeExpiration")
		s.Clock.Advance(13 * day)
		s.expect("one day before", "OneDayBeforeExpiration")
		s.Clock.Advance(day)
		s.expect("the end, for which nothing waits", "RequestRemoved")
		before, err := s.service.CalloutsBefore(s.t.Context(), s.A.Admin, a.ID)
		must(s.t, err)
		if len(before) != 2 || before[0].Status != entitlement.CalloutSent {
			s.t.Errorf("before the end: %+v", before)
		}
		if s.assignment(r).State != entitlement.AccessExpired || s.isIn(s.group, s.grace) {
			s.t.Error("the end waited")
		}
	})
}

// TestPausedRequests waits at each stage, and goes on or ends by the endpoint's
// word.
func TestPausedRequests(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t := s.t
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook, "RequestApproved": s.hook, "RequestGranted": s.hook})
		r := s.ask(s.grace)
		s.is(r, "created", entitlement.Submitted, "WaitingForCallback")
		s.work()
		if c := s.got[0]; c.Path != "/v1.0/identityGovernance/entitlementManagement/assignmentRequests/"+string(r.ID)+"/resume" || c.Callback.Timeout != "PT172800S" || c.Status != "WaitingForCallback" {
			t.Errorf("the receiver was told %+v", c)
		}
		s.expect("created", "RequestCreated")
		if w, err := s.service.Waits(t.Context(), s.A.Admin, r.ID); err != nil || w.For != "callback" || !w.Until.Equal(s.Clock.Now().Add(2*day)) {
			t.Errorf("waits for %+v, %v", w, err)
		}
		if stages, err := s.service.Stages(t.Context(), s.A.Admin, r.ID); err != nil || len(stages) != 0 {
			t.Errorf("approvers are asked before the endpoint has spoken: %v, %v", stages, err)
		}
		s.after(day)
		s.is(r, "a day later", entitlement.Submitted, "WaitingForCallback")
		must(t, s.resume(r, ""))
		s.is(r, "resumed", entitlement.PendingApproval, "PendingApproval")
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutAnswered || c.Detail != "looked at" {
			t.Errorf("callout %+v", c)
		}
		must(t, s.decide(s.member(s.ada), r, true))
		s.is(r, "approved", entitlement.PendingApproval, "WaitingForCallback")
		s.expect("approved", "RequestApproved")
		if s.guestOf(s.grace) != nil {
			t.Error("delivered before the endpoint has spoken")
		}
		if err := s.decide(s.member(s.ada), r, false); !errors.Is(err, entitlement.Decided) {
			t.Errorf("decided while it waits: %v", err)
		}
		must(t, s.resume(r, ""))
		s.expect("delivering", "RequestGranted")
		s.is(r, "granted", entitlement.Delivering, "WaitingForCallback")
		if !s.isIn(s.group, s.grace) {
			t.Error("nothing was given before the endpoint was called")
		}
		s.after(day)
		s.is(r, "a day later", entitlement.Delivering, "WaitingForCallback")
		must(t, s.resume(r, ""))
		s.is(r, "at the end", entitlement.Delivered, "Delivered")
		if a := s.assignment(r); a.State != entitlement.AccessDelivered || a.DeliveredAt.IsZero() {
			t.Errorf("assignment %+v", a)
		}
		s.work()
		if got := s.letters(); !slices.Contains(got, "grace@fabrikam: You now have access: Joint design files") {
			t.Errorf("letters %q", got)
		}

		for _, tt := range []struct {
			stage string
			state entitlement.RequestState
			want  entitlement.RequestState
		}{
			{"RequestCreated", entitlement.Denied, entitlement.Denied},
			{"RequestCreated", entitlement.Canceled, entitlement.Canceled},
			{"RequestApproved", entitlement.Denied, entitlement.Denied},
			{"RequestGranted", entitlement.Denied, entitlement.PartiallyDelivered},
		} {
			s.on(map[string]*offer.Extension{tt.stage: s.hook})
			who := s.AddUser(t, s.B, strings.ToLower(tt.stage+string(tt.want)))
			r := s.ask(who)
			if tt.stage != "RequestCreated" {
				must(t, s.decide(s.member(s.ada), r, true))
			}
			s.work()
			must(t, s.resume(r, tt.state))
			s.work()
			if got := s.state(r); got.State != tt.want || got.Callout != "" || got.CompletedAt.IsZero() {
				t.Errorf("%s %s: %s %s", tt.stage, tt.state, got.State, got.Status)
			}
			if in := s.isIn(s.group, who); in != (tt.want == entitlement.PartiallyDelivered) {
				t.Errorf("%s %s: in the group: %v", tt.stage, tt.state, in)
			}
		}
	})
}

// TestWordsThatDoNotCount: replayed, of another instance, stage, request or
// tenant, of somebody who may not, unknown, and too late.
func TestWordsThatDoNotCount(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r, other := s.ask(s.grace), s.ask(s.AddUser(t, s.B, "heidi"))
		s.work()
		mine, theirs := s.state(r).Callout, s.state(other).Callout
		for _, tt := range []struct {
			name string
			who  authz.Caller
			in   entitlement.Resumption
			want error
		}{
			{"another tenant's administrator", s.B.Admin, entitlement.Resumption{Callout: mine}, fault.NotFound},
			{"a program of another tenant", house.Program(s.B.ID, ids.New[ids.ObjectID](), "EntitlementManagement.ReadWrite.All"), entitlement.Resumption{Callout: mine}, fault.NotFound},
			{"who asked", s.from(s.grace), entitlement.Resumption{Callout: mine}, fault.Forbidden},
			{"another request's instance", s.A.Admin, entitlement.Resumption{Callout: theirs}, entitlement.NoSuchCallout},
			{"no instance", s.A.Admin, entitlement.Resumption{}, entitlement.NoSuchCallout},
			{"another stage", s.A.Admin, entitlement.Resumption{Callout: mine, Stage: "assignmentRequestApproved"}, fault.Invalid},
			{"another state", s.A.Admin, entitlement.Resumption{Callout: mine, State: entitlement.Delivered}, fault.Invalid},
			{"a long detail", s.A.Admin, entitlement.Resumption{Callout: mine, Detail: strings.Repeat("x", 1001)}, fault.Invalid},
		} {
			if err := s.service.Resume(ctx, tt.who, r.ID, tt.in); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		gone, absent := s.service.Resume(ctx, s.B.Admin, r.ID, entitlement.Resumption{Callout: mine}), s.service.Resume(ctx, s.B.Admin, "7f8d1c1e-2a44-4a0e-9a53-0d6f3a1f2b3c", entitlement.Resumption{Callout: mine})
		if strings.ReplaceAll(gone.Error(), string(r.ID), "") != strings.ReplaceAll(absent.Error(), "7f8d1c1e-2a44-4a0e-9a53-0d6f3a1f2b3c", "") {
			t.Errorf("another tenant's request shows: %v, %v", gone, absent)
		}
		s.is(r, "after all that", entitlement.Submitted, "WaitingForCallback")
		must(t, s.resume(r, ""))
		if err := s.service.Resume(ctx, s.A.Admin, r.ID, entitlement.Resumption{Callout: mine, State: entitlement.Denied}); !errors.Is(err, entitlement.WrongState) {
			t.Errorf("replayed: %v", err)
		}
		s.is(r, "after the replay", entitlement.PendingApproval, "PendingApproval")
		s.Clock.Advance(2 * day)
		if err := s.service.Resume(ctx, s.A.Admin, other.ID, entitlement.Resumption{Callout: theirs}); !errors.Is(err, entitlement.WrongState) {
			t.Errorf("too late: %v", err)
		}
		s.work()
		s.is(other, "timed out", entitlement.Denied, "CallbackTimedOut")
		if c := s.callouts(other)[0]; c.Status != entitlement.CalloutTimedOut {
			t.Errorf("callout %+v", c)
		}
		canceled := s.ask(s.AddUser(t, s.B, "ivan"))
		s.work()
		word := s.state(canceled).Callout
		must(t, s.service.Cancel(ctx, s.A.Admin, canceled.ID))
		if err := s.service.Resume(ctx, s.A.Admin, canceled.ID, entitlement.Resumption{Callout: word}); !errors.Is(err, entitlement.WrongState) {
			t.Errorf("canceled: %v", err)
		}
	})
}

// TestCallsThatFail are tried again as the extension says, and then the request
// that waits ends; one that does not wait goes on.
func TestCallsThatFail(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t := s.t
		s.answer = http.StatusServiceUnavailable
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r := s.ask(s.grace)
		s.expect("the first try", "RequestCreated")
		s.after(9 * time.Second)
		s.expect("too early")
		s.mu.Lock()
		s.answer = 0
		s.mu.Unlock()
		s.after(time.Second)
		s.expect("the second try", "RequestCreated")
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutWaits || c.Tries != 2 || c.SentAt.IsZero() || s.seen[c.ID] != 2 {
			t.Errorf("callout %+v, seen %d times", c, s.seen[c.ID])
		}
		must(t, s.resume(r, entitlement.Denied))

		s.mu.Lock()
		s.answer = http.StatusFound
		s.mu.Unlock()
		r = s.ask(s.grace)
		for range 4 {
			s.after(time.Minute)
		}
		s.expect("all tries", "RequestCreated", "RequestCreated")
		s.is(r, "failed", entitlement.Denied, "CalloutFailed")
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutFailed || !strings.Contains(c.Detail, "redirect") {
			t.Errorf("callout %+v", c)
		}

		s.on(map[string]*offer.Extension{"RequestCreated": s.plain})
		r = s.ask(s.grace)
		s.is(r, "without a pause", entitlement.PendingApproval, "PendingApproval")
		for range 4 {
			s.after(time.Minute)
		}
		s.is(r, "and later", entitlement.PendingApproval, "PendingApproval")
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutFailed || c.Tries != 2 {
			t.Errorf("callout %+v", c)
		}

		s.hook, _ = s.service.ChangeExtension(t.Context(), s.A.Admin, s.catalog.ID, s.hook.ID, func(e *offer.Extension) error {
			e.Endpoint.URL = strings.Replace(s.server.URL, "127.0.0.1", "169.254.169.254", 1)
			return nil
		})
		must(t, s.service.Cancel(t.Context(), s.A.Admin, r.ID))
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r = s.ask(s.grace)
		for range 4 {
			s.after(time.Minute)
		}
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutFailed || !strings.Contains(c.Detail, "public") {
			t.Errorf("an inner address was called: %+v", c)
		}
	})
}

// TestASlowEndpoint is called once, and no longer than its extension says.
func TestASlowEndpoint(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t := s.t
		for _, says := range []string{`{"maximumRetries":2}`, `{"timeoutInMilliseconds":100}`} {
			_, err := s.service.ChangeExtension(t.Context(), s.A.Admin, s.catalog.ID, s.hook.ID, func(e *offer.Extension) error {
				e.Client = json.RawMessage(says)
				return nil
			})
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", says, err)
			}
		}
		_, err := s.service.ChangeExtension(t.Context(), s.A.Admin, s.catalog.ID, s.hook.ID, func(e *offer.Extension) error {
			e.Client = json.RawMessage(`{"maximumRetries":0,"timeoutInMilliseconds":200}`)
			return nil
		})
		must(t, err)
		late := make(chan struct{})
		s.during = func(call) { <-late }
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r := s.ask(s.grace)
		s.work() // comes back although the endpoint does not answer
		close(late)
		s.after(time.Minute)
		s.expect("in all", "RequestCreated")
		s.is(r, "without an answer in time", entitlement.Denied, "CalloutFailed")
	})
}

// TestCallsCutOff ends the server between the endpoint's answer and ours, and has
// the endpoint speak before it answers.
func TestCallsCutOff(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r := s.ask(s.grace)
		id := s.state(r).Callout
		// The job is nobody's: what is done is not stored, as if the server had ended.
		if err := s.service.CallOut(ctx, &jobs.Work{ID: "none", Kind: entitlement.CalloutKind, Tenant: s.A.ID, Key: id}); err == nil {
			t.Error("a call was stored by who did not hold its job")
		}
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutWaits || !c.SentAt.IsZero() {
			t.Errorf("cut off: %+v", c)
		}
		s.expect("again, as the same instance", "RequestCreated", "RequestCreated")
		if s.seen[id] != 2 {
			t.Errorf("seen %d times", s.seen[id])
		}
		s.work()
		s.expect("and no more")
		must(t, s.resume(r, entitlement.Denied))

		s.mu.Lock()
		s.during = func(c call) {
			if err := s.service.Resume(ctx, s.A.Admin, ids.RequestID(c.Request), entitlement.Resumption{Callout: c.Instance}); err != nil {
				t.Errorf("the word that came before the answer: %v", err)
			}
		}
		s.mu.Unlock()
		r = s.ask(s.grace)
		s.expect("spoken first", "RequestCreated")
		s.is(r, "spoken first", entitlement.PendingApproval, "PendingApproval")
		if c := s.callouts(r)[0]; c.Status != entitlement.CalloutAnswered {
			t.Errorf("callout %+v", c)
		}
	})
}
