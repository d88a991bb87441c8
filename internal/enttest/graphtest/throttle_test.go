package graphtest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entente/internal/edge/graph"
)

// TestThrottling: an application that asks too much is told how long to wait,
// by itself and in its tenant alone.
func TestThrottling(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, other := w.Client(t, w.A, "User.Read.All"), w.Client(t, w.A, "User.Read.All")
		w.server.Throttle = graph.NewThrottle(20, w.Clock)
		for path, cost := range map[string]string{
			"/v1.0/users": "2", "/v1.0/users?$select=id": "1", "/v1.0/users?$select=id&$top=5": "1", "/v1.0/nothing": "1",
			"/v1.0/users/" + string(w.A.Admin): "2", "/v1.0/users?$expand=appRoleAssignments": "3",
		} {
			if got := c.Get(t, w, path).Header.Get("X-Ms-Resource-Unit"); got != cost {
				t.Errorf("%s costs %s, want %s", path, got, cost)
			}
		}
		for range 5 { // ten of twenty units are used by now
			c.Send(t, w, http.StatusOK, "GET", "/v1.0/users", nil)
		}
		a := c.Send(t, w, http.StatusTooManyRequests, "GET", "/v1.0/users", nil)
		code, message := a.Error()
		inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
		if code != "TooManyRequests" || message != "Please retry again later." || inner["code"] != "429" || inner["status"] != "429" ||
			inner["message"] != "Please retry after" || a.Header.Get("Retry-After") != "1" {
			t.Errorf("got %v %s", a.Header, a.Raw)
		}
		if scope := a.Header.Get("X-Ms-Throttle-Scope"); !strings.HasPrefix(scope, "Tenant_Application/ReadWrite/"+string(c.App.AppID)) {
			t.Errorf("scope = %s", scope)
		}
		other.Send(t, w, http.StatusOK, "GET", "/v1.0/users", nil)
		batched, _ := c.batch(t, w, ask("1", "GET", "/users"), ask("2", "GET", "/users", "1"))
		if batched["1"].Status != http.StatusTooManyRequests || batched["1"].Headers["Retry-After"] != "1" || batched["2"].Status != http.StatusFailedDependency {
			t.Errorf("got %v", batched)
		}
		w.Clock.Advance(time.Second)
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/users", nil)
		c.Send(t, w, http.StatusTooManyRequests, "GET", "/v1.0/users", nil)
	})
}
