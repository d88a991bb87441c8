package myaccess_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/enttest/pagetest"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const (
	password = "Copper-Lantern-72"
	day      = 24 * time.Hour
)

func ptr[T any](v T) *T { return &v }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A stage is a server whose tenant A offers people of B a package, with an
// approver.
type stage struct {
	*enttest.Server
	t        *testing.T
	access   *entitlement.Service
	admin    authz.Caller
	catalog  *offer.Catalog
	org      *offer.Organization
	pkg      *offer.Package
	policy   *offer.Policy
	question ids.QuestionID
	group    string
	grace    string // of B, who asks
	graceID  ids.ObjectID
	ada      string // of A, who approves
}

func each(t *testing.T, test func(h *stage)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		h := &stage{Server: s, t: t, access: entitlement.NewService(dbtest.OpenURL(t, s.Store, s.Clock))}
		h.setUp()
		test(h)
	})
}

// person makes a member of a tenant.
func (h *stage) person(in *enttest.Tenant, nick string) (upn string, id ids.ObjectID) {
	h.t.Helper()
	upn = nick + "@" + in.Domain
	var u struct{ ID string }
	h.Graph(h.t, in, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": upn,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
	}, &u)
	return upn, ids.ObjectID(u.ID)
}

func (h *stage) setUp() {
	t, ctx := h.t, h.t.Context()
	var admin, g struct{ ID string }
	h.Graph(t, h.A, http.MethodGet, "/v1.0/users/"+h.A.AdminUPN+"?$select=id", nil, &admin)
	h.admin = house.Person(ids.TenantID(h.A.ID), ids.ObjectID(admin.ID))
	var adaID ids.ObjectID
	h.ada, adaID = h.person(h.A, "ada")
	h.grace, h.graceID = h.person(h.B, "grace")
	h.Graph(t, h.A, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": "Turbine design", "mailNickname": "turbine", "mailEnabled": false, "securityEnabled": true}, &g)
	h.group = g.ID
	var err error
	h.org, err = h.access.CreateOrganization(ctx, h.admin, offer.OrganizationChange{Name: ptr("Fabrikam"),
		Sources: []offer.Source{{Kind: offer.TenantSource, Home: ids.TenantID(h.B.ID)}}})
	must(t, err)
	h.catalog, err = h.access.CreateCatalog(ctx, h.admin, offer.CatalogChange{Name: ptr("Design")})
	must(t, err)
	_, err = h.access.RequestResource(ctx, h.admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: h.catalog.ID, Origin: offer.AadGroup, OriginID: h.group})
	must(t, err)
	h.pkg = h.newPackage("Joint design files")
	h.policy, err = h.access.CreatePolicy(ctx, h.admin, offer.Policy{Package: h.pkg.ID, Name: "Partners",
		Scope:      offer.SpecificConnectedOrganizationUsers,
		Targets:    []offer.SubjectSet{{Kind: offer.ConnectedOrganizationMembers, Organization: h.org.ID}},
		Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 90 * day},
		Requestor:  offer.RequestorSettings{SelfAdd: true, SelfUpdate: true, SelfRemove: true, CustomSchedule: true},
		Questions:  []offer.Question{{Required: true, Text: offer.Localized{Text: "Which part?"}, Choices: []offer.Choice{{Value: "rotor", Text: offer.Localized{Text: "Rotor"}}, {Value: "housing", Text: offer.Localized{Text: "Housing"}}}}},
		Approval: offer.ApprovalSettings{ForAdd: true, ForUpdate: true, Justification: true,
			Stages: []offer.Stage{{TimeOut: 14 * day, Justification: true, Primary: []offer.SubjectSet{{Kind: offer.SingleUser, Object: adaID}}}}}})
	must(t, err)
	h.question = h.policy.Questions[0].ID
}

// newPackage makes a package that gives the membership of the group.
func (h *stage) newPackage(name string) *offer.Package {
	h.t.Helper()
	p, err := h.access.CreatePackage(h.t.Context(), h.admin, h.catalog.ID, offer.PackageChange{Name: ptr(name), Description: ptr("Drawings and handbook")})
	must(h.t, err)
	_, err = h.access.AddRole(h.t.Context(), h.admin, p.ID, offer.RoleAsk{Origin: offer.AadGroup, OriginID: h.group, RoleOriginID: "Member_" + h.group})
	must(h.t, err)
	return p
}

func (h *stage) at(rest string) string { return "/@" + h.A.Domain + rest }

func (h *stage) link() string { return h.at("/access-packages/" + string(h.pkg.ID)) }

// answers are those of a good request.
func (h *stage) answers() url.Values {
	return url.Values{"q-" + string(h.question): {"rotor"}, "justification": {"I fit the bearings"}}
}

// A browser keeps cookies and follows redirects.
type browser struct {
	h        *stage
	http     *http.Client
	language string // that it asks for, or ""
}

// A page is what a browser shows in the end.
type page struct {
	*pagetest.Page
	status int
	at     *url.URL
	raw    string
	header http.Header
}

func (h *stage) open() *browser {
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	return &browser{h: h, http: &http.Client{Transport: h.HTTP.Transport, Jar: jar}}
}

// as opens a browser in which somebody is signed in.
func (h *stage) as(upn string) *browser {
	h.t.Helper()
	b := h.open()
	b.signIn(b.get("/account"), upn)
	return b
}

func (b *browser) send(method, path string, form url.Values, site string) page {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.Name+path, strings.NewReader(form.Encode()))
	must(b.h.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
	}
	if b.language != "" {
		req.Header.Set("Accept-Language", b.language)
	}
	res, err := b.http.Do(req)
	must(b.h.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(b.h.t, err)
	if len(raw) > 100<<10 {
		b.h.t.Errorf("%s has %d bytes", path, len(raw))
	}
	var shown *pagetest.Page
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		shown = pagetest.Parse(b.h.t, bytes.NewReader(raw))
	}
	return page{shown, res.StatusCode, res.Request.URL, string(raw), res.Header}
}

func (b *browser) get(path string) page {
	b.h.t.Helper()
	return b.send(http.MethodGet, path, nil, "")
}

// submit presses a button with fields filled in.
func (b *browser) submit(on page, button string, fill url.Values) page {
	b.h.t.Helper()
	action, fields := on.Form(b.h.t, button)
	maps.Copy(fields, fill)
	return b.send(http.MethodPost, action, fields, "same-origin")
}

// signIn goes from the page of sign-in to what stands behind it.
func (b *browser) signIn(p page, upn string) page {
	b.h.t.Helper()
	return b.signInWith(p, upn, password)
}

func (b *browser) signInWith(p page, upn, password string) page {
	b.h.t.Helper()
	p = b.submit(p, "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

// wants fails the test unless the page has the status and says all that.
func (p page) wants(t *testing.T, status int, says ...string) {
	t.Helper()
	for _, s := range says {
		if !strings.Contains(p.Text(), s) {
			t.Errorf("%s does not say %q: %d %s", p.at, s, p.status, p.Text())
		}
	}
	if p.status != status {
		t.Errorf("%s: %d %s", p.at, p.status, p.Text())
	}
}
