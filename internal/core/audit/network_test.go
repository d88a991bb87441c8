package audit_test

import (
	"testing"

	"entente/internal/core/audit"
)

func TestNetwork(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "": "", "x": "",
	} {
		if got := audit.Network(ip); got != want {
			t.Errorf("%s: got %s, want %s", ip, got, want)
		}
	}
}
