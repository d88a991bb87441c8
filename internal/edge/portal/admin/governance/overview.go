package governance

import (
	"fmt"
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/query"
)

// most is up to how many waiting, delivered or failed things are counted.
const most = 100

// overview is the first page: the link to hand out, what waits, and what comes
// next in an organization that has set up nothing.
func (p *pages) overview(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	ctx := r.Context()
	counted := offer.Asked{Count: true, Only: true}
	organizations, err := p.Access.Organizations(ctx, v.Who, counted)
	if err != nil {
		return err
	}
	catalogs, err := p.Access.Catalogs(ctx, v.Who, counted)
	if err != nil {
		return err
	}
	packages, err := p.Access.Packages(ctx, v.Who, "", counted)
	if err != nil {
		return err
	}
	few := func(state string) offer.Asked {
		return offer.Asked{Query: query.Query{Filter: is("state", state), Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: query.Page{Limit: most}}}
	}
	waiting, err := p.Access.Cases(ctx, v.Who, "", few(string(entitlement.PendingApproval)))
	if err != nil {
		return err
	}
	failed, err := p.Access.Held(ctx, v.Who, "", few(string(entitlement.AccessFailed)))
	if err != nil {
		return err
	}
	delivered, err := p.Access.Held(ctx, v.Who, "", few(string(entitlement.AccessDelivered)))
	if err != nil {
		return err
	}
	t := portal.Thing{
		Aside: "My Access portal link",
		Codes: []portal.Code{{ID: "portal", Label: "Link", Hint: "Whoever opens it signs in at home and sees what they may ask " + v.Name() + " for.", Value: p.portalLink(r, v)}},
		Facts: []portal.Fact{{Name: "A link to one package", Value: "is on the package’s own page."}},
	}
	row := func(name, path string, n int, more bool, about string) portal.Row {
		text := fmt.Sprint(n)
		if more {
			text = fmt.Sprintf("more than %d", n)
		}
		return portal.Row{Head: portal.Cell{Text: name, To: v.To(path)}, Cells: []portal.Cell{{Text: text}, {Text: about}}}
	}
	t.Sections = []portal.Section{{ID: "now", Heading: "What there is", Table: &portal.Table{Caption: "What there is", Heads: []string{"What", "How many", "What it is"}, Rows: []portal.Row{
		row("Connected organizations", "/entitlement/organizations", organizations.Total, false, "Whose people may ask"),
		row("Catalogs", "/entitlement/catalogs", catalogs.Total, false, "What can be given, and who administers it"),
		row("Access packages", "/entitlement/packages", packages.Total, false, "What is given together"),
		row("Waiting for approval", "/entitlement/requests?state="+string(entitlement.PendingApproval), len(waiting.Items), len(waiting.Next) > 0, "Requests on which somebody is to decide"),
		row("Delivered", "/entitlement/assignments?state="+string(entitlement.AccessDelivered), len(delivered.Items), len(delivered.Next) > 0, "Access that people have through a package now"),
		row("Delivery failed", "/entitlement/assignments?state="+string(entitlement.AccessFailed), len(failed.Items), len(failed.Next) > 0, "Access that was granted and could not be given"),
	}}}}
	if packages.Total == 0 {
		t.Sections = append([]portal.Section{{ID: "begin", Heading: "How to begin", Table: &portal.Table{Caption: "How to begin", Heads: []string{"Step", "Why"}, Rows: []portal.Row{
			{Head: portal.Cell{Text: "1. Connect an organization", To: v.To("/entitlement/organizations/new")}, Cells: []portal.Cell{{Text: "so that its people can ask; they keep signing in at home."}}},
			{Head: portal.Cell{Text: "2. Make a catalog", To: v.To("/entitlement/catalogs/new")}, Cells: []portal.Cell{{Text: "which holds what is given together, and says who administers it."}}},
			{Head: portal.Cell{Text: "3. Fill the catalog", To: v.To("/entitlement/catalogs")}, Cells: []portal.Cell{{Text: "Open it, and add groups, teams, applications and sites as resources."}}},
			{Head: portal.Cell{Text: "4. Make an access package", To: v.To("/entitlement/packages/new")}, Cells: []portal.Cell{{Text: "of their roles, with a policy: who may ask, who approves, for how long."}}},
		}}}}, t.Sections...)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Entitlement management", Content: "thing", Data: t, Script: "copy",
		Intro: "Access to what belongs to " + v.Name() + ", asked for, approved, and ended on time."})
}

// portalLink is the address of My Access of the organization.
func (p *pages) portalLink(r *http.Request, v *admin.Visitor) string {
	return p.Site.Hosts.Base(r) + "/@" + url.PathEscape(v.Tenant.DefaultDomain()) + "/access"
}
