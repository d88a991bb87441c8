package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"entente/internal/kit/web"
	"entente/internal/lab/sampleweb"
)

// What tenant A's own web application is called, and what it asks for.
const (
	deskName  = "Travel desk"
	deskRole  = "Traveler"
	deskGroup = "Travel desk"
)

// openDesk starts tenant A's own web application, which one person may use by
// an app role and another by a group. It proves itself by the token of a managed
// identity from the host's endpoint, so that it too holds no secret.
func (s *story) openDesk(ctx context.Context) error {
	m := &s.world.Desk
	listener, err := s.samePort(m.URL)
	if err != nil {
		return err
	}
	before := m.URL
	m.URL = "http://" + listener.Addr().String()
	if err := s.registerDesk(ctx, before); err != nil {
		listener.Close()
		return err
	}
	handler, err := sampleweb.New(ctx, sampleweb.Options{
		Name: deskName, Organization: s.world.A.Name, Contact: s.world.A.Name + "’s administrators (" + s.world.A.Admin.UPN + ")",
		Issuer: s.world.Name + "/" + s.world.A.ID + "/v2.0", ClientID: m.AppID, Tenant: s.world.A.ID, Base: m.URL,
		Role: deskRole, Group: m.Group, GroupName: deskGroup,
		Assertion: func(ctx context.Context) (string, error) {
			return s.api.quietly().identityToken(ctx, s.world.Host.Endpoint, s.world.Host.Header, exchangeAudience, m.Identity)
		},
		HTTP: s.lab.http, Now: s.clock.Now, Wall: s.clock.Wall, Log: s.lab.log,
	})
	if err != nil {
		listener.Close()
		return fmt.Errorf("the sample web application cannot discover its issuer: %w", err)
	}
	s.lab.desk.Store(&m.URL)
	s.startPart("the sample web application", handler, listener)
	s.paper.fact("address", m.URL)
	s.paper.fact("let in by the role", m.ByRole)
	s.paper.fact("let in by the group", m.ByGroup)
	s.paper.fact("not let in", s.world.A.Admin.UPN)
	return nil
}

// startPart serves a handler beside the lab until the lab ends.
func (s *story) startPart(name string, handler http.Handler, listener net.Listener) {
	s.parts.start(name, func(ctx context.Context) error {
		srv := web.NewServer(handler, s.lab.log)
		stop := context.AfterFunc(ctx, func() { srv.Close() })
		defer stop()
		if err := srv.Serve(listener); err != http.ErrServerClosed {
			return err
		}
		return nil
	})
}

// registerDesk makes the application in tenant A once, and tells its address
// anew when that has changed.
func (s *story) registerDesk(ctx context.Context, before string) error {
	m := &s.world.Desk
	token, err := s.token(ctx, &s.world.A, graphScope)
	if err != nil {
		return err
	}
	places := map[string]any{"web": map[string]any{
		"redirectUris": []string{m.URL + "/back", m.URL + "/signed-out"}, "homePageUrl": m.URL, "logoutUrl": m.URL + "/ended",
	}}
	if m.AppID != "" {
		if m.URL == before {
			return nil
		}
		return s.api.json(ctx, http.MethodPatch, "/v1.0/applications/"+m.Object, token, places, nil)
	}
	for _, step := range []func(context.Context, string, map[string]any) error{s.makeDesk, s.proveDesk, s.consentDesk, s.admitToDesk} {
		if err := step(ctx, token, places); err != nil {
			return err
		}
	}
	return nil
}

// makeDesk makes application and service principal.
func (s *story) makeDesk(ctx context.Context, token string, places map[string]any) error {
	m := &s.world.Desk
	body := map[string]any{
		"displayName": deskName, "signInAudience": "AzureADMyOrg", "groupMembershipClaims": "SecurityGroup",
		"appRoles": []any{map[string]any{
			"id": "0d3e5b0c-6d0b-4a8e-9c55-6b1f0f5f1c02", "value": deskRole, "displayName": deskRole,
			"description": "May use the travel desk.", "isEnabled": true, "allowedMemberTypes": []string{"User"},
		}},
	}
	for k, v := range places {
		body[k] = v
	}
	var app struct {
		ID, AppID string
		AppRoles  []struct{ ID string }
	}
	if err := s.api.json(ctx, http.MethodPost, "/v1.0/applications", token, body, &app); err != nil {
		return err
	}
	var principal struct{ ID string }
	if err := s.api.json(ctx, http.MethodPost, "/v1.0/servicePrincipals", token, map[string]any{"appId": app.AppID}, &principal); err != nil {
		return err
	}
	m.Object, m.AppID, m.Principal, m.RoleID = app.ID, app.AppID, principal.ID, app.AppRoles[0].ID
	return nil
}

// proveDesk makes a managed identity on the host, and lets its token prove the
// application.
func (s *story) proveDesk(ctx context.Context, token string, _ map[string]any) error {
	arm, err := s.token(ctx, &s.world.A, armScope)
	if err != nil {
		return err
	}
	place := map[string]any{"location": "westeurope"}
	var identity struct {
		ID         string
		Properties struct{ ClientID, PrincipalID string }
	}
	path := s.group() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/travel-desk-identity" + armVersion
	if err := s.api.json(ctx, http.MethodPut, path, arm, place, &identity); err != nil {
		return err
	}
	s.world.Desk.Identity = identity.Properties.ClientID
	if _, err := s.putHost(ctx, arm, identity.ID); err != nil {
		return err
	}
	return s.api.json(ctx, http.MethodPost, "/v1.0/applications/"+s.world.Desk.Object+"/federatedIdentityCredentials", token, map[string]any{
		"name": "travel-desk", "issuer": s.world.Name + "/" + s.world.A.ID + "/v2.0", "subject": identity.Properties.PrincipalID, "audiences": []string{exchangeAudience},
	}, nil)
}

// consentDesk has everybody of tenant A be told to the application by name.
func (s *story) consentDesk(ctx context.Context, token string, _ map[string]any) error {
	graph, err := s.graphRoles(ctx, token)
	if err != nil {
		return err
	}
	return s.api.json(ctx, http.MethodPost, "/v1.0/oauth2PermissionGrants", token, map[string]any{
		"clientId": s.world.Desk.Principal, "consentType": "AllPrincipals", "resourceId": graph.principal, "scope": "openid profile",
	}, nil)
}

// admitToDesk gives one person the role, and makes another a member of the group.
func (s *story) admitToDesk(ctx context.Context, token string, _ map[string]any) error {
	m, a := &s.world.Desk, s.world.A
	m.ByGroup, m.ByRole = a.Others[0].UPN, a.Others[1].UPN
	role, err := s.userID(ctx, token, m.ByRole)
	if err != nil {
		return err
	}
	member, err := s.userID(ctx, token, m.ByGroup)
	if err != nil {
		return err
	}
	if err := assign(ctx, s.api, token, role, m.Principal, m.RoleID); err != nil {
		return err
	}
	var group struct{ ID string }
	err = s.api.json(ctx, http.MethodPost, "/v1.0/groups", token, map[string]any{
		"displayName": deskGroup, "description": "Who looks after trips.", "mailEnabled": false, "mailNickname": strings.ToLower(strings.ReplaceAll(deskGroup, " ", "-")), "securityEnabled": true,
	}, &group)
	if err != nil {
		return err
	}
	m.Group = group.ID
	return s.api.json(ctx, http.MethodPost, "/v1.0/groups/"+group.ID+"/members/$ref", token, map[string]any{
		"@odata.id": s.world.Name + "/v1.0/directoryObjects/" + member,
	}, nil)
}

// userID returns the identifier of a user of the token's tenant.
func (s *story) userID(ctx context.Context, token, upn string) (string, error) {
	var user struct{ ID string }
	err := s.api.quietly().json(ctx, http.MethodGet, "/v1.0/users/"+upn+"?$select=id", token, nil, &user)
	return user.ID, err
}
