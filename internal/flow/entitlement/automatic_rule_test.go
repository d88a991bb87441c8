package entitlement

import (
	"testing"
	"time"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// TestDeeds is the table of what an automatic policy does about somebody.
func TestDeeds(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	early, late := &leaver{Due: now}, &leaver{Due: now.Add(time.Second)}
	both, graced := offer.AutomaticSettings{Give: true, Take: true}, offer.AutomaticSettings{Give: true, Take: true, Grace: day}
	for name, tt := range map[string]struct {
		says        offer.AutomaticSettings
		in, has, by bool
		l           *leaver
		want        deed
	}{
		"named, and without":                 {both, true, false, false, nil, give},
		"named, and gives nothing":           {offer.AutomaticSettings{Take: true}, true, false, false, nil, nothing},
		"named, and has it":                  {both, true, true, true, nil, nothing},
		"named, and has it otherwise":        {both, true, true, false, nil, nothing},
		"not named, and without":             {both, false, false, false, nil, nothing},
		"left":                               {both, false, true, true, nil, take},
		"left, and has it otherwise":         {both, false, true, false, nil, nothing},
		"left, and takes nothing":            {offer.AutomaticSettings{Give: true}, false, true, true, nil, nothing},
		"left, with a grace period":          {graced, false, true, true, nil, wait},
		"within the grace period":            {graced, false, true, true, late, wait},
		"after the grace period":             {graced, false, true, true, early, take},
		"back within the grace period":       {graced, true, true, true, late, stay},
		"the grace period was taken back":    {both, false, true, true, late, wait},
		"back, when nothing is given by now": {offer.AutomaticSettings{Take: true}, true, true, true, late, stay},
	} {
		if got := deedOf(&tt.says, tt.in, tt.has, tt.by, tt.l, now); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestWhichAssignmentStays is the table of two assignments of one package that one
// person turns out to have.
func TestWhichAssignmentStays(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	here, gone := ids.New[ids.ObjectID](), ids.New[ids.ObjectID]()
	for name, tt := range map[string]struct {
		a, b Assignment
		want bool
	}{
		"the guest who is there":          {Assignment{Object: here, EndsAt: now}, Assignment{Object: gone}, true},
		"the other's guest is there":      {Assignment{Object: gone}, Assignment{Object: here, EndsAt: now}, false},
		"the later end":                   {Assignment{Object: here, EndsAt: now.Add(day)}, Assignment{Object: here, EndsAt: now}, true},
		"the earlier end":                 {Assignment{Object: here, EndsAt: now}, Assignment{Object: here, EndsAt: now.Add(day)}, false},
		"no end":                          {Assignment{Object: here}, Assignment{Object: here, EndsAt: now}, true},
		"the other without an end":        {Assignment{Object: here, EndsAt: now}, Assignment{Object: here}, false},
		"both without, the kept one does": {Assignment{Object: here}, Assignment{Object: here}, false},
	} {
		if got := outlives(&tt.a, &tt.b, here); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
