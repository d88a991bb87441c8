package registrations

import (
	"errors"
	"net/http"
	"time"

	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
)

// granting shows what would be granted for everybody in the organization.
func (p *pages) granting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.grantForm(w, r, v, &portal.Draft{})
}

func (p *pages) grantForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	offer, may, err := p.Consent.Offer(r.Context(), v.Who, a.AppID)
	if err != nil {
		return err
	}
	table := portal.Table{Caption: "What is granted", Heads: []string{"Permission", "API", "Type", "Description", "Now"}}
	for _, x := range offer.Items {
		tag := portal.Tag{Kind: "wait", Text: "New"}
		if x.Granted {
			tag = portal.Tag{Kind: "ok", Text: "Granted already"}
		}
		table.Rows = append(table.Rows, portal.Row{Head: portal.Cell{Text: x.Value, Whole: true}, Cells: []portal.Cell{{Text: x.ResourceName}, {Text: typeOf(x.Application)}, {Text: x.Description, Whole: true}, {Tag: &tag}}})
	}
	s := portal.Section{ID: "offer", Heading: "For everybody in " + v.Name(), Table: &table}
	switch {
	case len(offer.Items) == 0:
		s.Table, s.None = nil, &portal.Nothing{Title: "There is nothing to grant", Text: "The application asks for no permission that an API offers."}
	case may != nil:
		f := fault.Public(may)
		s.Note = &portal.Note{Kind: "stop", Lead: f.Message, Text: f.Fix}
	}
	t := portal.Thing{Sections: []portal.Section{s}}
	if len(offer.Items) > 0 && may == nil {
		t.Sections = append(t.Sections, portal.Section{Form: &portal.Form{Action: at(v, a, "/permissions/grant"), Hidden: map[string]string{"shown": string(offer.Digest)},
			Parts:  []portal.Part{d.Line(portal.Field{ID: "end", Label: "Last day", Type: "date", Optional: true, Hint: "Without one it is granted until somebody revokes it."})},
			Button: "Grant admin consent for " + v.Name(), Back: at(v, a, "/permissions")}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Grant admin consent for " + v.Name() + "?", Content: "thing", Crumbs: crumbs(v, a, portal.Link{Text: "API permissions", To: at(v, a, "/permissions")}), Problems: d.Problems,
		Intro: "The application may then do all of this here, and nobody is asked again.", Data: t})
}

func (p *pages) grant(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	in := consent.Accept{AppID: a.AppID, Shown: secret.Digest(d.Get("shown"))}
	if end := d.Get("end"); end != "" {
		day, err := time.Parse(time.DateOnly, end)
		if in.Until = day.AddDate(0, 0, 1); err != nil || !in.Until.After(p.Clock.Now()) {
			d.Wrong("end", "Enter a day that has not passed")
			return p.grantForm(w, r, v, d)
		}
	}
	if _, err := p.Consent.Accept(r.Context(), v.Who, in); err != nil {
		if errors.Is(err, consent.OfferChanged) {
			d.Wrong("", "The application has changed since the page was shown. Look at what it asks for now")
			return p.grantForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/permissions"), "Admin consent is granted for "+v.Name()+".")
}
