package portal

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"entente/internal/kit/web"
)

// A Lone is a page of one card: a step of sign-in, a consent, an error.
type Lone struct {
	Status   int    // 200 when zero; 422 with problems
	Title    string // state or thing, without the product's name
	Area     string // what the reader is doing, beside the mark
	Wide     bool
	Ticket   Ticket
	Problems []Problem // what keeps the form from being taken
	Note     *Note     // shown above the title
	FormTo   string    // a registered address to which a form here may lead back
	Frames   []string  // addresses elsewhere that the page may show in frames
	Script   string    // the asset that the page runs, or none; it works without
	Content  string    // the template of the card's content
	Data     any       // what Content shows
}

// A Ticket says which two organizations meet on a page: from is where the
// identity lives, to is whose resource it reaches. A page of one organization
// alone has no From.
type Ticket struct {
	From, To Half
}

// Whole reports whether one organization acts on its own.
func (t Ticket) Whole() bool { return t.From == Half{} }

// Known reports whether the page is of any organization. A lab's own are of none.
func (t Ticket) Known() bool { return t != Ticket{} }

// A Half is one side of a ticket. It is filled once that side has said yes.
type Half struct {
	Label  string // what this side is, such as "You act in"
	Name   string // the organization's display name
	Hidden string // what the fill says, for those who don't see it
	Seat   bool   // the reader sits here
	Open   bool   // this side has not said yes
}

// A Problem says what is wrong with one field, in the field's own words.
type Problem struct {
	Field string // the identifier of the field
	Text  string
}

// A Note tells once what has happened.
type Note struct {
	Kind string // "ok", "wait", "stop" or none
	Lead string // a sentence that is enough alone, with its full stop
	Text string // what follows it, or nothing
}

// Icon returns the note's sign.
func (n Note) Icon() string {
	switch n.Kind {
	case "ok":
		return "check"
	case "wait", "stop":
		return "warn"
	}
	return "info"
}

// Role returns how urgently a screen reader tells the note.
func (n Note) Role() string {
	if n.Kind == "stop" {
		return "alert"
	}
	return "status"
}

// A Field is a control with its label, hint and error.
type Field struct {
	ID, Name, Label, Hint, Value string
	Type, Autocomplete, Class    string
	InputMode, Min, Max, Error   string
	Optional, Focus              bool
}

// Described returns the identifiers of hint and error, for aria-describedby.
func (f Field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	return strings.Join(ids, " ")
}

// lone is what the frame's template shows.
type lone struct {
	Lone
	Site string
	Host string
	Zone string // empty: a card shows no times
	Card template.HTML
}

// Lone answers with a page of one card. It is not cached and not framed.
func (t *Templates) Lone(w http.ResponseWriter, r *http.Request, p Lone) error {
	card, err := t.fragment(p.Content, p.Data)
	if err != nil {
		return err
	}
	if p.Ticket == (Ticket{}) {
		p.Ticket.To = Half{Label: "You are at", Name: t.operator(r), Open: true}
	}
	status, title := answer(p.Status, p.Title, p.Problems)
	class := "lone"
	if p.Wide {
		class = "lone wide"
	}
	Protect(w, p.FormTo, p.Frames...)
	return t.write(w, status, "lone", lone{Lone: p, Site: t.site.Operator, Host: t.host(r), Card: card},
		document{Title: title + " – " + Product, Body: class, Script: scriptAddress(p.Script), zone: Zone(r)})
}

// host returns the name under which the reader reached us.
func (t *Templates) host(r *http.Request) string {
	_, host, _ := strings.Cut(t.site.Hosts.Base(r), "://")
	return host
}

// Protect sets the headers of every page: nothing from elsewhere is loaded, no
// frame holds it, no cache keeps it, and forms lead to ourselves, or back to
// formTo as well. Only frames of the origins of some addresses are shown in it.
func Protect(w http.ResponseWriter, formTo string, frames ...string) {
	action := "'self'"
	if src := source(formTo); src != "" {
		action += " " + src
	}
	web.NoStore(w)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; "+
		"script-src 'self'; connect-src 'self'; form-action "+action+"; base-uri 'none'; frame-ancestors 'none'"+frameSource(frames))
	w.Header().Set("X-Frame-Options", "DENY")
}

// frameSource is the directive that lets a page show frames, or nothing.
func frameSource(addresses []string) string {
	var all []string
	for _, a := range addresses {
		if src := source(a); src != "" && !slices.Contains(all, src) {
			all = append(all, src)
		}
	}
	if all == nil {
		return ""
	}
	return "; frame-src " + strings.Join(all, " ")
}
