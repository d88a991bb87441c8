package odata

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

func TestParseFilter(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"text", "displayName eq 'Grace'", `(displayName eq "Grace")`},
		{"a quote within text", "displayName eq 'O''Neil''s'", `(displayName eq "O'Neil's")`},
		{"nothing but a quote", "a eq ''''", `(a eq "'")`},
		{"empty text", "a eq ''", `(a eq "")`},
		{"a complex property", "address/city ne null", `(address/city ne null)`},
		{"and binds before or", "a eq 1 or b eq 2 and c eq 3", "((a eq int:1) or ((b eq int:2) and (c eq int:3)))"},
		{"brackets bind first", "(a eq 1 or b eq 2) and c eq 3", "(((a eq int:1) or (b eq int:2)) and (c eq int:3))"},
		{"a long list is flat", "a eq 1 and b eq 2 and c eq 3", "((a eq int:1) and (b eq int:2) and (c eq int:3))"},
		{"not with brackets", "not(a eq 1)", "not (a eq int:1)"},
		{"not without brackets", "NOT a eq 1 and b eq 2", "(not (a eq int:1) and (b eq int:2))"},
		{"not before a function", "not endsWith(mail,'.org')", `not endswith(mail ".org")`},
		{"a property named not", "not/a eq 1", "(not/a eq int:1)"},
		{"words in capitals", "a EQ 1 AND b GE 2", "((a eq int:1) and (b ge int:2))"},
		{"a comparison alone", "accountEnabled", "accountEnabled"},
		{"a function in any case", "startsWith(displayName, 'a')", `startswith(displayName "a")`},
		{"a function compared", "startswith(displayName,'a') eq true", `(startswith(displayName "a") eq bool:1)`},
		{"a list", "id in ('a', 'b' ,'c')", `(id in ["a" "b" "c"])`},
		{"a list in JSON", `id in ["a","\u00e9\""]`, `(id in ["a" "é\""])`},
		{"an empty list", "id in ()", "(id in [])"},
		{"any", "groupTypes/any(c:c eq 'Unified')", `any(groupTypes c: (c eq "Unified"))`},
		{"any of objects", "identities/any(c:c/issuerAssignedId eq 'x' and c/issuer eq 'y')", `any(identities c: ((c/issuerAssignedId eq "x") and (c/issuer eq "y")))`},
		{"any with spaces", "tags/any( t : t eq 'x' )", `any(tags t: (t eq "x"))`},
		{"any at all", "mails/any()", "any(mails : nothing)"},
		{"all", "mails/all(m:startswith(m,'a'))", `all(mails m: startswith(m "a"))`},
		{"a number of elements", "owners/$count eq 0", "(owners/$count eq int:0)"},
		{"the item itself", "$it eq 'x'", `($it eq "x")`},
		{"a GUID", "appRoleId eq 0F3C0000-0000-4000-8000-00000000ABCD", "(appRoleId eq guid:0f3c0000-0000-4000-8000-00000000abcd)"},
		{"a GUID that begins with letters", "x eq abcdefab-cdef-abcd-efab-cdefabcdefab", "(x eq guid:abcdefab-cdef-abcd-efab-cdefabcdefab)"},
		{"a time", "t ge 2024-01-02T03:04:05Z", "(t ge time:2024-01-02T03:04:05Z)"},
		{"a time with a fraction", "t ge 2024-01-02T03:04:05.123456789012z", "(t ge time:2024-01-02T03:04:05.123456789Z)"},
		{"a time elsewhere", "t ge 2024-01-02T03:04-05:30", "(t ge time:2024-01-02T08:34:00Z)"},
		{"a time whose plus became a space", "t ge 2024-01-02T03:04:05 01:00 and a eq 1", "((t ge time:2024-01-02T02:04:05Z) and (a eq int:1))"},
		{"a date", "t lt 2024-02-29", "(t lt date:2024-02-29)"},
		{"numbers", "a eq -1 or a eq 1.50 or a eq 2e+10 or a eq -INF or a eq NaN", "((a eq int:-1) or (a eq decimal:1.50) or (a eq decimal:2e+10) or (a eq decimal:-INF) or (a eq decimal:NaN))"},
		{"a number beyond 64 bits", "a eq 9223372036854775808", "(a eq decimal:9223372036854775808)"},
		{"an enumeration", "userType eq microsoft.graph.userType'Guest'", "(userType eq microsoft.graph.userType:Guest)"},
		{"a property that is a constant elsewhere", "null/true eq true", "(null/true eq bool:1)"},
		{"letters of any script", "größe eq 'ß'", `(größe eq "ß")`},
		{"tabs and spaces", "\t a  eq\t1 ", "(a eq int:1)"},
		{"no spaces where brackets part", "(a eq 1)and(b eq 2)", "((a eq int:1) and (b eq int:2))"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseFilter(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(e); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParseFilterRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		reason     fault.Reason
		position   int // not looked at when TooComplex
	}{
		{"nothing", "", Syntax, 0},
		{"white space", "  ", Syntax, 2},
		{"a value missing", "displayName eq", Syntax, 14},
		{"a value missing before the end of brackets", "(a eq )", Syntax, 6},
		{"a word instead of an operator", "displayName like 'a'", Syntax, 12},
		{"an open quote", "displayName eq 'a", Syntax, 15},
		{"an open quote after two letters of more than a byte", "é eq 'é", Syntax, 5},
		{"an open bracket", "(a eq 1", Syntax, 7},
		{"a bracket too many", "a eq 1)", Syntax, 6},
		{"two values", "a eq 1 2", Syntax, 7},
		{"a number with letters", "a eq 2x4", Syntax, 6},
		{"a point without digits", "a eq 1.", Syntax, 7},
		{"no such day", "t eq 2023-02-29", Syntax, 5},
		{"no such hour", "t eq 2023-02-28T24:00Z", Syntax, 5},
		{"a time without a zone", "t eq 2023-02-28T23:00", Syntax, 5},
		{"a slash at the end", "a/ eq 1", Syntax, 2},
		{"$it in the middle", "a/$it eq 1", Syntax, 2},
		{"an unknown word with $", "a/$size eq 1", Syntax, 2},
		{"a lambda without a variable", "a/any(:b eq 1)", Syntax, 6},
		{"a lambda without a colon", "a/any(b eq 1)", Syntax, 8},
		{"two lists of values", "a in ('x') in", Syntax, 13},
		{"a comma at the end of a list", "a in ('x',)", Syntax, 10},
		{"arithmetic", "a add 1 eq 2", Unsupported, 2},
		{"arithmetic, with a mistake later", "a add 1 eq", Syntax, 10},
		{"an unknown function", "soundex(a) eq 'x'", Unsupported, 0},
		{"has", "a has 'x'", Unsupported, 2},
		{"a parameter", "a eq @x", Unsupported, 5},
		{"a type cast", "microsoft.graph.user/mail eq 'x'", Unsupported, 0},
		{"a duration", "a eq duration'PT1H'", Unsupported, 5},
		{"a time of day", "a eq 12:30", Unsupported, 5},
		{"an array", "a eq [1]", Unsupported, 5},
		{"a property in a list", "a in (b)", Unsupported, 6},
		{"brackets too deep", strings.Repeat("(", MaxDepth+1) + "a" + strings.Repeat(")", MaxDepth+1), TooComplex, 0},
		{"not too deep", strings.Repeat("not ", MaxDepth+1) + "a", TooComplex, 0},
		{"minus too deep", strings.Repeat("-", 10000) + "a", TooComplex, 0},
		{"arrays too deep", strings.Repeat("[", 10000), TooComplex, 0},
		{"objects too deep", strings.Repeat(`{"a":`, 3000), TooComplex, 0},
		{"functions too deep", strings.Repeat("f(", 5000), TooComplex, 0},
		{"lambdas too deep", strings.Repeat("a/any(b:", 1000), TooComplex, 0},
		{"too many parts", strings.Repeat("a or ", MaxNodes) + "a", TooComplex, 0},
		{"too many comparisons", strings.Repeat("1 eq ", MaxNodes) + "1", TooComplex, 0},
		{"too long a path", "a" + strings.Repeat("/a", MaxNodes) + " eq 1", TooComplex, 0},
		{"too long a list", "a in (" + strings.Repeat("1,", MaxItems) + "1)", TooComplex, 0},
		{"too long a text", "a eq '" + strings.Repeat("x", MaxText) + "'", TooComplex, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseFilter(tt.text)
			if !errors.Is(err, tt.reason) || !errors.Is(err, fault.Invalid) {
				t.Fatalf("got %s, %v, want %v", show(e), err, tt.reason)
			}
			pub := fault.Public(err)
			if pub.Values["option"] != "$filter" {
				t.Errorf("option = %q", pub.Values["option"])
			}
			if got := pub.Values["position"]; tt.reason != TooComplex && got != strconv.Itoa(tt.position) {
				t.Errorf("%v: position %s, want %d", err, got, tt.position)
			}
		})
	}
}

func TestLimitsAreReached(t *testing.T) {
	for name, text := range map[string]string{
		"depth": strings.Repeat("(", MaxDepth-1) + "a" + strings.Repeat(")", MaxDepth-1),
		"parts": strings.Repeat("a or ", MaxNodes-2) + "a",
		"list":  "a in (" + strings.Repeat("1,", MaxItems-1) + "1)",
	} {
		if _, err := ParseFilter(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkParseFilter(b *testing.B) {
	for b.Loop() {
		if _, err := ParseFilter("startswith(displayName,'Gr') and accountEnabled eq true and not (userType eq 'Guest')"); err != nil {
			b.Fatal(err)
		}
	}
}
