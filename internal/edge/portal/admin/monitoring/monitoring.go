// Package monitoring shows the logs of an organization in the admin center: who
// and what signed in and how that was decided, and what was changed.
package monitoring

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/explain"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Options are what the pages need.
type Options struct {
	Logs  *explain.Service
	At    func(ctx context.Context, domain string) (*tenant.Tenant, error) // whose domain or ID it is; NotFound
	Clock clock.Clock
}

type pages struct {
	Options
	*admin.Desk
}

// Add mounts the pages.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, map[fault.Reason]portal.Telling{authz.Denied: {Status: http.StatusForbidden, Title: "You may not read the logs",
		Text: "The role Reports Reader, or one that may do more, is needed. Ask the organization’s administrators for it."}})
	admin.Mount(c, d, &pages{o, d}, routes)
}

// Routes returns the patterns of the pages.
func Routes() []string { return admin.Patterns(routes) }

var routes = map[string]admin.Page[pages]{
	"GET /sign-in-logs":         (*pages).signIns,
	"GET /sign-in-logs/{entry}": (*pages).signIn,
	"GET /audit-logs":           (*pages).entries,
	"GET /audit-logs/{entry}":   (*pages).entry,
}

// spans are how far back a list goes.
var spans = []struct {
	value, label string
	days         int
}{{"1d", "Last 24 hours", 1}, {"7d", "Last 7 days", 7}, {"30d", "Last month", 30}}

func dates() portal.Select {
	s := portal.Select{Field: portal.Field{ID: "date", Label: "Date"}, Options: []portal.Option{{Value: "", Label: "All"}}}
	for _, p := range spans {
		s.Options = append(s.Options, portal.Option{Value: p.value, Label: p.label})
	}
	return s
}

func results() portal.Select {
	return portal.Select{Field: portal.Field{ID: "status", Label: "Status"}, Options: []portal.Option{
		{Value: "", Label: "All"}, {Value: audit.Succeeded, Label: "Success"}, {Value: audit.Failed, Label: "Failure"},
	}}
}

// value is the field that one value is looked up by.
func value() *portal.Field { return &portal.Field{ID: "value", Label: "Filter value"} }

// ask reads what a list is asked. It reports false where the value can name nothing.
func (p *pages) ask(r *http.Request, f *portal.Filter, kind string) (q audit.Question, ok bool, err error) {
	q = audit.Question{Kind: f.Value(kind), Result: f.Value("status"), By: audit.By(f.Value("by")), Value: f.Value("value")}
	for _, s := range spans {
		if s.value == f.Value("date") {
			q.Since = p.Clock.Now().Add(-time.Duration(s.days) * 24 * time.Hour)
		}
	}
	if q.Page, err = portal.PageOf(r); err != nil || q.Value == "" {
		q.By = ""
		return q, true, err
	}
	switch q.By {
	case "":
		q.By = audit.ByName
	case audit.ByObject, audit.ByApp:
		if !ids.Valid(q.Value) {
			return q, false, nil
		}
		q.Value = strings.ToLower(q.Value)
	case audit.ByOther:
		if ids.Valid(q.Value) { // also of a tenant that is gone
			q.Value = strings.ToLower(q.Value)
			break
		}
		in, err := p.At(r.Context(), strings.ToLower(q.Value))
		if errors.Is(err, fault.NotFound) {
			return q, false, nil
		} else if err != nil {
			return q, false, err
		}
		q.Value = string(in.ID)
	}
	return q, true, nil
}

func status(reason string) *portal.Tag {
	if reason != "" {
		return &portal.Tag{Kind: "stop", Text: "Failure"}
	}
	return &portal.Tag{Kind: "ok", Text: "Success"}
}

// crumb leads back to a list.
func crumb(v *admin.Visitor, text, path string) []portal.Link {
	return []portal.Link{{Text: text, To: v.To(path)}}
}

// facts leaves out what is not known.
func facts(all ...portal.Fact) (known []portal.Fact) {
	for _, f := range all {
		if f.Value != "" || f.Tag != nil || !f.At.IsZero() || f.Link != nil {
			known = append(known, f)
		}
	}
	return known
}

// otherSide tells of the tenant on the other side.
func otherSide(id ids.TenantID, name string) []portal.Fact {
	return facts(portal.Fact{Name: "Organization on the other side", Value: name}, portal.Fact{Name: "Its tenant ID", Value: string(id), Code: true})
}
