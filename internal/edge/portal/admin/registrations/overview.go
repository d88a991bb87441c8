package registrations

import (
	"fmt"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// overview shows what an application is called by, and how it stands.
func (p *pages) overview(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Aside: "Essentials", Text: said(a.Description),
		Codes: []portal.Code{
			{ID: "client", Label: "Application (client) ID", Value: string(a.AppID)},
			{ID: "object", Label: "Object ID", Value: string(a.ID), Hint: "Of the application, not of its service principal."},
			{ID: "tenant", Label: "Directory (tenant) ID", Value: string(v.Tenant.ID)},
		},
		Facts: []portal.Fact{
			{Name: "Supported account types", Value: audience(v, a.SignInAudience)},
			{Name: "Client credentials", Value: credentialCount(len(a.KeyCredentials), len(a.PasswordCredentials)), Tag: p.credentialState(a.Application).Tag},
			{Name: "Redirect URIs", Value: fmt.Sprintf("%d web, %d SPA, %d public client", len(a.Web.RedirectURIs), len(a.SPA.RedirectURIs), len(a.PublicClient.RedirectURIs))},
			{Name: "Application ID URI", Value: first(a.IdentifierURIs)},
			{Name: "Publisher domain", Value: said(a.PublisherDomain)},
			{Name: "Created", At: a.CreatedDateTime},
		},
		Do: []portal.Link{{Text: "Delete…", To: at(v, a, "/delete")}},
	}
	presence := portal.Section{ID: "presence", Heading: "Managed application in " + v.Name(),
		Text: "Its service principal here: what tokens for this organization are issued to, and what permissions are granted to."}
	if a.Principal != nil {
		presence.Codes = []portal.Code{{ID: "principal", Label: "Object ID of the service principal", Value: string(a.Principal.ID)}}
		if !a.Principal.Enabled() {
			presence.Note = &portal.Note{Kind: "stop", Lead: "It is switched off here.", Text: "It gets no tokens for " + v.Name() + "."}
		}
	} else {
		presence.Note = &portal.Note{Kind: "wait", Lead: "It has none.", Text: "Nobody can sign in to it here, and it gets no tokens for " + v.Name() + "."}
		presence.Do = []portal.Link{{Text: "Create service principal", To: at(v, a, "/service-principal"), Post: true}}
	}
	base := p.Base + "/" + string(v.Tenant.ID)
	t.Sections = []portal.Section{presence, {ID: "endpoints", Heading: "Endpoints", Codes: []portal.Code{
		{ID: "authorize", Label: "OAuth 2.0 authorization endpoint (v2)", Value: base + "/oauth2/v2.0/authorize"},
		{ID: "token", Label: "OAuth 2.0 token endpoint (v2)", Value: base + "/oauth2/v2.0/token"},
		{ID: "metadata", Label: "OpenID Connect metadata document", Value: base + "/v2.0/.well-known/openid-configuration"},
	}}}
	return p.page(w, r, v, a, "", portal.Frame{Title: a.DisplayName, Content: "thing", Data: t, Script: "copy"})
}

func first(list []string) string {
	if len(list) == 0 {
		return "Not set"
	}
	return list[0]
}

func credentialCount(certificates, secrets int) string {
	return fmt.Sprintf("%s, %s", counted(certificates, "certificate"), counted(secrets, "secret"))
}

// counted says how many there are of something.
func counted(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// makePrincipal makes the service principal that an application lacks here.
func (p *pages) makePrincipal(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Apps.CreatePrincipal(r.Context(), v.Who, a.AppID, []byte("{}"), nil); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "#presence"), "The service principal is made.")
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, a, "Delete “"+portal.Inert(a.DisplayName)+"”?",
		"It gets no tokens any more, here and in every other organization, and its service principal here goes with it. It can be restored for thirty days.",
		"Delete application", at(v, a, "/delete"), at(v, a, ""), &portal.Draft{})
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	if err := p.Apps.Delete(r.Context(), v.Who, a.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To(list), "The application is deleted.")
}
