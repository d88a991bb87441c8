package governance

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// durationForm is ISO 8601 as clients write it: weeks beside days and hours, and
// a lone P for nothing.
var durationForm = regexp.MustCompile(`^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?$`)

// parseDuration reads a duration; years and months have no length and are
// refused. Nothing at all is zero.
func parseDuration(s string) (time.Duration, bool) {
	if s == "" {
		return 0, true
	}
	m := durationForm.FindStringSubmatch(strings.ToUpper(s))
	if m == nil || strings.HasSuffix(s, "T") {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.ParseInt("0"+m[i+1], 10, 64)
		if n > int64(math.MaxInt64/unit)/8 {
			return 0, false
		}
		d += time.Duration(n) * unit
	}
	return d, true
}

// formatDuration writes a duration in days and smaller: P14D, PT8H, PT0S.
func formatDuration(d time.Duration) string {
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	s := "P"
	if days > 0 {
		s += fmt.Sprintf("%dD", days)
	}
	if rest == 0 && days > 0 {
		return s
	}
	s += "T"
	for _, part := range []struct {
		unit time.Duration
		sign string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := rest / part.unit; n > 0 {
			s += fmt.Sprintf("%d%s", n, part.sign)
		}
		rest %= part.unit
	}
	if strings.HasSuffix(s, "T") {
		s += "0S"
	}
	return s
}
