package odata

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/internal/kit/fault"
)

// A parser reads one option's decoded value from left to right.
type parser struct {
	option string
	text   string
	pos    int
	depth  int
	nodes  int
	nested bool         // within brackets of $expand, where ';' and ')' end a value
	odd    *fault.Error // the first thing well formed and unsupported
}

// syntax returns a fault at a position. What was expected follows "expected".
func (p *parser) syntax(pos int, expected string) error {
	say := "Syntax error: expected " + expected
	if pos >= len(p.text) {
		pos = len(p.text)
		say += ", found the end"
	}
	return refusal(Syntax, p.option, p.text, pos, say)
}

// unsupported remembers that the text holds something we do not do. Reading
// goes on, because a mistake in the rest is told first.
func (p *parser) unsupported(pos int, what string) {
	if p.odd == nil {
		p.odd = refusal(Unsupported, p.option, p.text, pos, "Not supported: "+what)
	}
}

// node counts one more part of the value.
func (p *parser) node() error {
	if p.nodes++; p.nodes > MaxNodes {
		return tooComplex(p.option, "%s has more than %d parts.", p.option, MaxNodes)
	}
	return nil
}

// enter counts a level of nesting; each call that succeeds is followed by leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > MaxDepth {
		return tooComplex(p.option, "%s is nested more than %d levels deep.", p.option, MaxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// items refuses a list that is about to hold more than n items.
func (p *parser) items(n int) error {
	if n >= MaxItems {
		return tooComplex(p.option, "A list in %s has more than %d items.", p.option, MaxItems)
	}
	return nil
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// space skips white space.
func (p *parser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// take skips c if it comes next.
func (p *parser) take(c byte) bool {
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// want skips c, or refuses what stands there.
func (p *parser) want(c byte) error {
	if p.take(c) {
		return nil
	}
	return p.syntax(p.pos, "'"+string(rune(c))+"'")
}

// comma skips white space, a comma and white space, and reports whether there
// was one.
func (p *parser) comma() bool {
	p.space()
	if !p.take(',') {
		return false
	}
	p.space()
	return true
}

// nameEnd returns where the identifier that begins at i ends; i itself when
// none begins there (OData ABNF, odataIdentifier).
func (p *parser) nameEnd(i int) int {
	for start := i; i < len(p.text); {
		c := p.text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', '0' <= c && c <= '9' && i > start:
			i++
			continue
		case c < utf8.RuneSelf:
			return i
		}
		r, size := utf8.DecodeRuneInString(p.text[i:])
		if !unicode.IsLetter(r) && (i == start || !unicode.In(r, unicode.Nl, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Cf)) {
			return i
		}
		i += size
	}
	return i
}

// name reads an identifier; empty when none comes next.
func (p *parser) name() string {
	end := p.nameEnd(p.pos)
	s := p.text[p.pos:end]
	p.pos = end
	return s
}

// qualified reads an identifier with dots: Namespace.Name.
func (p *parser) qualified() string {
	start := p.pos
	p.pos = p.nameEnd(p.pos)
	for p.pos > start && p.peek() == '.' {
		end := p.nameEnd(p.pos + 1)
		if end == p.pos+1 {
			break
		}
		p.pos = end
	}
	return p.text[start:p.pos]
}

// word reports which of the lower-case words comes next as a whole identifier,
// in any case, and skips it.
func (p *parser) word(words ...string) string {
	c := p.peek() | 0x20
	for _, w := range words {
		if w[0] != c {
			continue
		}
		end := p.pos + len(w)
		if end <= len(p.text) && strings.EqualFold(p.text[p.pos:end], w) && p.nameEnd(p.pos) == end {
			p.pos = end
			return w
		}
	}
	return ""
}

// skipValue skips the value of a nested option that is not supported: up to
// the ';' or ')' that ends it, over brackets and quoted text.
func (p *parser) skipValue() error {
	open := 0
	for start := p.pos; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '(', '[', '{':
			open++
		case ']', '}':
			open--
		case ')', ';':
			if open <= 0 {
				return nil
			}
			if c == ')' {
				open--
			}
		case '\'', '"':
			end := strings.IndexByte(p.text[p.pos+1:], c)
			if end < 0 {
				return p.syntax(start, "a value with its closing quote")
			}
			p.pos += end + 1
		}
	}
	return nil
}
