package myaccess_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/myaccess"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// TestEndpoint: who has no account in A asks by a program with a token of home.
// Whom a token speaks for is asked of a stand-in here; that the server asks the
// token itself is in TestEndpointWantsAToken.
func TestEndpoint(t *testing.T) {
	each(t, func(h *stage) {
		home := ids.TenantID(h.B.ID)
		grace := authz.Caller{Tenant: home, Subject: ids.Principal{Kind: ids.Person, Home: home, ID: h.graceID}, Object: h.graceID, Name: h.grace, Scopes: []string{"EntitlementMgmt-SubjectAccess.ReadWrite"}}
		without, program, guest, other := grace, grace, grace, grace
		without.Scopes = []string{"User.Read"}
		program.Subject.Kind = ids.Workload
		guest.Tenant = ids.TenantID(h.C.ID)
		_, ada := h.person(h.B, "colleague")
		other.Subject.ID, other.Object = ada, ada
		callers := map[string]authz.Caller{"grace": grace, "without": without, "program": program, "guest": guest, "other": other}
		pages := myaccess.New(myaccess.Options{
			Site: portal.Site{Hosts: web.Hosts{Own: h.Name}}, Access: h.access, Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
			Caller: func(_ context.Context, bearer string) (authz.Caller, error) {
				if who, ok := callers[bearer]; ok {
					return who, nil
				}
				return authz.Caller{}, fault.New(fault.Unauthenticated, "The token is none.")
			},
		}).Handler()
		send := func(token, method, path, body string) (int, map[string]any) {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), method, h.Name+path, strings.NewReader(body))
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, r)
			var out map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
			return w.Code, out
		}
		api := h.at("/access/api/requests")
		good := `{"accessPackageId":"` + string(h.pkg.ID) + `","justification":"For the test","answers":[{"questionId":"` + string(h.question) + `","value":"rotor"}]}`
		for name, c := range map[string]struct {
			token, body string
			status      int
			code        string
		}{
			"no token":            {"", good, http.StatusUnauthorized, "Unauthorized"},
			"no such token":       {"x", good, http.StatusUnauthorized, "Unauthorized"},
			"without permission":  {"without", good, http.StatusForbidden, "Forbidden"},
			"a program alone":     {"program", good, http.StatusForbidden, "Forbidden"},
			"a guest's token":     {"guest", good, http.StatusForbidden, "Forbidden"},
			"no JSON":             {"grace", "x", http.StatusBadRequest, "Bad Request"},
			"an unknown property": {"grace", `{"who":"x"}`, http.StatusBadRequest, "Bad Request"},
			"no package":          {"grace", `{"accessPackageId":"x"}`, http.StatusBadRequest, ""},
			"nobody's package":    {"grace", strings.Replace(good, string(h.pkg.ID), h.group, 1), http.StatusNotFound, string(entitlement.NoSuchPackage)},
			"no answers":          {"grace", `{"accessPackageId":"` + string(h.pkg.ID) + `","justification":"x"}`, http.StatusBadRequest, string(entitlement.NoAnswer)},
			"no justification":    {"grace", strings.Replace(good, "For the test", "", 1), http.StatusBadRequest, string(entitlement.NoJustification)},
			"an end that is past": {"grace", strings.Replace(good, `{`, `{"endDateTime":"2020-01-01T00:00:00Z",`, 1), http.StatusBadRequest, string(offer.BadSchedule)},
			"two objects":         {"grace", good + good, http.StatusBadRequest, "Bad Request"},
		} {
			status, out := send(c.token, http.MethodPost, api, c.body)
			told, _ := out["error"].(map[string]any)
			if status != c.status || told == nil || c.code != "" && told["code"] != c.code || told["message"] == "" {
				t.Errorf("%s: %d %v", name, status, out)
			}
		}
		status, made := send("grace", http.MethodPost, api, good)
		if status != http.StatusCreated || made["state"] != "pendingApproval" || made["decisionDueDateTime"] == nil || made["completedDateTime"] != nil {
			t.Fatalf("asked: %d %v", status, made)
		}
		id, _ := made["id"].(string)
		if made["page"] != h.Name+h.at("/access/requests/"+id) {
			t.Errorf("the page is %v", made["page"])
		}
		if status, out := send("grace", http.MethodGet, api+"/"+id, ""); status != http.StatusOK || out["id"] != id {
			t.Errorf("read: %d %v", status, out)
		}
		if status, out := send("other", http.MethodGet, api+"/"+id, ""); status != http.StatusNotFound {
			t.Errorf("read by somebody else: %d %v", status, out)
		}
		if status, out := send("grace", http.MethodPost, api, good); status != http.StatusBadRequest {
			t.Errorf("asked twice: %d %v", status, out)
		}
	})
}

// TestEndpointWantsAToken of a person, whoever has what session.
func TestEndpointWantsAToken(t *testing.T) {
	each(t, func(h *stage) {
		api := h.at("/access/api/requests")
		for token, status := range map[string]int{"": http.StatusUnauthorized, "x.y.z": http.StatusUnauthorized, h.Admin(t, h.B, "https://graph.microsoft.com/.default"): http.StatusForbidden} {
			if a := h.As(t, token, http.MethodPost, api, map[string]any{"accessPackageId": h.pkg.ID}); a.Status != status {
				t.Errorf("%.10s: %d %s", token, a.Status, a.Body)
			}
		}
		if p := h.as(h.grace).send(http.MethodPost, api, h.answers(), "same-origin"); p.status != http.StatusUnauthorized {
			t.Errorf("with a session alone: %d %s", p.status, p.raw)
		}
	})
}

// TestEvents tells a page the state that it is in, and ends with the request.
func TestEvents(t *testing.T) {
	each(t, func(h *stage) {
		grace := h.as(h.grace)
		request := h.ask(grace).at.Path
		id := ids.RequestID(request[strings.LastIndex(request, "/")+1:])
		ended := make(chan page, 1)
		go func() { ended <- grace.get(request + "/events") }()
		must(t, h.access.Cancel(t.Context(), h.admin, id))
		p := <-ended
		if !strings.HasPrefix(p.header.Get("Content-Type"), "text/event-stream") || !strings.Contains(p.raw, "data: canceled.") || !strings.HasSuffix(p.raw, "event: over\ndata: over\n\n") {
			t.Errorf("%d %v %s", p.status, p.header, p.raw)
		}
	})
}
