package governance

import (
	"testing"

	"entente/internal/flow/provision"
)

// TestEveryStateHasAWord of beta's.
func TestEveryStateHasAWord(t *testing.T) {
	for _, s := range []provision.State{provision.Wanted, provision.Pending, provision.Given, provision.Failed, provision.Unwanted} {
		if fulfilled[s] == "" {
			t.Errorf("what is %s has no word", s)
		}
	}
}
