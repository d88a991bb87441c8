package sqldb

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"entente/internal/kit/fault"
)

// A statement is a text that has been looked at once: in the engine's form,
// with the number of its parameters, or with the reason why it is refused.
type statement struct {
	text   string
	params int
	err    error
}

// statements remembers what was found out about each text.
type statements struct {
	engine Engine
	tenant map[string]bool // tables with a tenant_id column
	seen   sync.Map        // text → *statement
	size   atomic.Int64
}

// maxStatements bounds the memory that texts built at run time may take.
const maxStatements = 4096

// of returns what is known about a text, looking at it first if it is new.
func (s *statements) of(query string) *statement {
	if st, ok := s.seen.Load(query); ok {
		return st.(*statement)
	}
	st := s.look(query)
	if s.size.Add(1) > maxStatements {
		s.seen.Clear()
		s.size.Store(1)
	}
	s.seen.Store(strings.Clone(query), st)
	return st
}

func (s *statements) look(query string) *statement {
	tokens, err := lex(query)
	if err != nil {
		return &statement{err: fault.New(fault.Internal, "A statement cannot be read.").Wrap(err)}
	}
	st := &statement{text: query}
	for _, t := range tokens {
		if t.kind == param {
			st.params++
		}
	}
	if s.engine == PostgreSQL {
		st.text = numbered(query, tokens)
	} else {
		st.text = steady(query, tokens)
	}
	st.err = tenantFault(query, tokens, s.tenant)
	return st
}

// steady returns query with each bare ? that SQLite would want to know the value of when
// it plans, and so plan the statement anew at each use (some 160 µs each time), as an
// expression: a limit (sqlite3ExprIsInteger), and what is compared by order, which might
// be the condition of a partial index (exprCompareVariable). Ours are of literals.
func steady(query string, tokens []token) string {
	var b strings.Builder
	done := 0
	for i, t := range tokens {
		if t.kind != param || i == 0 {
			continue
		}
		as := ""
		switch tokens[i-1].text {
		case "limit":
			as = "(? + 0)"
		case "<", "<=", ">", ">=", "<>", "!=":
			as = "+?"
		default:
			continue
		}
		b.WriteString(query[done:t.start])
		b.WriteString(as)
		done = t.end
	}
	b.WriteString(query[done:])
	return b.String()
}

// numbered returns query with each ? replaced by $1, $2 and so on.
func numbered(query string, tokens []token) string {
	var b strings.Builder
	done, n := 0, 0
	for _, t := range tokens {
		if t.kind == param {
			n++
			b.WriteString(query[done:t.start])
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			done = t.end
		}
	}
	b.WriteString(query[done:])
	return b.String()
}
