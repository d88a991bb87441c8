// Package identities is the area of the admin center for user-assigned managed
// identities: what each is called by, where it is assigned, who trusts it and
// what it may do.
//
// An identity is a resource in a subscription, and its service principal is in
// the directory: who may read or change the resource follows from roles on the
// subscription, as in Azure Resource Manager.
package identities

import (
	"net/http"

	"entente/internal/core/consent"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// Options are what the pages need.
type Options struct {
	Identities *managedidentity.Service
	Federation *federation.Service
	Consent    *consent.Service
}

type pages struct {
	Options
	*admin.Desk
}

const list = "/managed-identities"

var routes = map[string]admin.Page[pages]{
	"GET " + list:                         (*pages).all,
	"GET " + list + "/new":                (*pages).creating,
	"POST " + list + "/new":               (*pages).create,
	"GET " + list + "/{identity}":         (*pages).overview,
	"GET " + list + "/{identity}/delete":  (*pages).deleting,
	"POST " + list + "/{identity}/delete": (*pages).remove,
}

// refusals are the faults that the pages tell in their own words.
var refusals = map[fault.Reason]portal.Telling{
	managedidentity.NotAuthorized: {Status: http.StatusForbidden, Title: "This needs a role on the subscription",
		Text: "Managed identities are resources. Reading them takes the role Reader or Managed Identity Operator, changing them Managed Identity Contributor or Contributor, on the subscription, the resource group or the identity. Global Administrators have all."},
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, refusals)
	admin.Mount(c, d, &pages{o, d}, routes)
}

// all lists the identities of all subscriptions.
func (p *pages) all(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search managed identities", &portal.Field{ID: "find", Label: "Name begins with"})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "name"}}, Page: page}
	if find := f.Value("find"); find != "" {
		q.Filter = query.StartsWith{Field: "name", Value: find}
	}
	found, err := p.Identities.Everywhere(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	create := &portal.Link{Text: "Create user-assigned identity", To: v.To(list + "/new")}
	switch {
	case len(found.Items) > 0:
		l.Table = &portal.Table{Caption: "Managed identities by name", Heads: []string{"Name", "Object (principal) ID", "Client ID", "Resource group", "Region"}}
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "There is no user-assigned identity", Text: "An identity proves who a resource is, without a secret. Assign it to an automation account, and let applications trust it.", Do: create}
	}
	for _, i := range found.Items {
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: i.Name, To: at(v, i, "")},
			Cells: []portal.Cell{{Text: string(i.Principal)}, {Text: string(i.Client)}, {Text: i.Group}, {Text: i.Location}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Managed identities", Content: "list", Data: l, Do: create,
		Intro: "User-assigned identities in the subscriptions of " + v.Name() + ". A system-assigned one stands with its resource."})
}

// at is the address of a page of an identity.
func at(v *admin.Visitor, i *managedidentity.Identity, rest string) string {
	return v.To(list + "/" + string(i.Principal) + rest)
}

// one returns the identity that the address names.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*managedidentity.Identity, error) {
	id, err := admin.ID[ids.ObjectID](r, "identity")
	if err != nil {
		return nil, err
	}
	return p.Identities.ByPrincipal(r.Context(), v.Who, id)
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	i, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete “" + portal.Inert(i.Name) + "”?", Content: "form",
		Crumbs: []portal.Link{{Text: "Managed identities", To: v.To(list)}, {Text: i.Name, To: at(v, i, "")}},
		Data: portal.Form{Action: at(v, i, "/delete"), Stop: true, Button: "Delete identity in " + v.Name(), Back: at(v, i, ""), Leave: "Keep it as it is",
			Text: "It is taken from every resource at once, its service principal goes with everything that was granted to it, and no application can be reached through it any more. It can’t be restored."}})
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	i, err := p.one(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Identities.DeleteIdentity(r.Context(), v.Who, i.Resource); err != nil {
		return err
	}
	return p.Done(w, r, v.To(list), "The identity is deleted.")
}
