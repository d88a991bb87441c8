package federation

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCheckBeforeStoring: what would not match is told before anything is stored, part by
// part, and what would be refused is refused.
func TestCheckBeforeStoring(t *testing.T) {
	each(t, func(w *world) {
		here := map[string]any{"issuer": w.fed.Issuer(tenantA), "subject": w.identity.Principal, "audiences": []string{ExchangeAudience}}
		for _, c := range []struct {
			what, about, says string
			with              map[string]any
			of                map[string]any
		}{
			{what: "a managed identity", of: here},
			{"its client id", "subject", "object (principal) id is needed", map[string]any{"subject": w.identity.Client}, here},
			{"another cloud's audience", "audience", ExchangeAudience + " only", map[string]any{"audiences": []string{AudienceChina}}, here},
			{what: "another issuer", of: map[string]any{"issuer": w.idp.Issuer, "subject": "job-7", "audiences": []string{ExchangeAudience}}},
			{"a slash too much", "issuer", "It has no slash at the end", map[string]any{"issuer": w.idp.Issuer + "/"}, map[string]any{"subject": "job-7", "audiences": []string{ExchangeAudience}}},
		} {
			body := map[string]any{"name": "to-be-checked"}
			maps.Copy(body, c.of)
			maps.Copy(body, c.with)
			credential, found, err := w.fed.Check(t.Context(), w.admin, w.app, "", asJSON(t, body))
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			if credential.Name != "to-be-checked" {
				t.Errorf("%s: %+v", c.what, credential)
			}
			told := false
			for _, f := range found {
				told = told || f.About == c.about && !f.OK && strings.Contains(f.Text, c.says)
				if !f.OK && c.about == "" {
					t.Errorf("%s: %+v", c.what, f)
				}
			}
			if told != (c.about != "") {
				t.Errorf("%s: %+v", c.what, found)
			}
		}
		if all, err := w.fed.List(t.Context(), w.admin, w.app); err != nil || len(all) != 0 {
			t.Fatalf("a check stores: %+v %v", all, err)
		}

		body := map[string]any{"name": "first-one"}
		maps.Copy(body, here)
		if _, _, err := w.fed.Create(t.Context(), w.admin, w.app, asJSON(t, body)); err != nil {
			t.Fatal(err)
		}
		again := maps.Clone(body)
		if _, _, err := w.fed.Check(t.Context(), w.admin, w.app, "", asJSON(t, again)); !errors.Is(err, NameTaken) {
			t.Errorf("the same name: %v", err)
		}
		again["name"] = "second-one"
		if _, _, err := w.fed.Check(t.Context(), w.admin, w.app, "", asJSON(t, again)); !errors.Is(err, PairTaken) {
			t.Errorf("the same pair: %v", err)
		}
		again["subject"] = strings.ToUpper(string(w.identity.Principal))
		_, found, err := w.fed.Check(t.Context(), w.admin, w.app, "", asJSON(t, again))
		if n := len(found); err != nil || n == 0 || !strings.Contains(found[n-1].Text, "“first-one” differs from it in letter case") {
			t.Errorf("nearly the same: %+v %v", found, err)
		}
		if _, found, err := w.fed.Check(t.Context(), w.admin, w.app, "first-one", asJSON(t, map[string]any{"description": "x"})); err != nil || len(found) != 3 {
			t.Errorf("a change of itself: %+v %v", found, err)
		}
		nobody := authz.Caller{Tenant: tenantA, Object: ids.New[ids.ObjectID]()}
		if _, _, err := w.fed.Check(t.Context(), nobody, w.app, "", asJSON(t, again)); !errors.Is(err, authz.Denied) {
			t.Errorf("who may not store checks: %v", err)
		}
		if _, _, err := w.fed.Check(t.Context(), w.adminC, w.app, "", asJSON(t, again)); !errors.Is(err, fault.NotFound) {
			t.Errorf("another tenant checks: %v", err)
		}

		trusting, more, err := w.fed.Trusting(t.Context(), w.admin, w.identity.Principal)
		if err != nil || more || len(trusting) != 1 || trusting[0].Credential != "first-one" || trusting[0].Application != w.app.ID {
			t.Errorf("who trusts it: %+v %v", trusting, err)
		}
		if trusting, _, err := w.fed.Trusting(t.Context(), w.adminC, w.identity.Principal); err != nil || len(trusting) != 0 {
			t.Errorf("another tenant's administrator sees who trusts it: %+v %v", trusting, err)
		}
	})
}

// TestGitHub: its issuer and its subjects are known without asking it.
func TestGitHub(t *testing.T) {
	each(t, func(w *world) {
		for _, c := range []struct {
			issuer, subject, about string
		}{
			{GitHub, "repo:contoso/feed:ref:refs/heads/main", ""}, {GitHub, "repo:contoso@1/feed@22:environment:production", ""}, {GitHub, "repo:contoso/feed:pull_request", ""},
			{GitHub + "/", "repo:contoso/feed:pull_request", "issuer"}, {strings.ToUpper(GitHub), "repo:contoso/feed:pull_request", "issuer"},
			{GitHub, "contoso/feed", "subject"}, {GitHub, "repo:contoso/feed:refs/heads/main", "subject"}, {GitHub, "repo:contoso@x/feed:pull_request", "subject"},
		} {
			found, err := w.fed.find(t.Context(), &Credential{Parent: w.app, Issuer: c.issuer, Subject: Optional(c.subject), Audiences: []string{ExchangeAudience}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			wrong := ""
			for _, f := range found {
				if !f.OK {
					wrong += f.About
				}
			}
			if wrong != c.about {
				t.Errorf("%s %s: %+v", c.issuer, c.subject, found)
			}
		}
	})
}
