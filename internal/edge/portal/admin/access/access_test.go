package access_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

type m = map[string]any

const (
	password = "Copper-Lantern-72"
	em       = "/v1.0/identityGovernance/entitlementManagement/"
)

// A ground is a server whose tenant A offers a package to its members, with an
// approver, and somebody who asks.
type ground struct {
	*enttest.Server
	t             *testing.T
	pkg, policy   string
	admin, stuart *browser.Browser
	at            string
}

func each(t *testing.T, test func(g *ground)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		g := &ground{Server: enttest.Start(t, enttest.Options{Engine: engine}), t: t}
		g.at = "/@" + g.A.Domain + "/admin/entitlement"
		g.admin = browser.AsAdmin(t, g.Server, g.A)
		g.setUp()
		test(g)
	})
}

func (g *ground) graph(path string, body m) (id string) {
	g.t.Helper()
	var made struct{ ID string }
	g.Graph(g.t, g.A, http.MethodPost, path, body, &made)
	return made.ID
}

func (g *ground) user(nick string) string {
	return g.graph("/v1.0/users", m{"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + g.A.Domain, "mail": nick + "@" + g.A.Domain,
		"passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false}})
}

func (g *ground) setUp() {
	t := g.t
	var client struct{ ID string }
	g.Graph(t, g.A, http.MethodGet, "/v1.0/servicePrincipals(appId='"+g.A.ClientID+"')", nil, &client)
	for _, permission := range []string{"EntitlementManagement.ReadWrite.All", "Group.ReadWrite.All"} {
		g.PermitOnce(t, g.A, client.ID, permission)
	}
	ada := g.user("ada")
	g.user("stuart")
	group := g.graph("/v1.0/groups", m{"displayName": "Turbine design", "mailNickname": "turbine", "mailEnabled": false, "securityEnabled": true})
	catalog := g.graph(em+"catalogs", m{"displayName": "Design", "state": "published", "isExternallyVisible": true})
	g.graph(em+"resourceRequests", m{"requestType": "adminAdd", "catalog": m{"id": catalog}, "resource": m{"originId": group, "originSystem": "AadGroup"}})
	g.pkg = g.graph(em+"accessPackages", m{"displayName": "Joint <i>design</i>", "description": "d", "catalog": m{"id": catalog}})
	var resources struct{ Value []m }
	g.Graph(t, g.A, http.MethodGet, em+"catalogs/"+catalog+"/resources", nil, &resources)
	g.graph(em+"accessPackages/"+g.pkg+"/resourceRoleScopes", m{
		"role":  m{"displayName": "Member", "originId": "Member_" + group, "originSystem": "AadGroup", "resource": m{"id": resources.Value[0]["id"], "originId": group, "originSystem": "AadGroup"}},
		"scope": m{"originId": group, "originSystem": "AadGroup", "isRootScope": true}})
	g.policy = g.graph(em+"assignmentPolicies", m{"displayName": "Members", "allowedTargetScope": "allMemberUsers", "specificAllowedTargets": []any{},
		"expiration": m{"type": "afterDuration", "duration": "P90D"}, "requestorSettings": m{"enableTargetsToSelfAddAccess": true},
		"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "stages": []any{m{"durationBeforeAutomaticDenial": "P14D",
			"primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": ada}}}}},
		"accessPackage": m{"id": g.pkg}})
	g.stuart = browser.As(t, g.Server, "stuart@"+g.A.Domain, password)
}

// ask has stuart ask for the package, and returns the request.
func (g *ground) ask() string {
	g.t.Helper()
	p := g.stuart.Submit(g.stuart.Get("/@"+g.A.Domain+"/access-packages/"+g.pkg), "Send request to Contoso", url.Values{"justification": {"<script>alert(1)</script>"}})
	return path.Base(p.Wants(http.StatusOK, "Request sent to Contoso.").At.Path)
}

// until opens a page until it says something.
func (g *ground) until(b *browser.Browser, path, says string) browser.Page {
	g.t.Helper()
	for range 200 {
		if p := b.Get(path); strings.Contains(p.Text(), says) {
			return p
		}
		time.Sleep(25 * time.Millisecond)
	}
	return b.Get(path).Wants(http.StatusOK, says)
}

// TestRequest: an administrator sees what a request waits for, and cancels it.
func TestRequest(t *testing.T) {
	each(t, func(g *ground) {
		g.admin.Get(g.at+"/requests").Wants(http.StatusOK, "Nobody has asked yet")
		request := g.at + "/requests/" + g.ask()
		list := g.admin.Get(g.at+"/requests").Wants(http.StatusOK, "Person stuart", "Joint <i>design</i>", "Waiting for approval", "New access")
		if strings.Contains(list.Body, "<i>design") {
			t.Error("a name is not escaped")
		}
		g.admin.Get(g.at+"/requests?email=stu&state=pendingApproval&package="+g.pkg).Wants(http.StatusOK, "Requests for “Joint", "Person stuart")
		g.admin.Get(g.at+"/requests?email=nobody").Wants(http.StatusOK, "Nothing meets the filter")
		g.admin.Get(g.at+"/requests?state=denied").Wants(http.StatusOK, "Nothing meets the filter")
		g.admin.Get(g.at + "/requests?package=" + enttest.NewID()).Wants(http.StatusNotFound)
		p := g.admin.Get(request).Wants(http.StatusOK, "A decision", "Person ada", "<script>alert(1)</script>", "Stage 1", "Turbine design", "Not given")
		if strings.Contains(p.Body, "<script>alert") {
			t.Error("what somebody wrote is not escaped")
		}
		p = g.admin.Follow(p, "Cancel request…").Wants(http.StatusOK, "Cancel the request of Person stuart?")
		g.admin.Submit(p, "Cancel request in Contoso", nil).Wants(http.StatusOK, "The request is canceled.", "Canceled", "Nothing: it is over.")
		g.admin.Submit(p, "Cancel request in Contoso", nil).Wants(http.StatusConflict)
		for _, rest := range []string{"/requests", "/assignments", "/assignments/new", "/requests/" + enttest.NewID(), "/requests/" + path.Base(request), "/requests/" + path.Base(request) + "/cancel"} {
			if p := g.stuart.Get(g.at + rest); p.Status != http.StatusForbidden && p.Status != http.StatusNotFound || strings.Contains(p.Body, "Person ada") {
				t.Errorf("a member, who asked, at %s: %d %s", rest, p.Status, p.Text())
			}
		}
		b := browser.AsAdmin(t, g.Server, g.B)
		theirs := "/@" + g.B.Domain + "/admin/entitlement/requests/" + path.Base(request)
		if p := b.Get(theirs); p.Status != http.StatusNotFound || strings.Contains(p.Body, "design") {
			t.Errorf("another tenant's administrator: %d %s", p.Status, p.Text())
		}
	})
}

// TestAssignment: an administrator assigns, the approver's word is needed, what
// was delivered is shown, the end is changed, and the access removed.
func TestAssignment(t *testing.T) {
	each(t, func(g *ground) {
		g.admin.Get(g.at+"/assignments").Wants(http.StatusOK, "Nobody has anything yet")
		p := g.admin.Follow(g.admin.Get(g.at+"/assignments"), "New assignment").Wants(http.StatusOK, "Joint <i>design</i>")
		g.admin.Ask(p, "Next: who and how long", url.Values{"find": {"nothing"}}).Wants(http.StatusOK, "No access package begins so")
		p = g.admin.Ask(p, "Next: who and how long", url.Values{"package": {g.pkg}}).Wants(http.StatusOK, "New assignment of “Joint", "Members")
		g.admin.Submit(p, "Assign in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Find somebody and pick them, or enter a mail address")
		g.admin.Submit(p, "Assign in Contoso", url.Values{"who": {"Person st"}, "end": {"soon"}}).Wants(http.StatusUnprocessableEntity, "Enter a date, such as 2027-03-31")
		g.admin.Submit(p, "Assign in Contoso", url.Values{"email": {"somebody@partner.example"}}).Wants(http.StatusUnprocessableEntity, "The policy is not for them")
		found := g.admin.Submit(p, "Assign in Contoso", url.Values{"who": {"Person st"}, "find-who": {"yes"}}).Wants(http.StatusOK, "stuart@"+g.A.Domain)
		done := g.admin.Submit(found, "Assign in Contoso", url.Values{"target": {found.Value(t, "target")}, "find-who": nil}).Wants(http.StatusOK, "It is being given.")
		if strings.Contains(done.Text(), "A decision") { // the policy asks its approver of everybody
			ada := browser.As(t, g.Server, "ada@"+g.A.Domain, password)
			approval := ada.Get("/@" + g.A.Domain + "/access/approvals/" + path.Base(done.At.Path))
			ada.Submit(approval, "Approve for Contoso", url.Values{"decision": {"approve"}, "reason": {"Yes"}}).Wants(http.StatusOK, "approved")
		}
		list := g.until(g.admin, g.at+"/assignments?state=delivered", "1 of 1").Wants(http.StatusOK, "Person stuart", "Delivered")
		p = g.admin.Follow(list, "Person stuart").Wants(http.StatusOK, "Turbine design", "Member", "Given", "1 of 1 given")
		assignment := p.At.Path
		g.admin.Submit(p, "Reprocess", nil).Wants(http.StatusOK, "Everything that the package gives is being given once more.")
		p = g.admin.Follow(g.admin.Get(assignment), "Change the end")
		g.admin.Submit(p, "Change in Contoso", url.Values{"end": {""}}).Wants(http.StatusUnprocessableEntity, "Enter a date")
		g.admin.Submit(p, "Change in Contoso", url.Values{"end": {"2001-01-01"}}).Wants(http.StatusUnprocessableEntity)
		end := g.Clock.Now().Add(10 * 24 * time.Hour).UTC().Format(time.DateOnly)
		g.admin.Submit(p, "Change in Contoso", url.Values{"end": {end}}).Wants(http.StatusOK, "The end is being changed.")
		g.until(g.admin, assignment, "in 9 days")
		g.admin.Get(g.at+"/assignments?email=stuart").Wants(http.StatusOK, "in 9 days")
		p = g.admin.Follow(g.admin.Get(assignment), "Remove access…").Wants(http.StatusOK, "Remove the access of Person stuart?")
		g.admin.Submit(p, "Remove access in Contoso", nil).Wants(http.StatusOK, "The access is being taken back.")
		g.until(g.admin, assignment, "Expired")
		g.Graph(t, g.A, http.MethodDelete, em+"accessPackages/"+g.pkg, nil, nil)
		gone := g.admin.Get(assignment).Wants(http.StatusOK, "Deleted access package", "Expired")
		if strings.Contains(gone.Body, "/entitlement/packages/"+g.pkg) {
			t.Errorf("the page leads to a deleted package: %s", gone.Body)
		}
		for _, path := range []string{g.at + "/requests", g.at + "/assignments"} {
			g.admin.Get(path).Wants(http.StatusOK, "Deleted access package")
		}
		g.Clock.(*clock.Fake).Advance(time.Hour)
		b := browser.AsAdmin(t, g.Server, g.B)
		for _, rest := range []string{"", "/change", "/remove"} {
			if p := b.Get("/@" + g.B.Domain + "/admin/entitlement/assignments/" + path.Base(assignment) + rest); p.Status != http.StatusNotFound {
				t.Errorf("another tenant's administrator: %d %s", p.Status, p.Text())
			}
		}
	})
}

// TestAnAssignmentManager gives what the policy's approvers agree to.
func TestAnAssignmentManager(t *testing.T) {
	each(t, func(g *ground) {
		var of struct{ Catalog m }
		g.Graph(t, g.A, http.MethodGet, em+"accessPackages/"+g.pkg+"?$expand=catalog", nil, &of)
		const manager = "e2182095-804a-4656-ae11-64734e9b7ae5"
		g.graph("/v1.0/roleManagement/entitlementManagement/roleAssignments", m{"principalId": g.user("manager"), "roleDefinitionId": manager, "appScopeId": "/AccessPackageCatalog/" + of.Catalog["id"].(string)})
		b := browser.As(t, g.Server, "manager@"+g.A.Domain, password)
		p := b.Get(g.at+"/assignments/new?package="+g.pkg).Wants(http.StatusOK, "New assignment of")
		p = b.Submit(p, "Assign in Contoso", url.Values{"who": {"Person st"}, "find-who": {"yes"}}).Wants(http.StatusOK, "stuart@"+g.A.Domain)
		p = b.Submit(p, "Assign in Contoso", url.Values{"target": {p.Value(t, "target")}, "find-who": nil})
		p.Wants(http.StatusOK, "The policy wants this approved.", "Waiting for approval", "Person ada")
	})
}
