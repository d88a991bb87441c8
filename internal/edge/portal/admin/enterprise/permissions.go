package enterprise

import (
	"errors"
	"net/http"
	"net/url"

	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// refused takes what the service says against what was typed.
func refused(d *portal.Draft, err error) bool {
	if errors.Is(err, consent.AlreadyAssigned) {
		d.Wrong("who", "They have this role already")
		return true
	}
	return d.Refused(err, map[string]string{"until": "end", "appRoleId": "role"})
}

// gave says how a permission came to be.
func gave(c object.Cause) string {
	switch c.Kind {
	case object.ByConsent:
		return "Consent"
	case object.ByAdministrator:
		return "Granted by an administrator"
	case object.ByAssignment:
		return "Access package"
	case object.BySystem:
		return "Came with the organization"
	}
	return "–"
}

// granted shows the application permissions, or the delegated ones for
// everybody. mine is whether they can be ended here.
func granted(v *admin.Visitor, s *consent.Standing, application, mine bool) portal.Section {
	sec := portal.Section{ID: "delegated", Heading: "Delegated permissions", Text: "What it may do for every user who is signed in to it. It never does more than the user may."}
	if application {
		sec = portal.Section{ID: "application", Heading: "Application permissions", Text: "What it may do by itself, with nobody signed in."}
	}
	t := portal.Table{Caption: sec.Heading, Heads: []string{"Permission", "API", "Granted", "Until"}}
	if mine {
		t.Heads = []string{"Permission", "API", "Granted by", "Until", ""}
	}
	for _, x := range s.Permissions {
		if x.Application != application {
			continue
		}
		row, c := permission(x), x.By()
		if mine {
			row.Cells[1] = portal.Cell{Text: gave(c), Under: portal.Stamp(x.Since)}
			if c.ByName != "" {
				row.Cells[1] = portal.Cell{Text: c.ByName, Under: gave(c) + ", " + portal.Stamp(x.Since)}
			}
			row.Cells = append(row.Cells, portal.Cell{})
			if c.Kind == object.ByConsent || c.Kind == object.ByAdministrator {
				row.Cells[3].Do = &portal.Link{Text: "End or shorten…", Of: row.Head.Text, To: at(v, s.ID, "/consents/"+string(c.ID))}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if sec.Table = &t; len(t.Rows) == 0 {
		sec.Table, sec.Text = nil, "None."
	}
	return sec
}

// permission is a permission with its API, since when and until when.
func permission(x consent.Permission) portal.Row {
	head := portal.Cell{Text: x.Value, Under: x.Name}
	if head.Text == "" {
		head.Text = plain
	}
	return portal.Row{Head: head, Cells: []portal.Cell{{Text: x.ResourceOf}, {At: x.Since}, until(x.Ends)}}
}

// permissions shows what the application may do, who granted it and until when.
func (p *pages) permissions(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Sections: []portal.Section{granted(v, s, true, true), granted(v, s, false, true)}}
	if s.More {
		t.Sections[1].Note = &portal.Note{Lead: "There are more.", Text: "The first are shown; Microsoft Graph lists all."}
	}
	users := portal.Section{ID: "users", Heading: "User consent", Text: "Nobody has agreed to anything for themselves alone."}
	if s.Has.People {
		users.Text, users.Do = "Some have agreed to what it does for them alone.", []portal.Link{{Text: "User consent", To: at(v, s.ID, "/user-consents")}}
	}
	t.Sections = append(t.Sections, users)
	return p.Show(w, r, v, portal.Frame{Title: "Permissions of " + portal.Inert(s.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, s),
		Intro: "What " + portal.Inert(s.DisplayName) + " may do in " + v.Name() + ", who granted it, and until when."})
}

// consented returns the application and the consent that the address names.
func (p *pages) consented(r *http.Request, v *admin.Visitor) (*consent.Standing, object.Cause, []consent.Permission, error) {
	s, err := p.standing(r, v)
	if err != nil {
		return nil, object.Cause{}, nil, err
	}
	id, err := admin.ID[ids.CauseID](r, "consent")
	if err != nil {
		return nil, object.Cause{}, nil, err
	}
	c, list := s.Given(id)
	if len(list) == 0 {
		return nil, c, nil, fault.New(fault.NotFound, "There is no such consent, or it has ended.")
	}
	return s, c, list, nil
}

func permissionsCrumb(v *admin.Visitor, s *consent.Standing) portal.Link {
	return portal.Link{Text: "Permissions", To: at(v, s.ID, "/permissions")}
}

// given shows a consent, or what an administrator has granted at once.
func (p *pages) given(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, c, list, err := p.consented(r, v)
	if err != nil {
		return err
	}
	here := at(v, s.ID, "/consents/"+string(c.ID))
	end := portal.Fact{Name: "Until", Value: "No end"}
	if !c.Ends.IsZero() {
		end = portal.Fact{Name: "Until", At: c.Ends}
	}
	t := portal.Thing{Facts: append(known(portal.Fact{Name: "How", Value: gave(c)}, portal.Fact{Name: "By", Value: c.ByName}, portal.Fact{Name: "When", At: c.CreatedAt}), end),
		Do: []portal.Link{{Text: "Change the end…", To: here + "/shorten"}, {Text: "End it now…", To: here + "/end"}}}
	table := portal.Table{Caption: "What it keeps", Heads: []string{"Permission", "API", "Kind", ""}}
	others := false
	for _, x := range list {
		row, q := permission(x), url.Values{"assignment": {string(x.Assignment)}}
		kind := "Application"
		if !x.Application {
			kind, q = "Delegated", url.Values{"grant": {string(x.Grant)}, "scope": {x.Value}}
		}
		others = others || len(x.Causes) > 1
		row.Cells = []portal.Cell{{Text: x.ResourceOf}, {Text: kind}, {Do: &portal.Link{Text: "Revoke…", Of: row.Head.Text, To: at(v, s.ID, "/permissions/revoke?"+q.Encode())}}}
		table.Rows = append(table.Rows, row)
	}
	sec := portal.Section{ID: "keeps", Heading: "What it keeps", Table: &table}
	if others {
		sec.Text = "Some of this was granted more than once: it stays until the last of those ends."
	}
	t.Sections = []portal.Section{sec}
	return p.Show(w, r, v, portal.Frame{Title: "Consent to " + portal.Inert(s.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, s, permissionsCrumb(v, s))})
}
