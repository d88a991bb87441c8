package portal

import (
	"html/template"
	"strings"

	"entente/internal/core/factor"
	"entente/internal/kit/secret"
)

// An Enrollment shows what an authenticator app is set up with: scanned or
// typed.
type Enrollment struct {
	QR  template.HTML
	Key Code
}

// NewEnrollment returns what a person is shown to register an authenticator.
func NewEnrollment(e factor.Enrollment) (Enrollment, error) {
	svg, err := QR(e.URI.Reveal(), "QR code for an authenticator app")
	return Enrollment{svg, Code{
		ID: "key", Label: "Or type this key", Hint: "Into an app that can’t scan. Its codes are time-based.", Value: inFours(e.Secret.Reveal()),
	}}, err
}

// inFours returns a key as people read it aloud.
func inFours(s string) string {
	var groups []string
	for len(s) > 4 {
		groups, s = append(groups, s[:4]), s[4:]
	}
	return strings.Join(append(groups, s), " ")
}

// CodeField is the field for a code of an authenticator app. What is wrong with
// it may be "".
func CodeField(wrong string) Field {
	return Field{
		ID: "code", Name: "code", Label: "Code", Hint: "Six digits. Each counts for thirty seconds, and once.", Class: "code w-code",
		Autocomplete: "one-time-code", InputMode: "numeric", Error: wrong, Focus: wrong == "",
	}
}

// Spares are recovery codes, shown to be saved.
type Spares struct{ Codes []string }

// NewSpares returns recovery codes as a page shows them.
func NewSpares(codes []secret.String) Spares {
	s := Spares{make([]string, len(codes))}
	for i, c := range codes {
		s.Codes[i] = c.Reveal()
	}
	return s
}
