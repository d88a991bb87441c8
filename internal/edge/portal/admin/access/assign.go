package access

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// assigning shows the form of a new assignment: first the package, then the
// policy, the person and the period.
func (p *pages) assigning(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.assignForm(w, r, v, &portal.Draft{Values: r.URL.Query()})
}

func (p *pages) assignForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	here := v.To("/entitlement/assignments/new")
	frame := portal.Frame{Title: "New assignment", Content: "form", Crumbs: ofAssignments(v, nil), Intro: "An administrator’s assignment asks nobody who may ask; approval is needed where the policy demands it of everybody."}
	id, err := ids.Parse[ids.PackageID](d.Get("package"))
	if err != nil {
		parts, err := p.findPackage(r, v, d)
		if err != nil {
			return err
		}
		frame.Data = portal.Form{Action: here, Step: true, Parts: parts, Button: "Next: who and how long", Back: v.To("/entitlement/assignments")}
		frame.Problems = d.Problems
		return p.Show(w, r, v, frame)
	}
	pkg, err := p.Access.Package(r.Context(), v.Who, "", id)
	if err != nil {
		return err
	}
	policies, err := p.Access.Policies(r.Context(), v.Who, id, offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: portal.PageSize}}})
	if err != nil {
		return err
	}
	c := portal.Choices{ID: "policy", Legend: "Policy", Hint: "It says for how long, and who approves."}
	for i, x := range policies.Items {
		if x.Automatic == nil {
			c.Options = append(c.Options, portal.Option{Value: string(x.ID), Label: x.Name, Hint: portal.Clip(x.Description, 120), Checked: i == 0})
		}
	}
	if len(c.Options) == 0 {
		frame.Content, frame.Data = "thing", portal.Thing{Sections: []portal.Section{{ID: "none", Heading: "No policy to assign by", Text: "Make a policy of “" + portal.Inert(pkg.Name) + "” first.",
			Do: []portal.Link{{Text: "Open the access package", To: v.To("/entitlement/packages/" + string(id))}}}}}
		return p.Show(w, r, v, frame)
	}
	found, err := p.findPerson(r, v, d)
	if err != nil {
		return err
	}
	frame.Title = "New assignment of “" + portal.Inert(pkg.Name) + "”"
	frame.Data = portal.Form{Action: here, Hidden: map[string]string{"package": string(id)}, Button: "Assign in " + v.Name(), Back: v.To("/entitlement/assignments"), Parts: append(append([]portal.Part{d.Choose(c)}, found...),
		d.Line(portal.Field{ID: "email", Label: "Or the mail address of somebody who has no account here", Type: "email", Class: "w-half", Autocomplete: "off", Optional: true, Hint: "They become a guest, and are told by mail."}),
		d.Line(portal.Field{ID: "start", Label: "Start", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true, Hint: "At once, if nothing is given."}),
		d.Line(portal.Field{ID: "end", Label: "End", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true, Hint: "As the policy says, if nothing is given."}),
		d.Lines(portal.Area{Field: portal.Field{ID: "justification", Label: "Justification", Optional: true}}))}
	frame.Problems = d.Problems
	return p.Show(w, r, v, frame)
}

// findPackage are the controls that choose a package.
func (p *pages) findPackage(r *http.Request, v *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: lookup.Most}}
	if typed := d.Get("find"); typed != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: portal.Clip(typed, portal.MaxFind)}
	}
	page, err := p.Access.Packages(r.Context(), v.Who, "", offer.Asked{Query: q})
	if err != nil {
		return nil, err
	}
	f := portal.Find{Field: d.Field(portal.Field{ID: "find", Label: "Access package", Class: "w-half", Autocomplete: "off", Optional: true, Hint: "The beginning of its name."}), Button: "look"}
	if len(page.Items) == 0 {
		f.Error = "No access package begins so"
		return []portal.Part{{Find: &f}}, nil
	}
	f.Found = &portal.Choices{ID: "package", Name: "package", Legend: "Which one"}
	for _, x := range page.Items {
		f.Found.Options = append(f.Found.Options, portal.Option{Value: string(x.ID), Label: x.Name, Hint: portal.Clip(x.Description, 120)})
	}
	return []portal.Part{{Find: &f}}, nil
}

// findPerson are the controls that find whoever is to have it.
func (p *pages) findPerson(r *http.Request, v *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	f := portal.Find{Field: d.Field(portal.Field{ID: "who", Label: "Who is to have it", Class: "w-half", Autocomplete: "off", Optional: true, Hint: "The beginning of a name, or of an address."}), Button: "find-who"}
	choices := portal.Choices{ID: "target", Name: "target", Legend: "Who was found"}
	if typed := d.Get("who"); typed != "" {
		found, err := p.Lookup.Find(r.Context(), v.Who, typed, lookup.Member, lookup.Guest)
		if err != nil && !d.Refused(err, map[string]string{"": "who"}) {
			return nil, err
		}
		for _, x := range found {
			choices.Options = append(choices.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: d.Get("target") == x.ID || len(found) == 1})
		}
		if len(found) == 0 {
			f.Error = "Nobody begins with “" + portal.Inert(typed) + "”"
		}
	}
	if len(choices.Options) > 0 {
		f.Found = &choices
	}
	return []portal.Part{{Find: &f}}, nil
}

// day reads a date that was typed, or the zero time; what is none is a problem.
func day(v *admin.Visitor, d *portal.Draft, field string) time.Time {
	typed := d.Get(field)
	if typed == "" {
		return time.Time{}
	}
	t, err := v.Day(typed)
	if err != nil {
		d.Wrong(field, "Enter a date, such as 2027-03-31")
	}
	return t
}

// assign gives a package to somebody; the button that finds them only shows who
// was found.
func (p *pages) assign(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	in := entitlement.Submission{Type: entitlement.AdminAdd, Package: ids.PackageID(d.Get("package")), Policy: ids.PolicyID(d.Get("policy")), Email: d.Get("email"), Justification: d.Get("justification")}
	if !ids.Valid(string(in.Package)) || d.Get("find-who") != "" {
		return p.assignForm(w, r, v, d)
	}
	if target := d.Get("target"); target != "" && ids.Valid(target) {
		in.Target, in.Email = ids.ObjectID(strings.ToLower(target)), ""
	}
	if in.Target == "" && in.Email == "" {
		d.Wrong("who", "Find somebody and pick them, or enter a mail address")
	}
	if !ids.Valid(string(in.Policy)) {
		d.Wrong("policy", "Choose a policy")
	}
	in.Schedule.Start = day(v, d, "start")
	if end := day(v, d, "end"); !end.IsZero() {
		in.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: end}
	}
	if !d.OK() {
		return p.assignForm(w, r, v, d)
	}
	made, err := p.Access.Submit(r.Context(), v.Who, in)
	if err != nil {
		if refused(d, err) {
			return p.assignForm(w, r, v, d)
		}
		return err
	}
	return p.made(w, r, v, made, "It is being given. This page says how far it has come.")
}

// made leads to a request that was made, and says what comes of it: whoever assigns
// only goes the policy's way.
func (p *pages) made(w http.ResponseWriter, r *http.Request, v *admin.Visitor, q *entitlement.Request, done string) error {
	if q.State == entitlement.PendingApproval {
		done = "The policy wants this approved. Its approvers are asked."
	}
	return p.Done(w, r, v.To("/entitlement/requests/"+string(q.ID)), done)
}

// refused takes what the service says against an assignment, out of scope too:
// whoever assigns can mend that.
func refused(d *portal.Draft, err error) bool {
	fields := map[string]string{"target": "who", "email": "email", "schedule": "end", "justification": "justification", "schedule.startDateTime": "start", "schedule.expiration": "end"}
	if d.Refused(err, fields) {
		return true
	}
	if errors.Is(err, entitlement.NotInScope) {
		d.Wrong("policy", "The policy is not for them. Choose another one, or let it reach them")
		return true
	}
	return false
}

// changing shows the form of another end.
func (p *pages) changing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	d := &portal.Draft{}
	if !a.EndsAt.IsZero() {
		d.Values = url.Values{"end": {v.Local(a.EndsAt).Format(time.DateOnly)}}
	}
	return p.changeForm(w, r, v, a, d)
}

func (p *pages) changeForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *entitlement.HeldCase, d *portal.Draft) error {
	at := v.To("/entitlement/assignments/" + string(a.ID))
	return p.Show(w, r, v, portal.Frame{Title: "Change the end", Content: "form", Problems: d.Problems, Crumbs: ofAssignments(v, a),
		Data: portal.Form{Action: at + "/change", Button: "Change in " + v.Name(), Back: at, Parts: []portal.Part{
			d.Line(portal.Field{ID: "end", Label: "End", Type: "date", Class: "w-date", Autocomplete: "off", Hint: "Midnight at the beginning of that day; not after what the policy allows."})}}})
}

// change gives an assignment another end.
func (p *pages) change(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	end := day(v, d, "end")
	if d.OK() && end.IsZero() {
		d.Wrong("end", "Enter a date, such as 2027-03-31")
	}
	if !d.OK() {
		return p.changeForm(w, r, v, a, d)
	}
	made, err := p.Access.Submit(r.Context(), v.Who, entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: a.ID,
		Schedule: offer.Schedule{Start: a.StartsAt, Expiration: offer.Expiration{Type: offer.ExpirationAfterDateTime, End: end}}})
	if err != nil {
		if d.Refused(err, map[string]string{}) {
			d.Problems[0].Field = "end"
			return p.changeForm(w, r, v, a, d)
		}
		return err
	}
	return p.made(w, r, v, made, "The end is being changed.")
}

// removing asks whether the visitor means it.
func (p *pages) removing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	at := v.To("/entitlement/assignments/" + string(a.ID))
	return p.Show(w, r, v, portal.Frame{Title: "Remove the access of " + portal.Inert(nameOf(a.For).Text) + "?", Content: "form", Crumbs: ofAssignments(v, a),
		Data: portal.Form{Action: at + "/remove", Stop: true, Button: "Remove access in " + v.Name(), Back: at, Leave: "Keep it",
			Text: "Everything that “" + portal.Inert(a.Name) + "” has given them is taken back at once; what they have otherwise stays. They can ask again."}})
}

// remove ends an assignment.
func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	made, err := p.Access.Submit(r.Context(), v.Who, entitlement.Submission{Type: entitlement.AdminRemove, Assignment: a.ID})
	if err != nil {
		return err
	}
	return p.Done(w, r, v.To("/entitlement/requests/"+string(made.ID)), "The access is being taken back.")
}
