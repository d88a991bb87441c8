package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"entente/internal/agent"
	entente "entente/internal/client"
	"entente/internal/kit/secret"
)

// consent goes through the consent pages as tenant B's administrator does.
func (s *story) consent(ctx context.Context) error {
	c := &s.world.Chain
	if c.PrincipalInB != "" {
		return s.again("the consent", c.PrincipalInB)
	}
	admin := s.world.B.Admin
	b := newBrowser(s.api.http.Transport, s.paper)
	if err := b.open(ctx, s.consentAddress(s.world.B.ID)); err != nil {
		return err
	}
	if err := b.submit(ctx, "step=identify", map[string]string{"username": admin.UPN}); err != nil {
		return err
	}
	if err := b.submit(ctx, "step=password", map[string]string{"password": admin.Password}); err != nil {
		return err
	}
	if err := b.submit(ctx, "decision=accept", nil); err != nil {
		return err
	}
	if said := b.page.words(); !strings.Contains(said, "Access was granted") {
		return fmt.Errorf("the last page (status %d) says: %.400s", b.page.status, said)
	}
	s.paper.note("The application has no reply address, so the last page says that access was granted and, beneath, AADSTS500113: there is nothing to do.")
	return s.findPrincipal(ctx)
}

// findPrincipal reads the service principal that the consent has made.
func (s *story) findPrincipal(ctx context.Context) error {
	token, err := s.token(ctx, &s.world.B, graphScope)
	if err != nil {
		return err
	}
	var found struct {
		ID                     string
		AppOwnerOrganizationID string
	}
	err = s.api.json(ctx, http.MethodGet, "/v1.0/servicePrincipals(appId='"+s.world.Chain.AppID+"')?$select=id,appId,appOwnerOrganizationId", token, nil, &found)
	if err != nil {
		return err
	}
	s.world.Chain.PrincipalInB = found.ID
	s.paper.fact("service principal in B", found.ID)
	s.paper.fact("its home", found.AppOwnerOrganizationID)
	return nil
}

// startHost makes the automation account and starts the host agent, which
// enrolls as its host the first time.
func (s *story) startHost(ctx context.Context) error {
	h := &s.world.Host
	server, err := entente.New(entente.Options{Base: s.world.Name, Roots: s.lab.ca.Pool()})
	if err != nil {
		return err
	}
	if h.State == "" {
		if err := s.makeHost(ctx, server); err != nil {
			return err
		}
	}
	state, err := agent.Load(h.State)
	if err != nil {
		return err
	}
	if h.Header == "" {
		h.Header = secret.Random(24)
	}
	a, err := agent.New(agent.Options{Server: server, State: state, Header: secret.NewString(h.Header), Clock: s.clock, Log: s.lab.log})
	if err != nil {
		return err
	}
	listener, err := s.samePort(h.Base)
	if err != nil {
		return err
	}
	env := a.Environment(listener.Addr().String())
	h.Endpoint, h.Base = env["IDENTITY_ENDPOINT"], env["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
	s.parts.start("the host agent", func(ctx context.Context) error {
		defer server.Close()
		return a.Run(ctx, listener)
	})
	s.paper.fact("identity endpoint", h.Endpoint)
	return nil
}

// samePort listens where an earlier run did, if that is still free: whoever has
// printed the environment then needs no other.
func (s *story) samePort(earlier string) (net.Listener, error) {
	if host, ok := strings.CutPrefix(earlier, "http://"); ok {
		if l, err := net.Listen("tcp", host); err == nil {
			return l, nil
		}
	}
	return listenLoopback(0)
}

// makeHost makes the automation account with both identities and enrolls.
func (s *story) makeHost(ctx context.Context, server *entente.Client) error {
	token, err := s.token(ctx, &s.world.A, armScope)
	if err != nil {
		return err
	}
	made, err := s.putHost(ctx, token)
	if err != nil {
		return err
	}
	var enrollment struct{ Token string }
	if err := s.api.json(ctx, http.MethodPost, s.hostPath()+"/createEnrollmentToken"+armVersion, token, nil, &enrollment); err != nil {
		return err
	}
	state, err := agent.Enroll(ctx, server, secret.NewString(enrollment.Token))
	if err != nil {
		return fmt.Errorf("enroll the host: %w", err)
	}
	file := filepath.Join(s.data, "host.json")
	if err := state.Save(file); err != nil {
		return err
	}
	s.world.Host.Resource, s.world.Host.State = made, file
	return nil
}

func (s *story) hostPath() string {
	return s.group() + "/providers/Microsoft.Automation/automationAccounts/runbooks"
}

// putHost makes the automation account, or assigns more identities to it, and
// returns its resource.
func (s *story) putHost(ctx context.Context, token string, more ...string) (string, error) {
	identities := make(map[string]any)
	for _, resource := range append(more, s.world.Chain.IdentityResource, s.world.Chain.OtherResource) {
		identities[resource] = map[string]any{}
	}
	var made struct{ ID string }
	err := s.api.json(ctx, http.MethodPut, s.hostPath()+armVersion, token, map[string]any{
		"location":   "westeurope",
		"properties": map[string]any{"sku": map[string]any{"name": "Basic"}},
		"identity":   map[string]any{"type": "UserAssigned", "userAssignedIdentities": identities},
	}, &made)
	return made.ID, err
}

// callSample calls tenant B's own API, without its role and with it.
func (s *story) callSample(ctx context.Context) error {
	w := s.world
	fresh := w.Sample.AppID == ""
	if fresh {
		if err := s.makeSample(ctx); err != nil {
			return err
		}
	}
	if err := s.startSample(ctx); err != nil {
		return err
	}
	if fresh {
		if err := s.callOrders(ctx); s.refused(err, http.StatusForbidden) != nil {
			return s.refused(err, http.StatusForbidden)
		}
		token, err := s.token(ctx, &w.B, graphScope)
		if err != nil {
			return err
		}
		if err := assign(ctx, s.api, token, w.Chain.PrincipalInB, w.Sample.Principal, w.Sample.Role); err != nil {
			return err
		}
	}
	return s.callOrders(ctx)
}

// sampleRole is the app role that the sample API asks for.
const sampleRole = "Orders.Read.All"

// makeSample defines the API in tenant B: an application with an app role, and
// its service principal.
func (s *story) makeSample(ctx context.Context) error {
	token, err := s.token(ctx, &s.world.B, graphScope)
	if err != nil {
		return err
	}
	m := &s.world.Sample
	m.URI = "https://" + s.world.B.Domain + "/orders"
	var app struct {
		ID, AppID string
		AppRoles  []struct{ ID string }
	}
	err = s.api.json(ctx, http.MethodPost, "/v1.0/applications", token, map[string]any{
		"displayName":    "Orders API",
		"signInAudience": "AzureADMyOrg",
		"identifierUris": []string{m.URI},
		"api":            map[string]any{"requestedAccessTokenVersion": 2},
		"appRoles": []any{map[string]any{
			"id": "5b1c7a3e-8f0d-4c51-9d0e-2f6a1f7f9b01", "value": sampleRole, "displayName": "Read all orders",
			"description": "Read all orders.", "isEnabled": true, "allowedMemberTypes": []string{"Application"},
		}},
	}, &app)
	if err != nil {
		return err
	}
	var principal struct{ ID string }
	if err := s.api.json(ctx, http.MethodPost, "/v1.0/servicePrincipals", token, map[string]any{"appId": app.AppID}, &principal); err != nil {
		return err
	}
	m.Object, m.AppID, m.Principal, m.Role = app.ID, app.AppID, principal.ID, app.AppRoles[0].ID
	return nil
}

// startSample starts the API on a port of its own.
func (s *story) startSample(ctx context.Context) error {
	m := &s.world.Sample
	handler, err := newSampleAPI(ctx, s.api.http, s.world.Name+"/"+s.world.B.ID+"/v2.0", m.AppID, sampleRole)
	if err != nil {
		return fmt.Errorf("the sample API cannot discover its issuer: %w", err)
	}
	listener, err := s.samePort(m.URL)
	if err != nil {
		return err
	}
	m.URL = "http://" + listener.Addr().String()
	s.startPart("the sample API", handler, listener)
	return nil
}

// callOrders crosses over for a token of the API and calls it.
func (s *story) callOrders(ctx context.Context) error {
	w := s.world
	token, err := s.api.exchange(ctx, w.B.ID, w.Chain.AppID, s.assertion, w.Sample.URI+"/.default")
	if err != nil {
		return err
	}
	orders := &api{http: s.api.http, paper: s.paper}
	var answer struct{ Orders []string }
	if err := orders.json(ctx, http.MethodGet, w.Sample.URL+"/orders", token, nil, &answer); err != nil {
		return err
	}
	s.paper.fact("orders", strings.Join(answer.Orders, ", "))
	return nil
}

// executable returns the command that runs the built-in runbook.
func executable() ([]string, error) {
	self, err := os.Executable()
	return []string{self, "lab", "runbook"}, err
}
