// Package sets joins the folders below it into the one registry that the Graph
// edge serves: each declares its entity sets, and what of them stands below
// the entities of another.
package sets

import (
	"entente/internal/edge/graph/edm"
	"entente/internal/edge/graph/sets/apps"
	"entente/internal/edge/graph/sets/directory"
	"entente/internal/edge/graph/sets/governance"
	"entente/internal/edge/graph/sets/policy"
	"entente/internal/edge/graph/sets/report"
)

// Services are what answers for the sets. A registry over the zero value can
// be printed and walked, and must not be asked anything.
type Services struct {
	Directory directory.Services
	Apps      apps.Services
	Policy    policy.Services
	Report    report.Services

	Governance governance.Services
}

// Registry returns everything that is declared, or says what contradicts.
func (s Services) Registry() (*edm.Registry, error) {
	s.Apps.Show, s.Governance.Show = directory.Items, directory.Items
	all := s.Directory.Sets(s.Apps.OfPerson(), s.Apps.OfGroup(), s.Governance.RoleManagement())
	all = append(all, s.Apps.Sets(s.Directory.OfPrincipal(), s.Directory.MemberActions("servicePrincipals/memberOf/read"))...)
	all = append(all, s.Policy.Sets()...)
	all = append(all, s.Report.Sets()...)
	all = append(all, s.Governance.Sets()...)
	return edm.New([]edm.Schema{directory.Schema(), apps.Schema(), policy.Schema(), report.Schema(), governance.Schema()}, all...)
}
