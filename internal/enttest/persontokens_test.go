package enttest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

var update = flag.Bool("update", false, "write the golden files anew")

const back = "https://app.example/back"

// A reception is an application of tenant B, two APIs of it, and two people:
// one of B, and one of A who is a guest there.
type reception struct {
	*enttest.Server
	t      *testing.T
	db     *sqldb.DB
	app    enttest.Application
	at     enttest.Principal
	apis   map[int]enttest.Application // by the version of their tokens
	people map[string]token.Code       // what each has proved
	known  map[string]string           // names of what differs each time
}

func receive(t *testing.T, engine sqldb.Engine) *reception {
	t.Helper()
	s := enttest.Start(t, enttest.Options{Engine: engine})
	r := &reception{Server: s, t: t, db: dbtest.OpenURL(t, s.Store, s.Clock), apis: map[int]enttest.Application{}, people: map[string]token.Code{},
		known: map[string]string{s.Name: "{login}", s.A.ID: "{A}", s.B.ID: "{B}"}}
	r.app = s.Application(t, s.B, "Desk", false)
	r.at = s.Present(t, s.B, r.app.AppID)
	s.Delegate(t, s.B, r.at.ID, "User.Read")
	r.known[r.app.AppID] = "{client}"
	for version, name := range map[int]string{1: "Old API", 2: "New API"} {
		r.apis[version] = r.api(name, version)
	}
	member := r.user(s.B, "clerk", "Payroll", "Clerk")
	home := r.user(s.A, "engineer", "Plant", "Engineer")
	guest := r.guest(home)
	r.known[member], r.known[home], r.known[guest] = "{clerk}", "{engineer at home}", "{engineer}"
	r.people["member"] = token.Code{Object: ids.ObjectID(member), Proof: token.Proof{Home: ids.TenantID(s.B.ID), User: ids.ObjectID(member)}}
	r.people["guest"] = token.Code{Object: ids.ObjectID(guest), Proof: token.Proof{Home: ids.TenantID(s.A.ID), User: ids.ObjectID(home)}}
	for who, c := range r.people {
		for app, name := range map[string]string{r.app.AppID: "client", r.apis[1].AppID: "Old API", r.apis[2].AppID: "New API", "00000003-0000-0000-c000-000000000000": "Graph"} {
			r.known[token.Pairwise(ids.TenantID(s.B.ID), c.Object, ids.AppID(app))] = "{" + who + " at " + name + "}"
		}
		r.known[token.LoginHint(c.Home, c.User, map[string]string{"member": "clerk@" + s.B.Domain, "guest": "engineer@" + s.A.Domain}[who])] = "{hint of the " + who + "}"
	}
	return r
}

func (r *reception) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// api makes an API with one scope, which everybody has agreed to, and a role
// that both people have.
func (r *reception) api(name string, version int) enttest.Application {
	r.t.Helper()
	a := r.Application(r.t, r.B, name, false)
	r.Graph(r.t, r.B, http.MethodPatch, "/v1.0/applications/"+a.ID, map[string]any{
		"identifierUris": []string{"api://" + a.AppID},
		"api": map[string]any{"requestedAccessTokenVersion": version, "oauth2PermissionScopes": []any{map[string]any{
			"id": enttest.NewID(), "value": "Read", "type": "User", "isEnabled": true, "adminConsentDisplayName": "Read", "adminConsentDescription": "Read",
		}}},
	}, nil)
	p := r.Present(r.t, r.B, a.AppID)
	r.Graph(r.t, r.B, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": r.at.ID, "resourceId": p.ID, "consentType": "AllPrincipals", "scope": "Read",
	}, nil)
	r.known[a.AppID] = "{" + name + "}"
	return a
}

func (r *reception) user(in *enttest.Tenant, nick, given, family string) string {
	r.t.Helper()
	var made struct{ ID string }
	r.Graph(r.t, in, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": given + " " + family, "givenName": given, "surname": family, "mailNickname": nick,
		"userPrincipalName": nick + "@" + in.Domain, "mail": nick + "@" + in.Domain, "country": "NL", "preferredLanguage": "nl-NL",
		"passwordProfile": map[string]any{"password": "Correct-horse-7"},
	}, &made)
	return made.ID
}

// guest invites an account of A to B, and accepts for it.
func (r *reception) guest(home string) (id string) {
	r.t.Helper()
	r.ok(r.db.Update(r.t.Context(), func(tx *sqldb.Tx) error {
		b, err := tenant.Get(r.t.Context(), tx, ids.TenantID(r.B.ID))
		if err != nil {
			return err
		}
		g, err := directory.AddGuest(r.t.Context(), tx, b, directory.Invitee{Mail: "engineer@" + r.A.Domain, DisplayName: "Engineer of A"})
		if err != nil {
			return err
		}
		id = string(g.ID)
		return directory.AcceptGuest(r.t.Context(), tx, g, ids.Principal{Kind: ids.Person, Home: ids.TenantID(r.A.ID), ID: ids.ObjectID(home)})
	}))
	return id
}

// code issues a code, as the end of a sign-in does.
func (r *reception) code(who, scope string) (text string) {
	r.t.Helper()
	r.ok(r.db.Update(r.t.Context(), func(tx *sqldb.Tx) (err error) {
		c := r.people[who]
		c.Session, c.Methods, c.AuthAt = "77777777-7777-4777-8777-777777777777", []string{"pwd"}, tx.Now()
		c.Tenant, c.Client, c.Redirect, c.Platform, c.Scope, c.Nonce = ids.TenantID(r.B.ID), ids.AppID(r.app.AppID), back, token.Native, scope, "n"
		text, err = token.AddCode(r.t.Context(), tx, c)
		return err
	}))
	return text
}

// An answer is what the token endpoint gave.
type answer struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
}

// redeem asks for tokens at an endpoint of a version.
func (r *reception) redeem(version int, form url.Values) answer {
	r.t.Helper()
	path := "/" + r.B.ID + "/oauth2/v2.0/token"
	if version == 1 {
		path = "/" + r.B.ID + "/oauth2/token"
	}
	form.Set("client_id", r.app.AppID)
	got := r.Post(r.t, path, form)
	if got.Status != http.StatusOK {
		r.t.Fatalf("%s: %d %s", path, got.Status, got.Body)
	}
	var a answer
	got.Into(r.t, &a)
	return a
}

// signIn redeems a code for a resource.
func (r *reception) signIn(version int, who, resource string) answer {
	r.t.Helper()
	scope := "openid profile email offline_access " + resource + "/.default"
	form := url.Values{"grant_type": {"authorization_code"}, "code": {r.code(who, scope)}, "redirect_uri": {back}}
	if version == 1 {
		form.Set("resource", resource)
	} else {
		form.Set("scope", scope)
	}
	return r.redeem(version, form)
}

var altSecForm = regexp.MustCompile(`^5::1003[0-9A-F]{12}$`)

// told returns what a token says, with names for what differs each time.
func (r *reception) told(raw string) map[string]any {
	r.t.Helper()
	claims := enttest.Claims(r.t, raw)
	for _, name := range []string{"uti", "rh", "aio"} {
		delete(claims, name)
	}
	if id, _ := claims["altsecid"].(string); altSecForm.MatchString(id) {
		claims["altsecid"] = "5::{sixteen digits}"
	}
	text, err := json.Marshal(claims)
	r.ok(err)
	for value, name := range r.known {
		text = bytes.ReplaceAll(text, []byte(value), []byte(name))
	}
	var out map[string]any
	r.ok(json.Unmarshal(text, &out))
	return out
}

// wish is what the applications' manifests ask for.
var wish = map[string]any{
	"groupMembershipClaims": "SecurityGroup, DirectoryRole",
	"optionalClaims": map[string]any{
		"idToken": claims("acct", "auth_time", "ctry", "email", "ipaddr", "login_hint", "tenant_ctry", "upn", "verified_primary_email", "xms_edov", "xms_pl", "given_name", "family_name"),
		"accessToken": append(claims("acct", "email", "login_hint", "tenant_region_scope", "preferred_username", "xms_edov"),
			map[string]any{"name": "idtyp", "additionalProperties": []string{"include_user_token"}},
			map[string]any{"name": "upn", "additionalProperties": []string{"include_externally_authenticated_upn"}}),
	},
}

func claims(names ...string) []any {
	var list []any
	for _, n := range names {
		list = append(list, map[string]any{"name": n})
	}
	return list
}

// TestTokensOfPeople compares whole tokens of a member and a guest with the
// golden file: sections 3.3, 8.3 and 8.6 of the reference; by what the manifests
// ask for, in both versions, fresh and renewed.
func TestTokensOfPeople(t *testing.T) {
	const file = "testdata/person_tokens.json"
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		r := receive(t, engine)
		all := map[string]any{}
		take := func(name string, version int, who, resource string) {
			first := r.signIn(version, who, resource)
			id, access := r.told(first.ID), r.told(first.Access)
			all[name+", ID token"], all[name+", access token"] = id, access
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}
			if version == 1 {
				form.Set("resource", resource)
			} else {
				form.Set("scope", "openid profile email offline_access "+resource+"/.default")
			}
			next := r.redeem(version, form)
			want := maps.Clone(id)
			delete(want, "nonce")
			if diff := cmp.Diff(want, r.told(next.ID)); diff != "" {
				t.Errorf("%s, renewed ID token (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(access, r.told(next.Access)); diff != "" {
				t.Errorf("%s, renewed access token (-want +got):\n%s", name, diff)
			}
		}
		both := func(manifest string) {
			for _, who := range []string{"member", "guest"} {
				for version, api := range r.apis {
					take(who+", version "+string(rune('0'+version))+", "+manifest, version, who, "api://"+api.AppID)
				}
			}
		}
		both("as it is")
		for _, who := range []string{"member", "guest"} {
			take(who+", for Graph", 2, who, "https://graph.microsoft.com")
		}
		var group struct{ ID string }
		r.Graph(t, r.B, http.MethodPost, "/v1.0/groups", map[string]any{
			"displayName": "Both", "mailNickname": "both", "mailEnabled": false, "securityEnabled": true,
			"members@odata.bind": []string{r.Name + "/v1.0/users/" + string(r.people["member"].Object), r.Name + "/v1.0/users/" + string(r.people["guest"].Object)},
		}, &group)
		r.known[group.ID] = "{group}"
		for _, a := range []enttest.Application{r.app, r.apis[1], r.apis[2]} {
			r.Graph(t, r.B, http.MethodPatch, "/v1.0/applications/"+a.ID, wish, nil)
		}
		both("as asked")

		got, err := json.MarshalIndent(all, "", "  ")
		r.ok(err)
		if *update {
			r.ok(os.WriteFile(file, append(got, '\n'), 0o600))
		}
		want, err := os.ReadFile(file)
		r.ok(err)
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got)+"\n", "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	})
}
