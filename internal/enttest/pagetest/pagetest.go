// Package pagetest reads pages as a test wants them: what they say, which
// forms they hold, and whether they keep the rules that all pages keep.
package pagetest

import (
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A Page is a parsed page.
type Page struct {
	root *html.Node
}

// Parse reads a page and fails the test where it breaks a rule of all pages.
func Parse(t testing.TB, body io.Reader) *Page {
	t.Helper()
	root, err := html.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{root}
	for _, broken := range p.check() {
		t.Errorf("page %q: %s", p.Title(), broken)
	}
	return p
}

// Title returns the text of the title element.
func (p *Page) Title() string { return p.first("title") }

// Heading returns the text of the first h1.
func (p *Page) Heading() string { return p.first("h1") }

// Text returns all text of the page's main element, its spaces made plain.
func (p *Page) Text() string { return p.first("main") }

// All returns the text of every element with this name.
func (p *Page) All(name string) []string {
	var texts []string
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			texts = append(texts, text(n))
		}
	}
	return texts
}

// Raw returns the page's text with no space changed, to look for what must not
// be in it.
func (p *Page) Raw() string {
	var b strings.Builder
	for n := range p.root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// Form returns the fields of the first form with a button of this text, or else
// of a text that begins with these words, the button among them, as a browser would send them, and where it would send them.
func (p *Page) Form(t testing.TB, button string) (action string, fields url.Values) {
	t.Helper()
	for _, same := range []func(says string) bool{
		func(says string) bool { return says == button },
		func(says string) bool { return strings.HasPrefix(says, button+" ") },
	} {
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "form" {
				if fields, found := form(n, same); found {
					return attr(n, "action"), fields
				}
			}
		}
	}
	t.Fatalf("page %q has no button %q; it says: %s", p.Title(), button, p.Text())
	return "", nil
}

// form returns what a form sends when the button is pressed that says what is
// looked for, and whether it has such a one.
func form(n *html.Node, same func(says string) bool) (fields url.Values, found bool) {
	fields = url.Values{}
	for c := range n.Descendants() {
		name := attr(c, "name")
		switch {
		case c.Type != html.ElementNode:
		case c.Data == "input" && name != "" && (!slices.Contains([]string{"checkbox", "radio"}, attr(c, "type")) || has(c, "checked")):
			fields.Add(name, attr(c, "value"))
		case c.Data == "textarea" && name != "":
			fields.Add(name, typed(c))
		case c.Data == "select" && name != "":
			fields.Add(name, chosen(c))
		case c.Data == "button" && !found && same(said(c)):
			found = true
			if attr(c, "name") != "" {
				fields.Set(attr(c, "name"), attr(c, "value"))
			}
		}
	}
	return fields, found
}

// said returns the text of a button without what is not read out.
func said(n *html.Node) string {
	all := text(n)
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && attr(c, "aria-hidden") == "true" && text(c) != "" {
			all = strings.TrimPrefix(all, text(c))
		}
	}
	return strings.TrimSpace(all)
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// chosen returns the value of a select: of the selected option, or else of the
// first.
func chosen(n *html.Node) (value string) {
	first := true
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == "option" {
			if has(c, "selected") {
				return attr(c, "value")
			}
			if first {
				value, first = attr(c, "value"), false
			}
		}
	}
	return value
}

// Value returns the value of the first control of the name, checked or not.
func (p *Page) Value(t testing.TB, name string) string {
	t.Helper()
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") == name {
			return attr(n, "value")
		}
	}
	t.Fatalf("page %q has no field %q; it says: %s", p.Title(), name, p.Text())
	return ""
}

// Link returns the address of the first link with this text, or "".
func (p *Page) Link(says string) string {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && text(n) == says {
			return attr(n, "href")
		}
	}
	return ""
}

func (p *Page) first(name string) string {
	if all := p.All(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// check returns which rules the page breaks (pages are forms and addresses:
// no script and no style of their own, a label for each field, one h1).
func (p *Page) check() (broken []string) {
	say := func(s string) { broken = append(broken, s) }
	ids, labeled := make(map[string]bool), make(map[string]bool)
	level := 0
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				say("two elements have the id " + id)
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				say(n.Data + " has the attribute " + a.Key)
			}
		}
		switch n.Data {
		case "label":
			labeled[attr(n, "for")] = true
		case "script":
			if src := attr(n, "src"); !strings.HasPrefix(src, "/assets/") || n.FirstChild != nil {
				say("there is a script that is none of the assets")
			}
		case "style":
			say("there is a style element")
		case "h1", "h2", "h3":
			now := int(n.Data[1] - '0')
			if now > level+1 && !(level == 0 && inProblem(n)) {
				say("heading levels have a gap at " + text(n))
			}
			level = now
		}
	}
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"input", "select", "textarea"}, n.Data) && !hidden(n) && !labeled[attr(n, "id")] {
			say("the field " + attr(n, "name") + " has no label")
		}
		for _, key := range []string{"aria-describedby", "aria-labelledby"} {
			for _, id := range strings.Fields(attr(n, key)) {
				if !ids[id] {
					say(key + " names " + id + ", which is not there")
				}
			}
		}
	}
	if n := len(p.All("h1")); n != 1 {
		say("there is not one h1")
	}
	if !strings.HasSuffix(p.Title(), "– entente") || p.Title() == "– entente" {
		say("the title does not end in the product's name")
	}
	return broken
}

// inProblem reports whether a heading is that of the box of problems, which
// stands above the h1.
func inProblem(n *html.Node) bool {
	return n.Parent != nil && attr(n.Parent, "class") == "problem"
}

// hidden reports whether nobody sees the field.
func hidden(n *html.Node) bool {
	isHidden := func(a html.Attribute) bool { return a.Key == "hidden" }
	for at := n; at != nil; at = at.Parent {
		if slices.ContainsFunc(at.Attr, isHidden) {
			return true
		}
	}
	return attr(n, "type") == "hidden"
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// typed returns what stands in a text area, space for space: the parser drops the
// line break that may follow the opening tag.
func typed(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		b.WriteString(c.Data)
	}
	return b.String()
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.Type == html.ElementNode && !slices.Contains([]string{"b", "a", "bdi", "code", "span", "time"}, c.Data):
			b.WriteString(" ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Offers returns the values of the check boxes and radio buttons with a name, in
// order: what can be picked.
func (p *Page) Offers(name string) (values []string) {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && slices.Contains([]string{"checkbox", "radio"}, attr(n, "type")) && attr(n, "name") == name {
			values = append(values, attr(n, "value"))
		}
	}
	return values
}

// Links returns the addresses of the page's links, in order.
func (p *Page) Links() (to []string) {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && has(n, "href") {
			to = append(to, attr(n, "href"))
		}
	}
	return to
}

// A Sending is a form that is sent by POST: where to, and its fields as they stand,
// without those of its buttons.
type Sending struct {
	To     string
	Fields url.Values
}

// Sendings returns the page's forms that are sent by POST, in order.
func (p *Page) Sendings() (all []Sending) {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") {
			fields, _ := form(n, func(string) bool { return false })
			all = append(all, Sending{attr(n, "action"), fields})
		}
	}
	return all
}
