package signin

import (
	"errors"
	"testing"

	"entente/internal/kit/ids"
)

func TestAcross(t *testing.T) {
	const own, other ids.TenantID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	for _, tt := range []struct {
		name                  string
		application, resource ids.TenantID
		allowed, ok           bool
	}{
		{"all at home", own, own, false, true},
		{"an application of elsewhere", other, own, false, false},
		{"in another organization", own, other, false, false},
		{"both elsewhere", other, other, false, false},
		{"allowed", other, other, true, true},
	} {
		if err := across(own, tt.application, tt.resource, tt.allowed); (err == nil) != tt.ok || err != nil && !errors.Is(err, DeviceAcross) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
