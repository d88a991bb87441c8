package directory

import "testing"

// TestSecurityIdentifier holds the SID to its definition: the GUID's .NET bytes
// 01000000 0200 0300 04…0b, read as four little-endian numbers.
func TestSecurityIdentifier(t *testing.T) {
	const want = "S-1-12-1-1-196610-117835012-185207048"
	if got := securityIdentifier("00000001-0002-0003-0405-060708090a0b"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
