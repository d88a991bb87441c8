package object_test

import (
	"testing"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
)

func TestShorten(t *testing.T) {
	noon := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tt := range []struct {
		name         string
		ends, until  time.Time
		ended        bool
		wantsRefusal bool
	}{
		{"what had no end gets one", time.Time{}, noon.Add(day), false, false},
		{"an end comes earlier", noon.Add(9 * day), noon.Add(day), false, false},
		{"an end never comes later", noon.Add(day), noon.Add(9 * day), false, true},
		{"the same end is none", noon.Add(day), noon.Add(day), false, true},
		{"no end in the past", time.Time{}, noon, false, true},
		{"no end is not an end", noon.Add(day), time.Time{}, false, true},
		{"what was ended stays so", time.Time{}, noon.Add(day), true, true},
		{"what has run out stays so", noon.Add(-day), noon.Add(day), false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := object.NewCause(object.ByConsent, "", ids.Principal{}, "", time.Time{}, noon)
			if err != nil {
				t.Fatal(err)
			}
			if c.Ends = tt.ends; tt.ended {
				c.EndedAt = noon
			}
			err = c.Shorten(tt.until, noon)
			want := tt.until
			if tt.wantsRefusal {
				want = tt.ends
			}
			if (err != nil) != tt.wantsRefusal || !c.Ends.Equal(want) {
				t.Errorf("err = %v, end %v, want %v", err, c.Ends, want)
			}
		})
	}
}
