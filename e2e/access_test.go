package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// entitlementPath is where Graph governs.
const entitlementPath = "/v1.0/identityGovernance/entitlementManagement/"

// offers has tenant B offer people of tenant A a package, with an approver, and
// returns its identifier.
func offers(t *testing.T, name string, approver person) (pkg string) {
	t.Helper()
	make := func(path string, body map[string]any) string {
		t.Helper()
		return fmt.Sprint(graph(t, http.MethodPost, path, body, http.StatusCreated)["id"])
	}
	var org string
	for _, have := range graph(t, http.MethodGet, entitlementPath+"connectedOrganizations", nil, http.StatusOK)["value"].([]any) {
		if o := have.(map[string]any); strings.Contains(fmt.Sprint(o["identitySources"]), env["ENTENTE_TENANT_A"]) {
			org = fmt.Sprint(o["id"])
		}
	}
	if org == "" {
		org = make(entitlementPath+"connectedOrganizations", map[string]any{"displayName": "Contoso", "state": "configured",
			"identitySources": []any{map[string]any{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": env["ENTENTE_TENANT_A"], "displayName": "Contoso"}}})
	}
	group := make("/v1.0/groups", map[string]any{"displayName": "Turbine design", "description": "Drawings of the K-200", "mailNickname": "turbine-" + strings.ToLower(name[:3]), "mailEnabled": false, "securityEnabled": true})
	catalog := make(entitlementPath+"catalogs", map[string]any{"displayName": name + " catalog", "state": "published", "isExternallyVisible": true})
	graph(t, http.MethodPost, entitlementPath+"resourceRequests", map[string]any{"requestType": "adminAdd", "catalog": map[string]any{"id": catalog},
		"resource": map[string]any{"originId": group, "originSystem": "AadGroup"}}, http.StatusCreated)
	pkg = make(entitlementPath+"accessPackages", map[string]any{"displayName": name, "description": "Drawings and handbook for partners who work on the K-200 turbine.", "catalog": map[string]any{"id": catalog}})
	resources := graph(t, http.MethodGet, entitlementPath+"catalogs/"+catalog+"/resources", nil, http.StatusOK)["value"].([]any)
	resource := resources[0].(map[string]any)
	make(entitlementPath+"accessPackages/"+pkg+"/resourceRoleScopes", map[string]any{
		"role":  map[string]any{"displayName": "Member", "originId": "Member_" + group, "originSystem": "AadGroup", "resource": map[string]any{"id": resource["id"], "originId": group, "originSystem": "AadGroup"}},
		"scope": map[string]any{"originId": group, "originSystem": "AadGroup", "isRootScope": true},
	})
	decides := graph(t, http.MethodGet, "/v1.0/users/"+approver.upn+"?$select=id", nil, http.StatusOK)["id"]
	make(entitlementPath+"assignmentPolicies", map[string]any{
		"displayName": "Partners", "description": "For partners", "allowedTargetScope": "specificConnectedOrganizationUsers",
		"specificAllowedTargets": []any{map[string]any{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": org}},
		"expiration":             map[string]any{"type": "afterDuration", "duration": "P90D"},
		"requestorSettings":      map[string]any{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true, "allowCustomAssignmentSchedule": true},
		"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true, "isRequestorJustificationRequired": true, "stages": []any{map[string]any{
			"durationBeforeAutomaticDenial": "P14D", "isApproverJustificationRequired": true,
			"primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": decides}},
		}}},
		"questions": []any{
			map[string]any{"@odata.type": "#microsoft.graph.accessPackageMultipleChoiceQuestion", "sequence": 1, "isRequired": true, "text": "Which part of the turbine do you work on?",
				"choices": []any{map[string]any{"actualValue": "rotor", "text": "Rotor"}, map[string]any{"actualValue": "housing", "text": "Housing"}}},
			map[string]any{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "sequence": 2, "isRequired": false, "isSingleLineQuestion": true, "text": "Contract number"},
		},
		"accessPackage": map[string]any{"id": pkg},
	})
	return pkg
}

// untilSays waits for a text that comes without anybody doing anything.
func (b *tab) untilSays(text string) {
	b.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(b.text("body"), text); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("the page never says %q\n%s", text, b.where())
		}
	}
}

// TestMyAccess: a person of A asks B by the link, B's approver grants it, the
// page that follows the request changes by itself, and the guest accepts and
// sees what they have.
func TestMyAccess(t *testing.T) {
	approver, asks := newPerson(t, "Approving Person"), person{env["ENTENTE_MEMBER_A_UPN"], env["ENTENTE_MEMBER_A_PASSWORD"]}
	pkg := offers(t, "Joint design files", approver)
	link := "/@fabrikam.example/access-packages/" + pkg

	b := open(t)
	b.visit("/@fabrikam.example#/access-packages/" + pkg)
	b.untilSays("Fabrikam offers you access")
	b.look("access-link")
	b.press("Sign in to see it")
	b.signIn(asks)
	b.at("Request “Joint design files”")
	b.look("access-request")
	b.press("Send request to Fabrikam")
	b.says("Say why you need it")
	b.look("access-request-wrong")
	b.do("choose", chromedp.Click(named("label", "Rotor"), chromedp.BySearch))
	b.do("say why", chromedp.SendKeys("#justification", "I fit the new bearings and need the current drawings.", chromedp.ByQuery))
	b.press("Send request to Fabrikam")
	b.at("Joint design files")
	b.says("Request sent to Fabrikam.")
	b.look("access-follow")

	a := open(t)
	a.visit("/@fabrikam.example/access/approvals")
	a.signIn(approver)
	a.at("Approvals")
	a.look("access-approvals")
	a.leads("decide", chromedp.Click(`th a`, chromedp.ByQuery))
	a.says("What to weigh")
	a.look("access-approval")
	a.press("Approve for Fabrikam")
	a.says("Give a reason for your decision")
	a.do("say why", chromedp.SendKeys("#reason", "Until the December test.", chromedp.ByQuery))
	a.press("Approve for Fabrikam")
	a.says("Your decision is recorded: approved.")
	a.look("access-approvals-none")

	b.untilSays("Until the December test.")
	b.untilSays("Delivered")
	if strings.Contains(b.text("main"), "Cancel request") {
		t.Error("what is delivered can be canceled")
	}
	b.look("access-delivered")
	b.press("What I have")
	b.at("What I have")
	b.says("Turbine design")
	b.look("access-have")

	app := newApplication(t, "Drawing vault", web).agreed(t, "openid profile User.Read")
	b.visit(app.signInAddress())
	b.at("Fabrikam invites you as a guest")
	b.press("Accept as Contoso")
	if b.backWith("code") == "" {
		t.Errorf("the guest was sent to %s", b.address())
	}
	b.visit("/@fabrikam.example/access")
	b.look("access-packages")
	b.visit(link)
	b.says("You have this access already")
	b.visit("/@fabrikam.example/access/requests")
	b.at("My requests")
	b.look("access-requests")
}

// TestMyAccessWithoutScript asks, cancels and asks again without script; a
// stranger is told who may ask.
func TestMyAccessWithoutScript(t *testing.T) {
	approver, asks := newPerson(t, "Second Approver"), adminA()
	pkg := offers(t, "Supplier handbook", approver)
	link := "/@fabrikam.example/access-packages/" + pkg

	b := open(t)
	b.withoutScript()
	b.visit(link)
	b.press("Sign in to see it")
	b.signIn(asks)
	b.do("choose", chromedp.Click(named("label", "Housing"), chromedp.BySearch))
	b.do("say why", chromedp.SendKeys("#justification", "For the supplier", chromedp.ByQuery))
	b.press("Send request to Fabrikam")
	b.says("Look again")
	b.press("Cancel request")
	b.at("Cancel your request for “Supplier handbook”?")
	b.look("access-cancel")
	b.press("Cancel request")
	b.says("The request is canceled.")
	b.press("Ask again")
	b.at("Request “Supplier handbook”")

	s := open(t)
	s.visit(link)
	s.press("Sign in to see it")
	s.signIn(approver)
	s.at("You can’t ask for “Supplier handbook”")
	s.says("Who can help")
	s.look("access-stranger")
}
