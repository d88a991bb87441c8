package odata

// in reads the list after "in": literals in round brackets, or a JSON array. A
// single expression in brackets is well formed too.
func (p *parser) in(x Expr) (Expr, error) {
	in := &In{At: At(x.Pos()), X: x}
	end := byte(')')
	switch at := p.pos; {
	case p.take('('):
	case p.take('['):
		end = ']'
	default:
		p.unsupported(at, "in without a list")
		_, err := p.sum()
		return in, err
	}
	p.space()
	if p.take(end) {
		return in, nil
	}
	for {
		if err := p.items(len(in.List)); err != nil {
			return nil, err
		}
		at := p.pos
		e, err := p.element(end == ']')
		if err != nil {
			return nil, err
		}
		p.space()
		l, ok := e.(*Literal)
		switch {
		case ok:
			in.List = append(in.List, l)
		case end == ')' && p.peek() == ',':
			return nil, p.syntax(p.pos, "a list of values")
		default:
			p.unsupported(at, "in with an expression")
		}
		if !p.comma() {
			break
		}
	}
	return in, p.want(end)
}

// array reads a JSON array of values or expressions.
func (p *parser) array() (Expr, error) {
	at := p.pos
	p.unsupported(at, "an array")
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	p.space()
	if p.take(']') {
		return &Path{At: At(at)}, nil
	}
	for {
		if _, err := p.element(true); err != nil {
			return nil, err
		}
		if !p.comma() {
			return &Path{At: At(at)}, p.want(']')
		}
	}
}

// object reads a JSON object of values or expressions.
func (p *parser) object() (Expr, error) {
	at := p.pos
	p.unsupported(at, "an object")
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	p.space()
	if p.take('}') {
		return &Path{At: At(at)}, nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.syntax(p.pos, "a name in double quotes")
		}
		if _, err := p.jsonString(); err != nil {
			return nil, err
		}
		p.space()
		if err := p.want(':'); err != nil {
			return nil, err
		}
		p.space()
		if _, err := p.element(true); err != nil {
			return nil, err
		}
		if !p.comma() {
			return &Path{At: At(at)}, p.want('}')
		}
	}
}

// element reads one element of a list; in JSON, text may stand in double quotes.
func (p *parser) element(json bool) (Expr, error) {
	at := p.pos
	if json && p.peek() == '"' {
		if err := p.node(); err != nil {
			return nil, err
		}
		s, err := p.jsonString()
		return &Literal{At: At(at), Kind: String, Text: s}, err
	}
	return p.expr()
}
