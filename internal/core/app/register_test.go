package app_test

import (
	"errors"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/kit/query"
)

// TestRegister: an application and its service principal come together, or
// neither does; both are the caller's.
func TestRegister(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		a, p, err := h.Apps.Register(t.Context(), h.A.Admin, []byte(`{"displayName":"feed"}`))
		if err != nil || p.AppID != a.AppID || len(p.Tags) != 1 {
			t.Fatalf("%+v, %+v: %v", a, p, err)
		}
		v, err := h.Apps.View(t.Context(), h.A.Admin, a.ID)
		if err != nil || v.Principal == nil || v.Principal.ID != p.ID || len(v.Owners) != 1 || v.Owners[0].ID != h.A.Admin.Object {
			t.Errorf("%+v: %v", v, err)
		}
		all := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: 1}}
		mine, err := h.Apps.Owned(t.Context(), h.A.Admin, all)
		if err != nil || len(mine.Items) != 1 || mine.Items[0].ID != a.ID {
			t.Errorf("%+v: %v", mine, err)
		}
		nobody := authz.Caller{Tenant: h.A.ID, Object: h.B.Admin.Object}
		if _, _, err := h.Apps.Register(t.Context(), nobody, []byte(`{"displayName":"x"}`)); !errors.Is(err, authz.Denied) {
			t.Errorf("who is no object here registers: %v", err)
		}
		if _, err := h.Apps.Applications(t.Context(), nobody, all); !errors.Is(err, authz.Denied) {
			t.Errorf("who is no object here reads: %v", err)
		}
		if page, err := h.Apps.Applications(t.Context(), h.A.Admin, all); err != nil || len(page.Items) != 1 {
			t.Errorf("%+v: %v", page, err)
		}
		if theirs, err := h.Apps.Owned(t.Context(), h.B.Admin, all); err != nil || len(theirs.Items) != 0 {
			t.Errorf("%+v: %v", theirs, err)
		}
		if _, err := h.Apps.View(t.Context(), h.B.Admin, a.ID); err == nil {
			t.Error("another tenant's administrator sees it")
		}
	})
}
