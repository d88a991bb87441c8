package odata

import (
	"errors"
	"strings"
)

// ParseFilter reads the decoded value of $filter.
func ParseFilter(text string) (Expr, error) {
	var e Expr
	err := parse("$filter", text, func(p *parser) (err error) {
		e, err = p.expr()
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// parse reads a whole value: read must leave nothing over. A mistake in the
// text is told before what is not supported.
func parse(option, text string, read func(*parser) error) error {
	if len(text) > MaxText {
		return tooComplex(option, "%s is longer than %d bytes.", option, MaxText)
	}
	p := &parser{option: option, text: text}
	p.space()
	if err := read(p); err != nil {
		return err
	}
	p.space()
	if p.pos < len(p.text) {
		return p.syntax(p.pos, "the end")
	}
	if p.odd != nil {
		return p.odd
	}
	return nil
}

// expr reads an expression. The methods below stand in the order of precedence,
// weakest first (OData 4.01, part 2, section 5.1.1.16).
func (p *parser) expr() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.logic("or", func() (Expr, error) {
		return p.logic("and", p.equality)
	})
}

// logic reads operands joined by a word.
func (p *parser) logic(word string, operand func() (Expr, error)) (Expr, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	var l *Logic
	for {
		p.space()
		if p.word(word) == "" {
			break
		}
		if l == nil {
			l = &Logic{At(first.Pos()), word, []Expr{first}}
		}
		p.space()
		next, err := operand()
		if err != nil {
			return nil, err
		}
		l.Parts = append(l.Parts, next)
	}
	if l == nil {
		return first, nil
	}
	return l, p.node()
}

func (p *parser) equality() (Expr, error) {
	x, err := p.relation()
	for err == nil {
		p.space()
		op := p.word("eq", "ne")
		if op == "" {
			return x, nil
		}
		p.space()
		var y Expr
		if y, err = p.relation(); err == nil {
			x = &Compare{At(x.Pos()), op, x, y}
			err = p.node()
		}
	}
	return nil, err
}

func (p *parser) relation() (Expr, error) {
	x, err := p.sum()
	for err == nil {
		p.space()
		at := p.pos
		op := p.word("ge", "gt", "le", "lt", "in", "has")
		if op == "" {
			return x, nil
		}
		p.space()
		if op == "in" {
			if x, err = p.in(x); err == nil {
				err = p.node()
			}
			continue
		}
		if op == "has" {
			p.unsupported(at, "has")
		}
		var y Expr
		if y, err = p.sum(); err == nil {
			x = &Compare{At(x.Pos()), op, x, y}
			err = p.node()
		}
	}
	return nil, err
}

// sum reads operands joined by arithmetic, which is not supported.
func (p *parser) sum() (Expr, error) {
	x, err := p.unary()
	for err == nil {
		p.space()
		at := p.pos
		op := p.word("add", "sub", "mul", "divby", "div", "mod")
		if op == "" {
			return x, nil
		}
		p.unsupported(at, op)
		p.space()
		_, err = p.unary()
	}
	return nil, err
}

// unary reads an operand with what stands before it. The grammar gives "not"
// the whole rest of a comparison, and so do we: not a eq b is not (a eq b).
func (p *parser) unary() (Expr, error) {
	at := p.pos
	if p.peek() == '-' && !p.numberFollows() {
		p.pos++
		p.space()
		p.unsupported(at, "a minus sign before an expression")
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer p.leave()
		return p.unary()
	}
	if p.word("not") == "" {
		return p.operand()
	}
	if c := p.peek(); c != ' ' && c != '\t' && c != '(' {
		p.pos = at // a property of that name
		return p.operand()
	}
	p.space()
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.equality()
	if err != nil {
		return nil, err
	}
	return &Not{At(at), x}, p.node()
}

// operand reads a value, a bracket, a function or a path.
func (p *parser) operand() (Expr, error) {
	if err := p.node(); err != nil {
		return nil, err
	}
	at := p.pos
	switch c := p.peek(); {
	case c == '(':
		return p.bracket()
	case c == '\'':
		s, err := p.quoted()
		return &Literal{At: At(at), Kind: String, Text: s}, err
	case c == '[':
		return p.array()
	case c == '{':
		return p.object()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	if l := p.guid(); l != nil {
		return l, nil
	}
	if p.nameEnd(at) > at {
		end, name := at, p.qualified()
		end, p.pos = p.pos, at
		if end < len(p.text) && p.text[end] == '\'' {
			p.pos = end
			return p.typed(at, name)
		}
		if l := constant(at, name); l != nil && !p.pathFollows(end) {
			p.pos = end
			return l, nil
		}
	}
	return p.path()
}

// pathFollows reports whether the name that ends at i is part of a path or a
// function, and so no constant.
func (p *parser) pathFollows(i int) bool {
	return i < len(p.text) && (p.text[i] == '/' || p.text[i] == '(')
}

// bracket reads an expression in round brackets.
func (p *parser) bracket() (Expr, error) {
	p.pos++
	p.space()
	e, err := p.expr()
	if err != nil {
		return nil, err
	}
	p.space()
	return e, p.want(')')
}

// path reads a path or a function: names joined by '/', which may end in
// $count, any(…) or all(…).
func (p *parser) path() (Expr, error) {
	path := &Path{At: At(p.pos)}
	for {
		e, err := p.step(path)
		if e != nil || err != nil {
			return e, err
		}
		if !p.take('/') {
			return path, nil
		}
		if err := p.node(); err != nil {
			return nil, err
		}
	}
}

// errNoStep tells that no name stands where a path needs one.
var errNoStep = errors.New("no step of a path")

// step reads one name of a path and adds it. When the step completes the
// operand (a function, a lambda), the operand is returned.
func (p *parser) step(path *Path) (Expr, error) {
	at := p.pos
	name, err := p.stepName(len(path.Names) == 0)
	if errors.Is(err, errNoStep) {
		if len(path.Names) == 0 {
			return nil, p.syntax(at, "an expression")
		}
		return nil, p.syntax(at, "a name")
	}
	if err != nil {
		return nil, err
	}
	path.Names = append(path.Names, name)
	if p.peek() != '(' {
		return nil, nil
	}
	switch lower := strings.ToLower(name); {
	case lower == "any" || lower == "all":
		path.Names = path.Names[:len(path.Names)-1]
		return p.lambda(path, lower == "all")
	case strings.HasPrefix(name, "$"):
		return nil, p.optionsOf(at, name)
	case len(path.Names) == 1 && (lower == "startswith" || lower == "endswith" || lower == "contains"):
		args, err := p.args()
		return &Call{path.At, lower, args}, err
	default:
		p.unsupported(at, name+"(…)")
		_, err := p.args()
		return nil, err
	}
}

// stepName reads the name of a step. Annotations, type casts and parameter
// aliases are well formed, but not supported.
func (p *parser) stepName(first bool) (string, error) {
	at := p.pos
	switch p.peek() {
	case '$':
		p.pos++
		name := "$" + strings.ToLower(p.name())
		switch name {
		case "$it", "$this", "$root":
			if !first {
				return "", p.syntax(at, "a name")
			}
		case "$count":
		case "$filter":
			p.unsupported(at, name)
		default:
			return "", p.syntax(at, "a name")
		}
		return name, nil
	case '@':
		p.pos++
		p.unsupported(at, "annotations and parameter aliases")
		name := p.qualified()
		if p.take('#') {
			p.qualified()
		}
		if name == "" {
			return "", p.syntax(p.pos, "a name")
		}
		return "@" + name, nil
	}
	name := p.qualified()
	if name == "" {
		return "", errNoStep
	}
	if strings.Contains(name, ".") && p.peek() != '(' {
		p.unsupported(at, "a type in a path")
	}
	return name, nil
}

// lambda reads what stands in the brackets of any and all.
func (p *parser) lambda(path *Path, all bool) (Expr, error) {
	if len(path.Names) == 0 {
		return nil, p.syntax(p.pos, "a collection before any and all")
	}
	l := &Lambda{At: path.At, Path: path, All: all}
	p.pos++
	p.space()
	if !all && p.take(')') {
		return l, nil
	}
	if l.Var = p.name(); l.Var == "" {
		return nil, p.syntax(p.pos, "the name of a variable")
	}
	p.space()
	if err := p.want(':'); err != nil {
		return nil, err
	}
	p.space()
	var err error
	if l.Body, err = p.expr(); err != nil {
		return nil, err
	}
	p.space()
	return l, p.want(')')
}

// optionsOf reads the brackets after $count and $filter within a path.
func (p *parser) optionsOf(at int, name string) error {
	p.unsupported(at, name+"(…)")
	if name == "$count" {
		return p.brackets(&Options{}, "filter", "search")
	}
	_, err := p.args()
	return err
}

// args reads the arguments of a function, or a key in brackets: expressions,
// each perhaps with a name.
func (p *parser) args() ([]Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	p.space()
	if p.take(')') {
		return nil, nil
	}
	var args []Expr
	for {
		at := p.pos
		if p.name() != "" {
			if p.space(); p.take('=') {
				p.space()
				p.unsupported(at, "named arguments")
				at = p.pos
			}
		}
		p.pos = at
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		if !p.comma() {
			return args, p.want(')')
		}
	}
}
