package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestDecideOnSeveral: two people of B ask for what wants no reason; one word of the
// approver counts for both, by keyboard and on a phone.
func TestDecideOnSeveral(t *testing.T) {
	approver := newPerson(t, "Deciding On Several")
	pkg := offers(t, "Tool shed", approver)
	type m = map[string]any
	decides := graph(t, http.MethodGet, "/v1.0/users/"+approver.upn+"?$select=id", nil, http.StatusOK)["id"]
	for _, policy := range graph(t, http.MethodGet, entitlementPath+"accessPackages/"+pkg+"/assignmentPolicies", nil, http.StatusOK)["value"].([]any) {
		graph(t, http.MethodDelete, entitlementPath+"assignmentPolicies/"+fmt.Sprint(policy.(m)["id"]), nil, http.StatusNoContent)
	}
	graph(t, http.MethodPost, entitlementPath+"assignmentPolicies", m{"displayName": "Members", "description": "For members", "allowedTargetScope": "allMemberUsers", "accessPackage": m{"id": pkg},
		"expiration": m{"type": "afterDuration", "duration": "P30D"}, "requestorSettings": m{"enableTargetsToSelfAddAccess": true},
		"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "stages": []any{m{"durationBeforeAutomaticDenial": "P14D",
			"primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": decides}}}}}}, http.StatusCreated)
	var asking []*tab
	for _, name := range []string{"Asking One", "Asking Two"} {
		b := open(t)
		b.visit("/@fabrikam.example/access-packages/" + pkg)
		b.press("Sign in to see it")
		b.signIn(newPerson(t, name))
		b.press("Send request to Fabrikam")
		b.says("Request sent to Fabrikam.")
		asking = append(asking, b)
	}
	a := open(t)
	a.visit("/@fabrikam.example/access/approvals")
	a.signIn(approver)
	a.look("several-approvals")
	a.enterAt("Decide on several")
	a.at("Decide on several")
	a.look("several")
	a.do("be a phone", emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	a.press("Approve for Fabrikam")
	a.says("Mark the requests that you decide on")
	a.look("several-none-marked")
	a.choose("Asking One: Tool shed")
	a.choose("Asking Two: Tool shed")
	a.leads("approve", chromedp.Click(`button[value=approve]`, chromedp.ByQuery))
	a.says("2 requests approved.")
	for _, b := range asking {
		b.untilSays("Delivered")
	}
}
