package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"entente/internal/edge/portal/admin"
	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

func TestAdminCenter(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		at := "/@" + s.A.Domain + "/admin"
		nobody := browser.Open(t, s)
		if p := nobody.Get(at); p.At.Path == at {
			t.Errorf("nobody is signed in and sees %s", p.Text())
		}
		a, b := browser.AsAdmin(t, s, s.A), browser.AsAdmin(t, s, s.B)
		if p := a.Get("/admin"); p.At.Path != at {
			t.Errorf("the door leads to %s", p.At)
		}
		a.Get("/@"+strings.ToUpper(s.A.Domain)+"/Admin").Wants(http.StatusOK, "Administer Contoso", s.A.ID)
		a.Get("/@"+s.A.ID+"/admin").Wants(http.StatusOK, "Administer Contoso")
		b.Get(at).Wants(http.StatusForbidden, "is not one of Contoso")
		b.Get("/@nowhere.example/admin").Wants(http.StatusNotFound, "No organization here has this domain")
		a.Get(at + "/nothing").Wants(http.StatusNotFound)
	})
}

// TestAreasLead: each line at the side leads to a page.
func TestAreasLead(t *testing.T) {
	s := enttest.Start(t, enttest.Options{Engine: sqldb.SQLite})
	b := browser.AsAdmin(t, s, s.A)
	for _, path := range admin.Areas() {
		p := b.Get("/@" + s.A.Domain + "/admin" + path).Wants(http.StatusOK)
		if !strings.Contains(p.Body, `aria-current="page"`) {
			t.Errorf("%q is not marked at the side", path)
		}
	}
}
