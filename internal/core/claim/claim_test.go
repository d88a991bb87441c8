package claim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/claim"
	"entente/internal/core/token"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, stored string
		want         claim.Ask
	}{
		{"nothing", "", claim.Ask{}},
		{"security groups", `{"groups":"SecurityGroup"}`, claim.Ask{Security: true}},
		{"all groups, and roles", `{"groups":"All"}`, claim.Ask{All: true, Directory: true}},
		{"roles alone", `{"groups":"DirectoryRole"}`, claim.Ask{Directory: true}},
		{"a list", `{"groups":"SecurityGroup, ApplicationGroup"}`, claim.Ask{Security: true, Application: true}},
		{"none", `{"groups":"None"}`, claim.Ask{}},
		{"optional claims", `{"idToken":[{"name":"email"},{"name":"upn","additionalProperties":["x"]}],"accessToken":[{"name":"acct","source":null}]}`,
			claim.Ask{ID: claim.Optional{"email": nil, "upn": {"x"}}, Access: claim.Optional{"acct": nil}}},
		{"an extension of the directory", `{"idToken":[{"name":"extension_1_x","source":"user"}]}`, claim.Ask{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := claim.Parse(tt.stored)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := claim.Parse("{"); err == nil {
		t.Error("half a manifest is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"groups":"All","idToken":[{"name":"email","source":null,"additionalProperties":["x"]}],"accessToken":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := claim.Parse(text)
		if err != nil {
			return
		}
		if a.All && !a.Directory || len(claim.Requestable(slices.Collect(maps.Keys(a.ID)))) > 2 {
			t.Errorf("%q: %+v", text, a)
		}
	})
}

func TestRequestable(t *testing.T) {
	if got := claim.Requestable([]string{"email", "login_hint", "groups", "auth_time"}); !slices.Equal(got, []string{"login_hint", "auth_time"}) {
		t.Errorf("a request may want %v", got)
	}
}

// A reading is a person of a house and an application that asks about them.
type reading struct {
	*house.House
	t      *testing.T
	person ids.ObjectID
	at     ids.ObjectID // the application's service principal
	app    *app.Application
}

func eachReading(t *testing.T, test func(t *testing.T, r *reading)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		r := &reading{House: h, t: t, person: h.AddUser(t, h.A, "reader").ID}
		var err error
		r.app, err = h.Apps.Create(t.Context(), h.A.Admin, []byte(`{"displayName":"Reader"}`), nil)
		r.ok(err)
		p, err := h.Apps.CreatePrincipal(t.Context(), h.A.Admin, r.app.AppID, []byte(`{}`), nil)
		r.ok(err)
		r.at = p.ID
		test(t, r)
	})
}

func (r *reading) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// group makes a group with a member.
func (r *reading) group(name, more string, member ids.ObjectID) ids.ObjectID {
	r.t.Helper()
	g, err := r.Users.CreateGroup(r.t.Context(), r.A.Admin, fmt.Appendf(nil,
		`{"displayName":%q,"mailNickname":%q,"mailEnabled":false,"securityEnabled":true%s}`, name, name, more), nil, []ids.ObjectID{member})
	r.ok(err)
	return g.ID
}

const unified = `,"groupTypes":["Unified"],"mailEnabled":true,"securityEnabled":false`

// asks gives the application a manifest.
func (r *reading) asks(body string) {
	r.t.Helper()
	_, err := r.Apps.Update(r.t.Context(), r.A.Admin, r.app.ID, []byte(body))
	r.ok(err)
}

// read returns what an ID token says, and an access token.
func (r *reading) read(inAddress bool) (id, access token.Extra) {
	r.t.Helper()
	r.ok(r.DB.View(r.t.Context(), func(tx *sqldb.Tx) error {
		c, err := app.FindClient(r.t.Context(), tx, r.A.ID, r.app.AppID)
		if err != nil {
			return err
		}
		api, err := app.FindResource(r.t.Context(), tx, r.A.ID, string(r.app.AppID))
		if err != nil {
			return err
		}
		of := claim.Reader{Tenant: r.A.ID, Principal: r.at, Stored: c.Claims, Person: r.person, Endpoint: "all"}
		if id, err = claim.ForID(r.t.Context(), tx, of, nil, inAddress); err != nil {
			return err
		}
		of.Stored = api.Claims
		access, err = claim.ForAccess(r.t.Context(), tx, of)
		return err
	}))
	return id, access
}

func (r *reading) wantGroups(want ...ids.ObjectID) {
	r.t.Helper()
	id, access := r.read(false)
	var names []string
	for _, g := range want {
		names = append(names, string(g))
	}
	for kind, x := range map[string]token.Extra{"ID": id, "access": access} {
		got := slices.Sorted(slices.Values(x.Groups.Names))
		if !slices.Equal(got, slices.Sorted(slices.Values(names))) {
			r.t.Errorf("an %s token names %v, want %v", kind, got, names)
		}
	}
}

// TestGroups: which groups each setting tells.
func TestGroups(t *testing.T) {
	eachReading(t, func(t *testing.T, r *reading) {
		ctx := t.Context()
		direct := r.group("direct", "", r.person)
		above := r.group("above", "", direct)
		mail := r.group("mail", unified, r.person)
		opened, inner := r.group("opened", "", r.person), r.group("inner", "", above)
		for _, g := range []ids.ObjectID{opened, inner} {
			_, err := r.Consent.Assign(ctx, r.A.Admin, g, r.at, ids.Nil, time.Time{})
			r.ok(err)
		}
		r.group("others", "", r.AddUser(t, r.A, "somebody").ID)
		gone := r.group("gone", "", r.person)
		r.ok(r.Users.DeleteGroup(ctx, r.A.Admin, gone))
		until := r.group("until", "", r.AddUser(t, r.A, "another").ID)
		r.ok(r.Users.AddMember(ctx, r.A.Admin, until, r.person, r.Clock.Now().Add(time.Hour)))

		r.wantGroups()
		r.asks(`{"groupMembershipClaims":"SecurityGroup"}`)
		r.wantGroups(direct, above, opened, inner, until)
		r.Clock.Advance(2 * time.Hour)
		r.wantGroups(direct, above, opened, inner)
		r.asks(`{"groupMembershipClaims":"All"}`)
		r.wantGroups(direct, above, opened, inner, mail)
		r.asks(`{"groupMembershipClaims":"ApplicationGroup"}`)
		r.wantGroups(opened)
		r.asks(`{"groupMembershipClaims":"ApplicationGroup,SecurityGroup"}`)
		r.wantGroups(direct, above, opened, inner)
		r.asks(`{"groupMembershipClaims":"DirectoryRole"}`)
		r.wantGroups()
		r.asks(`{"groupMembershipClaims":"None"}`)
		r.wantGroups()

		r.asks(`{"groupMembershipClaims":"ApplicationGroup","optionalClaims":{"idToken":[{"name":"groups","additionalProperties":["sam_account_name","cloud_displayname"]}],
			"accessToken":[{"name":"groups","additionalProperties":["emit_as_roles"]}]}}`)
		id, access := r.read(false)
		if diff := cmp.Diff(token.Groups{Names: []string{"opened"}}, id.Groups); diff != "" {
			t.Errorf("by name (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(token.Groups{Names: []string{string(opened)}, AsRoles: true}, access.Groups); diff != "" {
			t.Errorf("as roles (-want +got):\n%s", diff)
		}
		r.asks(`{"groupMembershipClaims":"ApplicationGroup,SecurityGroup"}`)
		if id, _ := r.read(false); slices.Contains(id.Groups.Names, "opened") {
			t.Error("a group that anybody could have made is told by its name")
		}
	})
}

// TestDirectoryRoles are told to those who ask, as they are held now.
func TestDirectoryRoles(t *testing.T) {
	eachReading(t, func(t *testing.T, r *reading) {
		give := func(f func(context.Context, *sqldb.Tx, ids.TenantID, ids.ObjectID, ids.RoleID) error) {
			t.Helper()
			r.ok(r.DB.Update(t.Context(), func(tx *sqldb.Tx) error { return f(t.Context(), tx, r.A.ID, r.person, authz.UserAdministrator) }))
		}
		give(authz.Assign)
		want := func(told bool, roles ...string) {
			t.Helper()
			id, access := r.read(false)
			for _, x := range []token.Extra{id, access} {
				if x.Directory != told || !slices.Equal(x.WIDs, roles) {
					t.Errorf("told %v, %v, want %v, %v", x.Directory, x.WIDs, told, roles)
				}
			}
		}
		r.asks(`{"groupMembershipClaims":"SecurityGroup"}`)
		want(false)
		for _, kind := range []string{"DirectoryRole", "All", "SecurityGroup,DirectoryRole"} {
			r.asks(`{"groupMembershipClaims":"` + kind + `"}`)
			want(true, string(authz.UserAdministrator))
		}
		give(authz.Unassign)
		want(true)
	})
}

// TestTooManyGroups: 200 fit, or five in an address.
func TestTooManyGroups(t *testing.T) {
	eachReading(t, func(t *testing.T, r *reading) {
		r.asks(`{"groupMembershipClaims":"SecurityGroup"}`)
		n := 0
		fill := func(to int) {
			for ; n < to; n++ {
				r.group(fmt.Sprintf("g%03d", n), "", r.person)
			}
		}
		fill(claim.RoomInAddress)
		if id, _ := r.read(true); len(id.Groups.Names) != n || id.Groups.Some {
			t.Errorf("of %d groups an address has %+v", n, id.Groups)
		}
		fill(claim.RoomInAddress + 1)
		if id, access := r.read(true); id.Groups.Names != nil || !id.Groups.Some || len(access.Groups.Names) != n {
			t.Errorf("of %d groups an address has %+v, and an access token %+v", n, id.Groups, access.Groups)
		}
		if testing.Short() {
			return
		}
		fill(claim.Room)
		if id, access := r.read(false); len(id.Groups.Names) != n || len(access.Groups.Names) != n {
			t.Errorf("of %d groups tokens name %d and %d", n, len(id.Groups.Names), len(access.Groups.Names))
		}
		fill(claim.Room + 1)
		id, access := r.read(false)
		for _, x := range []token.Extra{id, access} {
			if diff := cmp.Diff(token.Groups{Over: "all"}, x.Groups); diff != "" {
				t.Errorf("of %d groups (-want +got):\n%s", n, diff)
			}
		}
	})
}

// TestManifestIsKept: what Graph takes is what the token endpoint reads, and an
// application that asks for nothing keeps nothing.
func TestManifestIsKept(t *testing.T) {
	eachReading(t, func(t *testing.T, r *reading) {
		stored := func() (text string) {
			t.Helper()
			r.ok(r.DB.View(t.Context(), func(tx *sqldb.Tx) error {
				c, err := app.FindClient(t.Context(), tx, r.A.ID, r.app.AppID)
				text = c.Claims
				return err
			}))
			return text
		}
		for _, body := range []string{`{}`, `{"groupMembershipClaims":"None"}`, `{"optionalClaims":{"idToken":[],"accessToken":[],"saml2Token":[{"name":"email"}]}}`} {
			if r.asks(body); stored() != "" {
				t.Errorf("%s leaves %s", body, stored())
			}
		}
		r.asks(`{"optionalClaims":{"idToken":[{"name":"email","essential":true}]}}`)
		var m app.ManifestClaims
		r.ok(json.Unmarshal([]byte(stored()), &m))
		if len(m.IDToken) != 1 || m.IDToken[0].Name != "email" {
			t.Errorf("kept is %s", stored())
		}
		r.asks(`{"optionalClaims":null}`)
		if stored() != "" {
			t.Errorf("what was asked for once stays: %s", stored())
		}
	})
}
