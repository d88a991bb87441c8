package factor

import (
	"strings"
	"time"

	"entente/internal/kit/fault"
)

// RecoveryCodes is how many recovery codes an account gets at once.
const RecoveryCodes = 10

// shownFor is how long new recovery codes can be shown to whoever asked for
// them.
const shownFor = 15 * time.Minute

// A recovery code has twelve signs of five bits, which nobody guesses; those
// that look alike are one.
const (
	spareSigns = "0123456789abcdefghjkmnpqrstvwxyz"
	spareLen   = 12
)

// spareOf returns the recovery code that random bytes make, in groups of four.
func spareOf(random []byte) string {
	var b strings.Builder
	for i, r := range random[:spareLen] {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(spareSigns[r%32])
	}
	return b.String()
}

// plainSpare returns a recovery code as it was typed without what divides it,
// and with the signs that it was printed with.
func plainSpare(typed string) string {
	return strings.NewReplacer("o", "0", "i", "1", "l", "1").Replace(strings.ToLower(plainCode(typed)))
}

// None is the Reason of a refusal to make recovery codes for an account without
// an authenticator.
const None fault.Reason = "factor.none"

func noneYet() error {
	return fault.Because(fault.Conflict, None, "The account has no authenticator that recovery codes could stand in for.").
		WithFix("Add an authenticator app. The first one comes with recovery codes.")
}
