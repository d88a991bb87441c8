package attack

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// guestEnumerates: somebody of tenant A is a guest of B, in an application that
// B lets read the whole directory. They see themselves, and do not leaf.
func guestEnumerates(t *testing.T, g *ground) {
	var clerk struct{ ID string }
	g.Graph(t, g.A, http.MethodGet, "/v1.0/users/"+g.clerk, nil, &clerk)
	var guest *directory.User
	if err := g.db.Update(t.Context(), func(tx *sqldb.Tx) error {
		return g.admit(t.Context(), tx, ids.Principal{Kind: ids.Person, Home: ids.TenantID(g.A.ID), ID: ids.ObjectID(clerk.ID)}, &guest)
	}); err != nil {
		t.Fatal(err)
	}
	token := func(b *browser, upn, password string) string {
		t.Helper()
		q := b.signIn(t, g.link(g.notes, g.B.ID, "scope", "openid Directory.Read.All User.Read.All Group.Read.All"), upn, password).answer(t)
		return g.Post(t, "/"+g.B.ID+"/oauth2/v2.0/token", g.redemption(g.notes, q.Get("code"))).Token(t)
	}
	theirs, member := token(g.browser(t), g.clerk, password), token(g.browser(t), g.B.AdminUPN, g.B.AdminPassword)
	paths := []string{
		"/v1.0/users", "/beta/users", "/v1.0/groups", "/v1.0/applications", "/v1.0/servicePrincipals", "/v1.0/users?$filter=" + url.QueryEscape("startswith(displayName,'G')"),
		"/v1.0/users?$top=1&$select=id", "/v1.0/users/$count", "/v1.0/directoryRoles",
	}
	for _, path := range paths {
		if a := g.eventually(t, theirs, path); a < 400 {
			t.Errorf("a guest leafs through %s: %d", path, a)
		}
		if a := g.eventually(t, member, path); a != http.StatusOK {
			t.Errorf("the way to %s is not open at all: %d", path, a)
		}
	}
	var me struct{ ID string }
	g.As(t, theirs, http.MethodGet, "/v1.0/me", nil).Into(t, &me)
	if me.ID != string(guest.ID) {
		t.Errorf("the guest is %q, want %s", me.ID, guest.ID)
	}
}

// eventually asks with the header that advanced queries want.
func (g *ground) eventually(t *testing.T, token, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Name+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("ConsistencyLevel", "eventual")
	return g.Do(t, r).Status
}

// admit makes a person of A a guest of B who has accepted.
func (g *ground) admit(ctx context.Context, tx *sqldb.Tx, who ids.Principal, guest **directory.User) error {
	in, err := tenant.Get(ctx, tx, ids.TenantID(g.B.ID))
	if err != nil {
		return err
	}
	if *guest, err = directory.AddGuest(ctx, tx, in, directory.Invitee{Mail: g.clerk}); err != nil {
		return err
	}
	return directory.AcceptGuest(ctx, tx, *guest, who)
}
