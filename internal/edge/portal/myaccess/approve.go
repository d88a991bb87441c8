package myaccess

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// approvals lists what waits for the visitor's word, the oldest last.
func (p *Pages) approvals(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := asking(r, "createdDateTime", nil)
	if err != nil {
		return err
	}
	page, err := p.Access.OwnCases(r.Context(), v.who, entitlement.OnApprover, q)
	if err != nil {
		return portal.BadPage(err)
	}
	d := listData{Next: portal.NextPage(r, page.Next)}
	if len(page.Items) > 1 {
		d.Several = v.to("/access/approvals/several")
	}
	if len(page.Items) == 0 {
		d.None = &portal.Nothing{Title: "Nothing waits for you", Text: "Requests on which " + portal.Inert(v.in.DisplayName) + " asks you to decide stand here."}
	} else {
		d.Table = &portal.Table{Caption: "Requests that wait for you, newest first", Heads: []string{"Who asks", "For", "Kind", "Asked", ""}}
	}
	for _, c := range page.Items {
		to := v.to("/access/approvals/" + string(c.ID))
		row := portal.Row{Head: portal.Cell{Text: nameOf(c.For), To: to}, Cells: []portal.Cell{{Text: c.Name}, {Text: portal.Wish(c.Type)}, {At: c.CreatedAt},
			{Do: &portal.Link{Text: "Decide", Of: nameOf(c.For) + ", " + c.Name, To: to}}}}
		if c.For != nil {
			row.Head.Under = c.For.Email
		}
		d.Table.Rows = append(d.Table.Rows, row)
	}
	return p.frame(w, r, v, "/access/approvals", portal.Frame{Title: "Approvals", Content: "approvals", Data: d, Intro: "Requests that wait for your word."})
}

// approvalData is what somebody sees who decides.
type approvalData struct {
	Tag      portal.Tag
	Due      time.Time
	Asked    time.Time
	Person   portal.Person
	Facts    []portal.Fact
	In       string
	Gifts    []gift
	Period   string
	Why      string
	Answers  []portal.Fact
	Weigh    []weight
	Decision *decision
	Follow   string
}

// A weight is something to consider.
type weight struct{ Icon, Lead, Text string }

// A decision is the form of one.
type decision struct {
	Action, Stage, Shown string
	Reason               questionField
	Then                 []string
	Approve              string
}

// approval shows everything that a decision is about.
func (p *Pages) approval(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return p.consider(w, r, v, "", nil)
}

func (p *Pages) consider(w http.ResponseWriter, r *http.Request, v *visitor, reason string, problems []portal.Problem) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	if c.Own {
		return fault.New(fault.NotFound, "There is no such request of yours, and none that waits for you.")
	}
	in := portal.Inert(v.in.DisplayName)
	d := approvalData{Tag: portal.RequestTag(c.Request), Asked: c.CreatedAt, In: in, Gifts: gifts(c.Roles), Period: v.period(c.Request), Why: c.Justification,
		Follow: v.to("/access/requests/" + string(c.ID)), Person: portal.Person{Name: c.For.Name, Address: c.For.Email, Home: home(v, c)}, Facts: about(in, c)}
	for _, a := range c.Answers {
		d.Answers = append(d.Answers, portal.Fact{Name: portal.Whole(a.Text), Value: said(a)})
	}
	d.Weigh = weigh(v, in, c)
	if s := c.Waiting(); s != nil {
		d.Due = s.DueAt
		wrong := ""
		for _, x := range problems {
			wrong = x.Text
		}
		d.Decision = &decision{Action: v.to("/access/approvals/" + string(c.ID)), Stage: string(s.ID), Shown: string(c.Shown), Approve: "Approve for " + in, Then: then(v, in, c),
			Reason: questionField{Kind: "lines", Rows: 3, Field: portal.Field{ID: "reason", Name: "reason", Label: "Reason", Value: reason, Error: wrong,
				Optional: !c.Terms.Stages[c.Stage].Justification, Hint: "The requestor sees it, and both organizations’ records keep it."}}}
	}
	verb := " asks for “"
	if c.Type == entitlement.UserUpdate {
		verb = " asks to keep “"
	}
	ticket := portal.Ticket{To: portal.Half{Label: "You act in", Name: v.in.DisplayName, Seat: true, Open: d.Decision != nil, Hidden: "has not agreed yet"}}
	if d.Decision == nil {
		ticket.To.Hidden = ""
	}
	if !c.For.Inside() {
		ticket.From = portal.Half{Label: "From", Name: home(v, c)}
	}
	return p.frame(w, r, v, "/access/approvals", portal.Frame{Title: portal.Inert(c.For.Name) + verb + portal.Inert(c.Of.Name) + "”", Content: "consider", Data: d, Problems: problems, Ticket: ticket,
		Crumbs: []portal.Link{{Text: "Approvals", To: v.to("/access/approvals")}}})
}

// home names where somebody comes from.
func home(v *visitor, c *entitlement.Case) string {
	switch {
	case c.For.Inside():
		return v.in.DisplayName
	case c.Home != nil:
		return c.Home.DisplayName
	case c.Connected != "":
		return c.Connected
	}
	_, domain, _ := strings.Cut(c.For.Email, "@")
	return domain
}

// about says who asks, as far as the store knows.
func about(in string, c *entitlement.Case) []portal.Fact {
	var facts []portal.Fact
	if c.Home != nil && !c.For.Inside() {
		facts = append(facts, portal.Fact{Name: "Verified domain", Value: c.Home.DefaultDomain()})
	}
	if c.Connected != "" {
		facts = append(facts, portal.Fact{Name: "Connected organization", Value: c.Connected})
	}
	here := "Has an account here."
	if c.For.Object == "" {
		here = "New here: approval makes a guest account."
	}
	facts = append(facts, portal.Fact{Name: "In " + in, Value: here})
	if c.By.ID != c.For.ID {
		facts = append(facts, portal.Fact{Name: "Asked by", Value: c.By.Name + ", " + c.By.Email})
	}
	return facts
}

// weigh is what speaks for or against.
func weigh(v *visitor, in string, c *entitlement.Case) []weight {
	var all []weight
	for i, s := range c.Approval {
		if s.Result == entitlement.Approve && i < c.Stage {
			all = append(all, weight{"check", portal.Inert(s.ByName) + " approved", s.Reason})
		}
	}
	for _, a := range c.Earlier {
		all = append(all, weight{"info", "Had this before", v.date(a.StartsAt) + " to " + v.date(a.ExpiredAt)})
	}
	if len(c.Earlier) == 0 {
		all = append(all, weight{"info", "Never had this before", ""})
	}
	if c.Clash {
		return append(all, weight{"warn", "Conflict", "They have something that " + in + " does not let anybody have together with this package."})
	}
	return append(all, weight{"check", "No conflict", "with other packages or groups"})
}

// then says what an approval brings about.
func then(v *visitor, in string, c *entitlement.Case) []string {
	if c.Stage+1 < len(c.Approval) {
		return []string{"the next stage is asked."}
	}
	var all []string
	if c.For.Object == "" {
		all = append(all, in+" makes a guest account,")
	}
	return append(all, in+" delivers "+count(len(c.Roles), "resource role")+",", "the access lasts "+v.period(c.Request)+".")
}

// decide takes the visitor's word. It counts for what they were shown, and for
// nothing else.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request, v *visitor) error {
	id, err := idOf[ids.RequestID](r)
	if err != nil {
		return err
	}
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	stage, err := ids.Parse[ids.StageID](form.Get("stage"))
	word := form.Get("decision")
	if err != nil || word != "approve" && word != "deny" {
		return fault.New(fault.Invalid, "The form is incomplete. Open the page again and send it from there.")
	}
	shown := secret.Digest(form.Get("shown"))
	if shown == "" {
		shown = "nothing" // which is the digest of no request
	}
	made, err := p.Access.Decide(r.Context(), v.who, id, stage, word == "approve", form.Get("reason"), shown)
	page := v.to("/access/approvals/" + string(id))
	switch {
	case err == nil:
		note := portal.Note{Kind: "ok", Lead: "Your decision is recorded: denied."}
		if word == "approve" {
			note.Lead = "Your decision is recorded: approved."
			if made.State == entitlement.PendingApproval {
				note.Text = "The next stage is asked now."
			}
		}
		return told(w, r, v.to("/access/approvals"), note)
	case errors.Is(err, entitlement.NoJustification):
		return p.consider(w, r, v, form.Get("reason"), []portal.Problem{{Field: "reason", Text: "Give a reason for your decision"}})
	case errors.Is(err, entitlement.ShownOtherwise):
		return told(w, r, page, portal.Note{Kind: "stop", Lead: "The request, or what it gives, has changed since it was shown to you.", Text: "Nothing was decided. This is what it is now."})
	case errors.Is(err, entitlement.Decided):
		return told(w, r, page, portal.Note{Kind: "wait", Lead: "Somebody has decided meanwhile.", Text: "Your word was not needed any more."})
	case fault.Public(err).Target == "justification":
		return p.consider(w, r, v, form.Get("reason"), []portal.Problem{{Field: "reason", Text: strings.TrimSuffix(fault.Public(err).Message, ".")}})
	}
	return none(err, "There is no such request of yours, and none that waits for you.")
}
