package load

import (
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/crowd"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// BenchmarkApplicationPages opens the admin center's pages of applications, with as
// many registrations and enterprise applications each as ENTENTE_BENCH_APPS says.
func BenchmarkApplicationPages(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			n := number(b, "ENTENTE_BENCH_APPS", 1000)
			s := enttest.Start(b, enttest.Options{Engine: engine, Clock: clock.NewFake(dbtest.Noon)})
			app := s.Application(b, s.A, "feedzero", true)
			here, there := s.Present(b, s.A, app.AppID), s.Present(b, s.B, app.AppID)
			db := dbtest.OpenURL(b, s.Store, s.Clock)
			must(b, db.Update(b.Context(), func(tx *sqldb.Tx) error { // each copy then has an identifier of its own
				for _, q := range []string{"update application set app_id = id where id = ?", "update service_principal set app_id = id where id = ?"} {
					for _, id := range []string{app.ID, here.ID, there.ID} {
						if _, err := tx.Exec(b.Context(), q+" /* all tenants: a benchmark */", id); err != nil {
							return err
						}
					}
				}
				return nil
			}))
			must(b, crowd.Copy(b.Context(), db, s.A.ID, app.ID, "feedzero", "feed", crowd.ApplicationTables, n))
			must(b, crowd.Copy(b.Context(), db, s.A.ID, here.ID, "feedzero", "feed", crowd.PrincipalTables, n))
			must(b, crowd.Copy(b.Context(), db, s.B.ID, there.ID, "feedzero", "feed", crowd.PrincipalTables, n))
			ours, theirs := "/@"+s.A.Domain+"/admin", "/@"+s.B.Domain+"/admin"
			a, other := browser.AsAdmin(b, s, s.A), browser.AsAdmin(b, s, s.B)
			for _, p := range []struct {
				name string
				who  *browser.Browser
				path string
			}{
				{"registrations", a, ours + "/app-registrations"},
				{"registrations by name", a, ours + "/app-registrations?find=feed1"},
				{"registrations far", a, far(a, ours+"/app-registrations", 10)},
				{"enterprise", a, ours + "/enterprise-applications"},
				{"enterprise by name", a, ours + "/enterprise-applications?find=feed1"},
				{"enterprise far", a, far(a, ours+"/enterprise-applications", 10)},
				{"foreign", other, theirs + "/foreign-applications"},
				{"elsewhere", a, ours + "/our-applications-elsewhere"},
			} {
				b.Run(p.name, func(b *testing.B) { fetch(b, p.who, p.path) })
			}
		})
	}
}

// BenchmarkLogPages opens the sign-in logs with as many entries as
// ENTENTE_BENCH_SIGNINS says, spread over thirty days, a tenth of them refused.
func BenchmarkLogPages(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			n := number(b, "ENTENTE_BENCH_SIGNINS", 1000)
			s := enttest.Start(b, enttest.Options{Engine: engine, Clock: clock.NewFake(dbtest.Noon)})
			who, at := browser.AsAdmin(b, s, s.A), "/@"+s.A.Domain+"/admin/sign-in-logs"
			db := dbtest.OpenURL(b, s.Store, s.Clock)
			refused := s.BySecret(b, s.A, s.A.ClientID, "wrong", "https://graph.microsoft.com/.default")
			if refused.Status == http.StatusOK {
				b.Fatal("a wrong secret was taken")
			}
			copyEntry := func(where string, n int) string {
				var id string
				must(b, db.View(b.Context(), func(tx *sqldb.Tx) error {
					return tx.One(b.Context(), "select id from sign_in where tenant_id = ? and "+where+" order by at_us desc limit 1", []any{s.A.ID}, &id)
				}))
				must(b, crowd.Copy(b.Context(), db, s.A.ID, id, "no such text", "x", crowd.SignInTables, n))
				return id
			}
			granted, failed := copyEntry("error_code = 0", n*9/10), copyEntry("error_code <> 0", n/10)
			month := "abs(random()) % 2592000000000"
			if engine == sqldb.PostgreSQL {
				month = "(random() * 2592000000000)::bigint"
			}
			must(b, db.Update(b.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(b.Context(), "update sign_in set at_us = at_us - "+month+" where tenant_id = ? and id <> ? and id <> ?", s.A.ID, granted, failed)
				return err
			}))
			vacuum(b, engine, s.Store)
			for _, p := range []struct{ name, path string }{
				{"all", at}, {"far", far(who, at, 10)}, {"refused", at + "?status=failure"}, {"a day", at + "?date=1d"},
				{"by application", at + "?by=app&value=" + s.A.ClientID}, {"of nobody", at + "?value=nobody"},
				{"refused, by application", at + "?status=failure&by=app&value=" + s.A.ClientID}, {"one", at + "/" + failed},
			} {
				b.Run(p.name, func(b *testing.B) { fetch(b, who, p.path) })
			}
		})
	}
}

// vacuum does what PostgreSQL's own housekeeping does once that much has changed.
func vacuum(b *testing.B, engine sqldb.Engine, store string) {
	b.Helper()
	if engine != sqldb.PostgreSQL {
		return
	}
	c, err := pgx.Connect(b.Context(), store)
	must(b, err)
	defer c.Close(b.Context())
	_, err = c.Exec(b.Context(), "vacuum analyze")
	must(b, err)
}
