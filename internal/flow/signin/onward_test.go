package signin

import (
	"slices"
	"testing"
)

// TestGatesAsInRules compares the gates with what may follow proven.
func TestGatesAsInRules(t *testing.T) {
	var states []State
	for _, g := range gates {
		if !slices.Contains(states, g.state) {
			states = append(states, g.state)
		}
		if !slices.Contains(next[g.state], Proven) {
			t.Errorf("%s does not lead back to proven", g.state)
		}
	}
	if states = append(states, Ready); !slices.Equal(states, next[Proven]) {
		t.Errorf("the gates are %v, the rules let proven lead to %v", states, next[Proven])
	}
}

func TestKind(t *testing.T) {
	for _, tt := range []struct {
		ask  Ask
		want Kind
	}{
		{Ask{App: "a"}, ForConsent},
		{Ask{App: "a", Authorize: &Authorize{}}, ForApp},
		{Ask{Page: "/account"}, ForPage},
		{Ask{App: "a", Device: "d"}, ForDevice},
	} {
		if got := tt.ask.Kind(); got != tt.want {
			t.Errorf("%+v is for %s, want %s", tt.ask, got, tt.want)
		}
	}
}
