package account

import (
	"net/http"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/kit/web"
)

// zoneData is what the page of the time zone shows.
type zoneData struct {
	Now   string // name of the zone
	Field portal.Field
}

// zone asks in which zone this browser is to show times.
func (p *Pages) zone(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	return p.zonePage(w, r, v, "", "")
}

func (p *Pages) zonePage(w http.ResponseWriter, r *http.Request, v *portal.Visitor, typed, wrong string) error {
	d := zoneData{Now: portal.Zone(r).String(), Field: portal.Field{ID: "zone", Name: "zone", Label: "City or time zone", Class: "w-half", Autocomplete: "off", Value: typed, Error: wrong,
		Hint: "Such as Berlin, New York or UTC; or the zone’s name, such as Europe/Berlin."}}
	f := portal.Frame{Title: "Time zone", Intro: "Times are shown in " + d.Now + " in this browser, and days that you type are days there.", Content: "zone", Data: d, Script: "zone",
		Crumbs: []portal.Link{{Text: "My account", To: Home}}}
	if wrong != "" {
		f.Problems = []portal.Problem{{Field: "zone", Text: wrong}}
	}
	return p.frame(w, r, v, Home, f)
}

// setZone keeps the zone that was chosen.
func (p *Pages) setZone(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(form.Get("zone"))
	if device := form.Get("device"); device != "" {
		typed = device
	}
	z := zoneOf(typed)
	if z == nil {
		wrong := "No time zone is called so. Type a larger city, or the zone’s name"
		if typed == "" {
			wrong = "Type a city or a time zone"
		}
		return p.zonePage(w, r, v, portal.Clip(typed, 64), wrong)
	}
	portal.KeepZone(w, z)
	return told(w, r, Home, portal.Note{Kind: "ok", Lead: "Times are shown in " + z.String() + " from now on."})
}

// regions are those by which cities are named.
var regions = []string{"", "Europe/", "America/", "Asia/", "Africa/", "Australia/", "Pacific/", "Atlantic/", "Indian/", "Antarctica/", "Etc/"}

// zoneOf returns the zone that somebody means: by its name, or by that of a city
// without its region. It is nil where there is none.
func zoneOf(typed string) *time.Location {
	name := strings.Join(strings.Fields(typed), "_")
	for _, spelled := range []string{name, capitals(name), strings.ToUpper(name)} {
		for _, region := range regions {
			if z := portal.LoadZone(region + spelled); z != nil {
				return z
			}
		}
	}
	return nil
}

// capitals spells a name as the database does: new_york is New_York.
func capitals(name string) string {
	b := []byte(strings.ToLower(name))
	for i := range b {
		if (i == 0 || strings.IndexByte("_/-", b[i-1]) >= 0) && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}
