// Package access is the area of the admin center that shows who asked for what
// and who has what through access packages, and what is to be mended.
package access

import (
	"embed"
	"fmt"
	"net/http"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/query"
)

//go:embed templates/*.html
var templates embed.FS

// Options are what the pages need.
type Options struct {
	Access *entitlement.Service
	Lookup *lookup.Service
	Clock  clock.Clock
}

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /entitlement/requests":                         (*pages).requests,
	"GET /entitlement/requests/{request}":               (*pages).request,
	"GET /entitlement/requests/{request}/cancel":        (*pages).canceling,
	"POST /entitlement/requests/{request}/cancel":       (*pages).cancel,
	"POST /entitlement/requests/{request}/reprocess":    (*pages).reprocess,
	"GET /entitlement/assignments":                      (*pages).assignments,
	"GET /entitlement/assignments/new":                  (*pages).assigning,
	"POST /entitlement/assignments/new":                 (*pages).assign,
	"GET /entitlement/assignments/{assignment}":         (*pages).assignment,
	"POST /entitlement/assignments/{assignment}/repair": (*pages).repair,
	"GET /entitlement/assignments/{assignment}/change":  (*pages).changing,
	"POST /entitlement/assignments/{assignment}/change": (*pages).change,
	"GET /entitlement/assignments/{assignment}/remove":  (*pages).removing,
	"POST /entitlement/assignments/{assignment}/remove": (*pages).remove,
}

// refusals are the faults that the pages tell in their own words.
var refusals = map[fault.Reason]portal.Telling{
	entitlement.WrongState: {Status: http.StatusConflict, Title: "It is too late for this", Text: "The request or the access is in another state by now."},
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(templates, refusals)
	admin.Mount(c, d, &pages{o, d}, routes)
}

// asking reads which page of a list is wanted, the newest first.
func asking(r *http.Request, filters ...query.Expr) (offer.Asked, error) {
	page, err := portal.PageOf(r)
	q := offer.Asked{Query: query.Query{Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: page}}
	var all query.And
	for _, f := range filters {
		if f != nil {
			all = append(all, f)
		}
	}
	if len(all) > 0 {
		q.Query.Filter = all
	}
	return q, err
}

// is is the filter of a field that is so, or nil.
func is(field, value string) query.Expr {
	if value == "" {
		return nil
	}
	return query.Compare{Field: field, Op: query.Eq, Value: value}
}

// nameOf names somebody, with the address under it.
func nameOf(s *entitlement.Subject) portal.Cell {
	switch {
	case s == nil:
		return portal.Cell{Text: "Somebody who is gone"}
	case s.Name == "":
		return portal.Cell{Text: s.Email}
	case s.Name == s.Email:
		return portal.Cell{Text: s.Name}
	}
	return portal.Cell{Text: s.Name, Under: s.Email}
}

func crumbs(v *admin.Visitor, more ...portal.Link) []portal.Link {
	return append([]portal.Link{{Text: "Entitlement management", To: v.To("/entitlement")}}, more...)
}

// between is the ticket of a page about somebody's access.
func between(v *admin.Visitor, s *entitlement.Subject, home string) portal.Ticket {
	here := portal.Half{Label: "You act in", Name: v.Tenant.DisplayName, Seat: true}
	if s == nil || s.Inside() || home == "" {
		return portal.Ticket{To: here}
	}
	return portal.Ticket{From: portal.Half{Label: "From", Name: home}, To: here}
}

// progress says how many roles have been given.
func progress(grants []*provision.Grant) string {
	given, failed := 0, 0
	for _, g := range grants {
		switch g.State {
		case provision.Given:
			given++
		case provision.Failed:
			failed++
		}
	}
	text := fmt.Sprintf("%d of %d", given, len(grants))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}

// left says how far an end is away, where that is near.
func left(until, now time.Time) string {
	const day = 24 * time.Hour
	switch d := until.Sub(now); {
	case d <= 0 || d > 14*day:
		return ""
	case d < 2*day:
		return fmt.Sprintf("in %d hours", int(d/time.Hour))
	default:
		return fmt.Sprintf("in %d days", int(d/day))
	}
}
