package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// walk is the first article's runbook with what it says filled in: identity,
// tenant and application are typed, nothing comes from the lab but where it is.
const walk = `set -eu
assertion=$(curl -sS -X POST "$IDENTITY_ENDPOINT" -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" -H 'Metadata: true' \
  --data-urlencode 'resource=api://AzureADTokenExchange' --data-urlencode 'client_id=%s' | jq -er .access_token)
answer=$(curl -sS -X POST "$ENTENTE_LOGIN_URL/%s/oauth2/v2.0/token" \
  --data-urlencode grant_type=client_credentials --data-urlencode 'client_id=%s' \
  --data-urlencode scope=https://graph.microsoft.com/.default \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$assertion")
token=$(jq -er .access_token <<<"$answer") || { jq -r .error_description <<<"$answer" >&2; exit 1; }
echo "Found $(curl -sS "$ENTENTE_GRAPH_URL/v1.0/users?\$top=999" -H "Authorization: Bearer $token" | jq '.value | length') users in tenant B"
`

// TestFirstStory is the first article's whole walk by browser: an identity, a
// registration, a credential by "Other issuer", a permission, consent by the link,
// an automation account with the identity, the runbook typed in, its output. Then
// one link at a time is broken, and the log names it.
func TestFirstStory(t *testing.T) {
	const at, there = "/@contoso.example/admin", "/@fabrikam.example/admin"
	a, b := open(t), open(t)
	a.visit(at + "/managed-identities/new")
	a.signIn(adminA())
	a.fill("Name", "reports-identity")
	a.fill("Resource group", "walk")
	a.press("Create identity in Contoso")
	a.at("reports-identity")
	identity, object, issuer := a.text("#client"), a.text("#object"), a.text("#issuer")

	a.visit(at + "/app-registrations/new")
	a.fill("Name", "Partner reports")
	a.do("choose any organization", chromedp.Click(`#audience-AzureADMultipleOrgs`, chromedp.ByQuery))
	a.press("Register in Contoso")
	a.at("Partner reports")
	app, registration := a.text("#client"), a.address().Path
	a.visit(registration + "/federated/new?scenario=other")
	a.fill("Issuer", issuer)
	a.do("enter the subject", chromedp.SendKeys("#subject", object, chromedp.ByQuery))
	a.fill("Name", "reports-identity")
	a.press("Check in Contoso")
	a.press("Add credential in Contoso")
	a.visit(registration + "/permissions/add?api=00000003-0000-0000-c000-000000000000&type=application&find-permission=User.Read.All")
	a.do("choose User.Read.All", chromedp.Click(`input[value="df021288-bdef-4463-88db-98f22de89214"]`, chromedp.ByQuery))
	a.press("Add permissions in Contoso")
	a.visit(registration + "/permissions?tenant=fabrikam.example")
	link := a.text("#link")

	b.visit(strings.TrimPrefix(link, env["ENTENTE_LOGIN_URL"]))
	b.signIn(adminB())
	b.press("Consent for Fabrikam")
	b.at("Fabrikam has let “Partner reports” in")
	b.says("AADSTS500113")
	b.visit(there + "/foreign-applications")
	b.press("Partner reports")
	b.at("Partner reports")
	principal := b.address().Path

	a.visit(at + "/automation")
	a.look("automation")
	a.press("Create an automation account")
	a.at("Create an automation account")
	a.look("automation-new")
	a.fill("Automation account name", "partner-reports")
	a.fill("Resource group", "walk")
	a.do("no identity of its own", chromedp.Click(`#system`, chromedp.ByQuery))
	a.do("add the identity", chromedp.Click(`input[name=identity][value$="/reports-identity"]`, chromedp.ByQuery))
	a.press("Create in Contoso")
	a.at("partner-reports")
	a.says(identity)
	a.look("automation-account")
	account := a.address().Path
	a.press("Change identities")
	a.look("automation-identity")
	a.visit(account + "/runbooks/new")
	a.look("runbook-new")
	a.fill("Name", "Count-Users")
	a.press("Create in Contoso")
	a.at("Edit Count-Users")
	a.do("type the runbook", chromedp.SetValue("#draft", fmt.Sprintf(walk, identity, env["ENTENTE_TENANT_B"], app), chromedp.ByQuery))
	a.do("publish it", chromedp.Click(`#publish`, chromedp.ByQuery))
	a.look("runbook-edit")
	a.press("Save in Contoso")
	a.at("Count-Users")
	a.look("runbook")
	runbook := a.address().Path
	job := func(says string) {
		t.Helper()
		a.visit(runbook)
		a.press("Start in Contoso")
		a.at("Job of Count-Users")
		a.untilSays("Ended")
		a.says(says)
	}
	job("users in tenant B")
	if out := a.text(".printed"); !strings.HasPrefix(out, "Found ") || strings.HasPrefix(out, "Found 0 ") || strings.HasPrefix(out, "Found null") {
		t.Errorf("the job printed %q", out)
	}
	a.look("job")
	a.visit(account + "/jobs")
	a.look("jobs")
	a.visit(runbook + "/schedules/new")
	a.look("schedule-new")
	a.visit(at + "/workers")
	a.look("workers")
	a.press("Add a worker")
	a.look("worker-new")
	a.visit(at + "/resources")
	a.look("resources")

	// One link at a time. The refusal says what is wrong, and so does the log of the
	// organization in which it broke.
	logged := func(tab *tab, logs, says string) {
		t.Helper()
		tab.visit(logs)
		tab.leads("open the latest entry", chromedp.Click(`main table tbody a`, chromedp.ByQuery))
		tab.says(says)
	}
	b.visit(principal + "/properties")
	b.do("disable it", chromedp.Click(`#enabled`, chromedp.ByQuery))
	b.press("Save in Fabrikam")
	job("AADSTS7000112")
	a.look("job-failed")
	logged(b, there+"/sign-in-logs?status=failure", "Partner reports")
	b.says("7000112")
	b.visit(principal + "/properties")
	b.do("enable it", chromedp.Click(`#enabled`, chromedp.ByQuery))
	b.press("Save in Fabrikam")
	job("users in tenant B")

	a.visit(registration + "/credentials")
	a.press("reports-identity")
	a.do("another subject", chromedp.SetValue("#subject", strings.ToUpper(object[:8])+object[8:35]+"0", chromedp.ByQuery))
	a.leads("save", chromedp.Click(`main form .acts .btn.main`, chromedp.ByQuery))
	if strings.Contains(a.text("h1"), "Check") {
		a.leads("save it all the same", chromedp.Click(`main form .acts .btn.main`, chromedp.ByQuery))
	}
	job("AADSTS700213")
	logged(b, there+"/sign-in-logs?status=failure", "700213")
	b.says("subject")

	a.visit(account + "/identity")
	a.do("take the identity away", chromedp.Click(`input[name=identity][value$="/reports-identity"]`, chromedp.ByQuery))
	a.press("Save in Contoso")
	job("Failed")
}
