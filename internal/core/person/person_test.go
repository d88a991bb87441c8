package person_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A stay is somebody of B who is a guest of A.
type stay struct {
	*house.House
	account *directory.User // at home in B
	guest   ids.ObjectID    // in A
	proved  time.Time
}

func settle(t *testing.T, h *house.House) *stay {
	s := &stay{House: h, account: h.AddUser(t, h.B, "visitor")}
	s.update(t, func(ctx context.Context, tx *sqldb.Tx) error {
		home, err := tenant.Get(ctx, tx, h.A.ID)
		if err != nil {
			return err
		}
		u, err := directory.AddGuest(ctx, tx, home, directory.Invitee{Mail: "visitor@fabrikam.example"})
		if err != nil {
			return err
		}
		s.guest = u.ID
		return directory.AcceptGuest(ctx, tx, u, ids.Principal{Kind: ids.Person, Home: h.B.ID, ID: s.account.ID})
	})
	h.Clock.Advance(time.Minute)
	s.proved = h.Clock.Now()
	return s
}

func (s *stay) update(t *testing.T, f func(context.Context, *sqldb.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := s.DB.Update(ctx, func(tx *sqldb.Tx) error { return f(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// both asks by the account and by the guest, which must agree.
func (s *stay) both(t *testing.T) (v *person.Visit, err error) {
	t.Helper()
	var other error
	s.update(t, func(ctx context.Context, tx *sqldb.Tx) error {
		in, failed := tenant.Get(ctx, tx, s.A.ID)
		if failed != nil {
			return failed
		}
		v, err = person.Find(ctx, tx, in, person.Proof{Home: s.B.ID, User: s.account.ID, At: s.proved})
		_, other = person.Of(ctx, tx, in, s.guest, person.Proof{At: s.proved})
		return nil
	})
	if one, two := fault.Public(errOr(err)).Reason, fault.Public(errOr(other)).Reason; one != two {
		t.Errorf("by account: %v; by guest: %v", err, other)
	}
	return v, err
}

func errOr(err error) error {
	if err == nil {
		return fault.Because(fault.Internal, "none", "no refusal")
	}
	return err
}

// TestAGuestMayCome finds both ends, and tells a guest from a member.
func TestAGuestMayCome(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := settle(t, h)
		v, err := s.both(t)
		if err != nil || v.AtHome() || !v.Guest() || v.Here.ID != s.guest || v.Account.ID != s.account.ID || v.Home.ID != h.B.ID || v.In.ID != h.A.ID ||
			v.Subject() != (ids.Principal{Kind: ids.Person, Home: h.B.ID, ID: s.account.ID}) || !v.Crossing.In.Allowed {
			t.Errorf("found %+v, %v", v, err)
		}
		s.update(t, func(ctx context.Context, tx *sqldb.Tx) error {
			own, err := person.AtHome(ctx, tx, person.Proof{Home: h.B.ID, User: s.account.ID, At: s.proved})
			if err != nil || !own.AtHome() || own.Guest() || own.Here != own.Account {
				t.Errorf("at home: %+v, %v", own, err)
			}
			in, err := tenant.Get(ctx, tx, h.B.ID)
			if err != nil {
				return err
			}
			if own, err = person.Of(ctx, tx, in, s.account.ID, person.Proof{At: s.proved}); err != nil || !own.AtHome() {
				t.Errorf("behind the account: %+v, %v", own, err)
			}
			if _, err = person.Of(ctx, tx, in, s.guest, person.Proof{At: s.proved}); !errors.Is(err, person.NoAccount) {
				t.Errorf("a user of another tenant: err = %v, want NoAccount", err)
			}
			if _, err = person.Find(ctx, tx, in, person.Proof{Home: h.A.ID, User: h.A.Admin.Object, At: s.proved}); !errors.Is(err, person.NotHere) {
				t.Errorf("somebody who is no guest: err = %v, want NotHere", err)
			}
			return nil
		})
	})
}

// TestWhatEndsAVisit breaks each link between an account and a tenant.
func TestWhatEndsAVisit(t *testing.T) {
	tests := []struct {
		name string
		end  func(t *testing.T, s *stay)
		want fault.Reason
	}{
		{"disabled at home", func(t *testing.T, s *stay) { s.patch(t, s.B.Admin, s.account.ID) }, person.NoAccount},
		{"deleted at home", func(t *testing.T, s *stay) {
			if err := s.Users.Delete(t.Context(), s.B.Admin, string(s.account.ID)); err != nil {
				t.Fatal(err)
			}
		}, person.NoAccount},
		{"disabled here", func(t *testing.T, s *stay) { s.patch(t, s.A.Admin, s.guest) }, person.NotHereNow},
		{"sessions revoked at home", func(t *testing.T, s *stay) { s.revoke(t, s.B.Admin, s.account.ID) }, person.Ended},
		{"sessions revoked here", func(t *testing.T, s *stay) { s.revoke(t, s.A.Admin, s.guest) }, person.Ended},
		{"the home tenant is off", func(t *testing.T, s *stay) {
			s.update(t, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `update tenant set enabled = 0 where id = ? /* all tenants: a tenant is its own */`, s.B.ID)
				return err
			})
		}, person.NoHome},
		{"not let out", func(t *testing.T, s *stay) {
			s.policy(t, s.B.Admin, `{"b2bCollaborationOutbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`)
		}, crosstenant.OutboundBlocked},
		{"not let in", func(t *testing.T, s *stay) {
			s.policy(t, s.A.Admin, `{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`)
		}, crosstenant.InboundBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			house.Each(t, func(t *testing.T, h *house.House) {
				s := settle(t, h)
				if _, err := s.both(t); err != nil {
					t.Fatal(err)
				}
				s.Clock.Advance(time.Minute)
				tt.end(t, s)
				if _, err := s.both(t); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		})
	}
}

func (s *stay) patch(t *testing.T, who authz.Caller, id ids.ObjectID) {
	t.Helper()
	if _, err := s.Users.Update(t.Context(), who, string(id), []byte(`{"accountEnabled":false}`)); err != nil {
		t.Fatal(err)
	}
}

func (s *stay) revoke(t *testing.T, who authz.Caller, id ids.ObjectID) {
	t.Helper()
	if err := s.Users.RevokeSessions(t.Context(), who, string(id)); err != nil {
		t.Fatal(err)
	}
}

func (s *stay) policy(t *testing.T, who authz.Caller, body string) {
	t.Helper()
	if err := crosstenant.NewService(s.DB).UpdateDefault(t.Context(), who, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// TestWhoHasNotAccepted: behind a guest whom nobody has accepted to be, there
// is nobody; after a reset, what was proved before has ended.
func TestWhoHasNotAccepted(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := settle(t, h)
		s.Clock.Advance(time.Minute)
		s.update(t, func(ctx context.Context, tx *sqldb.Tx) error {
			in, err := tenant.Get(ctx, tx, h.A.ID)
			if err != nil {
				return err
			}
			u, err := directory.GetUser(ctx, tx, h.A.ID, string(s.guest))
			if err != nil {
				return err
			}
			if err := directory.ResetGuest(ctx, tx, u, ""); err != nil {
				return err
			}
			for at, want := range map[time.Time]error{s.proved: person.Ended, tx.Now(): person.NoAccount} {
				if _, err := person.Of(ctx, tx, in, s.guest, person.Proof{At: at}); !errors.Is(err, want) {
					t.Errorf("proved at %s: err = %v, want %v", at, err, want)
				}
			}
			if _, err := person.Find(ctx, tx, in, person.Proof{Home: h.B.ID, User: s.account.ID, At: tx.Now()}); !errors.Is(err, person.NotHere) {
				t.Errorf("the account: err = %v, want NotHere", err)
			}
			as, err := person.As(ctx, tx, in, u, person.Proof{Home: h.B.ID, User: s.account.ID, At: tx.Now()})
			if err != nil || as.Account.ID != s.account.ID || as.Here.ID != s.guest {
				t.Errorf("about to accept: %+v, %v", as, err)
			}
			return nil
		})
	})
}
