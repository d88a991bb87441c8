package e2e

import (
	"net/http"
	"testing"
)

func TestErrorPages(t *testing.T) {
	app := newApplication(t, "Refused catalog", web)
	b := open(t)
	for _, tt := range []struct{ name, address, heading string }{
		{"no-page", "/nowhere", "There is nothing at this address"},
		{"unknown-application", "/" + env["ENTENTE_TENANT_B"] + "/oauth2/v2.0/authorize?client_id=11111111-1111-4111-8111-111111111111&response_type=code&redirect_uri=https%3A%2F%2Fa.example%2F", "There is no such application"},
		{"wrong-reply", app.signInAddress("redirect_uri", "https://a.example/"), "The way back is not registered"},
		{"unknown-tenant", "/nowhere.example/oauth2/v2.0/authorize?client_id=" + app.id, "There is no such organization"},
		{"out-of-time", "/common/signin?flow=11111111-1111-4111-8111-111111111111", "This page has run out of time"},
	} {
		b.visit(tt.address)
		b.at(tt.heading)
		b.look("refused-" + tt.name)
	}
	b.visit(app.signInAddress("redirect_uri", "https://a.example/"))
	b.press("what it means")
	b.look("error-code")
}

func TestErrorCodes(t *testing.T) {
	b := open(t)
	b.visit("/error")
	b.at("Error codes")
	b.look("error-codes")
	b.fill("Code", "aadsts700016")
	b.press("Look up")
	b.says("AADSTS700016")
	b.visit("/error?code=%3Cb%3E123")
	b.at("No such error code")
	b.look("error-code-unknown")
}

func TestNotAssigned(t *testing.T) {
	app := newApplication(t, "Assigned catalog", web).agreed(t, "openid profile User.Read")
	graph(t, http.MethodPatch, "/v1.0/servicePrincipals/"+app.principal, map[string]any{"appRoleAssignmentRequired": true}, http.StatusNoContent)
	p := newPerson(t, "Unassigned Person")
	b := open(t)
	b.visit(app.signInAddress())
	b.signIn(p)
	b.at("You are not assigned to this application")
	b.look("refused-not-assigned")
}

func TestDesign(t *testing.T) {
	b := open(t)
	b.visit("/design")
	b.at("Components")
	b.look("design")
	for _, page := range []string{"list", "empty", "form", "confirm", "thing"} {
		b.visit("/design/page/" + page)
		b.look("design-" + page)
	}
}
