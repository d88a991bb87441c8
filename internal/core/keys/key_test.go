package keys

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestState(t *testing.T) {
	day := 24 * time.Hour
	times := Defaults()
	set := Set{{ID: "a", Active: noon}, {ID: "b", Active: noon.Add(90 * day)}, {ID: "c", Active: noon.Add(180 * day)}}
	tests := []struct {
		name string
		at   time.Duration
		want [3]State
	}{
		{"before any is active", -time.Second, [3]State{Next, Next, Next}},
		{"at the moment of the first", 0, [3]State{Current, Next, Next}},
		{"a moment before the second", 90*day - time.Microsecond, [3]State{Current, Next, Next}},
		{"at the moment of the second", 90 * day, [3]State{Retired, Current, Next}},
		{"the last token of the first still lives", 91*day + time.Hour - time.Microsecond, [3]State{Retired, Current, Next}},
		{"and has expired", 91*day + time.Hour, [3]State{Over, Current, Next}},
		{"long after", 400 * day, [3]State{Over, Over, Current}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, want := range tt.want {
				now := noon.Add(tt.at)
				if got := set.State(i, now, times); got != want {
					t.Errorf("%s is %s, want %s", set[i].ID, got, want)
				}
				if got := set.Published(set[i].ID, now, times); got != (want != Over) {
					t.Errorf("%s published = %v, want it unless over", set[i].ID, got)
				}
			}
		})
	}
	if set.Published("z", noon, times) || set.Current(noon.Add(-day)) != nil {
		t.Error("what is not there is published or current")
	}
}

func TestDue(t *testing.T) {
	day := 24 * time.Hour
	one := Set{{Active: noon}}
	two := Set{{Active: noon}, {Active: noon.Add(90 * day)}}
	tests := []struct {
		name string
		set  Set
		at   time.Duration
		want bool
	}{
		{"no keys: the first is made by use", nil, 0, false},
		{"young", one, 88 * day, false},
		{"a cache age before its period ends", one, 89 * day, true},
		{"the next is there already", two, 89 * day, false},
		{"late", one, 300 * day, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.set.Due(noon.Add(tt.at), Defaults()); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
