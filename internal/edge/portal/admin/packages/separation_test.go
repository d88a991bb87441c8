package packages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

// TestSeparation: a package and a group are said to be incompatible with a package,
// whoever has the one is refused the other, and the word is taken back.
func TestSeparation(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		b := browser.AsAdmin(t, s, s.A)
		var pay, order struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, govern+"accessPackages", map[string]any{"displayName": "Payments", "description": "Pays"}, &pay)
		s.Graph(t, s.A, http.MethodPost, govern+"accessPackages", map[string]any{"displayName": "Orders <b>", "description": "Orders"}, &order)
		auditors := group(t, s, s.A, "Auditors")
		at := "/@" + s.A.Domain + "/admin/entitlement/packages/" + pay.ID
		p := b.Follow(b.Get(at).Wants(http.StatusOK, "Nothing is incompatible"), "Add access packages or groups").Wants(http.StatusOK, "Orders <b>")
		if strings.Contains(strings.Join(p.Offers("pick"), " "), pay.ID) {
			t.Error("a package is offered as incompatible with itself")
		}
		b.Submit(p, "Keep apart in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Select at least one, or go back")
		b.Submit(p, "Keep apart in Contoso", url.Values{"pick": {"package." + pay.ID}}).Wants(http.StatusUnprocessableEntity, "cannot be incompatible with itself")
		b.Submit(p, "Keep apart in Contoso", url.Values{"pick": {"package." + order.ID}}).Wants(http.StatusOK, "Nobody can ask for both any more.", "Orders <b>")
		p = b.Get(at+"/separation/add?among=groups&name=aud").Wants(http.StatusOK, "Auditors")
		p = b.Submit(p, "Keep apart in Contoso", url.Values{"pick": {"group." + auditors}}).Wants(http.StatusOK, "Auditors")
		b.Get(at+"/separation/add").Wants(http.StatusOK, "Nothing is called so.")
		b.Get("/@"+s.A.Domain+"/admin/entitlement/packages/"+order.ID).Wants(http.StatusOK, "Access package that names this one")
		var held struct{ Value []struct{ ID string } }
		s.Graph(t, s.A, http.MethodGet, govern+"accessPackages/"+pay.ID+"/incompatibleGroups", nil, &held)
		if len(held.Value) != 1 || held.Value[0].ID != auditors {
			t.Errorf("Graph tells %+v", held)
		}
		for _, one := range []string{"Orders <b>", "Auditors"} {
			p = b.Follow(p, "Remove… "+one).Wants(http.StatusOK, "Let people have “Payments” together with “"+one+"”?")
			p = b.Submit(p, "Remove the separation in Contoso", nil).Wants(http.StatusOK, "is not incompatible any more.")
		}
		p.Wants(http.StatusOK, "Nothing is incompatible")
		b.Get(at + "/separation/" + auditors + "/remove").Wants(http.StatusNotFound)
	})
}
