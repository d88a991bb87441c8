package lab

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"entente/internal/kit/secret"
	"entente/internal/server"
)

// A plan is what a tenant is seeded with.
type plan struct {
	label, name, domain string
	members             int
	known               int // how many members, the first ones, have a password that the lab tells
}

// The three tenants. C has nothing but an administrator: whoever gets anything
// there got it by mistake.
var plans = []plan{
	{"tenant A", "Contoso", "contoso", 6, 1},
	{"tenant B", "Fabrikam", "fabrikam", 12, 2},
	{"tenant C", "Northwind", "northwind", 0, 0},
}

// few are the tenants of the lab that is thrown away: nobody counts its people.
var few = []plan{
	{"tenant A", "Contoso", "contoso", 1, 1},
	{"tenant B", "Fabrikam", "fabrikam", 2, 2},
	{"tenant C", "Northwind", "northwind", 0, 0},
}

// seed makes the tenants and the people in them, once.
func (l *lab) seed(ctx context.Context) error {
	w := l.world
	for i, o := range []*organization{&w.A, &w.B, &w.C} {
		p := l.plans[i]
		if o.Seeded {
			continue
		}
		if err := l.seedTenant(ctx, o, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		o.Seeded = true
		if err := w.save(l.data); err != nil {
			return err
		}
		l.paper.line("%s %s  %s, %s", l.paper.paint(green, "seeded"), o.Label, o.Name, o.Domain)
	}
	return nil
}

// seedTenant makes one tenant: its administrators through the server's own way
// of making tenants, everyone else through Microsoft Graph.
func (l *lab) seedTenant(ctx context.Context, o *organization, p plan) error {
	*o = organization{Label: p.label, Name: p.name, Domain: p.domain + ".example", Members: p.members}
	o.Admin = newAccount("admin", o, "Global administrator")
	request := server.TenantRequest{
		DisplayName: p.name, Initial: p.domain + ".onmicrosoft.com", Domain: o.Domain,
		Admin:  server.Person{UPN: o.Admin.UPN, Name: o.Admin.Role, Password: secret.NewString(o.Admin.Password)},
		Client: "Lab seeding", Subscription: p.name + " production",
	}
	if p.members > 0 {
		o.Others = []account{newAccount("app-admin", o, "Application administrator")}
		for n := range p.known {
			o.Others = append(o.Others, newAccount(fmt.Sprintf("member%02d", n+1), o, fmt.Sprintf("Member %02d", n+1)))
		}
		request.Others = []server.Person{{
			UPN: o.Others[0].UPN, Name: o.Others[0].Role, Password: secret.NewString(o.Others[0].Password), Role: o.Others[0].Role,
		}}
	}
	made, err := l.server.CreateTenant(ctx, request)
	if err != nil {
		return err
	}
	o.ID, o.Subscription = made.TenantID, made.SubscriptionID
	o.Tool = client{ID: made.ClientID, Secret: made.ClientSecret}
	return l.seedMembers(ctx, o, p)
}

func newAccount(name string, o *organization, role string) account {
	return account{UPN: name + "@" + o.Domain, Password: "Lab-1" + secret.Random(9), Role: role}
}

// seedMembers makes the ordinary members. Some have a known password: someone
// without a role can sign in and be refused, and ask for what they lack.
func (l *lab) seedMembers(ctx context.Context, o *organization, p plan) error {
	if p.members == 0 {
		return nil
	}
	a := &api{http: l.http, base: l.world.Name}
	token, err := a.clientToken(ctx, o.ID, o.Tool, graphScope)
	if err != nil {
		return err
	}
	for n := 1; n <= p.members; n++ {
		name := fmt.Sprintf("Member %02d", n)
		password := "Lab-" + secret.Random(24) // of three kinds of character, whatever the chance
		if n <= p.known {
			password = o.Others[n].Password
		}
		nick := strings.ToLower(strings.ReplaceAll(name, " ", ""))
		err := a.json(ctx, http.MethodPost, "/v1.0/users", token, map[string]any{
			"accountEnabled":    true,
			"displayName":       name,
			"mailNickname":      nick,
			"userPrincipalName": nick + "@" + o.Domain,
			"usageLocation":     "US",
			"passwordProfile":   map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
		}, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// seedClients makes the applications that experiments use: in tenant B one with
// a secret, one with a certificate and one without either, and in tenant A one
// with a secret and the same rights.
func (s *story) seedClients(ctx context.Context) error {
	w := s.world
	if w.SecretA.ID != "" {
		s.paper.note("They are there from an earlier run.")
		return nil
	}
	for _, c := range []struct {
		name string
		of   *organization
		into *client
		make func(context.Context, string) (client, error)
	}{
		{"in B, with a secret", &w.B, &w.SecretApp, s.secretClient},
		{"in B, with a certificate", &w.B, &w.CertApp, s.certificateClient},
		{"in B, public", &w.B, &w.PublicApp, s.publicClient},
		{"in A, with a secret", &w.A, &w.SecretA, s.secretClient},
	} {
		token, err := s.token(ctx, c.of, graphScope)
		if err != nil {
			return err
		}
		if *c.into, err = c.make(ctx, token); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		s.paper.fact(c.name, c.into.ID)
	}
	return nil
}

// secretRoles are what a confidential client may do in its tenant.
var secretRoles = []string{
	"Directory.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All",
	"RoleManagement.ReadWrite.Directory", "EntitlementManagement.ReadWrite.All",
}

func (s *story) secretClient(ctx context.Context, token string) (client, error) {
	c, object, err := s.newClient(ctx, token, "Lab confidential client", secretRoles, nil)
	if err != nil {
		return c, err
	}
	var made struct {
		SecretText string `json:"secretText"`
	}
	err = s.api.json(ctx, http.MethodPost, "/v1.0/applications/"+object+"/addPassword", token,
		map[string]any{"passwordCredential": map[string]any{"displayName": "lab"}}, &made)
	c.Secret = made.SecretText
	return c, err
}

func (s *story) certificateClient(ctx context.Context, token string) (client, error) {
	pemText, der, err := newCertificate(s.clock.Wall())
	if err != nil {
		return client{}, err
	}
	c, _, err := s.newClient(ctx, token, "Lab certificate client", []string{"User.Read.All"}, map[string]any{
		"keyCredentials": []any{map[string]any{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der, "displayName": "lab"}},
	})
	if err != nil {
		return c, err
	}
	c.PEMFile = filepath.Join(s.data, "client-certificate.pem")
	return c, os.WriteFile(c.PEMFile, pemText, 0o600)
}

func (s *story) publicClient(ctx context.Context, token string) (client, error) {
	c, _, err := s.newClient(ctx, token, "Lab public client", nil, map[string]any{
		"isFallbackPublicClient": true,
		"publicClient":           map[string]any{"redirectUris": []string{"http://localhost:3000/cb"}},
	})
	return c, err
}

// newClient makes an application of the token's tenant with its service principal,
// and assigns it roles of Microsoft Graph.
func (s *story) newClient(ctx context.Context, token, name string, roles []string, more map[string]any) (client, string, error) {
	body := map[string]any{"displayName": name, "signInAudience": "AzureADMyOrg"}
	for k, v := range more {
		body[k] = v
	}
	var app struct{ ID, AppID string }
	if err := s.api.json(ctx, http.MethodPost, "/v1.0/applications", token, body, &app); err != nil {
		return client{}, "", err
	}
	var principal struct{ ID string }
	if err := s.api.json(ctx, http.MethodPost, "/v1.0/servicePrincipals", token, map[string]any{"appId": app.AppID}, &principal); err != nil {
		return client{}, "", err
	}
	graph, err := s.graphRoles(ctx, token)
	if err != nil {
		return client{}, "", err
	}
	for _, role := range roles {
		if graph.roles[role] == "" {
			return client{}, "", fmt.Errorf("there is no app role %s on Microsoft Graph", role)
		}
		if err := assign(ctx, s.api.quietly(), token, principal.ID, graph.principal, graph.roles[role]); err != nil {
			return client{}, "", fmt.Errorf("%s: %w", role, err)
		}
	}
	return client{ID: app.AppID, Object: principal.ID}, app.ID, nil
}

// A resourceRoles is a resource's service principal and its app roles by name.
type resourceRoles struct {
	principal string
	roles     map[string]string
}

// graphRoles reads Microsoft Graph's service principal in the token's tenant.
func (s *story) graphRoles(ctx context.Context, token string) (*resourceRoles, error) {
	var found struct {
		ID       string
		AppRoles []struct{ ID, Value string }
	}
	err := s.api.quietly().json(ctx, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles", token, nil, &found)
	if err != nil {
		return nil, err
	}
	r := &resourceRoles{found.ID, make(map[string]string)}
	for _, role := range found.AppRoles {
		r.roles[role.Value] = role.ID
	}
	return r, nil
}

// assign gives a principal an app role of a resource.
func assign(ctx context.Context, a *api, token, principal, resource, role string) error {
	return a.json(ctx, http.MethodPost, "/v1.0/servicePrincipals/"+resource+"/appRoleAssignedTo", token,
		map[string]any{"principalId": principal, "resourceId": resource, "appRoleId": role}, nil)
}
