package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/app"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// TestEarlierManifestsAreKept: applications from before the column are filled in
// as new ones are.
func TestEarlierManifestsAreKept(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			h, ctx := house.New(t, e), t.Context()
			name := "0260_claims.sqlite.sql"
			if e == sqldb.PostgreSQL {
				name = "0260_claims.postgres.sql"
			}
			text, err := schema.Files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, fill, _ := strings.Cut(string(text), "update application")
			fill, _, _ = strings.Cut("update application"+fill, ";")
			for _, body := range []string{
				`{"displayName":"a"}`, `{"displayName":"b","groupMembershipClaims":"None"}`, `{"displayName":"c","groupMembershipClaims":"SecurityGroup"}`,
				`{"displayName":"d","optionalClaims":{"idToken":[{"name":"email","additionalProperties":["x"]}],"accessToken":[{"name":"acct","essential":true}]}}`,
			} {
				a, err := h.Apps.Create(ctx, h.A.Admin, []byte(body), nil)
				if err != nil {
					t.Fatal(err)
				}
				var before, after app.Client
				if err := h.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
					if before, err = app.FindClient(ctx, tx, h.A.ID, a.AppID); err != nil {
						return err
					}
					if _, err = tx.Exec(ctx, `update application set claims = '' where tenant_id = ?`, h.A.ID); err != nil {
						return err
					}
					if _, err = tx.Exec(ctx, fill); err != nil {
						return err
					}
					after, err = app.FindClient(ctx, tx, h.A.ID, a.AppID)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(read(t, before.Claims), read(t, after.Claims)); diff != "" {
					t.Errorf("%s (-new +filled in):\n%s", body, diff)
				}
			}
		})
	}
}

// read returns what is kept, with nil for what is empty.
func read(t *testing.T, kept string) (m app.ManifestClaims) {
	t.Helper()
	if kept == "" {
		return m
	}
	if err := json.Unmarshal([]byte(kept), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.IDToken) == 0 {
		m.IDToken = nil
	}
	if len(m.AccessToken) == 0 {
		m.AccessToken = nil
	}
	return m
}
