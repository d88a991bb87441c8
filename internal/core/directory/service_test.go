package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

func TestCreateRefusals(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		h.AddUser(t, h.A, "first")
		far := `{"otherMails":["` + strings.Repeat(strings.Repeat("x", 240)+`@x.example","`, 200) + `a@b"],"streetAddress":"` + strings.Repeat("€", 1024) +
			`","onPremisesExtensionAttributes":{"extensionAttribute1":"` + strings.Repeat("€", 1024) + `","extensionAttribute2":"` + strings.Repeat("€", 1024) +
			`","extensionAttribute3":"` + strings.Repeat("€", 1024) + `","extensionAttribute4":"` + strings.Repeat("€", 1024) + `"},`
		tests := []struct {
			name, body, target string
			err                error
		}{
			{"a name that is taken, in another case", string(house.UserBody("FIRST", "contoso.example")), "userPrincipalName", object.NameTaken},
			{"a domain of someone else", string(house.UserBody("x", "fabrikam.example")), "userPrincipalName", directory.DomainNotVerified},
			{"no domain", string(house.UserBody("x", "")), "userPrincipalName", fault.Invalid},
			{"a weak password", strings.Replace(string(house.UserBody("x", "contoso.example")), "Correct-horse-7", "password1!", 1), "passwordProfile", directory.WeakPassword},
			{"a short one", strings.Replace(string(house.UserBody("x", "contoso.example")), "Correct-horse-7", "Ab1!", 1), "passwordProfile", directory.WeakPassword},
			{"a very long one", strings.Replace(string(house.UserBody("x", "contoso.example")), "Correct-horse-7", strings.Repeat("Aa1!", 100), 1), "passwordProfile", directory.WeakPassword},
			{"no password", strings.Replace(string(house.UserBody("x", "contoso.example")), `"password":"Correct-horse-7"`, ``, 1), "passwordProfile", fault.Invalid},
			{"a member that users do not have", `{"shoeSize":1}`, "shoeSize", fault.Invalid},
			{"nothing", `{}`, "accountEnabled", fault.Invalid},
			{"far too much", strings.Replace(string(house.UserBody("x", "contoso.example")), "{", far, 1), "", fault.Invalid},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := h.Users.Create(t.Context(), h.A.Admin, []byte(tt.body))
				if !errors.Is(err, tt.err) || fault.Public(err).Target != tt.target {
					t.Errorf("err = %v at %q, want %v at %q", err, fault.Public(err).Target, tt.err, tt.target)
				}
			})
		}
	})
}

func TestUserLife(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		u := h.AddUser(t, h.A, "worker")
		get := func(tenant ids.TenantID, key string) (got *directory.User, err error) {
			err = h.DB.View(ctx, func(tx *sqldb.Tx) error { got, err = directory.GetUser(ctx, tx, tenant, key); return err })
			return got, err
		}
		for _, key := range []string{string(u.ID), strings.ToUpper(string(u.ID)), "WORKER@contoso.EXAMPLE"} {
			if got, err := get(h.A.ID, key); err != nil || got.ID != u.ID || got.PasswordProfile != nil {
				t.Errorf("%s: got %v, %v", key, got, err)
			}
			if _, err := get(h.B.ID, key); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s from another tenant: err = %v, want NotFound", key, err)
			}
		}
		v, err := h.Users.Update(ctx, h.A.Admin, string(u.ID), []byte(`{"jobTitle":"Engineer","mail":"w@contoso.example","otherMails":["a@b.example"]}`))
		if err != nil || *v.JobTitle != "Engineer" || v.ProxyAddresses[0] != "SMTP:w@contoso.example" || v.DisplayName != u.DisplayName {
			t.Errorf("updated: %+v, %v", v, err)
		}
		if v, err = h.Users.Update(ctx, h.A.Admin, string(u.ID), []byte(`{"jobTitle":null}`)); err != nil || v.JobTitle != nil {
			t.Errorf("cleared: %+v, %v", v, err)
		}
		if err := h.Users.Delete(ctx, h.A.Admin, string(u.ID)); err != nil {
			t.Fatal(err)
		}
		if _, err := get(h.A.ID, string(u.ID)); !errors.Is(err, fault.NotFound) {
			t.Errorf("deleted: err = %v, want NotFound", err)
		}
		h.AddUser(t, h.A, "worker") // the name is free again
		if err := h.Users.Delete(ctx, h.A.Admin, string(h.A.Admin.Object)); !errors.Is(err, fault.Forbidden) {
			t.Errorf("the last administrator: err = %v, want Forbidden", err)
		}
	})
}

// TestTheLastAdministrator stays, however many there were before.
func TestTheLastAdministrator(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		second, third := h.AddUser(t, h.A, "second"), h.AddUser(t, h.A, "third")
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(authz.Assign(ctx, tx, h.A.ID, second.ID, authz.GlobalAdministrator), authz.Assign(ctx, tx, h.A.ID, third.ID, authz.GlobalAdministrator))
		}); err != nil {
			t.Fatal(err)
		}
		off := []byte(`{"accountEnabled":false}`)
		if err := h.Users.Delete(ctx, h.A.Admin, string(second.ID)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Users.Update(ctx, h.A.Admin, string(third.ID), off); err != nil {
			t.Fatal(err)
		}
		last := string(h.A.Admin.Object)
		if err := h.Users.Delete(ctx, h.A.Admin, last); !errors.Is(err, fault.Forbidden) {
			t.Errorf("deleted: err = %v, want Forbidden", err)
		}
		if _, err := h.Users.Update(ctx, h.A.Admin, last, off); !errors.Is(err, fault.Forbidden) {
			t.Errorf("disabled: err = %v, want Forbidden", err)
		}
	})
}

func TestWhoMayChangePeople(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		u, helper := h.AddUser(t, h.A, "worker"), h.AddUser(t, h.A, "helper")
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, h.A.ID, helper.ID, authz.UserAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		self, useradmin := house.Person(h.A.ID, u.ID), house.Person(h.A.ID, helper.ID)
		program := house.Program(h.A.ID, ids.New[ids.ObjectID](), "User.ReadWrite.All")
		reset := `{"passwordProfile":{"password":"Another-horse-9"}}`
		tests := []struct {
			name   string
			who    authz.Caller
			target ids.ObjectID
			change string
			want   error
		}{
			{"a user administrator, the highest by another spelling", useradmin, h.A.Admin.Object, strings.Replace(reset, "pass", "Pass", 1), fault.Invalid},
			{"oneself, a phone number", self, u.ID, `{"mobilePhone":"1"}`, nil},
			{"oneself, a department", self, u.ID, `{"department":"Board"}`, authz.Denied},
			{"another, without a role", self, helper.ID, `{"mobilePhone":"1"}`, authz.Denied},
			{"a user administrator, someone's password", useradmin, u.ID, reset, nil},
			{"a user administrator, a Global Administrator's password", useradmin, h.A.Admin.Object, reset, authz.Denied},
			{"a user administrator, a Global Administrator's office", useradmin, h.A.Admin.Object, `{"city":"X"}`, nil},
			{"a program, a Global Administrator's password", program, h.A.Admin.Object, reset, authz.Denied},
			{"a program, someone's title", program, u.ID, `{"jobTitle":"x"}`, nil},
			{"an administrator of another tenant", h.B.Admin, u.ID, `{"jobTitle":"x"}`, fault.NotFound},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if _, err := h.Users.Update(ctx, tt.who, string(tt.target), []byte(tt.change)); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
	})
}

func TestCheckPassword(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		u := h.AddUser(t, h.A, "worker")
		check := func(upn, password string) (directory.Checked, error) {
			return h.Users.CheckPassword(ctx, h.A.ID, upn, secret.NewString(password))
		}
		c, err := check("Worker@Contoso.example", "Correct-horse-7")
		if err != nil || c.User != u.ID || !c.MustChange {
			t.Errorf("got %+v, %v", c, err)
		}
		for name, in := range map[string][2]string{
			"a wrong password": {"worker@contoso.example", "Correct-horse-9"}, "nobody": {"nobody@contoso.example", "Correct-horse-7"},
			"no password": {"worker@contoso.example", ""}, "a very long one": {"worker@contoso.example", strings.Repeat("x", 1<<20)},
		} {
			if _, err := check(in[0], in[1]); !errors.Is(err, directory.WrongPassword) {
				t.Errorf("%s: err = %v, want WrongPassword", name, err)
			}
		}
		if _, err := h.Users.CheckPassword(ctx, h.B.ID, "worker@contoso.example", secret.NewString("Correct-horse-7")); !errors.Is(err, directory.WrongPassword) {
			t.Errorf("in another tenant: err = %v, want WrongPassword", err)
		}
		if _, err := h.Users.Update(ctx, h.A.Admin, string(u.ID), []byte(`{"accountEnabled":false}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := check("worker@contoso.example", "Correct-horse-7"); !errors.Is(err, directory.AccountDisabled) {
			t.Errorf("disabled, right password: err = %v, want AccountDisabled", err)
		}
		if _, err := check("worker@contoso.example", "no"); !errors.Is(err, directory.WrongPassword) {
			t.Errorf("disabled, wrong password: err = %v, want WrongPassword", err)
		}
	})
}

func TestPagesOfUsers(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		for i := range 7 {
			h.AddUser(t, h.A, fmt.Sprintf("w%d", i))
		}
		if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			seen := make(map[ids.ObjectID]bool)
			q := query.Query{Page: query.Page{Limit: 3}}
			for {
				page, err := directory.ListUsers(t.Context(), tx, h.A.ID, q, true)
				if err != nil {
					return err
				}
				for _, r := range page.Items {
					var face map[string]any
					if err := json.Unmarshal(r.Face, &face); err != nil || len(face) != 11 || seen[r.ID] || len(r.Rest) == 0 {
						t.Errorf("row %s: %d members, seen before %v, %v", r.ID, len(face), seen[r.ID], err)
					}
					seen[r.ID] = true
				}
				if page.Next == nil {
					break
				}
				q.Page.After = page.Next
			}
			n, err := directory.CountUsers(t.Context(), tx, h.A.ID, nil)
			if err != nil || n != 8 || len(seen) != 8 {
				t.Errorf("counted %d, saw %d, want 8; %v", n, len(seen), err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCertificatesOfAnAccount: the certificates that somebody may sign in with
// are no basic property: who may change the rest of a user may not set them.
func TestCertificatesOfAnAccount(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		ada, eve, bob := h.AddUser(t, h.A, "ada"), h.AddUser(t, h.A, "eve"), h.AddUser(t, h.A, "bob")
		for who, role := range map[ids.ObjectID]ids.RoleID{eve.ID: authz.UserAdministrator, bob.ID: authz.PrivilegedAuthenticationAdministrator} {
			if _, err := h.Users.AssignRole(ctx, h.A.Admin, who, role, "/"); err != nil {
				t.Fatal(err)
			}
		}
		for name, tt := range map[string]struct {
			who    authz.Caller
			target ids.ObjectID
			want   error
		}{
			"of oneself":                              {house.Person(h.A.ID, ada.ID), ada.ID, authz.Denied},
			"by a User Administrator":                 {house.Person(h.A.ID, eve.ID), ada.ID, authz.Denied},
			"by whom the action is for":               {house.Person(h.A.ID, bob.ID), ada.ID, nil},
			"by a program":                            {house.Program(h.A.ID, "5f4e3d2c-1b0a-4f9e-8d7c-6b5a49382716", "User.ReadWrite.All"), ada.ID, nil},
			"by a program, of a Global Administrator": {house.Program(h.A.ID, "5f4e3d2c-1b0a-4f9e-8d7c-6b5a49382716", "User.ReadWrite.All"), h.A.Admin.Object, authz.Denied},
		} {
			if _, err := h.Users.Update(ctx, tt.who, string(tt.target), []byte(`{"authorizationInfo":{"certificateUserIds":["X509:<PN>ada@contoso.example"]}}`)); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
		}
	})
}
