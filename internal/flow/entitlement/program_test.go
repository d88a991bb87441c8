package entitlement_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A program is an application and its service principal in A.
type program struct{ app, sp ids.ObjectID }

// addProgram adds an application to a tenant that is present in A, and that nobody owns.
func (s *stage) addProgram(home house.Tenant, name string) program {
	s.t.Helper()
	text, err := json.Marshal(map[string]string{"displayName": name, "signInAudience": "AzureADMultipleOrgs"})
	must(s.t, err)
	a, err := s.Apps.Create(s.t.Context(), home.Admin, text, nil)
	must(s.t, err)
	sp, err := s.Apps.CreatePrincipal(s.t.Context(), s.A.Admin, a.AppID, []byte(`{}`), nil)
	must(s.t, err)
	must(s.t, s.Apps.RemoveOwner(s.t.Context(), home.Admin, a.ID, home.Admin.Object))
	must(s.t, s.Apps.RemoveOwner(s.t.Context(), s.A.Admin, sp.ID, s.A.Admin.Object))
	return program{a.ID, sp.ID}
}

// policyForPrograms makes a policy by which some programs ask.
func (s *stage) policyForPrograms(approvers offer.SubjectSet, programs ...program) *offer.Policy {
	s.t.Helper()
	p := s.policyFor(offer.AllDirectoryServicePrincipals)
	_, err := s.service.ChangePolicy(s.t.Context(), s.A.Admin, p.ID, func(p *offer.Policy) error {
		p.Scope = offer.SpecificDirectoryServicePrincipals
		for _, one := range programs {
			p.Targets = append(p.Targets, offer.SubjectSet{Kind: offer.SingleServicePrincipal, Object: one.sp})
		}
		p.Approval = offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * day, Primary: []offer.SubjectSet{approvers}}}}
		return nil
	})
	must(s.t, err)
	return p
}

// as is the program as a caller, as Graph knows it.
func (s *stage) as(p program, home house.Tenant) authz.Caller {
	return authz.Caller{Tenant: s.A.ID, Subject: ids.Principal{Kind: ids.Workload, Home: home.ID, ID: p.app}, Object: p.sp, Name: "a program"}
}

// askAs has a program ask for itself.
func (s *stage) askAs(p program, home house.Tenant) *entitlement.Request {
	s.t.Helper()
	r, err := s.service.Submit(s.t.Context(), s.as(p, home), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID})
	must(s.t, err)
	return r
}

func (s *stage) has(group, member ids.ObjectID) bool {
	s.t.Helper()
	var in []ids.ObjectID
	must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		in, err = directory.GroupsWith(context.Background(), tx, s.A.ID, member, false, 10)
		return err
	}))
	return slices.Contains(in, group)
}

// TestTheOwnerOfAProgramDoesNotDecide has a program ask, and its owners come to the
// decision by each road.
func TestTheOwnerOfAProgramDoesNotDecide(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim, gina := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim"), s.accepted("gina")
		asks, other, chief, stranger := s.addProgram(s.A, "Asks"), s.addProgram(s.A, "Other"), s.addProgram(s.A, "Chief"), s.addProgram(s.A, "Stranger")
		abroad := s.addProgram(s.B, "Abroad")
		own := func(admin authz.Caller, what, owner ids.ObjectID) { must(t, s.Apps.AddOwner(ctx, admin, what, owner)) }
		own(s.A.Admin, asks.sp, s.ada.ID)
		own(s.A.Admin, asks.app, lee.ID)
		own(s.A.Admin, other.app, lee.ID)
		own(s.A.Admin, asks.app, chief.sp)
		own(s.A.Admin, chief.app, kim.ID)
		own(s.B.Admin, abroad.app, gina.home.ID)
		approvers := s.addGroup("approvers")
		for _, id := range []ids.ObjectID{s.ada.ID, lee.ID, kim.ID, gina.here.ID, other.sp, chief.sp, stranger.sp} {
			must(t, s.Users.AddMember(ctx, s.A.Admin, approvers, id, time.Time{}))
		}
		s.policyForPrograms(offer.SubjectSet{Kind: offer.GroupMembers, Object: approvers}, asks, abroad)
		asGina := s.from(gina.home)
		asGina.Object = gina.here.ID

		r := s.askAs(asks, s.A)
		for name, who := range map[string]authz.Caller{
			"an owner of the service principal":      s.member(s.ada),
			"an owner of the application":            s.member(lee),
			"a program of an owner":                  s.as(other, s.A),
			"a program that is an owner":             s.as(chief, s.A),
			"an owner of a program that is an owner": s.member(kim),
		} {
			if err := s.decide(who, r, true); !errors.Is(err, entitlement.OwnRequest) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.decide(asGina, r, true); err != nil {
			t.Errorf("who owns none of it: %v", err)
		}
		s.work()
		if !s.has(s.group, asks.sp) {
			t.Errorf("after another's word: %+v", s.state(r))
		}

		r = s.askAs(abroad, s.B)
		if err := s.decide(asGina, r, true); !errors.Is(err, entitlement.OwnRequest) {
			t.Errorf("an owner of the application at home, as a guest: %v", err)
		}
		if err := s.decide(s.as(stranger, s.A), r, true); err != nil {
			t.Errorf("a program of nobody's: %v", err)
		}
	})
}

// TestWhoeverCanActAsAProgramIsBehindIt has a program ask whose owner is far away, or
// was its owner, or owns it through a program that is deleted, or is one of very many.
func TestWhoeverCanActAsAProgramIsBehindIt(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		kim := s.AddUser(t, s.A, "kim")
		own := func(what, owner ids.ObjectID) { t.Helper(); must(t, s.Apps.AddOwner(ctx, s.A.Admin, what, owner)) }
		chain := make([]program, 6)
		for i := range chain {
			chain[i] = s.addProgram(s.A, "Link")
			if i > 0 {
				own(chain[i-1].app, chain[i].sp)
			}
		}
		own(chain[5].app, kim.ID)
		was, between, below := s.addProgram(s.A, "Was"), s.addProgram(s.A, "Between"), s.addProgram(s.A, "Below")
		own(was.app, kim.ID)
		own(between.app, kim.ID)
		own(below.app, between.sp)
		many, hub := s.addProgram(s.A, "Many"), s.addProgram(s.A, "Hub")
		for range 99 {
			own(many.sp, s.addProgram(s.A, "One").sp)
		}
		for range 99 {
			own(many.app, s.addProgram(s.A, "One").sp)
		}
		own(many.app, hub.sp)
		own(hub.app, kim.ID)
		far, free := chain[0], s.addProgram(s.A, "Free")
		s.policyForPrograms(offer.SubjectSet{Kind: offer.SingleUser, Object: kim.ID}, far, was, below, many, free)
		requests := map[string]*entitlement.Request{"through six programs": s.askAs(far, s.A), "who was its owner": s.askAs(was, s.A),
			"through a program that is deleted": s.askAs(below, s.A), "of very many": s.askAs(many, s.A)}
		must(t, s.Apps.RemoveOwner(ctx, s.A.Admin, was.app, kim.ID))
		must(t, s.Apps.DeletePrincipal(ctx, s.A.Admin, between.sp))
		for what, r := range requests {
			if err := s.decide(s.member(kim), r, true); !errors.Is(err, entitlement.OwnRequest) {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, s.decide(s.member(kim), s.askAs(free, s.A), true))
	})
}
