package e2e

import (
	"net/http"
	"testing"
)

// asks has the application list permissions of Microsoft Graph: delegated
// scopes and, with their own names, application permissions.
func (a *application) asks(t *testing.T, scopes []string, roles ...string) *application {
	t.Helper()
	const microsoftGraph = "00000003-0000-0000-c000-000000000000"
	resource := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='"+microsoftGraph+"')?$select=id,appRoles,oauth2PermissionScopes", nil, http.StatusOK)
	var access []any
	find := func(list, kind string, names []string) {
		for _, name := range names {
			for _, one := range resource[list].([]any) {
				if p := one.(map[string]any); p["value"] == name {
					access = append(access, map[string]any{"id": p["id"], "type": kind})
				}
			}
		}
	}
	find("oauth2PermissionScopes", "Scope", scopes)
	find("appRoles", "Role", roles)
	if len(access) != len(scopes)+len(roles) {
		t.Fatalf("Microsoft Graph has %d of the permissions %v and %v", len(access), scopes, roles)
	}
	graph(t, http.MethodPatch, "/v1.0/applications/"+a.object, map[string]any{
		"requiredResourceAccess": []any{map[string]any{"resourceAppId": microsoftGraph, "resourceAccess": access}},
	}, http.StatusNoContent)
	return a
}

const everything = "https://graph.microsoft.com/.default"

func TestAdminConsent(t *testing.T) {
	app := newApplication(t, "Stock watcher", web).asks(t, []string{"User.Read", "Group.Read.All"}, "User.Read.All")
	b := open(t)
	b.visit(app.consentAddress(everything))
	b.signIn(adminB())
	b.at("Fabrikam is asked to let an application of its own read its directory")
	b.look("consent-admin")

	b.press("Cancel")
	if b.backWith("error") != "consent_required" || b.text("#state") != "a state" {
		t.Errorf("the application was sent %s", b.address())
	}

	b.visit(app.consentAddress(everything))
	b.at("Is this you?")
	b.look("consent-is-this-you")
	b.goOnAs(adminB().upn)
	b.fill("Last day (optional)", "01012020")
	b.press("Consent for Fabrikam")
	b.says("There is a problem")
	b.look("consent-admin-past-day")
	b.fill("Last day (optional)", "")
	b.press("Consent for Fabrikam")
	if b.backWith("admin_consent") != "True" || b.text("#tenant") != env["ENTENTE_TENANT_B"] {
		t.Errorf("the application was sent %s", b.address())
	}

	b.visit(app.consentAddress(everything))
	b.goOnAs(adminB().upn)
	b.says("Nothing new. All that it asks for was granted before.")
	b.look("consent-admin-again")
}

// TestAdminConsentAcross is the consent of tenant B to an application of
// tenant A that has no address to go back to.
func TestAdminConsentAcross(t *testing.T) {
	b := open(t)
	b.visit("/" + env["ENTENTE_TENANT_B"] + "/adminconsent?client_id=" + env["ENTENTE_APP_ID"])
	b.signIn(adminB())
	b.look("consent-across")
	b.press("Consent for Fabrikam")
	b.at("Fabrikam has let “User reader” in")
	b.look("consent-granted")

	b.visit("/" + env["ENTENTE_TENANT_B"] + "/adminconsent?client_id=" + env["ENTENTE_APP_ID"])
	b.goOnAs(adminB().upn)
	b.press("Cancel")
	b.at("Nothing was granted")
	b.look("consent-declined")
}

func TestConsentNeedsAnAdministrator(t *testing.T) {
	app := newApplication(t, "Ledger reader", web).asks(t, nil, "User.Read.All")
	p := newPerson(t, "Plain Person")
	b := open(t)
	b.visit(app.consentAddress(everything))
	b.signIn(p)
	b.at("Need admin approval")
	b.look("refused-admin-approval")
	b.press("Use another account")
	b.signIn(adminB())
	b.press("Consent for Fabrikam")
	b.backWith("admin_consent")
}
