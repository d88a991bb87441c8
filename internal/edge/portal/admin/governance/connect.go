package governance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// The steps of Add connected organization. Nothing is kept between them but in
// the address: Back, a reload and a bookmark lose nothing.
const (
	atBasics   = "basics"
	atSources  = "sources"
	atSponsors = "sponsors"
	atReview   = "review"
)

var stepNames = map[string]string{
	atBasics: "Step 1 of 4: Basics", atSources: "Step 2 of 4: Directory + domain", atSponsors: "Step 3 of 4: Sponsors", atReview: "Step 4 of 4: Review + create",
}

// A plan is a connected organization in the making.
type plan struct {
	portal.Draft
	step    string
	sources []offer.Candidate
}

// asked are the fields that a step's form has; what else was said is sent along.
var asked = map[string][]string{atBasics: {"name", "description", "state"}, atSponsors: {"internal", "external"}}

// kept are the values of what the form of a step does not ask.
func (d *plan) kept(step string) []portal.Kept {
	var all []portal.Kept
	for _, name := range []string{"name", "description", "state", "source", "internal", "external"} {
		if slices.Contains(asked[step], name) {
			continue
		}
		for _, value := range d.Values[name] {
			all = append(all, portal.Kept{Name: name, Value: value})
		}
	}
	return all
}

// to returns the address of a step, with all that was said.
func (d *plan) to(v *admin.Visitor, step string) string {
	q := url.Values{"step": {step}}
	for _, k := range d.kept("") {
		q.Add(k.Name, k.Value)
	}
	return v.To("/entitlement/organizations/new") + "?" + q.Encode()
}

// readPlan reads what was said so far, and finds where its people sign in.
func (p *pages) readPlan(r *http.Request, v *admin.Visitor, values url.Values) (*plan, error) {
	d := &plan{Draft: portal.Draft{Values: values}, step: values.Get("step")}
	if stepNames[d.step] == "" {
		d.step = atBasics
	}
	if values.Has("find-who") || values.Has("find-outside") {
		d.step = atSponsors
	}
	if len(values["source"])+len(values["internal"])+len(values["external"]) > 3*50 {
		return nil, fault.New(fault.Invalid, "There are too many directories, domains or sponsors.")
	}
	for _, typed := range values["source"] {
		c, err := p.Access.FindSource(r.Context(), v.Who, typed)
		if err != nil {
			return nil, err
		}
		d.sources = append(d.sources, c)
	}
	return d, nil
}

// connecting shows a step of Add connected organization.
func (p *pages) connecting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	q := r.URL.Query()
	if typed := strings.TrimSpace(q.Get("typed")); typed != "" {
		return p.addTyped(w, r, v, q, typed)
	}
	if drop := q["drop"]; len(drop) > 0 {
		var left []string
		for _, s := range q["source"] {
			if s != drop[0] {
				left = append(left, s)
			}
		}
		q["source"] = left
		q.Del("drop")
		q.Set("step", atSources)
	}
	d, err := p.readPlan(r, v, q)
	if err != nil {
		return err
	}
	if q.Has("next") { // the step before is done
		switch d.step {
		case atSources:
			p.checkBasics(d)
		case atSponsors:
			p.checkSources(d)
		}
	}
	if d.step == atReview {
		p.checkSponsors(d)
	}
	return p.showStep(w, r, v, d)
}

// checkBasics keeps who has given no name at the first step.
func (p *pages) checkBasics(d *plan) {
	if name := d.Get("name"); name == "" || len(name) > 256 {
		d.step = atBasics
		d.Wrong("name", "Enter a name of up to 256 characters")
	}
}

// checkSources keeps who has named no directory at the second step.
func (p *pages) checkSources(d *plan) {
	if len(d.sources) == 0 {
		d.step = atSources
		d.Wrong("typed", "Add the directory or domain of the organization")
	}
}

// checkSponsors keeps who has typed a name at the third step, and selected nobody.
func (p *pages) checkSponsors(d *plan) {
	for _, f := range []struct{ typed, picked string }{{"who", "internal"}, {"outside", "external"}} {
		if d.Get(f.typed) != "" && len(d.Values[f.picked]) == 0 {
			d.step = atSponsors
			d.Wrong(f.typed, "Select who is meant below, or clear the field")
		}
	}
}

// addTyped adds what was typed to the sources, if it is one.
func (p *pages) addTyped(w http.ResponseWriter, r *http.Request, v *admin.Visitor, q url.Values, typed string) error {
	q.Set("step", atSources)
	d, err := p.readPlan(r, v, q)
	if err != nil {
		return err
	}
	c, err := p.Access.FindSource(r.Context(), v.Who, typed)
	switch {
	case err != nil:
		if !d.Refused(err, map[string]string{}) {
			return err
		}
		d.Problems[0].Field = "typed"
		return p.showStep(w, r, v, d)
	case c.Taken != nil:
		d.Wrong("typed", "%s is connected already, as “%s”", typed, portal.Inert(c.Taken.Name))
		return p.showStep(w, r, v, d)
	}
	q.Add("source", typed)
	q.Del("typed")
	q.Del("next")
	if d, err = p.readPlan(r, v, q); err != nil {
		return err
	}
	portal.Lead(w, r, d.to(v, atSources))
	return nil
}

// showStep shows a step.
func (p *pages) showStep(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *plan) error {
	here := v.To("/entitlement/organizations/new")
	f := portal.Form{Action: here, Step: true, Keep: d.kept(d.step), Back: v.To("/entitlement/organizations")}
	t := portal.Thing{}
	switch d.step {
	case atBasics:
		f.Hidden = map[string]string{"step": atSources, "next": "yes"}
		f.Button = "Next: Directory + domain"
		f.Parts = organizationParts(&d.Draft)
	case atSources:
		f.Hidden = map[string]string{"step": atSources}
		f.Parts = []portal.Part{d.Line(portal.Field{ID: "typed", Label: "Directory or domain", Class: "w-half", Autocomplete: "off",
			Hint: "A domain, such as partner.example, or a tenant ID."})}
		f.Button, f.Back, f.Leave = "Add directory + domain", d.to(v, atBasics), "Back"
		t.Sections = append(t.Sections, chosen(v, d))
		if len(d.sources) > 0 {
			f.Next = &portal.Link{Text: "Next: Sponsors", To: d.to(v, atSponsors) + "&next=yes"}
		}
	case atSponsors:
		found, err := p.sponsorParts(r, v, d)
		if err != nil {
			return err
		}
		f.Hidden = map[string]string{"step": atReview}
		f.Text = "Sponsors speak for the organization: policies can ask them to approve. They can be added later, too."
		f.Parts, f.Button, f.Back, f.Leave = found, "Next: Review + create", d.to(v, atSources), "Back"
	case atReview:
		named, err := p.namedSponsors(r, v, d)
		if err != nil {
			return err
		}
		f.Step, f.Keep = false, d.kept("")
		f.Button, f.Back, f.Leave = "Connect with "+v.Name(), d.to(v, atSponsors), "Back"
		t.Sections = []portal.Section{{ID: "review", Heading: "What you are about to make", Facts: []portal.Fact{
			{Name: "Name", Value: d.Get("name"), Link: &portal.Link{Text: "Change name", To: d.to(v, atBasics)}},
			{Name: "Description", Value: d.Get("description")},
			{Name: "State", Value: stateWord(d.Get("state"))},
			{Name: "Directory + domain", Value: candidates(d), Link: &portal.Link{Text: "Change directory + domain", To: d.to(v, atSources)}},
			{Name: "Sponsors", Value: named, Link: &portal.Link{Text: "Change sponsors", To: d.to(v, atSponsors)}},
		}}}
	}
	t.Sections = append(t.Sections, portal.Section{Heading: "", Form: &f})
	frame := portal.Frame{Title: "Add connected organization", Intro: stepNames[d.step], Content: "thing", Data: t, Problems: d.Problems, Crumbs: ofOrganizations(v, nil)}
	return p.Show(w, r, v, frame)
}

func stateWord(state string) string {
	if state == string(offer.Proposed) {
		return "Proposed"
	}
	return "Configured"
}

func candidates(d *plan) string {
	var names []string
	for _, c := range d.sources {
		name, _ := sourceName(c.Source)
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// chosen are the directories that were added so far.
func chosen(v *admin.Visitor, d *plan) portal.Section {
	s := portal.Section{ID: "chosen", Heading: "Directory + domain"}
	if len(d.sources) == 0 {
		s.None = &portal.Nothing{Title: "No directory or domain yet", Text: "Name where the people of the organization sign in."}
		return s
	}
	s.Table = &portal.Table{Caption: "What was added", Heads: []string{"Name", "What it is", ""}}
	for i, c := range d.sources {
		name, kind := sourceName(c.Source)
		about := "No organization of this installation has this domain. Its people prove their address by mail or by their own identity provider."
		if c.Tenant != "" {
			about = "A tenant of this installation: its people sign in there."
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: name, Under: kind}, Cells: []portal.Cell{{Text: about},
			{Do: &portal.Link{Text: "Remove", Of: name, To: d.to(v, atSources) + "&" + url.Values{"drop": {d.Values["source"][i]}}.Encode()}}}})
	}
	return s
}

// organizationParts are the controls of an organization's basics.
func organizationParts(d *portal.Draft) []portal.Part {
	return []portal.Part{
		d.Line(portal.Field{ID: "name", Label: "Name", Class: "w-half", Autocomplete: "off", Hint: "What your people call it."}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Optional: true}, Most: 1024}),
		d.Choose(portal.Choices{ID: "state", Legend: "State", Options: []portal.Option{
			{Value: string(offer.Configured), Label: "Configured", Hint: "Policies for all configured connected organizations are open to it.", Checked: d.Get("state") != string(offer.Proposed)},
			{Value: string(offer.Proposed), Label: "Proposed", Hint: "Only policies that name it are open to it."}}}),
	}
}

// sponsorParts are the controls that find sponsors: those chosen, checked, and
// those who were found.
func (p *pages) sponsorParts(r *http.Request, v *admin.Visitor, d *plan) ([]portal.Part, error) {
	internal, err := p.pick(r, v, &d.Draft, finding{field: "who", picked: "internal", legend: "Internal sponsors", label: "Find people or groups of " + v.Name(), kinds: []lookup.Kind{lookup.Member, lookup.Group}})
	if err != nil {
		return nil, err
	}
	external, err := p.pick(r, v, &d.Draft, finding{field: "outside", picked: "external", legend: "External sponsors", label: "Find guests or groups", kinds: []lookup.Kind{lookup.Guest, lookup.Group}})
	return append(internal, external...), err
}

func (p *pages) namedSponsors(r *http.Request, v *admin.Visitor, d *plan) (string, error) {
	var list []ids.ObjectID
	for _, id := range append(append([]string{}, d.Values["internal"]...), d.Values["external"]...) {
		if ids.Valid(id) {
			list = append(list, ids.ObjectID(id))
		}
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, list...)
	var names []string
	for _, id := range list {
		if f, ok := named[id]; ok {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return "None", err
	}
	return strings.Join(names, ", "), err
}

// connect makes the connected organization, with its sponsors.
func (p *pages) connect(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	draft, err := admin.Form(r)
	if err != nil {
		return err
	}
	d, err := p.readPlan(r, v, draft.Values)
	if err != nil {
		return err
	}
	d.step = atReview
	if p.checkSources(d); d.OK() {
		p.checkBasics(d)
	}
	if !d.OK() {
		return p.showStep(w, r, v, d)
	}
	change := offer.OrganizationChange{Name: ptr(d.Get("name")), Description: ptr(d.Get("description")), State: ptr(offer.Configured)}
	if d.Get("state") == string(offer.Proposed) {
		change.State = ptr(offer.Proposed)
	}
	for _, c := range d.sources {
		change.Sources = append(change.Sources, c.Source)
	}
	made, err := p.Access.Connect(r.Context(), v.Who, change, offer.Sponsors{Internal: objects(d.Values["internal"]), External: objects(d.Values["external"])})
	if err != nil {
		if d.Refused(err, map[string]string{"displayName": "name", "description": "description"}) {
			return p.showStep(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, made, ""), "The organization is connected.")
}

// objects are the identifiers among what was sent.
func objects(sent []string) []ids.ObjectID {
	var list []ids.ObjectID
	for _, s := range sent {
		if id, err := ids.Parse[ids.ObjectID](s); err == nil {
			list = append(list, id)
		}
	}
	return list
}
