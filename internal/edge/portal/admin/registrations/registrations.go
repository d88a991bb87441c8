// Package registrations is the area of the admin center for app registrations:
// the definitions of an organization's own applications, with their secrets,
// certificates and federated credentials, what they ask for and what they offer.
//
// An application's presence in an organization, its own included, is another
// thing, the service principal; a registration makes both.
package registrations

import (
	"embed"
	"encoding/json"
	"net/http"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/core/federation"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

//go:embed templates/*.html
var files embed.FS

// Options are what the pages need.
type Options struct {
	Apps       *app.Service
	Federation *federation.Service
	Consent    *consent.Service
	Lookup     *lookup.Service
	Clock      clock.Clock
	Base       string // of the endpoints at which applications sign in
}

type pages struct {
	Options
	*admin.Desk
}

const list = "/app-registrations"

var routes = map[string]admin.Page[pages]{
	"GET " + list:                                                                       (*pages).all,
	"GET " + list + "/owned":                                                            (*pages).owned,
	"GET " + list + "/new":                                                              (*pages).registering,
	"POST " + list + "/new":                                                             (*pages).register,
	"GET " + list + "/{application}":                                                    (*pages).overview,
	"POST " + list + "/{application}/service-principal":                                 (*pages).makePrincipal,
	"GET " + list + "/{application}/credentials":                                        (*pages).credentials,
	"GET " + list + "/{application}/credentials/secrets/new":                            (*pages).newSecret,
	"POST " + list + "/{application}/credentials/secrets/new":                           (*pages).addSecret,
	"GET " + list + "/{application}/credentials/certificates/new":                       (*pages).newCertificate,
	"POST " + list + "/{application}/credentials/certificates/new":                      (*pages).addCertificate,
	"GET " + list + "/{application}/credentials/{kind}/{key}/remove":                    (*pages).removingKey,
	"POST " + list + "/{application}/credentials/{kind}/{key}/remove":                   (*pages).removeKey,
	"GET " + list + "/{application}/permissions":                                        (*pages).permissions,
	"GET " + list + "/{application}/permissions/add":                                    (*pages).addingPermission,
	"POST " + list + "/{application}/permissions/add":                                   (*pages).addPermission,
	"GET " + list + "/{application}/permissions/grant":                                  (*pages).granting,
	"POST " + list + "/{application}/permissions/grant":                                 (*pages).grant,
	"GET " + list + "/{application}/permissions/{resource}/{type}/{permission}/remove":  (*pages).removingPermission,
	"POST " + list + "/{application}/permissions/{resource}/{type}/{permission}/remove": (*pages).removePermission,
	"GET " + list + "/{application}/authentication":                                     (*pages).authentication,
	"POST " + list + "/{application}/authentication":                                    (*pages).saveAuthentication,
	"POST " + list + "/{application}/authentication/add":                                (*pages).addRedirect,
	"GET " + list + "/{application}/authentication/remove":                              (*pages).removingRedirect,
	"POST " + list + "/{application}/authentication/remove":                             (*pages).removeRedirect,
	"GET " + list + "/{application}/expose":                                             (*pages).expose,
	"POST " + list + "/{application}/expose":                                            (*pages).setURIs,
	"GET " + list + "/{application}/expose/scopes/{scope}":                              (*pages).editingScope,
	"POST " + list + "/{application}/expose/scopes/{scope}":                             (*pages).saveScope,
	"GET " + list + "/{application}/expose/scopes/{scope}/delete":                       (*pages).deletingScope,
	"POST " + list + "/{application}/expose/scopes/{scope}/delete":                      (*pages).deleteScope,
	"GET " + list + "/{application}/expose/clients/new":                                 (*pages).addingClient,
	"POST " + list + "/{application}/expose/clients/new":                                (*pages).addClient,
	"GET " + list + "/{application}/expose/clients/{client}/remove":                     (*pages).removingClient,
	"POST " + list + "/{application}/expose/clients/{client}/remove":                    (*pages).removeClient,
	"GET " + list + "/{application}/roles":                                              (*pages).roles,
	"GET " + list + "/{application}/roles/{role}":                                       (*pages).editingRole,
	"POST " + list + "/{application}/roles/{role}":                                      (*pages).saveRole,
	"GET " + list + "/{application}/roles/{role}/delete":                                (*pages).deletingRole,
	"POST " + list + "/{application}/roles/{role}/delete":                               (*pages).deleteRole,
	"GET " + list + "/{application}/owners":                                             (*pages).owners,
	"GET " + list + "/{application}/owners/add":                                         (*pages).addingOwner,
	"POST " + list + "/{application}/owners/add":                                        (*pages).addOwner,
	"GET " + list + "/{application}/owners/{owner}/remove":                              (*pages).removingOwner,
	"POST " + list + "/{application}/owners/{owner}/remove":                             (*pages).removeOwner,
	"GET " + list + "/{application}/manifest":                                           (*pages).manifest,
	"GET " + list + "/{application}/delete":                                             (*pages).deleting,
	"POST " + list + "/{application}/delete":                                            (*pages).remove,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(files, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

// ours returns the application that the address names, one of the organization's.
func (p *pages) ours(r *http.Request, v *admin.Visitor) (*app.View, error) {
	id, err := admin.ID[ids.ObjectID](r, "application")
	if err != nil {
		return nil, err
	}
	return p.Apps.View(r.Context(), v.Who, id)
}

// at is the address of a page of an application.
func at(v *admin.Visitor, a *app.View, rest string) string {
	return v.To(list + "/" + string(a.ID) + rest)
}

// crumbs are the pages above those of one application, or of all when it is nil.
func crumbs(v *admin.Visitor, a *app.View, more ...portal.Link) []portal.Link {
	all := []portal.Link{{Text: "App registrations", To: v.To(list)}}
	if a != nil {
		all = append(all, portal.Link{Text: a.DisplayName, To: at(v, a, "")})
	}
	return append(all, more...)
}

// parts are the pages of an application, in the order that Microsoft's
// administrators know.
var parts = []struct{ text, path string }{
	{"Overview", ""},
	{"Authentication", "/authentication"},
	{"Certificates & secrets", "/credentials"},
	{"API permissions", "/permissions"},
	{"Expose an API", "/expose"},
	{"App roles", "/roles"},
	{"Owners", "/owners"},
	{"Manifest", "/manifest"},
}

// page shows one of the pages of an application.
func (p *pages) page(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, path string, f portal.Frame) error {
	for _, x := range parts {
		f.Parts = append(f.Parts, portal.Link{Text: x.text, To: at(v, a, x.path), Current: x.path == path})
	}
	f.PartsOf, f.Crumbs = a.DisplayName, crumbs(v, a)
	if path == "" {
		f.Crumbs = crumbs(v, nil)
	}
	return p.Show(w, r, v, f)
}

// ask shows a page that asks whether the visitor means to take something away;
// to is where that is sent, back where they came from.
func (p *pages) ask(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, title, text, button, to, back string, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Crumbs: crumbs(v, a), Problems: d.Problems,
		Data: portal.Form{Action: to, Stop: true, Text: text, Button: button + " in " + v.Name(), Back: back, Leave: "Keep it as it is"}})
}

// change changes an application by a Graph body.
func (p *pages) change(r *http.Request, v *admin.Visitor, a *app.View, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = p.Apps.Update(r.Context(), v.Who, a.ID, text)
	return err
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
