package portal

import (
	"html/template"
	"net/http"
)

// A Frame is a page of a portal, for somebody who is signed in: top bar with
// ticket and account, the portal's areas as tabs or at the side, and below
// them heading and content.
type Frame struct {
	Status   int    // 200 when zero; 422 with problems
	Title    string // state or thing, without area and product; the heading too
	Crumbs   []Link // the pages above this one
	Intro    string // what the page is for, in a sentence, or nothing
	Do       *Link  // the page's main way on, beside the heading, or nil
	Area     string // the portal, such as "My account"
	Home     string // the portal's first page, where the mark leads
	Ticket   Ticket
	Account  Account
	Tabs     []Link      // a portal of few areas
	Side     []LinkGroup // a portal of many
	Parts    []Link      // the pages of the thing that this one is of, below the heading
	PartsOf  string      // what that thing is called
	Fold     bool        // the areas stand in a menu on wide windows too: the page needs the room
	Problems []Problem   // what keeps the form from being taken
	Note     *Note       // shown above the heading
	FormTo   string      // a registered address to which a form here may lead back
	Script   string      // the asset that the page runs, or none; it works without
	Content  string      // the template of what stands below the heading
	Data     any         // what Content shows
}

// An Account is whose session a page belongs to, and where they can go with it.
type Account struct {
	Name    string // display name
	Address string // user principal name at home
	Home    string // display name of the home organization
	Links   []Link // the menu: another account, sessions, sign out
}

// A Link leads to another page.
type Link struct {
	Text    string
	Of      string // what it is about, for those who don't see the row in which it stands; or nothing
	To      string
	Current bool              // the page that is shown
	Count   string            // how much waits there, or nothing
	Post    bool              // it changes something: a form with one button
	Fields  map[string]string // what such a form sends
}

// A LinkGroup is links below a heading.
type LinkGroup struct {
	Text  string
	Links []Link
}

// frame is what the frame's template shows.
type frame struct {
	Frame
	Site string
	Host string
	Zone string // in which times are shown
	Main template.HTML
}

// Frame answers with a page of a portal. It is not cached and not framed.
func (t *Templates) Frame(w http.ResponseWriter, r *http.Request, p Frame) error {
	main, err := t.fragment(p.Content, p.Data)
	if err != nil {
		return err
	}
	status, title := answer(p.Status, p.Title, p.Problems)
	Protect(w, p.FormTo)
	return t.write(w, status, "frame", frame{Frame: p, Site: t.site.Operator, Host: t.host(r), Zone: Zone(r).String(), Main: main},
		document{Title: title + " – " + p.Area + " – " + Product, Script: scriptAddress(p.Script), zone: Zone(r)})
}

// answer returns the status and the title of a page: with problems it is 422
// and an error, unless the page says otherwise.
func answer(status int, title string, problems []Problem) (int, string) {
	switch {
	case len(problems) > 0 && status == 0:
		return http.StatusUnprocessableEntity, "Error: " + title
	case len(problems) > 0:
		return status, "Error: " + title
	case status == 0:
		return http.StatusOK, title
	}
	return status, title
}
