package federation

import (
	"strings"
	"unicode/utf8"
)

// An Expression says which claims an assertion must have, in the language of
// flexible federated credentials, version 1:
//
//	claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main' and claims['job_workflow_ref'] eq '…'
//
// eq compares byte for byte. In a pattern of matches, '?' stands for one
// character and '*' for any number of them, neither for ':' or '/'.
// https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials
type Expression struct {
	Value    string `json:"value"`
	Language int    `json:"languageVersion"`
}

// A condition is one comparison of an expression.
type condition struct {
	claim   string
	pattern bool // matches, not eq
	literal string
}

// compile returns the conditions, which all must hold, or a fault that says
// where the text stops making sense.
func (e *Expression) compile() ([]condition, error) {
	switch {
	case e.Language != 1:
		return nil, bad("claimsMatchingExpression", "The version of the expression language is 1.")
	case tooLong(e.Value):
		return nil, bad("claimsMatchingExpression", "An expression has at most %d characters.", maxText)
	case hasControl(e.Value):
		return nil, bad("claimsMatchingExpression", "An expression has no control characters.")
	}
	var all []condition
	for rest := e.Value; ; {
		c, after, ok := readCondition(rest)
		if !ok {
			return nil, bad("claimsMatchingExpression", "The expression cannot be read at character %d: a condition is claims['name'] eq 'value' or claims['name'] matches 'pattern', joined by ' and '.",
				utf8.RuneCountInString(e.Value[:len(e.Value)-len(rest)])+1)
		}
		all = append(all, c)
		if after == "" {
			return all, nil
		}
		if rest, ok = strings.CutPrefix(after, " and "); !ok {
			rest = after // the next turn says where
		}
	}
}

// readCondition reads claims['name'] op 'literal' from the front of text.
func readCondition(text string) (c condition, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(text, "claims['"); !ok {
		return c, text, false
	}
	if c.claim, rest, ok = strings.Cut(rest, "'] "); !ok || c.claim == "" || strings.Contains(c.claim, "'") {
		return c, text, false
	}
	operator, rest, ok := strings.Cut(rest, " '")
	if c.pattern = operator == "matches"; !ok || !c.pattern && operator != "eq" {
		return c, text, false
	}
	if c.literal, rest, ok = strings.Cut(rest, "'"); !ok || c.literal == "" {
		return c, text, false
	}
	return c, rest, true
}

// holds reports whether the claims satisfy the condition. Only a claim that is
// a text can.
func (c condition) holds(claims map[string]any) bool {
	value, ok := claims[c.claim].(string)
	switch {
	case !ok:
		return false
	case c.pattern:
		return matches(c.literal, value)
	}
	return value == c.literal
}

// open reports whether the condition says nothing about how the value begins.
func (c condition) open() bool { return c.pattern && strings.IndexAny(c.literal, "*?") == 0 }

const (
	separators = ":/"
	maxMatched = 2000 // bytes of a claim; no pattern matches a longer one, which would only cost time
)

// matches compares segment by segment; the separators must agree.
func matches(pattern, value string) bool {
	if len(value) > maxMatched {
		return false
	}
	for {
		i, j := strings.IndexAny(pattern, separators), strings.IndexAny(value, separators)
		if i < 0 || j < 0 {
			return i == j && matchSegment([]rune(pattern), []rune(value))
		}
		if pattern[i] != value[j] || !matchSegment([]rune(pattern[:i]), []rune(value[:j])) {
			return false
		}
		pattern, value = pattern[i+1:], value[j+1:]
	}
}

// matchSegment goes back only to the last '*', so that its time is bounded by
// the product of the lengths.
func matchSegment(pattern, value []rune) bool {
	p, v, star, mark := 0, 0, -1, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, v
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == value[v]):
			p++
			v++
		case star >= 0:
			mark++
			p, v = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
