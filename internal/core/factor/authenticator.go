package factor

import (
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// MaxAuthenticators is how many authenticators one account may have, as in Entra.
const MaxAuthenticators = 5

const maxName = 64 // bytes of an authenticator's name

// An Account is whose factor it is: a user, in the tenant that asks.
type Account struct {
	Tenant ids.TenantID
	User   ids.ObjectID
}

// An Authenticator is an app that shows codes for an account.
type Authenticator struct {
	ID        ids.MethodID `json:"id"`
	Name      string       `json:"displayName"`
	CreatedAt time.Time    `json:"createdDateTime"`
	UsedAt    time.Time    `json:"-"` // zero: only to be registered

	sealed []byte
	last   int64 // the last step of which a code was taken
}

// Why a factor is not taken or not registered.
const (
	WrongCode  fault.Reason = "factor.wrong_code"
	UsedCode   fault.Reason = "factor.used_code" // right, and taken before
	WrongSpare fault.Reason = "factor.wrong_recovery_code"
	Paused     fault.Reason = "factor.paused" // too many wrong codes; Values: until
	TooMany    fault.Reason = "factor.too_many"
	WrongName  fault.Reason = "factor.wrong_name"
	Needed     fault.Reason = "factor.needed" // the last one stays while the tenant demands a second factor
)

func wrongCode() error {
	return fault.Because(fault.Unauthenticated, WrongCode, "The code is not right.").
		WithFix("Enter the six digits that the app shows now. If they are refused again, set the clock of the phone by the network.")
}

func usedCode() error {
	return fault.Because(fault.Unauthenticated, UsedCode, "This code was used already. A code counts once.").
		WithFix("Wait for the next code.")
}

func wrongSpare() error {
	return fault.Because(fault.Unauthenticated, WrongSpare, "This is no recovery code that is left.").
		WithFix("Each recovery code counts once, and new ones replace the old.")
}

func needed() error {
	return fault.Because(fault.Conflict, Needed, "The tenant demands a second factor, and this is the account's last authenticator.").
		WithFix("Add another one first.")
}

// nameOf returns the name by which the person knows an authenticator.
func nameOf(typed string) (string, error) {
	name := strings.TrimSpace(typed)
	switch {
	case name == "":
		return "Authenticator app", nil
	case len(name) > maxName || strings.ToValidUTF8(name, "") != name:
		return "", fault.Because(fault.Invalid, WrongName, "A name has at most %d bytes.", maxName)
	}
	return name, nil
}

// An Enrollment is what a person is shown to register an authenticator.
type Enrollment struct {
	Secret secret.String // in base32, to be typed
	URI    secret.String // to be scanned
}

// generation tells one registration of an account from the next: a secret that
// was registered is not offered again.
func generation(all []Authenticator) string {
	parts := make([]string, len(all))
	for i, a := range all {
		parts[i] = string(a.ID)
	}
	return strings.Join(parts, " ")
}
