package graphtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// people makes users that filters tell apart, and an invited guest.
func (w *World) people(t *testing.T, c *Client) {
	t.Helper()
	for name, more := range map[string]map[string]any{
		"ada": {"city": "Oslo", "department": "Legal", "employeeId": "E-1", "mail": "Ada@contoso.example", "otherMails": []string{"ada@home.example"},
			"businessPhones": []string{"+47 1"}, "mobilePhone": "+47 900", "employeeHireDate": "2020-02-01T00:00:00Z", "usageLocation": "NO", "companyName": "Contoso",
			"employeeOrgData": map[string]any{"costCenter": "c1"}, "onPremisesExtensionAttributes": map[string]any{"extensionAttribute3": "Blue"},
			"showInAddressList": true, "ageGroup": "Adult", "givenName": "Ada", "surname": "Byron", "jobTitle": "Countess"},
		"bob": {"city": "Bergen", "department": "Legal", "employeeId": "E-2", "accountEnabled": false, "employeeHireDate": "1969-12-31T23:59:59Z",
			"identities": []map[string]any{{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "bob-1"}},
			"otherMails": []string{"bob@home.example", "bob@work.example"}, "showInAddressList": false, "passwordPolicies": "DisablePasswordExpiration"},
		"cleo": {"userType": "Guest", "streetAddress": "1 Nile Road", "postalCode": "11511", "officeLocation": "A1", "preferredLanguage": "ar-EG", "employeeType": "Contractor"},
	} {
		body := NewUser(c.Tenant.Domain, name)
		for k, v := range more {
			body[k] = v
		}
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body)
	}
	must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
		home, err := tenant.Get(t.Context(), tx, c.Tenant.ID)
		if err != nil {
			return err
		}
		_, err = directory.AddGuest(t.Context(), tx, home, directory.Invitee{Mail: "dora@fabrikam.example"})
		return err
	}))
}

// TestUserFilters: what each filter finds, plainly or in an advanced query.
func TestUserFilters(t *testing.T) {
	const plain, advanced = false, true
	tests := []struct {
		filter   string
		advanced bool
		want     string // display names in order
	}{
		{"accountEnabled eq false", plain, "bob"},
		{"accountEnabled ne true", advanced, "bob"},
		{"userType eq 'Guest'", plain, "cleo dora"},
		{"userType in ('guest')", plain, "cleo dora"},
		{"userType ne 'Guest'", advanced, "ada administrator bob"},
		{"not(userType eq 'Guest')", advanced, "ada administrator bob"},
		{"externalUserState eq 'PendingAcceptance'", advanced, "dora"},
		{"externalUserState eq null", advanced, "ada administrator bob cleo"},
		{"creationType eq 'Invitation'", plain, "dora"},
		{"employeeId eq 'e-1'", plain, "ada"},
		{"startsWith(employeeId,'E-')", plain, "ada bob"},
		{"employeeId ge 'E-2'", advanced, "bob"},
		{"employeeId eq null", advanced, "administrator cleo dora"},
		{"city eq 'oslo'", plain, "ada"},
		{"city in ('Oslo','Bergen')", plain, "ada bob"},
		{"city ge 'C'", plain, "ada"},
		{"city ne 'Oslo'", advanced, "administrator bob cleo dora"},
		{"department eq 'Legal' and city eq 'Bergen'", plain, "bob"},
		{"usageLocation eq 'no'", plain, "ada"},
		{"mail eq 'ADA@contoso.example'", plain, "ada"},
		{"endsWith(mail,'@fabrikam.example')", advanced, "dora"},
		{"mail eq null", advanced, "administrator bob cleo"},
		{"proxyAddresses/any(p:p eq 'smtp:ada@contoso.example')", plain, "ada"},
		{"proxyAddresses/any(p:startswith(p,'SMTP:'))", plain, "ada dora"},
		{"proxyAddresses/any(p:endswith(p,'fabrikam.example'))", advanced, "dora"},
		{"otherMails/any(x:x eq 'ada@home.example')", plain, "ada"},
		{"otherMails/any(x:endswith(x,'home.example'))", advanced, "ada bob"},
		{"otherMails/$count eq 0", advanced, "administrator cleo"},
		{"otherMails/$count ne 0", advanced, "ada bob dora"},
		{"businessPhones/any(p:startswith(p,'+47'))", plain, "ada"},
		{"imAddresses/any(i:i eq 'x')", plain, ""},
		{"assignedLicenses/$count eq 0", advanced, "ada administrator bob cleo dora"},
		{"assignedLicenses/any(l:l/skuId eq 4b590615-0888-425a-a965-b3bf7789848d)", plain, ""},
		{"assignedPlans/any(p:p/service eq 'exchange')", plain, ""},
		{"identities/any(c:c/issuerAssignedId eq 'bob-1' and c/issuer eq 'google.com')", plain, "bob"},
		{"identities/any(c:c/issuerAssignedId eq 'bob-1' and c/issuer eq 'contoso.example')", plain, ""},
		{"identities/any(c:c/signInType eq 'federated')", plain, "bob dora"},
		{"mobilePhone eq '+47 900'", advanced, "ada"},
		{"companyName eq 'contoso'", advanced, "ada"},
		{"startsWith(streetAddress,'1 nile')", advanced, "cleo"},
		{"postalCode eq '11511'", advanced, "cleo"},
		{"officeLocation eq 'a1'", advanced, "cleo"},
		{"preferredLanguage eq 'ar-eg'", advanced, "cleo"},
		{"employeeType eq 'contractor'", advanced, "cleo"},
		{"passwordPolicies ne null", advanced, "bob"},
		{"employeeHireDate le 2020-01-01T00:00:00Z", advanced, "bob"},
		{"employeeHireDate ge 1950-01-01T00:00:00Z", advanced, "ada bob"},
		{"employeeOrgData/costCenter eq 'C1'", advanced, "ada"},
		{"onPremisesExtensionAttributes/extensionAttribute3 eq 'blue'", advanced, "ada"},
		{"onPremisesExtensionAttributes/extensionAttribute3 ne 'blue'", advanced, "administrator bob cleo dora"},
		{"onPremisesSyncEnabled eq true", plain, ""},
		{"onPremisesSyncEnabled eq null", advanced, "ada administrator bob cleo dora"},
		{"onPremisesLastSyncDateTime ge 2020-01-01T00:00:00Z", advanced, ""},
		{"onPremisesSamAccountName eq 'x'", advanced, ""},
		{"showInAddressList eq false", advanced, "bob"},
		{"showInAddressList eq null", advanced, "administrator cleo dora"},
		{"ageGroup eq 'Adult'", plain, "ada"},
		{"createdDateTime ge 2026-11-23T12:00:00Z", plain, "ada administrator bob cleo dora"},
		{"createdDateTime lt 2026-11-23T12:00:00Z", plain, ""},
		{"userPrincipalName eq 'CLEO@contoso.example'", plain, "cleo"},
		{"endsWith(userPrincipalName,'#EXT#@contoso.example')", advanced, "dora"},
		{"displayName eq 'Ada' or displayName eq 'Bob'", plain, "ada bob"},
		{"givenName eq 'ada' and surname eq 'BYRON' and jobTitle eq 'countess'", plain, "ada"},
		{"startsWith(securityIdentifier,'S-1-12-1-')", advanced, "ada administrator bob cleo dora"},
	}
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		w.people(t, c)
		names := func(a Answer) string {
			var list []string
			for _, it := range a.Items() {
				list = append(list, strings.TrimPrefix(strings.ToLower(it["displayName"].(string)), "global "))
			}
			slices.Sort(list)
			return strings.Join(list, " ")
		}
		ask := func(filter string) string {
			return "/v1.0/users?$select=displayName&$filter=" + url.QueryEscape(filter)
		}
		for _, tt := range tests {
			if a := c.Get(t, w, ask(tt.filter)+"&$count=true", "ConsistencyLevel", "eventual"); a.Status != http.StatusOK || names(a) != tt.want {
				t.Errorf("%s: got %d %q, want %q\n%s", tt.filter, a.Status, names(a), tt.want, a.Raw)
			}
			a := c.Get(t, w, ask(tt.filter))
			if code, message := a.Error(); tt.advanced && (a.Status != http.StatusBadRequest || code != "Request_UnsupportedQuery" || message != "Unsupported Query.") {
				t.Errorf("%s, not in an advanced query: got %d %s %s", tt.filter, a.Status, code, message)
			}
			if !tt.advanced && (a.Status != http.StatusOK || names(a) != tt.want) {
				t.Errorf("%s, plainly: got %d %q, want %q\n%s", tt.filter, a.Status, names(a), tt.want, a.Raw)
			}
		}
		for search, want := range map[string]string{
			"displayName:ad": "ada administrator", "mobilePhone:+47": "ada", "otherMails:bob@": "bob", "givenName:A": "ada", "surname:by": "ada", "mail:dora@": "dora",
		} {
			if a := c.Get(t, w, "/v1.0/users?$search="+url.QueryEscape(`"`+search+`"`), "ConsistencyLevel", "eventual"); names(a) != want {
				t.Errorf("$search %s: got %d %q, want %q", search, a.Status, names(a), want)
			}
		}
		for _, filter := range []string{"id ge '1'", "displayName ge 'a'", "lastPasswordChangeDateTime ge 2020-01-01T00:00:00Z", "businessPhones/any(p:endswith(p,'1'))"} {
			a := c.Get(t, w, ask(filter)+"&$count=true", "ConsistencyLevel", "eventual")
			if code, _ := a.Error(); a.Status != http.StatusBadRequest || code != "Request_UnsupportedQuery" {
				t.Errorf("%s: got %d %s", filter, a.Status, a.Raw)
			}
		}
	})
}

// TestWrongUsers: a value that a property does not take.
func TestWrongUsers(t *testing.T) {
	wrong := func(p string) string { return "Invalid value specified for property '" + p + "' of resource 'User'." }
	const readOnly, many = "Property '%s' is read-only and cannot be set.", "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."
	tests := map[string]string{
		`{"city":""}`: wrong("city"), `{"city":"` + strings.Repeat("é", 129) + `"}`: wrong("city"), `{"employeeId":"12345678901234567"}`: wrong("employeeId"),
		`{"businessPhones":["1","2"]}`: wrong("businessPhones"), `{"otherMails":["nobody"]}`: wrong("otherMails"), `{"mail":"nobody"}`: wrong("mail"),
		`{"mailNickname":"a b"}`: wrong("mailNickname"), `{"mailNickname":"ü"}`: wrong("mailNickname"), `{"mailNickname":null}`: "A value is required for property 'mailNickname' of resource 'User'.",
		`{"usageLocation":"NOR"}`: wrong("usageLocation"), `{"usageLocation":"N1"}`: wrong("usageLocation"), `{"preferredLanguage":"english please"}`: wrong("preferredLanguage"),
		`{"userType":"Owner"}`: wrong("userType"), `{"ageGroup":"Old"}`: wrong("ageGroup"), `{"consentProvidedForMinor":"Maybe"}`: wrong("consentProvidedForMinor"),
		`{"passwordPolicies":"None, Whatever"}`: wrong("passwordPolicies"), `{"displayName":null}`: "A value is required for property 'displayName' of resource 'User'.",
		`{"accountEnabled":null}`: "A value is required for property 'accountEnabled' of resource 'User'.",
		`{"identities":[{"signInType":"userName","issuer":"elsewhere.example","issuerAssignedId":"x"}]}`: wrong("identities"),
		`{"identities":[{"signInType":"federated","issuer":"","issuerAssignedId":"x"}]}`:                 wrong("identities"),
		`{"identities":[{"signInType":"emailAddress","issuer":"contoso.example"}]}`:                      wrong("identities"),
		`{"onPremisesExtensionAttributes":{"extensionAttribute1":"` + strings.Repeat("x", 1025) + `"}}`:  wrong("onPremisesExtensionAttributes"),
		`{"onPremisesExtensionAttributes":{"extensionAttribute16":"x"}}`:                                 "Invalid property 'extensionAttribute16'.",
		`{"otherMails":["` + strings.Repeat(`a@b","`, 250) + `a@b"]}`:                                    many,
		`{"userPrincipalName":"a b@contoso.example"}`:                                                    wrong("userPrincipalName"),
		`{"passwordProfile":{"password":"short"}}`:                                                       "The specified password does not comply with password complexity requirements. Please provide a different password.",
		`{"manager@odata.bind":["https://x/v1.0/users/{admin}","https://x/v1.0/users/{client}"]}`:        wrong("manager"),
	}
	for _, p := range []string{"creationType", "externalUserState", "proxyAddresses", "imAddresses", "securityIdentifier", "createdDateTime",
		"isResourceAccount", "onPremisesSyncEnabled", "lastPasswordChangeDateTime", "licenseAssignmentStates", "legalAgeGroupClassification"} {
		value := `"x"`
		switch {
		case strings.HasPrefix(p, "is"), strings.HasSuffix(p, "Enabled"):
			value = "true"
		case strings.HasSuffix(p, "DateTime"):
			value = `"2020-01-01T00:00:00Z"`
		case strings.HasSuffix(p, "Addresses"):
			value = `["x"]`
		case strings.HasSuffix(p, "States"):
			value = `[{"state":"x"}]`
		}
		tests[`{"`+p+`":`+value+`}`] = fmt.Sprintf(readOnly, p)
	}
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		one := "/v1.0/users/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		fill := strings.NewReplacer("{admin}", string(w.A.Admin), "{client}", string(c.Principal.ID))
		for body, want := range tests {
			a := w.Call(t, c.Token, "PATCH", one, fill.Replace(body))
			if code, message := a.Error(); a.Status != http.StatusBadRequest || code != "Request_BadRequest" || message != want {
				t.Errorf("%.90s: got %d %s %s, want %s", body, a.Status, code, message, want)
			}
		}
		// What only looks wrong.
		for _, body := range []string{`{"city":"` + strings.Repeat("é", 128) + `"}`, `{"mail":null,"mobilePhone":null}`, `{"creationType":null,"imAddresses":[]}`,
			`{"preferredLanguage":"zh-Hant-TW"}`, `{"passwordPolicies":"DisableStrongPassword, DisablePasswordExpiration"}`, `{"userType":null}`,
			`{"authorizationInfo":{"certificateUserIds":["X509:<PN>ada@contoso.example"]}}`, `{"showInAddressList":null}`, `{}`} {
			c.Send(t, w, http.StatusNoContent, "PATCH", one, body)
		}
		a := c.Send(t, w, http.StatusOK, "GET", one+"?$select=userType,authorizationInfo,onPremisesExtensionAttributes,securityIdentifier,isResourceAccount,licenseAssignmentStates", nil)
		if a.Text("userType") != "Member" || !strings.HasPrefix(a.Text("securityIdentifier"), "S-1-12-1-") || a.Body["isResourceAccount"] != nil ||
			fmt.Sprint(a.Body["authorizationInfo"]) != "map[certificateUserIds:[X509:<PN>ada@contoso.example]]" || len(a.Body["licenseAssignmentStates"].([]any)) != 0 {
			t.Errorf("got %s", a.Raw)
		}
	})
}

// TestConflicts: what only one object may have.
func TestConflicts(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		first := NewUser(w.A.Domain, "ada")
		first["mail"], first["identities"] = "ada@mail.example", []map[string]any{{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "1"}}
		one := "/v1.0/users/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", first).Text("id")
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "g", "mailNickname": "team", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}})
		second := "/v1.0/users/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "bob")).Text("id")
		for body, p := range map[string]string{
			`{"userPrincipalName":"ADA@contoso.example"}`: "userPrincipalName", `{"mail":"Ada@Mail.example"}`: "proxyAddresses",
			`{"mail":"` + group.Text("mail") + `"}`:                                                    "proxyAddresses",
			`{"identities":[{"signInType":"federated","issuer":"Google.com","issuerAssignedId":"1"}]}`: "identities",
		} {
			a := c.Send(t, w, http.StatusBadRequest, "PATCH", second, body)
			want := "Another object with the same value for property " + p + " already exists."
			e, _ := a.Body["error"].(map[string]any)
			if code, message := a.Error(); code != "Request_BadRequest" || message != want || fmt.Sprint(e["details"]) != "[map[code:ObjectConflict message:"+want+" target:"+p+"]]" {
				t.Errorf("%s: got %s", body, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, `{"mail":null,"identities":[]}`)
		c.Send(t, w, http.StatusNoContent, "PATCH", second, `{"mail":"ada@mail.example","identities":[{"signInType":"federated","issuer":"google.com","issuerAssignedId":"1"}]}`)
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		c.Send(t, w, http.StatusNoContent, "PATCH", second, `{"userPrincipalName":"ada@contoso.example"}`)
		a := c.Send(t, w, http.StatusOK, "GET", second+"?$select=identities", nil)
		if list, _ := a.Body["identities"].([]any); len(list) != 2 || list[1].(map[string]any)["issuerAssignedId"] != "ada@contoso.example" {
			t.Errorf("identities after a new name: %s", a.Raw)
		}
		// The same names are free in another tenant.
		other := w.Client(t, w.B, Everything...)
		body := NewUser(w.B.Domain, "ada")
		body["mail"] = "ada@mail.example"
		other.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body)
	})
}

// TestTiesOfUsers: manager, reports, sponsors, what is owned and created.
func TestTiesOfUsers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		boss := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "boss")).Text("id")
		body := NewUser(w.A.Domain, "ada")
		body["manager@odata.bind"] = "https://graph.microsoft.com/v1.0/users/" + boss
		body["sponsors@odata.bind"] = []string{"https://graph.microsoft.com/v1.0/users/" + boss}
		ada := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body).Text("id")
		one, ref := "/v1.0/users/"+ada, func(id string) any { return map[string]string{"@odata.id": Own + "/v1.0/directoryObjects/" + id} }

		a := c.Send(t, w, http.StatusOK, "GET", one+"/manager", nil)
		if a.Text("@odata.type") != "#microsoft.graph.user" || a.Text("id") != boss || a.Text("displayName") != "boss" {
			t.Errorf("manager: %s", a.Raw)
		}
		if a := c.Send(t, w, http.StatusOK, "GET", one+"/manager/$ref", nil); !strings.Contains(a.Text("@odata.id"), boss) {
			t.Errorf("reference: %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusOK, "GET", one+"?$select=id&$expand=manager($select=id,displayName)", nil)
		if m, _ := a.Body["manager"].(map[string]any); m["displayName"] != "boss" {
			t.Errorf("expanded: %s", a.Raw)
		}
		if a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/"+boss+"/directReports", nil); len(a.Items()) != 1 || a.Items()[0]["id"] != ada {
			t.Errorf("reports: %s", a.Raw)
		}
		if a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/boss@contoso.example/directReports/graph.user?$filter=displayName eq 'ada'&$count=true", nil, "ConsistencyLevel", "eventual"); a.Body["@odata.count"] != 1.0 {
			t.Errorf("reports that are called so: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", one+"/manager/$ref", nil)
		for method, path := range map[string]string{"GET": one + "/manager", "DELETE": one + "/manager/$ref"} {
			a := c.Send(t, w, http.StatusNotFound, method, path, nil)
			if code, message := a.Error(); code != "Request_ResourceNotFound" || !strings.HasPrefix(message, "Resource 'manager' does not exist") {
				t.Errorf("%s without a manager: %s", method, a.Raw)
			}
		}
		if a := c.Send(t, w, http.StatusOK, "GET", one+"?$expand=manager", nil); a.Body["manager"] != nil {
			t.Errorf("expanded without one: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"manager@odata.bind": Own + "/v1.0/users/" + boss})
		for wrong, kind := range map[string]string{ada: "User", string(c.Principal.ID): "ServicePrincipal"} {
			want := "The reference target '" + kind + "_" + wrong + "' of type '" + kind + "' is invalid for the 'manager' reference."
			if _, message := c.Send(t, w, http.StatusBadRequest, "PUT", one+"/manager/$ref", ref(wrong)).Error(); message != want {
				t.Errorf("got  %s\nwant %s", message, want)
			}
		}
		// A chain of managers, which is a circle.
		c.Send(t, w, http.StatusNoContent, "PUT", "/v1.0/users/"+boss+"/manager/$ref", ref(ada))
		for levels, want := range map[string]int{"1": 1, "3": 3, "max": 20, "1000": 20} {
			a := c.Send(t, w, http.StatusOK, "GET", one+"?$select=id&$count=true&$expand=manager($levels="+levels+";$select=id)", nil, "ConsistencyLevel", "eventual")
			if n := strings.Count(string(a.Raw), `"manager":{`); n != want {
				t.Errorf("%d managers with $levels=%s, want %d: %s", n, levels, want, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+boss+"/manager/$ref", nil)
		for _, nobody := range []string{string(w.B.Admin), string(ids.New[ids.ObjectID]())} {
			c.Send(t, w, http.StatusNotFound, "PUT", one+"/manager/$ref", ref(nobody))
			c.Send(t, w, http.StatusNotFound, "POST", one+"/sponsors/$ref", ref(nobody))
		}

		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{"displayName": "g", "mailNickname": "g", "mailEnabled": false,
			"securityEnabled": true, "owners@odata.bind": []string{Own + "/v1.0/users/" + ada}}).Text("id")
		c.Send(t, w, http.StatusNoContent, "POST", one+"/sponsors/$ref", ref(group))
		if a := c.Send(t, w, http.StatusOK, "GET", one+"/sponsors", nil); len(a.Items()) != 2 {
			t.Errorf("sponsors: %s", a.Raw)
		}
		if a := c.Send(t, w, http.StatusOK, "GET", one+"/sponsors/graph.group", nil); len(a.Items()) != 1 || a.Items()[0]["id"] != group {
			t.Errorf("groups among the sponsors: %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusBadRequest, "POST", one+"/sponsors/$ref", ref(group))
		if _, message := a.Error(); message != "One or more added object references already exist for the following modified properties: 'sponsors'." {
			t.Errorf("twice: %s", a.Raw)
		}
		c.Send(t, w, http.StatusBadRequest, "POST", one+"/sponsors/$ref", ref(string(c.Principal.ID)))
		c.Send(t, w, http.StatusNoContent, "DELETE", one+"/sponsors/"+boss+"/$ref", nil)
		c.Send(t, w, http.StatusNotFound, "DELETE", one+"/sponsors/"+boss+"/$ref", nil)
		for i := range 5 {
			id := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprintf("s%d", i))).Text("id")
			want := http.StatusNoContent
			if i == 4 {
				want = http.StatusBadRequest // the group is one of five
			}
			c.Send(t, w, want, "POST", one+"/sponsors/$ref", ref(id))
		}

		if a := c.Send(t, w, http.StatusOK, "GET", one+"/ownedObjects", nil); len(a.Items()) != 1 || a.Items()[0]["@odata.type"] != "#microsoft.graph.group" {
			t.Errorf("owned: %s", a.Raw)
		}
		if a := c.Send(t, w, http.StatusOK, "GET", one+"/ownedObjects/microsoft.graph.application", nil); len(a.Items()) != 0 {
			t.Errorf("owned applications: %s", a.Raw)
		}
		me := w.Person(t, w.A, w.A.Admin, "User.Read", "User.ReadWrite.All", "Directory.Read.All")
		made := me.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "made")).Text("id")
		if a := me.Send(t, w, http.StatusOK, "GET", "/v1.0/me/createdObjects", nil); len(a.Items()) != 1 || a.Items()[0]["id"] != made {
			t.Errorf("created: %s", a.Raw)
		}
		for _, part := range []string{"licenseDetails", "memberOf", "transitiveMemberOf", "directReports", "sponsors", "ownedObjects", "appRoleAssignments", "oauth2PermissionGrants"} {
			me.Send(t, w, http.StatusOK, "GET", "/v1.0/me/"+part, nil)
			a := c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0/me/"+part, nil)
			if _, message := a.Error(); message != "/me request is only valid with delegated authentication flow." {
				t.Errorf("%s of a program: %s", part, a.Raw)
			}
		}
		me.Send(t, w, http.StatusNotFound, "GET", "/v1.0/me/manager", nil)
	})
}

// TestPropertyPermissions: a permission that reaches some properties reaches no
// others.
func TestPropertyPermissions(t *testing.T) {
	tests := []struct {
		permissions string
		allowed     []string
		refused     []string
	}{
		{"User.EnableDisableAccount.All User.Read.All", []string{`{"accountEnabled":false}`}, []string{`{"accountEnabled":true,"city":"x"}`, `{"userType":"Guest"}`}},
		{"User.EnableDisableAccount.All", nil, []string{`{"accountEnabled":false}`}},
		{"User.ManageIdentities.All", []string{`{"identities":[{"signInType":"federated","issuer":"google.com","issuerAssignedId":"1"}]}`}, []string{`{"mail":"a@b.example"}`}},
		{"User-PasswordProfile.ReadWrite.All", []string{`{"passwordProfile":{"password":"Another-horse-9"}}`}, []string{`{"passwordPolicies":"None"}`}},
		{"User-Phone.ReadWrite.All", []string{`{"mobilePhone":"1","businessPhones":["2"]}`}, []string{`{"faxNumber":"1"}`, `{"mobilePhone":"1","displayName":"x"}`}},
		{"User-Mail.ReadWrite.All", []string{`{"otherMails":["a@b.example"]}`}, []string{`{"mail":"a@b.example"}`}},
		{"User-Mail.ReadWrite.All User-Phone.ReadWrite.All", []string{`{"otherMails":[],"mobilePhone":null}`}, []string{`{"otherMails":[],"city":"x"}`}},
		{"User.Read.All", nil, []string{`{"city":"x"}`, `{}`}},
		{"Directory.ReadWrite.All", []string{`{"city":"x","jobTitle":"y"}`}, nil},
	}
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		one := "/v1.0/users/" + all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		for _, tt := range tests {
			c := w.Client(t, w.A, strings.Fields(tt.permissions)...)
			for _, body := range tt.allowed {
				c.Send(t, w, http.StatusNoContent, "PATCH", one, body)
			}
			for _, body := range tt.refused {
				c.Send(t, w, http.StatusForbidden, "PATCH", one, body)
			}
		}
		basic := w.Client(t, w.A, "User.ReadBasic.All")
		a := basic.Send(t, w, http.StatusOK, "GET", one, nil)
		if a.Text("displayName") != "ada" || a.Body["jobTitle"] != nil || len(a.Body["businessPhones"].([]any)) != 0 {
			t.Errorf("the basics: %s", a.Raw)
		}
		basic.Send(t, w, http.StatusForbidden, "GET", "/v1.0/users?$filter=jobTitle eq 'y'", nil)
		basic.Send(t, w, http.StatusForbidden, "GET", one+"/manager", nil)

		// Whoever is signed in changes the own profile, and no more than a program
		// was allowed to.
		self := w.Person(t, w.A, w.A.Admin, "User.ReadWrite")
		self.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/me", `{"mobilePhone":"1"}`)
		for _, body := range []string{`{"accountEnabled":true}`, `{"passwordProfile":{"password":"Another-horse-9"}}`, `{"userPrincipalName":"x@contoso.example"}`} {
			self.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/me", body)
		}
		self.Send(t, w, http.StatusForbidden, "PATCH", one, `{"mobilePhone":"1"}`)
	})
}

// TestChangePassword: whoever is signed in and knows the password of now.
func TestChangePassword(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		ada := ids.ObjectID(all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id"))
		me := w.Person(t, w.A, ada, "User-PasswordProfile.ReadWrite.All", "User.Read")
		change := func(current, next string) Answer {
			return w.Call(t, me.Token, "POST", "/v1.0/me/changePassword", map[string]string{"currentPassword": current, "newPassword": next})
		}
		for name, tt := range map[string]struct{ current, next, want string }{
			"a wrong one": {"Wrong-horse-7", "Another-horse-9", "The current password is incorrect."},
			"a weak one":  {"Correct-horse-7", "short", "The specified password does not comply with password complexity requirements. Please provide a different password."},
			"the same":    {"Correct-horse-7", "Correct-horse-7", "The specified password does not comply with password complexity requirements. Please provide a different password."},
			"none":        {"", "Another-horse-9", "The current password is incorrect."},
		} {
			a := change(tt.current, tt.next)
			if code, message := a.Error(); a.Status != http.StatusBadRequest || code != "Request_BadRequest" || message != tt.want {
				t.Errorf("%s: got %d %s", name, a.Status, a.Raw)
			}
		}
		if a := change("Correct-horse-7", "Another-horse-9"); a.Status != http.StatusNoContent {
			t.Fatalf("got %d %s", a.Status, a.Raw)
		}
		if a := change("Correct-horse-7", "Third-horse-11"); a.Status != http.StatusBadRequest {
			t.Errorf("the old one again: got %d %s", a.Status, a.Raw)
		}
		// What one is allowed to guess at the password of somebody whose session was found.
		for i := range 4 { // after the old one
			if a := change("Wrong-horse-"+strconv.Itoa(i), "Third-horse-11"); a.Status != http.StatusBadRequest {
				t.Errorf("wrong, %d: got %d %s", i, a.Status, a.Raw)
			}
		}
		for range 2 {
			a := change("Another-horse-9", "Third-horse-11")
			if code, _ := a.Error(); a.Status != http.StatusTooManyRequests || code != "TooManyRequests" || a.Header.Get("Retry-After") != "60" {
				t.Errorf("the right one after five: got %d %s, Retry-After %q", a.Status, a.Raw, a.Header.Get("Retry-After"))
			}
		}
		w.Clock.Advance(time.Minute)
		if a := change("Wrong-horse-7", "Third-horse-11"); a.Status != http.StatusBadRequest {
			t.Errorf("after a minute: got %d %s", a.Status, a.Raw)
		}
		if a := change("Another-horse-9", "Third-horse-11"); a.Header.Get("Retry-After") != "120" {
			t.Errorf("the next pause: got %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
		}
		w.Clock.Advance(2 * time.Minute)
		if a := change("Another-horse-9", "Fourth-horse-13"); a.Status != http.StatusNoContent {
			t.Errorf("after the pause: got %d %s", a.Status, a.Raw)
		}
		me = w.Person(t, w.A, ada, "User-PasswordProfile.ReadWrite.All", "User.Read")
		for range 4 { // a new one forgets the tries
			if a := change("Another-horse-9", "Third-horse-11"); a.Status != http.StatusBadRequest {
				t.Errorf("the one before: got %d %s", a.Status, a.Raw)
			}
		}
		body := `{"currentPassword":"Another-horse-9","newPassword":"Third-horse-11"}`
		all.Send(t, w, http.StatusForbidden, "POST", "/v1.0/users/"+string(ada)+"/changePassword", body)
		all.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/me/changePassword", body)
		w.Person(t, w.A, w.A.Admin, "User-PasswordProfile.ReadWrite.All").Send(t, w, http.StatusForbidden, "POST", "/v1.0/users/"+string(ada)+"/changePassword", body)
		w.Person(t, w.A, ada, "User.ReadWrite").Send(t, w, http.StatusForbidden, "POST", "/v1.0/me/changePassword", body)

		a := all.Send(t, w, http.StatusOK, "POST", "/v1.0/users/"+string(ada)+"/revokeSignInSessions", nil)
		if a.Body["value"] != true {
			t.Errorf("revoked: %s", a.Raw)
		}
		must(t, w.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			u, err := directory.GetUser(t.Context(), tx, w.A.ID, string(ada))
			if err == nil && !u.SessionsFrom.Equal(w.Clock.Now()) {
				t.Errorf("sessions count from %s", u.SessionsFrom)
			}
			return err
		}))
	})
}
