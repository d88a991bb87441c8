package myaccess

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente/internal/flow/offer"
)

// Bounds of what is read of Accept-Language.
const (
	longestLanguages = 1024
	mostLanguages    = 32
)

// languages returns the language tags that a browser asks for, the most wanted
// first (RFC 9110, section 12.5.4).
func languages(r *http.Request) []string {
	type wish struct {
		tag    string
		weight float64
	}
	said := r.Header.Get("Accept-Language")
	if len(said) > longestLanguages {
		return nil
	}
	var all []wish
	for part := range strings.SplitSeq(said, ",") {
		tag, rest, _ := strings.Cut(strings.TrimSpace(part), ";")
		w := wish{strings.ToLower(strings.TrimSpace(tag)), 1}
		if q, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
			n, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			w.weight = n
		}
		if w.tag != "" && w.weight > 0 && len(all) < mostLanguages {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b wish) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	tags := make([]string, len(all))
	for i, w := range all {
		tags[i] = w.tag
	}
	return tags
}

// spoken returns a text in the first wanted language that it has: in that very
// tag, or in one of the same language. The text itself counts as English, like
// the pages around it.
func spoken(l offer.Localized, wanted []string) string {
	primary := func(tag string) string {
		p, _, _ := strings.Cut(tag, "-")
		return p
	}
	for _, tag := range wanted {
		for _, same := range []func(string) bool{
			func(have string) bool { return have == tag },
			func(have string) bool { return primary(have) == primary(tag) },
		} {
			i := slices.IndexFunc(l.Translations, func(t offer.Translation) bool { return t.Text != "" && same(strings.ToLower(t.Language)) })
			if i >= 0 {
				return l.Translations[i].Text
			}
		}
		if primary(tag) == "en" {
			break
		}
	}
	return l.Text
}

// inLanguage returns questions as they are asked in the wanted languages.
func inLanguage(all []offer.Question, wanted []string) []offer.Question {
	out := slices.Clone(all)
	for i, q := range out {
		out[i].Text.Text = spoken(q.Text, wanted)
		out[i].Choices = slices.Clone(q.Choices)
		for j, c := range q.Choices {
			out[i].Choices[j].Text.Text = spoken(c.Text, wanted)
		}
	}
	return out
}
