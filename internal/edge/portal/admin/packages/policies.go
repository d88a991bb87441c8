package packages

import (
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

const policiesPath = "/entitlement/policies"

// policies lists the policies of all access packages.
func (p *Pages) policies(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	scopes := []portal.Option{{Label: "Anyone"}}
	for _, s := range scopeAnswers {
		scopes = append(scopes, portal.Option{Value: string(s.scope), Label: named1(s.label, v.Name())})
	}
	f := portal.NewFilter(r, "Search policies", &portal.Field{ID: "name", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "who", Label: "Users who can request access"}, Options: scopes})
	var all query.And
	if s := f.Value("name"); s != "" {
		all = append(all, query.StartsWith{Field: "displayName", Value: s})
	}
	if s := f.Value("who"); s != "" {
		all = append(all, query.Compare{Field: "allowedTargetScope", Op: query.Eq, Value: s})
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	if len(all) > 0 {
		q.Filter = all
	}
	found, err := p.Access.Policies(r.Context(), v.Who, "", offer.Asked{Query: q})
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		names, err := p.packagesOf(r, v, found.Items)
		if err != nil {
			return err
		}
		l.Table = policyTable(v, found.Items, names)
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "No policies yet", Text: "Each access package has policies, which say who may have it. The first is made with the package.", Do: &portal.Link{Text: "New access package", To: v.To(listPath + "/new")}}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Policies", Crumbs: crumbs(v)[:1], Content: "list", Data: l,
		Intro: "Who may have the access packages of " + v.Name() + ", who approves and when access ends."})
}

// packagesOf returns the packages that policies are of, in one read.
func (p *Pages) packagesOf(r *http.Request, v *admin.Visitor, list []*offer.Policy) (map[ids.PackageID]string, error) {
	var values []any
	for _, one := range list {
		values = append(values, string(one.Package))
	}
	found, err := p.Access.Packages(r.Context(), v.Who, "", offer.Asked{Query: query.Query{Filter: query.In{Field: "id", Values: values}, Page: query.Page{Limit: len(values)}}})
	names := make(map[ids.PackageID]string)
	for _, one := range found.Items {
		names[one.ID] = one.Name
	}
	return names, err
}

// policyTable shows policies: with the names of their packages if there are some.
func policyTable(v *admin.Visitor, list []*offer.Policy, packages map[ids.PackageID]string) *portal.Table {
	t := &portal.Table{Caption: "Policies", Heads: []string{"Policy", "Users who can request access", "Approval", "Access ends", "New requests"}}
	if packages != nil {
		t.Heads = append(t.Heads[:1:1], append([]string{"Access package"}, t.Heads[1:]...)...)
	}
	for _, p := range list {
		row := portal.Row{Head: portal.Cell{Text: p.Name, To: v.To(policiesPath + "/" + string(p.ID))}}
		if packages != nil {
			row.Cells = append(row.Cells, portal.Cell{Text: packages[p.Package], To: packagePath(v, p.Package)})
		}
		row.Cells = append(row.Cells, portal.Cell{Text: scopeLabel(p, v.Name())}, portal.Cell{Text: approvalOf(p)}, portal.Cell{Text: endWords(v, p.Expiration)}, portal.Cell{Tag: enabledTag(p)})
		t.Rows = append(t.Rows, row)
	}
	return t
}

// scopeLabel says whom a policy is for, in Microsoft's words.
func scopeLabel(p *offer.Policy, in string) string {
	if p.Automatic != nil {
		return "Automatic assignment by a membership rule"
	}
	for _, s := range scopeAnswers {
		if s.scope == p.Scope {
			return named1(s.label, in)
		}
	}
	return string(p.Scope)
}

func approvalOf(p *offer.Policy) string {
	if !p.Approval.ForAdd {
		return "None"
	}
	return count(len(p.Approval.Stages), "stage", "stages")
}

func endWords(v *admin.Visitor, x offer.Expiration) string {
	switch how, value := endOf(v, x); how {
	case endsOn:
		return v.Local(x.End).Format("Jan 2, 2006")
	case endsNever:
		return "Never"
	default:
		return "After " + strings.TrimSpace(value+" "+how)
	}
}

func enabledTag(p *offer.Policy) *portal.Tag {
	switch {
	case p.Automatic != nil:
		return &portal.Tag{Text: "Automatic", Sign: "half"}
	case p.Scope == offer.NotSpecified:
		return &portal.Tag{Text: "Administrators assign", Sign: "end"}
	case p.Requestor.SelfAdd:
		return &portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return &portal.Tag{Text: "Not enabled", Sign: "end"}
}
