package odata

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"entente/internal/kit/ids"
)

// quoted reads text in single quotes, where two of them stand for one.
func (p *parser) quoted() (string, error) {
	start := p.pos
	from := p.pos + 1
	var b strings.Builder
	for {
		i := strings.IndexByte(p.text[from:], '\'')
		if i < 0 {
			return "", p.syntax(start, "text with its closing quote")
		}
		end := from + i
		if end+1 == len(p.text) || p.text[end+1] != '\'' {
			p.pos = end + 1
			if b.Len() == 0 {
				return p.text[from:end], nil
			}
			b.WriteString(p.text[from:end])
			return b.String(), nil
		}
		b.WriteString(p.text[from : end+1])
		from = end + 2
	}
}

// jsonString reads text in double quotes, escaped as in JSON.
func (p *parser) jsonString() (string, error) {
	start := p.pos
	for i := start + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			if json.Unmarshal([]byte(p.text[start:i+1]), &s) != nil {
				return "", p.syntax(start, "a string of JSON")
			}
			p.pos = i + 1
			return s, nil
		}
	}
	return "", p.syntax(start, "text with its closing quote")
}

// constant returns the literal that a name stands for, or nil.
func constant(at int, name string) *Literal {
	l := &Literal{At: At(at), Text: name}
	switch {
	case strings.EqualFold(name, "null"):
		l.Kind = Null
	case strings.EqualFold(name, "false"):
		l.Kind = Bool
	case strings.EqualFold(name, "true"):
		l.Kind, l.Int = Bool, 1
	case name == "INF", name == "NaN":
		l.Kind = Decimal
	default:
		return nil
	}
	return l
}

// guid reads an unquoted GUID, or nothing.
func (p *parser) guid() *Literal {
	at, end := p.pos, p.pos+36
	if end > len(p.text) || p.text[at+8] != '-' || !ids.Valid(p.text[at:end]) || !p.endsWord(end) {
		return nil
	}
	p.pos = end
	return &Literal{At: At(at), Kind: GUID, Text: strings.ToLower(p.text[at:end])}
}

// typed reads the quoted part of a literal with a type before it: duration,
// binary and geography are not supported; anything else is an enumeration.
func (p *parser) typed(at int, name string) (Expr, error) {
	s, err := p.quoted()
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(name) {
	case "duration", "binary", "geography", "geometry":
		p.unsupported(at, "a literal of type "+name)
	}
	return &Literal{At: At(at), Kind: Enum, Text: s, Type: name}, nil
}

// numberFollows reports whether the minus sign that comes next belongs to a
// number or a date.
func (p *parser) numberFollows() bool {
	rest := p.text[p.pos+1:]
	return rest != "" && '0' <= rest[0] && rest[0] <= '9' || strings.HasPrefix(rest, "INF")
}

// endsWord reports whether no part of a number or name stands at i.
func (p *parser) endsWord(i int) bool {
	if i >= len(p.text) {
		return true
	}
	c := p.text[i]
	return c != '-' && c != '.' && !('0' <= c && c <= '9') && p.nameEnd(i) == i
}

// number reads what begins with a digit or a minus sign: a number, a date, a
// time or a GUID.
func (p *parser) number() (Expr, error) {
	at := p.pos
	if l := p.guid(); l != nil {
		return l, nil
	}
	p.take('-')
	n := p.digits()
	switch {
	case n == 0: // the caller has seen that INF follows
		p.pos += len("INF")
		return p.literal(at, Decimal)
	case n >= 4 && p.peek() == '-':
		return p.date(at, n)
	case n == 2 && p.peek() == ':' && p.text[at] != '-':
		p.pos = at
		p.unsupported(at, "a time of day")
		if _, ok := p.clock(); !ok {
			return nil, p.syntax(at, "a time of day")
		}
		return p.literal(at, Decimal)
	}
	kind := Int
	if p.peek() == '.' {
		kind = Decimal
		p.pos++
		if p.digits() == 0 {
			return nil, p.syntax(p.pos, "a digit")
		}
	}
	if p.peek()|0x20 == 'e' {
		kind = Decimal
		p.pos++
		if !p.take('-') {
			p.take('+')
		}
		if p.digits() == 0 {
			return nil, p.syntax(p.pos, "a digit")
		}
	}
	return p.literal(at, kind)
}

// literal returns the number that begins at a position and ends here.
func (p *parser) literal(at int, kind Kind) (Expr, error) {
	if !p.endsWord(p.pos) {
		return nil, p.syntax(p.pos, "the end of a number")
	}
	l := &Literal{At: At(at), Kind: kind, Text: p.text[at:p.pos]}
	if kind == Int {
		var err error
		if l.Int, err = strconv.ParseInt(l.Text, 10, 64); err != nil {
			l.Kind = Decimal
		}
	}
	return l, nil
}

// digits skips digits and returns how many there were.
func (p *parser) digits() int {
	start := p.pos
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos - start
}

// two reads exactly two digits as a number no greater than most.
func (p *parser) two(most int) (int, bool) {
	start := p.pos
	if p.digits() != 2 {
		return 0, false
	}
	n := int(p.text[start]-'0')*10 + int(p.text[start+1]-'0')
	return n, n <= most
}

// date reads a date, or a date with a time, whose year of n digits was read.
func (p *parser) date(at, n int) (Expr, error) {
	l, ok := p.dateValue(at, n)
	if !ok || !p.endsWord(p.pos) {
		return nil, p.syntax(at, "a date")
	}
	l.Text = p.text[at:p.pos]
	return l, nil
}

// dateValue reads the rest of a date (OData ABNF, dateValue and
// dateTimeOffsetValue).
func (p *parser) dateValue(at, n int) (*Literal, bool) {
	if n > 4 {
		p.unsupported(at, "a year of more than four digits")
		n = 4
	}
	year, err := strconv.Atoi(p.text[p.pos-n : p.pos])
	if p.text[at] == '-' {
		year = -year
	}
	p.pos++
	month, ok1 := p.two(12)
	ok2 := p.take('-')
	day, ok3 := p.two(31)
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if err != nil || !ok1 || !ok2 || !ok3 || t.Day() != day || t.Month() != time.Month(month) {
		return nil, false
	}
	if p.peek()|0x20 != 't' {
		return &Literal{At: At(at), Kind: Date, Time: t}, true
	}
	p.pos++
	since, zone, ok := p.clockAndZone()
	return &Literal{At: At(at), Kind: DateTime, Time: t.Add(since - zone)}, ok
}

// clock reads hours and minutes and perhaps seconds with a fraction, of which
// nine digits count, and returns the time since midnight.
func (p *parser) clock() (since time.Duration, ok bool) {
	hour, ok1 := p.two(23)
	ok2 := p.take(':')
	minute, ok3 := p.two(59)
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	since = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if !p.take(':') {
		return since, true
	}
	second, ok := p.two(59)
	if !ok {
		return 0, false
	}
	since += time.Duration(second) * time.Second
	if p.take('.') {
		start := p.pos
		if n := p.digits(); n == 0 || n > 12 {
			return 0, false
		}
		for i, unit := start, 100*time.Millisecond; i < p.pos && unit > 0; i, unit = i+1, unit/10 {
			since += time.Duration(p.text[i]-'0') * unit
		}
	}
	return since, true
}

// clockAndZone reads a time and its distance from UTC. A plus sign that was
// not escaped arrives as a space, and is still a plus sign here.
func (p *parser) clockAndZone() (since, zone time.Duration, ok bool) {
	if since, ok = p.clock(); !ok {
		return 0, 0, false
	}
	sign := time.Duration(1)
	switch p.peek() {
	case 'Z', 'z':
		p.pos++
		return since, 0, true
	case '-':
		sign = -1
	case '+', ' ':
	default:
		return 0, 0, false
	}
	p.pos++
	hour, ok1 := p.two(23)
	ok2 := p.take(':')
	minute, ok3 := p.two(59)
	return since, sign * (time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute), ok1 && ok2 && ok3
}
