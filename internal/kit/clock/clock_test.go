package clock

import (
	"testing"
	"time"
)

func TestAdvanceWakesAndMoves(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	fake := NewFake(start)
	movable := NewMovable(time.Hour)
	tests := []struct {
		name    string
		clock   Clock
		advance func(time.Duration)
		wall    time.Duration // how far Wall moves
	}{
		{"fake moves both faces", fake, fake.Advance, 24 * time.Hour},
		{"movable moves the story only", movable, movable.Advance, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now, wall, moved := tt.clock.Now(), tt.clock.Wall(), tt.clock.Moved()
			tt.advance(24 * time.Hour)
			select {
			case <-moved:
			default:
				t.Error("nobody was woken")
			}
			if d := tt.clock.Now().Sub(now); d < 24*time.Hour || d > 25*time.Hour {
				t.Errorf("Now moved by %v, want about 24h", d)
			}
			if d := tt.clock.Wall().Sub(wall); d < tt.wall || d > tt.wall+time.Hour {
				t.Errorf("Wall moved by %v, want about %v", d, tt.wall)
			}
		})
	}
}
