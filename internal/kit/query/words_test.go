package query

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                  nil,
		" \t":               nil,
		"Hello World":       {"hello", "world"},
		"HelloWorld":        {"hello", "helloworld", "world"},
		"helloWORLD":        {"hello", "helloworld", "world"},
		"HELLOworld":        {"helloworld"},
		"hello.world":       {".", "hello", "helloworld", "world"},
		"hello123world":     {"123", "hello", "world"},
		"hello hello":       {"hello"},
		"李四(David Li)":      {"(", ")", "david", "li", "李四", "李四david"},
		"Ünal-Öz GmbH & Co": {"&", "-", "co", "gmb", "gmbh", "h", "öz", "ünal", "ünalöz"},
		"--":                {"-"},
	} {
		if diff := cmp.Diff(want, Words(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if got := Terms("mi-Tenant 7"); !slices.Equal(got, []string{"mi", "-", "tenant", "7"}) {
		t.Errorf("terms = %q", got)
	}
}

// TestWordsFound: a text is found by itself, and by every beginning of it.
func TestWordsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		words, terms := Words(text), Terms(text)
		for _, term := range terms {
			if !slices.Contains(words, term) {
				t.Fatalf("%q: the term %q is no word of %q", text, term, words)
			}
		}
		for _, w := range words {
			if w == "" || Fold(w) != w {
				t.Fatalf("%q: the word %q is not as it is stored", text, w)
			}
		}
	})
}
