package signin

import (
	"errors"
	"testing"

	"entente/internal/core/audit"
	"entente/internal/core/factor"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// TestPageOfOurs signs a person in to a page of ours, by password and then by
// the session that this began.
func TestPageOfOurs(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		signIns := audit.NewSignIns(h.DB)
		t.Cleanup(signIns.Close)
		s := NewService(h.DB, h.Clock, h.Users, signIns, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		b := Browser{Cookie: secret.NewString("browser"), IP: "192.0.2.7"}
		u := h.AddUser(t, h.A, "person")

		f, err := s.BeginPage(ctx, b, "", "/account?x=1")
		if err != nil || f.State != Identify {
			t.Fatalf("got %v, %v, want the address to be asked", f, err)
		}
		if err := s.Identify(ctx, b, f.ID, u.UserPrincipalName); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Arrive(ctx, b, f.ID); !errors.Is(err, Stale) {
			t.Errorf("before the password: err = %v, want %s", err, Stale)
		}
		if _, err := s.Password(ctx, b, f.ID, secret.NewString(house.Password), false); err != nil {
			t.Fatal(err)
		}
		own := secret.NewString("a Password 0f their own")
		in, err := s.Renew(ctx, b, f.ID, own, own)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Arrive(ctx, b, f.ID); !errors.Is(err, Gone) {
			t.Errorf("without the session's cookie: err = %v, want %s", err, Gone)
		}
		b.Sessions = []secret.String{in.Cookie}
		if _, err := s.Finish(ctx, b, f.ID); !errors.Is(err, Stale) {
			t.Errorf("as a sign-in to an application: err = %v, want %s", err, Stale)
		}
		if f, err = s.Arrive(ctx, b, f.ID); err != nil || f.Ask.Page != "/account?x=1" || f.Session != in.Session {
			t.Fatalf("got %+v, %v, want the page and the session", f, err)
		}
		if _, err := s.Arrive(ctx, b, f.ID); !errors.Is(err, Stale) {
			t.Errorf("twice: err = %v, want %s", err, Stale)
		}

		if f, err = s.BeginPage(ctx, b, h.A.ID, "/account"); err != nil || f.State != Ready || f.User != ids.ObjectID(u.ID) {
			t.Errorf("with a session: got %+v, %v, want it to go on with that", f, err)
		}
	})
}

// TestPageOfOthers: no flow leads out of the house.
func TestPageOfOthers(t *testing.T) {
	s := NewService(nil, nil, nil, nil, nil, factor.NewService(nil, nil, nil))
	for _, page := range []string{"", "account", "//evil.example", "https://evil.example", `/\evil.example`, "/a\r\nb"} {
		if _, err := s.BeginPage(t.Context(), Browser{}, "", page); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: err = %v, want Invalid", page, err)
		}
	}
}
