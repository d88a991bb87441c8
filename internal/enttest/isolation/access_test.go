package isolation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/portal/myaccess"
	"entente/internal/enttest"
)

// TestAccessPages opens every page of My Access: the victim's request and
// assignment, at the victim's address and at the stranger's own, are as absent
// for the stranger as those that do not exist.
func TestAccessPages(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		made := g.offer(t, g.victim)
		victims, intruder := g.browser(t), g.browser(t)
		victims.signIn(t, g.victim, "/account")
		intruder.signIn(t, g.stranger, "/account")
		asked := victims.post(t, "/@"+g.victim.Domain+"/access-packages/"+made, url.Values{"justification": {g.victim.word}})
		if !strings.Contains(asked.at.Path, "/access/requests/") {
			t.Fatalf("the victim's own: %s %d %s", asked.at, asked.status, asked.Text())
		}
		request := asked.at.Path[strings.LastIndex(asked.at.Path, "/")+1:]
		before := g.rows(t)
		walked := 0
		for _, route := range myaccess.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if !strings.Contains(path, "{id}") || strings.Contains(path, "/api/") {
				continue
			}
			walked++
			for _, domain := range []string{g.victim.Domain, g.stranger.Domain} {
				if strings.Contains(path, "/access-packages/") && domain == g.victim.Domain {
					continue // whose link may be sent to anybody; see myaccess.TestStranger
				}
				for _, id := range []string{request, made} {
					to := func(id string) page {
						address := strings.NewReplacer("{domain}", domain, "{id}", id).Replace(path)
						if method == http.MethodPost {
							return intruder.post(t, address, url.Values{"decision": {"approve"}, "stage": {enttest.NewID()}, "shown": {"x"}, "justification": {"x"}})
						}
						return intruder.get(t, address)
					}
					theirs, nobodys := to(id), to(enttest.NewID())
					if theirs.status != http.StatusNotFound || nobodys.status != theirs.status || heart(theirs) != heart(nobodys) || strings.Contains(theirs.raw, g.victim.word) {
						t.Errorf("%s with the victim's %s: %d %s; with nobody's: %d %s", route, id, theirs.status, theirs.Text(), nobodys.status, nobodys.Text())
					}
				}
			}
		}
		for _, path := range []string{"/access", "/access/requests", "/access/approvals", "/access/approvals/several", "/access/assignments", "/access/teams"} {
			if p := intruder.get(t, "/@"+g.victim.Domain+path); p.status != http.StatusOK || strings.Contains(p.raw, g.victim.word) || strings.Contains(p.raw, request) {
				t.Errorf("%s: %d %s", path, p.status, p.Text())
			}
		}
		if walked < 10 || !slices.Contains(myaccess.Routes(), "GET /@{domain}/access/requests") {
			t.Errorf("only %d routes were walked", walked)
		}
		g.untouched(t, before, "sign_in", "subject")
	})
}

// offer makes a package of a side that its own people can ask for, and returns
// its identifier.
func (g *ground) offer(t *testing.T, x *side) string {
	t.Helper()
	const at = "/v1.0/identityGovernance/entitlementManagement/"
	make := func(set string, body map[string]any) string {
		t.Helper()
		a := g.As(t, x.graph, http.MethodPost, at+set, body)
		var made struct{ ID string }
		if a.Into(t, &made); a.Status != http.StatusCreated {
			t.Fatalf("%s: %d %s", set, a.Status, a.Body)
		}
		return made.ID
	}
	catalog := make("catalogs", map[string]any{"displayName": x.word + " catalog", "state": "published", "isExternallyVisible": true})
	pkg := make("accessPackages", map[string]any{"displayName": x.word + " package", "description": x.word, "catalog": map[string]any{"id": catalog}})
	make("assignmentPolicies", map[string]any{
		"displayName": x.word + " policy", "description": x.word, "allowedTargetScope": "allMemberUsers", "specificAllowedTargets": []any{},
		"expiration":        map[string]any{"type": "noExpiration"},
		"requestorSettings": map[string]any{"enableTargetsToSelfAddAccess": true},
		"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true, "stages": []any{map[string]any{
			"durationBeforeAutomaticDenial": "P2D", "primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.requestorManager", "managerLevel": 1}},
		}}},
		"accessPackage": map[string]any{"id": pkg},
	})
	return pkg
}
