package portal

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"entente/internal/kit/fault"
	"entente/internal/kit/query"
)

// PageSize is how many rows a page of a list shows.
const PageSize = 50

// A List is a page of a list that may be long: what it is filtered by, its
// rows, and where the next page begins.
type List struct {
	Do     []Link // what can be done besides the page's main way on
	Filter *Filter
	None   *Nothing // instead of the table
	Table  *Table
	First  string // back to the first page, or nothing
	Next   string // the next page, or nothing
}

// A Filter is the form above a list. It asks by address: what is shown can be
// sent to a colleague.
type Filter struct {
	To      string // the list's address
	Label   string // what the form does, such as "Search users"
	Find    *Field // one beginning, or nil
	Selects []Select
	Chips   []Link // what is filtered by; each leads to the list without it
	Keep    []Kept // what else it is filtered by
}

// MaxFind is how many bytes of a beginning are looked for.
const MaxFind = 256

// NewFilter reads from the address what a list is filtered by. An answer that is
// none of a select's options counts as not given.
func NewFilter(r *http.Request, label string, find *Field, selects ...Select) *Filter {
	f := &Filter{To: r.URL.EscapedPath(), Label: label}
	given := r.URL.Query()
	without := func(name string) string {
		q := url.Values{}
		for k, v := range given {
			if k != name && k != "after" {
				q[k] = v
			}
		}
		if len(q) == 0 {
			return f.To
		}
		return f.To + "?" + q.Encode()
	}
	if find != nil {
		field := *find
		field.Name, field.Type, field.Autocomplete = field.ID, "search", "off"
		field.Value = Clip(strings.TrimSpace(given.Get(field.Name)), MaxFind)
		field.Optional = true
		f.Find = &field
		if field.Value != "" {
			f.Chips = append(f.Chips, Link{Text: field.Label + " “" + Inert(field.Value) + "”", To: without(field.Name)})
		}
	}
	for _, s := range selects {
		s.Name, s.Optional = s.ID, true
		value := given.Get(s.Name)
		i := slices.IndexFunc(s.Options, func(o Option) bool { return o.Value == value })
		if i >= 0 && value != "" {
			s.Value = value
			f.Chips = append(f.Chips, Link{Text: s.Label + ": " + s.Options[i].Label, To: without(s.Name)})
		}
		f.Selects = append(f.Selects, s)
	}
	return f
}

// Value returns what the list is filtered by under a name, or "".
func (f *Filter) Value(name string) string {
	if f.Find != nil && f.Find.Name == name {
		return f.Find.Value
	}
	for _, s := range f.Selects {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// Set reports whether the list is filtered.
func (f *Filter) Set() bool { return len(f.Chips) > 0 }

// Missed is what stands where nothing meets the filter.
func (f *Filter) Missed() *Nothing {
	return &Nothing{Title: "Nothing meets the filter", Text: "Change what is looked for, or see everything.", Do: &Link{Text: "Show all", To: f.To}}
}

// NoListPage is the fault of an address that names a place which no list has.
func NoListPage(err error) error {
	return fault.New(fault.NotFound, "There is no such page of the list.").Wrap(err)
}

// PageOf reads which page of a list is wanted. Where it begins proves nothing:
// what a reader may not see does not follow from anywhere.
func PageOf(r *http.Request) (query.Page, error) {
	page := query.Page{Limit: PageSize}
	text := r.URL.Query().Get("after")
	if text == "" {
		return page, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		page.After, err = query.ParseAfter(string(plain))
	}
	if err != nil {
		return page, NoListPage(err)
	}
	return page, nil
}

// NextPage returns the address of the page after this one, or nothing.
func NextPage(r *http.Request, after []any) string {
	if len(after) == 0 {
		return ""
	}
	return NextAfter(r, query.FormatAfter(after))
}

// AfterOf returns where the page begins that the address names, of a list whose
// places are words.
func AfterOf(r *http.Request) (string, error) {
	plain, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("after"))
	if err != nil || len(plain) > maxAfter || !utf8.Valid(plain) || bytes.IndexByte(plain, 0) >= 0 {
		return "", NoListPage(err)
	}
	return string(plain), nil
}

// maxAfter bounds the place where a page begins.
const maxAfter = 1024

// NextAfter is NextPage of a list whose places are words.
func NextAfter(r *http.Request, after string) string {
	if after == "" {
		return ""
	}
	q := r.URL.Query()
	q.Set("after", base64.RawURLEncoding.EncodeToString([]byte(after)))
	return r.URL.EscapedPath() + "?" + q.Encode()
}

// FirstPage returns the address of a list's first page, or nothing on that page.
func FirstPage(r *http.Request) string {
	q := r.URL.Query()
	if !q.Has("after") {
		return ""
	}
	q.Del("after")
	if len(q) == 0 {
		return r.URL.EscapedPath()
	}
	return r.URL.EscapedPath() + "?" + q.Encode()
}

// BadPage tells a page of a list that does not exist as one: a place where no
// page begins is refused by the store.
func BadPage(err error) error {
	if fault.Public(err).Code == fault.Invalid {
		return NoListPage(err)
	}
	return err
}
