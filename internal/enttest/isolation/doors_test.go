package isolation

import (
	"slices"
	"testing"

	"entente/internal/enttest"
)

// walked are the doors beside the login's, and which test walks them.
var walked = map[string]string{
	"v1.0": "TestGraph", "beta": "TestGraph",
	"subscriptions": "TestARM", "providers": "TestARM", "tenants": "TestARM", "metadata": "TestARM",
	"host": "TestHostAPI", "account": "TestAccount", "invite": "TestInvitePages", "follow": "TestFollowPages", "@": "TestAccessPages", "admin": "TestAdminPages",
	"assets": "a style sheet", "healthz": "a word", "readyz": "a word",
}

// TestDoors wants a walk behind each door.
func TestDoors(t *testing.T) {
	doors := enttest.Start(t, enttest.Options{}).Doors()
	for _, d := range doors {
		if walked[d] == "" {
			t.Errorf("no test walks the door %s", d)
		}
	}
	for d := range walked {
		if !slices.Contains(doors, d) {
			t.Errorf("there is no door %s any more", d)
		}
	}
}
