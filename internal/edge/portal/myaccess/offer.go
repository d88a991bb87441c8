package myaccess

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// doorData is what a card names.
type doorData struct{ Tenant, Domain, To string }

// door is where Microsoft's form of the link leads, whose package stands after #.
func (p *Pages) door(w http.ResponseWriter, r *http.Request) error {
	in, at, err := p.organization(r)
	if err != nil {
		return err
	}
	return p.show.Lone(w, r, portal.Lone{Title: "Access to " + portal.Inert(in.DisplayName), Area: "My Access", Content: "door", Script: "place",
		Ticket: portal.Ticket{From: portal.Half{Label: "You act in", Name: "Your home", Hidden: "not known yet", Open: true}, To: portal.Half{Label: "On resources of", Name: in.DisplayName}},
		Data:   doorData{in.DisplayName, at, "/@" + url.PathEscape(at) + "/access"}})
}

// link is the page of an access package, to whomever its link was sent. Who is
// not signed in is told whose it is, whether or not there is such a package.
func (p *Pages) link(w http.ResponseWriter, r *http.Request) error {
	in, at, err := p.organization(r)
	if err != nil {
		return err
	}
	if _, err := p.SignIn.Visitor(r.Context(), portal.Known(r), portal.PlaceOf(r)); errors.Is(err, signin.LoginRequired) && !r.URL.Query().Has("signin") {
		return p.show.Lone(w, r, portal.Lone{Title: portal.Inert(in.DisplayName) + " offers you access", Area: "My Access", Content: "invited",
			Ticket: portal.Ticket{From: portal.Half{Label: "You act in", Name: "Your home", Hidden: "not known yet", Open: true}, To: portal.Half{Label: "On resources of", Name: in.DisplayName}},
			Data:   doorData{in.DisplayName, at, r.URL.EscapedPath()}})
	}
	v, err := p.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	return p.offer(w, r, v, nil, nil)
}

// offerData is what the page of a package shows.
type offerData struct {
	In, Domain string
	Gifts      []gift
	Ways       []portal.Link // to choose among, where there are several
	Action     string
	Form       *askForm // nil where there is nothing to ask
	Steps      []string
	Refused    *refusedData
	Status     *portal.Link // to what the visitor has or asked for already
	State      string
}

type refusedData struct {
	Whom, Help string
	Contact    string
	Account    string
}

// An askForm is the form of a request.
type askForm struct {
	Policy    string
	Me        string
	Self      bool
	Behalf    bool
	Already   string // what keeps the visitor from asking for themselves, or nothing
	For       string
	Email     portal.Field
	Questions []questionField
	Why       *questionField
	Hint      string
	Free      bool
	Period    string
	Start     portal.Field
	End       portal.Field
	Send      string
}

// A questionField is a question as a form asks it: a line, lines, or choices.
type questionField struct {
	portal.Field
	Kind    string // line, lines, choices
	Choices portal.Choices
	Rows    int
}

// offer shows a package, and the form if it can be asked for. What was typed
// stays.
func (p *Pages) offer(w http.ResponseWriter, r *http.Request, v *visitor, typed url.Values, problems []portal.Problem) error {
	id, err := idOf[ids.PackageID](r)
	if err != nil {
		return err
	}
	o, err := p.Access.Offer(r.Context(), v.who, id)
	if err != nil {
		return none(err, v.in.DisplayName+" has no such access package, or does not offer it now.")
	}
	d := offerData{In: v.in.DisplayName, Domain: v.at, Gifts: gifts(o.Roles), Action: v.to("/access-packages/" + string(id))}
	f := portal.Frame{Title: "Request “" + portal.Inert(o.Package.Name) + "”", Intro: portal.Inert(o.Package.Description), Problems: problems,
		Crumbs: []portal.Link{{Text: "Packages of " + v.in.DisplayName, To: v.to("/access")}}, Content: "offer", Ticket: v.ticket(false)}
	p.already(v, o, &f, &d)
	ways := o.Ways
	if d.Status != nil { // for themselves there is nothing to ask
		ways = nil
		for _, x := range o.Ways {
			if x.Self = false; x.Behalf {
				ways = append(ways, x)
			}
		}
	}
	way := chosen(ways, typed, r)
	switch {
	case len(ways) == 0 && d.Status == nil:
		f.Status, f.Title = http.StatusForbidden, "You can’t ask for “"+portal.Inert(o.Package.Name)+"”"
		d.Refused = refusal(v, o)
	case len(ways) == 0:
	case way == nil:
		d.Status = nil
		for _, x := range ways {
			d.Ways = append(d.Ways, portal.Link{Text: x.Name, Of: x.Description, To: d.Action + "?policy=" + string(x.ID)})
		}
	default:
		f.Title, f.Ticket = "Request “"+portal.Inert(o.Package.Name)+"”", v.ticket(false)
		way.Questions = inLanguage(way.Questions, languages(r))
		d.Form, d.Steps = p.form(v, way, typed, problems), steps(v, way)
		if d.Status != nil {
			d.Form.Already, d.Status = d.State+". Ask for somebody else here.", nil
		}
	}
	f.Data = d
	return p.frame(w, r, v, "/access", f)
}

// already notes what the visitor has of the package, or has asked for, and is
// not asked for again.
func (p *Pages) already(v *visitor, o *entitlement.Offer, f *portal.Frame, d *offerData) {
	have := portal.Link{Text: "What I have", To: v.to("/access/assignments")}
	switch {
	case o.Held != nil:
		f.Title, f.Ticket = portal.Inert(o.Package.Name), v.ticket(true)
		d.State, d.Status = "You have this access already", &have
	case o.Open != nil:
		f.Title = portal.Inert(o.Package.Name)
		d.State, d.Status = "You have asked for this already", &portal.Link{Text: "Follow the request", To: v.to("/access/requests/" + string(o.Open.ID))}
	case o.Clash != nil:
		f.Title = "You can’t ask for “" + portal.Inert(o.Package.Name) + "” now"
		d.State, d.Status = "You have something that "+portal.Inert(v.in.DisplayName)+" does not let anybody have together with this", &have
	}
}

// refusal says who may ask and who can help.
func refusal(v *visitor, o *entitlement.Offer) *refusedData {
	in := portal.Inert(v.in.DisplayName)
	d := &refusedData{Whom: whom(o.Whom, in), Account: v.Account.UserPrincipalName,
		Help: "Whoever sent you the link, or an administrator of " + in + ", can have it opened to you."}
	if c := v.in.Contacts.Privacy; c != nil && c.ContactEmail != nil { // the one that is meant for people from outside
		d.Contact = *c.ContactEmail
	}
	return d
}

// chosen is the way that the visitor asks by: the only one, or the one they say.
func chosen(ways []entitlement.Way, typed url.Values, r *http.Request) *entitlement.Way {
	asked := typed.Get("policy")
	if typed == nil {
		asked = r.URL.Query().Get("policy")
	}
	if len(ways) == 1 {
		return &ways[0]
	}
	i := slices.IndexFunc(ways, func(w entitlement.Way) bool { return string(w.ID) == asked })
	if i < 0 {
		return nil
	}
	return &ways[i]
}

// steps say what happens after the request is sent.
func steps(v *visitor, w *entitlement.Way) []string {
	in := portal.Inert(v.in.DisplayName)
	var all []string
	for i := range w.Approvers {
		stage := w.Approval.Stages[i]
		who := "An approver of " + in
		if names := w.Approvers[i]; len(names) > 0 {
			who = list(names, "or")
		}
		text := who + " decides"
		if stage.TimeOut > 0 {
			text += ", within " + span(stage.TimeOut)
		}
		all = append(all, text+".")
	}
	if len(all) == 0 {
		all = append(all, "Nobody has to approve.")
	}
	if v.who.Object == "" {
		all = append(all, in+" makes a guest account for you. You keep signing in at "+portal.Inert(v.Home.DisplayName)+".")
	}
	if !w.Self {
		return append(all, "They have the access "+v.until(w.Expiration)+".")
	}
	return append(all, "You have the access "+v.until(w.Expiration)+".")
}

// form is the form of a request, with what was typed.
func (p *Pages) form(v *visitor, w *entitlement.Way, typed url.Values, problems []portal.Problem) *askForm {
	wrong := func(id string) string {
		for _, x := range problems {
			if x.Field == id {
				return x.Text
			}
		}
		return ""
	}
	f := &askForm{Me: v.Account.UserPrincipalName, Self: w.Self, Behalf: w.Behalf, For: typed.Get("for"), Send: "Send request to " + portal.Inert(v.in.DisplayName), Period: typed.Get("period")}
	f.Email = portal.Field{ID: "email", Name: "email", Label: "Their address", Type: "email", Autocomplete: "off", Optional: w.Self, Value: typed.Get("email"), Error: wrong("email"),
		Hint: "The address they sign in with. Needed when you ask for somebody else."}
	if !w.Self {
		f.Email.Label, f.Email.Hint = "Address of whom it is for", "The address they sign in with."
	}
	f.Policy = string(w.ID)
	for _, q := range w.Questions {
		f.Questions = append(f.Questions, asked(q, typed, wrong))
	}
	f.Why = why(!w.Approval.Justification, typed, wrong)
	f.Hint = "You can have it " + v.until(w.Expiration) + ", from the day it is granted."
	if !w.Self {
		f.Hint = "They can have it " + v.until(w.Expiration) + ", from the day it is granted."
	}
	if !w.Requestor.CustomSchedule {
		return f
	}
	now := v.Local(p.Clock.Now())
	f.Free = true
	last := w.Expiration.From(now)
	f.Start = portal.Field{ID: "start", Name: "start", Label: "Start", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true, Value: typed.Get("start"), Min: now.Format(time.DateOnly), Error: wrong("start")}
	f.End = portal.Field{ID: "end", Name: "end", Label: "End", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true, Value: typed.Get("end"), Min: now.Format(time.DateOnly), Error: wrong("end")}
	if !last.IsZero() && w.Expiration.Type == offer.ExpirationAfterDateTime {
		f.End.Max = v.Local(last).Format(time.DateOnly)
	}
	return f
}

func why(optional bool, typed url.Values, wrong func(string) string) *questionField {
	return &questionField{Kind: "lines", Rows: 3, Field: portal.Field{ID: "justification", Name: "justification", Label: "Business justification",
		Hint: "Why you need it. The approvers read this; one or two sentences are enough.", Value: typed.Get("justification"), Optional: optional, Error: wrong("justification")}}
}

// asked is a question as the form asks it.
func asked(q offer.Question, typed url.Values, wrong func(string) string) questionField {
	id := "q-" + string(q.ID)
	f := questionField{Kind: "lines", Rows: 3, Field: portal.Field{ID: id, Name: id, Label: portal.Whole(q.Text.Text), Value: typed.Get(id), Optional: !q.Required, Error: wrong(id), Autocomplete: "off"}}
	if q.SingleLine {
		f.Kind = "line"
	}
	if len(q.Choices) == 0 {
		return f
	}
	f.Kind = "choices"
	f.Choices = portal.Choices{ID: id, Name: id, Legend: f.Label, Error: f.Error, Several: q.Multiple}
	if f.Optional {
		f.Choices.Legend += " (optional)"
	}
	for i, c := range q.Choices {
		text := c.Text.Text
		if text == "" {
			text = c.Value
		}
		o := portal.Option{Value: c.Value, Label: text, Checked: slices.Contains(typed[id], c.Value)}
		if i > 0 {
			o.ID = id + "-" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		}
		f.Choices.Options = append(f.Choices.Options, o)
	}
	return f
}

// ask takes the form of a request and leads to where it is followed.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, v *visitor) error {
	id, err := idOf[ids.PackageID](r)
	if err != nil {
		return err
	}
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	o, err := p.Access.Offer(r.Context(), v.who, id)
	if err != nil {
		return none(err, v.in.DisplayName+" has no such access package, or does not offer it now.")
	}
	in := entitlement.Submission{Type: entitlement.UserAdd, Package: id, Justification: strings.TrimSpace(form.Get("justification"))}
	way := chosen(o.Ways, form, r)
	var problems []portal.Problem
	if way != nil {
		in.Policy = way.ID
		if way.Behalf && (form.Get("for") == "other" || !way.Self) {
			in.Type, in.Email = entitlement.OnBehalfAdd, strings.TrimSpace(form.Get("email"))
			if in.Email == "" {
				problems = append(problems, portal.Problem{Field: "email", Text: "Enter the address of whom it is for"})
			}
		}
		in.Answers, _ = answers(way.Questions, form) // the approvers' language is the policy's own
		_, bad := answers(inLanguage(way.Questions, languages(r)), form)
		problems = append(problems, bad...)
		if way.Approval.Justification && in.Justification == "" {
			problems = append(problems, portal.Problem{Field: "justification", Text: noReason})
		}
		var late *portal.Problem
		if in.Schedule, late = v.schedule(way, form, p.Clock.Now()); late != nil {
			problems = append(problems, *late)
		}
	}
	if len(problems) > 0 {
		return p.offer(w, r, v, form, problems)
	}
	made, err := p.Access.Submit(r.Context(), v.who, in)
	if err == nil {
		return told(w, r, v.to("/access/requests/"+string(made.ID)), portal.Note{Kind: "ok", Lead: "Request sent to " + portal.Inert(v.in.DisplayName) + ".",
			Text: "This page shows what becomes of it."})
	}
	if bad := problem(err); bad != nil {
		return p.offer(w, r, v, form, []portal.Problem{*bad})
	}
	return err
}

// answers reads the answers, and says which questions want one.
func answers(questions []offer.Question, form url.Values) (all []entitlement.Answer, bad []portal.Problem) {
	for _, q := range questions {
		field := "q-" + string(q.ID)
		value := strings.TrimSpace(strings.Join(form[field], ","))
		if value == "" {
			if q.Required {
				bad = append(bad, portal.Problem{Field: field, Text: "Answer “" + portal.Inert(q.Text.Text) + "”"})
			}
			continue
		}
		a := entitlement.Answer{Question: q.ID, Value: value}
		for _, c := range q.Choices {
			if c.Value == value {
				a.Display = c.Text.Text
			}
		}
		all = append(all, a)
	}
	return all, bad
}

// schedule reads from when until when somebody wants access, in days of their zone.
// One that is named as the last counts to its end.
func (v *visitor) schedule(w *entitlement.Way, form url.Values, now time.Time) (s offer.Schedule, bad *portal.Problem) {
	if form.Get("period") != "part" || !w.Requestor.CustomSchedule {
		return s, nil
	}
	if text := form.Get("start"); text != "" {
		start, err := v.Day(text)
		if err != nil {
			return s, &portal.Problem{Field: "start", Text: "Enter the start as a date"}
		}
		if start.After(now) {
			s.Start = start
		} else if start.Before(now.Add(-48 * time.Hour)) {
			return s, &portal.Problem{Field: "start", Text: "The start lies in the past"}
		}
	}
	if text := form.Get("end"); text != "" {
		end, err := v.Day(text)
		if err != nil {
			return s, &portal.Problem{Field: "end", Text: "Enter the end as a date"}
		}
		s.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: end.AddDate(0, 0, 1)}
		start := now
		if s.Start.After(now) {
			start = s.Start
		}
		if last := w.Expiration.From(start); !last.IsZero() && s.Expiration.End.After(last) && s.Expiration.End.Before(last.AddDate(0, 0, 1)) {
			s.Expiration.End = last
		}
	}
	return s, nil
}

const noReason = "Say why you need it"

// problem says in the form what is wrong with a request; nil where the form
// cannot mend it.
func problem(err error) *portal.Problem {
	pub := fault.Public(err)
	switch pub.Reason {
	case entitlement.NoJustification:
		return &portal.Problem{Field: "justification", Text: noReason}
	case offer.BadSchedule:
		return &portal.Problem{Field: "start", Text: strings.TrimSuffix(pub.Message, ".")}
	case entitlement.NoSuchTarget:
		return &portal.Problem{Field: "email", Text: "Nobody is known here by this address"}
	case entitlement.BadAnswer, entitlement.NoAnswer, entitlement.OpenRequest, entitlement.HasAlready, entitlement.Clashes, entitlement.TargetBlocked, entitlement.NotInScope, entitlement.CatalogClosed:
		return &portal.Problem{Text: strings.TrimSuffix(pub.Message, ".")}
	}
	if pub.Target == "assignment.target.email" {
		return &portal.Problem{Field: "email", Text: "Enter a whole address, such as name@example.com"}
	}
	if pub.Code == fault.Invalid {
		return &portal.Problem{Text: strings.TrimSuffix(pub.Message, ".")}
	}
	return nil
}
