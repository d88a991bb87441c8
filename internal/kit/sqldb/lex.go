package sqldb

import (
	"errors"
	"strings"
)

// A tokenKind says what a token is.
type tokenKind byte

// The kinds of token.
const (
	word    tokenKind = iota // keyword or name, in lower case; a quoted name without its quotes
	text                     // string literal, with its quotes
	number                   // digits
	param                    // ?
	punct                    // operator or punctuation
	comment                  // with its marks
)

// A token is a piece of a statement; start and end are its bytes there.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// is reports whether t is the keyword or the punctuation s.
func (t token) is(s string) bool { return (t.kind == word || t.kind == punct) && t.text == s }

var errUnterminated = errors.New("a string, name or comment does not end")

// lex splits a statement into tokens. It knows the common subset of the two
// engines and refuses what they read differently: a comment within a comment
// (PostgreSQL nests them, SQLite does not).
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		kind, end, err := next(s, i)
		if err != nil {
			return nil, err
		}
		if end > i && !(kind == punct && isSpace(s[i])) {
			t := token{kind: kind, text: s[i:end], start: i, end: end}
			switch {
			case kind == word && s[i] == '"':
				t.text = s[i+1 : end-1]
			case kind == word:
				t.text = strings.ToLower(t.text)
			}
			out = append(out, t)
		}
		i = end
	}
	return out, nil
}

// next returns the kind and the end of the token that begins at i.
func next(s string, i int) (tokenKind, int, error) {
	c := s[i]
	rest := s[i:]
	switch {
	case isSpace(c):
		return punct, i + 1, nil
	case c == '\'':
		return until(text, s, i, 1, "'")
	case c == '"':
		return until(word, s, i, 1, `"`)
	case strings.HasPrefix(rest, "--"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return comment, i + n + 1, nil
		}
		return comment, len(s), nil
	case strings.HasPrefix(rest, "/*"):
		kind, end, err := until(comment, s, i, 2, "*/")
		if err == nil && strings.Contains(s[i+2:end-2], "/*") {
			err = errors.New("a comment stands within a comment")
		}
		return kind, end, err
	case c == '?':
		return param, i + 1, nil
	case '0' <= c && c <= '9':
		return number, span(s, i, isWordByte), nil
	case isWordByte(c):
		return word, span(s, i, isWordByte), nil
	}
	for _, op := range []string{"->>", "->", "<=", ">=", "<>", "!=", "||", "=="} {
		if strings.HasPrefix(rest, op) {
			return punct, i + len(op), nil
		}
	}
	return punct, i + 1, nil
}

func until(kind tokenKind, s string, i, skip int, mark string) (tokenKind, int, error) {
	n := strings.Index(s[i+skip:], mark)
	if n < 0 {
		return kind, 0, errUnterminated
	}
	return kind, i + skip + n + len(mark), nil
}

func span(s string, i int, in func(byte) bool) int {
	for i < len(s) && in(s[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$' || c >= 0x80
}
