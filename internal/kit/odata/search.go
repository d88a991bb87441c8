package odata

import (
	"strings"
)

// search reads the value of $search (OData 4.01, part 2, section 5.1.7). Words
// that stand side by side are joined by "and". AND, OR and NOT in capitals are
// operators where an operand can follow them, and words elsewhere.
func (p *parser) search() (Search, error) {
	if p.peek() == '\'' {
		if s, err := p.incompleteSearch(); s != nil || err != nil {
			return s, err
		}
	}
	return p.searchOr()
}

// incompleteSearch reads a whole value in single quotes: a search that is still
// being typed. It is well formed and not supported.
func (p *parser) incompleteSearch() (Search, error) {
	at := p.pos
	text, err := p.quoted()
	p.space()
	if err != nil || !p.searchEnds() {
		p.pos = at // a word that begins with an apostrophe
		return nil, nil
	}
	p.unsupported(at, "a search in single quotes")
	return &SearchTerm{At: At(at), Text: text}, nil
}

func (p *parser) searchOr() (Search, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.searchList("or", p.searchAnd, func() bool { return p.operator("OR") })
}

func (p *parser) searchAnd() (Search, error) {
	return p.searchList("and", p.searchNot, func() bool {
		at := p.pos
		if p.operator("OR") {
			p.pos = at
			return false
		}
		return p.operator("AND") || !p.searchEnds()
	})
}

// searchList reads operands for as long as more says that one follows.
func (p *parser) searchList(op string, operand func() (Search, error), more func() bool) (Search, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	var l *SearchList
	for p.space(); more(); p.space() {
		next, err := operand()
		if err != nil {
			return nil, err
		}
		if l == nil {
			l = &SearchList{At(first.Pos()), op, []Search{first}}
		}
		l.Parts = append(l.Parts, next)
	}
	if l == nil {
		return first, nil
	}
	return l, nil
}

func (p *parser) searchNot() (Search, error) {
	at := p.pos
	if !p.operator("NOT") {
		return p.searchTerm()
	}
	x, err := p.searchTerm()
	return &SearchNot{At(at), x}, err
}

// operator skips a word that is an operator here, with the space after it.
func (p *parser) operator(word string) bool {
	at := p.pos
	if strings.HasPrefix(p.text[at:], word) {
		p.pos += len(word)
		after := p.peek()
		p.space()
		if (after == ' ' || after == '\t' || after == '(' || after == '"') && !p.searchEnds() {
			return true
		}
	}
	p.pos = at
	return false
}

// searchEnds reports whether the search, or its part in brackets, ends here.
func (p *parser) searchEnds() bool {
	c := p.peek()
	return p.pos >= len(p.text) || c == ')' || c == ';' && p.optionFollows()
}

func (p *parser) searchTerm() (Search, error) {
	if err := p.node(); err != nil {
		return nil, err
	}
	at := p.pos
	switch {
	case p.take('('):
		p.space()
		s, err := p.searchOr()
		if err != nil {
			return nil, err
		}
		p.space()
		return s, p.want(')')
	case p.peek() == '"':
		return p.phrase()
	}
	for p.pos < len(p.text) && !strings.ContainsRune(" \t()\"", rune(p.text[p.pos])) && !p.searchEnds() {
		p.pos++
	}
	if p.pos == at {
		return nil, p.syntax(at, "a word or a phrase")
	}
	return &SearchTerm{At: At(at), Text: p.text[at:p.pos]}, nil
}

// phrase reads text in double quotes, where a backslash makes the next
// character plain (Microsoft Graph, search-query-parameter).
func (p *parser) phrase() (Search, error) {
	at := p.pos
	var b strings.Builder
	for i := at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			return &SearchTerm{At(at), b.String(), true}, nil
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return nil, p.syntax(len(p.text), "a closing quote")
}
