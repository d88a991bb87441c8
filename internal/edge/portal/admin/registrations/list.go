package registrations

import (
	"net/http"
	"regexp"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/query"
)

func (p *pages) all(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.listed(w, r, v, "", func(q query.Query) (object.Page[*app.Application], error) {
		return p.Apps.Applications(r.Context(), v.Who, q)
	})
}

func (p *pages) owned(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.listed(w, r, v, "/owned", func(q query.Query) (object.Page[*app.Application], error) {
		return p.Apps.Owned(r.Context(), v.Who, q)
	})
}

// idForm is the beginning of an application id that is no beginning of a name.
var idForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F-]{0,27}$`)

// listed shows the applications that read finds.
func (p *pages) listed(w http.ResponseWriter, r *http.Request, v *admin.Visitor, path string, read func(query.Query) (object.Page[*app.Application], error)) error {
	f := portal.NewFilter(r, "Search app registrations", &portal.Field{ID: "find", Label: "Name or application (client) ID begins with"})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	if find := f.Value("find"); idForm.MatchString(find) {
		q.Filter, q.Order[0].Field = query.StartsWith{Field: "appId", Value: find}, "appId"
	} else if find != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: find}
	}
	found, err := read(q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		l.Table = &portal.Table{Caption: "App registrations by name", Heads: []string{"Display name", "Application (client) ID", "Created on", "Certificates & secrets"}}
	case f.Set():
		l.None = f.Missed()
	case path == "":
		l.None = &portal.Nothing{Title: "No application is registered", Text: "Register an application whose people or workloads sign in here, or that goes to other organizations.",
			Do: &portal.Link{Text: "New registration", To: v.To(list + "/new")}}
	default:
		l.None = &portal.Nothing{Title: "You own no application", Text: "Whoever registers an application owns it, and owners can be added.", Do: &portal.Link{Text: "View all applications in the directory", To: v.To(list)}}
	}
	for _, a := range found.Items {
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: a.DisplayName, To: v.To(list + "/" + string(a.ID))},
			Cells: []portal.Cell{{Text: string(a.AppID)}, {At: a.CreatedDateTime}, p.credentialState(a)}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "App registrations", Content: "list", Data: l, Do: &portal.Link{Text: "New registration", To: v.To(list + "/new")},
		Intro:   "The applications that are defined in " + v.Name() + ". What acts in an organization is an application’s service principal there.",
		PartsOf: "App registrations",
		Parts:   []portal.Link{{Text: "All applications", To: v.To(list), Current: path == ""}, {Text: "Owned applications", To: v.To(list + "/owned"), Current: path != ""}}})
}

// soon is when the end of a credential is near.
const soon = 30 * 24 * time.Hour

// credentialState says how an application's secrets and certificates stand.
func (p *pages) credentialState(a *app.Application) portal.Cell {
	now := p.Clock.Now()
	kind, text := "", ""
	for _, end := range ends(a) {
		switch {
		case !end.After(now):
			kind, text = "stop", "Expired"
		case end.Sub(now) < soon && kind != "stop":
			kind, text = "wait", "Expiring soon"
		case kind == "":
			kind, text = "ok", "Current"
		}
	}
	if kind == "" {
		return portal.Cell{Text: "–"}
	}
	return portal.Cell{Tag: &portal.Tag{Kind: kind, Text: text}}
}

// ends are when the secrets and certificates of an application end.
func ends(a *app.Application) []time.Time {
	var all []time.Time
	for _, c := range a.PasswordCredentials {
		all = append(all, c.EndDateTime)
	}
	for _, c := range a.KeyCredentials {
		all = append(all, c.EndDateTime)
	}
	return all
}
