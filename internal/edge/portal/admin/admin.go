// Package admin is the frame of the admin center: who opens a page and in which
// organization they act, the areas at the side, and how faults are told.
//
// Everything is below /@{domain}/admin, the domain of the organization that is
// administered: a page can be sent to a colleague, and two windows may
// administer two organizations. The areas themselves are the packages below
// this one, each with its pages on a desk of its own (Desk, Mount). A desk decides
// nothing: what somebody may see and do is read from the store by the services at
// each request, by the directory roles that the person has in that organization.
package admin

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// Area is the name of the portal.
const Area = "Admin center"

// root is the path below which everything is.
const root = "/@{domain}/admin"

// Options are what the admin center needs.
type Options struct {
	Site   portal.Site
	SignIn *signin.Service
	At     func(ctx context.Context, domain string) (*tenant.Tenant, error) // whose domain it is; NotFound
	Log    *slog.Logger
}

// A Center is the admin center.
type Center struct {
	Options
	mux    *http.ServeMux
	words  map[string]bool // the segments of its paths
	routes []string
}

// New returns an admin center with its first page.
func New(o Options) *Center {
	c := &Center{Options: o, mux: http.NewServeMux(), words: map[string]bool{"admin": true}, routes: []string{"GET /admin", "GET /admin/sign-in-logs"}}
	d := c.Desk(nil, nil)
	c.mux.Handle("GET /admin", web.Serve(c.door, d.Fail))
	c.mux.Handle("GET /admin/sign-in-logs", web.Serve(c.door, d.Fail))
	Mount(c, d, d, home)
	c.mux.Handle("/", web.Serve(portal.NoPage, d.Fail))
	return c
}

// Routes returns the patterns of everything that is mounted.
func (c *Center) Routes() []string { return c.routes }

// Handler returns the pages, for /admin and for every path whose first segment
// begins with @ and whose second is admin. All areas are mounted before.
func (c *Center) Handler() http.Handler {
	fail := c.Desk(nil, nil).Fail
	return web.FoldPath(web.SameOrigin(c.mux, fail), slices.Sorted(maps.Keys(c.words))...)
}

// A Visitor is whoever opens a page, in the organization that it is of.
type Visitor struct {
	*portal.Visitor
	Tenant *tenant.Tenant
	Who    authz.Caller // there
	at     string       // the domain in the address
}

// Name returns the organization's name, to stand in a sentence.
func (v *Visitor) Name() string { return portal.Inert(v.Tenant.DisplayName) }

// To returns the path of a page of the organization's admin center. What is put
// into it is escaped by whoever calls.
func (v *Visitor) To(rest string) string { return "/@" + url.PathEscape(v.at) + "/admin" + rest }

// A Page answers one route of an area to whoever is signed in.
type Page[P any] = func(*P, http.ResponseWriter, *http.Request, *Visitor) error

// Mount adds an area's routes: a method and the path below /@{domain}/admin,
// such as "GET /entitlement/catalogs/{catalog}". It panics where two clash.
func Mount[P any](c *Center, d *Desk, pages *P, routes map[string]Page[P]) {
	c.routes = append(c.routes, Patterns(routes)...)
	for _, route := range Patterns(routes) {
		_, path, _ := strings.Cut(route, " ")
		for _, s := range strings.Split(path, "/") {
			if s != "" && !strings.ContainsAny(s, "{@") {
				c.words[s] = true
			}
		}
	}
	for route, page := range routes {
		c.mux.Handle(strings.Replace(pattern(route), "/@{domain}", "/{domain}", 1), web.Serve(func(w http.ResponseWriter, r *http.Request) error {
			v, err := c.visit(w, r)
			if v == nil || err != nil {
				return err
			}
			return page(pages, w, r, v)
		}, d.Fail))
	}
}

// Patterns returns the whole patterns of an area's routes, in order.
func Patterns[P any](routes map[string]Page[P]) []string {
	var all []string
	for route := range routes {
		all = append(all, pattern(route))
	}
	slices.Sort(all)
	return all
}

func pattern(route string) string {
	method, path, _ := strings.Cut(route, " ")
	return method + " " + strings.TrimSuffix(root+path, "/")
}

// A Desk shows the pages of one area.
type Desk struct {
	center  *Center
	show    *portal.Templates
	reasons map[fault.Reason]portal.Telling
}

// Desk returns a desk with an area's templates, templates/*.html of files if there
// are any, and the faults that it tells in its own words.
func (c *Center) Desk(files fs.FS, reasons map[fault.Reason]portal.Telling) *Desk {
	if files == nil {
		return &Desk{c, portal.Parse(c.Site, nil), reasons}
	}
	return &Desk{c, portal.Parse(c.Site, files, "templates/*.html"), reasons}
}

// Show answers with a page in the frame of the admin center.
func (d *Desk) Show(w http.ResponseWriter, r *http.Request, v *Visitor, f portal.Frame) error {
	f.Area, f.Home, f.Side = Area, v.To(""), side(v, r.URL.Path)
	return d.show.Seated(w, r, d.center.SignIn, v.Visitor, f)
}

// Told leads on to a page that tells once what has happened.
func (d *Desk) Told(w http.ResponseWriter, r *http.Request, to string, n portal.Note) error {
	portal.Leave(w, n)
	portal.Lead(w, r, to)
	return nil
}

// Done is Told of something that was done: a sentence with its full stop.
func (d *Desk) Done(w http.ResponseWriter, r *http.Request, to, sentence string) error {
	return d.Told(w, r, to, portal.Note{Kind: "ok", Lead: sentence})
}

// Fail answers with the page of an error.
func (d *Desk) Fail(w http.ResponseWriter, r *http.Request, err error) {
	next := &portal.Next{Button: "Go to the admin center", Action: "/admin"}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Fix == "" && f.Values["leastRole"] != "" {
		err = f.WithFix("Ask the organization’s administrators for the role %s, or one that may do more.", f.Values["leastRole"])
	}
	d.show.Fail(w, r, err, portal.Failing{Area: Area, Next: next, Reasons: d.reasons, Log: d.center.Log})
}

// ID reads an identifier in the address; what is none names nothing.
func ID[T ~string](r *http.Request, name string) (T, error) {
	id, err := ids.Parse[T](r.PathValue(name))
	if err != nil {
		return "", fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
	}
	return id, nil
}

// Form reads what was posted.
func Form(r *http.Request) (*portal.Draft, error) {
	values, err := web.Form(r)
	return &portal.Draft{Values: values}, err
}
