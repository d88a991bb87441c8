package lab

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/kit/secret"
)

// Access is what the second story makes: people of tenant B get something of
// tenant A's, for a time, by the word of somebody of A.
type access struct {
	AppID        string `json:"appId"` // by which people of A use Graph
	Group        string `json:"group"`
	Organization string `json:"organization"`
	Catalog      string `json:"catalog"`
	Package      string `json:"package"`
	Policy       string `json:"policy"`
	Request      string `json:"request"`
	Guest        string `json:"guest"`
}

const (
	governance  = "/v1.0/identityGovernance/entitlementManagement"
	packageName = "Joint design files"

	// assignmentManager is Microsoft's identifier of the role.
	assignmentManager = "e2182095-804a-4656-ae11-64734e9b7ae5"
)

// offerPackage connects tenant B, and makes a package that its people may have.
func (s *story) offerPackage(ctx context.Context) error {
	a := &s.world.Access
	if a.Policy != "" {
		return s.again("the access package", a.Package)
	}
	if err := s.registerPortal(ctx); err != nil {
		return err
	}
	token, err := s.signIn(ctx, s.world.A.Admin)
	if err != nil {
		return err
	}
	approver, err := s.userID(ctx, token, s.world.A.Others[0].UPN)
	if err != nil {
		return err
	}
	helper, err := s.userID(ctx, token, s.world.A.Others[1].UPN)
	if err != nil {
		return err
	}
	desk := &s.world.Desk
	type m = map[string]any
	for _, one := range []struct {
		path string
		body func() m
		into *string
	}{
		{governance + "/connectedOrganizations", func() m {
			return m{"displayName": s.world.B.Name, "state": "configured", "identitySources": []any{
				m{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": s.world.B.ID, "displayName": s.world.B.Name}}}
		}, &a.Organization},
		{"/v1.0/groups", func() m {
			return m{"displayName": "Designers", "description": "Who draw together", "mailNickname": "designers", "mailEnabled": true, "securityEnabled": true, "groupTypes": []string{"Unified"},
				"visibility": "Private", "owners@odata.bind": []string{s.world.Name + "/v1.0/users/" + helper}}
		}, &a.Group},
		{"/v1.0/teams", func() m {
			return m{"template@odata.bind": s.world.Name + "/v1.0/teamsTemplates('standard')", "group@odata.bind": s.world.Name + "/v1.0/groups('" + a.Group + "')"}
		}, nil},
		{governance + "/catalogs", func() m { return m{"displayName": "Design", "state": "published", "isExternallyVisible": true} }, &a.Catalog},
		{governance + "/resourceRequests", func() m {
			return m{"requestType": "adminAdd", "catalog": m{"id": a.Catalog}, "resource": m{"originSystem": "AadGroup", "originId": a.Group}}
		}, nil},
		{governance + "/resourceRequests", func() m {
			return m{"requestType": "adminAdd", "catalog": m{"id": a.Catalog}, "resource": m{"originSystem": "AadApplication", "originId": desk.Principal}}
		}, nil},
		{governance + "/accessPackages", func() m { return m{"displayName": packageName, "catalog": m{"id": a.Catalog}} }, &a.Package},
		{governance + "/accessPackages/{package}/resourceRoleScopes", func() m {
			return m{"role": m{"originId": "Member_" + a.Group, "originSystem": "AadGroup", "resource": m{"originId": a.Group, "originSystem": "AadGroup"}},
				"scope": m{"originId": a.Group, "originSystem": "AadGroup"}}
		}, nil},
		{governance + "/accessPackages/{package}/resourceRoleScopes", func() m {
			return m{"role": m{"originId": desk.RoleID, "originSystem": "AadApplication", "resource": m{"originId": desk.Principal, "originSystem": "AadApplication"}},
				"scope": m{"originId": desk.Principal, "originSystem": "AadApplication"}}
		}, nil},
		{"/v1.0/roleManagement/entitlementManagement/roleAssignments", func() m {
			return m{"principalId": helper, "roleDefinitionId": assignmentManager, "directoryScopeId": "/", "appScopeId": "/AccessPackageCatalog/" + a.Catalog}
		}, nil},
		{governance + "/assignmentPolicies", func() m {
			return m{"displayName": "For " + s.world.B.Name, "accessPackage": m{"id": a.Package}, "allowedTargetScope": "specificConnectedOrganizationUsers",
				"specificAllowedTargets": []any{m{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": a.Organization}},
				"expiration":             m{"type": "afterDuration", "duration": "P90D"},
				"requestorSettings":      m{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true},
				"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "isRequestorJustificationRequired": true, "stages": []any{m{
					"durationBeforeAutomaticDenial": "P14D", "primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": approver}}}}}}
		}, &a.Policy},
	} {
		var made struct{ ID string }
		if err := s.api.json(ctx, http.MethodPost, strings.ReplaceAll(one.path, "{package}", a.Package), token, one.body(), &made); err != nil {
			return err
		}
		if one.into != nil {
			*one.into = made.ID
		}
	}
	s.paper.fact("access package", packageName)
	s.paper.fact("gives", "the team Designers and the travel desk, for 90 days")
	s.paper.fact("who approves", s.world.A.Others[0].UPN)
	return nil
}

// registerPortal makes the application by which people of tenant A use Graph.
func (s *story) registerPortal(ctx context.Context) error {
	token, err := s.token(ctx, &s.world.A, graphScope)
	if err != nil {
		return err
	}
	graph, err := s.graphRoles(ctx, token)
	if err != nil {
		return err
	}
	quiet := s.api.quietly()
	var app struct{ AppID string }
	if err := quiet.json(ctx, http.MethodPost, "/v1.0/applications", token, map[string]any{
		"displayName": "Access packages", "signInAudience": "AzureADMyOrg", "isFallbackPublicClient": true,
		"publicClient": map[string]any{"redirectUris": []string{s.portalBack()}},
	}, &app); err != nil {
		return err
	}
	var principal struct{ ID string }
	if err := quiet.json(ctx, http.MethodPost, "/v1.0/servicePrincipals", token, map[string]any{"appId": app.AppID}, &principal); err != nil {
		return err
	}
	if err := quiet.json(ctx, http.MethodPost, "/v1.0/oauth2PermissionGrants", token, map[string]any{
		"clientId": principal.ID, "consentType": "AllPrincipals", "resourceId": graph.principal,
		"scope": "EntitlementManagement.ReadWrite.All Group.ReadWrite.All User.ReadBasic.All RoleManagement.ReadWrite.Directory",
	}, nil); err != nil {
		return err
	}
	s.world.Access.AppID = app.AppID
	return nil
}

// portalBack is where a sign-in to it leads: a page that is there.
func (s *story) portalBack() string { return s.world.Name + "/lab/" }

// signIn signs somebody of tenant A in with a browser, and returns a token that
// speaks for them to Graph.
func (s *story) signIn(ctx context.Context, who account) (string, error) {
	if t := s.tokens[who.UPN]; t != "" {
		return t, nil
	}
	const scope = "openid " + graphScope
	verifier := secret.Random(48)
	digest := sha256.Sum256([]byte(verifier))
	client := s.world.Access.AppID
	b := newBrowser(s.api.http.Transport, newPaper(io.Discard, true)) // the pages are no part of this story
	err := b.open(ctx, s.world.Name+"/"+s.world.A.ID+"/oauth2/v2.0/authorize?"+url.Values{
		"client_id": {client}, "response_type": {"code"}, "redirect_uri": {s.portalBack()}, "scope": {scope},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if err == nil {
		err = b.submit(ctx, "step=identify", map[string]string{"username": who.UPN})
	}
	if err == nil {
		err = b.submit(ctx, "step=password", map[string]string{"password": who.Password})
	}
	if err != nil {
		return "", err
	}
	code := b.page.address.Query().Get("code")
	if code == "" {
		return "", fmt.Errorf("the sign-in of %s ended at %s, which says: %.400s", who.UPN, b.page.address.Path, b.page.words())
	}
	var made struct {
		Token string `json:"access_token"`
	}
	err = s.api.quietly().form(ctx, s.world.Name+"/"+s.world.A.ID+"/oauth2/v2.0/token", nil, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {s.portalBack()}, "scope": {scope}, "code_verifier": {verifier},
	}, &made)
	s.tokens[who.UPN] = made.Token
	s.paper.note("%s signs in.", who.UPN)
	return made.Token, err
}

// A requested is what the story looks at of a request.
type requested struct {
	ID, State string
	WaitsFor  *struct {
		Whom          []struct{ DisplayName string }
		UntilDateTime time.Time
	}
}

// askForPartner has a person of tenant A, who looks after the catalog but cannot go
// around the approver, ask for somebody of tenant B.
func (s *story) askForPartner(ctx context.Context) error {
	a := &s.world.Access
	if a.Guest != "" {
		return s.again("the request", a.Request)
	}
	token, err := s.signIn(ctx, s.world.A.Others[1])
	if err != nil {
		return err
	}
	var r requested
	if err := s.api.json(ctx, http.MethodPost, governance+"/assignmentRequests", token, map[string]any{
		"requestType": "adminAdd", "justification": "They draw with us.",
		"assignment": map[string]any{"target": map[string]any{"email": s.world.B.Others[1].UPN}, "accessPackageId": a.Package, "assignmentPolicyId": a.Policy},
	}, &r); err != nil {
		return err
	}
	a.Request = r.ID
	if err := s.api.json(ctx, http.MethodGet, governance+"/assignmentRequests/"+r.ID+"?$select=id,state,waitsFor", token, nil, &r); err != nil {
		return err
	}
	if r.State != "pendingApproval" || r.WaitsFor == nil || len(r.WaitsFor.Whom) != 1 {
		return fmt.Errorf("the request is %+v, and does not wait for its approver", r)
	}
	s.paper.fact("for", s.world.B.Others[1].UPN)
	s.paper.fact("state", r.State)
	s.paper.fact("waits for", r.WaitsFor.Whom[0].DisplayName)
	s.paper.fact("until", r.WaitsFor.UntilDateTime.Format("January 2, 2006"))
	return nil
}

// approvePartner has the approver agree, and waits until everything is there.
func (s *story) approvePartner(ctx context.Context) error {
	a := &s.world.Access
	if a.Guest != "" {
		return s.again("the guest", a.Guest)
	}
	token, err := s.signIn(ctx, s.world.A.Others[0])
	if err != nil {
		return err
	}
	stages := governance + "/accessPackageAssignmentApprovals/" + a.Request + "/stages"
	var found struct{ Value []struct{ ID string } }
	if err := s.api.json(ctx, http.MethodGet, stages, token, nil, &found); err != nil {
		return err
	}
	if len(found.Value) != 1 {
		return fmt.Errorf("the approval has %d stages", len(found.Value))
	}
	if err := s.api.json(ctx, http.MethodPatch, stages+"/"+found.Value[0].ID, token, map[string]any{"reviewResult": "Approve", "justification": "Yes."}, nil); err != nil {
		return err
	}
	admin, err := s.signIn(ctx, s.world.A.Admin)
	if err != nil {
		return err
	}
	one := governance + "/assignmentRequests/" + a.Request
	err = until(ctx, "the request is not delivered", func() (bool, error) {
		var r requested
		err := s.api.quietly().json(ctx, http.MethodGet, one, admin, nil, &r)
		return r.State == "delivered", err
	})
	if err != nil {
		return err
	}
	return s.showGuest(ctx, admin)
}

// showGuest prints who has come, and what they have.
func (s *story) showGuest(ctx context.Context, token string) error {
	a := &s.world.Access
	var given struct {
		State  string
		Target struct{ ObjectID string }

		Schedule struct {
			Expiration struct{ EndDateTime time.Time }
		}
	}
	if err := s.api.json(ctx, http.MethodGet, governance+"/assignmentRequests/"+a.Request+"/assignment?$expand=target", token, nil, &given); err != nil {
		return err
	}
	var members struct{ Value []struct{ ID string } }
	if err := s.api.json(ctx, http.MethodGet, "/v1.0/groups/"+a.Group+"/members?$select=id", token, nil, &members); err != nil {
		return err
	}
	if len(members.Value) != 1 || members.Value[0].ID != given.Target.ObjectID {
		return fmt.Errorf("the group has the members %v, and not the guest %s alone", members.Value, given.Target.ObjectID)
	}
	a.Guest = given.Target.ObjectID
	s.paper.fact("guest in tenant A", a.Guest)
	s.paper.fact("until", given.Schedule.Expiration.EndDateTime.Format("January 2, 2006"))
	s.paper.note("Then the membership ends, to the second, and the guest is blocked; thirty days later the guest is deleted. The last steps show it.")
	return nil
}
