package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/flow/onboard"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A TenantRequest asks for a new tenant, in the operator's name.
type TenantRequest struct {
	DisplayName string
	Initial     string // the domain it is made with
	Domain      string // a further domain the operator vouches for; the default one, or ""
	Admin       Person // the first Global Administrator
	Others      []Person
	Client      string // the name of an application that may administer the tenant, or ""
	// Subscription is the name of a subscription for managed identities, or "".
	Subscription string
}

// A Person is someone to be made in the new tenant.
type Person struct {
	UPN      string
	Name     string
	Password secret.String // made when zero
	// Role is the name of a directory role, such as Application Administrator,
	// or "".
	Role string
}

// A TenantMade is a new tenant and what is told once about it.
type TenantMade struct {
	TenantID       string `json:"tenantId"`
	Domain         string `json:"domain"`
	AdminPassword  string `json:"adminPassword"`
	ClientID       string `json:"clientId,omitempty"`
	ClientSecret   string `json:"clientSecret,omitempty"`
	SubscriptionID string `json:"subscriptionId,omitempty"`
}

// clientRoles are the permissions of Microsoft Graph that the administering
// client of a new tenant gets.
var clientRoles = []string{
	"Directory.ReadWrite.All", "User.ReadWrite.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All",
	"RoleManagement.ReadWrite.Directory",
}

// CreateTenant makes a tenant with its first administrator and whatever else
// was asked for. When a later part fails, the tenant is there and the error
// says which part is not.
func (s *Server) CreateTenant(ctx context.Context, r TenantRequest) (*TenantMade, error) {
	if r.Admin.Password.IsZero() {
		r.Admin.Password = secret.NewString(newPassword())
	}
	in := onboard.Request{
		DisplayName: r.DisplayName, Initial: r.Initial,
		AdminUPN: r.Admin.UPN, AdminName: r.Admin.Name, Password: r.Admin.Password,
	}
	if r.Domain != "" {
		in.Verified = []string{r.Domain}
	}
	made, err := s.flow.onboard.Create(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &TenantMade{TenantID: string(made.Tenant), Domain: in.Initial, AdminPassword: r.Admin.Password.Reveal()}
	if r.Domain != "" {
		out.Domain = r.Domain
	}
	who := authz.System(made.Tenant, "Onboarding")
	for _, p := range r.Others {
		if err := s.addPerson(ctx, who, p); err != nil {
			return out, fmt.Errorf("the tenant %s is made; %s is not: %w", made.Tenant, p.UPN, err)
		}
	}
	if r.Client != "" {
		if out.ClientID, out.ClientSecret, err = s.addClient(ctx, who, r.Client); err != nil {
			return out, fmt.Errorf("the tenant %s is made; its client is not: %w", made.Tenant, err)
		}
	}
	if r.Subscription != "" {
		sub, err := s.core.identities.AddSubscription(ctx, who, "", r.Subscription)
		if err != nil {
			return out, fmt.Errorf("the tenant %s is made; its subscription is not: %w", made.Tenant, err)
		}
		out.SubscriptionID = string(sub.ID)
	}
	return out, nil
}

// A TenantKnown is a line of the list of tenants.
type TenantKnown struct {
	TenantID    string `json:"tenantId"`
	DisplayName string `json:"displayName"`
	Domain      string `json:"domain"`
	Enabled     bool   `json:"enabled"`
}

// Tenants calls show with every tenant of the installation, in the order of
// their identifiers, until show fails.
func (s *Server) Tenants(ctx context.Context, show func(TenantKnown) error) error {
	const stretch = 100
	for after := ids.TenantID(""); ; {
		var page []*tenant.Tenant
		err := s.db.View(ctx, func(tx *sqldb.Tx) error {
			page = page[:0]
			all, err := tenant.All(ctx, tx, after, stretch)
			for _, id := range all {
				t, err := tenant.Get(ctx, tx, id)
				if err != nil {
					return err
				}
				page = append(page, t)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range page {
			if err := show(TenantKnown{string(t.ID), t.DisplayName, t.DefaultDomain(), t.Enabled}); err != nil {
				return err
			}
		}
		if len(page) < stretch {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// SetTenantEnabled switches a tenant, named by identifier or domain, on or off
// and returns its identifier. A disabled tenant gets no tokens, and those that
// are out count for nothing here.
func (s *Server) SetTenantEnabled(ctx context.Context, name string, enabled bool) (string, error) {
	var t *tenant.Tenant
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = tenant.Resolve(ctx, tx, name)
		return err
	})
	if err != nil {
		return "", err
	}
	return string(t.ID), tenant.NewService(s.db).SetEnabled(ctx, authz.System(t.ID, "Operator"), t.ID, enabled)
}

// newPassword returns a password that no rule refuses: 128 bits, and one
// character of each kind.
func newPassword() string { return "Aa1-" + secret.Random(16) }

func (s *Server) addPerson(ctx context.Context, who authz.Caller, p Person) error {
	if p.Password.IsZero() {
		p.Password = secret.NewString(newPassword())
	}
	nick, _, _ := strings.Cut(p.UPN, "@")
	body, err := json.Marshal(map[string]any{
		"accountEnabled": true, "displayName": p.Name, "mailNickname": nick, "userPrincipalName": p.UPN, "usageLocation": "US",
		"passwordProfile": map[string]any{"password": p.Password.Reveal(), "forceChangePasswordNextSignIn": false},
	})
	if err != nil {
		return err
	}
	u, err := s.core.directory.Create(ctx, who, body)
	if err != nil || p.Role == "" {
		return err
	}
	return s.assignRole(ctx, who.Tenant, u.ID, p.Role)
}

func (s *Server) assignRole(ctx context.Context, t ids.TenantID, to ids.ObjectID, name string) error {
	for _, r := range authz.BuiltIn() {
		if strings.EqualFold(r.Name, name) {
			return s.db.Update(ctx, func(tx *sqldb.Tx) error { return directory.GiveRole(ctx, tx, t, to, r.ID) })
		}
	}
	return fmt.Errorf("there is no directory role %q", name)
}

// addClient makes an application with a secret, present in its own tenant, with
// permissions on Microsoft Graph and the role of a Global Administrator, so that
// it may also make managed identities.
func (s *Server) addClient(ctx context.Context, who authz.Caller, name string) (id, text string, err error) {
	body, err := json.Marshal(map[string]any{"displayName": name, "signInAudience": app.MyOrg})
	if err != nil {
		return "", "", err
	}
	a, err := s.core.apps.Create(ctx, who, body, nil)
	if err != nil {
		return "", "", err
	}
	p, err := s.core.apps.CreatePrincipal(ctx, who, a.AppID, []byte(`{}`), nil)
	if err != nil {
		return "", "", err
	}
	made, err := s.core.apps.AddPassword(ctx, who, a.ID, app.PasswordCredential{})
	if err != nil {
		return "", "", err
	}
	if err := s.grantGraph(ctx, who, p.ID); err != nil {
		return "", "", err
	}
	return string(a.AppID), *made.SecretText, s.assignRole(ctx, who.Tenant, p.ID, "Global Administrator")
}

func (s *Server) grantGraph(ctx context.Context, who authz.Caller, client ids.ObjectID) error {
	var graph *app.ServicePrincipal
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		graph, err = app.PrincipalByAppID(ctx, tx, who.Tenant, app.GraphAppID)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range clientRoles {
		for _, role := range graph.AppRoles {
			if role.Value != nil && *role.Value == name {
				if _, err := s.core.consent.Assign(ctx, who, client, graph.ID, role.ID, time.Time{}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
