// Package inert makes text that somebody else typed harmless before people
// read it: without control characters and without marks that turn the direction
// of text or hide in it. Markup stays what it is, characters; whoever writes it
// into a page or a message escapes it.
package inert

import (
	"strings"
	"unicode"
)

// maxName is how much of a name is shown.
const maxName = 120

// Name returns a name on one line, its spaces made plain, cut after 120
// characters.
func Name(name string) string {
	name = Line(name)
	if r := []rune(name); len(r) > maxName {
		name = strings.TrimSpace(string(r[:maxName-1])) + "…"
	}
	return name
}

// Line returns a text on one line, its spaces made plain.
func Line(text string) string {
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

// Lines returns the lines of a text, each as Line does. Of empty lines, those at
// the beginning and the end go, and of several together one stays.
func Lines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	var lines []string
	for l := range strings.SplitSeq(text, "\n") {
		l = Line(l)
		if l == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, l)
	}
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}
