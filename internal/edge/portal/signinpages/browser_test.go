package signinpages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/core/audit"
	"entente/internal/kit/sqldb"
)

// TestBrowserThatIsNoText: what a browser says of itself keeps no try out of
// the log.
func TestBrowserThatIsNoText(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		b.agent = "\xff" + strings.Repeat("é", 200)
		p := b.submit(b.get("/fabrikam.example/adminconsent?client_id="+string(a.AppID)), "Next", url.Values{"username": {"admin@fabrikam.example"}})
		if p = b.submit(p, "Sign in", url.Values{"password": {"wrong"}}); p.status != http.StatusUnprocessableEntity {
			h.t.Errorf("status = %d, want %d", p.status, http.StatusUnprocessableEntity)
		}
		if err := h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error {
			entries, err := audit.SignInsOf(h.t.Context(), tx, h.b.Tenant, "", 10)
			if err == nil && len(entries) != 1 {
				h.t.Errorf("%d entries, want 1", len(entries))
			}
			return err
		}); err != nil {
			h.t.Fatal(err)
		}
	})
}
