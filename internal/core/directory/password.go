package directory

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"entente/internal/kit/fault"
	"entente/internal/kit/pause"
	"entente/internal/kit/secret"
)

const (
	minPassword = 8
	maxPassword = 256
)

// currentTries is the rule for wrong tries at the password of now, by whoever
// holds a session or a token of its owner; a new password forgets them too.
// Sign-in, where anybody may try, counts for itself (flow/signin).
func currentTries() pause.Rule { return pause.Usual() }

// PasswordPaused is the Reason of a refusal after too many wrong tries at the
// password of now. Values: retry-after, in seconds.
const PasswordPaused fault.Reason = "directory.password_paused"

func passwordPaused(wait time.Duration) error {
	return fault.Because(fault.Throttled, PasswordPaused, "Changing the password is paused after too many wrong tries of the current one.").
		With("retry-after", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// banned are the passwords that guessers try first; a password that is one of
// them with digits and signs around it is banned too.
var banned = []string{
	"password", "passw0rd", "p@ssword", "p@ssw0rd", "welcome", "qwerty", "qwertz", "letmein", "admin", "administrator", "changeme",
	"iloveyou", "monkey", "dragon", "football", "baseball", "sunshine", "princess", "master", "shadow", "superman", "trustno1",
	"summer", "winter", "spring", "autumn", "january", "monday", "company", "secret", "login", "abc", "starwars", "whatever",
}

// CheckStrength refuses a password that is too short, too long, of fewer than
// three of the four kinds of character, or on the banned list.
// https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy
func CheckStrength(password secret.String, upn string) error {
	p := password.Reveal()
	kinds := make(map[string]bool)
	for _, r := range p {
		switch {
		case unicode.IsLower(r):
			kinds["lower"] = true
		case unicode.IsUpper(r):
			kinds["upper"] = true
		case unicode.IsDigit(r):
			kinds["digit"] = true
		default:
			kinds["sign"] = true
		}
	}
	core := strings.ToLower(strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) }))
	local, _, _ := strings.Cut(strings.ToLower(upn), "@")
	weak := len(p) < minPassword || len(p) > maxPassword || len(kinds) < 3 || local != "" && core == local
	for _, b := range banned {
		weak = weak || core == strings.TrimFunc(b, func(r rune) bool { return !unicode.IsLetter(r) }) || strings.ToLower(p) == b
	}
	if weak {
		return weakPassword()
	}
	return nil
}

func weakPassword() error {
	f := fault.Because(fault.Invalid, WeakPassword,
		"The specified password does not comply with password complexity requirements. Please provide a different password.").
		WithFix("Use at least %d characters of three kinds (lower case, upper case, digits, signs), and no common word.", minPassword)
	f.Target = "passwordProfile"
	return f
}

// passwordSigns are what a password that is made here consists of: no two that look alike.
const passwordSigns = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// NewPassword returns a random password that CheckStrength takes, to be handed over
// by somebody who sets it for another: four blocks of four signs, 92 bits.
func NewPassword() secret.String {
	for {
		t := secret.Pick(passwordSigns, 16)
		if p := secret.NewString(t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]); CheckStrength(p, "") == nil {
			return p
		}
	}
}
