package identities

import (
	"cmp"
	"net/http"
	"strings"

	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/query"
)

// overview shows what an identity is called by, where it is, and what it may do
// anywhere.
func (p *pages) overview(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	i, err := p.one(r, v)
	if err != nil {
		return err
	}
	uses, err := p.Identities.Uses(r.Context(), v.Who, i.Principal)
	if err != nil {
		return err
	}
	t := portal.Thing{Aside: "Essentials", Do: []portal.Link{{Text: "Delete…", To: at(v, i, "/delete")}},
		Codes: []portal.Code{
			{ID: "client", Label: "Client ID", Value: string(i.Client)},
			{ID: "object", Label: "Object (principal) ID", Value: string(i.Principal), Hint: "The subject of a federated credential that trusts this identity."},
			{ID: "issuer", Label: "Issuer of its tokens", Value: p.Federation.Issuer(v.Tenant.ID)},
		},
		Facts: []portal.Fact{{Name: "Type", Value: "User-assigned"}, {Name: "Resource group", Value: i.Group}, {Name: "Region", Value: i.Location}, {Name: "Subscription ID", Value: string(i.Subscription), Code: true},
			{Name: "Resource ID", Value: i.ID(), Code: true}, {Name: "Created", At: i.CreatedAt}}}
	assigned := assignedTo(uses)
	trusting, err := p.trusting(r, v, i)
	if err != nil {
		return err
	}
	roles, err := p.roles(r, v, i, uses)
	if err != nil {
		return err
	}
	federated, err := p.federatedOf(r, v, i)
	if err != nil {
		return err
	}
	t.Sections = append([]portal.Section{assigned, trusting}, append(roles, federated)...)
	return p.Show(w, r, v, portal.Frame{Title: i.Name, Content: "thing", Data: t, Script: "copy", Crumbs: []portal.Link{{Text: "Managed identities", To: v.To(list)}}})
}

// kinds are what administrators call the types of resource.
var kinds = map[string]string{managedidentity.TypeAutomation: "Automation account", managedidentity.TypeMachine: "Virtual machine", managedidentity.TypeSite: "Web site or function app", managedidentity.TypeWorkflow: "Logic app"}

// assignedTo shows which resources have an identity.
func assignedTo(uses managedidentity.Use) portal.Section {
	s := portal.Section{ID: "assigned", Heading: "Assigned to", Text: "Whoever runs on these resources gets tokens of the identity."}
	if len(uses.Hosts) == 0 {
		s.None = &portal.Nothing{Title: "No resource has it", Text: "Add it to an automation account, a virtual machine, a site or a logic app; nobody gets a token of it before."}
		return s
	}
	s.Table = &portal.Table{Caption: "Resources by name", Heads: []string{"Name", "Type", "Resource group", "Last seen"}}
	for _, h := range uses.Hosts {
		seen := portal.Cell{At: h.SeenAt}
		if h.SeenAt.IsZero() {
			seen.Text = "Never"
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: h.Name}, Cells: []portal.Cell{{Text: kinds[h.Type]}, {Text: h.Group}, seen}})
	}
	if uses.More {
		s.Text += " These are the first."
	}
	return s
}

// trusting shows the applications in whose name the identity may act: with them
// it reaches other organizations.
func (p *pages) trusting(r *http.Request, v *admin.Visitor, i *managedidentity.Identity) (portal.Section, error) {
	s := portal.Section{ID: "elsewhere", Heading: "Our people and workloads elsewhere", Text: "App registrations that trust this identity by a federated credential. It acts as them wherever they are let in, in other organizations too."}
	list, more, err := p.Federation.Trusting(r.Context(), v.Who, i.Principal)
	if err != nil {
		return s, err
	}
	if len(list) == 0 {
		s.None = &portal.Nothing{Title: "No application trusts it", Text: "Add a federated credential to an app registration, with this identity as the subject.", Do: &portal.Link{Text: "App registrations", To: v.To("/app-registrations")}}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "App registrations", Heads: []string{"App registration", "Federated credential", "Application (client) ID", "Usable by"}}
	for _, x := range list {
		usable := v.Name() + " only"
		if x.MultiTenant {
			usable = "Any organization that consents"
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: v.To("/app-registrations/" + string(x.Application))},
			Cells: []portal.Cell{{Text: x.Credential, To: v.To("/app-registrations/" + string(x.Application) + "/federated/" + string(x.CredentialID))}, {Text: string(x.AppID)}, {Text: usable}}})
	}
	if more {
		s.Text += " These are the first."
	}
	return s, nil
}

// roles shows what the identity itself may do here: app roles in the directory,
// and built-in roles on resources.
func (p *pages) roles(r *http.Request, v *admin.Visitor, i *managedidentity.Identity, uses managedidentity.Use) ([]portal.Section, error) {
	apps := portal.Section{ID: "app-roles", Heading: "Application permissions in " + v.Name(), Text: "App roles that are granted to the identity itself."}
	held, err := p.Consent.Held(r.Context(), v.Who, i.Principal, query.Query{Page: query.Page{Limit: 200}})
	if err != nil {
		return nil, err
	}
	if len(held.Items) == 0 {
		apps.Text = "None is granted to the identity itself."
	} else {
		apps.Table = &portal.Table{Caption: "App roles", Heads: []string{"Permission", "API", "Granted", "Until"}}
	}
	for _, x := range held.Items {
		end := portal.Cell{At: x.Ends}
		if x.Ends.IsZero() {
			end.Text = "No end"
		}
		apps.Table.Rows = append(apps.Table.Rows, portal.Row{Head: portal.Cell{Text: cmp.Or(x.Value, "Default access"), Whole: true}, Cells: []portal.Cell{{Text: x.ResourceName}, {At: x.CreatedAt}, end}})
	}
	azure := portal.Section{ID: "azure-roles", Heading: "Azure role assignments"}
	if len(uses.Roles) == 0 {
		azure.Text = "It has no role on a resource."
	} else {
		azure.Table = &portal.Table{Caption: "Roles on resources", Heads: []string{"Role", "Scope"}}
	}
	for _, x := range uses.Roles {
		d, _ := managedidentity.DefinitionOf(string(x.Definition))
		azure.Table.Rows = append(azure.Table.Rows, portal.Row{Head: portal.Cell{Text: d.Name}, Cells: []portal.Cell{{Text: x.Shown, Whole: true}}})
	}
	return []portal.Section{apps, azure}, nil
}

// federatedOf shows who may act as the identity without being on a resource that
// has it.
func (p *pages) federatedOf(r *http.Request, v *admin.Visitor, i *managedidentity.Identity) (portal.Section, error) {
	s := portal.Section{ID: "federated", Heading: "Federated credentials", Text: "Workloads of other issuers that may act as this identity.", Do: []portal.Link{{Text: "Add credential", To: at(v, i, "/federated/new")}}}
	list, err := p.Federation.List(r.Context(), v.Who, federation.Parent{Kind: federation.ManagedIdentity, ID: i.Principal})
	if err != nil {
		return s, err
	}
	if len(list) == 0 {
		s.Text = "None. Workloads outside its resources can be let act as this identity."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Federated credentials by name", Heads: []string{"Name", "Issuer", "Subject", "Audience", ""}}
	for _, c := range list {
		to := at(v, i, "/federated/"+string(c.ID))
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: c.Name, To: to},
			Cells: []portal.Cell{{Text: c.Issuer, Whole: true}, {Text: string(c.Subject), Whole: true}, {Text: strings.Join(c.Audiences, ", "), Whole: true}, {Do: &portal.Link{Text: "Delete…", Of: c.Name, To: to + "/delete"}}}})
	}
	return s, nil
}
