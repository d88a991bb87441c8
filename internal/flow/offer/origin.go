package offer

import (
	"slices"
	"strconv"

	"entente/internal/core/app"
	"entente/internal/core/directory"
	"entente/internal/core/site"
	"entente/internal/kit/fault"
)

// fromGroup makes the resource show a group, and returns the roles it offers.
func (r *Resource) fromGroup(g *directory.Group) ([]ResourceRole, error) {
	switch {
	case g.OnPremisesSync != nil && *g.OnPremisesSync:
		return nil, notEligible("A group that is synchronized from on-premises takes its members from there.")
	case slices.Contains(g.GroupTypes, "DynamicMembership"):
		return nil, notEligible("A group with dynamic membership takes its members from its rule.")
	case !g.Unified() && !g.Secures():
		return nil, notEligible("A distribution group gives access to nothing.")
	}
	r.Object, r.OriginID, r.Name, r.Description, r.Kind = g.ID, string(g.ID), g.DisplayName, "", "Security Group"
	if g.Description != nil {
		r.Description = *g.Description
	}
	if g.Unified() {
		r.Kind = "O365 Group"
	}
	return groupRoles(g.ID), nil
}

// fromPrincipal makes the resource show a service principal, and returns the
// roles it offers: its app roles, or the default access where it has none.
func (r *Resource) fromPrincipal(p *app.ServicePrincipal) ([]ResourceRole, error) {
	if p.BuiltIn() {
		return nil, notEligible("The installation's own services are granted by consent, not by access packages.")
	}
	r.Object, r.OriginID, r.Name, r.Description, r.Kind = p.ID, string(p.ID), p.DisplayName, "", "Application"
	if p.Description != nil {
		r.Description = *p.Description
	}
	r.URL = opensAt(p)
	var roles []ResourceRole
	for _, one := range p.AppRoles {
		if one.IsEnabled {
			roles = append(roles, ResourceRole{Origin: AadApplication, OriginID: string(one.ID), Name: one.DisplayName, Description: one.Description})
		}
	}
	if len(roles) == 0 {
		roles = []ResourceRole{defaultAccess()}
	}
	return roles, nil
}

// fromSite makes the resource show a site, and returns the groups it offers.
func (r *Resource) fromSite(s *site.Site) []ResourceRole {
	r.Object, r.OriginID, r.URL, r.Name, r.Description, r.Kind = s.Key, s.WebURL, s.WebURL, s.DisplayName, "", "SharePoint Online Site"
	if s.Description != nil {
		r.Description = *s.Description
	}
	var roles []ResourceRole
	for _, one := range s.Roles() {
		roles = append(roles, ResourceRole{Origin: SharePointOnline, OriginID: strconv.Itoa(one.ID), Name: one.Name})
	}
	return roles
}

func notEligible(say string) error {
	f := fault.Because(fault.Invalid, NotEligible, "%s", say)
	f.Target = "resource"
	return f
}
