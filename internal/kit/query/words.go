package query

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Words returns what is stored of a text so that it can be found by its words:
// each word folded, once, in order. A text is cut at spaces, where small
// letters turn to capitals, between letters and digits, and at symbols, which
// are words themselves. Letters that nothing but case or symbols separates are
// a word together as well, so that "helloworld" finds "hello-world".
//
// https://learn.microsoft.com/graph/search-query-parameter
func Words(text string) []string {
	words := Terms(text)
	for chunk := range strings.FieldsSeq(text) {
		words = append(words, joined(chunk)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Terms returns the words that a search for a text asks for: those of Words
// without the joined ones, in the order of the text.
func Terms(text string) []string {
	var words []string
	cut(text, func(word string, _ class) { words = append(words, Fold(word)) })
	return words
}

// joined returns the words that letters make across case and symbols.
func joined(chunk string) []string {
	var words []string
	var run strings.Builder
	parts := 0
	end := func() {
		if parts > 1 {
			words = append(words, Fold(run.String()))
		}
		run.Reset()
		parts = 0
	}
	cut(chunk, func(word string, c class) {
		switch c {
		case letters:
			run.WriteString(word)
			parts++
		case digits:
			end()
		}
	})
	end()
	return words
}

// A class is what a word is made of.
type class int

const (
	space class = iota
	letters
	digits
	symbol
)

func classOf(r rune) class {
	switch {
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return space
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return letters
	case unicode.IsNumber(r):
		return digits
	}
	return symbol
}

// cut calls each for the words of a text as they stand in it.
func cut(text string, each func(word string, c class)) {
	text = norm.NFC.String(text)
	begin, was, small := 0, space, false
	for i, r := range text {
		c := classOf(r)
		turned := c == letters && small && unicode.IsUpper(r)
		if i > begin && (c != was || c == symbol || turned) {
			if was != space {
				each(text[begin:i], was)
			}
			begin = i
		}
		was, small = c, unicode.IsLower(r)
	}
	if was != space && begin < len(text) {
		each(text[begin:], was)
	}
}
