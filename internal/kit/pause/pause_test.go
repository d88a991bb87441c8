package pause

import (
	"math"
	"testing"
	"time"
)

func TestAfter(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rule  Rule
		tries int
		want  time.Duration
	}{
		{"nothing was tried", Usual(), 0, 0},
		{"the last free try", Usual(), 4, 0},
		{"the first that costs", Usual(), 5, time.Minute},
		{"doubled", Usual(), 6, 2 * time.Minute},
		{"doubled thrice", Usual(), 8, 8 * time.Minute},
		{"an hour at most", Usual(), 11, time.Hour},
		{"very many", Usual(), math.MaxInt, time.Hour},
		{"besieged, nothing was tried", Strict(), 0, 0},
		{"besieged, the first costs", Strict(), 1, time.Minute},
		{"besieged, doubled beyond an hour", Strict(), 7, 64 * time.Minute},
		{"besieged, a day at most", Strict(), math.MaxInt, Forgetting},
	} {
		if got := tt.rule.After(tt.tries); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
