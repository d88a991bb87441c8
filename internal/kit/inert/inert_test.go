package inert

import (
	"slices"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a plain name", "Contoso", "Contoso"},
		{"spaces of all kinds become one", " Ada\u00a0\t\n Lovelace ", "Ada Lovelace"},
		{"marks of direction go", "Fab\u202erikam\u2066\u200f", "Fabrikam"},
		{"what hides in a text goes", "Fab\u200brik\u00adam\x00\x1b[2J", "Fabrikam[2J"},
		{"markup stays characters", "<b>Contoso</b>", "<b>Contoso</b>"},
		{"letters of every script stay", "Zoë 北京 مثال", "Zoë 北京 مثال"},
		{"a long name is cut", strings.Repeat("é", 121), strings.Repeat("é", 119) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Name(tt.in); got != tt.want {
				t.Errorf("Name(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", " \r\n\n", nil},
		{"the ends of lines of three systems", "a\r\nb\rc\nd", []string{"a", "b", "c", "d"}},
		{"Unicode's own separators", "a\u2028b\u2029c\u0085d", []string{"a", "b", "c", "d"}},
		{"one empty line stays between two", "\n\nHello\n\n\n\nGrace\n\n", []string{"Hello", "", "Grace"}},
		{"marks of direction go", "see \u202egro.live", []string{"see gro.live"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Lines(tt.in); !slices.Equal(got, tt.want) {
				t.Errorf("Lines(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
