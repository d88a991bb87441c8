package server

import (
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestSignInsAreForgotten keeps sign-ins for as long as the settings say.
func TestSignInsAreForgotten(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	s := open(t, settings(t), Options{Clock: clk})
	tenant := ids.New[ids.TenantID]()
	for _, name := range []string{"old", "young"} {
		if err := s.core.signIns.Put(t.Context(), audit.SignIn{Tenant: tenant, At: clk.Now(), AppName: name}); err != nil {
			t.Fatal(err)
		}
		clk.Advance(15*24*time.Hour + time.Second)
	}
	if err := untilDone(t.Context(), s.forgetSignIns); err != nil {
		t.Fatal(err)
	}
	if err := s.db.View(t.Context(), func(tx *sqldb.Tx) error {
		list, err := audit.SignInsOf(t.Context(), tx, tenant, "", 10)
		if len(list) != 1 || list[0].AppName != "young" {
			t.Errorf("kept %+v, want the one of 15 days ago", list)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
