package entitlement_test

import (
	"fmt"
	"testing"

	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestAPolicyIsReplacedWithinTheBound names as many as a policy can, then as many
// others, and counts the rows that the second transaction writes.
func TestAPolicyIsReplacedWithinTheBound(t *testing.T) {
	s := &stage{House: house.New(t, sqldb.SQLite), t: t}
	s.service = entitlement.NewService(s.DB)
	s.ada = s.AddUser(t, s.A, "ada")
	s.setUp()
	ctx := t.Context()
	extension, err := s.service.CreateExtension(ctx, s.A.Admin, s.catalog.ID, entitlement.Extension{Kind: entitlement.RequestExtension, Name: "x",
		Endpoint: entitlement.Endpoint{URL: "https://hook.example"}})
	must(t, err)
	var all []entitlement.SubjectSet
	for i := range 2 * 240 {
		id := ids.New[ids.ObjectID]()
		all = append(all, entitlement.SubjectSet{Kind: entitlement.GroupMembers, Object: id})
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by) values (?, ?, 'group', ?, ?, 0, '')`, s.A.ID, id, fmt.Sprint(i), fmt.Sprint(i))
			return err
		}))
	}
	change := func(to []entitlement.SubjectSet) {
		t.Helper()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *entitlement.Policy) error {
			p.Scope, p.Targets, p.Approval.ForAdd = entitlement.SpecificDirectoryUsers, to, false
			p.Approval.Stages = nil
			p.Extensions = nil
			for _, stage := range []string{"assignmentRequestCreated", "assignmentRequestApproved", "assignmentRequestGranted", "assignmentRequestRemoved"} {
				p.Extensions = append(p.Extensions, entitlement.StageExtension{Stage: stage, Extension: extension.ID})
			}
			return nil
		})
		must(t, err)
	}
	written := func() (n int) {
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return tx.One(ctx, `select total_changes() /* all tenants: of the connection */`, nil, &n)
		}))
		return n
	}
	change(all[:240])
	before := written()
	change(all[240:])
	if n := written() - before; n > 500 || n < 480 {
		t.Errorf("replacing a policy writes %d rows", n)
	}
}
