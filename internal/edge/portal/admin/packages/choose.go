package packages

import (
	"fmt"
	"net/http"
	"strings"

	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// A chooser is a page on which something is picked for a draft: what it is looked
// for by, what was found, and a form that takes what is checked.
type chooser struct {
	Filter *portal.Filter
	Action string
	Found  *portal.Choices // nil: nothing to pick
	Text   string          // above it
	None   string          // what stands there instead
	Button string
	Back   string
	Also   *portal.Form // another way to get one
	Head   string       // of it
}

// mostPicked is how many are taken from one page.
const mostPicked = 100

// choose shows what can be picked for a list of a draft.
func (p *Pages) choose(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.open(r, v)
	if err != nil {
		return err
	}
	return e.chooser(w, r)
}

func (e *editing) chooser(w http.ResponseWriter, r *http.Request) error {
	to := r.PathValue("to")
	switch {
	case strings.HasPrefix(to, "question."):
		return e.showQuestion(w, r, to)
	case to == "resources" && !e.plan.ofPolicy():
		return e.chooseResources(w, r)
	case to == "organizations":
		return e.chooseOrganizations(w, r)
	case to != "targets" && e.plan.sets(to) == nil:
		return noList()
	}
	return e.choosePeople(w, r, to)
}

func noList() error {
	return fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
}

// back returns the path of the step that a list belongs to.
func (e *editing) back(r *http.Request, s step) string {
	to := e.to(s.path)
	if r.URL.Query().Get("from") == reviewPath {
		to += "?from=" + reviewPath
	}
	return to
}

func (e *editing) page(w http.ResponseWriter, r *http.Request, title string, c chooser) error {
	c.Action = r.URL.RequestURI()
	above := append(crumbs(e.v), portal.Link{Text: "New access package", To: e.v.To(draftPath + string(e.draft.ID))})
	if e.plan.ofPolicy() {
		above[len(above)-1].Text = "Policy"
	}
	return e.Show(w, r, e.v, portal.Frame{Title: title, Crumbs: above, Problems: e.form.Problems, Content: "chooser", Data: c})
}

func (e *editing) choosePeople(w http.ResponseWriter, r *http.Request, to string) error {
	f := portal.NewFilter(r, "Find users and groups", &portal.Field{ID: "name", Label: "Name or address begins with"},
		portal.Select{Field: portal.Field{ID: "kind", Label: "Kind"}, Options: []portal.Option{{Value: "", Label: "Users"}, {Value: "groups", Label: "Groups"}}})
	c := chooser{Filter: f, Button: "Add the selected", Back: e.back(r, stepOf(to)), None: "Type the beginning of a name, or of an address."}
	if beginning := f.Value("name"); beginning != "" {
		kinds := []lookup.Kind{lookup.Member, lookup.Guest}
		if f.Value("kind") == "groups" {
			kinds = []lookup.Kind{lookup.Group}
		}
		found, err := e.Lookup.Find(e.ctx, e.v.Who, beginning, kinds...)
		if err != nil {
			return err
		}
		c.None = "Nobody of " + e.v.Name() + " has a name that begins so."
		c.Found = foundPeople(found, e.form.Error("pick"))
		if len(found) >= lookup.Most {
			c.Text = "These are the first. Type more of the name to see others."
		}
	}
	title := "Add users and groups"
	switch {
	case stepOf(to).path == lifecycleStep.path:
		title = "Add reviewers"
	case to != "targets":
		title = "Add approvers of stage " + to[len(to)-1:]
	}
	return e.page(w, r, title, c)
}

// stepOf returns the step on which a list of people stands.
func stepOf(to string) step {
	if to == "reviewers" || to == "fallback-reviewers" {
		return lifecycleStep
	}
	return requestsStep
}

// foundPeople returns what was found as something to select, or nil.
func foundPeople(found []lookup.Found, problem string) *portal.Choices {
	if len(found) == 0 {
		return nil
	}
	c := &portal.Choices{ID: "pick", Name: "pick", Legend: "Select who is meant", Several: true, Error: problem}
	for i, one := range found {
		kind := object.User
		if one.Kind == lookup.Group {
			kind = object.Group
		}
		hint := one.Under
		if one.Kind == lookup.Guest {
			hint += " · guest"
		}
		c.Options = append(c.Options, portal.Option{ID: fmt.Sprintf("pick-%d", i), Value: string(kind) + "." + one.ID, Label: one.Name, Hint: portal.Inert(hint)})
	}
	return c
}

// chosen takes what was picked.
func (p *Pages) chosen(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.open(r, v)
	if err != nil {
		return err
	}
	if e.form, err = admin.Form(r); err != nil {
		return err
	}
	to, s := r.PathValue("to"), requestsStep
	picked := e.form.Values["pick"]
	picked = picked[:min(len(picked), mostPicked)]
	switch {
	case strings.HasPrefix(to, "question."):
		s = questionsStep
		err = e.takeQuestion(to)
	case to == "resources" && !e.plan.ofPolicy():
		s = rolesStep
		err = e.pickResources(picked)
	case to == "organizations" && e.form.Values.Has("domain"):
		err = e.connect()
	case to == "organizations":
		e.pickOrganizations(picked)
	case e.plan.sets(to) == nil:
		return noList()
	default:
		s = stepOf(to)
		e.pickPeople(to, picked)
	}
	if err != nil && !e.form.Refused(err, map[string]string{"identitySources[0].domainName": "domain", "displayName": "organization"}) {
		return err
	}
	if !e.form.OK() {
		return e.chooser(w, r)
	}
	if err := e.save(); err != nil {
		return err
	}
	portal.Lead(w, r, e.back(r, s))
	return nil
}

// nothing says that nothing was picked, or reports that something was.
func (e *editing) nothing(picked []string) bool {
	if len(picked) == 0 {
		e.form.Wrong("pick", "Select at least one, or go back")
	}
	return len(picked) == 0
}

// add puts somebody into a list, once.
func (e *editing) add(to string, set offer.SubjectSet) {
	list := e.plan.sets(to)
	for _, have := range *list {
		if have.Kind == set.Kind && have.Object == set.Object && have.Organization == set.Organization {
			return
		}
	}
	*list = append(*list, set)
}

// pickPeople takes users and groups. Whether they are there is looked at when the
// package is made, and shown before.
func (e *editing) pickPeople(to string, picked []string) {
	if e.nothing(picked) {
		return
	}
	for _, text := range picked {
		kind, id, _ := strings.Cut(text, ".")
		who, err := ids.Parse[ids.ObjectID](id)
		set := map[object.Kind]offer.SetKind{object.User: offer.SingleUser, object.Group: offer.GroupMembers}[object.Kind(kind)]
		if err != nil || set == "" {
			e.form.Wrong("pick", "Select users or groups of the list")
			return
		}
		e.add(to, offer.SubjectSet{Kind: set, Object: who})
	}
}

func (e *editing) chooseOrganizations(w http.ResponseWriter, r *http.Request) error {
	f := portal.NewFilter(r, "Find connected organizations", &portal.Field{ID: "name", Label: "Name begins with"})
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: offer.MostOfferings}}
	if s := f.Value("name"); s != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: s}
	}
	found, err := e.Access.Organizations(e.ctx, e.v.Who, offer.Asked{Query: q})
	if err != nil {
		return err
	}
	c := chooser{Filter: f, Button: "Add the selected", Back: e.back(r, requestsStep), None: "No connected organization has a name that begins so.", Head: "Connect a new directory"}
	if len(found.Items) > 0 {
		c.Found = &portal.Choices{ID: "pick", Name: "pick", Legend: "Select connected organizations", Several: true, Error: e.form.Error("pick")}
		if len(found.Next) > 0 {
			c.Text = "These are the first. Type more of the name to see others."
		}
		for _, o := range found.Items {
			hint := domains(o)
			if o.State == offer.Proposed {
				hint = strings.TrimPrefix(hint+" · proposed", " · ")
			}
			c.Found.Options = append(c.Found.Options, portal.Option{Value: string(o.ID), Label: o.Name, Hint: portal.Inert(hint)})
		}
	}
	c.Also = &portal.Form{Action: r.URL.RequestURI(), Text: "An organization that " + e.v.Name() + " is not connected with yet is named by a domain of theirs. It is connected at once.", Button: "Connect and add to the policy", Parts: []portal.Part{
		e.form.Line(portal.Field{ID: "domain", Label: "Domain", Autocomplete: "off", Class: "w-half", Hint: "Such as fabrikam.com: their tenant is found by it."}),
		e.form.Line(portal.Field{ID: "organization", Label: "Name", Autocomplete: "off", Class: "w-half", Optional: true, Hint: "What you call the organization; the domain where you leave it out."}),
	}}
	return e.page(w, r, "Add directories", c)
}

func (e *editing) pickOrganizations(picked []string) {
	if e.nothing(picked) {
		return
	}
	for _, text := range picked {
		id, err := ids.Parse[ids.OrganizationID](text)
		if err != nil {
			e.form.Wrong("pick", "Select connected organizations of the list")
			return
		}
		e.add("organizations", offer.SubjectSet{Kind: offer.ConnectedOrganizationMembers, Organization: id})
	}
}

// connect connects an organization by a domain, and adds it to the policy.
func (e *editing) connect() error {
	domain, name := strings.ToLower(e.form.Get("domain")), e.form.Get("organization")
	if domain == "" {
		e.form.Wrong("domain", "Type a domain of the organization")
		return nil
	}
	if name == "" {
		name = domain
	}
	o, err := e.Access.CreateOrganization(e.ctx, e.v.Who, offer.OrganizationChange{Name: &name,
		Sources: []offer.Source{{Kind: offer.DomainSource, Domain: domain, Name: domain}}})
	if err != nil {
		return err
	}
	e.add("organizations", offer.SubjectSet{Kind: offer.ConnectedOrganizationMembers, Organization: o.ID})
	return nil
}
