// Package packages are the pages of access packages and their policies in the
// admin center: the lists, the wizard that makes an access package, and the page
// of each.
//
// The wizard keeps a draft on the server (package draft), so that every step has
// an address, and going back or tomorrow loses nothing. Nothing is made before
// the last step; then everything is made in one transaction, or nothing is.
package packages

import (
	"embed"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/draft"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/lookup"
	"entente/internal/kit/clock"
)

//go:embed templates/*.html
var files embed.FS

// Options are what the pages need.
type Options struct {
	Access *entitlement.Service
	Drafts *draft.Service
	Lookup *lookup.Service
	Clock  clock.Clock
	Base   string // of the addresses that people are sent
}

// Pages are the pages.
type Pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[Pages]{
	"GET /entitlement/packages":                 (*Pages).list,
	"GET /entitlement/packages/new":             (*Pages).start,
	"POST /entitlement/packages/new":            (*Pages).begin,
	"GET /entitlement/drafts/{draft}":           (*Pages).goOn,
	"GET /entitlement/drafts/{draft}/{step}":    (*Pages).step,
	"POST /entitlement/drafts/{draft}/{step}":   (*Pages).takeStep,
	"GET /entitlement/drafts/{draft}/discard":   (*Pages).askDiscard,
	"POST /entitlement/drafts/{draft}/discard":  (*Pages).discard,
	"GET /entitlement/drafts/{draft}/add/{to}":  (*Pages).choose,
	"POST /entitlement/drafts/{draft}/add/{to}": (*Pages).chosen,

	"GET /entitlement/packages/{package}":                            (*Pages).thing,
	"GET /entitlement/packages/{package}/edit":                       (*Pages).edit,
	"POST /entitlement/packages/{package}/edit":                      (*Pages).change,
	"GET /entitlement/packages/{package}/delete":                     (*Pages).askDelete,
	"POST /entitlement/packages/{package}/delete":                    (*Pages).delete,
	"GET /entitlement/packages/{package}/roles/add":                  (*Pages).findRoles,
	"POST /entitlement/packages/{package}/roles/add":                 (*Pages).addRoles,
	"GET /entitlement/packages/{package}/roles/{role}/remove":        (*Pages).askRemoveRole,
	"POST /entitlement/packages/{package}/roles/{role}/remove":       (*Pages).removeRole,
	"GET /entitlement/packages/{package}/separation/add":             (*Pages).findApart,
	"POST /entitlement/packages/{package}/separation/add":            (*Pages).keepApart,
	"GET /entitlement/packages/{package}/separation/{apart}/remove":  (*Pages).askTogether,
	"POST /entitlement/packages/{package}/separation/{apart}/remove": (*Pages).together,
	"GET /entitlement/packages/{package}/policies/new":               (*Pages).newPolicy,
	"POST /entitlement/packages/{package}/policies/new":              (*Pages).beginPolicy,
	"GET /entitlement/packages/{package}/automatic/new":              (*Pages).newAutomatic,
	"POST /entitlement/packages/{package}/automatic/new":             (*Pages).beginAutomatic,
	"GET /entitlement/policies":                                      (*Pages).policies,
	"GET /entitlement/policies/{policy}":                             (*Pages).policy,
	"POST /entitlement/policies/{policy}/edit":                       (*Pages).editPolicy,
	"GET /entitlement/policies/{policy}/requests":                    (*Pages).askSwitch,
	"POST /entitlement/policies/{policy}/requests":                   (*Pages).switchRequests,
	"GET /entitlement/policies/{policy}/delete":                      (*Pages).askDeletePolicy,
	"POST /entitlement/policies/{policy}/delete":                     (*Pages).deletePolicy,
}

// Routes returns the patterns of the pages, in order.
func Routes() []string { return admin.Patterns(routes) }

// Add mounts the pages on the admin center.
func Add(c *admin.Center, o Options) {
	d := c.Desk(files, nil)
	admin.Mount(c, d, &Pages{o, d}, routes)
}

// The addresses.
const (
	listPath  = "/entitlement/packages"
	draftPath = "/entitlement/drafts/"
)

// crumbs are the pages above those of access packages.
func crumbs(v *admin.Visitor) []portal.Link {
	return []portal.Link{{Text: "Entitlement management", To: v.To("/entitlement")}, {Text: "Access packages", To: v.To(listPath)}}
}

func (p *Pages) ask(w http.ResponseWriter, r *http.Request, v *admin.Visitor, title string, above []portal.Link, f portal.Form) error {
	return p.Show(w, r, v, portal.Frame{Title: title, Crumbs: above, Content: "form", Data: f})
}
