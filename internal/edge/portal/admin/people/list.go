package people

import (
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/query"
)

// users lists the organization's users.
func (p *pages) users(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	any := portal.Option{Label: "Any"}
	f := portal.NewFilter(r, "Search users", &portal.Field{ID: "find", Label: "Name or address begins with"},
		portal.Select{Field: portal.Field{ID: "type", Label: "User type"}, Options: []portal.Option{any, {Value: "Member", Label: "Member"}, {Value: "Guest", Label: "Guest"}}},
		portal.Select{Field: portal.Field{ID: "accepted", Label: "Invitation accepted"}, Options: []portal.Option{any, {Value: "Accepted", Label: "Yes"}, {Value: "PendingAcceptance", Label: "No"}}})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	var all query.And
	switch find := f.Value("find"); {
	case strings.Contains(find, "@"): // a guest's principal name begins with the address, turned
		q.Order[0].Field = "userPrincipalName"
		all = append(all, query.Or{query.StartsWith{Field: "userPrincipalName", Value: find}, query.StartsWith{Field: "userPrincipalName", Value: strings.Replace(find, "@", "_", 1)}})
	case find != "":
		all = append(all, query.StartsWith{Field: "displayName", Value: find})
	}
	for name, field := range map[string]string{"type": "userType", "accepted": "externalUserState"} {
		if value := f.Value(name); value != "" {
			all = append(all, query.Compare{Field: field, Op: query.Eq, Value: value})
		}
	}
	if len(all) > 0 {
		q.Filter = all
	}
	found, err := p.Users.Users(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Do: []portal.Link{{Text: "Invite external user", To: v.To("/users/invite")}}, Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	if len(found.Items) == 0 {
		l.None = f.Missed()
	} else {
		l.Table = &portal.Table{Caption: "Users by name", Heads: []string{"Name", "User type", "Creation type", "Invitation accepted", "Account"}}
	}
	for _, u := range found.Items {
		tag := enabled(u)
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: u.DisplayName, Under: address(u), To: v.To("/users/" + string(u.ID))},
			Cells: []portal.Cell{{Text: kindOf(u)}, {Text: creation(u)}, {Text: accepted(u)}, {Tag: &tag}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Users", Content: "list", Data: l, Intro: "People with an account in " + v.Name() + ". Guests sign in at their own organization.",
		Do: &portal.Link{Text: "New user", To: v.To("/users/new")}})
}
