// Package labpages are pages that only a lab has: where everything in it is,
// and the mail that its tenants send, which leaves the machine nowhere.
//
// A message is shown as text and, in a frame of its own without script and
// without the rights of our origin, as the recipient's program shows its HTML.
package labpages

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/kit/fault"
	"entente/internal/kit/mail"
	"entente/internal/kit/web"
)

//go:embed templates/*.html
var templates embed.FS

// Options say what the pages show.
type Options struct {
	Site  portal.Site
	Box   *mail.Box
	Links func() []Link // the places of the lab, as they are now
}

// A Link leads to a place of the lab.
type Link struct {
	Text, To string
	About    string // what is there, a sentence without its full stop
}

// Pages serves the lab's pages.
type Pages struct {
	o    Options
	show *portal.Templates
}

// New returns the pages.
func New(o Options) *Pages {
	return &Pages{o, portal.Parse(o.Site, templates, "templates/*.html")}
}

// The addresses of the pages.
const (
	Start = "/lab/"
	Mail  = "/lab/mail"
)

// Handler returns the pages as a handler.
func (p *Pages) Handler(fail web.ErrorWriter) http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /lab/{$}":            p.start,
		"GET /lab/mail":           p.list,
		"GET /lab/mail/{id}":      p.letter,
		"GET /lab/mail/{id}/html": p.html,
		"/":                       func(http.ResponseWriter, *http.Request) error { return nowhere() },
	} {
		mux.Handle(pattern, web.Serve(h, fail))
	}
	return mux
}

func nowhere() error { return fault.New(fault.NotFound, "There is no page at this address.") }

const area = "Lab"

func (p *Pages) start(w http.ResponseWriter, r *http.Request) error {
	return p.show.Lone(w, r, portal.Lone{Title: "This lab", Area: area, Wide: true, Content: "lab-start", Data: p.o.Links()})
}

// A mailbox is what the list shows.
type mailbox struct {
	Rows    []row
	Nothing portal.Nothing
}

// A row is one message of the list.
type row struct {
	To, Subject, Recipient string
	At                     time.Time
	Copy                   bool
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
	box := mailbox{Nothing: portal.Nothing{Title: "No mail yet", Text: "Invite a guest through Microsoft Graph with sendInvitationMessage, and the message arrives here."}}
	for _, m := range p.o.Box.All() {
		box.Rows = append(box.Rows, row{Mail + "/" + m.ID, m.Subject, m.For, m.Date, isCopy(m)})
	}
	return p.show.Lone(w, r, portal.Lone{Title: "Mail of this lab", Area: area, Wide: true, Content: "lab-mail", Data: box})
}

// isCopy reports whether the message is written to somebody else.
func isCopy(m mail.Message) bool {
	for _, a := range m.To {
		if strings.EqualFold(a.Mail, m.For) {
			return false
		}
	}
	return true
}

// A letter is one message as text; its HTML stands in a frame.
type letter struct {
	Subject string
	Facts   []portal.Fact
	Lines   []line
	HTML    string // address
}

// A line of a message's text.
type line struct {
	Text string
	To   string // the line is an address
}

func (p *Pages) letter(w http.ResponseWriter, r *http.Request) error {
	m, ok := p.o.Box.Find(r.PathValue("id"))
	if !ok {
		return nowhere()
	}
	l := letter{Subject: m.Subject, HTML: Mail + "/" + m.ID + "/html", Facts: []portal.Fact{
		{Name: "Goes to", Value: m.For}, {Name: "To", Value: join(m.To)},
	}}
	if len(m.Cc) > 0 {
		l.Facts = append(l.Facts, portal.Fact{Name: "Copy to", Value: join(m.Cc)})
	}
	if !m.ReplyTo.IsZero() {
		l.Facts = append(l.Facts, portal.Fact{Name: "Answers go to", Value: join([]mail.Address{m.ReplyTo})})
	}
	l.Facts = append(l.Facts, portal.Fact{Name: "Written", At: m.Date}, portal.Fact{Name: "Identifier", Value: m.ID, Code: true})
	for text := range strings.SplitSeq(m.Text, "\n") {
		one := line{Text: text}
		if strings.HasPrefix(text, "https://") && !strings.ContainsAny(text, " <>\"") {
			one.To = text
		}
		l.Lines = append(l.Lines, one)
	}
	return p.show.Lone(w, r, portal.Lone{Title: m.Subject, Area: area, Wide: true, Frames: []string{p.o.Site.Hosts.Base(r)}, Content: "lab-letter", Data: l})
}

func join(all []mail.Address) string {
	var names []string
	for _, a := range all {
		if a.Name != "" {
			names = append(names, a.Name+" <"+a.Mail+">")
		} else {
			names = append(names, a.Mail)
		}
	}
	return strings.Join(names, ", ")
}

// framePolicy lets a message show itself and lead elsewhere in a window of its
// own, and nothing more: no script, no form, no image from elsewhere.
const framePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

func (p *Pages) html(w http.ResponseWriter, r *http.Request) error {
	m, ok := p.o.Box.Find(r.PathValue("id"))
	if !ok {
		return nowhere()
	}
	web.NoStore(w)
	w.Header().Set("Content-Security-Policy", framePolicy)
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write([]byte(m.HTML))
	return err
}
