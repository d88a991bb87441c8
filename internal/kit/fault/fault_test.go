package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestFault(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("store: %w", Because(Conflict, "name_taken", "The name %q is taken.", "x").Wrap(cause).With("name", "x"))
	tests := []struct {
		name   string
		target error
		want   bool
	}{
		{"its code", Conflict, true},
		{"its reason", Reason("name_taken"), true},
		{"its cause", cause, true},
		{"another code", NotFound, false},
		{"another reason", Reason("other"), false},
		{"an empty reason", Reason(""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := errors.Is(err, tt.target); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := Public(err); got.Values["name"] != "x" || strings.Contains(got.Error(), "fire") {
		t.Errorf("public part = %v, want the value and no cause", got)
	}
}

func TestWithDoesNotTouchTheOriginal(t *testing.T) {
	a := New(Invalid, "No.").With("k", "1")
	b := a.With("k", "2")
	if a.Values["k"] != "1" || b.Values["k"] != "2" {
		t.Errorf("got %q and %q, want 1 and 2", a.Values["k"], b.Values["k"])
	}
}

func TestPublicHidesWhatIsNoFault(t *testing.T) {
	got := Public(errors.New("select secret from table"))
	if got.Code != Internal || strings.Contains(got.Message, "secret") {
		t.Errorf("got %v, want an Internal fault without the text", got)
	}
}
