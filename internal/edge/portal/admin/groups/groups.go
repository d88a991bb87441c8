// Package groups is the area of the admin center in which an organization's
// groups are made, filled, changed and deleted, and brought back.
package groups

import (
	"net/http"

	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/site"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// Options are what the pages need.
type Options struct {
	Groups *directory.Service
	Teams  *site.Service
	Lookup *lookup.Service

	Access  *entitlement.Service
	Consent *consent.Service
}

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /groups":                         (*pages).groups,
	"GET /groups/new":                     (*pages).newGroup,
	"POST /groups/new":                    (*pages).create,
	"GET /groups/{group}":                 (*pages).group,
	"GET /groups/{group}/edit":            (*pages).editing,
	"POST /groups/{group}/edit":           (*pages).edit,
	"GET /groups/{group}/members":         (*pages).members,
	"GET /groups/{group}/members/add":     (*pages).addingMembers,
	"POST /groups/{group}/members/add":    (*pages).addMembers,
	"POST /groups/{group}/members/remove": (*pages).removeMember,
	"GET /groups/{group}/owners/add":      (*pages).addingOwners,
	"POST /groups/{group}/owners/add":     (*pages).addOwners,
	"POST /groups/{group}/owners/remove":  (*pages).removeOwner,
	"GET /groups/{group}/delete":          (*pages).deleting,
	"POST /groups/{group}/delete":         (*pages).remove,
	"GET /deleted-groups":                 (*pages).deletedGroups,
	"POST /deleted-groups/{group}":        (*pages).restore,
	"GET /deleted-groups/{group}/purge":   (*pages).purging,
	"POST /deleted-groups/{group}/purge":  (*pages).purge,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// kindOf names what a group is.
func kindOf(g *directory.Group) string {
	switch {
	case g.HasTeam():
		return "Team"
	case g.Unified():
		return "Microsoft 365"
	}
	return "Security"
}

// kinds are what the list can be filtered by. A group has mail if it is a Microsoft
// 365 group.
var kinds = []struct {
	option portal.Option
	is     query.Expr
}{
	{portal.Option{Value: "security", Label: "Security"}, query.Compare{Field: "mailEnabled", Op: query.Eq, Value: false}},
	{portal.Option{Value: "unified", Label: "Microsoft 365"}, query.Compare{Field: "mailEnabled", Op: query.Eq, Value: true}},
	{portal.Option{Value: "team", Label: "Team"}, query.Any{Field: "resourceProvisioningOptions", Of: query.Compare{Op: query.Eq, Value: directory.TeamOption}}},
	{portal.Option{Value: "assignable", Label: "Roles can be assigned"}, query.Compare{Field: "isAssignableToRole", Op: query.Eq, Value: true}},
}

// groups lists the organization's groups.
func (p *pages) groups(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	kind := portal.Select{Field: portal.Field{ID: "type", Label: "Group type"}, Options: []portal.Option{{Label: "Any"}}}
	for _, k := range kinds {
		kind.Options = append(kind.Options, k.option)
	}
	f := portal.NewFilter(r, "Search groups", &portal.Field{ID: "find", Label: "Name begins with"}, kind)
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	var all query.And
	if find := f.Value("find"); find != "" {
		all = append(all, query.StartsWith{Field: "displayName", Value: find})
	}
	for _, k := range kinds {
		if f.Value("type") == k.option.Value {
			all = append(all, k.is)
		}
	}
	if len(all) > 0 {
		q.Filter = all
	}
	found, err := p.Groups.Groups(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		l.Table = &portal.Table{Caption: "Groups by name", Heads: []string{"Name", "Group type", "Email", "Created"}}
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "No group yet", Text: "Groups gather people, so that what is given to the group is given to each.", Do: &portal.Link{Text: "New group", To: v.To("/groups/new")}}
	}
	for _, g := range found.Items {
		row := portal.Row{Head: portal.Cell{Text: g.DisplayName, Under: portal.Clip(said(g.Description), 120), To: v.To("/groups/" + string(g.ID))},
			Cells: []portal.Cell{{Text: kindOf(g)}, {Text: said(g.Mail)}, {}}}
		if g.CreatedDateTime != nil {
			row.Cells[2].At = *g.CreatedDateTime
		}
		l.Table.Rows = append(l.Table.Rows, row)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Groups", Content: "list", Data: l, Intro: "Security groups, Microsoft 365 groups and teams of " + v.Name() + ".",
		Do: &portal.Link{Text: "New group", To: v.To("/groups/new")}})
}

// one returns the group that the address names, with what stands around it.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*directory.GroupView, error) {
	id, err := admin.ID[ids.ObjectID](r, "group")
	if err != nil {
		return nil, err
	}
	return p.Groups.ViewGroup(r.Context(), v.Who, id)
}

func at(v *admin.Visitor, g *directory.GroupView, rest string) string {
	return v.To("/groups/" + string(g.ID) + rest)
}

func crumbs(v *admin.Visitor, g *directory.GroupView) []portal.Link {
	all := []portal.Link{{Text: "Groups", To: v.To("/groups")}}
	if g != nil {
		all = append(all, portal.Link{Text: portal.Inert(g.DisplayName), To: at(v, g, "")})
	}
	return all
}
