package monitoring

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"entente/internal/core/audit"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/explain"
	"entente/internal/kit/ids"
)

// kinds are the kinds of sign-ins, as Microsoft's administrators call them.
var kinds = []portal.Option{
	{Value: "", Label: "All sign-ins"},
	{Value: audit.InteractiveUserSignIn, Label: "User sign-ins (interactive)"},
	{Value: audit.UserSignIn, Label: "User sign-ins (non-interactive)"},
	{Value: audit.ServicePrincipalSignIn, Label: "Service principal sign-ins"},
	{Value: audit.ManagedIdentitySignIn, Label: "Managed identity sign-ins"},
}

func signInFilter(r *http.Request) *portal.Filter {
	return portal.NewFilter(r, "Filter sign-ins", value(),
		portal.Select{Field: portal.Field{ID: "by", Label: "Filter by"}, Options: []portal.Option{
			{Value: "", Label: "User or service principal name"}, {Value: string(audit.ByObject), Label: "Object ID of the user or service principal"},
			{Value: string(audit.ByApp), Label: "Application (client) ID"},
			{Value: string(audit.ByOther), Label: "Organization on the other side (domain or tenant ID)"},
			{Value: string(audit.ByCorrelation), Label: "Correlation ID"},
		}},
		portal.Select{Field: portal.Field{ID: "kind", Label: "Sign-in type"}, Options: kinds}, results(), dates())
}

// signIns lists sign-ins. An error page's identifier leads by ?correlation= to
// its only entry, or to those that share it.
func (p *pages) signIns(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	if c := r.URL.Query().Get("correlation"); c != "" {
		return p.correlated(w, r, v, portal.Clip(c, portal.MaxFind))
	}
	f := signInFilter(r)
	q, ok, err := p.ask(r, f, "kind")
	if err != nil {
		return err
	}
	if !ok { // the right to read is asked for all the same
		q.By, q.Value = audit.ByObject, "none"
	}
	page, err := p.Logs.SignIns(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	list := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}
	table := portal.Table{Caption: "Sign-ins", Heads: []string{"Date", "User or service principal", "Application", "Resource", "Status"}}
	for _, e := range page.Items {
		table.Rows = append(table.Rows, portal.Row{
			Head: portal.Cell{Text: v.Local(e.At).Format("Jan 2, 2006, 3:04:05 PM"), To: v.To("/sign-in-logs/" + string(e.ID))},
			Cells: []portal.Cell{
				{Text: cmp.Or(e.PrincipalName, "Unknown"), Under: kindOf(e.Kind)}, {Text: cmp.Or(e.AppName, string(e.App))}, {Text: e.ResourceName},
				{Tag: status(e.Reason)},
			},
		})
	}
	switch {
	case len(page.Items) > 0:
		list.Table = &table
	case f.Set():
		list.None = f.Missed()
	default:
		list.None = &portal.Nothing{Title: "Nobody has signed in yet", Text: "Each sign-in of a user, a service principal or a managed identity is listed here, refused or not."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Sign-in logs", Content: "list", Data: list,
		Intro: "Who and what signed in to " + v.Name() + ", and what came of it. Open an entry to see how it was decided."})
}

func (p *pages) correlated(w http.ResponseWriter, r *http.Request, v *admin.Visitor, correlation string) error {
	page, err := p.Logs.SignIns(r.Context(), v.Who, audit.Question{By: audit.ByCorrelation, Value: correlation})
	if err != nil {
		return err
	}
	to := "/sign-in-logs?" + url.Values{"by": {string(audit.ByCorrelation)}, "value": {correlation}}.Encode()
	if len(page.Items) == 1 {
		to = "/sign-in-logs/" + string(page.Items[0].ID)
	}
	portal.Lead(w, r, v.To(to))
	return nil
}

func kindOf(kind string) string {
	for _, k := range kinds {
		if k.Value == kind {
			return k.Label
		}
	}
	return kind
}

// signIn shows one sign-in: how it was decided, and what is known of it.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	id, err := admin.ID[ids.AuditID](r, "entry")
	if err != nil {
		return err
	}
	e, err := p.Logs.SignIn(r.Context(), v.Who, id)
	if err != nil {
		return err
	}
	t := portal.Thing{
		Tags: []portal.Tag{*status(e.Reason)}, Aside: "Basic info",
		Codes: []portal.Code{{ID: "entry", Label: "Request ID", Value: string(e.ID)}},
		Facts: facts(
			portal.Fact{Name: "Date", At: e.At}, portal.Fact{Name: "Sign-in type", Value: kindOf(e.Kind)},
			portal.Fact{Name: "User or service principal", Value: e.PrincipalName}, portal.Fact{Name: "Object ID", Value: string(e.Principal), Code: true},
			portal.Fact{Name: "Application", Value: e.AppName}, portal.Fact{Name: "Application ID", Value: string(e.App), Code: true},
			portal.Fact{Name: "Resource", Value: e.ResourceName}, portal.Fact{Name: "Credential", Value: e.CredentialKind},
			portal.Fact{Name: "IP address", Value: e.IP}, portal.Fact{Name: "User agent", Value: e.UserAgent},
			portal.Fact{Name: "Token ID", Value: e.TokenID, Code: true},
		),
	}
	if e.Correlation != "" {
		t.Codes = append(t.Codes, portal.Code{ID: "correlation", Label: "Correlation ID", Value: e.Correlation})
	}
	t.Facts = append(t.Facts, otherSide(e.Other, e.OtherName)...)
	if e.Refused {
		t.Sections = append(t.Sections, refusal(e))
	}
	t.Sections = append(t.Sections, chain(e))
	return p.Show(w, r, v, portal.Frame{Title: "Sign-in of " + portal.Inert(cmp.Or(e.PrincipalName, e.AppName, "an unknown account")),
		Crumbs: crumb(v, "Sign-in logs", "/sign-in-logs"), Content: "thing", Data: t, Script: "copy"})
}

// refusal says which link broke and what to do.
func refusal(e explain.SignIn) portal.Section {
	s := portal.Section{ID: "refusal", Heading: "Why it was refused"}
	known, _ := portal.Explain(e.ErrorCode)
	if e.ErrorCode != 0 {
		s.Facts = append(s.Facts, portal.Fact{Name: "Sign-in error code", Value: fmt.Sprintf("AADSTS%d", e.ErrorCode), Code: true})
	}
	s.Facts = append(s.Facts, facts(portal.Fact{Name: "Failure reason", Value: cmp.Or(known.Means, e.Reason)}, portal.Fact{Name: "Cause", Value: known.Cause})...)
	fix := known.Fix
	if b := e.Broken(); b != nil {
		s.Facts = append(s.Facts, facts(portal.Fact{Name: "Link that broke", Value: b.Name}, portal.Fact{Name: "Expected", Value: b.Expected}, portal.Fact{Name: "Found", Value: b.Found})...)
		s.Facts = append(s.Facts, facts(portal.Fact{Name: "What to do", Value: fix}, portal.Fact{Name: "Who can mend it", Value: b.Mend})...)
		return s
	}
	s.Facts = append(s.Facts, facts(portal.Fact{Name: "What to do", Value: fix})...)
	return s
}

// chain shows all links that the decision followed.
func chain(e explain.SignIn) portal.Section {
	s := portal.Section{ID: "links", Heading: "How it was decided"}
	if len(e.Steps) == 0 {
		s.None = &portal.Nothing{Title: "No links are recorded", Text: "A sign-in with a password, a session or a second factor is decided at once."}
		return s
	}
	s.Table = &portal.Table{Caption: "Links of the decision, in their order", Heads: []string{"Link", "Expected", "Found", "Verdict"}}
	for _, step := range e.Steps {
		tag := &portal.Tag{Kind: "ok", Text: "Holds"}
		if step.Broken() {
			tag = &portal.Tag{Kind: "stop", Text: "Broken"}
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{
			Head:  portal.Cell{Text: step.Name},
			Cells: []portal.Cell{{Text: cmp.Or(step.Expected, "–")}, {Text: cmp.Or(step.Found, "–")}, {Tag: tag, Under: step.Reason}},
		})
	}
	return s
}
