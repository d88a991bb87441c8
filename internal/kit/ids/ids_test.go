package ids

import (
	"errors"
	"testing"

	"entente/internal/kit/fault"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		want     ObjectID
		err      error
	}{
		{"lower case", "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", nil},
		{"upper case is folded", "B25985A8-9D2B-4FDE-9FA7-6C4E43A8DDEC", "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", nil},
		{"in braces", "{b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec}", "", fault.Invalid},
		{"no dashes", "b25985a89d2b4fde9fa76c4e43a8ddec", "", fault.Invalid},
		{"empty", "", "", fault.Invalid},
		{"not hexadecimal", "g25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", "", fault.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse[ObjectID](tt.in)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// The examples are Microsoft's own, recomputed in the Graph reference.
func TestDerivedIdentifiers(t *testing.T) {
	got := GrantIDOf("b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", "a3efc889-f1b7-4532-9e01-91e32d1039f4", "")
	if want := GrantID("qIVZsiud3k-fp2xOQ6jd7InI76O38TJFngGR4y0QOfQ"); got != want {
		t.Errorf("grant = %s, want %s", got, want)
	}
	a := NewAssignmentID("33ad69f9-da99-4bed-acd0-3f24235cb296")
	if want := "-WmtM5na7Uus0D8kI1yy"; string(a)[:20] != want {
		t.Errorf("assignment = %s, want it to begin with %s", a, want)
	}
	if a == NewAssignmentID("33ad69f9-da99-4bed-acd0-3f24235cb296") {
		t.Error("two assignments of one principal have the same identifier")
	}
}

func TestPrincipal(t *testing.T) {
	p := Principal{Person, New[TenantID](), New[ObjectID]()}
	var q Principal
	if err := q.Scan(p.String()); err != nil || !p.Same(q) {
		t.Errorf("round trip gave %v, %v, want %v", q, err, p)
	}
	if (Principal{}).Same(Principal{}) {
		t.Error("nobody is the same as nobody")
	}
	if err := q.Scan("nonsense"); !errors.Is(err, fault.Internal) {
		t.Errorf("malformed text: err = %v, want Internal", err)
	}
}
