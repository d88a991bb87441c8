package federation

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{"repo:contoso/web:ref:refs/heads/main", "repo:contoso/web:ref:refs/heads/main", true},
		{"repo:contoso/*:ref:refs/heads/main", "repo:contoso/web:ref:refs/heads/main", true},
		{"repo:contoso/*:ref:refs/heads/main", "repo:contoso/web:pull_request:ref:refs/heads/main", false},
		{"repo:contoso/*", "repo:contoso/web:environment:production", false},
		{"repo:contoso/web:ref:refs/heads/*", "repo:contoso/web:ref:refs/heads/main", true},
		{"repo:contoso/web:ref:refs/heads/*", "repo:contoso/web:ref:refs/heads/feature/x", false},
		{"repo:contoso/web:ref:refs/heads/*", "repo:contoso/web:ref:refs/heads/", true},
		{"repo:contoso*/web", "repo:contoso-evil/web", true},
		{"repo:contoso/w?b", "repo:contoso/web", true},
		{"repo:contoso/w?b", "repo:contoso/wb", false},
		{"repo:contoso/w?b", "repo:contoso/w/b", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"*", "", true},
		{"*", "a:b", false},
		{"a:b", "a/b", false},
		{"Ä?", "Äö", true},
		{"", "", true},
		{strings.Repeat("*a", 300), strings.Repeat("a", 600) + "b", false},
		{"*", strings.Repeat("a", maxMatched), true},
		{"*", strings.Repeat("a", maxMatched+1), false},
	}
	for _, tt := range tests {
		if got := matches(tt.pattern, tt.value); got != tt.want {
			t.Errorf("matches(%.40q, %.40q) = %t, want %t", tt.pattern, tt.value, got, tt.want)
		}
	}
}

func TestExpression(t *testing.T) {
	claims := map[string]any{"sub": "repo:contoso/web:ref:refs/heads/main", "job_workflow_ref": "contoso/ci/build.yml@v1", "n": 7.0}
	tests := []struct {
		name, text string
		want       bool
		err        error
	}{
		{"eq", "claims['sub'] eq 'repo:contoso/web:ref:refs/heads/main'", true, nil},
		{"eq takes '*' as itself", "claims['sub'] eq 'repo:contoso/*:ref:refs/heads/main'", false, nil},
		{"matches", "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'", true, nil},
		{"both hold", "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main' and claims['job_workflow_ref'] eq 'contoso/ci/build.yml@v1'", true, nil},
		{"one does not", "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main' and claims['job_workflow_ref'] eq 'x'", false, nil},
		{"a literal that contains and", "claims['sub'] eq 'x and claims'", false, nil},
		{"a claim that is absent", "claims['nope'] eq 'x'", false, nil},
		{"a claim that is no text", "claims['n'] eq '7'", false, nil},
		{"empty", "", false, BadValue},
		{"no claim", "sub eq 'x'", false, BadValue},
		{"an unknown operator", "claims['sub'] startsWith 'x'", false, BadValue},
		{"two spaces", "claims['sub']  eq 'x'", false, BadValue},
		{"no quotes", "claims['sub'] eq x", false, BadValue},
		{"an open quote", "claims['sub'] eq 'x", false, BadValue},
		{"nothing after and", "claims['sub'] eq 'x' and ", false, BadValue},
		{"or", "claims['sub'] eq 'x' or claims['sub'] eq 'y'", false, BadValue},
		{"trailing text", "claims['sub'] eq 'x' ", false, BadValue},
		{"an empty literal", "claims['sub'] eq ''", false, BadValue},
		{"too long", "claims['sub'] eq '" + strings.Repeat("x", 600) + "'", false, BadValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Credential{Expression: &Expression{Value: tt.text, Language: 1}}
			if _, err := c.Expression.compile(); !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if got := c.fits("", func() map[string]any { return claims }); got != tt.want {
				t.Errorf("fits = %t, want %t", got, tt.want)
			}
		})
	}
	if _, err := (&Expression{Value: "claims['sub'] eq 'x'", Language: 2}).compile(); !errors.Is(err, BadValue) {
		t.Errorf("another language: err = %v, want %v", err, BadValue)
	}
}

// TestClaimsThatContradictThemselves: what could be read in two ways holds no
// condition.
func TestClaimsThatContradictThemselves(t *testing.T) {
	part := base64.RawURLEncoding.EncodeToString
	for payload, want := range map[string]bool{
		`{"ref":"main","x":{"a":1}}`: true, `{"ref":"main","x":{"a":1,"a":2}}`: false,
	} {
		raw := part([]byte(`{"alg":"ES256"}`)) + "." + part([]byte(payload)) + "." + part(make([]byte, 64))
		a, err := readAssertion(raw)
		if err != nil {
			t.Fatal(err)
		}
		c := Credential{Expression: &Expression{Value: "claims['ref'] eq 'main'", Language: 1}}
		if got := c.fits("", a.all); got != want {
			t.Errorf("%s: fits = %t, want %t", payload, got, want)
		}
	}
}

// FuzzExpression feeds text to the reader of expressions and to the matcher. It
// never crashes, and no pattern matches across a separator that it does not
// name.
func FuzzExpression(f *testing.F) {
	f.Add("claims['sub'] matches 'repo:contoso/*:ref' and claims['a'] eq 'b'", "repo:contoso/web:ref")
	f.Add("claims['sub'] matches '*?*'", "é")
	f.Add("claims['", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		e := Expression{Value: text, Language: 1}
		conditions, err := e.compile()
		if err != nil {
			return
		}
		for _, c := range conditions {
			if c.pattern && matches(c.literal, value) && count(c.literal) != count(value) {
				t.Errorf("%q matches %q across a separator", c.literal, value)
			}
			if !c.pattern && c.holds(map[string]any{c.claim: value}) != (c.literal == value) {
				t.Errorf("eq %q is not byte for byte with %q", c.literal, value)
			}
		}
	})
}

func count(s string) int { return strings.Count(s, ":") + strings.Count(s, "/") }
