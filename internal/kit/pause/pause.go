// Package pause says how long somebody who guesses a secret has to wait.
//
// Tries are counted in a row and before they are made, right ones too, so that
// tries made at once count like tries made in turn; a right one forgets them.
// Where they are counted, and for whom, is the business of whoever keeps the
// secret: a password of an account from one network, a one-time code of a
// session.
package pause

import "time"

// A Rule lets the first tries in a row go free. Then each doubles the wait.
type Rule struct {
	Free  int           // this try is the first that has a pause after it
	First time.Duration // the first pause
	Long  time.Duration // no pause is longer
}

// Usual is the rule for what a person types.
func Usual() Rule { return Rule{Free: 5, First: time.Minute, Long: time.Hour} }

// Strict is the rule for what is guessed at from everywhere: the first try has
// a pause after it already, and the wait doubles up to a day.
func Strict() Rule { return Rule{Free: 1, First: time.Minute, Long: Forgetting} }

// Forgetting is how long after the last try tries are no longer in a row.
const Forgetting = 24 * time.Hour

// After returns how long to wait after the given number of tries in a row.
func (r Rule) After(tries int) time.Duration {
	if tries < r.Free {
		return 0
	}
	p := r.First
	for range tries - r.Free {
		if p *= 2; p >= r.Long {
			return r.Long
		}
	}
	return p
}
