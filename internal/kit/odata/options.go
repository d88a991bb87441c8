package odata

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"entente/internal/kit/fault"
)

// known lists the options that are read; they need no "$".
var known = []string{"filter", "search", "select", "expand", "orderby", "top", "skip", "count", "skiptoken", "deltatoken", "format", "id"}

// ParseOptions reads the raw query of a request: what follows the question
// mark, still escaped. Options of other makers, without "$", are only listed.
func ParseOptions(query string) (*Options, error) {
	if len(query) > MaxText {
		return nil, tooComplex("query", "The query is longer than %d bytes.", MaxText)
	}
	o := &Options{}
	var odd error
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		err := o.add(pair)
		switch {
		case errors.Is(err, Unsupported):
			odd = cmp.Or(odd, err)
		case err != nil:
			return nil, err
		}
	}
	if odd != nil {
		return nil, odd
	}
	return o, nil
}

// add reads one option of the query.
func (o *Options) add(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := unescape("query", rawName)
	if err != nil {
		return err
	}
	value, err := unescape(name, rawValue)
	if err != nil {
		return err
	}
	plain := strings.ToLower(strings.TrimPrefix(name, "$"))
	switch {
	case slices.Contains(known, plain) && (plain != "id" || name[0] == '$'):
		name = "$" + plain
	case strings.HasPrefix(name, "$"):
		return unknownOption(name)
	default:
		o.Given = append(o.Given, Given{name, value})
		return nil
	}
	if name != "$format" && slices.ContainsFunc(o.Given, func(g Given) bool { return g.Name == name }) {
		return refusal(Syntax, name, value, 0, "Syntax error: the option is given twice,")
	}
	o.Given = append(o.Given, Given{name, value})
	return parse(name, value, func(p *parser) error { return p.value(o, plain) })
}

// unknownOption refuses an option that begins with "$" and is none of ours: as
// Unsupported when it could be an option, as Syntax otherwise.
func unknownOption(name string) error {
	for i, c := range name[1:] {
		if !('a' <= c|0x20 && c|0x20 <= 'z') {
			return refusal(Syntax, "query", name, i+1, "Syntax error: expected the name of an option")
		}
	}
	return refusal(Unsupported, name, name, 0, "Not supported: the option")
}

// unescape decodes a name or value of the query, "+" as a space.
func unescape(option, raw string) (string, error) {
	text, err := url.QueryUnescape(raw)
	if err != nil {
		bad, _ := errors.AsType[url.EscapeError](err)
		return "", refusal(Syntax, option, raw, strings.Index(raw, string(bad)), "Syntax error: a bad escape")
	}
	if !utf8.ValidString(text) {
		return "", fault.Because(fault.Invalid, Syntax, "Syntax error: %s is not UTF-8.", option).
			With("position", "0").With("option", option).With("text", strings.ToValidUTF8(text, "\ufffd"))
	}
	return text, nil
}

// value reads the value of a known option, which begins here, into o.
func (p *parser) value(o *Options, plain string) (err error) {
	switch plain {
	case "filter":
		o.Filter, err = p.expr()
	case "search":
		o.Search, err = p.search()
	case "select":
		o.Select, err = p.selected()
	case "expand":
		o.Expand, err = p.expanded()
	case "orderby":
		o.OrderBy, err = p.ordered()
	case "top":
		o.Top, err = p.natural()
	case "skip":
		o.Skip, err = p.natural()
	case "count":
		switch p.word("true", "false") {
		case "true":
			o.Count = new(true)
		case "false":
			o.Count = new(false)
		default:
			err = p.syntax(p.pos, "true or false")
		}
	case "levels":
		o.Levels, err = p.levels()
	case "skiptoken":
		o.SkipToken = p.rest()
	case "deltatoken":
		o.DeltaToken = p.rest()
	case "format":
		o.Format = p.rest()
	case "id":
		o.ID = p.rest()
	}
	return err
}

// rest takes all that follows as it is.
func (p *parser) rest() string {
	s := p.text[p.pos:]
	p.pos = len(p.text)
	return s
}

// natural reads a number from 0 of at most nine digits.
func (p *parser) natural() (*int, error) {
	start := p.pos
	n := p.digits()
	if n == 0 || n > 9 {
		return nil, p.syntax(start, "a non-negative integer")
	}
	v, err := strconv.Atoi(p.text[start:p.pos])
	return &v, err
}

// levels reads a number from 1, or max.
func (p *parser) levels() (int, error) {
	if p.word("max") != "" {
		return -1, nil
	}
	if p.peek() == '0' {
		return 0, p.syntax(p.pos, "max or a number without a leading zero")
	}
	n, err := p.natural()
	if err != nil {
		return 0, err
	}
	return *n, nil
}

// ordered reads the items of $orderby.
func (p *parser) ordered() ([]Order, error) {
	var list []Order
	for {
		if err := p.items(len(list)); err != nil {
			return nil, err
		}
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		p.space()
		list = append(list, Order{e, p.word("asc", "desc") == "desc"})
		if !p.comma() {
			return list, nil
		}
	}
}

// selected reads the items of $select.
func (p *parser) selected() ([]Item, error) {
	var list []Item
	for {
		if err := p.items(len(list)); err != nil {
			return nil, err
		}
		item := Item{At: At(p.pos)}
		for {
			name, err := p.itemName()
			if err != nil {
				return nil, err
			}
			item.Path = append(item.Path, name)
			if err := p.node(); err != nil {
				return nil, err
			}
			if !p.take('/') {
				break
			}
		}
		if p.peek() == '(' {
			p.unsupported(p.pos, "options and parameters in $select")
			if err := p.selectBrackets(); err != nil {
				return nil, err
			}
		}
		list = append(list, item)
		if !p.comma() {
			return list, nil
		}
	}
}

// selectBrackets reads what may follow an item of $select: nested options, or
// the names of a function's parameters.
func (p *parser) selectBrackets() error {
	at := p.pos
	p.pos++
	p.space()
	for first := true; ; first = false {
		if p.name() == "" {
			if first && p.take(')') {
				return nil
			}
			break
		}
		if !p.comma() {
			break
		}
	}
	if p.take(')') {
		return nil
	}
	p.pos = at
	return p.brackets(&Options{}, "filter", "search", "select", "expand", "orderby", "top", "skip", "count", "compute")
}

// itemName reads one name of a path in $select or $expand. Annotations are well
// formed, but not supported.
func (p *parser) itemName() (string, error) {
	at := p.pos
	switch c := p.peek(); {
	case c == '*':
		p.pos++
		return "*", nil
	case c == '@':
		p.pos++
		p.unsupported(at, "annotations")
	}
	name := p.qualified()
	if name == "" {
		return "", p.syntax(p.pos, "a name")
	}
	if strings.HasPrefix(p.text[p.pos:], ".*") {
		p.pos += len(".*")
		p.unsupported(at, "all operations of a namespace")
	}
	return name, nil
}

// expanded reads the items of $expand.
func (p *parser) expanded() ([]Expand, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var list []Expand
	for {
		if err := p.items(len(list)); err != nil {
			return nil, err
		}
		item, err := p.expandItem()
		if err != nil {
			return nil, err
		}
		list = append(list, *item)
		if !p.comma() {
			return list, nil
		}
	}
}

func (p *parser) expandItem() (*Expand, error) {
	item := &Expand{At: At(p.pos)}
	if p.dollar("$value") {
		p.unsupported(item.Pos(), "$value in $expand")
		return item, nil
	}
	for {
		name, err := p.itemName()
		if err != nil {
			return nil, err
		}
		item.Path = append(item.Path, name)
		if err := p.node(); err != nil {
			return nil, err
		}
		if !p.take('/') {
			break
		}
		if item.Ref = p.dollar("$ref"); item.Ref {
			break
		}
		if item.Count = p.dollar("$count"); item.Count {
			break
		}
	}
	if p.peek() != '(' {
		return item, nil
	}
	may := []string{"filter", "search", "select", "expand", "orderby", "top", "skip", "count", "levels", "compute"}
	switch {
	case item.Count:
		may = []string{"filter", "search"}
	case item.Ref:
		may = []string{"filter", "search", "orderby", "top", "skip", "count"}
	}
	return item, p.brackets(&item.Options, may...)
}

// dollar skips a word that begins with "$", in any case.
func (p *parser) dollar(word string) bool {
	end := p.pos + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], word) || p.nameEnd(p.pos+1) != end {
		return false
	}
	p.pos = end
	return true
}

// brackets reads nested options: name=value, separated by ';'.
func (p *parser) brackets(o *Options, may ...string) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	defer func(outer bool) { p.nested = outer }(p.nested)
	p.nested = true
	p.pos++
	var seen []string
	for {
		p.space()
		if err := p.node(); err != nil {
			return err
		}
		at := p.pos
		plain, err := p.nestedName(may)
		if err != nil {
			return err
		}
		if plain != "" && slices.Contains(seen, plain) {
			return p.syntax(at, "each option once")
		}
		seen = append(seen, plain)
		p.space()
		if plain == "" || plain == "compute" {
			err = p.skipValue()
		} else {
			err = p.value(o, plain)
		}
		if err != nil {
			return err
		}
		p.space()
		if !p.take(';') {
			return p.want(')')
		}
	}
}

// nestedName reads the name of a nested option and the sign after it; the name
// is empty for what is to be skipped.
func (p *parser) nestedName(may []string) (string, error) {
	at := p.pos
	alias := p.take('@')
	if !alias {
		p.take('$')
	}
	plain := strings.ToLower(p.name())
	switch {
	case alias:
		p.unsupported(at, "parameter aliases")
		plain = ""
	case !slices.Contains(may, plain):
		return "", p.syntax(at, "an option that may stand here")
	case plain == "compute":
		p.unsupported(at, "$compute")
	}
	p.space()
	return plain, p.want('=')
}

// optionFollows reports whether the ';' that comes next separates nested
// options, and is no part of a word that is searched for.
func (p *parser) optionFollows() bool {
	q := parser{text: p.text, pos: p.pos + 1}
	q.space()
	q.take('$')
	name := q.name()
	q.space()
	return p.nested && name != "" && q.peek() == '='
}
