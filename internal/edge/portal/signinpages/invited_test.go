package signinpages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entente/internal/flow/guest"
)

// TestInvited opens an invitation with its link, and with links that are not.
func TestInvited(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		v, err := h.guests.Invite(t.Context(), admin(h.a),
			[]byte(`{"invitedUserEmailAddress":"lee@guest.example","inviteRedirectUrl":"https://app.example/"}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		open := func(link string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, link, nil))
			return w
		}
		for range 2 {
			w := open(v.RedeemURL)
			if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "Contoso") || !strings.Contains(body, "looking at it has changed nothing") ||
				w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%d %v %s", w.Code, w.Header(), body)
			}
		}
		for name, link := range map[string]string{
			"no ticket":    strings.Split(v.RedeemURL, "ticket=")[0],
			"a wrong one":  strings.Replace(v.RedeemURL, "ticket=", "ticket=x", 1),
			"nothing":      "https://id.fabrikam.example/redeem",
			"another user": strings.Replace(v.RedeemURL, string(v.User.ID), string(h.a.Admin), 1),
		} {
			w := open(link)
			if body := w.Body.String(); w.Code != http.StatusNotFound || strings.Contains(body, "Contoso") || strings.Contains(body, "lee@") {
				t.Errorf("%s: %d %s", name, w.Code, body)
			}
		}
		if v.Status != guest.Pending {
			t.Errorf("status %s", v.Status)
		}
	})
}
