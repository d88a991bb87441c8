package graph

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
)

// Why query options are refused.
const (
	pageSize        fault.Reason = "graph.page_size"
	unsupported     fault.Reason = "graph.unsupported"
	searchNeedsMore fault.Reason = "graph.search_needs_header"
	countNeedsMore  fault.Reason = "graph.count_needs_header"
	badFormat       fault.Reason = "graph.bad_format"
)

// options are the query options of a request, read.
type options struct {
	*odata.Options
	eventual bool     // ConsistencyLevel: eventual
	advanced bool     // and $count=true
	selected []string // as declared or as typed; nil when nothing is selected
}

func (c *call) readOptions() error {
	raw := c.r.URL.RawQuery
	if c.target.kind == toCollection && c.target.set().Words {
		raw, c.request.Words = cutSearch(raw)
	}
	o, err := odata.ParseOptions(raw)
	if err != nil {
		return err
	}
	c.options = options{Options: o, eventual: strings.EqualFold(c.r.Header.Get("ConsistencyLevel"), "eventual")}
	c.options.advanced = c.options.eventual && o.Count != nil && *o.Count
	if o.Format != "" && !strings.EqualFold(o.Format, "json") && !strings.HasPrefix(strings.ToLower(o.Format), "application/json") {
		return fault.Because(fault.Invalid, badFormat, "The format '%.100s' is not supported.", o.Format)
	}
	if err := c.readSelect(); err != nil {
		return err
	}
	return c.readExpand()
}

func unknownSelect(name string, t edm.Type) error {
	return fault.Because(fault.Invalid, edm.UnknownSelect,
		"Parsing OData Select and Expand failed: Could not find a property named '%.100s' on type '%s'.", name, t)
}

// readSelect reads $select.
func (c *call) readSelect() (err error) {
	c.options.selected, err = c.selection(c.shown(), c.target.set(), c.options.Select)
	c.request.Selected = c.names(c.shown(), c.options.selected)
	return err
}

// selection gathers the names in a $select: as declared, or as typed where no
// property is called so. Nil selects what is shown when nothing is selected; an
// asterisk does so as well.
func (c *call) selection(t edm.Type, set *edm.Set, items []odata.Item) ([]string, error) {
	if len(items) == 0 {
		return nil, nil
	}
	selected, v := []string{}, c.request.Version
	for _, item := range items {
		name := item.Path[0]
		switch {
		case name == "*":
			return nil, nil
		case len(item.Path) > 1:
			return nil, unknownSelect(strings.Join(item.Path, "/"), t)
		case set.Part(v, name) != nil:
			continue // a part is no property: it would come with $expand
		}
		if p := c.Registry.FindProp(t, v, name); p != nil {
			name = p.In(v)
		}
		selected = append(selected, name)
	}
	return selected, nil
}

// names returns the selected properties by v1.0's names, or nil.
func (c *call) names(t edm.Type, selected []string) map[string]bool {
	if selected == nil {
		return nil
	}
	names := make(map[string]bool)
	for _, name := range selected {
		if p := c.Registry.FindProp(t, c.request.Version, name); p != nil {
			names[p.Name] = true
		}
	}
	return names
}

// shown is the type of the entities in the answer.
func (c *call) shown() edm.Type {
	if c.target.cast != "" {
		return c.target.cast
	}
	return c.target.set().Type
}

// readQuery reads what a list is asked: filter, order, page.
func (c *call) readQuery(g edm.Grant) error {
	set, o := c.target.set(), c.options
	asker := edm.Asker{Version: c.request.Version, Type: c.shown(), Advanced: o.advanced, Grant: g, Scope: c.request.Who.Tenant}
	if c.target.kind == toCount {
		asker.Advanced = o.eventual
	}
	if set.Linked && !set.Unpaged && c.target.cast == "" {
		if t := c.Registry.Lender(asker.Type, asker.Version, o.Filter, lenders); t != "" {
			asker.Type, c.request.Cast = t, t
		}
	}
	switch {
	case o.DeltaToken != "":
		return fault.Because(fault.Invalid, unsupported, "'$deltatoken' is not supported by the service.")
	case o.Skip != nil:
		return fault.Because(fault.Invalid, unsupported, "'$skip' is not supported by the service.")
	case c.target.cast != "" && set.Advanced && o.Count != nil && *o.Count && !o.eventual:
		return edm.NeedAdvanced()
	case o.Search != nil && !o.eventual:
		return fault.Because(fault.Invalid, searchNeedsMore,
			"Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	q := query.Query{}
	var err error
	asker.Grant = c.asks(g, asker.Type)
	if q.Filter, err = c.Registry.Filter(asker, o.Filter); err != nil {
		return c.explainReach(err)
	}
	if q.Filter, err = c.searched(asker, q.Filter); err != nil {
		return c.explainReach(err)
	}
	if q.Order, err = c.Registry.Order(asker, o.OrderBy, o.Filter != nil); err != nil {
		return c.explainReach(err)
	}
	if q.Page.Limit, err = pageOf(set, o.Top); err != nil {
		return err
	}
	if c.expand != nil && c.expand.levels > 1 {
		q.Page.Limit = min(q.Page.Limit, maxBelow/c.expand.levels)
	}
	if most := c.prefer.pageSize; most > 0 && o.Top == nil && q.Page.Limit > most {
		q.Page.Limit = most
		c.w.Header().Add("Preference-Applied", "odata.maxpagesize="+strconv.Itoa(most))
	}
	if o.SkipToken != "" {
		if q.Page.After, err = c.openToken(o.SkipToken); err != nil {
			return err
		}
	}
	c.request.Query = q
	first := o.SkipToken == ""
	c.request.Count = first && o.Count != nil && *o.Count && (!set.Advanced || o.eventual)
	return nil
}

// cutSearch takes the option search out of a query: its words, which are not
// OData's. An option that cannot be read stays for the parser to refuse.
func cutSearch(raw string) (rest, words string) {
	var kept []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil && strings.EqualFold(strings.TrimPrefix(name, "$"), "search") {
			if text, err := url.QueryUnescape(value); err == nil && len(text) <= maxWords {
				words = text
				continue
			}
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&"), words
}

// maxWords bounds what a list is asked by ?search=.
const maxWords = 200

// lenders are the types by whose properties a list of directory objects can be
// asked without a cast; it has entities of that type alone then.
var lenders = []edm.Type{edm.Of("user"), edm.Of("group")}

// searched adds what $search asks to a condition.
func (c *call) searched(a edm.Asker, filter query.Expr) (query.Expr, error) {
	s, err := c.Registry.Search(a, c.options.Search)
	switch {
	case err != nil || s == nil:
		return filter, err
	case filter == nil:
		return s, nil
	}
	return query.And{filter, s}, nil
}

// pageOf returns how many entities a page has.
func pageOf(set *edm.Set, top *int) (int, error) {
	switch {
	case set.Unpaged:
		return 0, nil
	case top == nil:
		return set.UsualPage(), nil
	case *top < 1 || *top > set.MaxPage():
		return 0, fault.Because(fault.Invalid, pageSize,
			"Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", *top, set.MaxPage())
	}
	return *top, nil
}

// openToken returns where the page that a link leads to begins. The token
// opens for this tenant, path and question only.
func (c *call) openToken(token string) ([]any, error) {
	sealed, err := decodeToken(token)
	if err == nil {
		var plain []byte
		if plain, err = c.Ring.Open(sealed, c.tokenContext()...); err == nil {
			return query.ParseAfter(string(plain))
		}
	}
	return nil, fault.Because(fault.Invalid, badToken, "The specified page token value has expired and can no longer be included in your request.").Wrap(err)
}

const badToken fault.Reason = "graph.bad_page_token"

// tokenContext is what a page's start belongs to: tenant, path, and the
// options by which rows are chosen and ordered.
func (c *call) tokenContext() []string {
	parts := []string{"graph page", string(c.request.Who.Tenant), strings.ToLower(c.r.URL.Path)}
	for _, name := range []string{"$filter", "$orderby", "$search"} {
		parts = append(parts, c.given(name))
	}
	if c.request.Words != "" {
		parts = append(parts, c.request.Words)
	}
	return parts
}

func (c *call) given(name string) string {
	for _, g := range c.options.Given {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

// nextLink returns the address of the page that begins at next. It repeats the
// options of the request and speaks of the host that was asked.
func (c *call) nextLink(next []any) (string, error) {
	sealed, err := c.Ring.Seal([]byte(query.FormatAfter(next)), c.tokenContext()...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(c.Hosts.Base(c.r) + c.r.URL.EscapedPath() + "?")
	for _, g := range c.options.Given {
		if g.Name != "$skiptoken" {
			b.WriteString(escapeName(g.Name) + "=" + url.QueryEscape(g.Value) + "&")
		}
	}
	if c.request.Words != "" {
		b.WriteString("search=" + url.QueryEscape(c.request.Words) + "&")
	}
	b.WriteString("$skiptoken=" + encodeToken(sealed))
	return b.String(), nil
}

// escapeName escapes the name of an option and leaves its dollar sign alone,
// as Graph does.
func escapeName(name string) string {
	if rest, ok := strings.CutPrefix(name, "$"); ok {
		return "$" + url.QueryEscape(rest)
	}
	return url.QueryEscape(name)
}

// preferences are what the header Prefer asks for (RFC 7240).
type preferences struct {
	representation, minimal, createIfMissing bool

	pageSize int // odata.maxpagesize; 0 where absent
}

func preferencesOf(r *http.Request) preferences {
	var p preferences
	for _, line := range r.Header.Values("Prefer") {
		for word := range strings.SplitSeq(line, ",") {
			word = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(word), " ", ""))
			if n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(word, "odata."), "maxpagesize=")); err == nil && n > 0 {
				p.pageSize = n
			}
			switch word {
			case "return=representation":
				p.representation = true
			case "return=minimal":
				p.minimal = true
			case "create-if-missing":
				p.createIfMissing = true
			}
		}
	}
	return p
}
