package graphtest

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/flow/domain"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// publish puts records where the world's DNS looks first.
func (w *World) publish(t *testing.T, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(w.Records, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	must(t, errors.Join(err, f.Close()))
}

// proof returns what proves a domain, as a line of records.
func (c *Client) proof(t *testing.T, w *World, name string, record int) string {
	t.Helper()
	r := c.Get(t, w, "/v1.0/domains/"+name+"/verificationDnsRecords").Items()[record]
	if record == 0 {
		return name + " TXT " + r["text"].(string)
	}
	return name + " MX " + r["mailExchange"].(string)
}

// refused wants a refusal with a code and a part of its message.
func (c *Client) refused(t *testing.T, w *World, status int, code, part, method, path string, body any) {
	t.Helper()
	a := c.Send(t, w, status, method, path, body)
	if got, message := a.Error(); got != code || !strings.Contains(message, part) {
		t.Errorf("%s %s: got %s, want %s with %q", method, path, a.Raw, code, part)
	}
}

// TestDomains walks a name into a tenant and out of it.
func TestDomains(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Domain.ReadWrite.All", "Organization.Read.All")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "Tailspin.Example"})
		if made.Text("id") != "tailspin.example" || made.Body["isVerified"] != false || made.Body["isRoot"] != false || made.Body["isDefault"] != false {
			t.Errorf("a claim is %s", made.Raw)
		}
		one := "/v1.0/domains/TAILSPIN.example"
		records := c.Get(t, w, one+"/verificationDnsRecords").Items()
		if len(records) != 2 || records[0]["@odata.type"] != "#microsoft.graph.domainDnsTxtRecord" || records[0]["label"] != "tailspin.example" ||
			!strings.HasPrefix(records[0]["text"].(string), "MS=ms") || records[1]["@odata.type"] != "#microsoft.graph.domainDnsMxRecord" {
			t.Errorf("records are %v", records)
		}
		c.Send(t, w, http.StatusOK, "GET", one+"/verificationDnsRecords/"+records[1]["id"].(string), nil)
		if got := c.Get(t, w, one+"/serviceConfigurationRecords"); got.Status != http.StatusOK || len(got.Items()) != 0 {
			t.Errorf("service records: %d %s", got.Status, got.Raw)
		}

		w.publish(t, "tailspin.example TXT MS=ms1")
		c.refused(t, w, 400, "Request_BadRequest", "Domain verification failed with the following error: 'DnsRecordNotFound", "POST", one+"/verify", nil)
		c.refused(t, w, 400, "Request_BadRequest", "not verified", "PATCH", one, map[string]any{"isDefault": true})
		w.publish(t, c.proof(t, w, "tailspin.example", 0))
		done := c.Send(t, w, http.StatusOK, "POST", one+"/verify", map[string]any{})
		if done.Body["isVerified"] != true || done.Body["isRoot"] != true || done.Text("availabilityStatus") != "AvailableImmediately" {
			t.Errorf("verified: %s", done.Raw)
		}
		if d := c.Get(t, w, one); d.Body["availabilityStatus"] != nil || len(d.Body["supportedServices"].([]any)) != 2 {
			t.Errorf("after it: %s", d.Raw)
		}
		c.refused(t, w, 400, "Request_BadRequest", "Domain is already verified.", "POST", one+"/verify", nil)

		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"isDefault": true, "supportedServices": []string{"Email"}})
		org := c.Get(t, w, "/v1.0/organization").Items()[0]["verifiedDomains"].([]any)
		var names []string
		for _, d := range org {
			d := d.(map[string]any)
			if names = append(names, d["name"].(string)); d["isDefault"] != (d["name"] == "tailspin.example") {
				t.Errorf("the organization shows %v", d)
			}
		}
		if !slices.Equal(names, []string{"contoso.example", "tailspin.example"}) {
			t.Errorf("the organization has %v", names)
		}
		c.refused(t, w, 400, "Request_BadRequest", "The default domain", "DELETE", one, nil)
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/domains/contoso.example", map[string]any{"isDefault": true})
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
		if got := w.activities(t, "Domain"); !slices.Equal(got, []string{"Add unverified domain", "Remove verified domain", "Update domain", "Update domain", "Verify domain"}) {
			t.Errorf("the log says %q", got)
		}
	})
}

// activities returns what the first tenant's audit log says of a kind of
// target, in alphabetical order.
func (w *World) activities(t *testing.T, kind string) (all []string) {
	t.Helper()
	must(t, w.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(t.Context(), tx, `select activity from audit_entry where tenant_id = ? and target_kind = ? and result = 'success' order by activity`,
			[]any{w.A.ID, kind}, func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
		return err
	}))
	return all
}

// TestDomainRules asks for what cannot be.
func TestDomainRules(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Domain.ReadWrite.All")
		add := func(name string) {
			c.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": name})
		}
		add("lab.contoso.example")
		add("deep.lab.contoso.example")
		add("claimed.example")
		const bad = "Request_BadRequest"
		for _, tt := range []struct {
			name, method, path string
			body               any
			part               string
		}{
			{"no name", "POST", "", map[string]any{}, "A value is required for property 'id'"},
			{"one label", "POST", "", map[string]any{"id": "com"}, "no domain name"},
			{"an address", "POST", "", map[string]any{"id": "192.0.2.1"}, "no domain name"},
			{"a name of another script", "POST", "", map[string]any{"id": "пример.example"}, "no domain name"},
			{"a URL", "POST", "", map[string]any{"id": "https://a.example"}, "no domain name"},
			{"a name that the tenant has", "POST", "", map[string]any{"id": "CLAIMED.example"}, "Another object with the same value for property id already exists."},
			{"a name that another tenant has verified", "POST", "", map[string]any{"id": "fabrikam.example"}, "Another object with the same value for property id already exists."},
			{"a property beside the name", "POST", "", map[string]any{"id": "x.example", "isVerified": true}, "read-only"},
			{"federation", "PATCH", "/contoso.example", map[string]any{"authenticationType": "Federated"}, "Federated domains are not supported here"},
			{"an unknown authentication", "PATCH", "/contoso.example", map[string]any{"authenticationType": "Magic"}, "Invalid value specified"},
			{"no default at all", "PATCH", "/contoso.example", map[string]any{"isDefault": false}, "one default domain"},
			{"a default that is only claimed", "PATCH", "/claimed.example", map[string]any{"isDefault": true}, "not verified"},
			{"a service that is none", "PATCH", "/contoso.example", map[string]any{"supportedServices": []string{"Sharepoint"}}, "Invalid value specified"},
			{"passwords that expire", "PATCH", "/contoso.example", map[string]any{"passwordValidityPeriodInDays": 90}, "Passwords do not expire here"},
			{"the initial domain", "DELETE", "/contoso.example", nil, "The initial domain"},
			{"the initial domain by force", "POST", "/contoso.example/forceDelete", map[string]any{}, "The initial domain"},
			{"a domain above others", "DELETE", "/lab.contoso.example", nil, "verified domains below it"},
			{"a claim as a root", "POST", "/claimed.example/promote", nil, "not verified"},
			{"a root as a root", "POST", "/contoso.example/promote", nil, "root domain already"},
		} {
			a := c.Send(t, w, http.StatusBadRequest, tt.method, "/v1.0/domains"+tt.path, tt.body)
			if code, message := a.Error(); code != bad || !strings.Contains(message, tt.part) || strings.Contains(string(a.Raw), "Fabrikam") || strings.Contains(string(a.Raw), string(w.B.ID)) {
				t.Errorf("%s: got %s, want %q", tt.name, a.Raw, tt.part)
			}
		}
		if root := c.Get(t, w, "/v1.0/domains/deep.lab.contoso.example/rootDomain"); root.Text("id") != "contoso.example" {
			t.Errorf("the root is %s", root.Raw)
		}
		c.Send(t, w, http.StatusOK, "POST", "/v1.0/domains/lab.contoso.example/promote", nil)
		if root := c.Get(t, w, "/v1.0/domains/deep.lab.contoso.example/rootDomain"); root.Text("id") != "lab.contoso.example" {
			t.Errorf("after the promotion the root is %s", root.Raw)
		}
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/domains/lab.contoso.example/rootDomain", nil)
		reader := w.Client(t, w.A, "Domain.Read.All")
		reader.refused(t, w, 403, "Authorization_RequestDenied", "Insufficient", "POST", "/v1.0/domains", map[string]any{"id": "x.example"})
	})
}

// TestFirstToProveWins has two tenants claim one name.
func TestFirstToProveWins(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		a, b := w.Client(t, w.A, "Domain.ReadWrite.All", "User.ReadWrite.All"), w.Client(t, w.B, "Domain.ReadWrite.All", "User.ReadWrite.All")
		name := map[string]any{"id": "tailspin.example"}
		a.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", name)
		b.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", name)
		mine, theirs := a.proof(t, w, "tailspin.example", 0), b.proof(t, w, "tailspin.example", 1)
		if ours := b.proof(t, w, "tailspin.example", 0); ours == mine {
			t.Fatalf("both tenants have the proof %s", mine)
		}
		a.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/domains/tailspin.example", nil)
		a.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", name)
		if again := a.proof(t, w, "tailspin.example", 0); again != mine {
			t.Errorf("claimed again, the proof is %s and was %s", again, mine)
		}
		w.publish(t, theirs)
		a.refused(t, w, 400, "Request_BadRequest", "DnsRecordNotFound", "POST", "/v1.0/domains/tailspin.example/verify", nil)
		user := NewUser(w.A.Domain, "early")
		user["userPrincipalName"] = "early@tailspin.example"
		a.refused(t, w, 400, "Request_BadRequest", "The domain portion", "POST", "/v1.0/users", user)
		b.Send(t, w, http.StatusOK, "POST", "/v1.0/domains/tailspin.example/verify", nil)
		w.publish(t, mine, theirs)
		a.refused(t, w, 400, "Request_BadRequest", "Another object with the same value", "POST", "/v1.0/domains/tailspin.example/verify", nil)
		if d := a.Get(t, w, "/v1.0/domains/tailspin.example"); d.Body["isVerified"] != false {
			t.Errorf("the loser has %s", d.Raw)
		}
		// What is below another tenant's domain needs a proof of its own.
		if d := a.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "sub.tailspin.example"}); d.Body["isVerified"] != false {
			t.Errorf("below another tenant's domain: %s", d.Raw)
		}
		if d := b.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "sub.tailspin.example"}); d.Body["isVerified"] != true || d.Body["isRoot"] != false {
			t.Errorf("below its own domain: %s", d.Raw)
		}
		for _, item := range b.Get(t, w, "/v1.0/domains").Items() {
			if item["id"] == "contoso.example" {
				t.Error("the other tenant's domain is in the list")
			}
		}
		user["userPrincipalName"] = "early@sub.tailspin.example"
		b.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", user)
	})
}

// TestForceDelete renames whatever is named under a domain, and then it is gone.
func TestForceDelete(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "lab.contoso.example"})
		body := NewUser(w.A.Domain, "ada")
		body["userPrincipalName"], body["mail"] = "ada@lab.contoso.example", "ada@lab.contoso.example"
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body).Text("id")
		app := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{
			"displayName": "api", "signInAudience": "AzureADMyOrg", "identifierUris": []string{"https://api.lab.contoso.example/v1", "api://lab.contoso.example"}}).Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/domains/lab.contoso.example", map[string]any{"isDefault": true})
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "crew", "mailNickname": "crew", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}})
		if group.Text("mail") != "crew@lab.contoso.example" {
			t.Errorf("a new group has the mail %q", group.Text("mail"))
		}
		if a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "new"}); a.Text("publisherDomain") != "lab.contoso.example" {
			t.Errorf("a new application has the publisher domain %q", a.Text("publisherDomain"))
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/domains/contoso.example", map[string]any{"isDefault": true})

		one := "/v1.0/domains/lab.contoso.example"
		moved := NewUser(w.A.Domain, "moved")
		moved["mail"] = "moved@lab.contoso.example"
		left := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", moved).Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/"+left, map[string]any{"mail": "moved@contoso.example"})
		if proxies := c.Get(t, w, "/v1.0/users/"+left+"?$select=proxyAddresses").Body["proxyAddresses"].([]any); len(proxies) != 2 {
			t.Errorf("who has another mail now has the addresses %v", proxies)
		}
		var ids []string
		for _, o := range c.Get(t, w, one+"/domainNameReferences").Items() {
			ids = append(ids, o["@odata.type"].(string)+" "+o["id"].(string))
		}
		want := []string{"#microsoft.graph.application " + app, "#microsoft.graph.group " + group.Text("id"), "#microsoft.graph.user " + user, "#microsoft.graph.user " + left}
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Errorf("references: got %v, want %v", ids, want)
		}
		if users := c.Get(t, w, one+"/domainNameReferences/graph.user").Items(); len(users) != 2 {
			t.Errorf("references that are users: %v", users)
		}
		c.refused(t, w, 400, "Request_BadRequest", "refer to it", "DELETE", one, nil)
		c.refused(t, w, 400, "Request_BadRequest", "Promoting a subdomain with user references is not allowed.", "POST", one+"/promote", nil)
		c.Send(t, w, http.StatusNoContent, "POST", one+"/forceDelete", map[string]any{"disableUserAccounts": true})
		if state, _ := c.Get(t, w, one).Body["state"].(map[string]any); state["operation"] != "ForceDelete" || state["status"] != "Scheduled" {
			t.Errorf("the state is %v", state)
		}
		late := NewUser(w.A.Domain, "late")
		late["userPrincipalName"] = "late@lab.contoso.example"
		c.refused(t, w, 400, "Request_BadRequest", "The domain portion", "POST", "/v1.0/users", late)

		worker := jobs.New(w.DB, w.Clock, jobs.Options{})
		worker.Handle(domain.RemoveKind, w.Domains.Remove, jobs.Policy{})
		if n, err := worker.RunDue(t.Context()); n == 0 || err != nil { // what follows from the people that were made has jobs, too
			t.Fatalf("%d jobs ran, %v", n, err)
		}
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
		u := c.Get(t, w, "/v1.0/users/"+user+"?$select=userPrincipalName,mail,accountEnabled,proxyAddresses")
		if proxies, _ := u.Body["proxyAddresses"].([]any); len(proxies) != 1 || proxies[0] != "SMTP:ada@contoso.example" {
			t.Errorf("the user's addresses are %v", proxies)
		}
		if u.Text("userPrincipalName") != "ada@contoso.example" || u.Text("mail") != "ada@contoso.example" || u.Body["accountEnabled"] != false {
			t.Errorf("the user is %s", u.Raw)
		}
		if g := c.Get(t, w, "/v1.0/groups/"+group.Text("id")); g.Text("mail") != "crew@contoso.example" || g.Body["proxyAddresses"].([]any)[0] != "SMTP:crew@contoso.example" {
			t.Errorf("the group is %s", g.Raw)
		}
		uris := c.Get(t, w, "/v1.0/applications/"+app).Body["identifierUris"].([]any)
		if len(uris) != 2 || uris[0] != "https://api.contoso.example/v1" || uris[1] != "api://contoso.example" {
			t.Errorf("the application has %v", uris)
		}
	})
}

// TestForceDeleteFails when a new name is taken; the domain says so, and can be
// forced again.
func TestForceDeleteFails(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		one := "/v1.0/domains/lab.contoso.example"
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "lab.contoso.example"})
		body := NewUser(w.A.Domain, "ada")
		there := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body).Text("id")
		body["userPrincipalName"] = "ada@lab.contoso.example"
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body)
		worker := jobs.New(w.DB, w.Clock, jobs.Options{})
		worker.Handle(domain.RemoveKind, w.Domains.Remove, jobs.Policy{})
		force := func() {
			c.Send(t, w, http.StatusNoContent, "POST", one+"/forceDelete", map[string]any{"disableUserAccounts": false})
			if _, err := worker.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		force()
		if state, _ := c.Get(t, w, one).Body["state"].(map[string]any); state["status"] != "Failed" {
			t.Errorf("the state is %v", state)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+there, nil)
		force()
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
		app := w.Client(t, w.A)
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/domains", map[string]any{"id": "lab.contoso.example"})
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/applications/"+string(app.App.ID), map[string]any{"signInAudience": "AzureADMultipleOrgs", "identifierUris": []string{"https://lab.contoso.example/x"}})
		c.refused(t, w, 400, "Request_BadRequest", "multitenant application", "POST", one+"/forceDelete", nil)
	})
}

// TestDomainAdministrators claims a name for people: their role decides.
func TestDomainAdministrators(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		for name, tt := range map[string]struct {
			role ids.RoleID
			want int
		}{
			"nobody": {"", http.StatusForbidden}, "helpdesk": {authz.HelpdeskAdministrator, http.StatusForbidden},
			"names": {authz.DomainNameAdministrator, http.StatusCreated}, "global": {authz.GlobalAdministrator, http.StatusCreated},
		} {
			user := ids.ObjectID(c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, name)).Text("id"))
			if tt.role != "" {
				must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error { return authz.Assign(t.Context(), tx, w.A.ID, user, tt.role) }))
			}
			p := w.Person(t, w.A, user, "Domain.ReadWrite.All")
			p.Send(t, w, tt.want, "POST", "/v1.0/domains", map[string]any{"id": name + ".tailspin.example"})
			if tt.want == http.StatusForbidden {
				p.Send(t, w, tt.want, "PATCH", "/v1.0/domains/contoso.example", map[string]any{"supportedServices": []string{}})
				p.Send(t, w, tt.want, "POST", "/v1.0/domains/contoso.example/verify", nil)
			}
		}
	})
}

// TestTenantInformation is the one read across tenants.
func TestTenantInformation(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "CrossTenantInformation.ReadBasic.All")
		byID := func(id string) string {
			return "/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='" + id + "')"
		}
		byName := func(name string) string {
			return "/v1.0/tenantRelationships/findTenantInformationByDomainName(domainName='" + name + "')"
		}
		for _, path := range []string{byID(string(w.B.ID)), byName("FABRIKAM.example"), strings.Replace(byName("fabrikam.example"), "find", "microsoft.graph.find", 1)} {
			a := c.Send(t, w, http.StatusOK, "GET", path, nil)
			if a.Text("tenantId") != string(w.B.ID) || a.Text("displayName") != "Fabrikam" || a.Text("defaultDomainName") != "fabrikam.example" ||
				a.Body["federationBrandName"] != nil || len(a.Body) != 5 || !strings.HasSuffix(a.Text("@odata.context"), "/v1.0/$metadata#microsoft.graph.tenantInformation") {
				t.Errorf("%s: %s", path, a.Raw)
			}
		}
		must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			return tenant.AddDomain(t.Context(), tx, w.B.ID, tenant.Domain{Name: "claimed.example"})
		}))
		c.refused(t, w, 404, "ResourceNotFound", "claimed.example", "GET", byName("claimed.example"), nil)
		c.refused(t, w, 400, "Request_BadRequest", "no domain name", "GET", byName("x"), nil)
		c.refused(t, w, 400, "Request_BadRequest", "", "GET", byID("x"), nil)
		must(t, tenant.NewService(w.DB).SetEnabled(t.Context(), authz.System(w.B.ID, "test"), w.B.ID, false))
		unknown := "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
		off, never := c.Send(t, w, http.StatusNotFound, "GET", byID(string(w.B.ID)), nil), c.Send(t, w, http.StatusNotFound, "GET", byID(unknown), nil)
		if a, b := without(off, string(w.B.ID)), without(never, unknown); a != b {
			t.Errorf("a tenant that is off answers %s, one that never was %s", a, b)
		}
		w.Client(t, w.A, "Directory.Read.All").refused(t, w, 403, "Authorization_RequestDenied", "Insufficient", "GET", byID(unknown), nil)
		limited := 0
		for range 120 {
			if a := c.Get(t, w, byID(unknown)); a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") != "" {
				limited++
			}
		}
		if limited == 0 {
			t.Error("nobody told the application to wait")
		}
	})
}

// without returns code and message of a refusal without the key.
func without(a Answer, key string) string {
	code, message := a.Error()
	return code + ": " + strings.ReplaceAll(message, key, "{key}")
}

// TestOrganization changes what a tenant says about itself.
func TestOrganization(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Organization.ReadWrite.All")
		one := "/v1.0/organization/" + string(w.A.ID)
		if a := c.Get(t, w, "/v1.0/organization?$select=id"); len(a.Items()) != 1 || len(a.Items()[0]) != 1 || a.Items()[0]["id"] != string(w.A.ID) {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{
			"displayName": "Contoso, Ltd", "technicalNotificationMails": []string{"ops@contoso.example"}, "marketingNotificationEmails": []string{"m@contoso.example"},
			"securityComplianceNotificationMails": []string{"s@contoso.example"}, "securityComplianceNotificationPhones": []string{"+1 425 555 0100"},
			"privacyProfile": map[string]any{"contactEmail": "privacy@contoso.example", "statementUrl": "https://contoso.example/privacy"},
		})
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"privacyProfile": map[string]any{"contactEmail": nil}, "marketingNotificationEmails": []string{}})
		got := c.Get(t, w, one)
		privacy, _ := got.Body["privacyProfile"].(map[string]any)
		list := func(name string) int { l, _ := got.Body[name].([]any); return len(l) }
		if got.Text("displayName") != "Contoso, Ltd" || list("technicalNotificationMails") != 1 || list("marketingNotificationEmails") != 0 ||
			list("securityComplianceNotificationMails") != 1 || list("securityComplianceNotificationPhones") != 1 ||
			privacy["contactEmail"] != nil || privacy["statementUrl"] != "https://contoso.example/privacy" || got.Text("tenantType") != "AAD" || got.Text("createdDateTime") == "" {
			t.Errorf("got %s", got.Raw)
		}
		for name, body := range map[string]map[string]any{
			"no name":                 {"displayName": nil},
			"a blank name":            {"displayName": " "},
			"a name with an address":  {"technicalNotificationMails": []string{"Ops <ops@contoso.example>"}},
			"no address":              {"securityComplianceNotificationMails": []string{"x"}},
			"no phone":                {"securityComplianceNotificationPhones": []string{"call me"}},
			"a page that is a script": {"privacyProfile": map[string]any{"statementUrl": "javascript:alert(1)"}},
			"what only we set":        {"tenantType": "CIAM"},
			"where it is":             {"city": "Redmond"},
		} {
			if a := c.Send(t, w, http.StatusBadRequest, "PATCH", one, body); a.Body["error"] == nil {
				t.Errorf("%s: %s", name, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNotFound, "PATCH", "/v1.0/organization/"+string(w.B.ID), map[string]any{"displayName": "taken"})
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/organization/"+string(w.B.ID), nil)
		if log := w.activities(t, "Directory"); !slices.Contains(log, "Set Company Information") {
			t.Errorf("the log says %q", log)
		}
	})
}
