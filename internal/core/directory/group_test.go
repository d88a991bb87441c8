package directory_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// groupBody returns the Graph body of a security group, with changes.
func groupBody(t *testing.T, name string, changes ...map[string]any) []byte {
	t.Helper()
	m := map[string]any{
		"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{},
	}
	for _, c := range changes {
		for k, v := range c {
			m[k] = v
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var (
	unified    = map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true}
	assignable = map[string]any{"isAssignableToRole": true}
)

func addGroup(t *testing.T, h *house.House, name string, changes ...map[string]any) *directory.Group {
	t.Helper()
	g, err := h.Users.CreateGroup(t.Context(), h.A.Admin, groupBody(t, name, changes...), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGroupRules(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		for name, tt := range map[string]struct {
			change map[string]any
			target string
			reason error
		}{
			"a security group":              {nil, "", nil},
			"a Microsoft 365 group":         {map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "mailNickname": "m365"}, "", nil},
			"mail without Unified":          {map[string]any{"mailEnabled": true}, "", directory.MailEnabledGroup},
			"a distribution list":           {map[string]any{"mailEnabled": true, "securityEnabled": false}, "", directory.MailEnabledGroup},
			"Unified without mail":          {map[string]any{"groupTypes": []string{"Unified"}}, "mailEnabled", fault.Invalid},
			"dynamic":                       {map[string]any{"groupTypes": []string{"DynamicMembership"}}, "", directory.DynamicGroup},
			"a rule":                        {map[string]any{"membershipRule": "user.department -eq \"x\""}, "", directory.DynamicGroup},
			"an unknown type":               {map[string]any{"groupTypes": []string{"Other"}}, "groupTypes", fault.Invalid},
			"no nickname":                   {map[string]any{"mailNickname": nil}, "mailNickname", fault.Invalid},
			"a nickname with a space":       {map[string]any{"mailNickname": "a b"}, "mailNickname", fault.Invalid},
			"no name":                       {map[string]any{"displayName": " "}, "displayName", fault.Invalid},
			"an empty description":          {map[string]any{"description": ""}, "description", fault.Invalid},
			"hidden members, not Unified":   {map[string]any{"visibility": "HiddenMembership"}, "", nil}, // has no visibility
			"roles without security":        {map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false, "isAssignableToRole": true}, "isAssignableToRole", fault.Invalid},
			"another's identifier":          {map[string]any{"securityIdentifier": "S-1"}, "", nil}, // the service's own is kept
			"a visibility nobody knows":     {map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "visibility": "None"}, "visibility", fault.Invalid},
			"no word on mail":               {map[string]any{"mailEnabled": nil}, "mailEnabled", fault.Invalid},
			"an unknown member of the body": {map[string]any{"colour": "red"}, "colour", fault.Invalid},
		} {
			_, err := h.Users.CreateGroup(t.Context(), h.A.Admin, groupBody(t, "rules", tt.change), nil, nil)
			if !errors.Is(err, tt.reason) || err != nil && tt.target != "" && fault.Public(err).Target != tt.target {
				t.Errorf("%s: err = %v, want %v at %q", name, err, tt.reason, tt.target)
			}
		}
	})
}

func TestGroupLife(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		g := addGroup(t, h, "Team", unified)
		if *g.Mail != "Team@contoso.example" && *g.Mail != "Team@contoso.onmicrosoft.com" || g.ProxyAddresses[0] != "SMTP:"+*g.Mail || *g.Visibility != directory.Public {
			t.Errorf("mail %q, addresses %v, visibility %q", *g.Mail, g.ProxyAddresses, *g.Visibility)
		}
		if _, err := h.Users.CreateGroup(ctx, h.A.Admin, groupBody(t, "TEAM", unified), nil, nil); !errors.Is(err, object.NameTaken) {
			t.Errorf("a second nickname with mail: err = %v, want NameTaken", err)
		}
		addGroup(t, h, "team") // nicknames of groups without mail may repeat
		unnamed := map[string]any{"uniqueName": "one"}
		addGroup(t, h, "first", unnamed)
		if _, err := h.Users.CreateGroup(ctx, h.A.Admin, groupBody(t, "second", unnamed), nil, nil); !errors.Is(err, object.NameTaken) {
			t.Errorf("a second unique name: err = %v, want NameTaken", err)
		}
		changed, err := h.Users.UpdateGroup(ctx, h.A.Admin, g.ID, []byte(`{"description":"d","displayName":"Crew"}`), nil)
		if err != nil || *changed.Description != "d" || changed.DisplayName != "Crew" {
			t.Fatalf("got %+v, %v", changed, err)
		}
		if err := h.Users.DeleteGroup(ctx, h.B.Admin, g.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("another tenant deletes: err = %v, want NotFound", err)
		}
		if err := h.Users.DeleteGroup(ctx, h.A.Admin, g.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Users.UpdateGroup(ctx, h.A.Admin, g.ID, []byte(`{}`), nil); !errors.Is(err, fault.NotFound) {
			t.Errorf("after deletion: err = %v, want NotFound", err)
		}
		addGroup(t, h, "Team", unified) // the nickname is free again
	})
}

func TestGroupAuthority(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		owner, other, keeper, chief := h.AddUser(t, h.A, "owner"), h.AddUser(t, h.A, "other"), h.AddUser(t, h.A, "keeper"), h.AddUser(t, h.A, "chief")
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(authz.Assign(ctx, tx, h.A.ID, keeper.ID, authz.GroupsAdministrator),
				authz.Assign(ctx, tx, h.A.ID, chief.ID, authz.PrivilegedRoleAdministrator))
		}); err != nil {
			t.Fatal(err)
		}
		as := func(u *directory.User) authz.Caller { return house.Person(h.A.ID, u.ID) }
		mine, err := h.Users.CreateGroup(ctx, as(owner), groupBody(t, "mine"), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		high := addGroup(t, h, "high", assignable)
		if err := h.Users.AddGroupOwner(ctx, h.A.Admin, high.ID, owner.ID); err != nil {
			t.Fatal(err)
		}
		program := house.Program(h.A.ID, ids.New[ids.ObjectID](), "GroupMember.ReadWrite.All")
		trusted := house.Program(h.A.ID, program.Object, "GroupMember.ReadWrite.All", directory.RoleManagement)
		limited := as(owner)
		limited.App, limited.Scopes = ids.New[ids.AppID](), []string{"Group.ReadWrite.All"}
		for name, tt := range map[string]struct {
			who   authz.Caller
			group *directory.Group
			want  error
		}{
			"the owner":                      {as(owner), mine, nil},
			"someone else":                   {as(other), mine, authz.Denied},
			"a Groups Administrator":         {as(keeper), mine, nil},
			"a program":                      {program, mine, nil},
			"another tenant's administrator": {h.B.Admin, mine, fault.NotFound},
			"a Groups Administrator, where roles are given": {as(keeper), high, authz.Denied},
			"a Privileged Role Administrator":               {as(chief), high, nil},
			"the owner, where roles are given":              {as(owner), high, nil},
			"the owner through a program that may not":      {limited, high, authz.Denied},
			"a program, where roles are given":              {program, high, authz.Denied},
			"a program that may manage roles":               {trusted, high, nil},
		} {
			member := h.AddUser(t, h.A, "m"+string(ids.New[ids.ObjectID]()))
			if err := h.Users.AddMember(ctx, tt.who, tt.group.ID, member.ID, time.Time{}); !errors.Is(err, tt.want) {
				t.Errorf("%s adds a member: err = %v, want %v", name, err, tt.want)
			}
		}
		if _, err := h.Users.CreateGroup(ctx, as(keeper), groupBody(t, "high2", assignable), nil, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("a Groups Administrator makes a group for roles: err = %v, want Denied", err)
		}
		guest := h.AddUser(t, h.A, "guest")
		if _, err := h.Users.Update(ctx, h.A.Admin, string(guest.ID), []byte(`{"userType":"Guest"}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Users.CreateGroup(ctx, as(guest), groupBody(t, "guests"), nil, nil); !errors.Is(err, authz.Denied) {
			t.Errorf("a guest makes a group: err = %v, want Denied", err)
		}
	})
}

func TestOwnersOfGroups(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, g := t.Context(), addGroup(t, h, "owned")
		a, b := h.AddUser(t, h.A, "a"), h.AddUser(t, h.A, "b")
		add := func(id ids.ObjectID) error { return h.Users.AddGroupOwner(ctx, h.A.Admin, g.ID, id) }
		if err := errors.Join(add(a.ID), add(b.ID)); err != nil {
			t.Fatal(err)
		}
		if err := add(a.ID); !errors.Is(err, object.AlreadyOwner) {
			t.Errorf("twice: err = %v, want AlreadyOwner", err)
		}
		if err := add(addGroup(t, h, "other").ID); !errors.Is(err, directory.NotAnyOne) {
			t.Errorf("a group: err = %v, want NotAnyOne", err)
		}
		remove := func(id ids.ObjectID) error { return h.Users.RemoveGroupOwner(ctx, h.A.Admin, g.ID, id) }
		if err := remove(a.ID); err != nil {
			t.Fatal(err)
		}
		if err := remove(a.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("no owner: err = %v, want NotFound", err)
		}
		if err := remove(b.ID); !errors.Is(err, directory.LastOwner) {
			t.Errorf("the last one: err = %v, want LastOwner", err)
		}
	})
}

// idsIn returns what is in scope, in order.
func idsIn(t *testing.T, h *house.House, s directory.Scope) []ids.ObjectID {
	t.Helper()
	var list []ids.ObjectID
	if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		page, err := directory.ListObjects(t.Context(), tx, h.A.ID, s, "", query.Query{})
		for _, o := range page.Items {
			list = append(list, o.ID)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func same(t *testing.T, what string, got []ids.ObjectID, want ...ids.ObjectID) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestNesting(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, u := t.Context(), h.AddUser(t, h.A, "deep")
		a, b, c := addGroup(t, h, "a"), addGroup(t, h, "b"), addGroup(t, h, "c")
		for _, step := range [][2]ids.ObjectID{{a.ID, b.ID}, {b.ID, c.ID}, {c.ID, a.ID}, {c.ID, u.ID}} {
			if err := h.Users.AddMember(ctx, h.A.Admin, step[0], step[1], time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "members of a", idsIn(t, h, directory.MembersOf(a.ID)), b.ID)
		same(t, "all members of a circle", idsIn(t, h, directory.AllMembersOf(a.ID)), a.ID, b.ID, c.ID, u.ID)
		same(t, "groups of the user", idsIn(t, h, directory.GroupsOf(u.ID)), c.ID)
		same(t, "all groups of the user", idsIn(t, h, directory.AllGroupsOf(u.ID)), a.ID, b.ID, c.ID)
		same(t, "another tenant's view", idsIn(t, &house.House{DB: h.DB, A: h.B}, directory.AllMembersOf(a.ID)))
		if err := h.Users.DeleteGroup(ctx, h.A.Admin, b.ID); err != nil {
			t.Fatal(err)
		}
		same(t, "all members without the link", idsIn(t, h, directory.AllMembersOf(a.ID)))
		same(t, "all groups without the link", idsIn(t, h, directory.AllGroupsOf(u.ID)), c.ID)
		if err := h.Users.AddMember(ctx, h.A.Admin, a.ID, a.ID, time.Time{}); !errors.Is(err, directory.NotAnyOne) {
			t.Errorf("a group in itself: err = %v, want NotAnyOne", err)
		}
		if err := h.Users.AddMember(ctx, h.A.Admin, addGroup(t, h, "m365", unified).ID, c.ID, time.Time{}); !errors.Is(err, directory.NotAnyOne) {
			t.Errorf("a group in a Microsoft 365 group: err = %v, want NotAnyOne", err)
		}
		if err := h.Users.AddMember(ctx, h.A.Admin, a.ID, h.B.Admin.Object, time.Time{}); !errors.Is(err, fault.NotFound) {
			t.Errorf("another tenant's person: err = %v, want NotFound", err)
		}
	})
}

func TestMembershipEnds(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, u, g := t.Context(), h.AddUser(t, h.A, "brief"), addGroup(t, h, "brief", assignable)
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, h.A.ID, g.ID, authz.GroupsAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		roles := func() (held []ids.RoleID) {
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				held, err = authz.RolesOf(ctx, tx, h.A.ID, u.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return held
		}
		add := func(until time.Time) error { return h.Users.AddMember(ctx, h.A.Admin, g.ID, u.ID, until) }
		if err := add(h.Clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := add(time.Time{}); !errors.Is(err, directory.AlreadyMember) {
			t.Errorf("twice: err = %v, want AlreadyMember", err)
		}
		same(t, "before the end", idsIn(t, h, directory.MembersOf(g.ID)), u.ID)
		if got := roles(); !slices.Equal(got, []ids.RoleID{authz.GroupsAdministrator}) {
			t.Errorf("roles before the end: %v", got)
		}
		h.Clock.Advance(time.Hour)
		same(t, "at the end", idsIn(t, h, directory.MembersOf(g.ID)))
		if got := roles(); len(got) > 0 {
			t.Errorf("roles at the end: %v", got)
		}
		if n, err := h.Users.EndDue(ctx, 10); n != 1 || err != nil {
			t.Errorf("ended %d, %v, want 1", n, err)
		}
		if n, err := h.Users.EndDue(ctx, 10); n != 0 || err != nil {
			t.Errorf("ended %d, %v again, want none", n, err)
		}
		if err := add(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if got := roles(); len(got) != 1 {
			t.Errorf("roles without an end: %v", got)
		}
		if err := h.Users.RemoveMember(ctx, h.A.Admin, g.ID, u.ID); err != nil {
			t.Fatal(err)
		}
		if got := roles(); len(got) > 0 {
			t.Errorf("roles after leaving: %v", got)
		}
		if err := h.Users.RemoveMember(ctx, h.A.Admin, g.ID, u.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("no member: err = %v, want NotFound", err)
		}
		if err := errors.Join(add(time.Time{}), h.Users.DeleteGroup(ctx, h.A.Admin, g.ID)); err != nil {
			t.Fatal(err)
		}
		if got := roles(); len(got) > 0 {
			t.Errorf("roles of a deleted group: %v", got)
		}
	})
}

func TestFindingGroups(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		u := h.AddUser(t, h.A, "in")
		team, plain := addGroup(t, h, "Team", unified), addGroup(t, h, "Plain")
		for _, g := range []*directory.Group{team, plain} {
			if err := h.Users.AddMember(t.Context(), h.A.Admin, g.ID, u.ID, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		eq := func(field string, v any) query.Expr { return query.Compare{Field: field, Op: query.Eq, Value: v} }
		for name, tt := range map[string]struct {
			filter query.Expr
			want   []ids.ObjectID
		}{
			"by type":     {query.Any{Field: "groupTypes", Of: eq("", "unified")}, []ids.ObjectID{team.ID}},
			"by no type":  {query.Not{X: query.Any{Field: "groupTypes", Of: eq("", "Unified")}}, []ids.ObjectID{plain.ID}},
			"by mail":     {eq("mailEnabled", true), []ids.ObjectID{team.ID}},
			"by nickname": {eq("mailNickname", "plain"), []ids.ObjectID{plain.ID}},
			"by name":     {query.StartsWith{Field: "displayName", Value: "TE"}, []ids.ObjectID{team.ID}},
			"by address":  {query.Any{Field: "proxyAddresses", Of: query.StartsWith{Field: "", Value: "smtp:team@"}}, []ids.ObjectID{team.ID}},
		} {
			if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
				page, err := directory.ListGroups(t.Context(), tx, h.A.ID, directory.GroupsOf(u.ID), query.Query{Filter: tt.filter}, true)
				var got []ids.ObjectID
				for _, r := range page.Items {
					got = append(got, r.ID)
				}
				same(t, name, got, tt.want...)
				n, counted := directory.CountGroups(t.Context(), tx, h.A.ID, directory.Scope{}, tt.filter)
				if n != len(tt.want) {
					t.Errorf("%s: counted %d", name, n)
				}
				return errors.Join(err, counted)
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAGroupForRolesStaysPrivate, whatever kind it is of and whatever it was
// asked to be: nobody joins it unasked.
func TestAGroupForRolesStaysPrivate(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		for name, kind := range map[string]map[string]any{"sec": {}, "m365": unified} {
			g := addGroup(t, h, name, assignable, kind, map[string]any{"visibility": "Public"})
			if g.Visibility == nil || *g.Visibility != directory.Private {
				t.Errorf("%s: a new one is %v, want Private", name, g.Visibility)
			}
			for _, v := range []string{`"Public"`, `"HiddenMembership"`, `null`} {
				if _, err := h.Users.UpdateGroup(ctx, h.A.Admin, g.ID, []byte(`{"visibility":`+v+`}`), nil); fault.Public(err).Target != "visibility" {
					t.Errorf("%s, %s: err = %v, want a fault of visibility", name, v, err)
				}
			}
			for _, body := range []string{`{"securityEnabled":false}`, `{"isAssignableToRole":false}`, `{"visibility":"Private"}`} {
				_, _ = h.Users.UpdateGroup(ctx, h.A.Admin, g.ID, []byte(body), nil) // refused or passed over
				if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) { g, err = directory.GetGroup(ctx, tx, h.A.ID, g.ID); return err }); err != nil {
					t.Fatal(err)
				}
				if !g.AssignableToRole() || !g.Secures() || *g.Visibility != directory.Private {
					t.Errorf("%s, after %s: roles %t, security %t, %s", name, body, g.AssignableToRole(), g.Secures(), *g.Visibility)
				}
			}
			other := addGroup(t, h, name+"other")
			if err := h.Users.AddMember(ctx, h.A.Admin, g.ID, other.ID, time.Time{}); !errors.Is(err, directory.NotAnyOne) {
				t.Errorf("%s: a group in it: err = %v, want NotAnyOne", name, err)
			}
			if _, err := h.Users.CreateGroup(ctx, h.A.Admin, groupBody(t, name+"more", assignable, kind), nil, []ids.ObjectID{other.ID}); !errors.Is(err, directory.NotAnyOne) {
				t.Errorf("%s: made with a group in it: err = %v, want NotAnyOne", name, err)
			}
			dynamic := append([]string{directory.Dynamic}, g.GroupTypes...)
			if _, err := h.Users.CreateGroup(ctx, h.A.Admin, groupBody(t, name+"rule", assignable, kind, map[string]any{"groupTypes": dynamic}), nil, nil); !errors.Is(err, directory.DynamicGroup) {
				t.Errorf("%s: a dynamic one: err = %v, want DynamicGroup", name, err)
			}
		}
	})
}
