package myaccess

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
)

// until says when access ends by an expiration, before it is known when it begins.
func (v *visitor) until(e offer.Expiration) string {
	switch e.Type {
	case offer.ExpirationAfterDateTime:
		return "until " + v.date(e.End.Add(-time.Second)) // what ends at midnight lasts to the day before
	case offer.ExpirationAfterDuration:
		return "for " + span(e.Duration)
	}
	return "without an end"
}

// span is a duration in words.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return count(int(d/day), "day")
	case d >= time.Hour:
		return count(int(d/time.Hour), "hour")
	}
	return count(int(d/time.Minute), "minute")
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// date is a day in the visitor's zone.
func (v *visitor) date(t time.Time) string { return v.Local(t).Format("January 2, 2006") }

// list joins names as a sentence does.
func list(names []string, last string) string {
	var all []string
	for _, n := range names {
		all = append(all, portal.Inert(n))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " " + last + " " + all[len(all)-1]
}

// A Gift is a role that a package gives.
type gift struct {
	Icon, Name, Role, Kind, Text string
	Open                         string // the resource's address, or nowhere
}

var kinds = map[offer.Origin][2]string{
	offer.AadGroup: {"group", "Group"}, offer.AadApplication: {"app", "Application"}, offer.SharePointOnline: {"site", "Site"},
}

// opens reports whether an address is one that a page leads to: by https, or on
// the visitor's own machine.
func opens(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	return u.Scheme == "https" || u.Scheme == "http" && local
}

// gifts are what roles mean to whoever reads a page.
func gifts(roles []offer.RoleScope) []gift {
	var all []gift
	for _, r := range roles {
		g := gift{Icon: kinds[r.Resource.Origin][0], Kind: kinds[r.Resource.Origin][1], Name: r.Resource.Name, Role: r.Role.Name, Text: r.Role.Description}
		if g.Text == "" {
			g.Text = r.Resource.Description
		}
		if opens(r.Resource.URL) {
			g.Open = r.Resource.URL
		}
		all = append(all, g)
	}
	return all
}

// whom says in a sentence whom policies are for.
func whom(scopes []offer.TargetScope, in string) string {
	said := map[string]bool{}
	var all []string
	for _, s := range scopes {
		text := map[offer.TargetScope]string{
			offer.SpecificDirectoryUsers:                  "people and groups of " + in + " that it names",
			offer.AllMemberUsers:                          "members of " + in,
			offer.AllDirectoryUsers:                       "people with an account in " + in,
			offer.SpecificConnectedOrganizationUsers:      "people of organizations that " + in + " names",
			offer.AllConfiguredConnectedOrganizationUsers: "people of organizations that " + in + " has connected",
			offer.AllExistingConnectedOrganizationUsers:   "people of organizations that " + in + " has connected",
			offer.AllExternalUsers:                        "people of other organizations",
		}[s]
		if text != "" && !said[text] {
			said[text] = true
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return "Nobody asks for it: an administrator of " + in + " gives it."
	}
	return "It is for " + list(all, "and") + "."
}
