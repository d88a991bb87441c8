package monitoring

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"entente/internal/core/audit"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
)

func auditFilter(r *http.Request) *portal.Filter {
	categories := portal.Select{Field: portal.Field{ID: "category", Label: "Category"}, Options: []portal.Option{{Value: "", Label: "All"}}}
	for _, c := range audit.Categories() {
		categories.Options = append(categories.Options, portal.Option{Value: c, Label: c})
	}
	return portal.NewFilter(r, "Filter audit logs", value(),
		portal.Select{Field: portal.Field{ID: "by", Label: "Filter by"}, Options: []portal.Option{
			{Value: "", Label: "Initiated by (user principal name)"}, {Value: string(audit.ByApp), Label: "Initiated by (application ID)"},
			{Value: string(audit.ByActivity), Label: "Activity"}, {Value: string(audit.ByObject), Label: "Target (object ID)"},
			{Value: string(audit.ByOther), Label: "Organization on the other side (domain or tenant ID)"},
			{Value: string(audit.ByCorrelation), Label: "Correlation ID"},
		}},
		categories, results(), dates())
}

// entries lists what was changed.
func (p *pages) entries(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := auditFilter(r)
	q, ok, err := p.ask(r, f, "category")
	if err != nil {
		return err
	}
	if !ok {
		q.By, q.Value = audit.ByObject, "none"
	}
	page, err := p.Logs.Entries(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	list := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}
	table := portal.Table{Caption: "Changes", Heads: []string{"Date", "Activity", "Target", "Initiated by", "Status"}}
	for _, e := range page.Items {
		table.Rows = append(table.Rows, portal.Row{
			Head: portal.Cell{Text: v.Local(e.At).Format("Jan 2, 2006, 3:04:05 PM"), To: v.To("/audit-logs/" + string(e.ID))},
			Cells: []portal.Cell{
				{Text: e.Activity, Under: e.Category}, {Text: cmp.Or(e.Target.Name, e.Target.ID), Under: e.Target.Kind},
				{Text: cmp.Or(e.ByName, string(e.ByApp))}, {Tag: status(e.Failure)},
			},
		})
	}
	switch {
	case len(page.Items) > 0:
		list.Table = &table
	case f.Set():
		list.None = f.Missed()
	default:
		list.None = &portal.Nothing{Title: "Nothing was changed yet", Text: "Each change of the directory is listed here, with who made it."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Audit logs", Content: "list", Data: list,
		Intro: "What was changed in " + v.Name() + ", and by whom. What crossed to or from another organization stands in both logs."})
}

// entry shows one change: old and new values, and who made it.
func (p *pages) entry(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	id, err := admin.ID[ids.AuditID](r, "entry")
	if err != nil {
		return err
	}
	e, err := p.Logs.Entry(r.Context(), v.Who, id)
	if err != nil {
		return err
	}
	t := portal.Thing{
		Tags: []portal.Tag{*status(e.Failure)}, Aside: "Activity",
		Codes: []portal.Code{{ID: "entry", Label: "Entry ID", Value: string(e.ID)}},
		Facts: facts(
			portal.Fact{Name: "Date", At: e.At}, portal.Fact{Name: "Category", Value: e.Category}, portal.Fact{Name: "Service", Value: e.Service},
			portal.Fact{Name: "Status reason", Value: e.Failure},
			portal.Fact{Name: "Initiated by", Value: e.ByName}, portal.Fact{Name: "Object ID", Value: string(e.ByObject), Code: true},
			portal.Fact{Name: "Through application", Value: e.ByAppName}, portal.Fact{Name: "Application ID", Value: string(e.ByApp), Code: true},
			portal.Fact{Name: "IP address", Value: e.IP}, portal.Fact{Name: "Crossing ID, in both logs", Value: string(e.Crossing), Code: true},
		),
	}
	if e.Request != "" {
		t.Codes = append(t.Codes, portal.Code{ID: "correlation", Label: "Correlation ID", Value: e.Request})
	}
	t.Facts = append(t.Facts, otherSide(e.Stored.Other, e.OtherName)...)
	t.Sections = append(t.Sections, portal.Section{ID: "target", Heading: "Target", Facts: facts(
		portal.Fact{Name: "Name", Value: e.Target.Name}, portal.Fact{Name: "Type", Value: e.Target.Kind}, portal.Fact{Name: "ID", Value: e.Target.ID, Code: true})})
	changes := portal.Section{ID: "changes", Heading: "Modified properties"}
	if len(e.Changes) == 0 {
		changes.None = &portal.Nothing{Title: "No properties are recorded", Text: "The activity says all that happened."}
	} else {
		changes.Table = &portal.Table{Caption: "Old and new values", Heads: []string{"Property", "Old value", "New value"}}
		for _, c := range e.Changes {
			changes.Table.Rows = append(changes.Table.Rows, portal.Row{Head: portal.Cell{Text: c.Name}, Cells: []portal.Cell{{Text: cmp.Or(c.Old, "–")}, {Text: cmp.Or(c.New, "–")}}})
		}
	}
	t.Sections = append(t.Sections, changes)
	if len(e.Detail) > 0 {
		s := portal.Section{ID: "details", Heading: "Additional details"}
		for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
			s.Facts = append(s.Facts, portal.Fact{Name: k, Value: e.Detail[k]})
		}
		t.Sections = append(t.Sections, s)
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(e.Activity), Crumbs: crumb(v, "Audit logs", "/audit-logs"), Content: "thing", Data: t, Script: "copy"})
}
