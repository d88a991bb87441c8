package federation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/enttest/fakeidp"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestCredentialLife(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		c, warnings, err := w.fed.Create(ctx, w.admin, w.app, w.body(nil))
		if err != nil || len(warnings) > 0 {
			w.Fatalf("create: %v, warnings %v", err, warnings)
		}
		for _, key := range []string{string(c.ID), strings.ToUpper(string(c.ID)), "pipeline", "Pipeline"} {
			got, err := w.fed.Get(ctx, w.admin, w.app, key)
			if err != nil || got.ID != c.ID || got.Subject != "job-7" {
				w.Errorf("get %q: got %v, %v", key, got, err)
			}
		}
		got, _, err := w.fed.Update(ctx, w.admin, w.app, "pipeline", []byte(`{"@odata.type":"#x","subject":"job-8","description":"nightly"}`))
		if err != nil || got.Subject != "job-8" || got.Description != "nightly" || got.ID != c.ID {
			w.Errorf("update: got %+v, %v", got, err)
		}
		got, _, err = w.fed.Update(ctx, w.admin, w.app, string(c.ID), []byte(`{"description":null}`))
		if err != nil || got.Description != "" || got.Subject != "job-8" {
			w.Errorf("clearing the description: got %+v, %v", got, err)
		}
		got, created, _, err := w.fed.Upsert(ctx, w.admin, w.app, "pipeline", []byte(`{"subject":"job-9"}`))
		if err != nil || created || got.Subject != "job-9" {
			w.Errorf("upsert of what is there: got %+v, %t, %v", got, created, err)
		}
		got, created, _, err = w.fed.Upsert(ctx, w.admin, w.app, "nightly", w.body(map[string]any{"name": "ignored"}))
		if err != nil || !created || got.Name != "nightly" {
			w.Errorf("upsert of what is not: got %+v, %t, %v", got, created, err)
		}
		all, err := w.fed.List(ctx, w.admin, w.app)
		if err != nil || len(all) != 2 || all[0].Name != "nightly" || all[1].Name != "pipeline" {
			w.Errorf("list: got %v, %v", all, err)
		}
		if err := w.fed.Delete(ctx, w.admin, w.app, "pipeline"); err != nil {
			w.Error(err)
		}
		if _, err := w.fed.Get(ctx, w.admin, w.app, "pipeline"); !errors.Is(err, fault.NotFound) {
			w.Errorf("after the deletion: err = %v, want NotFound", err)
		}
		want := []string{
			"Add federated identity credential", "Add federated identity credential", "Remove federated identity credential",
			"Update federated identity credential", "Update federated identity credential", "Update federated identity credential",
		}
		if got := w.activities(); !slices.Equal(got, want) {
			w.Errorf("audit log: got %q, want %q", got, want)
		}
	})
}

// activities returns what the audit log of tenant A says of credentials.
func (w *world) activities() []string {
	var all []string
	w.must(w.db.View(w.Context(), func(tx *sqldb.Tx) error {
		return tx.Each(w.Context(), `select activity from audit_entry where tenant_id = ? and activity like '%federated%' order by activity`,
			[]any{tenantA}, func(scan func(...any) error) error {
				var s string
				err := scan(&s)
				all = append(all, s)
				return err
			})
	}))
	return all
}

func TestWriteRefused(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(nil))
		tests := []struct {
			name string
			body []byte
			want error
		}{
			{"the same name", w.body(map[string]any{"subject": "other"}), NameTaken},
			{"the same name in another case", w.body(map[string]any{"name": "PIPELINE", "subject": "other"}), NameTaken},
			{"the same issuer and subject", w.body(map[string]any{"name": "again"}), PairTaken},
			{"no subject", w.body(map[string]any{"name": "again", "subject": nil}), BadValue},
			{"an identifier", w.body(map[string]any{"name": "again", "id": ids.New[ids.CredentialID]()}), BadValue},
			{"an unknown member", w.body(map[string]any{"name": "again", "colour": "blue"}), fault.Invalid},
			{"no JSON", []byte("{"), fault.Invalid},
			{"our issuer with a slash at its end", w.homeBody(map[string]any{"issuer": w.fed.names.issuer(tenantA) + "/"}), NeverMatches},
			{"our issuer of version 1 tokens", w.homeBody(map[string]any{"issuer": here + "/" + string(tenantA) + "/"}), NeverMatches},
			{"a tenant that is not here", w.homeBody(map[string]any{"issuer": w.fed.names.issuer("99999999-0000-4000-8000-000000000009")}), NeverMatches},
			{"an expression for a tenant of ours", w.homeBody(map[string]any{"subject": nil,
				"claimsMatchingExpression": map[string]any{"value": "claims['azp'] eq 'x'", "languageVersion": 1}}), BadValue},
		}
		for _, tt := range tests {
			w.Run(tt.name, func(t *testing.T) {
				if _, _, err := w.fed.Create(t.Context(), w.admin, w.app, tt.body); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
		ctx := w.Context()
		if _, _, err := w.fed.Update(ctx, w.admin, w.app, "pipeline", []byte(`{"name":"other-name"}`)); !errors.Is(err, BadValue) {
			w.Errorf("a new name: err = %v, want %v", err, BadValue)
		}
		w.create(w.admin, w.app, w.body(map[string]any{"name": "second", "subject": "job-8"}))
		if _, _, err := w.fed.Update(ctx, w.admin, w.app, "second", []byte(`{"subject":"job-7"}`)); !errors.Is(err, PairTaken) {
			w.Errorf("changed to what another matches: err = %v, want %v", err, PairTaken)
		}
		nobody := Parent{tenantA, Application, ids.New[ids.ObjectID]()}
		if _, _, err := w.fed.Create(ctx, w.admin, nobody, w.body(nil)); !errors.Is(err, fault.NotFound) {
			w.Errorf("no such application: err = %v, want NotFound", err)
		}
	})
}

func TestLimitIsASetting(t *testing.T) {
	each(t, func(w *world) {
		limited := w.service(Options{Name: here, Limit: 2})
		for i := range 25 {
			body := w.body(map[string]any{"name": fmt.Sprintf("job-%02d", i), "subject": fmt.Sprint(i)})
			if _, _, err := w.fed.Create(w.Context(), w.admin, w.app, body); err != nil {
				w.Fatalf("number %d without a limit: %v", i, err)
			}
			_, _, err := limited.Create(w.Context(), w.adminC, w.appC, body)
			if i < 2 && err != nil || i >= 2 && !errors.Is(err, TooMany) {
				w.Fatalf("number %d with a limit of 2: err = %v", i, err)
			}
		}
	})
}

// TestExpressionsAreBounded: each of them costs time with every assertion.
func TestExpressionsAreBounded(t *testing.T) {
	each(t, func(w *world) {
		body := func(i int) []byte {
			return w.body(map[string]any{"name": fmt.Sprintf("pattern-%d", i), "subject": nil,
				"claimsMatchingExpression": map[string]any{"value": fmt.Sprintf("claims['sub'] matches 'job-%d-*'", i), "languageVersion": 1}})
		}
		w.must(w.db.Update(w.Context(), func(tx *sqldb.Tx) error {
			for i := range maxExpressions {
				c, err := newCredential(w.app, body(i), tx.Now())
				if err != nil {
					return err
				}
				if err := addCredential(w.Context(), tx, c); err != nil {
					return err
				}
			}
			return nil
		}))
		if _, _, err := w.fed.Create(w.Context(), w.admin, w.app, body(maxExpressions)); !errors.Is(err, TooMany) {
			w.Errorf("one more: err = %v, want %v", err, TooMany)
		}
		if _, _, err := w.fed.Update(w.Context(), w.admin, w.app, "pattern-7", []byte(`{"description":"still mine"}`)); err != nil {
			w.Errorf("a change of one: err = %v", err)
		}
		w.create(w.admin, w.app, w.body(nil))
	})
}

func TestAuthority(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		w.create(w.admin, w.app, w.body(nil))
		person := authz.Caller{Tenant: tenantA, Subject: ids.Principal{Kind: ids.Person, Home: tenantA, ID: "p"}, Object: "p"}
		mine := Parent{tenantA, ManagedIdentity, w.identity.Principal}
		asked, _ := w.idp.Asked()
		for _, of := range []Parent{w.app, mine} {
			if _, _, err := w.fed.Create(ctx, person, of, w.body(map[string]any{"name": "mine", "subject": "x"})); !errors.Is(err, fault.Forbidden) && !errors.Is(err, fault.NotFound) {
				w.Errorf("%s: a person without a role creates: err = %v", of.Kind, err)
			}
		}
		if err := w.fed.Delete(ctx, person, w.app, "pipeline"); !errors.Is(err, fault.Forbidden) {
			w.Errorf("a person without a role deletes: err = %v, want Forbidden", err)
		}
		if after, _ := w.idp.Asked(); after != asked {
			w.Error("an issuer was asked for somebody who may not create")
		}
		if _, err := w.fed.List(ctx, w.adminC, w.app); !errors.Is(err, fault.NotFound) {
			w.Errorf("another tenant lists: err = %v, want NotFound", err)
		}
		if err := w.fed.Delete(ctx, w.adminC, w.app, "pipeline"); !errors.Is(err, fault.NotFound) {
			w.Errorf("another tenant deletes: err = %v, want NotFound", err)
		}
		if _, _, err := w.fed.Create(ctx, w.admin, mine, w.body(nil)); err != nil {
			w.Errorf("a managed identity's own credential: %v", err)
		}
	})
}

func TestWarnings(t *testing.T) {
	each(t, func(w *world) {
		tests := []struct {
			name            string
			discovery, jwks fakeidp.Behavior
			body            []byte
			want            []string
		}{
			{name: "all is well", body: w.body(nil)},
			{name: "the issuer redirects inward", discovery: fakeidp.RedirectInward, body: w.body(nil), want: []string{WarnUnreachable}},
			{name: "the issuer hangs", discovery: fakeidp.Hang, body: w.body(nil), want: []string{WarnUnreachable}},
			{name: "the issuer is out of order", discovery: fakeidp.Fail, body: w.body(nil), want: []string{WarnUnreachable}},
			{name: "the document's issuer differs", discovery: fakeidp.WrongIssuer, body: w.body(nil), want: []string{WarnDiffers}},
			{name: "a slash too much", body: w.body(map[string]any{"issuer": w.idp.Issuer + "/"}), want: []string{WarnDiffers}},
			{name: "the document is none", discovery: fakeidp.Garbage, body: w.body(nil), want: []string{WarnUnusable}},
			{name: "the document names no keys", discovery: fakeidp.NoKeys, body: w.body(nil), want: []string{WarnUnusable}},
			{name: "no keys", jwks: fakeidp.NoKeys, body: w.body(nil), want: []string{WarnUnusable}},
			{name: "the keys hang", jwks: fakeidp.Hang, body: w.body(nil), want: []string{WarnUnreachable}},
			{name: "the keys are huge", jwks: fakeidp.Huge, body: w.body(nil), want: []string{WarnUnreachable}},
			{name: "an address that is not public", body: w.body(map[string]any{"issuer": "https://[::1]:9"}), want: []string{WarnUnreachable}},
			{name: "a star", body: w.body(map[string]any{"subject": "repo:*"}), want: []string{WarnWildcard}},
			{name: "white space", body: w.body(map[string]any{"subject": "job-7 "}), want: []string{WarnSpace}},
			{name: "an expression that anybody fits", body: w.body(map[string]any{"subject": nil,
				"claimsMatchingExpression": map[string]any{"value": "claims['sub'] matches '*'", "languageVersion": 1}}), want: []string{WarnBroad}},
			{name: "a managed identity", body: w.homeBody(nil)},
			{name: "its client id", body: w.homeBody(map[string]any{"subject": w.identity.Client}), want: []string{WarnSubjectClient}},
			{name: "its object id in capitals", body: w.homeBody(map[string]any{"subject": strings.ToUpper(string(w.identity.Principal))}), want: []string{WarnSubjectCase}},
			{name: "an object that is none of the tenant's", body: w.homeBody(map[string]any{"subject": ids.New[ids.ObjectID]()}), want: []string{WarnSubject}},
			{name: "the audience as a GUID", body: w.homeBody(map[string]any{"audiences": []string{ExchangeAppID}}), want: []string{WarnAudience}},
			{name: "another tenant's issuer", body: w.homeBody(map[string]any{"issuer": w.fed.names.issuer(tenantC)}), want: []string{WarnCrossTenant}},
		}
		for _, tt := range tests {
			w.Run(tt.name, func(t *testing.T) {
				w.idp.Discovery(tt.discovery)
				w.idp.Keys(tt.jwks)
				c, warnings, err := w.fed.Create(t.Context(), w.admin, w.app, tt.body)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, o := range warnings {
					got = append(got, o.Code)
					if strings.ContainsAny(o.Text, "\r\n") || o.Text == "" {
						t.Errorf("the text of %s stands in no header: %q", o.Code, o.Text)
					}
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %v, want %q", warnings, tt.want)
				}
				w.must(w.fed.Delete(t.Context(), w.admin, w.app, string(c.ID)))
			})
		}
	})
}

// What was warned of stands in the audit entry.
func TestWarningIsRecorded(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.admin, w.app, w.body(map[string]any{"subject": "repo:*"}))
		var body string
		w.must(w.db.View(w.Context(), func(tx *sqldb.Tx) error {
			return tx.One(w.Context(), `select body from audit_entry where tenant_id = ? and activity = 'Add federated identity credential'`,
				[]any{tenantA}, &body)
		}))
		if !strings.Contains(body, "warning "+WarnWildcard) {
			w.Errorf("got %s, want the warning in it", body)
		}
	})
}

func TestIdentityTakesItsCredentialsAlong(t *testing.T) {
	each(t, func(w *world) {
		mine := Parent{tenantA, ManagedIdentity, w.identity.Principal}
		w.create(w.admin, mine, w.body(nil))
		_, err := w.ids.DeleteIdentity(w.Context(), w.admin, w.identity.Resource)
		w.must(err)
		n := -1
		w.must(w.db.View(w.Context(), func(tx *sqldb.Tx) (err error) {
			n, err = countCredentials(w.Context(), tx, mine)
			return err
		}))
		if n != 0 {
			w.Errorf("%d credentials are left, want none", n)
		}
	})
}
