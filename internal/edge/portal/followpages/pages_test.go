package followpages_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/followpages"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/web"
)

// TestFollow follows links of messages: to their page, too late, and those that no
// message has.
func TestFollow(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		const base = "https://id.example"
		access := entitlement.NewService(h.DB)
		access.Links(h.Ring, base)
		pages := followpages.New(portal.Site{Hosts: web.Hosts{Own: base}}, access, slog.New(slog.DiscardHandler)).Handler()
		link := func(late time.Duration) string {
			a, err := access.Address(entitlement.Link{Tenant: h.A.ID, Place: entitlement.ApprovalPlace, ID: "7f8d1c1e-2a44-4a0e-9a53-0d6f3a1f2b3c", Until: h.Clock.Now().Add(late)})
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimPrefix(a.Reveal(), base)
		}
		for _, tt := range []struct {
			name, method, path string
			status             int
			to, says           string
		}{
			{"a link", http.MethodGet, link(time.Hour), http.StatusSeeOther, "/@contoso.example/access/approvals/7f8d1c1e-2a44-4a0e-9a53-0d6f3a1f2b3c", ""},
			{"a link that has ended", http.MethodGet, link(-time.Second), http.StatusGone, "", "/@contoso.example/access/assignments"},
			{"half a link", http.MethodGet, link(time.Hour)[:60], http.StatusNotFound, "", "This link leads nowhere"},
			{"no link", http.MethodGet, "/follow/", http.StatusNotFound, "", "nothing at this address"},
			{"another method", http.MethodPost, link(time.Hour), http.StatusNotFound, "", "nothing at this address"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				w := httptest.NewRecorder()
				pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, base+tt.path, nil))
				if w.Code != tt.status || w.Header().Get("Location") != tt.to || !strings.Contains(w.Body.String(), tt.says) {
					t.Errorf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
				}
				if !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
					t.Errorf("a cache may keep it: %v", w.Header())
				}
			})
		}
	})
}
