package entitlement_test

import (
	"errors"
	"fmt"
	"testing"

	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestAPolicyWritesWhatIsNew names as many as a policy can, then one other, then as
// many others, and counts the rows that each writes.
func TestAPolicyWritesWhatIsNew(t *testing.T) {
	s := &stage{House: house.New(t, sqldb.SQLite), t: t}
	s.service = entitlement.NewService(s.DB)
	s.ada = s.AddUser(t, s.A, "ada")
	s.setUp()
	ctx := t.Context()
	const most = 500
	var all []offer.SubjectSet
	var rows [][]any
	for i := range 2*most + 1 {
		id := ids.New[ids.ObjectID]()
		all = append(all, offer.SubjectSet{Kind: offer.GroupMembers, Object: id})
		rows = append(rows, []any{s.A.ID, id, fmt.Sprint(i), fmt.Sprint(i)})
	}
	must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecAll(ctx, `insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by) values (?, ?, 'group', ?, ?, 0, '')`, rows)
		return err
	}))
	change := func(to []offer.SubjectSet) error {
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Scope, p.Targets, p.Approval = offer.SpecificDirectoryUsers, to, offer.ApprovalSettings{}
			return nil
		})
		return err
	}
	written := func() (n int) {
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return tx.One(ctx, `select total_changes() /* all tenants: of the connection */`, nil, &n)
		}))
		return n
	}
	if err := change(all[:most+1]); !errors.Is(err, offer.BadModel) {
		t.Errorf("one too many: %v", err)
	}
	must(t, change(all[:most]))
	for _, tt := range []struct {
		to          []offer.SubjectSet
		least, most int
	}{{all[1 : most+1], 2, 20}, {all[most+1:], 2 * most, 2*most + 20}} {
		before := written()
		must(t, change(tt.to))
		if n := written() - before; n < tt.least || n > tt.most {
			t.Errorf("the change writes %d rows, want %d to %d", n, tt.least, tt.most)
		}
	}
	must(t, s.DB.View(ctx, func(tx *sqldb.Tx) error {
		n := 0
		err := tx.One(ctx, `select count(*) from policy_subject where tenant_id = ? and policy_id = ?`, []any{s.A.ID, s.policy.ID}, &n)
		if n != most {
			t.Errorf("%d rows name somebody", n)
		}
		return err
	}))
}

// TestTheLastOfManyApproversDecides asks five hundred people, more than are told.
func TestTheLastOfManyApproversDecides(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		last := s.AddUser(t, s.A, "zoe")
		var all []offer.SubjectSet
		var rows [][]any
		for i := range 499 {
			id := ids.New[ids.ObjectID]()
			all = append(all, offer.SubjectSet{Kind: offer.GroupMembers, Object: id})
			rows = append(rows, []any{s.A.ID, id, fmt.Sprint(i), fmt.Sprint(i)})
		}
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.ExecAll(ctx, `insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by) values (?, ?, 'group', ?, ?, 0, '')`, rows)
			return err
		}))
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Scope, p.Targets, p.Approval.Stages[0].Primary = offer.AllExternalUsers, nil, append(all, single(last)...)
			return nil
		})
		must(t, err)
		r := s.ask(s.grace)
		if err := s.decide(s.member(s.ada), r, true); !errors.Is(err, entitlement.NotApprover) {
			t.Errorf("who is not asked: %v", err)
		}
		must(t, s.decide(s.member(last), r, true))
		s.work()
		if got := s.state(r); got.State != entitlement.Delivered {
			t.Errorf("the request is %s", got.State)
		}
	})
}
