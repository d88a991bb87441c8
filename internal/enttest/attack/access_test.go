package attack

import (
	"html"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/edge/portal/myaccess"
	"entente/internal/enttest"
	profile "entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

// hostile is what somebody calls everything who wants a script of theirs to run on
// the pages of others, or a line of them to read from the other end.
const hostile = "<script>alert(1)</script>\u202e\"'><img src=x onerror=alert(2)>"

type m = map[string]any

// A desk is a server whose tenant A has everything that access packages have, all
// of it with hostile names and texts.
type desk struct {
	*enttest.Server
	t      *testing.T
	at     string // A's pages
	pkg    string
	seeds  []string // addresses to which forms lead the administrator
	people map[string]*profile.Browser
}

const em = "/v1.0/identityGovernance/entitlementManagement/"

func (d *desk) make(in *enttest.Tenant, path string, body m) (id string) {
	d.t.Helper()
	var made struct{ ID string }
	d.Graph(d.t, in, http.MethodPost, path, body, &made)
	return made.ID
}

// furnish sets up A and B, and lets requests be denied, delivered and waiting.
func furnish(t *testing.T, engine sqldb.Engine) *desk {
	t.Helper()
	s := enttest.Start(t, enttest.Options{Engine: engine})
	d := &desk{Server: s, t: t, at: "/@" + s.A.Domain, people: map[string]*profile.Browser{"the administrator": profile.AsAdmin(t, s, s.A)}}
	var client struct{ ID string }
	s.Graph(t, s.A, http.MethodGet, "/v1.0/servicePrincipals(appId='"+s.A.ClientID+"')", nil, &client)
	for _, permission := range []string{"EntitlementManagement.ReadWrite.All", "Group.ReadWrite.All", "Organization.ReadWrite.All"} {
		s.PermitOnce(t, s.A, client.ID, permission)
	}
	user := func(in *enttest.Tenant, nick string) string {
		return d.make(in, "/v1.0/users", m{"accountEnabled": true, "displayName": nick + hostile, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
			"passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false}})
	}
	ada := user(s.A, "ada")
	user(s.B, "grace")
	team := d.make(s.A, "/v1.0/groups", m{"displayName": "Team" + hostile, "description": hostile, "mailNickname": "team", "mailEnabled": true, "securityEnabled": true, "groupTypes": []string{"Unified"},
		"owners@odata.bind": []string{s.Name + "/v1.0/users/" + ada}, "members@odata.bind": []string{s.Name + "/v1.0/users/" + ada}})
	s.Graph(t, s.A, http.MethodPut, "/v1.0/groups/"+team+"/team", m{}, nil)
	organization := d.make(s.A, em+"connectedOrganizations", m{"displayName": "Partner" + hostile, "description": hostile, "state": "configured",
		"identitySources": []any{m{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": s.B.ID, "displayName": "Fabrikam"}}})
	d.make(s.A, em+"connectedOrganizations", m{"displayName": "Idle" + hostile, "state": "proposed", "identitySources": []any{
		m{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": "idle.example", "displayName": hostile}, m{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": "calm.example", "displayName": hostile}}})
	s.Graph(t, s.A, http.MethodPost, em+"connectedOrganizations/"+organization+"/internalSponsors/$ref", m{"@odata.id": s.Name + "/v1.0/users/" + ada}, nil)
	catalog := d.make(s.A, em+"catalogs", m{"displayName": "Catalog" + hostile, "description": hostile, "state": "published", "isExternallyVisible": true})
	d.make(s.A, em+"resourceRequests", m{"requestType": "adminAdd", "catalog": m{"id": catalog}, "resource": m{"originId": team, "originSystem": "AadGroup"}})
	d.make(s.A, em+"catalogs/"+catalog+"/customWorkflowExtensions", m{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "Extension" + hostile,
		"description": hostile, "endpointConfiguration": m{"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "url": "https://hooks.contoso.example/" + url.PathEscape(hostile)}})
	var resources struct{ Value []m }
	s.Graph(t, s.A, http.MethodGet, em+"catalogs/"+catalog+"/resources", nil, &resources)
	offer := func(name string) string {
		pkg := d.make(s.A, em+"accessPackages", m{"displayName": name + hostile, "description": hostile, "catalog": m{"id": catalog}})
		d.make(s.A, em+"accessPackages/"+pkg+"/resourceRoleScopes", m{
			"role":  m{"displayName": "Member", "originId": "Member_" + team, "originSystem": "AadGroup", "resource": m{"id": resources.Value[0]["id"], "originId": team, "originSystem": "AadGroup"}},
			"scope": m{"originId": team, "originSystem": "AadGroup", "isRootScope": true}})
		d.make(s.A, em+"assignmentPolicies", m{"displayName": "Policy" + hostile, "description": hostile, "allowedTargetScope": "specificConnectedOrganizationUsers",
			"specificAllowedTargets": []any{m{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": organization}},
			"expiration":             m{"type": "afterDuration", "duration": "P90D"},
			"requestorSettings":      m{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true},
			"questions": []any{m{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "text": "Why?" + hostile, "isRequired": true},
				m{"@odata.type": "#microsoft.graph.accessPackageMultipleChoiceQuestion", "text": "Which?" + hostile, "isRequired": false, "choices": []any{m{"actualValue": "a", "text": "One" + hostile}, m{"actualValue": "b", "text": "Two"}}}},
			"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "stages": []any{m{"durationBeforeAutomaticDenial": "P14D", "isApproverJustificationRequired": false,
				"primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": ada}}}}},
			"accessPackage": m{"id": pkg}})
		return pkg
	}
	d.pkg = offer("Package")
	waiting, denied, alone := offer("Waiting"), offer("Denied"), offer("Alone")
	d.make(s.A, "/v1.0/roleManagement/entitlementManagement/roleAssignments", m{"principalId": ada, "roleDefinitionId": "ae79f266-94d4-4dab-b730-feca7e132178", "appScopeId": "/AccessPackageCatalog/" + catalog})
	d.make(s.A, "/v1.0/roleManagement/entitlementManagement/roleAssignments", m{"principalId": ada, "roleDefinitionId": "ba92d953-d8e0-4e39-a797-0cbedb0a89e8", "appScopeId": "/"})
	for _, in := range []*enttest.Tenant{s.A, s.B} {
		s.Graph(t, in, http.MethodPatch, "/v1.0/organization/"+in.ID, m{"displayName": in.Domain[:4] + hostile}, nil)
	}
	d.people["an approver"] = profile.As(t, s, "ada@"+s.A.Domain, password)
	d.people["somebody who asks"] = profile.As(t, s, "grace@"+s.B.Domain, password)
	for pkg, decision := range map[string]string{d.pkg: "approve", denied: "deny", waiting: "wait", alone: "wait"} {
		d.ask(pkg, decision)
	}
	s.Graph(t, s.A, http.MethodPost, em+"accessPackages/"+d.pkg+"/incompatibleAccessPackages/$ref", m{"@odata.id": s.Name + em + "accessPackages/" + denied}, nil)
	admin, here := d.people["the administrator"], d.at+"/admin/entitlement"
	step := admin.Post(here+"/packages/new", url.Values{"then": {"next"}, "name": {"Draft" + hostile}, "description": {hostile}, "catalog": {catalog}}).Wants(http.StatusOK)
	draft := path.Dir(step.At.Path)
	d.seeds = []string{draft + "/add/resources", draft + "/add/targets?name=a", draft + "/add/organizations", draft + "/add/question.new", draft + "/requests", draft + "/review",
		here + "/assignments/new?package=" + d.pkg, here + "/catalogs/" + catalog + "/resources?kind=AadGroup&name=T", here + "/requests?state=denied",
		here + "/organizations/new?step=review&name=X&source=" + s.C.Domain, d.at + "/access?find=" + url.QueryEscape(hostile), here + "/packages?name=" + url.QueryEscape(hostile)}
	return d
}

// ask has the one ask for a package and the other decide.
func (d *desk) ask(pkg, decision string) {
	d.t.Helper()
	grace, ada := d.people["somebody who asks"], d.people["an approver"]
	form := grace.Get(d.at + "/access-packages/" + pkg).Wants(http.StatusOK)
	fill := url.Values{"justification": {"Because" + hostile}}
	for _, name := range regexp.MustCompile(`<(?:textarea|input) [^>]*name="(q-[^"]+)"`).FindAllStringSubmatch(form.Body, -1) {
		if len(form.Offers(name[1])) == 0 {
			fill.Set(name[1], "Answer"+hostile)
		}
	}
	send := regexp.MustCompile(`<button[^>]*>(Send request to [^<]*)</button>`).FindStringSubmatch(form.Body)
	asked := grace.Submit(form, html.UnescapeString(send[1]), fill)
	id := path.Base(asked.Wants(http.StatusOK, "Request sent").At.Path)
	if decision == "wait" {
		return
	}
	page := ada.Get(d.at + "/access/approvals/" + id)
	ada.Submit(page, "Deny", url.Values{"decision": {decision}, "reason": {"Reason" + hostile}}).Wants(http.StatusOK, "recorded")
	for end := time.Now().Add(20 * time.Second); decision == "approve" && !strings.Contains(grace.Get(d.at+"/access/requests/"+id).Text(), "Delivered"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatal("nothing is delivered")
		}
	}
}

// elsewhere are routes to which no link leads here: of a delivery that failed. What
// another site sends to them is in crossSiteForms.
var elsewhere = map[string]bool{"POST /@{domain}/admin/entitlement/requests/{request}/reprocess": true}

// enough is how many pages of one route a browser opens.
const enough = 4

var (
	links = regexp.MustCompile(`<a [^>]*href="([^"]*)"`)
	forms = regexp.MustCompile(`(?:<form|<button) [^>]*action="([^"]*)"[^>]*`)
	typed = regexp.MustCompile(`(?s)value="[^"]*"|<textarea.*?</textarea>`) // what is there to be changed stays as it was typed
)

// TestAccessPages follows every link of My Access and of the admin center as three
// people, where everything has a hostile name: no page runs or turns what somebody
// wrote, none may be framed, and what another site has a browser send is refused
// for each form that is there.
func TestAccessPages(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		d := furnish(t, engine)
		all := slices.Concat(myaccess.Routes(), d.AdminRoutes())
		mux := http.NewServeMux()
		for _, route := range all {
			mux.Handle(strings.Replace(route, "/@{domain}", "/{domain}", 1), http.NotFoundHandler())
		}
		pattern := func(method, address string) string {
			r, err := http.NewRequestWithContext(t.Context(), method, d.Name+address, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, p := mux.Handler(r)
			return strings.Replace(p, "/{domain}", "/@{domain}", 1)
		}
		reached := map[string]int{}
		for who, b := range d.people {
			opened, sent, count := map[string]bool{}, map[string]bool{}, map[string]int{}
			queue := []string{d.at + "/admin", d.at + "/access", d.at + "/access-packages/" + d.pkg, d.at}
			if who == "the administrator" {
				queue = append(queue, d.seeds...)
			}
			for len(queue) > 0 {
				address := queue[0]
				queue = queue[1:]
				route := pattern(http.MethodGet, address)
				if opened[address] || count[route] >= enough || route == "" {
					continue
				}
				opened[address] = true
				count[route]++
				reached[route]++
				p := b.Get(address)
				d.looksRight(who+" at "+address, p)
				for _, link := range links.FindAllStringSubmatch(p.Body, -1) {
					if to, ok := strings.CutPrefix(html.UnescapeString(link[1]), d.Name); ok || strings.HasPrefix(to, "/@") {
						queue = append(queue, to)
					}
				}
				for _, form := range forms.FindAllStringSubmatch(p.Body, -1) {
					to := html.UnescapeString(form[1])
					if to == "" {
						to = p.At.RequestURI()
					}
					route := pattern(http.MethodPost, to)
					if strings.Contains(form[0], `method="get"`) || sent[to] || count[route] >= enough || route == "" {
						continue
					}
					sent[to] = true
					count[route]++
					reached[route]++
					got := b.Send(http.MethodPost, to, url.Values{}, "cross-site")
					if got.Status != http.StatusForbidden || !strings.Contains(got.Text(), "sent from another site") {
						t.Errorf("%s sends %s from another site: %d %s", who, to, got.Status, got.Text())
					}
				}
			}
		}
		for _, route := range all {
			if reached[route] == 0 && !elsewhere[route] && (strings.Contains(route, "/access") || strings.Contains(route, "/entitlement")) && !strings.Contains(route, "/api/") && !strings.Contains(route, "/events") {
				t.Errorf("no link leads to %s", route)
			}
		}
	})
}

// looksRight fails the test where a page shows what somebody wrote as more than
// text, or may be framed.
func (d *desk) looksRight(name string, p profile.Page) {
	d.t.Helper()
	if p.Page == nil || p.Status >= 500 || p.Status == http.StatusNotFound {
		d.t.Errorf("%s: %d %.300s", name, p.Status, p.Body)
		return
	}
	for _, bad := range []string{"<script>alert", "<img src=x"} {
		if strings.Contains(p.Body, bad) {
			d.t.Errorf("%s: %s is in the page", name, bad)
		}
	}
	if shown := typed.ReplaceAllString(p.Body, ""); strings.Contains(shown, "\u202e") {
		i := strings.Index(shown, "\u202e")
		d.t.Errorf("%s turns the line: %q", name, shown[max(0, i-200):i+20])
	}
	csp := p.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || p.Header.Get("X-Frame-Options") != "DENY" {
		d.t.Errorf("%s has the headers %v", name, p.Header)
	}
}
