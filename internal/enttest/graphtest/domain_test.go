package graphtest

import (
	"net/http"
	"testing"

	"entente/internal/core/tenant"
	"entente/internal/kit/sqldb"
)

// TestDomains lists what a tenant claims and what it has proved to own.
func TestDomains(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			return tenant.AddDomain(t.Context(), tx, w.A.ID, tenant.Domain{Name: "lab.contoso.example"})
		}))
		c := w.Client(t, w.A, "Domain.Read.All")
		list := c.Get(t, w, "/v1.0/domains").Items()
		if len(list) != 2 || list[0]["id"] != "contoso.example" || list[0]["isInitial"] != true || list[0]["isVerified"] != true || list[0]["isRoot"] != true {
			t.Errorf("got %v", list)
		}
		below := c.Get(t, w, "/v1.0/domains/LAB.contoso.example")
		if below.Text("id") != "lab.contoso.example" || below.Body["isVerified"] != false || below.Body["isRoot"] != false || below.Body["isDefault"] != false {
			t.Errorf("got %s", below.Raw)
		}
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/domains/fabrikam.example", nil)
	})
}
