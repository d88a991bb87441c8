// Package portal is how every page looks and what makes it safe: the frame,
// the parts that pages share, the one style sheet, the error page, and the
// explanations of the error codes that we give out.
//
// A package of pages parses its templates with Parse and shows them in a
// frame: Lone for pages of one card, Frame for the pages of a portal; another
// frame is a template beside them and a type like them. Pages are forms and
// addresses: nothing needs script, and the Content-Security-Policy allows none
// inline. What pages share stands in templates/parts.html and choices.html,
// each part with the type that it shows; the lab serves all of them at /design.
//
// Names that somebody else typed are shown inert: cleaned by Inert, escaped by
// the template, and enclosed in <bdi> (templates "name" does both).
package portal

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/kit/web"
)

//go:embed templates/*.html
var shared embed.FS

// Product is the name that ends every page's title.
const Product = "entente"

// A Site is what every page says about the installation.
type Site struct {
	Operator string    // who runs it, or empty
	Hosts    web.Hosts // under which names
}

// Templates are the shared templates and those of one package of pages.
type Templates struct {
	site Site
	set  *template.Template
}

// Parse returns the shared templates with those of files added. It panics if a
// template is wrong: templates are part of the program.
func Parse(site Site, files fs.FS, patterns ...string) *Templates {
	set := template.Must(template.New(Product).Funcs(funcs()).ParseFS(shared, "templates/*.html"))
	if files != nil {
		template.Must(set.ParseFS(files, patterns...))
	}
	return &Templates{site, set}
}

func funcs() template.FuncMap {
	return template.FuncMap{
		"icon":  icon,
		"pair":  pair,
		"inert": Inert,
		"clean": Whole,
		"style": StyleAddress,
		"stamp": Stamp,
		"iso":   iso,
	}
}

// document is what the outermost template shows.
type document struct {
	Title   string // whole
	Body    string // class of the body element
	Script  string // path of the page's script, or none
	Symbols template.HTML
	Content template.HTML

	zone *time.Location // of its times
}

// write renders the template inside the document and answers with it. Nothing
// is sent before everything is rendered.
func (t *Templates) write(w http.ResponseWriter, status int, name string, data any, doc document) error {
	content, err := t.fragment(name, data)
	if err != nil {
		return err
	}
	content = template.HTML(inZone(string(content), doc.zone))
	doc.Title, doc.Content, doc.Symbols = Whole(doc.Title), content, symbols(string(content))
	var page bytes.Buffer
	if err := t.set.ExecuteTemplate(&page, "document", doc); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(page.Bytes())
	return err
}

func (t *Templates) fragment(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	err := t.set.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err // a template has just escaped it
}

// icons are drawn on a square of 24, by stroke.
var icons = map[string]string{
	"app":   `<rect x="3.5" y="3.5" width="7" height="7" rx="1.5"/><rect x="13.5" y="3.5" width="7" height="7" rx="1.5"/><rect x="3.5" y="13.5" width="7" height="7" rx="1.5"/><rect x="13.5" y="13.5" width="7" height="7" rx="1.5"/>`,
	"check": `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"clock": `<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>`,
	"cross": `<path d="m6 6 12 12M18 6 6 18"/>`,
	"down":  `<path d="m6 9 6 6 6-6"/>`,
	"end":   `<circle cx="12" cy="12" r="9"/><path d="M8 12h8"/>`,
	"find":  `<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
	"group": `<circle cx="9" cy="9" r="3.5"/><path d="M2.5 19c.6-3.3 3.2-5 6.5-5s5.9 1.7 6.5 5M16 5.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2 .8 3.2 2.3 3.5 4.5"/>`,
	"half":  `<circle cx="12" cy="12" r="9"/><path d="M12 3v18" /><path d="M12 5a7 7 0 0 1 0 14z" fill="currentColor" stroke="none"/>`,
	"info":  `<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.01"/>`,
	"key":   `<circle cx="8" cy="15" r="4.5"/><path d="m11.5 12 8-8M16 7.5l2.5 2.5"/>`,
	"menu":  `<path d="M4 7h16M4 12h16M4 17h16"/>`,
	"org":   `<path d="M4 21V4h10v17M14 9h6v12M2.5 21h19M8 8.5h2M8 12.5h2M8 16.5h2"/>`,
	"plus":  `<path d="M12 5v14M5 12h14"/>`,
	"seat":  `<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6"/>`,
	"site":  `<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 9h18M7 6.5v.01"/>`,
	"warn":  `<path d="M12 4 2.5 20h19zM12 10v4M12 17v.01"/>`,
}

// icon returns a sign that a reader of the screen passes over. Further classes
// may follow its name.
func icon(name string, classes ...string) template.HTML {
	class := strings.Join(append([]string{"i"}, classes...), " ")
	return template.HTML(`<svg class="` + class + `" aria-hidden="true"><use href="#i-` + name + `"/></svg>`)
}

var iconUse = regexp.MustCompile(`href="#i-([a-z]+)"`)

// symbols returns the drawings of the icons that content uses.
func symbols(content string) template.HTML {
	used := make(map[string]bool)
	for _, m := range iconUse.FindAllStringSubmatch(content, -1) {
		used[m[1]] = true
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(used)) {
		b.WriteString(`<symbol id="i-` + name + `" viewBox="0 0 24 24">` + icons[name] + `</symbol>`)
	}
	return template.HTML(b.String())
}

// pair returns the mark: two halves, each hollow while that side is open.
func pair(fromOpen, toOpen bool) template.HTML {
	open := map[bool]string{true: " open"}
	return template.HTML(`<svg class="pair" viewBox="0 0 28 14" aria-hidden="true"><path class="f` + open[fromOpen] +
		`" d="M7 0h6l4 7-4 7H7A7 7 0 0 1 7 0z"/><path class="t` + open[toOpen] +
		`" d="M16 0h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H16l4-7z"/></svg>`)
}
