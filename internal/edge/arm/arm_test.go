package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/core/keys"
	"entente/internal/core/managedidentity"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

const (
	own    = "https://entente.test"
	alias  = "https://management.test"
	home   = ids.TenantID("11111111-1111-4111-8111-111111111111")
	other  = ids.TenantID("99999999-9999-4999-8999-999999999999")
	admin  = ids.ObjectID("00000000-0000-4000-8000-0000000000a1")
	nobody = ids.ObjectID("00000000-0000-4000-8000-0000000000a2")
	robot  = ids.ObjectID("00000000-0000-4000-8000-0000000000a3")
	away   = ids.ObjectID("00000000-0000-4000-8000-0000000000a4")
)

// A site is the edge over a fresh store with two tenants.
type site struct {
	t       *testing.T
	db      *sqldb.DB
	handler http.Handler
}

func eachSite(t *testing.T, test func(s *site)) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) { test(newSite(t, db)) })
}

func newSite(t *testing.T, db *sqldb.DB) *site {
	ctx, clk := t.Context(), clock.NewFake(dbtest.Noon)
	err := db.Update(ctx, func(tx *sqldb.Tx) error {
		for id, admins := range map[ids.TenantID][]ids.ObjectID{home: {admin, nobody, robot}, other: {away}} {
			tn, err := tenant.New(id, "Contoso", tx.Now())
			if err != nil {
				return err
			}
			if err := tenant.Add(ctx, tx, tn); err != nil {
				return err
			}
			for _, a := range admins {
				kind := object.User
				if a == robot {
					kind = object.ServicePrincipal
				}
				if err := object.Add(ctx, tx, object.Object{Tenant: id, ID: a, Kind: kind, DisplayName: "x", CreatedAt: tx.Now()}, ""); err != nil {
					return err
				}
			}
			if err := authz.Assign(ctx, tx, id, admins[0], authz.GlobalAdministrator); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ring, _ := secret.NewRing(secret.NewKey())
	client, err := fetch.New(fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := &Server{
		DB: db, Identities: managedidentity.NewService(db, federation.Purge),
		Federation:   federation.NewService(db, keys.New(db, ring, clk, keys.Options{}), client, clk, federation.Options{Name: own}),
		Hosts:        web.Hosts{Own: own, Also: []string{alias}},
		Log:          slog.New(slog.DiscardHandler),
		Authenticate: authenticate,
	}
	return &site{t, db, srv.Handler()}
}

// authenticate stands for the server's: the bearer names the caller.
func authenticate(_ context.Context, bearer string, audiences []string) (authz.Caller, error) {
	if !slices.Contains(audiences, "https://management.azure.com") || slices.Contains(audiences, own) {
		return authz.Caller{}, fault.New(fault.Internal, "audiences %v", audiences)
	}
	who := authz.Caller{Tenant: home, Name: bearer, Subject: ids.Principal{Kind: ids.Person, Home: home}, Scopes: []string{"user_impersonation"}}
	switch bearer {
	case "admin":
		who.Object = admin
	case "nobody":
		who.Object = nobody
	case "unscoped":
		who.Object, who.Scopes = admin, []string{"User.Read"}
	case "robot":
		who.Object, who.Subject.Kind, who.Scopes = robot, ids.Workload, nil
	case "away":
		who.Object, who.Tenant, who.Subject.Home = away, other, other
	case "expired":
		return who, fault.Because(fault.Unauthenticated, token.Expired, "The token is expired.")
	case "graph":
		return who, fault.Because(fault.Unauthenticated, token.WrongAudience, "x").With("audience", own)
	default:
		return who, fault.New(fault.Unauthenticated, "The token is not well formed.")
	}
	who.Subject.ID = who.Object
	return who, nil
}

// A reply is an answer, with its body read.
type reply struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// at returns the value under the names, one below the other.
func (r reply) at(names ...string) any {
	var v any = r.body
	for _, n := range names {
		switch in := v.(type) {
		case map[string]any:
			v = in[n]
		case []any:
			var i int
			if fmt.Sscan(n, &i); i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// as sends a request. A path without api-version gets one.
func (s *site) as(who, method, path, body string) reply {
	s.t.Helper()
	if !strings.Contains(path, "api-version") {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "api-version=2023-01-31"
	}
	r := httptest.NewRequest(method, own+path, strings.NewReader(body))
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) reply {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got := reply{ResponseRecorder: w}
	if w.Body.Len() > 0 && w.Body.Bytes()[0] == '{' {
		if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
			s.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
		}
	}
	return got
}

// want sends a request as the administrator and ends the test at another status.
func (s *site) want(status int, method, path, body string) reply {
	s.t.Helper()
	got := s.as("admin", method, path, body)
	if got.Code != status {
		s.t.Fatalf("%s %s: got %d %s, want %d", method, path, got.Code, got.Body, status)
	}
	return got
}

// settle makes the subscription and the group that the paths name.
func (s *site) settle() {
	s.t.Helper()
	id := managedidentity.SubscriptionID(strings.TrimPrefix(sub, "/subscriptions/"))
	if _, err := managedidentity.NewService(s.db, federation.Purge).AddSubscription(s.t.Context(), authz.System(home, "test"), id, "Main"); err != nil {
		s.t.Fatal(err)
	}
	s.want(201, "PUT", group, `{"location":"East US"}`)
}

func (s *site) expect(got reply, want any, names ...string) {
	s.t.Helper()
	if v := got.at(names...); fmt.Sprint(v) != fmt.Sprint(want) {
		s.t.Errorf("%s is %v, want %v", strings.Join(names, "."), v, want)
	}
}

func TestIdentities(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		got := s.want(201, "PUT", identity, `{"location":"eastus","tags":{"a":"1"}}`)
		s.expect(got, strings.Replace(identity, "resourceGroups", "resourcegroups", 1), "id")
		s.expect(got, "Microsoft.ManagedIdentity/userAssignedIdentities", "type")
		s.expect(got, string(home), "properties", "tenantId")
		principal, client := got.at("properties", "principalId"), got.at("properties", "clientId")
		err := s.db.View(t.Context(), func(tx *sqldb.Tx) error {
			p, err := app.GetPrincipal(t.Context(), tx, home, ids.ObjectID(principal.(string)))
			if err == nil && string(p.AppID) != client {
				t.Errorf("the service principal has the client identifier %s, want %s", p.AppID, client)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		got = s.want(200, "PUT", strings.ToUpper(identity), `{"location":"East US","tags":{"b":"2"},"properties":{"isolationScope":"Regional"}}`)
		s.expect(got, principal, "properties", "principalId")
		s.expect(got, "map[b:2]", "tags")
		s.expect(got, "Regional", "properties", "isolationScope")
		s.expect(s.want(200, "PATCH", identity, `{"tags":{}}`), "map[]", "tags")
		s.expect(s.want(409, "PUT", identity, `{"location":"westus"}`), "InvalidResourceLocation", "error", "code")
		s.expect(s.want(400, "PUT", identity, `{`), "InvalidRequestContent", "error", "code")
		s.expect(s.want(404, "PUT", strings.Replace(identity, "Apps", "None", 1), `{"location":"eastus"}`), "ResourceGroupNotFound", "error", "code")
		s.expect(s.want(405, "POST", identity, ``), "HttpMethodNotAllowed", "error", "code")
		s.want(200, "DELETE", identity, "")
		s.want(204, "DELETE", identity, "")
		s.expect(s.want(404, "GET", identity, ""), "ResourceNotFound", "error", "code")
	})
}

func TestListsLinkToTheHostThatWasAsked(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		for _, n := range []string{"one", "two", "three"} {
			s.want(201, "PUT", strings.Replace(identity, "reader", n, 1), `{"location":"eastus"}`)
		}
		next := alias + sub + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2023-01-31&$top=2"
		var names []any
		for next != "" {
			if !strings.HasPrefix(next, alias+sub) {
				t.Fatalf("the link leads to %s", next)
			}
			r := httptest.NewRequest("GET", next, nil)
			r.Header.Set("Authorization", "Bearer admin")
			got := s.send(r)
			for _, v := range got.at("value").([]any) {
				names = append(names, v.(map[string]any)["name"])
			}
			next, _ = got.at("nextLink").(string)
		}
		if fmt.Sprint(names) != "[one three two]" {
			t.Errorf("got %v", names)
		}
		s.want(201, "PUT", machine, `{"location":"eastus"}`)
		got := s.want(200, "GET", group+"/resources?$top=10", "")
		s.expect(got, "vm", "value", "0", "name")
		link, err := url.Parse(got.at("nextLink").(string))
		if err != nil {
			t.Fatal(err)
		}
		s.expect(s.want(200, "GET", link.RequestURI(), ""), "one", "value", "0", "name")
		for _, q := range []string{"$top=x", "$top=0", "$skiptoken=%25"} {
			s.want(400, "GET", sub+"/resourceGroups?"+q, "")
		}
	})
}

func TestHosts(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		one, two := identity, strings.Replace(identity, "reader", "second", 1)
		first := s.want(201, "PUT", one, `{"location":"eastus"}`)
		s.want(201, "PUT", two, `{"location":"eastus"}`)
		id := func(s string) string { return strings.Replace(s, "resourceGroups", "resourcegroups", 1) }
		got := s.want(201, "PUT", runner, `{"location":"eastus","properties":{"sku":{"name":"Basic"}},"identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"`+strings.ToUpper(one)+`":{}}}}`)
		s.expect(got, runner, "id")
		s.expect(got, "SystemAssigned, UserAssigned", "identity", "type")
		s.expect(got, string(home), "identity", "tenantId")
		s.expect(got, first.at("properties", "clientId"), "identity", "userAssignedIdentities", id(one), "clientId")
		s.expect(got, "Basic", "properties", "sku", "name")
		s.expect(got, "Succeeded", "properties", "provisioningState")
		principal := got.at("identity", "principalId")
		s.expect(s.want(200, "GET", runner+"/providers/Microsoft.ManagedIdentity/identities/default", ""), principal, "properties", "principalId")

		got = s.want(200, "PATCH", runner, `{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+two+`":{},"`+one+`":null}}}`)
		s.expect(got, principal, "identity", "principalId")
		if m := got.at("identity", "userAssignedIdentities").(map[string]any); len(m) != 1 || m[id(two)] == nil {
			t.Errorf("user-assigned: %v", m)
		}
		got = s.want(200, "PUT", runner, `{"location":"eastus","tags":{"a":"b"}}`)
		s.expect(got, "SystemAssigned, UserAssigned", "identity", "type")
		got = s.want(200, "PUT", runner, `{"location":"eastus","identity":{"type":"UserAssigned","userAssignedIdentities":{"`+one+`":{}}}}`)
		s.expect(got, "UserAssigned", "identity", "type")
		s.expect(got, nil, "identity", "principalId")
		s.want(404, "GET", runner+"/providers/Microsoft.ManagedIdentity/identities/default", "")
		s.expect(s.want(200, "PATCH", runner, `{"identity":{"type":"None"}}`), "None", "identity", "type")
		for name, body := range map[string]string{
			"a type that is none":      `{"identity":{"type":"Both"}}`,
			"an identity that is none": `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"x":{}}}}`,
			"a host as identity":       `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"` + machine + `":{}}}}`,
		} {
			if got := s.as("admin", "PATCH", runner, body); got.Code != 400 {
				t.Errorf("%s: got %d %s", name, got.Code, got.Body)
			}
		}
		s.want(404, "PATCH", runner, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identity+`x":{}}}}`)
		s.expect(s.want(201, "PUT", group+"/providers/microsoft.web/sites/fn", `{"location":"eastus","kind":"functionapp"}`), "functionapp", "kind")
		s.expect(s.want(200, "GET", group+"/providers/Microsoft.Web/sites", ""), "fn", "value", "0", "name")
		got = s.want(200, "POST", runner+"/createEnrollmentToken", "")
		if tok, _ := got.at("token").(string); !strings.HasPrefix(tok, string(home)+".") || got.at("hostId") == "" {
			t.Errorf("got %s", got.Body)
		}
		s.want(400, "POST", runner+"/createEnrollmentToken", `{"lifetimeSeconds":9223372036854775}`)
		s.expect(s.want(200, "POST", runner+"/revokeKeys", ""), 0, "revoked")
		s.want(200, "DELETE", runner, "")
		s.want(204, "DELETE", runner, "")
	})
}

func TestFederatedCredentials(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		s.want(201, "PUT", identity, `{"location":"eastus"}`)
		body := func(subject string) string {
			return `{"properties":{"issuer":"` + own + "/" + string(home) + `/v2.0","subject":"` + subject + `","audiences":["api://AzureADTokenExchange"]}}`
		}
		path := identity + "/federatedIdentityCredentials/"
		got := s.want(201, "PUT", path+"one", body(string(nobody)))
		s.expect(got, strings.Replace(path, "resourceGroups", "resourcegroups", 1)+"one", "id")
		s.expect(got, nobody, "properties", "subject")
		if got.Header().Get("Entente-Warning") == "" {
			t.Error("a subject that is no managed identity is stored without a warning")
		}
		s.expect(s.want(200, "PUT", path+"one", body(string(robot))), robot, "properties", "subject")
		s.want(201, "PUT", path+"two", body(string(away)))
		got = s.want(200, "GET", path+"?$top=1", "")
		s.expect(got, "one", "value", "0", "name")
		link, _ := url.Parse(got.at("nextLink").(string))
		s.expect(s.want(200, "GET", link.RequestURI(), ""), "two", "value", "0", "name")
		s.expect(s.want(200, "GET", path+"two", ""), away, "properties", "subject")
		s.expect(s.want(400, "PUT", path+"three", `{"properties":{"issuer":"https://x"}}`),
			"The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.", "error", "message")
		s.want(200, "DELETE", path+"two", "")
		s.want(204, "DELETE", path+"two", "")
		s.want(404, "GET", path+"two", "")
		s.want(200, "DELETE", identity, "")
		s.want(201, "PUT", identity, `{"location":"eastus"}`)
		s.expect(s.want(200, "GET", path, ""), "[]", "value")
	})
}

func TestWhoMayEnter(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		s.want(201, "PUT", identity, `{"location":"eastus"}`)
		tests := []struct {
			name, who, path string
			status          int
			code            string
		}{
			{"no token", "", identity, 401, "AuthenticationFailed"},
			{"noise", "x", identity, 401, "InvalidAuthenticationToken"},
			{"an old token", "expired", identity, 401, "ExpiredAuthenticationToken"},
			{"a token for Graph", "graph", identity, 401, "InvalidAuthenticationToken"},
			{"a person's token without the scope", "unscoped", identity, 403, "AuthorizationFailed"},
			{"a person without a role", "nobody", identity, 403, "AuthorizationFailed"},
			{"an application without a role", "robot", identity, 403, "AuthorizationFailed"},
			{"another tenant's administrator", "away", identity, 404, "SubscriptionNotFound"},
			{"another tenant's administrator at a group", "away", group, 404, "SubscriptionNotFound"},
			{"no api-version", "admin", identity + "?api-version=", 400, "MissingApiVersionParameter"},
			{"a subscription that is none", "admin", "/subscriptions/x", 400, "InvalidSubscriptionId"},
			{"a type that is not served", "admin", group + "/providers/Microsoft.Storage/storageAccounts", 404, "InvalidResourceType"},
			{"a path to nowhere", "admin", "/subscriptions" + identity, 400, "InvalidSubscriptionId"},
		}
		for _, tt := range tests {
			got := s.as(tt.who, "GET", tt.path, "")
			if got.Code != tt.status || got.at("error", "code") != tt.code {
				t.Errorf("%s: got %d %s, want %d %s", tt.name, got.Code, got.Body, tt.status, tt.code)
			}
			if tt.status == 401 && !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), `Bearer authorization_uri="`+own) {
				t.Errorf("%s: WWW-Authenticate: %s", tt.name, got.Header().Get("WWW-Authenticate"))
			}
		}
		for _, who := range []string{"nobody", "robot", "away"} {
			if got := s.as(who, "GET", "/subscriptions?api-version=2019-11-01", ""); got.Code != 200 || got.Body.String() != `{"value":[]}` {
				t.Errorf("%s: subscriptions: %d %s", who, got.Code, got.Body)
			}
		}
		s.expect(s.want(200, "GET", "/subscriptions", ""), "Main", "value", "0", "displayName")
		s.expect(s.want(200, "GET", "/tenants", ""), home, "value", "0", "tenantId")
	})
}

func TestRoleAssignments(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		s.want(201, "PUT", identity, `{"location":"eastus"}`)
		const name = "bbbbbbbb-0000-4000-8000-000000000001"
		path := group + "/providers/Microsoft.Authorization/roleAssignments/"
		body := `{"properties":{"roleDefinitionId":"` + sub + `/providers/Microsoft.Authorization/roleDefinitions/` + string(managedidentity.IdentityOperator) + `","principalId":"` + string(robot) + `"}}`
		got := s.want(201, "PUT", path+name, body)
		s.expect(got, "ServicePrincipal", "properties", "principalType")
		s.expect(got, group, "properties", "scope")
		s.want(200, "PUT", path+name, body)
		s.expect(s.want(409, "PUT", path+strings.Replace(name, "1", "2", 1), body), "RoleAssignmentExists", "error", "code")
		if got := s.as("robot", "GET", identity, ""); got.Code != 200 {
			t.Errorf("the operator reads: %d %s", got.Code, got.Body)
		}
		if got := s.as("robot", "PATCH", identity, "{}"); got.Code != 403 {
			t.Errorf("the operator writes: %d %s", got.Code, got.Body)
		}
		s.expect(s.want(200, "GET", sub+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape("principalId eq '"+string(robot)+"'"), ""), name, "value", "0", "name")
		s.expect(s.want(200, "GET", path+"?$filter="+url.QueryEscape("atScope() and assignedTo('"+string(admin)+"')"), ""), "[]", "value")
		s.want(400, "GET", path+"?$filter=x", "")
		definition := s.want(200, "GET", sub+"/providers/Microsoft.Authorization/roleDefinitions?$filter="+url.QueryEscape("roleName eq 'Managed Identity Operator'"), "")
		s.expect(definition, managedidentity.IdentityOperator, "value", "0", "name")
		s.expect(s.want(200, "GET", definition.at("value", "0", "id").(string), ""), "Managed Identity Operator", "properties", "roleName")
		s.want(200, "GET", path+name, "")
		s.want(200, "DELETE", path+name, "")
		s.want(204, "DELETE", path+name, "")
		s.want(404, "GET", path+name, "")
		if got := s.as("robot", "GET", identity, ""); got.Code != 403 {
			t.Errorf("a role taken away still counts: %d", got.Code)
		}
	})
}

func TestGroupsAndProviders(t *testing.T) {
	eachSite(t, func(s *site) {
		s.settle()
		s.want(200, "PUT", group, `{"location":"eastus","tags":{"a":"b"}}`)
		s.expect(s.want(200, "PATCH", group, `{}`), "map[a:b]", "tags")
		s.want(409, "PUT", group, `{"location":"westus"}`)
		s.want(204, "HEAD", group, "")
		s.want(404, "HEAD", group+"x", "")
		s.expect(s.want(200, "GET", sub+"/resourcegroups", ""), "Apps", "value", "0", "name")
		s.want(201, "PUT", identity, `{"location":"eastus"}`)
		s.want(200, "DELETE", group, "")
		s.want(404, "DELETE", group, "")
		s.want(404, "GET", identity, "")
		s.expect(s.want(200, "GET", sub+"/providers/microsoft.managedidentity", ""), "Registered", "registrationState")
		s.want(200, "POST", sub+"/providers/Microsoft.ManagedIdentity/register", "")
		s.want(404, "POST", sub+"/providers/Microsoft.Storage/register", "")
		s.want(200, "GET", sub+"/providers", "")
		const alias = "/providers/Microsoft.Subscription/aliases/second"
		s.want(404, "GET", alias, "")
		made := s.want(201, "PUT", alias, `{"properties":{"displayName":"Second"}}`)
		s.expect(s.want(200, "PUT", alias, `{}`), made.at("properties", "subscriptionId"), "properties", "subscriptionId")
		s.expect(s.want(200, "GET", alias, ""), "Second", "properties", "displayName")
		if got := s.as("nobody", "PUT", "/providers/Microsoft.Subscription/aliases/third", `{}`); got.Code != 403 {
			t.Errorf("anyone makes a subscription: %d %s", got.Code, got.Body)
		}
	})
}

func TestMetadata(t *testing.T) {
	s := newSite(t, dbtest.Open(t, sqldb.SQLite))
	got := s.as("", "GET", "/metadata/endpoints?api-version=2022-09-01", "")
	s.expect(got, own, "microsoftGraphResourceId")
	s.expect(got, own+"/", "resourceManager")
	s.expect(got, own, "authentication", "loginEndpoint")
	s.expect(got, "https://management.azure.com/", "authentication", "audiences", "0")
	s.expect(got, "AAD", "authentication", "identityProvider")
	if got.at("name") == "" || got.at("suffixes") == nil {
		t.Errorf("got %s", got.Body)
	}
	var list []map[string]any
	old := s.as("", "GET", "/metadata/endpoints?api-version=2020-06-01", "")
	if err := json.Unmarshal(old.Body.Bytes(), &list); err != nil || len(list) != 1 || list[0]["resourceManager"] != own+"/" {
		t.Errorf("an older version: %s, %v", old.Body, err)
	}
	r := httptest.NewRequest("GET", "https://evil.example/metadata/endpoints?api-version=2022-09-01", nil)
	s.expect(s.send(r), own, "authentication", "loginEndpoint")
}
