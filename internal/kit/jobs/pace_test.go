package jobs

import (
	"errors"
	"testing"
	"time"
)

func TestAPaceFollowsWhatWorkTakes(t *testing.T) {
	var p Pace
	parts := func(n int) (all []int) {
		err := p.Run(make([]*Work, n), func(part []*Work, work func(func() error) error) error {
			all = append(all, len(part))
			return work(func() error { return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := parts(20); got[0] != fewest || got[1] != 12 {
		t.Errorf("parts of %v, want %d and, since they take no time, the rest", got, fewest)
	}
	p = Pace{}
	p.note(10, 10*time.Millisecond)
	if p.size() != 20 {
		t.Errorf("of what takes a millisecond %d go together", p.size())
	}
	p.note(1, 3*time.Millisecond)
	if p.size() != 10 {
		t.Errorf("of what takes two milliseconds %d go together", p.size())
	}
	for range 10 {
		p.note(1, time.Second)
	}
	if p.size() != fewest {
		t.Errorf("of what takes long %d go together", p.size())
	}
}

func TestAPaceEndsWithWhatFails(t *testing.T) {
	var p Pace
	n, bad := 0, errors.New("bad")
	err := p.Run(make([]*Work, 20), func(part []*Work, work func(func() error) error) error {
		return work(func() error {
			if n++; n == 2 {
				return bad
			}
			return nil
		})
	})
	if !errors.Is(err, bad) || n != 2 {
		t.Errorf("err = %v after %d parts", err, n)
	}
}
