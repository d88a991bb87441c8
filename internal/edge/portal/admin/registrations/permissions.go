package registrations

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// permissions shows what an application asks for, and what of it is granted here.
func (p *pages) permissions(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	asked, err := p.Consent.Asked(r.Context(), v.Who, a.ID)
	if err != nil {
		return err
	}
	s := portal.Section{ID: "configured", Heading: "Configured permissions", Text: "What the application asks for. Each organization grants it for itself; the state here is that of " + v.Name() + ".",
		Do: []portal.Link{{Text: "Add a permission", To: at(v, a, "/permissions/add")}, {Text: "Grant admin consent for " + v.Name(), To: at(v, a, "/permissions/grant")}}}
	if len(asked) == 0 {
		s.None = &portal.Nothing{Title: "It asks for nothing", Text: "Add the permissions that it needs, of Microsoft Graph or of another API."}
		s.Do = s.Do[:1]
	} else {
		s.Table = &portal.Table{Caption: "Permissions by API", Heads: []string{"Permission", "API", "Type", "Description", "Admin consent required", "Status", ""}}
	}
	for _, x := range asked {
		tag := status(v, x)
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Value, Whole: true}, Cells: []portal.Cell{{Text: x.ResourceName}, {Text: typeOf(x.Application)}, {Text: x.Name, Whole: true},
			{Text: yesNo(x.Application || x.Administrators)}, {Tag: &tag, Under: until(x)},
			{Do: &portal.Link{Text: "Remove…", Of: x.Value, To: at(v, a, "/permissions/"+string(x.ResourceApp)+"/"+kindOf(x.Application)+"/"+string(x.ID)+"/remove")}}}})
	}
	link, script := p.consentLink(r, v, a)
	return p.page(w, r, v, a, "/permissions", portal.Frame{Title: "API permissions", Content: "thing", Script: script,
		Data: portal.Thing{Sections: []portal.Section{s, link}}})
}

// status says how a permission stands in the organization.
func status(v *admin.Visitor, x consent.Asked) portal.Tag {
	switch {
	case x.Granted && x.Offered:
		return portal.Tag{Kind: "ok", Text: "Granted for " + v.Name()}
	case !x.Offered:
		return portal.Tag{Kind: "stop", Text: "The API does not offer it"}
	case x.Application || x.Administrators:
		return portal.Tag{Kind: "stop", Text: "Not granted for " + v.Name()}
	}
	return portal.Tag{Kind: "wait", Text: "Not granted for " + v.Name()}
}

func until(x consent.Asked) string {
	if !x.Granted || x.Ends.IsZero() {
		return ""
	}
	return "Until " + portal.Stamp(x.Ends)
}

func typeOf(application bool) string {
	if application {
		return "Application"
	}
	return "Delegated"
}

// kindOf is how an address spells the type of a permission, accessOf how Graph does.
func kindOf(application bool) string { return strings.ToLower(typeOf(application)) }

func accessOf(kind string) (string, bool) {
	access, ok := map[string]string{"application": "Role", "delegated": "Scope"}[kind]
	return access, ok
}

func yesNo(yes bool) string {
	if yes {
		return "Yes"
	}
	return "No"
}

// asked returns the application, and the permission of it that the address names.
func (p *pages) asked(r *http.Request, v *admin.Visitor) (*app.View, *consent.Asked, error) {
	a, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	all, err := p.Consent.Asked(r.Context(), v.Who, a.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range all {
		if string(x.ResourceApp) == r.PathValue("resource") && kindOf(x.Application) == r.PathValue("type") && string(x.ID) == r.PathValue("permission") {
			return a, &x, nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "The application does not ask for the permission.")
}

func (p *pages) removingPermission(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, x, err := p.asked(r, v)
	if err != nil {
		return err
	}
	text := "The application no longer asks for it."
	if x.Granted {
		text += " What is granted for " + v.Name() + " stays, until the enterprise application’s permissions are revoked."
	}
	return p.ask(w, r, v, a, "Remove the permission “"+portal.Inert(x.Value)+"”?", text, "Remove permission", r.URL.EscapedPath(), at(v, a, "/permissions"), &portal.Draft{})
}

func (p *pages) removePermission(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, x, err := p.asked(r, v)
	if err != nil {
		return err
	}
	access, _ := accessOf(kindOf(x.Application))
	if _, err := p.Apps.Unrequire(r.Context(), v.Who, a.ID, x.ResourceApp, app.Access{ID: x.ID, Type: access}); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/permissions"), "The permission is removed.")
}

// domainForm is how an organization is called in an address.
var domainForm = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$`)

// consentLink shows the address that administrators of other organizations open,
// for the one that was chosen or whichever they are of.
func (p *pages) consentLink(r *http.Request, v *admin.Visitor, a *app.View) (portal.Section, string) {
	s := portal.Section{ID: "consent-link", Heading: "Consent link for other organizations"}
	if !a.MultiTenant() {
		s.Text = "The application is for " + v.Name() + " only. Other organizations can let it in once its supported account types are accounts in any organizational directory."
		s.Do = []portal.Link{{Text: "Change supported account types", To: at(v, a, "/authentication")}}
		return s, ""
	}
	s.Text = "An administrator of another organization opens it, sees what the application asks for, and grants it for their organization. That makes the enterprise application there."
	d := &portal.Draft{Values: url.Values{"tenant": {strings.TrimSpace(r.URL.Query().Get("tenant"))}}}
	tenant := d.Get("tenant")
	switch {
	case tenant == "":
		tenant = "organizations"
	case tenant != "organizations" && !ids.Valid(tenant) && (len(tenant) > 253 || !domainForm.MatchString(tenant)):
		d.Wrong("tenant", "Enter a domain or a tenant ID, or organizations")
		tenant = "organizations"
	}
	link := p.Base + "/" + strings.ToLower(tenant) + "/adminconsent?client_id=" + string(a.AppID)
	label := "For administrators of " + tenant
	if tenant == "organizations" {
		label = "For administrators of any organization"
	}
	s.Codes = []portal.Code{{ID: "link", Label: label, Value: link}}
	if len(a.RedirectURIs()) == 0 {
		s.Note = &portal.Note{Kind: "wait", Lead: "It ends on an error page.", Text: "The application has no redirect URI, so after they accept, the page says AADSTS500113. The consent is given all the same."}
	}
	s.Form = &portal.Form{Action: at(v, a, "/permissions") + "#consent-link", Step: true, Button: "Make the link", Parts: []portal.Part{
		d.Line(portal.Field{ID: "tenant", Label: "Organization", Hint: "A domain or a tenant ID. “organizations” stands for whichever the administrator is of.", Autocomplete: "off"})}}
	return s, "copy"
}
