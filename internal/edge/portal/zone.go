package portal

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the machine that serves may know no zones
)

// zoneCookie holds the name of the zone in which a browser shows times. Where there
// is none, the script "zone" sets it at sign-in to that of the device; whoever wants
// another chooses it on a page of their account.
const zoneCookie = "__Host-entente-zone"

// zoneName is how zones of the IANA database are called.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

const longestZone = 64

// zones are those that were asked for: there are some six hundred.
var zones sync.Map

// LoadZone returns the zone of a name, or nil.
func LoadZone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	if len(name) > longestZone || !zoneName.MatchString(name) || name == "Local" {
		return nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, z)
	return z
}

// Zone returns the zone in which a browser's pages show times, and read days that
// are typed: the one that was chosen, or else the device's, or UTC where neither is
// known.
func Zone(r *http.Request) *time.Location {
	if c, err := r.Cookie(zoneCookie); err == nil {
		if z := LoadZone(c.Value); z != nil {
			return z
		}
	}
	return time.UTC
}

// ZoneScript returns the script that tells the device's zone, or nothing where the
// browser keeps one already.
func ZoneScript(r *http.Request) string {
	if _, err := r.Cookie(zoneCookie); err == nil {
		return ""
	}
	return "zone"
}

// KeepZone has a browser show times in a zone for a year.
func KeepZone(w http.ResponseWriter, z *time.Location) {
	http.SetCookie(w, &http.Cookie{Name: zoneCookie, Value: z.String(), Path: "/", MaxAge: 365 * 24 * 60 * 60, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Local returns a time in the visitor's zone.
func (v *Visitor) Local(t time.Time) time.Time {
	if v.Zone == nil {
		return t.UTC()
	}
	return t.In(v.Zone)
}

// Day reads a day as date fields send it: its beginning in the visitor's zone.
func (v *Visitor) Day(typed string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, typed, v.Local(time.Time{}).Location())
}

// timeLayouts are the forms in which pages show times.
var timeLayouts = []string{stampLayout, "Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006", "January 2, 2006"}

const stampLayout = "Mon, Jan 2, 2006, 3:04 PM"

// timeMark is a time as templates mark it. What people type holds no marks: the
// templates escape it.
var timeMark = regexp.MustCompile(`<time datetime="([^"]+)">([^<]+)</time>`)

// inZone turns the times of a page, which its templates show in UTC, into those of
// a zone, in the same form.
func inZone(page string, z *time.Location) string {
	if z == time.UTC || !strings.Contains(page, "<time ") {
		return page
	}
	return timeMark.ReplaceAllStringFunc(page, func(mark string) string {
		parts := timeMark.FindStringSubmatch(mark)
		at, err := time.Parse(time.RFC3339, parts[1])
		if err != nil {
			return mark
		}
		for _, layout := range timeLayouts {
			if at.UTC().Format(layout) == parts[2] {
				there := at.In(z)
				return `<time datetime="` + there.Format(time.RFC3339) + `">` + there.Format(layout) + `</time>`
			}
		}
		return mark
	})
}
