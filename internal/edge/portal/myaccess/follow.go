package myaccess

import (
	"net/http"
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// listData is what a list shows.
type listData struct {
	Table *portal.Table
	None  *portal.Nothing
	Next  string // the next page, or nothing
	Find  string // what was searched for
	To    string // where the search leads

	Several string // where several are decided on at once, or nothing
}

// asking reads which page of a list is wanted. What follows is the visitor's own,
// wherever it begins.
func asking(r *http.Request, order string, filter query.Expr) (offer.Asked, error) {
	page, err := portal.PageOf(r)
	return offer.Asked{Query: query.Query{Filter: filter, Order: []query.Key{{Field: order, Desc: order != "displayName"}}, Page: page}}, err
}

// requests lists what the visitor has asked for, or what was asked for them.
func (p *Pages) requests(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := asking(r, "createdDateTime", nil)
	if err != nil {
		return err
	}
	page, err := p.Access.OwnCases(r.Context(), v.who, entitlement.OnTargetOrRequestor, q)
	if err != nil {
		return portal.BadPage(err)
	}
	d := listData{Next: portal.NextPage(r, page.Next)}
	if len(page.Items) == 0 {
		d.None = &portal.Nothing{Title: "You have asked for nothing", Text: "What you ask " + portal.Inert(v.in.DisplayName) + " for stands here, with what it waits for.",
			Do: &portal.Link{Text: "See the access packages", To: v.to("/access")}}
	} else {
		d.Table = &portal.Table{Caption: "Requests, newest first", Heads: []string{"Access package", "State", "Kind", "Asked", "For"}}
	}
	for _, c := range page.Items {
		tag := portal.RequestTag(c.Request)
		d.Table.Rows = append(d.Table.Rows, portal.Row{Head: portal.Cell{Text: c.Name, To: v.to("/access/requests/" + string(c.ID))},
			Cells: []portal.Cell{{Tag: &tag}, {Text: portal.Wish(c.Type)}, {At: c.CreatedAt}, {Text: nameOf(c.For)}}})
	}
	return p.frame(w, r, v, "/access/requests", portal.Frame{Title: "My requests", Content: "rows", Data: d,
		Intro: "What you have asked " + portal.Inert(v.in.DisplayName) + " for, and what was asked for you."})
}

func nameOf(s *entitlement.Subject) string {
	if s == nil {
		return ""
	}
	return s.Name
}

// An event is one line of a timeline.
type event struct {
	Title  string
	At     time.Time
	Who    string
	Text   string
	Quote  string
	Class  string
	Now    bool
	Lead   string // of what is waited for
	Wait   string
	Until  time.Time
	Pieces []piece
}

// A piece is a resource, and how far it has come.
type piece struct{ Name, Class, Says string }

// caseData is what the page of a request shows.
type caseData struct {
	State   string // changes whenever the page would
	Tag     portal.Tag
	Events  []event
	Facts   []portal.Fact
	Gifts   []gift
	Live    string
	Look    string // the page itself
	Looking bool   // the page asks again by itself
	At      time.Time
	Do      []portal.Link
}

// request shows what became of a request.
func (p *Pages) request(w http.ResponseWriter, r *http.Request, v *visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	page := v.to("/access/requests/" + string(c.ID))
	d := caseData{State: signOf(c), Tag: portal.RequestTag(c.Request), Events: p.timeline(v, c), Facts: factsOf(v, c), Gifts: gifts(c.Roles), Look: page, At: p.Clock.Now()}
	if c.Open() {
		d.Live = page + "/events"
		if r.URL.Query().Get("look") == "30" {
			d.Looking = true
			w.Header().Set("Refresh", "30")
		}
	}
	switch c.Request.State {
	case entitlement.Submitted, entitlement.PendingApproval, entitlement.Scheduled:
		if c.Own && c.Type.ByPeople() {
			d.Do = append(d.Do, portal.Link{Text: "Cancel request", To: page + "/cancel"})
		}
	case entitlement.Denied, entitlement.Canceled, entitlement.DeliveryFailed:
		if c.Own && c.Type.Adds() {
			d.Do = append(d.Do, portal.Link{Text: "Ask again", To: v.to("/access-packages/" + string(c.Of.ID))})
		}
	case entitlement.Delivered, entitlement.PartiallyDelivered:
		if c.Own && c.Type.Adds() {
			d.Do = append(d.Do, portal.Link{Text: "What I have", To: v.to("/access/assignments")})
		}
	}
	if c.Waiting() != nil {
		d.Do = append(d.Do, portal.Link{Text: "Decide", To: v.to("/access/approvals/" + string(c.ID))})
	}
	return p.frame(w, r, v, "/access/requests", portal.Frame{Title: portal.Inert(c.Of.Name), Content: "case", Data: d, Script: script(c),
		Crumbs: []portal.Link{{Text: "My requests", To: v.to("/access/requests")}}, Ticket: v.ticket(c.State == entitlement.Delivered || c.State == entitlement.Delivering || c.State == entitlement.Scheduled)})
}

func script(c *entitlement.Case) string {
	if c.Open() {
		return "live"
	}
	return ""
}

// caseOf returns the request that the address names.
func (p *Pages) caseOf(r *http.Request, v *visitor) (*entitlement.Case, error) {
	id, err := idOf[ids.RequestID](r)
	if err != nil {
		return nil, err
	}
	c, err := p.Access.Case(r.Context(), v.who, id)
	return c, none(err, "There is no such request of yours, and none that waits for you.")
}

// signOf changes whenever something about a request has.
func signOf(c *entitlement.Case) string {
	sign := string(c.State) + "." + c.Status + "." + strconv.Itoa(c.Stage) + "." + strconv.Itoa(c.Tries)
	for _, g := range c.Grants {
		sign += "." + string(g.State)
	}
	if c.Assignment != nil {
		sign += "." + string(c.Assignment.State)
	}
	return sign
}

// factsOf are what stands beside the timeline.
func factsOf(v *visitor, c *entitlement.Case) []portal.Fact {
	facts := []portal.Fact{{Name: "For", Value: c.For.Name}, {Name: "Organization", Value: v.in.DisplayName}}
	if c.By.ID != c.For.ID {
		facts = append(facts, portal.Fact{Name: "Asked by", Value: c.By.Name})
	}
	if !c.Schedule.Start.IsZero() {
		facts = append(facts, portal.Fact{Name: "From", At: c.Schedule.Start})
	}
	if c.Type.Adds() {
		facts = append(facts, portal.Fact{Name: "Period", Value: v.period(c.Request)})
	}
	for _, a := range c.Answers {
		facts = append(facts, portal.Fact{Name: portal.Whole(a.Text), Value: said(a)})
	}
	return append(facts, portal.Fact{Name: "Request ID", Value: string(c.ID), Code: true})
}

func said(a entitlement.Answer) string {
	if a.Display != "" {
		return a.Display
	}
	return a.Value
}

// period says for how long a request is.
func (v *visitor) period(r *entitlement.Request) string {
	if e := r.Schedule.Expiration; e.Type == offer.ExpirationAfterDateTime || e.Type == offer.ExpirationAfterDuration {
		return v.until(e)
	}
	return v.until(r.Terms.Expiration)
}

// timeline tells what has happened, what is waited for, and what comes.
func (p *Pages) timeline(v *visitor, c *entitlement.Case) []event {
	in := portal.Inert(v.in.DisplayName)
	who := portal.Inert(c.By.Name) + " asked"
	if c.By.Is(v.who.Subject, v.who.Object) {
		who = "You asked"
	}
	side := ""
	if c.By.Inside() {
		side = "at-to"
	}
	all := []event{{Title: who, At: c.CreatedAt, Quote: c.Justification, Class: side}}
	for i, s := range c.Approval {
		all = append(all, stageEvent(in, c, i, s)...)
	}
	switch {
	case c.State == entitlement.Canceled:
		all = append(all, event{Title: "The request was canceled", At: c.CompletedAt, Class: "bad-turn"})
	case c.Type.Removes():
		all = append(all, delivery(in, c, in+" takes the access back", "The access is taken back"))
	case c.State != entitlement.Denied:
		if c.State == entitlement.Scheduled {
			all = append(all, event{Title: "Access begins", Class: "now at-to", Now: true, Lead: "Everybody has agreed.", Wait: "It begins by itself. Nothing is needed from you.", Until: c.Schedule.Start})
		}
		all = append(all, delivery(in, c, in+" delivers", "Delivered"))
		all = append(all, p.end(v, c)...)
	}
	return all
}

// stageEvent tells of one approval.
func stageEvent(in string, c *entitlement.Case, i int, s entitlement.CaseStage) []event {
	by := "An approver of " + in
	if len(s.Names) > 0 && s.ByName != "" {
		by = portal.Inert(s.ByName)
	}
	asked := "An approver of " + in
	if len(s.Names) > 0 {
		asked = list(s.Names, "or")
	}
	of := ""
	if len(c.Approval) > 1 {
		of = "Stage " + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(c.Approval))
	}
	switch {
	case s.Result == entitlement.Approve:
		return []event{{Title: by + " approved", At: s.DecidedAt, Quote: s.Reason, Class: "at-to", Text: of}}
	case s.Result == entitlement.Deny:
		return []event{{Title: by + " denied", At: s.DecidedAt, Quote: s.Reason, Class: "bad-turn", Text: of}}
	case s.Status == entitlement.StageExpired:
		return []event{{Title: "Nobody decided in time", At: s.DueAt, Class: "bad-turn", Text: of + " The request is denied."}}
	case c.State != entitlement.PendingApproval:
		return nil
	case s.Status == entitlement.StageInProgress:
		e := event{Title: in + " decides", Text: of, Who: asked, Class: "now at-to", Now: true, Lead: "Waiting for a decision.", Until: s.DueAt,
			Wait: "If nobody decides until then, the request is denied. Nothing is needed from you."}
		if s.Mine {
			e.Lead, e.Wait = "Waiting for you.", "If nobody decides until then, the request is denied."
		}
		return []event{e}
	}
	return []event{{Title: "A further approval", Text: of, Who: asked, Class: "next at-to"}}
}

// delivery tells how far the resources have come.
func delivery(in string, c *entitlement.Case, to, done string) event {
	e := event{Title: to, Class: "next at-to", Pieces: pieces(c)}
	switch c.State {
	case entitlement.Delivering:
		e.Class, e.Now, e.Lead, e.Wait = "now at-to", true, "Under way.", "Usually it takes under a minute."
		if c.Error != "" {
			e.Lead, e.Wait, e.Until = "Not everything could be delivered yet.", "It is tried again. Administrators of "+in+" see why.", c.TryAt
		}
	case entitlement.Delivered:
		e.Title, e.At, e.Class = done, c.CompletedAt, "at-to"
	case entitlement.PartiallyDelivered:
		e.Title, e.At, e.Class, e.Text = "Partially delivered", c.CompletedAt, "bad-turn", "Administrators of "+in+" see why, and can have it tried again."
	case entitlement.DeliveryFailed:
		e.Title, e.At, e.Class, e.Text = "Delivery failed", c.CompletedAt, "bad-turn", "Administrators of "+in+" see why, and can have it tried again."
	}
	return e
}

// pieces are the resources with how far each has come.
func pieces(c *entitlement.Case) []piece {
	var all []piece
	for _, r := range c.Roles {
		x := piece{Name: r.Resource.Name, Class: "o", Says: "not yet"}
		for _, g := range c.Grants {
			if g.Role.Role != r.Role.OriginID || g.Role.Origin != r.Resource.OriginID || g.Role.System != string(r.Resource.Origin) {
				continue // another site may have the same role
			}
			how := portal.PieceOf(g.State)
			x.Class, x.Says = how.Class, how.Says
		}
		if c.Assignment != nil && c.Assignment.State == entitlement.AccessExpired {
			x.Class, x.Says = "e", "ended"
		}
		all = append(all, x)
	}
	return all
}

// end tells when the access ends, or has ended.
func (p *Pages) end(v *visitor, c *entitlement.Case) []event {
	a := c.Assignment
	switch {
	case a != nil && a.State == entitlement.AccessExpired:
		return []event{{Title: "Access ended", At: a.ExpiredAt, Class: "at-to"}}
	case a != nil && !a.EndsAt.IsZero():
		return []event{{Title: "Access ends", Until: a.EndsAt, Class: "next at-to"}}
	case a != nil:
		return []event{{Title: "Access has no end", Class: "next at-to"}}
	case c.End(p.Clock.Now()).IsZero():
		return nil
	}
	return []event{{Title: "Access ends", Text: "It lasts " + v.period(c.Request) + ".", Class: "next at-to"}}
}

// confirmData is what a page shows that asks whether somebody means it.
type confirmData struct {
	Text, Action, Button, Back string
	Stop                       bool
	Why                        *questionField
}

// canceling asks whether the visitor means it.
func (p *Pages) canceling(w http.ResponseWriter, r *http.Request, v *visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	page := v.to("/access/requests/" + string(c.ID))
	return p.frame(w, r, v, "/access/requests", portal.Frame{Title: "Cancel your request for “" + portal.Inert(c.Of.Name) + "”?", Content: "confirm",
		Crumbs: []portal.Link{{Text: "My requests", To: v.to("/access/requests")}, {Text: c.Of.Name, To: page}},
		Data:   confirmData{Text: "Nobody has to decide on it any more. You can ask again at any time; every approval starts afresh.", Action: page + "/cancel", Button: "Cancel request", Back: page, Stop: true}})
}

// cancel takes a request back.
func (p *Pages) cancel(w http.ResponseWriter, r *http.Request, v *visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.Cancel(r.Context(), v.who, c.ID); err != nil {
		return err
	}
	return told(w, r, v.to("/access/requests/"+string(c.ID)), portal.Note{Kind: "ok", Lead: "The request is canceled."})
}
