package packages

import (
	"fmt"
	"slices"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
)

var rolesStep = step{path: "resource-roles", title: "Resource roles", text: "Everything here is given together and taken together.", show: (*editing).showRoles, take: (*editing).takeRoles}

// mostRoles is how many roles one package gives, made by the wizard.
const mostRoles = 50

func (e *editing) showRoles() ([]block, error) {
	offered, err := e.offered()
	if err != nil {
		return nil, err
	}
	list := picks{ID: "roles", Heading: "Resources and their roles", Error: e.form.Error("roles"), None: "No resources yet. A package without any gives nothing.",
		Buttons: []button{{Then: thenAdd + ":resources", Text: "Add resource roles", Icon: "plus"}}}
	for i, r := range e.plan.Roles {
		line := pick{Icon: originIcons[r.Origin], Name: r.Name, Kind: r.Kind, Buttons: []button{{Then: fmt.Sprintf("%s:roles.%d", thenDrop, i), Text: "Remove", Of: r.Name}}}
		o := find(offered, r)
		if o == nil {
			line.Text = "It is no more, or can no longer be given."
		} else {
			s := e.form.Pick(portal.Select{Field: portal.Field{ID: fmt.Sprintf("role-%d", i), Label: "Role in " + portal.Inert(r.Name), Class: "w-half", Value: r.Role}, Options: roleOptions(o.Roles)})
			line.Select = s.Select
		}
		list.Items = append(list.Items, line)
	}
	return []block{{Picks: &list}}, nil
}

// offered returns what the chosen resources offer now.
func (e *editing) offered() ([]offer.Offering, error) {
	var asks []offer.RoleAsk
	for _, r := range e.plan.Roles {
		if !slices.ContainsFunc(asks, func(a offer.RoleAsk) bool { return a.Origin == r.Origin && a.OriginID == r.OriginID }) {
			asks = append(asks, offer.RoleAsk{Origin: r.Origin, OriginID: r.OriginID})
		}
	}
	return e.Access.Origins(e.ctx, e.v.Who, asks)
}

func find(offered []offer.Offering, r role) *offer.Offering {
	i := slices.IndexFunc(offered, func(o offer.Offering) bool { return o.Origin == r.Origin && o.OriginID == r.OriginID })
	if i < 0 {
		return nil
	}
	return &offered[i]
}

func roleOptions(roles []offer.ResourceRole) []portal.Option {
	var all []portal.Option
	for _, r := range roles {
		all = append(all, portal.Option{Value: r.OriginID, Label: r.Name})
	}
	return all
}

func (e *editing) takeRoles() {
	seen := make(map[role]bool)
	for i := range e.plan.Roles {
		r := &e.plan.Roles[i]
		if s := e.form.Get(fmt.Sprintf("role-%d", i)); s != "" {
			r.Role = portal.Clip(s, mostName)
		}
		key := role{Origin: r.Origin, OriginID: r.OriginID, Role: r.Role}
		if seen[key] {
			e.form.Wrong(fmt.Sprintf("role-%d", i), "“%s” stands here twice with the same role", portal.Inert(r.Name))
		}
		seen[key] = true
	}
}

// What a resource is, in words and as a sign.
var (
	originIcons = map[offer.Origin]string{offer.AadGroup: "group", offer.AadApplication: "app", offer.SharePointOnline: "site"}
	kinds       = map[string]string{"Security Group": "Group", "O365 Group": "Group and Team", "Application": "Application", "SharePoint Online Site": "SharePoint site"}
)

// kindOf returns what a resource is, in words.
func kindOf(r *offer.Resource) string {
	if k, ok := kinds[r.Kind]; ok {
		return k
	}
	return r.Kind
}
