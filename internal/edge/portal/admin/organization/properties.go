package organization

import (
	"encoding/json"
	"net/http"
	"strings"

	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
)

// Of whom a second factor is demanded, how far people consent for themselves, who
// invites guests, and what guests see, in administrators' words.
var (
	demands = []portal.Option{
		{Value: string(factor.Everybody), Label: "Enabled: everybody", Hint: "Members and guests show a second factor when they sign in."},
		{Value: string(factor.Administrators), Label: "Administrators only", Hint: "Who holds a role by which something can be changed."},
		{Value: string(factor.Nobody), Label: "Disabled", Hint: "Only who has registered an authenticator is asked for it."},
	}
	consents = []portal.Option{
		{Value: "none", Label: "Do not allow user consent", Hint: "An administrator consents for everybody."},
		{Value: string(tenant.ConsentLow), Label: "Allow user consent for apps from verified publishers, for selected permissions", Hint: "Permissions of low impact, of applications of verified publishers or of this organization."},
		{Value: string(tenant.ConsentAll), Label: "Allow user consent for apps", Hint: "Everything that needs no administrator."},
	}
	inviters = []portal.Option{
		{Value: tenant.InviteEverybody, Label: "Anyone in the organization, guests too"}, {Value: tenant.InviteMembers, Label: "Members, and users with an administrator role"},
		{Value: tenant.InviteAdmins, Label: "Only users with an administrator role or Guest Inviter"}, {Value: tenant.InviteNobody, Label: "No one"},
	}
	guests = []portal.Option{
		{Value: string(tenant.GuestsAsMembers), Label: "The same access as members"}, {Value: string(tenant.GuestsLimited), Label: "Limited access to properties and memberships"},
		{Value: string(tenant.GuestsRestricted), Label: "Restricted to their own properties and memberships"},
	}
)

func labelOf(options []portal.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// pickOne is a question whose answer is now, until another one was sent.
func pickOne(d *portal.Draft, id, legend, now string, options []portal.Option) portal.Part {
	c := portal.Choices{ID: id, Legend: legend}
	for _, o := range options {
		o.Checked = o.Value == now
		c.Options = append(c.Options, o)
	}
	return d.Choose(c)
}

// userConsent returns the answer that stands for how far people consent.
func userConsent(a *tenant.Authorization) string {
	if c := a.UserConsent(); c != tenant.ConsentNone {
		return string(c)
	}
	return "none"
}

// properties shows what the organization is and which policies it has.
func (p *pages) properties(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	t, err := p.Tenants.Own(r.Context(), v.Who)
	if err != nil {
		return err
	}
	a, err := p.Tenants.Authorization(r.Context(), v.Who)
	if err != nil {
		return err
	}
	of, err := p.Factors.Rule(r.Context(), v.Who)
	if err != nil {
		return err
	}
	who := []portal.Fact{{Name: "Name", Value: t.DisplayName}, {Name: "Country or region", Value: orNone(t.Country)},
		{Name: "Technical contact", Value: orNone(strings.Join(t.Contacts.Technical, ", "))}, {Name: "Privacy contact", Value: "–"}, {Name: "Privacy statement", Value: "–"}}
	if x := t.Contacts.Privacy; x != nil {
		who[3].Value, who[4].Value = orNone(text(x.ContactEmail)), orNone(text(x.StatementURL))
	}
	thing := portal.Thing{
		Codes: []portal.Code{{ID: "tenant", Label: "Tenant ID", Value: string(t.ID)}, {ID: "domain", Label: "Primary domain", Value: t.DefaultDomain()}},
		Facts: []portal.Fact{{Name: "Initial domain", Value: t.InitialDomain()}, {Name: "Created", At: t.CreatedAt}},
		Sections: []portal.Section{
			{ID: "organization", Heading: "Organization", Facts: who, Do: []portal.Link{{Text: "Edit properties", To: v.To("/properties/organization")}}},
			{ID: "security", Heading: "Security defaults", Text: "Of whom a second factor is demanded when they sign in.", Facts: []portal.Fact{{Name: "Second factor", Value: labelOf(demands, string(of))}},
				Do: []portal.Link{{Text: "Manage security defaults", To: v.To("/properties/security-defaults")}}},
			{ID: "users", Heading: "User settings", Facts: []portal.Fact{
				{Name: "User consent for applications", Value: labelOf(consents, userConsent(a))}, {Name: "Guest invite restrictions", Value: labelOf(inviters, a.InvitesFrom)},
				{Name: "Guest user access", Value: labelOf(guests, string(a.GuestRole))}, {Name: "Users can register applications", Value: yes(a.Defaults.CreateApps)},
				{Name: "Users can create security groups", Value: yes(a.Defaults.CreateGroups)}, {Name: "Users can read other users", Value: yes(a.Defaults.ReadOthers)}},
				Do: []portal.Link{{Text: "Manage user settings", To: v.To("/properties/user-settings")}}},
		},
	}
	return p.Show(w, r, v, portal.Frame{Title: "Tenant properties", Content: "thing", Data: thing, Script: "copy", Intro: "What " + v.Name() + " is, and what its people may do without a role."})
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func propertiesCrumb(v *admin.Visitor) []portal.Link {
	return crumbs(v, "Tenant properties", "/properties")
}

// describing shows the form of what the organization says of itself.
func (p *pages) describing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.describeForm(w, r, v, &portal.Draft{})
}

func (p *pages) describeForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	t, err := p.Tenants.Own(r.Context(), v.Who)
	if err != nil {
		return err
	}
	var mail, url string
	if x := t.Contacts.Privacy; x != nil {
		mail, url = text(x.ContactEmail), text(x.StatementURL)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Edit properties", Content: "form", Problems: d.Problems, Crumbs: propertiesCrumb(v),
		Data: portal.Form{Action: v.To("/properties/organization"), Button: "Save in " + v.Name(), Back: v.To("/properties"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "name", Label: "Name", Value: t.DisplayName, Class: "w-half", Autocomplete: "organization", Hint: "What people of this and other organizations read."}),
			d.Lines(portal.Area{Field: portal.Field{ID: "technical", Label: "Technical contact", Value: strings.Join(t.Contacts.Technical, "\n"), Optional: true, Hint: "Mail addresses, one a line."}}),
			d.Line(portal.Field{ID: "privacy-mail", Label: "Privacy contact", Type: "email", Value: mail, Class: "w-half", Autocomplete: "off", Optional: true}),
			d.Line(portal.Field{ID: "privacy-url", Label: "Privacy statement", Type: "url", Value: url, Class: "w-half", Autocomplete: "off", Optional: true, Hint: "An address that begins with https."}),
		}}})
}

// describe sets what the organization says of itself.
func (p *pages) describe(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	technical := strings.FieldsFunc(d.Get("technical"), func(c rune) bool { return c == '\n' || c == '\r' || c == ' ' || c == ',' || c == ';' })
	if technical == nil {
		technical = []string{}
	}
	orNull := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	body, err := json.Marshal(map[string]any{"displayName": d.Get("name"), "technicalNotificationMails": technical,
		"privacyProfile": tenant.PrivacyProfile{ContactEmail: orNull(d.Get("privacy-mail")), StatementURL: orNull(d.Get("privacy-url"))}})
	if err != nil {
		return err
	}
	if err := p.Tenants.Update(r.Context(), v.Who, body); err != nil {
		if d.Refused(err, map[string]string{"displayName": "name", "technicalNotificationMails": "technical", "privacyProfile": "privacy-url", "contactEmail": "privacy-mail", "statementUrl": "privacy-url"}) {
			return p.describeForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/properties"), "The properties are saved.")
}

// demanding shows the form of security defaults.
func (p *pages) demanding(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.demandForm(w, r, v, &portal.Draft{})
}

func (p *pages) demandForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	of, err := p.Factors.Rule(r.Context(), v.Who)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Security defaults", Content: "form", Problems: d.Problems, Crumbs: propertiesCrumb(v),
		Data: portal.Form{Action: v.To("/properties/security-defaults"), Text: "You too, if you are among them: have your authenticator ready.", Button: "Save in " + v.Name(), Back: v.To("/properties"), Parts: []portal.Part{
			pickOne(d, "of", "Of whom a second factor is demanded", string(of), demands)}}})
}

// demand sets of whom a second factor is demanded.
func (p *pages) demand(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	if err := p.Factors.Demand(r.Context(), v.Who, factor.Who(d.Get("of"))); err != nil {
		if d.Refused(err, map[string]string{"secondFactorDemandedOf": "of"}) {
			return p.demandForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/properties"), "The security defaults are saved.")
}

// authorizing shows the form of what people may do without a role.
func (p *pages) authorizing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.authorizeForm(w, r, v, &portal.Draft{})
}

func (p *pages) authorizeForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, err := p.Tenants.Authorization(r.Context(), v.Who)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "User settings", Content: "form", Problems: d.Problems, Crumbs: propertiesCrumb(v),
		Data: portal.Form{Action: v.To("/properties/user-settings"), Button: "Save in " + v.Name(), Back: v.To("/properties"), Parts: []portal.Part{
			pickOne(d, "consent", "User consent for applications", userConsent(a), consents),
			pickOne(d, "invite", "Who can invite guests", a.InvitesFrom, inviters),
			pickOne(d, "guests", "Guest user access", string(a.GuestRole), guests),
			d.Check(portal.Option{ID: "apps", Label: "Users can register applications", Checked: a.Defaults.CreateApps}),
			d.Check(portal.Option{ID: "groups", Label: "Users can create security groups", Checked: a.Defaults.CreateGroups}),
			d.Check(portal.Option{ID: "others", Label: "Users can read other users", Hint: "Without it, members find nobody by name.", Checked: a.Defaults.ReadOthers}),
		}}})
}

// authorize sets what of it differs.
func (p *pages) authorize(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.Tenants.Authorization(r.Context(), v.Who)
	if err != nil {
		return err
	}
	policies := []string{}
	if c := d.Get("consent"); c != "none" {
		policies = append(policies, tenant.ForSelf+c)
	}
	rights := map[string]any{"allowedToCreateApps": d.Has("apps", "yes"), "allowedToCreateSecurityGroups": d.Has("groups", "yes"), "allowedToReadOtherUsers": d.Has("others", "yes")}
	if d.Get("consent") != userConsent(a) { // what other policies stand there stay
		rights["permissionGrantPoliciesAssigned"] = policies
	}
	body, err := json.Marshal(map[string]any{"allowInvitesFrom": d.Get("invite"), "guestUserRoleId": ids.RoleID(d.Get("guests")), "defaultUserRolePermissions": rights})
	if err != nil {
		return err
	}
	if err := p.Tenants.UpdateAuthorization(r.Context(), v.Who, body); err != nil {
		if d.Refused(err, map[string]string{"allowInvitesFrom": "invite", "guestUserRoleId": "guests", "permissionGrantPoliciesAssigned": "consent"}) {
			return p.authorizeForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/properties"), "The user settings are saved.")
}
