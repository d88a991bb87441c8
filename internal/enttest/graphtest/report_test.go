package graphtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const (
	auditsPath  = "/auditLogs/directoryAudits"
	signInsPath = "/auditLogs/signIns"
)

// where asks a list with a filter.
func (c *Client) where(t *testing.T, w *World, path, filter string) []map[string]any {
	t.Helper()
	a := c.Send(t, w, http.StatusOK, "GET", path+"?$filter="+url.QueryEscape(filter), nil)
	return a.Items()
}

// TestAuditFilters asks for one change by everything that the log can be asked
// by, in other letters too, and for what it is not.
func TestAuditFilters(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada"), "client-request-id", string(ids.New[ids.AuditID]()))
		id := made.Text("id")
		target := "targetResources/any(t: t/id eq '" + id + "')"
		found := c.where(t, w, "/v1.0"+auditsPath, target)
		if len(found) != 1 {
			t.Fatalf("%d entries about the user, want 1", len(found))
		}
		e := found[0]
		key, correlation := e["id"].(string), e["correlationId"].(string)
		if !strings.HasPrefix(key, "Directory_"+correlation+"_") {
			t.Errorf("the key is %s of the request %s", key, correlation)
		}
		if e["activityDisplayName"] != "Add user" || e["category"] != "UserManagement" || e["operationType"] != "Add" || e["result"] != "success" || e["loggedByService"] != "Core Directory" {
			t.Errorf("got %v", e)
		}
		by := e["initiatedBy"].(map[string]any)
		if program := by["app"].(map[string]any); by["user"] != nil || program["appId"] != string(c.App.AppID) || program["servicePrincipalId"] != string(c.Principal.ID) {
			t.Errorf("initiated by %v", by)
		}
		if got := c.Send(t, w, http.StatusOK, "GET", "/v1.0"+auditsPath+"/"+key, nil); got.Text("id") != key {
			t.Errorf("by its key: %s", got.Raw)
		}
		for _, wrong := range []string{strings.Replace(key, correlation, id, 1), "Directory_" + id, key[:len(key)-1]} {
			c.Send(t, w, http.StatusNotFound, "GET", "/v1.0"+auditsPath+"/"+wrong, nil)
		}
		now := dbtest.Noon.Format(time.RFC3339)
		for _, tt := range []struct {
			filter string
			want   int
		}{
			{"activityDisplayName eq 'add USER'", 1},
			{"activityDisplayName eq 'Add'", 0},
			{"startswith(activityDisplayName, 'Add us')", 1},
			{"category eq 'usermanagement'", 1},
			{"category eq 'GroupManagement'", 0},
			{"loggedByService eq 'Core Directory'", 1},
			{"loggedByService eq 'Invited Users'", 0},
			{"correlationId eq '" + correlation + "'", 1},
			{"result eq 'success'", 1},
			{"result eq 'failure'", 0},
			{"initiatedBy/app/appId eq '" + string(c.App.AppID) + "'", 1},
			{"initiatedBy/app/displayName eq 'CLIENT'", 1},
			{"initiatedBy/user/id eq '" + string(c.Principal.ID) + "'", 0},
			{"initiatedBy/user/userPrincipalName eq 'client'", 0},
			{"activityDateTime eq " + now, 1},
			{"activityDateTime ge " + now, 1},
			{"activityDateTime le " + now, 1},
			{"activityDateTime gt " + now, 0},
		} {
			if got := c.where(t, w, "/v1.0"+auditsPath, target+" and "+tt.filter); len(got) != tt.want {
				t.Errorf("%s: %d entries, want %d", tt.filter, len(got), tt.want)
			}
		}
		for _, filter := range []string{"resultReason eq 'x'", "activityDisplayName ne 'Add user'", "noSuch eq 'x'", "result eq 'perhaps'", "targetResources/any(t: t/type eq 'User')"} {
			c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0"+auditsPath+"?$filter="+url.QueryEscape(filter), nil)
		}
		c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0"+auditsPath+"?$top=1001", nil)
		person := authz.Caller{Tenant: w.A.ID, Subject: ids.Principal{Kind: ids.Person, Home: w.A.ID, ID: w.A.Admin}, Object: w.A.Admin, Name: "Admin@" + w.A.Domain, IP: "192.0.2.9"}
		must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			return audit.Record(t.Context(), tx, person, audit.Entry{Category: "UserManagement", Activity: "Update user", Target: audit.Target{Kind: "User", ID: id, Name: "ada"},
				Changes: []audit.Change{{Name: "displayName", Old: `"x"`, New: "plain"}}})
		}))
		for _, filter := range []string{"initiatedBy/user/id eq '" + string(w.A.Admin) + "'", "initiatedBy/user/userPrincipalName eq 'ADMIN@" + w.A.Domain + "'"} {
			got := c.where(t, w, "/v1.0"+auditsPath, target+" and "+filter)
			if len(got) != 1 {
				t.Fatalf("%s: %d entries, want 1", filter, len(got))
			}
			change := got[0]["targetResources"].([]any)[0].(map[string]any)["modifiedProperties"].([]any)[0].(map[string]any)
			if change["oldValue"] != `"x"` || change["newValue"] != `"plain"` {
				t.Errorf("the change is %v", change)
			}
		}
	})
}

// TestSignInKinds: interactive ones alone by default, all of an application in
// v1.0, and in beta the kinds that are asked for.
func TestSignInKinds(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		other := w.Client(t, w.B, Everything...)
		put := func(e audit.SignIn) {
			e.Tenant, e.At, e.App, e.IP = w.A.ID, w.Clock.Now(), c.App.AppID, "198.51.100.7"
			must(t, w.signIns.Put(t.Context(), e))
			w.Clock.Advance(time.Second)
		}
		put(audit.SignIn{Kind: audit.InteractiveUserSignIn, Principal: w.A.Admin, PrincipalName: "Admin@" + w.A.Domain, Home: w.A.ID})
		put(audit.SignIn{Kind: audit.InteractiveUserSignIn, Principal: w.A.Admin, PrincipalName: "admin@" + w.A.Domain, ErrorCode: 50126, Reason: "directory.wrong_password"})
		put(audit.SignIn{Kind: audit.ManagedIdentitySignIn, Principal: c.Principal.ID, CredentialKind: "managedIdentityHost"})
		put(audit.SignIn{Kind: audit.ServicePrincipalSignIn, Principal: c.Principal.ID, CredentialKind: "federatedIdentityCredential", CredentialID: "f", ErrorCode: 700213,
			Links: []audit.Link{{Name: "issuer", Found: "https://b.example", Verdict: "federation.no_match"}}})
		for _, tt := range []struct {
			path, filter string
			want         int
		}{
			{"/v1.0", "createdDateTime ge 2000-01-01T00:00:00Z", 2},
			{"/v1.0", "appId eq '" + string(c.App.AppID) + "'", 5},
			{"/v1.0", "startswith(userPrincipalName, 'ADMIN@')", 2},
			{"/v1.0", "userId eq '" + string(w.A.Admin) + "'", 2},
			{"/v1.0", "userId eq '" + string(c.Principal.ID) + "'", 0},
			{"/v1.0", "status/errorCode eq 50126", 1},
			{"/v1.0", "status/errorCode eq 0", 1},
			{"/v1.0", "startswith(ipAddress, '198.51')", 2},
			{"/v1.0", "ipAddress eq '198.51'", 0},
			{"/beta", "appId eq '" + string(c.App.AppID) + "'", 2},
			{"/beta", "signInEventTypes/any(t: t eq 'servicePrincipal')", 2},
			{"/beta", "signInEventTypes/any(t: t eq 'managedIdentity')", 1},
			{"/beta", "signInEventTypes/any(t: t ne 'interactiveUser')", 3},
			{"/beta", "signInEventTypes/any(t: t eq 'servicePrincipal') and status/errorCode eq 700213", 1},
			{"/beta", "signInEventTypes/any(t: t eq 'servicePrincipal') and servicePrincipalId eq '" + string(w.A.Admin) + "'", 0},
		} {
			if got := c.where(t, w, tt.path+signInsPath, tt.filter); len(got) != tt.want {
				t.Errorf("%s %s: %d sign-ins, want %d", tt.path, tt.filter, len(got), tt.want)
			}
		}
		refused := c.where(t, w, "/beta"+signInsPath, "signInEventTypes/any(t: t eq 'servicePrincipal') and status/errorCode eq 700213")[0]
		if s := refused["status"].(map[string]any); !strings.Contains(s["additionalDetails"].(string), "issuer: federation.no_match, found 'https://b.example'") {
			t.Errorf("the status is %v", s)
		}
		if refused["userId"] != "" || refused["userPrincipalName"] != "" || refused["federatedCredentialId"] != "f" || refused["clientCredentialType"] != "federatedIdentityCredential" {
			t.Errorf("got %v", refused)
		}
		newest := c.Get(t, w, "/v1.0"+signInsPath+"?$top=1")
		if first := newest.Items(); len(first) != 1 || first[0]["status"].(map[string]any)["errorCode"] != 50126.0 {
			t.Errorf("the newest is %v", first)
		}
		next, err := url.Parse(newest.Text("@odata.nextLink"))
		must(t, err)
		if second := c.Get(t, w, next.RequestURI()).Items(); len(second) != 1 || second[0]["status"].(map[string]any)["failureReason"] != "Other." {
			t.Errorf("behind it is %v", second)
		}
		oldest := c.Send(t, w, http.StatusOK, "GET", "/v1.0"+signInsPath+"?$orderby=createdDateTime&$top=1&$filter="+url.QueryEscape("userId eq '"+string(w.A.Admin)+"'"), nil)
		if first := oldest.Items(); len(first) != 1 || first[0]["userPrincipalName"] != "admin@"+w.A.Domain || first[0]["isInteractive"] != true {
			t.Errorf("the oldest is %v", first)
		}
		id := refused["id"].(string)
		c.Send(t, w, http.StatusOK, "GET", "/v1.0"+signInsPath+"/"+id, nil)
		theirs := other.Send(t, w, http.StatusNotFound, "GET", "/v1.0"+signInsPath+"/"+id, nil)
		absent := string(ids.New[ids.AuditID]())
		nobodys := other.Send(t, w, http.StatusNotFound, "GET", "/v1.0"+signInsPath+"/"+absent, nil)
		if _, a := theirs.Error(); a == "" {
			t.Errorf("got %s", theirs.Raw)
		} else if _, b := nobodys.Error(); strings.Replace(a, id, absent, 1) != b {
			t.Errorf("another tenant's sign-in: %q, one that never was: %q", a, b)
		}
		if got := other.where(t, w, "/v1.0"+signInsPath, "appId eq '"+string(c.App.AppID)+"'"); len(got) != 0 {
			t.Errorf("another tenant sees %v", got)
		}
	})
}

// TestLogsByRole: a program reads the logs by its permission, and a person by a
// role that allows it as well.
func TestLogsByRole(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "reader")).Text("id")
		plain := w.Person(t, w.A, ids.ObjectID(user), "AuditLog.Read.All")
		admin := w.Person(t, w.A, w.A.Admin, "AuditLog.Read.All")
		lacking := w.Person(t, w.A, w.A.Admin, "User.Read")
		for _, path := range []string{auditsPath, signInsPath} {
			c.Send(t, w, http.StatusForbidden, "GET", "/v1.0"+path, nil)
			plain.Send(t, w, http.StatusForbidden, "GET", "/v1.0"+path, nil)
			lacking.Send(t, w, http.StatusForbidden, "GET", "/v1.0"+path, nil)
			admin.Send(t, w, http.StatusOK, "GET", "/v1.0"+path, nil)
		}
	})
}
