package portal

import (
	"net/url"
	"strings"
	"unicode"
)

// maxName is how much of a name that somebody else typed is shown.
const maxName = 120

// Inert returns a name that somebody else typed without control characters
// and marks that turn the direction of text or hide in it, its spaces made
// plain, and cut after 120 characters.
func Inert(name string) string {
	name = clean(name)
	if r := []rune(name); len(r) > maxName {
		name = strings.TrimSpace(string(r[:maxName-1])) + "…"
	}
	return name
}

// clean is Inert without the cut.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// source returns the expression that stands for an address in a
// Content-Security-Policy (CSP Level 3, section 2.3.1): its origin, or its
// scheme where there is no host. What could end the expression yields nothing.
func source(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" || u.Scheme == "" {
		return ""
	}
	src := u.Scheme + ":"
	if u.Scheme == "https" || u.Scheme == "http" {
		src += "//" + u.Host
	}
	if strings.ContainsFunc(src, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(":/.-+[]", r)
	}) {
		return ""
	}
	return src
}
