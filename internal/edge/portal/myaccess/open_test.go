package myaccess_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestOpenFollows: Open leads to where an application is now, and nowhere once it
// is no more.
func TestOpenFollows(t *testing.T) {
	each(t, func(h *stage) {
		type m = map[string]any
		var app, principal, catalog, pkg struct{ ID, AppID string }
		h.Graph(t, h.A, http.MethodPost, "/v1.0/applications", m{"displayName": "Drawing vault", "web": m{"homePageUrl": "https://old.example/"}}, &app)
		h.Graph(t, h.A, http.MethodPost, "/v1.0/servicePrincipals", m{"appId": app.AppID}, &principal)
		const govern = "/v1.0/identityGovernance/entitlementManagement/"
		h.Graph(t, h.A, http.MethodPost, govern+"catalogs", m{"displayName": "Vault", "description": "Vault", "state": "published"}, &catalog)
		h.Graph(t, h.A, http.MethodPost, govern+"resourceRequests", m{"requestType": "adminAdd", "catalog": m{"id": catalog.ID}, "resource": m{"originId": principal.ID, "originSystem": "AadApplication"}}, nil)
		h.Graph(t, h.A, http.MethodPost, govern+"accessPackages", m{"displayName": "Vault", "description": "Vault", "catalog": m{"id": catalog.ID}}, &pkg)
		var resources struct{ Value []struct{ ID string } }
		h.Graph(t, h.A, http.MethodGet, govern+"catalogs/"+catalog.ID+"/resources", nil, &resources)
		h.Graph(t, h.A, http.MethodPost, govern+"accessPackages/"+pkg.ID+"/resourceRoleScopes", m{
			"role":  m{"displayName": "Default Access", "originId": "00000000-0000-0000-0000-000000000000", "originSystem": "AadApplication", "resource": m{"id": resources.Value[0].ID, "originId": principal.ID, "originSystem": "AadApplication"}},
			"scope": m{"originId": principal.ID, "originSystem": "AadApplication", "isRootScope": true}}, nil)
		h.Graph(t, h.A, http.MethodPost, govern+"assignmentPolicies", m{"displayName": "All", "description": "All", "allowedTargetScope": "allMemberUsers",
			"requestorSettings": m{"enableTargetsToSelfAddAccess": true}, "accessPackage": m{"id": pkg.ID}}, nil)
		b := h.as(h.ada)
		b.submit(b.get(h.at("/access-packages/"+pkg.ID)), "Send request to Contoso", nil).wants(t, http.StatusOK, "Request sent to Contoso.")
		p := b.until(h.at("/access/assignments"), "Open Drawing vault")
		if !strings.Contains(p.raw, `href="https://old.example/"`) {
			t.Errorf("Open does not lead to the application: %s", p.raw)
		}
		h.Graph(t, h.A, http.MethodPatch, "/v1.0/applications/"+app.ID, m{"web": m{"homePageUrl": "https://new.example/"}}, nil)
		if p = b.get(h.at("/access/assignments")); !strings.Contains(p.raw, `href="https://new.example/"`) || strings.Contains(p.raw, "old.example") {
			t.Errorf("Open does not follow the application: %s", p.raw)
		}
		h.Graph(t, h.A, http.MethodPatch, "/v1.0/applications/"+app.ID, m{"web": m{"homePageUrl": "http://new.example/plain"}}, nil)
		if p = b.get(h.at("/access/assignments")); strings.Contains(p.raw, "new.example") {
			t.Errorf("Open leads to an address in the clear: %s", p.raw)
		}
	})
}
