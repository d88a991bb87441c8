package packages

import (
	"strconv"
	"time"
)

// mostDays is how long anything of a policy lasts.
const mostDays = 3660

// inDays returns a duration as it is typed: whole days, or nothing.
func inDays(d time.Duration) string {
	if d < day {
		return ""
	}
	return strconv.Itoa(int(d / day))
}

// days reads a number of days, and says what is wrong with another text. Nothing
// typed where the field says that it can be left out is no days.
func (e *editing) days(field, what string, least, most int) (time.Duration, bool) {
	n, err := strconv.Atoi(e.form.Get(field))
	if err != nil || n < least || n > most {
		if e.form.Get(field) != "" || !e.optional(field) {
			e.form.Wrong(field, "%s are a number from %d to %d", what, least, most)
		}
		return 0, false
	}
	return time.Duration(n) * day, true
}

// optional reports whether a field of days can be left out: that of a stage which
// does not forward.
func (e *editing) optional(field string) bool {
	const prefix = "forward-days"
	return len(field) > len(prefix) && field[:len(prefix)] == prefix && !e.form.Has("forward"+field[len(prefix):], "yes")
}
