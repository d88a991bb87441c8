package query

import (
	"testing"
	"unicode"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"grace@contoso":    "grace@contoso",
		"Grace@CONTOSO":    "grace@contoso",
		"Émile":            "émile",
		"E\u0301mile":      "émile", // a letter and its accent apart
		"ΣΊΣΥΦΟΣ":          "σίσυφοσ",
		"ЖЁЛТЫЙ":           "жёлтый",
		"\u212Aelvin":      "kelvin", // the sign for kelvin is the letter
		"STRASSE Straße":   "strasse straße",
		"\xff not UTF-8":   "\ufffd not utf-8",
		"漢字 and ｆｕｌｌ ＷＩＤＥ": "漢字 and ｆｕｌｌ ｗｉｄｅ",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			continue // nothing else has a case or is composed
		}
		for _, s := range []string{string(r), string(r) + "\u0301", "A" + string(r)} {
			if once := Fold(s); Fold(once) != once {
				t.Errorf("Fold(%q) = %q, and again %q", s, once, Fold(once))
			}
		}
	}
}

func TestAfterPrefix(t *testing.T) {
	for in, want := range map[string]string{
		"a":                    "b",
		"az":                   "a{",
		"é":                    "ê",
		"\ud7ff":               "\ue000",
		"a\U0010FFFF":          "b",
		"\U0010FFFF":           "",
		"\U0010FFFF\U0010FFFF": "",
		"":                     "",
	} {
		got, ok := afterPrefix(in)
		if got != want || ok != (want != "") {
			t.Errorf("afterPrefix(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}
