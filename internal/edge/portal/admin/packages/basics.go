package packages

import (
	"unicode/utf8"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

var basicsStep = step{path: "basics", title: "Basics", show: (*editing).showBasics, take: (*editing).takeBasics}

// inNew is the option of a select of catalogs that makes one.
const inNew = "new"

// Limits of what is typed, in characters, as the service has them.
const (
	mostName = 256
	mostText = 1024
)

func (e *editing) showBasics() ([]block, error) {
	catalogs, err := e.Access.Catalogs(e.ctx, e.v.Who, offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostOptions}}})
	if err != nil {
		return nil, err
	}
	in, n := string(e.plan.Catalog), e.plan.NewCatalog
	if n != nil {
		in = inNew
	} else {
		n = &newCatalog{}
	}
	var options []portal.Option
	listed := in == inNew
	for _, c := range catalogs.Items {
		options = append(options, portal.Option{Value: string(c.ID), Label: c.Name})
		listed = listed || string(c.ID) == in
	}
	if !listed {
		options = append(options, portal.Option{Value: in, Label: e.names.catalog})
	}
	options = append(options, portal.Option{Value: inNew, Label: "Create new catalog"})
	d := e.form
	who := []portal.Option{{Value: "no", Label: "Everyone who may ask for it", Checked: !e.plan.Hidden}, {Value: "yes", Label: "Only who has the link", Checked: e.plan.Hidden, Hint: "Hidden: best for partners, to whom you send the link."}}
	return blocks(
		d.Line(portal.Field{ID: "name", Label: "Name", Value: e.plan.Name, Hint: "What people look for: the project or the task, not the system.", Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Value: e.plan.Description, Hint: "Whoever asks and whoever approves read it."}, Rows: 2, Most: mostText}),
		d.Pick(portal.Select{Field: portal.Field{ID: "catalog", Label: "Catalog", Class: "w-half", Value: in, Hint: "Decides which resources you can add, and who else may change the package."}, Options: options}),
		portal.Part{Heading: "Create new catalog", Text: "Only where “Create new catalog” is chosen above. It is made together with the package."},
		d.Line(portal.Field{ID: "catalog-name", Label: "Name of the new catalog", Value: n.Name, Autocomplete: "off", Optional: true}),
		d.Line(portal.Field{ID: "catalog-description", Label: "Description of the new catalog", Value: n.Description, Autocomplete: "off", Optional: true}),
		d.Check(portal.Option{ID: "catalog-outside", Label: "Enabled for external users", Checked: !n.Inside, Hint: "Its packages can be for people of other organizations."}),
		portal.Part{Heading: "My Access"},
		d.Choose(portal.Choices{ID: "hidden", Legend: "Who sees it in My Access?", Boxed: true, Options: who}),
	), nil
}

func (e *editing) takeBasics() {
	d, p := e.form, e.plan
	p.Name, p.Description, p.Hidden = d.Get("name"), d.Get("description"), d.Get("hidden") == "yes"
	e.within("name", "Give the access package a name", "The name", p.Name, mostName)
	e.within("description", "Describe the access package", "The description", p.Description, mostText)
	was := p.Catalog
	if d.Get("catalog") != inNew {
		p.NewCatalog = nil
		id, err := ids.Parse[ids.CatalogID](d.Get("catalog"))
		if err == nil {
			_, err = e.Access.Catalog(e.ctx, e.v.Who, id)
		}
		if err != nil {
			d.Wrong("catalog", "Choose a catalog")
			return
		}
		p.Catalog = id
	} else {
		p.Catalog = ""
		p.NewCatalog = &newCatalog{Name: d.Get("catalog-name"), Description: d.Get("catalog-description"), Inside: !d.Has("catalog-outside", "yes")}
		e.within("catalog-name", "Give the new catalog a name", "The name", p.NewCatalog.Name, mostName)
		e.within("catalog-description", "", "The description", p.NewCatalog.Description, mostText)
	}
	if was != p.Catalog {
		p.Reached = min(p.Reached, 1) // the resources are to be looked at again
		p.Policy.Extensions = nil
	}
	if err := e.findRules(); err != nil {
		d.Wrong("catalog", "Choose a catalog")
	}
}

// within says what is wrong with a text that is too long, or that is missing where
// there is something to say of that.
func (e *editing) within(field, missing, what, text string, most int) {
	if missing != "" && text == "" {
		e.form.Wrong(field, "%s", missing)
	}
	if utf8.RuneCountInString(text) > most {
		e.form.Wrong(field, "%s has at most %d characters", what, most)
	}
}

// blocks returns controls as they stand in a step.
func blocks(parts ...portal.Part) []block {
	all := make([]block, len(parts))
	for i, p := range parts {
		all[i] = block{Part: p}
	}
	return all
}
