package load

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/dbtest"
)

// mostBytes is what a page may weigh before its images.
const mostBytes = 100 << 10

// offered is how many packages there are, and how many of them are asked for: as
// many as a page of a list and some more.
const offered = 30

// BenchmarkAccessPages opens the pages of My Access, as somebody who has asked for
// all that is offered and as the approver for whom it waits. Server and client are
// one process here, and their processor time is told together. Bytes are those of
// the page as it comes over the wire, which is not compressed.
func BenchmarkAccessPages(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			s := enttest.Start(b, enttest.Options{Engine: engine})
			pkg, asks := offers(b, s)
			door := "/@" + s.A.Domain + "/access"
			decides := browser.AsAdmin(b, s, s.A)
			var request string
			for _, id := range pkg[1:] {
				p := asks.Submit(asks.Get(door+"-packages/"+id), "Send request to Contoso", url.Values{"justification": {"For the drawings of the housing"}})
				if !strings.HasPrefix(p.At.Path, door+"/requests/") {
					b.Fatalf("%s: %d %s", p.At, p.Status, p.Text())
				}
				request = strings.TrimPrefix(p.At.Path, door+"/requests")
			}
			for _, p := range []struct {
				name string
				who  *browser.Browser
				path string
			}{
				{"packages", asks, door},
				{"form", asks, door + "-packages/" + pkg[0]},
				{"requests", asks, door + "/requests"},
				{"timeline", asks, door + "/requests" + request},
				{"have", asks, door + "/assignments"},
				{"approvals", decides, door + "/approvals"},
				{"approval", decides, door + "/approvals" + request},
				{"several", decides, door + "/approvals/several"},
			} {
				b.Run(p.name, func(b *testing.B) {
					bytes, before := 0, processorTime(b)
					for b.Loop() {
						bytes = p.who.Fetch(p.path)
					}
					b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "µs-cpu/op")
					b.ReportMetric(float64(bytes), "bytes")
					if bytes > mostBytes {
						b.Errorf("%s has %d bytes", p.path, bytes)
					}
				})
			}
		})
	}
}

// offers has tenant A offer its members packages, whose approver is its
// administrator, and returns them and a member's browser.
func offers(b *testing.B, s *enttest.Server) (pkg []string, asks *browser.Browser) {
	const at, password = "/v1.0/identityGovernance/entitlementManagement/", "Copper-Lantern-72"
	type m = map[string]any
	add := func(path string, body m) string {
		b.Helper()
		var made struct{ ID string }
		s.Graph(b, s.A, http.MethodPost, path, body, &made)
		return made.ID
	}
	upn := "asks@" + s.A.Domain
	add("/v1.0/users", m{"accountEnabled": true, "displayName": "Asking member", "mailNickname": "asks", "userPrincipalName": upn, "passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false}})
	var admin struct{ ID string }
	s.Graph(b, s.A, http.MethodGet, "/v1.0/users/"+s.A.AdminUPN+"?$select=id", nil, &admin)
	group := add("/v1.0/groups", m{"displayName": "Turbine design", "mailNickname": "turbine", "mailEnabled": false, "securityEnabled": true})
	catalog := add(at+"catalogs", m{"displayName": "Design", "state": "published", "isExternallyVisible": true})
	add(at+"resourceRequests", m{"requestType": "adminAdd", "catalog": m{"id": catalog}, "resource": m{"originSystem": "AadGroup", "originId": group}})
	for i := range offered {
		id := add(at+"accessPackages", m{"displayName": fmt.Sprintf("Joint design files %02d", i), "description": "Drawings and handbook for those who work on the turbine.", "catalog": m{"id": catalog}})
		add(at+"accessPackages/"+id+"/resourceRoleScopes", m{
			"role":  m{"originId": "Member_" + group, "originSystem": "AadGroup", "resource": m{"originId": group, "originSystem": "AadGroup"}},
			"scope": m{"originId": group, "originSystem": "AadGroup"}})
		add(at+"assignmentPolicies", m{
			"displayName": "Members", "accessPackage": m{"id": id}, "allowedTargetScope": "allMemberUsers", "specificAllowedTargets": []any{},
			"expiration": m{"type": "afterDuration", "duration": "P90D"}, "requestorSettings": m{"enableTargetsToSelfAddAccess": true},
			"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "stages": []any{m{"durationBeforeAutomaticDenial": "P14D",
				"primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": admin.ID}}}}}})
		pkg = append(pkg, id)
	}
	return pkg, browser.As(b, s, upn, password)
}
