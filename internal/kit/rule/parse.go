package rule

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"entente/internal/kit/query"
)

// Parse reads a rule about what the schema has. A fault is an *Error.
func Parse(text string, s Schema) (*Rule, error) {
	runes := []rune(text)
	if len(runes) > MaxText {
		return nil, &Error{Pos: MaxText + 1, Say: fmt.Sprintf("A rule has at most %d characters.", MaxText)}
	}
	tokens, err := lex(runes)
	if err != nil {
		return nil, err
	}
	p := &parser{schema: s, tokens: tokens}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.tokens[0]; t.kind != end {
		return nil, p.wrong(t, "-and, -or or the end")
	}
	return &Rule{root, text}, nil
}

type parser struct {
	schema Schema
	tokens []token // what is left; the last is the end
	depth  int
	inside bool // of -any or -all, where there is an item
}

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take reports whether the next token is this word or mark, and goes past it.
func (p *parser) take(k kind, text string) bool {
	if t := p.tokens[0]; t.kind != k || t.text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) wrong(t token, want string) error {
	have := "'" + t.raw + "'"
	if t.kind == end {
		have = "the end"
	}
	return &Error{Pos: t.pos, Say: "There is " + have + " where " + want + " was expected."}
}

func (p *parser) or() (expr, error) {
	list, err := p.joined("or", func() (expr, error) {
		list, err := p.joined("and", p.not)
		if err != nil || len(list) == 1 {
			return first(list), err
		}
		return all(list), nil
	})
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	return some(list), nil
}

func first(list []expr) expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (p *parser) joined(by string, part func() (expr, error)) ([]expr, error) {
	var list []expr
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if !p.take(word, by) {
			return list, nil
		}
	}
}

// not reads a comparison, one in parentheses, or the opposite of one.
func (p *parser) not() (expr, error) {
	t := p.tokens[0]
	if p.depth++; p.depth > maxDepth {
		return nil, &Error{Pos: t.pos, Say: fmt.Sprintf("The rule is nested deeper than %d levels.", maxDepth)}
	}
	defer func() { p.depth-- }()
	switch {
	case p.take(word, "not"):
		e, err := p.not()
		return not{e}, err
	case p.take(mark, "("):
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.take(mark, ")") {
			return nil, p.wrong(p.tokens[0], "')'")
		}
		return e, nil
	}
	return p.comparison()
}

// operators are those of each type, without the ones that say "not".
var operators = map[Type][]string{
	Text:  {"eq", "startswith", "endswith", "contains", "match", "in"},
	Texts: {"eq", "startswith", "endswith", "contains", "match", "in"},
	Bool:  {"eq"},
	Time:  {"eq", "ge", "le"},
}

// opposites are the operators that say "not", and of what.
var opposites = map[string]string{
	"ne": "eq", "notstartswith": "startswith", "notendswith": "endswith", "notcontains": "contains", "notmatch": "match", "notin": "in",
}

func (p *parser) comparison() (expr, error) {
	name, of, err := p.property()
	if err != nil {
		return nil, err
	}
	t := p.next()
	if t.kind != word {
		return nil, p.wrong(t, "an operator")
	}
	if t.text == "any" || t.text == "all" {
		if of != Texts {
			return nil, &Error{Pos: t.pos, Say: "-" + t.text + " needs a property with several values; " + name + " has one."}
		}
		return p.each(name, t.text == "all")
	}
	op, opposite := t.text, false
	if o, ok := opposites[op]; ok {
		op, opposite = o, true
	}
	c, err := p.against(compare{property: name, op: op}, of, t)
	if err != nil || !opposite {
		return c, err
	}
	return not{c}, nil
}

// property reads what is compared.
func (p *parser) property() (string, Type, error) {
	t := p.next()
	if t.kind != word {
		return "", 0, p.wrong(t, "a property such as "+p.schema.Object+".department")
	}
	switch object, name, dotted := strings.Cut(t.raw, "."); {
	case t.raw == item && p.inside:
		return item, Text, nil
	case t.raw == item:
		return "", 0, &Error{Pos: t.pos, Say: "'_' is an item of a collection, and stands within -any or -all."}
	case !dotted:
		return "", 0, p.wrong(t, "a property such as "+p.schema.Object+".department")
	case p.inside:
		return "", 0, &Error{Pos: t.pos, Say: "'" + t.raw + "' cannot stand within -any or -all, which speak of '_'.", Unsupported: true}
	case !strings.EqualFold(object, p.schema.Object):
		return "", 0, &Error{Pos: t.pos, Say: "Rules about '" + object + "' are not supported here; this one is about '" + p.schema.Object + "'.", Unsupported: true}
	default:
		name, of, ok := p.schema.lookup(name)
		if !ok {
			return "", 0, &Error{Pos: t.pos, Say: "The property '" + t.raw + "' is not supported in rules.", Unsupported: true}
		}
		return name, of, nil
	}
}

// each reads what is said of the items of a collection.
func (p *parser) each(name string, every bool) (expr, error) {
	if !p.take(mark, "(") {
		return nil, p.wrong(p.tokens[0], "'('")
	}
	p.inside = true
	e, err := p.or()
	p.inside = false
	if err != nil {
		return nil, err
	}
	if !p.take(mark, ")") {
		return nil, p.wrong(p.tokens[0], "')'")
	}
	return each{name, every, e}, nil
}

// against reads the value that a property is compared with.
func (p *parser) against(c compare, of Type, op token) (expr, error) {
	known := false
	for _, o := range operators[of] {
		known = known || o == c.op
	}
	if !known {
		return nil, &Error{Pos: op.pos, Say: "'" + op.raw + "' is no operator for the property " + c.property + ".", Unsupported: true}
	}
	t := p.tokens[0]
	if t.kind == word && (t.text == "null" || t.text == "$null") {
		p.next()
		if c.op != "eq" {
			return nil, &Error{Pos: t.pos, Say: "null can be compared by -eq and -ne alone."}
		}
		c.op = isNull
		return c, nil
	}
	if c.op == "in" {
		return p.list(c)
	}
	p.next()
	switch of {
	case Bool:
		if !strings.EqualFold(t.text, "true") && !strings.EqualFold(t.text, "false") || t.kind != word && t.kind != quoted {
			return nil, p.wrong(t, "true or false")
		}
		c.flag = strings.EqualFold(t.text, "true")
		return c, nil
	case Time:
		return p.time(c, t)
	}
	if t.kind != quoted && t.kind != number {
		return nil, p.wrong(t, "a text in quotes")
	}
	if t.text == "" {
		return nil, &Error{Pos: t.pos, Say: "An empty text equals nothing; write null for a property without a value."}
	}
	if c.op != "match" {
		c.values = []string{query.Fold(t.text)}
		return c, nil
	}
	var err error
	if c.pattern, err = pattern(t.text); err != nil {
		return nil, &Error{Pos: t.pos, Say: fmt.Sprintf("The pattern is not supported: %.200s.", strings.TrimPrefix(err.Error(), "error parsing regexp: ")), Unsupported: true}
	}
	return c, nil
}

// pattern compiles what -match compares with. Repetitions make a short pattern a
// large one; such a one is refused.
func pattern(text string) (*regexp.Regexp, error) {
	text = "(?is)" + text
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxPattern {
		return nil, errors.New("it repeats too much")
	}
	return regexp.Compile(text)
}

func (p *parser) time(c compare, t token) (expr, error) {
	if t.kind == word && t.text == "system.now" {
		return nil, &Error{Pos: t.pos, Say: "system.now is not supported: a rule is looked at when an attribute changes, not when time passes.", Unsupported: true}
	}
	if t.kind != quoted && t.kind != number {
		return nil, p.wrong(t, "a time such as 2026-06-10T18:13:20Z")
	}
	at, err := time.Parse(time.RFC3339, t.text)
	if err != nil {
		return nil, p.wrong(t, "a time such as 2026-06-10T18:13:20Z")
	}
	c.at = at
	return c, nil
}

// list reads the values of -in.
func (p *parser) list(c compare) (expr, error) {
	if !p.take(mark, "[") {
		return nil, p.wrong(p.tokens[0], "'['")
	}
	for {
		t := p.next()
		if t.kind != quoted && t.kind != number {
			return nil, p.wrong(t, "a text in quotes")
		}
		c.values = append(c.values, query.Fold(t.text))
		if p.take(mark, "]") {
			return c, nil
		}
		if !p.take(mark, ",") {
			return nil, p.wrong(p.tokens[0], "',' or ']'")
		}
	}
}
