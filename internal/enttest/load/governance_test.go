package load

import (
	"net/http"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/crowd"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// governed is how many people have an access package: 2,000, or as many as
// ENTENTE_BENCH_ASSIGNMENTS says. A tenth of that wait for it, and there are as
// many catalogs, packages, policies and connected organizations.
func governed(b *testing.B) int {
	b.Helper()
	return number(b, "ENTENTE_BENCH_ASSIGNMENTS", 2000)
}

// BenchmarkGovernancePages opens the lists of entitlement management, and those of
// an approver in My Access, where there is much: first pages, later ones, and those
// that a filter narrows. Server and client are one process here, as in
// BenchmarkAccessPages.
func BenchmarkGovernancePages(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			n, clk := governed(b), clock.NewFake(dbtest.Noon)
			s := enttest.Start(b, enttest.Options{Engine: engine, Clock: clk})
			g := groundOf(b, s, clk)
			g.setUp(b, 365*24*time.Hour)
			g.holders(b, n, clk)
			g.waiting(b, n/10)
			g.furnish(b, s, n/10)
			g.spread(b)
			s.Graph(b, s.A, http.MethodPatch, "/v1.0/users/"+string(g.ada.ID), map[string]any{"passwordProfile": map[string]any{"password": house.Password, "forceChangePasswordNextSignIn": false}}, nil)
			who, at := browser.AsAdmin(b, s, s.A), "/@"+s.A.Domain+"/admin/entitlement"
			decides, door := browser.As(b, s, g.ada.UserPrincipalName, house.Password), "/@"+s.A.Domain+"/access"
			for _, p := range []struct {
				name string
				who  *browser.Browser
				path string
			}{
				{"overview", who, at},
				{"assignments", who, at + "/assignments"},
				{"assignments far", who, far(who, at+"/assignments", 20)},
				{"assignments, delivered", who, at + "/assignments?state=delivered"},
				{"assignments, failed", who, at + "/assignments?state=deliveryFailed"},
				{"assignments of a package", who, at + "/assignments?package=" + string(g.pkg)},
				{"assignments by address", who, at + "/assignments?email=00000020@" + s.A.Domain},
				{"requests", who, at + "/requests"},
				{"requests far", who, far(who, at+"/requests", 20)},
				{"requests, waiting", who, at + "/requests?state=pendingApproval"},
				{"requests by kind", who, at + "/requests?type=adminRemove"},
				{"requests of a package", who, at + "/requests?package=" + string(g.pkg)},
				{"packages", who, at + "/packages"},
				{"packages by name", who, at + "/packages?name=package1"},
				{"package", who, at + "/packages/" + string(g.pkg)},
				{"policies", who, at + "/policies"},
				{"policies by scope", who, at + "/policies?who=allExternalUsers"},
				{"catalogs", who, at + "/catalogs"},
				{"organizations", who, at + "/organizations"},
				{"organizations by name", who, at + "/organizations?find=organization1"},
				{"approvals", decides, door + "/approvals"},
				{"approvals far", decides, far(decides, door+"/approvals", 20)},
				{"several", decides, door + "/approvals/several"},
				{"packages of My Access", decides, door},
			} {
				b.Run(p.name, func(b *testing.B) { fetch(b, p.who, p.path) })
			}
		})
	}
}

// waiting has n more people wait for the package: one who asks, and copies of that.
func (g *ground) waiting(b *testing.B, n int) {
	b.Helper()
	u := g.addUser(b, "waitingzero")
	r := g.ask(b, u)
	var target, stage string
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		if err := tx.One(b.Context(), `select target_id from assignment_request where tenant_id = ? and id = ?`, []any{g.tenant, r.ID}, &target); err != nil {
			return err
		}
		return tx.One(b.Context(), `select id from approval_stage where tenant_id = ? and request_id = ?`, []any{g.tenant, r.ID}, &stage)
	}))
	old := []string{string(u.ID), target, string(r.ID), stage, "waitingzero", "Waitingzero"}
	of := func(column string, id string) string { return "t." + column + " = '" + id + "'" }
	g.copies(b, 1, n, old, map[string]string{
		"account": of("id", string(u.ID)), "object": of("id", string(u.ID)), "object_name": of("object_id", string(u.ID)), "subject": of("object_id", string(u.ID)),
		"assignment_request": of("id", string(r.ID)), "approval_stage": of("request_id", string(r.ID)), "approval_approver": of("request_id", string(r.ID)),
	})
	g.analyze(b)
}

// spread has what was copied have been made at times of its own, as what people ask
// for is.
func (g *ground) spread(b *testing.B) {
	b.Helper()
	by := "rowid"
	if g.db.Engine() == sqldb.PostgreSQL {
		by = "('x' || substr(id, 1, 8))::bit(32)::bigint"
	}
	must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
		for _, table := range []string{"assignment_request", "package_assignment"} {
			if _, err := tx.Exec(b.Context(), `update `+table+` set created_us = created_us + `+by+` where tenant_id = ?`, g.tenant); err != nil {
				return err
			}
		}
		return nil
	}))
	g.analyze(b)
}

// furnish makes n catalogs, packages, policies and connected organizations.
func (g *ground) furnish(b *testing.B, s *enttest.Server, n int) {
	b.Helper()
	type m = map[string]any
	const at = "/v1.0/identityGovernance/entitlementManagement/"
	for _, one := range []struct {
		path, stem string
		body       m
		tables     map[string]string
	}{
		{"catalogs", "catalog", m{"state": "published"}, crowd.CatalogTables},
		{"accessPackages", "package", m{"catalog": m{"id": g.catalog}}, crowd.PackageTables},
		{"assignmentPolicies", "policy", m{"allowedTargetScope": "allMemberUsers", "accessPackage": m{"id": g.pkg}}, crowd.PolicyTables},
		{"connectedOrganizations", "organization", m{"state": "configured", "identitySources": []any{
			m{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": "organizationzero.example", "displayName": "organizationzero"}}}, crowd.OrganizationTables},
	} {
		var made struct{ ID string }
		one.body["displayName"], one.body["description"] = one.stem+"zero", "What partners of the turbine works share"
		s.Graph(b, s.A, http.MethodPost, at+one.path, one.body, &made)
		must(b, crowd.Copy(b.Context(), g.db, s.A.ID, made.ID, one.stem+"zero", one.stem, one.tables, n))
	}
}
