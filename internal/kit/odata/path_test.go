package odata

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	tests := []struct{ name, path, want string }{
		{"nothing", "/", ""},
		{"a set", "/users", "users"},
		{"a key as a segment", "/users/grace@contoso.example", "users | grace@contoso.example"},
		{"doubled and trailing slashes", "//users//x/", "users | x"},
		{"a key in brackets", "/users('x')", `users["x"]`},
		{"escaped quotes", "/users(%27x%27)", `users["x"]`},
		{"an escaped slash", "/users('a%2Fb')/manager", `users["a/b"] | manager`},
		{"a user name that begins with $", "/users('$x@y')", `users["$x@y"]`},
		{"a named key", "/applications(appId='0f3c0000-0000-4000-8000-00000000abcd')", `applications[appId="0f3c0000-0000-4000-8000-00000000abcd"]`},
		{"a bare GUID", "/users(0F3C0000-0000-4000-8000-00000000ABCD)", "users[guid:0f3c0000-0000-4000-8000-00000000abcd]"},
		{"several names", "/f(a=1,b='x', c = null)", `f[a=int:1 b="x" c=null]`},
		{"empty brackets", "/users/microsoft.graph.delta()", "users | microsoft.graph.delta[]"},
		{"words with $", "/groups/x/members/$ref", "groups | x | members | $ref"},
		{"plus is plus", "/users/a+b", "users | a+b"},
		{"brackets alone", "/(x)", "(x)"},
		{"letters after the brackets", "/a(b)c", "a(b)c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := showPath(t, list); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func showPath(t *testing.T, list []Segment) string {
	t.Helper()
	var parts []string
	for _, s := range list {
		if !s.Brackets {
			parts = append(parts, s.Name)
			continue
		}
		args, err := s.Args()
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, a := range args {
			v := showLiteral(a.Value)
			if a.Name != "" {
				v = a.Name + "=" + v
			}
			values = append(values, v)
		}
		parts = append(parts, s.Name+"["+strings.Join(values, " ")+"]")
	}
	return strings.Join(parts, " | ")
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{"/users/%", "/users/%zz", "/users/%FF"} {
		if _, err := ParsePath(path); !errors.Is(err, Syntax) {
			t.Errorf("%s: err = %v, want Syntax", path, err)
		}
	}
	for _, path := range []string{strings.Repeat("/a", MaxItems+1), "/" + strings.Repeat("a", MaxText)} {
		if _, err := ParsePath(path); !errors.Is(err, TooComplex) {
			t.Errorf("err = %v, want TooComplex", err)
		}
	}
}

func TestArgsRefuses(t *testing.T) {
	for inner, want := range map[string]error{
		"'x":       Syntax,
		"x":        Syntax,
		"x=":       Syntax,
		"'x',":     Syntax,
		"'x' 'y'":  Syntax,
		"a=1;b=2":  Syntax,
		"a=@p":     Unsupported,
		"@p":       Unsupported,
		"a=[1]":    Unsupported,
		`a={"b":}`: Syntax,
		"'x'," + strings.Repeat("1,", MaxItems) + "1": TooComplex,
	} {
		if args, err := segment("f(" + inner + ")").Args(); !errors.Is(err, want) {
			t.Errorf("f(%.20s): %v, %v, want %v", inner, args, err, want)
		}
	}
}
