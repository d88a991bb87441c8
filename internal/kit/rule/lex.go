package rule

import (
	"strings"
	"unicode"
)

// A kind of token.
type kind int

const (
	end    kind = iota
	word        // user.department, -eq, null, true
	quoted      // a text, without its quotes
	number      // 5, or a time: 2020-06-10T18:13:20Z
	mark        // ( ) [ ] ,
)

// A token is a piece of a rule. A word's text has neither its hyphen nor capital
// letters; raw is as it was written.
type token struct {
	kind kind
	pos  int // of its first character, from 1
	text string
	raw  string
}

// lex cuts a rule into tokens, the last of which is the end.
func lex(text []rune) ([]token, error) {
	var list []token
	for i := 0; i < len(text); {
		r, at := text[i], i
		switch {
		case unicode.IsSpace(r):
			i++
			continue
		case strings.ContainsRune("()[],", r):
			i++
			list = append(list, token{mark, at + 1, string(r), string(r)})
			continue
		case r == '"' || r == '\'':
			s, n, ok := unquote(text[i:])
			if !ok {
				return nil, &Error{Pos: at + 1, Say: "The text that begins here does not end."}
			}
			i += n
			list = append(list, token{quoted, at + 1, s, s})
			continue
		case r >= '0' && r <= '9' || hyphen(r) && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
			for i++; i < len(text) && (inWord(text[i]) || strings.ContainsRune(":+-", text[i])); i++ {
			}
			list = append(list, token{number, at + 1, string(text[at:i]), string(text[at:i])})
			continue
		}
		if hyphen(r) {
			i++
		}
		from := i
		for ; i < len(text) && inWord(text[i]); i++ {
		}
		if i == from {
			return nil, &Error{Pos: at + 1, Say: "The character '" + string(r) + "' cannot stand here."}
		}
		list = append(list, token{word, at + 1, strings.ToLower(string(text[from:i])), string(text[at:i])})
	}
	return append(list, token{kind: end, pos: len(text) + 1}), nil
}

// hyphen reports whether r begins an operator: as a hyphen, or as the dash that
// editors make of it.
func hyphen(r rune) bool { return r == '-' || r == '–' || r == '—' }

func inWord(r rune) bool {
	return r == '_' || r == '.' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// unquote reads a quoted text, and says how many characters it took.
func unquote(text []rune) (s string, n int, ok bool) {
	var b strings.Builder
	q := text[0]
	for i := 1; i < len(text); i++ {
		r := text[i]
		next := func(want rune) bool { return i+1 < len(text) && text[i+1] == want }
		switch {
		case q == '"' && (r == '`' || r == '\\') && next('"'):
			i++
			b.WriteRune('"')
		case q == '"' && r == '`' && next('`'):
			i++
			b.WriteRune('`')
		case q == '\'' && r == '\'' && next('\''):
			i++
			b.WriteRune('\'')
		case r == q:
			return b.String(), i + 1, true
		default:
			b.WriteRune(r)
		}
	}
	return "", 0, false
}
