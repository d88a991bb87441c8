package enttest_test

import (
	"net/http"
	"testing"

	"entente/internal/enttest"
	"entente/internal/kit/sqldb"
)

// TestSystemAssignedIdentityCrosses has a host's own identity cross, as a
// user-assigned one does, until it is switched off.
func TestSystemAssignedIdentityCrosses(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		h := s.Host(t, s.A, "runbooks", s.Identity(t, s.A, "another"))
		var made struct{ Identity struct{ PrincipalID string } }
		s.ARM(t, s.A, http.MethodPatch, h.Resource, map[string]any{"identity": map[string]any{"type": "SystemAssigned, UserAssigned"}}, &made)
		a := s.Application(t, s.A, "reader", true)
		s.Trust(t, s.A, a, "runbooks", s.Issuer(s.A), made.Identity.PrincipalID)
		s.Permit(t, s.B, s.Present(t, s.B, a.AppID).ID, "User.Read.All")

		assertion := h.Ask(t, "", enttest.ExchangeScope).Token(t)
		if sub := enttest.Claims(t, assertion)["sub"]; sub != made.Identity.PrincipalID {
			t.Fatalf("without an identifier the host got a token of %v, want its own identity %s", sub, made.Identity.PrincipalID)
		}
		token := s.ByAssertion(t, s.B, a.AppID, assertion, enttest.GraphScope).Token(t)
		if got := s.As(t, token, http.MethodGet, "/v1.0/users", nil); got.Status != http.StatusOK {
			t.Errorf("B's users: %d %s", got.Status, got.Body)
		}

		s.ARM(t, s.A, http.MethodPatch, h.Resource, map[string]any{"identity": map[string]any{"type": "UserAssigned"}}, nil)
		if got := s.ByAssertion(t, s.B, a.AppID, assertion, enttest.GraphScope); got.Status == http.StatusOK {
			t.Error("the identity crosses though it was switched off")
		}
	})
}
