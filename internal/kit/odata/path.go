package odata

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Segment is one part of a resource path between slashes.
//
// The same text may be a name with a key, a function with arguments or a key
// standing alone; only whoever knows what came before can tell. So Text is the
// whole of it, decoded, and Name and Args are how it reads as a name with
// brackets.
type Segment struct {
	Text     string
	Name     string // what stands before the brackets; all of Text without them
	Brackets bool   // Text ends in brackets, perhaps empty ones

	inner string // what stands within the brackets
}

// Arg is one argument of a function, or one part of a key. Name is empty for a
// value standing alone.
type Arg struct {
	Name  string
	Value *Literal
}

// ParsePath splits the escaped path of a request, as url.URL.EscapedPath
// returns it, into its segments. Slashes that are doubled or at the end count
// for nothing; an escaped slash belongs to its segment.
func ParsePath(escaped string) ([]Segment, error) {
	if len(escaped) > MaxText {
		return nil, tooComplex("path", "The path is longer than %d bytes.", MaxText)
	}
	var list []Segment
	at := 0
	for raw := range strings.SplitSeq(escaped, "/") {
		if raw != "" {
			if len(list) >= MaxItems {
				return nil, tooComplex("path", "The path has more than %d segments.", MaxItems)
			}
			text, err := url.PathUnescape(raw)
			if err != nil || !utf8.ValidString(text) {
				return nil, refusal(Syntax, "path", escaped, at, "Syntax error: a bad escape")
			}
			list = append(list, segment(text))
		}
		at += len(raw) + len("/")
	}
	return list, nil
}

// segment returns how a decoded segment reads.
func segment(text string) Segment {
	s := Segment{Text: text, Name: text}
	open := strings.IndexByte(text, '(')
	if open > 0 && strings.HasSuffix(text, ")") {
		s.Name, s.inner, s.Brackets = text[:open], text[open+1:len(text)-1], true
	}
	return s
}

// Args reads what stands in the segment's brackets: literals, separated by
// commas, each perhaps with a name. A value alone is the key of an entity:
// users('x'). Parameter aliases, arrays and objects are Unsupported.
func (s Segment) Args() ([]Arg, error) {
	var args []Arg
	err := parse("path", s.inner, func(p *parser) error {
		for p.pos < len(p.text) {
			if err := p.items(len(args)); err != nil {
				return err
			}
			a, err := p.arg()
			if err != nil {
				return err
			}
			args = append(args, a)
			if !p.comma() {
				return nil
			}
			if p.pos == len(p.text) {
				return p.syntax(p.pos, "a value")
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return args, nil
}

// arg reads one argument.
func (p *parser) arg() (Arg, error) {
	var a Arg
	at := p.pos
	if name := p.name(); name != "" {
		if p.space(); p.take('=') {
			a.Name = name
			p.space()
			at = p.pos
		}
	}
	p.pos = at
	e, err := p.operand()
	if err != nil {
		return a, err
	}
	l, ok := e.(*Literal)
	if !ok && p.odd == nil {
		return a, p.syntax(at, "a value")
	}
	a.Value = l
	return a, nil
}
