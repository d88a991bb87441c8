package portal

import (
	"net/url"
	"strings"
	"unicode"

	"entente/internal/kit/inert"
)

// Inert returns a name that somebody else typed as it is shown.
func Inert(name string) string { return inert.Name(name) }

// Whole is Inert without the cut, for what has to be read to its end.
func Whole(text string) string { return inert.Line(text) }

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
