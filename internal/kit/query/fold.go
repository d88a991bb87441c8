package query

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as a folded column stores it: composed (Unicode NFC) and in
// lower case. Two texts that differ in case only have the same Fold, in every
// script and not in ASCII alone. Folding what is folded changes nothing.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
}

// folded reports whether s is plain ASCII without capitals: the common case,
// answered without a copy.
func folded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
