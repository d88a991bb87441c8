package admin

import (
	"net/http"
	"strings"

	"entente/internal/edge/portal"
)

// An area is a line at the side.
type area struct{ text, path, about string }

// areas are what the admin center has, in the order that Microsoft's
// administrators know. A new area is a line here.
var areas = []struct {
	text  string
	areas []area
}{
	{"", []area{{"Overview", "", ""}}},
	{"Entitlement management", []area{
		{"Overview", "/entitlement", "What there is, and the My Access portal link"},
		{"Connected organizations", "/entitlement/organizations", "Whose people may ask for access"},
		{"Catalogs", "/entitlement/catalogs", "What can be given, and who administers it"},
		{"Access packages", "/entitlement/packages", "What is given together, and who may ask for it"},
		{"Policies", "/entitlement/policies", "Who may have access packages, who approves and when access ends"},
		{"Requests", "/entitlement/requests", "Who asked for what, and what it waits for"},
		{"Assignments", "/entitlement/assignments", "Who has what, how far it has come, and until when"},
		{"Settings", "/entitlement/settings", "What becomes of guests at the end, and who may set up what"},
	}},
	{"Directory", []area{
		{"Users", "/users", "People with an account here, guests among them"},
		{"Deleted users", "/deleted-users", "Users who can be restored"},
		{"Groups", "/groups", "Who is gathered, so that access is given to all of them at once"},
		{"Deleted groups", "/deleted-groups", "Groups that can be restored"},
	}},
	{"Applications", []area{
		{"App registrations", "/app-registrations", "The organization’s own applications: credentials, permissions, what they offer"},
		{"Managed identities", "/managed-identities", "Identities of resources: where they are assigned, who trusts them, what they may do"},
		{"Enterprise applications", "/enterprise-applications", "What is present here, where it comes from and what it may do"},
		{"Foreign applications here", "/foreign-applications", "Applications of other organizations, and until when they are let in"},
		{"Our applications elsewhere", "/our-applications-elsewhere", "What this organization’s applications may do in others"},
	}},
	{"Automation", []area{
		{"Automation accounts", "/automation", "Runbooks that act with managed identities, their jobs and schedules"},
		{"All resources", "/resources", "Virtual machines, web sites, function apps and logic apps with identities"},
		{"Workers", "/workers", "The machines that run runbooks"},
	}},
	{"Monitoring", []area{
		{"Sign-in logs", "/sign-in-logs", "Who and what signed in, and which link of a refused sign-in broke."},
		{"Audit logs", "/audit-logs", "What was changed, and by whom."},
	}},
	{"Organization", []area{
		{"Roles and administrators", "/roles", "Who may administer what"},
		{"Domains", "/domains", "The names under which people sign in"},
		{"Cross-tenant access settings", "/cross-tenant-access", "Which organizations’ people and applications come and go"},
		{"Tenant properties", "/properties", "Name, security defaults, and what people may do without a role"},
	}},
}

// side returns the areas, with the one that a path belongs to marked: the line
// with the longest beginning of it.
func side(v *Visitor, path string) []portal.LinkGroup {
	path = path[min(len(path), len(v.To(""))):]
	if strings.HasPrefix(path, "/entitlement/drafts/") {
		path = "/entitlement/packages" // what is to become one
	}
	current, all := "", []portal.LinkGroup{}
	for _, g := range areas {
		for _, a := range g.areas {
			if (path == a.path || strings.HasPrefix(path, a.path+"/")) && len(a.path) > len(current) {
				current = a.path
			}
		}
	}
	for _, g := range areas {
		if len(g.areas) == 0 {
			continue
		}
		links := portal.LinkGroup{Text: g.text}
		for _, a := range g.areas {
			links.Links = append(links.Links, portal.Link{Text: a.text, To: v.To(a.path), Current: a.path == current})
		}
		all = append(all, links)
	}
	return all
}

var home = map[string]Page[Desk]{
	"GET /": (*Desk).home,
}

// home is the first page: which organization it is, and what can be administered.
func (d *Desk) home(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	t := portal.Thing{
		Aside: "Organization",
		Codes: []portal.Code{
			{ID: "tenant", Label: "Tenant ID", Value: string(v.Tenant.ID)},
			{ID: "domain", Label: "Primary domain", Value: v.Tenant.DefaultDomain()},
		},
		Facts: []portal.Fact{{Name: "Name", Value: v.Tenant.DisplayName}, {Name: "Initial domain", Value: v.Tenant.InitialDomain()}, {Name: "You act as", Value: v.Here.DisplayName}},
	}
	for i, g := range areas[1:] {
		if len(g.areas) == 0 {
			continue
		}
		table := portal.Table{Caption: g.text, Heads: []string{"Area", "What it is for"}}
		for _, a := range g.areas {
			table.Rows = append(table.Rows, portal.Row{Head: portal.Cell{Text: a.text, To: v.To(a.path)}, Cells: []portal.Cell{{Text: a.about}}})
		}
		t.Sections = append(t.Sections, portal.Section{ID: "group-" + string(rune('a'+i)), Heading: g.text, Table: &table})
	}
	return d.Show(w, r, v, portal.Frame{Title: "Administer " + v.Name(), Content: "thing", Data: t, Script: "copy",
		Intro: "What belongs to this organization, who of others reaches it, and what of it is elsewhere."})
}
