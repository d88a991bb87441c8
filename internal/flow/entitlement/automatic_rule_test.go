package entitlement

import (
	"testing"
	"time"
)

// TestDeeds is the table of what an automatic policy does about somebody.
func TestDeeds(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	early, late := &leaver{Due: now}, &leaver{Due: now.Add(time.Second)}
	both, graced := AutomaticSettings{Give: true, Take: true}, AutomaticSettings{Give: true, Take: true, Grace: day}
	for name, tt := range map[string]struct {
		says        AutomaticSettings
		in, has, by bool
		l           *leaver
		want        deed
	}{
		"named, and without":                 {both, true, false, false, nil, give},
		"named, and gives nothing":           {AutomaticSettings{Take: true}, true, false, false, nil, nothing},
		"named, and has it":                  {both, true, true, true, nil, nothing},
		"named, and has it otherwise":        {both, true, true, false, nil, nothing},
		"not named, and without":             {both, false, false, false, nil, nothing},
		"left":                               {both, false, true, true, nil, take},
		"left, and has it otherwise":         {both, false, true, false, nil, nothing},
		"left, and takes nothing":            {AutomaticSettings{Give: true}, false, true, true, nil, nothing},
		"left, with a grace period":          {graced, false, true, true, nil, wait},
		"within the grace period":            {graced, false, true, true, late, wait},
		"after the grace period":             {graced, false, true, true, early, take},
		"back within the grace period":       {graced, true, true, true, late, stay},
		"the grace period was taken back":    {both, false, true, true, late, wait},
		"back, when nothing is given by now": {AutomaticSettings{Take: true}, true, true, true, late, stay},
	} {
		if got := tt.says.deedOf(tt.in, tt.has, tt.by, tt.l, now); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
