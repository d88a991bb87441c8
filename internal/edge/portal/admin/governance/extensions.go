package governance

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// extensionKinds say when an extension can be called.
var extensionKinds = map[offer.ExtensionKind]string{
	offer.RequestExtension:    "Requests",
	offer.AssignmentExtension: "Assignments that end soon",
}

// waits are for how long a request can wait for an endpoint, as minutes; others are
// said through Graph.
var waits = []struct {
	minutes int
	label   string
}{{15, "Up to 15 minutes"}, {60, "Up to an hour"}, {4 * 60, "Up to 4 hours"}, {24 * 60, "Up to a day"}, {3 * 24 * 60, "Up to 3 days"}, {7 * 24 * 60, "Up to 7 days"}, {14 * 24 * 60, "Up to 14 days"}}

// usualWait is how long a request waits where the extension does not say.
const usualWait = time.Hour

// waitOf says whether requests wait for an extension, and for how long.
func waitOf(e *offer.Extension) string {
	if !e.Callback {
		return "No: it is told, and the request goes on"
	}
	pause := e.Pause
	if pause == 0 {
		pause = usualWait
	}
	for _, w := range waits {
		if pause == time.Duration(w.minutes)*time.Minute {
			return w.label
		}
	}
	return "Up to " + strconv.Itoa(int(pause/time.Minute)) + " minutes"
}

// extensionsIn are the custom extensions of the catalog.
func (p *pages) extensionsIn(r *http.Request, v *admin.Visitor, c *offer.Catalog) (portal.Section, error) {
	s := portal.Section{ID: "extensions", Heading: "Custom extensions", Do: []portal.Link{{Text: "New custom extension", To: inCatalog(v, c.ID, "/extensions")}}}
	page, err := p.Access.Extensions(r.Context(), v.Who, c.ID, offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: 200}}})
	if err != nil {
		return s, err
	}
	if len(page.Items) == 0 {
		s.None = &portal.Nothing{Title: "No custom extension", Text: "A policy can have an endpoint of yours called when something happens to a request or an assignment."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Custom extensions by name", Heads: []string{"Name", "Called for", "Created"}}
	for _, e := range page.Items {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: e.Name, Under: portal.Clip(e.Endpoint.URL, 120), To: inExtension(v, e, "")},
			Cells: []portal.Cell{{Text: extensionKinds[e.Kind]}, {At: e.CreatedAt}}})
	}
	return s, nil
}

// inExtension returns the path of a page of the extension.
func inExtension(v *admin.Visitor, e *offer.Extension, rest string) string {
	return inCatalog(v, e.Catalog, "/extensions/"+string(e.ID)+rest)
}

// oneExtension returns the extension that the address names, and its catalog.
func (p *pages) oneExtension(r *http.Request, v *admin.Visitor) (*offer.Catalog, *offer.Extension, error) {
	c, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	id, err := admin.ID[ids.ObjectID](r, "extension")
	if err != nil {
		return nil, nil, err
	}
	e, err := p.Access.Extension(r.Context(), v.Who, c.ID, id)
	return c, e, err
}

// extension shows one.
func (p *pages) extension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, e, err := p.oneExtension(r, v)
	if err != nil {
		return err
	}
	retries, within := offer.ClientOf(e)
	t := portal.Thing{Text: e.Description, Do: []portal.Link{{Text: "Edit", To: inExtension(v, e, "/edit")}, {Text: "Delete…", To: inExtension(v, e, "/delete")}},
		Facts: []portal.Fact{{Name: "Endpoint", Value: e.Endpoint.URL, Code: true}, {Name: "Called for", Value: extensionKinds[e.Kind]}},
		Sections: []portal.Section{{ID: "policies", Heading: "When it is called",
			Text: "Each policy of the catalog’s access packages says under Rules at which stages it is called. Calls are signed with the keys of " + v.Name() + "."}}}
	if e.Kind == offer.RequestExtension {
		t.Facts = append(t.Facts, portal.Fact{Name: "Requests wait for it", Value: waitOf(e)})
	}
	t.Facts = append(t.Facts, portal.Fact{Name: "Time to take a call", Value: strconv.Itoa(int(within/time.Millisecond)) + " milliseconds"},
		portal.Fact{Name: "Tried again", Value: map[int]string{0: "No", 1: "Once"}[retries]},
		portal.Fact{Name: "Created", At: e.CreatedAt}, portal.Fact{Name: "Object ID", Value: string(e.ID), Code: true})
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(e.Name), Content: "thing", Data: t, Crumbs: ofCatalogs(v, c)})
}

var extensionFields = map[string]string{"displayName": "name", "description": "description", "endpointConfiguration.url": "url"}

// newExtension shows the form of a new extension.
func (p *pages) newExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.extensionForm(w, r, v, c, nil, &portal.Draft{Values: url.Values{"kind": {string(offer.RequestExtension)}}})
}

// extensionForm asks for what an extension is; for its kind only when it is new.
func (p *pages) extensionForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, c *offer.Catalog, e *offer.Extension, d *portal.Draft) error {
	parts := []portal.Part{
		d.Line(portal.Field{ID: "name", Label: "Name", Class: "w-half", Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Hint: "What the endpoint does.", Optional: true}, Most: 1024}),
	}
	if e == nil {
		parts = append(parts, d.Choose(portal.Choices{ID: "kind", Legend: "Called for", Boxed: true, Options: []portal.Option{
			{Value: string(offer.RequestExtension), Label: extensionKinds[offer.RequestExtension], Hint: "When one is made, approved or granted, or when access is removed."},
			{Value: string(offer.AssignmentExtension), Label: extensionKinds[offer.AssignmentExtension], Hint: "14 days and one day before the end."}}}))
	}
	parts = append(parts, d.Line(portal.Field{ID: "url", Label: "Address of the endpoint", Hint: "It begins with https://, and answers a POST.", Autocomplete: "off"}))
	if e == nil || e.Kind == offer.RequestExtension {
		pick := portal.Select{Field: portal.Field{ID: "wait", Label: "Requests wait for its answer", Class: "w-half", Hint: "One that hears nothing in time is refused. Where access ends nothing waits."},
			Options: []portal.Option{{Label: "No"}}}
		for _, o := range waits {
			pick.Options = append(pick.Options, portal.Option{Value: strconv.Itoa(o.minutes), Label: o.label})
		}
		if e != nil && e.Callback && waitOption(e) == keepWait {
			pick.Options = append(pick.Options, portal.Option{Value: keepWait, Label: waitOf(e)})
		}
		parts = append(parts, d.Pick(pick))
	}
	f := portal.Form{Action: inCatalog(v, c.ID, "/extensions"), Parts: parts, Button: "Create custom extension in " + v.Name(), Back: inCatalog(v, c.ID, "")}
	title := "New custom extension"
	if e != nil {
		title, f.Action, f.Button, f.Back = "Edit “"+portal.Inert(e.Name)+"”", inExtension(v, e, "/edit"), "Save in "+v.Name(), inExtension(v, e, "")
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Data: f, Problems: d.Problems, Crumbs: ofCatalogs(v, c)})
}

// keepWait is the option of a wait that the list does not have.
const keepWait = "keep"

// waitOption is the option that an extension's wait is.
func waitOption(e *offer.Extension) string {
	if !e.Callback {
		return ""
	}
	if e.Pause == 0 {
		return strconv.Itoa(int(usualWait / time.Minute))
	}
	for _, w := range waits {
		if e.Pause == time.Duration(w.minutes)*time.Minute {
			return strconv.Itoa(w.minutes)
		}
	}
	return keepWait
}

// readExtension takes over what was said of an extension.
func readExtension(d *portal.Draft, e *offer.Extension) {
	e.Name, e.Description, e.Endpoint.URL = d.Get("name"), d.Get("description"), d.Get("url")
	switch option := d.Get("wait"); {
	case e.Kind == offer.AssignmentExtension && option != "":
		d.Wrong("wait", "Nothing waits before the end of an assignment: choose “No”")
	case e.Kind == offer.AssignmentExtension || option == keepWait || e.Callback && option == waitOption(e):
	case option == "":
		e.Callback, e.Pause = false, 0
	default:
		minutes, err := strconv.Atoi(option)
		if err != nil || minutes < 1 || minutes > waits[len(waits)-1].minutes {
			d.Wrong("wait", "Choose how long requests wait")
			return
		}
		e.Callback, e.Pause = true, time.Duration(minutes)*time.Minute
	}
}

// createExtension makes an extension.
func (p *pages) createExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	e := offer.Extension{Kind: offer.ExtensionKind(d.Get("kind"))}
	if extensionKinds[e.Kind] == "" {
		d.Wrong("kind", "Choose what it is called for")
	}
	if readExtension(d, &e); !d.OK() {
		return p.extensionForm(w, r, v, c, nil, d)
	}
	made, err := p.Access.CreateExtension(r.Context(), v.Who, c.ID, e)
	if err != nil {
		if d.Refused(err, extensionFields) {
			return p.extensionForm(w, r, v, c, nil, d)
		}
		return err
	}
	return p.Done(w, r, inExtension(v, made, ""), "The custom extension is made.")
}

// editingExtension shows the form of an extension's properties.
func (p *pages) editingExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, e, err := p.oneExtension(r, v)
	if err != nil {
		return err
	}
	return p.extensionForm(w, r, v, c, e, &portal.Draft{Values: url.Values{"name": {e.Name}, "description": {e.Description}, "url": {e.Endpoint.URL}, "wait": {waitOption(e)}}})
}

// editExtension changes an extension. What the form does not show stays.
func (p *pages) editExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	c, e, err := p.oneExtension(r, v)
	if err != nil {
		return err
	}
	if readExtension(d, &offer.Extension{Kind: e.Kind}); !d.OK() {
		return p.extensionForm(w, r, v, c, e, d)
	}
	_, err = p.Access.ChangeExtension(r.Context(), v.Who, c.ID, e.ID, func(now *offer.Extension) error {
		readExtension(&portal.Draft{Values: d.Values}, now)
		return nil
	})
	if err != nil {
		if d.Refused(err, extensionFields) {
			return p.extensionForm(w, r, v, c, e, d)
		}
		return err
	}
	return p.Done(w, r, inExtension(v, e, ""), "The custom extension is changed.")
}

// deletingExtension asks whether the visitor means it.
func (p *pages) deletingExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.extensionGoes(w, r, v, &portal.Draft{})
}

func (p *pages) extensionGoes(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	c, e, err := p.oneExtension(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete custom extension “" + portal.Inert(e.Name) + "”?", Content: "form", Problems: d.Problems, Crumbs: ofCatalogs(v, c),
		Data: portal.Form{Action: inExtension(v, e, "/delete"), Stop: true, Button: "Delete custom extension in " + v.Name(), Back: inExtension(v, e, ""), Leave: "Keep it",
			Text: "Its endpoint is called no more. One that a policy names can’t be deleted."}})
}

// deleteExtension deletes an extension that no policy names.
func (p *pages) deleteExtension(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, e, err := p.oneExtension(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.DeleteExtension(r.Context(), v.Who, c.ID, e.ID); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.extensionGoes(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, inCatalog(v, c.ID, ""), "The custom extension is deleted.")
}
