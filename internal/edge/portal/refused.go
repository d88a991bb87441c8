package portal

import (
	"net/http"

	"entente/internal/kit/web"
)

// A Refusal is an error as a page tells it: who refuses, why, in whose power
// it is, and the code to hand on.
type Refusal struct {
	Status int
	Code   int    // the AADSTS number, or 0
	Title  string // a sentence without its full stop
	Text   string // why
	Fix    string // what to do; from the code's explanation when empty
	Ticket Ticket
	Area   string
	Share  string // an address for somebody who may, or empty
	Next   *Next  // a way on, or nil
}

// A Next is a button that leads on from a refusal: by GET without fields, by
// POST with them.
type Next struct {
	Button string
	Action string
	Fields map[string]string
}

// refused is what the template shows.
type refused struct {
	Refusal
	Request   string
	Explained bool
}

// Refuse answers with a refusal. Both halves of the ticket are hollow.
func (t *Templates) Refuse(w http.ResponseWriter, r *http.Request, f Refusal) error {
	f.Ticket.From.Open, f.Ticket.To.Open = true, true
	if f.Ticket.From.Name == "" {
		f.Ticket.From = Half{}
	}
	if f.Ticket.To.Name == "" {
		f.Ticket = Ticket{To: Half{Label: "You are at", Name: t.operator(r), Open: true}}
	}
	e, explained := Explain(f.Code)
	if f.Fix == "" {
		f.Fix = e.Fix
	}
	if f.Area == "" {
		f.Area = "Error"
	}
	return t.Lone(w, r, Lone{
		Status: f.Status, Title: f.Title, Area: f.Area, Ticket: f.Ticket, Content: "refused",
		Data: refused{f, web.RequestID(r.Context()), explained},
	})
}

func (t *Templates) operator(r *http.Request) string {
	if t.site.Operator != "" {
		return t.site.Operator
	}
	return t.host(r)
}

// Lookup answers /error: what a code means, or all codes when none is asked
// for. What is no code of ours is said to be none.
func (t *Templates) Lookup(w http.ResponseWriter, r *http.Request) error {
	asked := lookup{Asked: r.URL.Query().Get("code")}
	p := Lone{Title: "Error codes", Area: "Error codes", Content: "lookup", Wide: true,
		Ticket: Ticket{To: Half{Label: "You are at", Name: t.operator(r)}}}
	if asked.Asked == "" {
		asked.All = explanations
	} else if e, ok := Explain(number(asked.Asked)); ok {
		asked.Found = &e
		p.Title = asked.Name()
	} else {
		p.Status, p.Title = http.StatusNotFound, "No such error code"
	}
	p.Data = asked
	return t.Lone(w, r, p)
}
