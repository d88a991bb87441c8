package entitlement_test

import (
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/kit/sqldb"
)

// TestAltered: what is stored of a request is altered after its approval, by whatever
// means; it is not delivered.
func TestAltered(t *testing.T) {
	for name, change := range map[string]string{
		"as it was agreed to": "",
		"the reason":          "justification = 'another'",
		"the period":          `schedule = '{"expiration":{"type":"noExpiration"}}'`,
		"an answer":           `answers = '[{"question":"x","value":"y"}]'`,
		"the kind":            "kind = 'adminAdd'",
		"nobody has agreed":   `terms = replace(terms, '"agreed":', '"was":')`,
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(s *stage) {
				r := s.ask(s.grace)
				must(t, s.decide(s.member(s.ada), r, true))
				if change != "" {
					must(t, s.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
						_, err := tx.Exec(t.Context(), "update assignment_request set "+change+" where tenant_id = ? and id = ?", s.A.ID, r.ID)
						return err
					}))
				}
				s.work()
				got := s.state(r)
				want := entitlement.Delivered
				if change != "" {
					want = entitlement.DeliveryFailed
				}
				if got.State != want || (got.Assignment != "") != (change == "") {
					t.Errorf("the request is %s with the assignment %q: %s", got.State, got.Assignment, got.Error)
				}
			})
		})
	}
}
