package automation

import (
	"net/http"
	"strings"

	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// firstRegion is what is proposed: a region means nothing here and is kept.
const firstRegion = "westeurope"

func (p *pages) accounts(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.list(w, r, v, managedidentity.TypeAutomation)
}

func (p *pages) all(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.list(w, r, v, "")
}

// list shows the resources of a subscription, a page at a time.
func (p *pages) list(w http.ResponseWriter, r *http.Request, v *admin.Visitor, typ string) error {
	path, title := home(typ)
	subs, err := p.Identities.Subscriptions(r.Context(), v.Who)
	if err != nil {
		return err
	}
	f := portal.Frame{Title: title, Content: "list", Intro: "Where workloads of " + v.Name() + " run, and the managed identities they may use."}
	create := &portal.Link{Text: "Create in " + v.Name(), To: v.To(path + "/new")}
	if typ != "" {
		f.Intro = "Accounts of " + v.Name() + " whose runbooks act with managed identities: nobody holds a secret."
		create.Text = "Create an automation account"
	}
	if len(subs) == 0 {
		f.Data = portal.List{None: &portal.Nothing{Title: "There is nothing here that you may see", Text: "Resources stand in subscriptions. Whoever has a role on one, or is a Global Administrator, sees them.", Do: create}}
		return p.Show(w, r, v, f)
	}
	filter := portal.NewFilter(r, "Choose a subscription", nil, subscriptionField(subs))
	sub := subscriptionOf(subs, filter.Value("subscription"))
	after, err := portal.AfterOf(r)
	if err != nil {
		return err
	}
	page := managedidentity.Page{After: after, Limit: portal.PageSize}
	all, next, err := p.Identities.Hosts(r.Context(), v.Who, sub, "", typ, page)
	if err != nil {
		return err
	}
	if len(all) == 0 && filter.Value("subscription") == "" { // nobody has chosen: the first that has any
		for i := 1; i < len(subs) && len(all) == 0; i++ {
			sub = subs[i].ID
			if all, next, err = p.Identities.Hosts(r.Context(), v.Who, sub, "", typ, page); err != nil {
				return err
			}
		}
		if len(all) > 0 {
			filter.Selects[0].Value = string(sub)
		}
	}
	l := portal.List{First: portal.FirstPage(r), Next: portal.NextAfter(chosen(r, sub), next)}
	if len(subs) > 1 {
		l.Filter = filter
	}
	for _, a := range all {
		if l.Table == nil {
			l.Table = &portal.Table{Caption: title, Heads: []string{"Name", "Type", "Resource group", "Identities", "Last seen"}}
		}
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: a.Name, To: at(v, a, "")},
			Cells: []portal.Cell{{Text: titleOf(a)}, {Text: a.Group}, {Text: identitiesOf(a)}, {At: a.SeenAt}}})
	}
	if l.Table == nil {
		l.None = &portal.Nothing{Title: "None yet", Text: "Create one, and give it an identity.", Do: create}
	} else {
		f.Do = create
	}
	f.Data = l
	return p.Show(w, r, v, f)
}

// chosen is a request that chooses a subscription.
func chosen(r *http.Request, sub managedidentity.SubscriptionID) *http.Request {
	r = r.Clone(r.Context())
	q := r.URL.Query()
	q.Set("subscription", string(sub))
	r.URL.RawQuery = q.Encode()
	return r
}

func subscriptionField(subs []*managedidentity.Subscription) portal.Select {
	s := portal.Select{Field: portal.Field{ID: "subscription", Label: "Subscription"}}
	for _, sub := range subs {
		s.Options = append(s.Options, portal.Option{Value: string(sub.ID), Label: sub.DisplayName})
	}
	return s
}

// subscriptionOf returns the one that was chosen, or the first.
func subscriptionOf(subs []*managedidentity.Subscription, chosen string) managedidentity.SubscriptionID {
	for _, s := range subs {
		if string(s.ID) == chosen {
			return s.ID
		}
	}
	return subs[0].ID
}

// identitiesOf says in a few words which identities a resource has.
func identitiesOf(a *account) string {
	var all []string
	if a.System.On() {
		all = append(all, "System-assigned")
	}
	for i, u := range a.Assigned {
		if i == 2 && len(a.Assigned) > 3 {
			all = append(all, "and more")
			break
		}
		all = append(all, u.Name)
	}
	if len(all) == 0 {
		return "None"
	}
	return strings.Join(all, ", ")
}

func (p *pages) newAccount(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.form(w, r, v, &portal.Draft{}, managedidentity.TypeAutomation)
}

func (p *pages) newOther(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.form(w, r, v, &portal.Draft{}, "")
}

// form is what a new resource is made of: Basics, and Advanced with its identities.
func (p *pages) form(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft, typ string) error {
	path, above := home(typ)
	title := "Create a resource"
	if typ != "" {
		title = "Create an automation account"
	}
	subs, err := p.Identities.Subscriptions(r.Context(), v.Who)
	if err != nil {
		return err
	}
	what := "Automation account name"
	parts := []portal.Part{{Heading: "Basics"}}
	if typ == "" {
		what = "Name"
		kinds := portal.Select{Field: portal.Field{ID: "kind", Label: "Type"}}
		for _, t := range titles {
			if t.typ != managedidentity.TypeAutomation && t.typ != managedidentity.TypeServer {
				kinds.Options = append(kinds.Options, portal.Option{Value: t.value, Label: t.title})
			}
		}
		parts = append(parts, d.Pick(kinds))
	}
	parts = append(parts, d.Line(portal.Field{ID: "name", Label: what, Autocomplete: "off"}))
	var identities []*managedidentity.Identity
	var groups []string
	if len(subs) > 0 {
		if len(subs) > 1 {
			parts = append(parts, d.Pick(subscriptionField(subs)))
		}
		sub := subscriptionOf(subs, d.Get("subscription"))
		if groups, err = p.groups(r, v, sub); err != nil {
			return err
		}
		if identities, err = p.identities(r, v, subs); err != nil {
			return err
		}
	}
	group := portal.Field{ID: "group", Label: "Resource group", Autocomplete: "off", Hint: "A group of that name is made if there is none."}
	if len(groups) > 0 {
		group.Value = groups[0]
		group.Hint = "There are " + strings.Join(groups[:min(len(groups), 5)], ", ") + ". One of another name is made."
	}
	parts = append(parts, d.Line(group), d.Line(portal.Field{ID: "region", Label: "Region", Value: firstRegion, Autocomplete: "off", Hint: "It is kept, and means nothing here."}))
	advanced := portal.Part{Heading: "Advanced", Text: "The managed identities that the resource may use. More can be added later."}
	system := d.Check(portal.Option{ID: "system", Label: "System assigned", Hint: "An identity of its own, which goes with it.", Checked: true})
	parts = append(parts, advanced, system)
	if len(identities) > 0 {
		parts = append(parts, d.Choose(userAssigned(identities, nil)))
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Problems: d.Problems, Crumbs: []portal.Link{{Text: above, To: v.To(path)}},
		Data: portal.Form{Action: v.To(path + "/new"), Parts: parts, Button: "Create in " + v.Name(), Back: v.To(path)}})
}

// userAssigned are boxes of the identities that can be added; has are those there.
func userAssigned(all, has []*managedidentity.Identity) portal.Choices {
	c := portal.Choices{ID: "identity", Legend: "User assigned", Several: true}
	for _, i := range all {
		o := portal.Option{ID: "i-" + string(i.Principal), Value: i.ID(), Label: i.Name, Hint: "Resource group " + i.Group}
		for _, h := range has {
			o.Checked = o.Checked || h.Principal == i.Principal
		}
		c.Options = append(c.Options, o)
	}
	return c
}

// groups returns the first resource groups of a subscription that the visitor may list.
func (p *pages) groups(r *http.Request, v *admin.Visitor, sub managedidentity.SubscriptionID) ([]string, error) {
	found, _, err := p.Identities.Groups(r.Context(), v.Who, sub, managedidentity.Page{Limit: portal.PageSize})
	if forbidden(err) {
		return nil, nil
	}
	var all []string
	for _, g := range found {
		all = append(all, g.Name)
	}
	return all, err
}

// identities returns the first identities of each subscription that the visitor may list.
func (p *pages) identities(r *http.Request, v *admin.Visitor, subs []*managedidentity.Subscription) (all []*managedidentity.Identity, err error) {
	for _, s := range subs {
		found, _, err := p.Identities.Identities(r.Context(), v.Who, s.ID, "", managedidentity.Page{Limit: portal.PageSize})
		if err != nil && !forbidden(err) {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (p *pages) addAccount(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.add(w, r, v, managedidentity.TypeAutomation)
}

func (p *pages) addOther(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.add(w, r, v, "")
}

// fields are the fields that a refusal's target belongs to.
var fields = map[string]string{"name": "name", "location": "region", "resourceGroup": "group", "identity.userAssignedIdentities": "identity", "subscriptionId": "subscription"}

// add makes a resource, its subscription and resource group with it where there is none.
func (p *pages) add(w http.ResponseWriter, r *http.Request, v *admin.Visitor, typ string) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.create(r, v, d, typ)
	if err := refused(d, err, fields); err != nil {
		return err
	}
	if !d.OK() {
		return p.form(w, r, v, d, typ)
	}
	return p.Done(w, r, at(v, a, ""), portal.Inert(a.Name)+" is created.")
}

func (p *pages) create(r *http.Request, v *admin.Visitor, d *portal.Draft, typ string) (*account, error) {
	kind := ""
	for _, t := range titles {
		if typ == "" && t.value == d.Get("kind") {
			typ, kind = t.typ, t.kind
			break
		}
	}
	if typ == "" {
		d.Wrong("kind", "Choose a type")
		return nil, nil
	}
	for name, label := range map[string]string{"name": "Enter a name", "group": "Enter a resource group", "region": "Enter a region"} {
		if d.Get(name) == "" {
			d.Wrong(name, "%s", label)
		}
	}
	if !d.OK() {
		return nil, nil
	}
	sub, err := p.subscription(r, v, d.Get("subscription"))
	if err != nil {
		return nil, err
	}
	place, err := managedidentity.NewResource(string(sub), d.Get("group"), typ, d.Get("name"))
	if err != nil {
		return nil, err
	}
	if _, err := p.Identities.Host(r.Context(), v.Who, place); err == nil {
		d.Wrong("name", "There is one of this name in the resource group")
		return nil, nil
	} else if !missing(err) {
		return nil, err
	}
	block, err := blockOf(d)
	if err != nil {
		return nil, err
	}
	region := d.Get("region")
	if _, err := p.Identities.Group(r.Context(), v.Who, sub, place.Group); missing(err) {
		if _, _, err := p.Identities.PutGroup(r.Context(), v.Who, sub, place.Group, region, nil); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	a, _, err := p.Identities.PutHost(r.Context(), v.Who, place, managedidentity.HostSpec{Location: &region, Kind: &kind, Identity: block})
	return a, err
}

// blockOf reads which identities a resource is to have: these and no others.
func blockOf(d *portal.Draft) (*managedidentity.IdentityBlock, error) {
	b := &managedidentity.IdentityBlock{System: d.Has("system", "yes"), Only: true}
	for _, id := range d.Values["identity"] {
		r, err := managedidentity.ParseResource(id)
		if err != nil {
			return nil, err
		}
		b.Add = append(b.Add, r)
	}
	return b, nil
}

// subscription returns the one chosen, the first, or a new one where there is none.
func (p *pages) subscription(r *http.Request, v *admin.Visitor, chosen string) (managedidentity.SubscriptionID, error) {
	subs, err := p.Identities.Subscriptions(r.Context(), v.Who)
	if err != nil {
		return "", err
	}
	if len(subs) > 0 {
		return subscriptionOf(subs, chosen), nil
	}
	sub, err := p.Identities.AddSubscription(r.Context(), v.Who, "", v.Tenant.DisplayName)
	if err != nil {
		return "", err
	}
	return sub.ID, nil
}
