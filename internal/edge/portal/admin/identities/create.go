package identities

import (
	"net/http"

	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// regions are those that are offered; any other word is kept as well. A region
// means nothing here.
var regions = []portal.Option{{Value: "westeurope", Label: "West Europe"}, {Value: "northeurope", Label: "North Europe"}, {Value: "eastus", Label: "East US"}, {Value: "eastus2", Label: "East US 2"},
	{Value: "westus2", Label: "West US 2"}, {Value: "centralus", Label: "Central US"}, {Value: "uksouth", Label: "UK South"}, {Value: "francecentral", Label: "France Central"},
	{Value: "germanywestcentral", Label: "Germany West Central"}, {Value: "swedencentral", Label: "Sweden Central"}, {Value: "japaneast", Label: "Japan East"}, {Value: "australiaeast", Label: "Australia East"}, {Value: "southeastasia", Label: "Southeast Asia"}}

func (p *pages) creating(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.form(w, r, v, &portal.Draft{})
}

func (p *pages) form(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	subs, err := p.Identities.Subscriptions(r.Context(), v.Who)
	if err != nil {
		return err
	}
	f := portal.Frame{Title: "Create user-assigned managed identity", Content: "form", Crumbs: []portal.Link{{Text: "Managed identities", To: v.To(list)}}, Problems: d.Problems}
	if len(subs) == 0 {
		f.Content, f.Data = "nothing", portal.Nothing{Title: "You see no subscription", Text: "An identity stands in a subscription. Ask for a role on one of " + v.Name() + ", or have the operator make one."}
		return p.Show(w, r, v, f)
	}
	in := portal.Select{Field: portal.Field{ID: "subscription", Label: "Subscription"}}
	for _, s := range subs {
		in.Options = append(in.Options, portal.Option{Value: string(s.ID), Label: s.DisplayName})
	}
	f.Data = portal.Form{Action: v.To(list + "/new"), Button: "Create identity in " + v.Name(), Back: v.To(list), Parts: []portal.Part{
		d.Pick(in),
		d.Line(portal.Field{ID: "group", Label: "Resource group", Hint: "One that is there, or the name of a new one.", Autocomplete: "off"}),
		d.Pick(portal.Select{Field: portal.Field{ID: "place", Label: "Region", Hint: "It is kept; it means nothing here."}, Options: regions}),
		d.Line(portal.Field{ID: "name", Label: "Name", Hint: "3 to 128 letters, digits, - and _.", Autocomplete: "off"}),
	}}
	return p.Show(w, r, v, f)
}

// create makes an identity, in a resource group that it makes where there is
// none. One that is there already is not changed.
func (p *pages) create(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	for field, wrong := range map[string]string{"name": "Enter a name", "group": "Enter a resource group"} {
		if d.Get(field) == "" {
			d.Wrong(field, "%s", wrong)
		}
	}
	if !d.OK() {
		return p.form(w, r, v, d)
	}
	region := d.Get("place")
	place, err := managedidentity.NewResource(d.Get("subscription"), d.Get("group"), managedidentity.TypeIdentity, d.Get("name"))
	if err == nil {
		var i *managedidentity.Identity
		if i, err = p.Identities.CreateIdentity(r.Context(), v.Who, place, managedidentity.IdentitySpec{Location: &region}); err == nil {
			return p.Told(w, r, at(v, i, ""), portal.Note{Kind: "ok", Lead: "The identity is created.", Text: "Its service principal is made with it."})
		}
	}
	if d.Refused(err, map[string]string{"name": "name", "resourceGroup": "group", "subscriptionId": "subscription", "location": "place"}) {
		return p.form(w, r, v, d)
	}
	return err
}
