package isolation

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/internal/enttest"
	pages "entente/internal/enttest/browser"
)

// A step is something that a page of the admin center offers: a link, or a form.
type step struct {
	route, path string // the path begins behind the organization's address
	form        url.Values
}

// A walk is what an administrator comes upon who follows every kind of link.
type walk struct {
	steps  map[string][]step // by route
	values map[string]bool   // what stood in place of the routes' variables
}

// inquiry is what a page says to a help desk.
var inquiry = regexp.MustCompile(`Request[0-9a-f-]{36}`)

// enough is how many steps of one route are kept and gone.
const enough = 5

// A matcher tells which route an address of the admin center belongs to.
type matcher struct {
	route string
	path  *regexp.Regexp
}

func matchers(routes []string) (all []matcher) {
	for _, route := range routes {
		_, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/@{domain}") {
			continue
		}
		pattern := variable.ReplaceAllString(strings.TrimPrefix(path, "/@{domain}"), `([^/]+)`)
		all = append(all, matcher{route, regexp.MustCompile("^" + pattern + "$")})
	}
	// The plainest first: /new is not taken for the name of something.
	slices.SortStableFunc(all, func(a, b matcher) int {
		return strings.Count(a.route, "{") - strings.Count(b.route, "{")
	})
	return all
}

// walk goes through a side's admin center from its first page: every link leads
// somewhere, and every form has an address.
func (g *ground) walk(t *testing.T, x *side) *walk {
	t.Helper()
	w := &walk{map[string][]step{}, map[string]bool{}}
	all := matchers(g.AdminRoutes())
	root := "/@" + x.Domain
	seen := map[string]bool{}
	b := pages.AsAdmin(t, g.Server, x.Tenant)
	queue := g.starts(t, b, x)
	offer := func(on, method, to string, form url.Values) {
		at, err := url.Parse(on)
		if err != nil {
			t.Fatal(err)
		}
		if at, err = at.Parse(to); err != nil {
			t.Errorf("%s: a link leads to %q", on, to)
			return
		}
		path, own := strings.CutPrefix(at.EscapedPath(), root)
		if !own || seen[method+at.RequestURI()] {
			return
		}
		seen[method+at.RequestURI()] = true
		for _, m := range all {
			found := m.path.FindStringSubmatch(path)
			if found == nil || !strings.HasPrefix(m.route, method+" ") {
				continue
			}
			for _, v := range found[1:] {
				w.values[v] = true
			}
			if len(w.steps[m.route]) < enough {
				w.steps[m.route] = append(w.steps[m.route], step{m.route, path, form})
				if method == http.MethodGet {
					queue = append(queue, strings.TrimPrefix(at.RequestURI(), root))
				}
			}
			return
		}
		if strings.HasPrefix(path, "/admin") {
			t.Errorf("%s: %s %s is no address of the admin center", on, method, path)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		if strings.HasSuffix(queue[0], "/events") {
			continue // a stream
		}
		p := b.Get(root + queue[0])
		if p.Status != http.StatusOK {
			t.Errorf("a link of %s leads to %s: %d", x.Domain, queue[0], p.Status)
		}
		if p.Page == nil {
			continue
		}
		for _, to := range p.Links() {
			offer(p.At.RequestURI(), http.MethodGet, to, nil)
		}
		for _, f := range p.Sendings() {
			offer(p.At.RequestURI(), http.MethodPost, f.To, f.Fields)
		}
	}
	return w
}

// unlinked are the routes to which no link and no form of a furnished organization
// leads: they are walked in the tests of their pages.
var unlinked = map[string]string{
	"GET /@{domain}/admin/automation/{account}/jobs/{job}/events":                           "followed by script",
	"GET /@{domain}/admin/users/{user}/invitation":                                          "after inviting, for an invitation's link is shown once",
	"GET /@{domain}/admin/automation/{account}/jobs/{job}/output":                           "for jobs that have printed",
	"POST /@{domain}/admin/automation/{account}/runbooks/{runbook}/publish":                 "for drafts",
	"POST /@{domain}/admin/automation/{account}/runbooks/{runbook}/schedules/{plan}/delete": "for schedules",
	"GET /@{domain}/admin/entitlement/settings/roles/{assignment}/remove":                   "for roles over all catalogs",
	"POST /@{domain}/admin/entitlement/settings/roles/{assignment}/remove":                  "for roles over all catalogs",
	"POST /@{domain}/admin/entitlement/organizations/new":                                   "after a search",
	"POST /@{domain}/admin/entitlement/organizations/{organization}/sources/remove":         "for several sources",
	"GET /@{domain}/admin/entitlement/drafts/{draft}/add/{to}":                              "a button's",
	"POST /@{domain}/admin/entitlement/drafts/{draft}/add/{to}":                             "a button's",
	"POST /@{domain}/admin/app-registrations/{application}/federated/new":                   "after the scenario",
	"POST /@{domain}/admin/managed-identities/{identity}/federated/new":                     "after the scenario",
	"POST /@{domain}/admin/app-registrations/{application}/permissions/add":                 "after the API",
	"POST /@{domain}/admin/entitlement/assignments/new":                                     "after the package",
	"POST /@{domain}/admin/entitlement/requests/{request}/reprocess":                        "after a failed delivery",
}

// more makes what only the pages tell apart.
func (g *ground) more(t *testing.T, x *side) {
	t.Helper()
	scope, role := enttest.NewID(), enttest.NewID()
	type m = map[string]any
	var app, user enttest.Principal
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/applications", m{"displayName": x.word + " whole",
		"web":                    m{"redirectUris": []string{"https://" + x.word + ".example/back"}},
		"appRoles":               []any{m{"id": role, "value": "Quarry.Read", "displayName": x.word, "description": x.word, "allowedMemberTypes": []string{"Application"}, "isEnabled": false}},
		"requiredResourceAccess": []any{m{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []any{m{"id": x.id(t, "role"), "type": "Role"}}}},
		"api": m{"oauth2PermissionScopes": []any{m{"id": scope, "value": "act", "type": "User", "adminConsentDisplayName": x.word, "adminConsentDescription": x.word, "isEnabled": true}},
			"preAuthorizedApplications": []any{m{"appId": x.ClientID, "delegatedPermissionIds": []string{scope}}}},
	}, &app)
	x.ids["whole application"] = app.ID
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/users", m{"displayName": x.word, "mailNickname": x.word, "userPrincipalName": x.word + ".gone@" + x.Domain, "accountEnabled": true,
		"passwordProfile": m{"password": "Correct-horse-7"}}, &user)
	g.Graph(t, x.Tenant, http.MethodDelete, "/v1.0/users/"+user.ID, nil, nil)
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/users", m{"displayName": x.word, "mailNickname": x.word, "userPrincipalName": x.word + ".blocked@" + x.Domain, "accountEnabled": false,
		"passwordProfile": m{"password": "Correct-horse-7"}}, &user)
	x.ids["blocked user"] = user.ID
	var invited struct{ InvitedUser enttest.Principal }
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/invitations", m{"invitedUserEmailAddress": x.word + "@elsewhere.example", "inviteRedirectUrl": "https://elsewhere.example"}, &invited)
	x.ids["guest"] = invited.InvitedUser.ID
	g.Graph(t, x.Tenant, http.MethodGet, "/v1.0/users/"+x.AdminUPN, nil, &user)
	x.ids["administrator"] = user.ID
	abroad := map[*side]*side{g.victim: g.stranger, g.stranger: g.victim}[x]
	g.Graph(t, abroad.Tenant, http.MethodPost, "/v1.0/servicePrincipals", m{"appId": g.Application(t, x.Tenant, x.word+" abroad", true).AppID}, nil)
}

// starts are where a walk begins: the first page, and what has one of everything
// and may stand far down in the lists.
func (g *ground) starts(t *testing.T, b *pages.Browser, x *side) []string {
	t.Helper()
	begun := b.Post("/@"+x.Domain+"/admin/entitlement/packages/new", url.Values{"then": {"leave"}, "name": {x.word}, "description": {x.word}, "catalog": {x.id(t, "catalog")}})
	all := []string{strings.TrimPrefix(begun.Wants(http.StatusOK).At.Path, "/@"+x.Domain)}
	for _, at := range [][2]string{
		{"/automation/", "host"}, {"/app-registrations/", "/applications"}, {"/app-registrations/", "whole application"}, {"/enterprise-applications/", "/servicePrincipals"},
		{"/enterprise-applications/", "client"}, {"/enterprise-applications/", "principal"}, {"/users/", "/users"}, {"/users/", "administrator"}, {"/users/", "guest"}, {"/users/", "blocked user"},
		{"/groups/", "/groups"}, {"/roles/", "/directoryRoleTemplates"}, {"/domains/names/", "/domains/verify"},
	} {
		all = append(all, "/admin"+at[0]+x.id(t, at[1]))
	}
	return append(all, "/admin")
}

// TestAdminWalk has an administrator name, at the own organization's address, what
// is another's: it is as absent as what nobody has.
func TestAdminWalk(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		for _, x := range []*side{g.victim, g.stranger} {
			g.furnishing(t, x).Furnish()
			g.enroll(t, x)
			g.worker(t, x)
			g.more(t, x)
		}
		g.job(t)
		theirs, own := g.walk(t, g.victim), g.walk(t, g.stranger)
		g.walked(t, theirs)
		before := g.rows(t)
		b := pages.AsAdmin(t, g.Server, g.stranger.Tenant)
		for _, route := range slices.Sorted(maps.Keys(theirs.steps)) {
			for _, s := range theirs.steps[route] {
				g.try(t, b, s, theirs.values, own.values)
			}
			if strings.Count(route, "{") < 3 { // the domain, and one more
				continue
			}
			for i, s := range theirs.steps[route] { // what is the victim's, in what is one's own
				if i < len(own.steps[route]) {
					mixed := own.steps[route][i]
					mine, last := strings.Split(mixed.path, "/"), strings.Split(s.path, "/")
					names := strings.Split(route, "/")[1:]
					for k := len(names) - 1; k > 0; k-- {
						if strings.HasPrefix(names[k], "{") {
							mine[k] = last[k]
							break
						}
					}
					mixed.path = strings.Join(mine, "/")
					g.try(t, b, mixed, theirs.values, own.values)
				}
			}
		}
		g.untouched(t, before, "sign_in")
	})
}

// walked sees to it that the walk came by everything.
func (g *ground) walked(t *testing.T, w *walk) {
	t.Helper()
	for _, route := range g.AdminRoutes() {
		if strings.Contains(route, "{domain}") && len(w.steps[route]) == 0 && unlinked[route] == "" {
			t.Errorf("no link leads to %s", route)
		}
	}
}

// try compares what a stranger is answered who names something of the victim's with
// the answer about something that nobody has.
func (g *ground) try(t *testing.T, b *pages.Browser, s step, theirs, own map[string]bool) {
	t.Helper()
	const gone = "…"
	swap := map[string]string{}
	other := func(text string) string {
		for v := range theirs {
			if !own[v] && len(v) > 8 && strings.Contains(text, v) {
				if swap[v] == "" {
					swap[v] = enttest.NewID()
				}
				text = strings.ReplaceAll(text, v, swap[v])
			}
		}
		return text
	}
	nobodys := step{path: other(s.path), form: url.Values{}}
	for name, values := range s.form {
		for _, v := range values {
			nobodys.form.Add(name, other(v))
		}
	}
	if len(swap) == 0 {
		return // all tenants have it
	}
	send := func(s step) (int, string) {
		at := "/@" + g.stranger.Domain + s.path
		method, _, _ := strings.Cut(s.route, " ")
		p := b.Send(method, at, s.form, "same-origin")
		says := p.Body
		if p.Page != nil {
			says = inquiry.ReplaceAllString(p.Raw(), gone)
		}
		if !strings.Contains(s.path+s.form.Encode(), g.victim.word) && strings.Contains(says, g.victim.word) {
			t.Errorf("%s %s shows what is the victim's: %s", method, s.path, says)
		}
		for v, with := range swap {
			says = strings.ReplaceAll(strings.ReplaceAll(says, v, gone), with, gone)
		}
		return p.Status, says
	}
	nobodys.route = s.route
	status, says := send(s)
	wantStatus, want := send(nobodys)
	if nobodys.path == s.path { // it makes something of one's own, which is another each time
		says, want = "", ""
	}
	if status != wantStatus || says != want {
		t.Errorf("%s %s: %d %s\nas nobody's it is %d %s", s.route, s.path, status, says, wantStatus, want)
	}
}
