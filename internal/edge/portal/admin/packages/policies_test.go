package packages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const govern = "/v1.0/identityGovernance/entitlementManagement/"

// extension makes a custom extension of the built-in catalog: of requests, or of
// assignments.
func extension(t testing.TB, s *enttest.Server, in *enttest.Tenant, kind, name string) string {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, in, http.MethodPost, govern+"catalogs/"+general(t, s, in)+"/customWorkflowExtensions", map[string]any{
		"@odata.type": "#microsoft.graph.accessPackageAssignment" + kind + "WorkflowExtension", "displayName": name,
		"endpointConfiguration": map[string]any{"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "url": "https://desk.example/tell"},
	}, &made)
	return made.ID
}

// TestAutomaticPolicy: a package is given by a rule, with a custom extension that
// is called; the policy is changed and read through Graph.
func TestAutomaticPolicy(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		tells := extension(t, s, s.A, "Request", "Tell the desk")
		extension(t, s, s.A, "", "Warn the desk")
		var pkg struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, govern+"accessPackages", map[string]any{"displayName": "Turbine tools", "description": "Tools"}, &pkg)
		b := browser.AsAdmin(t, s, s.A)
		p := b.Get("/@" + s.A.Domain + "/admin/entitlement/packages/" + pkg.ID)
		p = b.Follow(p, "Add auto assignment policy").Wants(http.StatusOK, "New auto assignment policy", "Basics", "Rule", "Rules")
		p = b.Submit(p, "Next: Rule", nil).Wants(http.StatusOK, "Membership rule")
		b.Submit(p, "Next: Rules", url.Values{"rule": {""}}).Wants(http.StatusUnprocessableEntity, "Type the rule")
		b.Submit(p, "Next: Rules", url.Values{"rule": {"user.department is Turbines"}}).Wants(http.StatusUnprocessableEntity, "Error: ")
		b.Submit(p, "Next: Rules", url.Values{"rule": {`user.department -eq "Turbines"`}, "give": {}, "take": {}}).Wants(http.StatusUnprocessableEntity, "Create or remove assignments, or both")
		p = b.Submit(p, "Next: Rules", url.Values{"rule": {`user.department -eq "Turbines"`}, "give": {"yes"}, "take": {"yes"}, "grace": {"7"}})
		p.Wants(http.StatusOK, "14 days before expiration", "gets it by itself", "7 days")
		p = b.Submit(p, "Next: Review + create", url.Values{"assignmentRequestGranted": {tells}})
		p.Wants(http.StatusOK, `user.department -eq "Turbines"`, "Tell the desk is called: assignment is granted.", "Who would have it")
		p = b.Submit(p, "Save policy in Contoso", nil).Wants(http.StatusOK, "The policy is made.", "Automatic assignment by a membership rule")
		p = b.Follow(p, "Automatic Policy").Wants(http.StatusOK, "Whoever the rule holds for gets it by itself.", "Tell the desk is called", "loses it 7 days later")
		p = b.Submit(p, "Edit", nil)
		p = b.Submit(p, "Next: Rule", url.Values{"name": {"Turbine people"}})
		p = b.Submit(p, "Next: Rules", url.Values{"grace": {"0"}})
		p = b.Submit(p, "Next: Review + create", url.Values{"assignmentRequestGranted": {""}}).Wants(http.StatusOK, "No custom extension is called.", "at once")
		b.Submit(p, "Save policy in Contoso", nil).Wants(http.StatusOK, "The policy is changed.", "Turbine people")
		var stored struct {
			Value []struct {
				DisplayName string
				Automatic   struct {
					Give  bool   `json:"requestAccessForAllowedTargets"`
					Take  bool   `json:"removeAccessWhenTargetLeavesAllowedTargets"`
					Grace string `json:"gracePeriodBeforeAccessRemoval"`
				} `json:"automaticRequestSettings"`
				Targets []struct {
					Rule string `json:"membershipRule"`
				} `json:"specificAllowedTargets"`
				Stages []any `json:"customExtensionStageSettings"`
			}
		}
		s.Graph(t, s.A, http.MethodGet, govern+"assignmentPolicies?$expand=customExtensionStageSettings", nil, &stored)
		if got := stored.Value; len(got) != 1 || !got[0].Automatic.Give || !got[0].Automatic.Take || len(got[0].Targets) != 1 || got[0].Targets[0].Rule != `user.department -eq "Turbines"` || len(got[0].Stages) != 0 {
			t.Errorf("Graph tells %+v", got)
		}
	})
}

// TestReviewersAndTranslations: who is to review access is stored as Graph spells
// it, and read again; answers of a question are translated.
func TestReviewersAndTranslations(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		var pkg struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, govern+"accessPackages", map[string]any{"displayName": "Turbine tools", "description": "Tools"}, &pkg)
		b := browser.AsAdmin(t, s, s.A)
		p := b.Get("/@" + s.A.Domain + "/admin/entitlement/packages/" + pkg.ID)
		p = b.Follow(p, "Add policy").Wants(http.StatusOK, "New policy")
		if strings.Contains(p.Text(), "Rules") {
			t.Error("there is a step of custom extensions, and the catalog has none")
		}
		p = b.Submit(p, "Next: Requests", url.Values{"name": {"Partners"}})
		p = b.Submit(p, "Next: Requestor information", nil)
		p = b.Submit(p, "Add a question", nil)
		question := url.Values{"text": {"Which part?"}, "how": {"choice"}, "choices": {"Rotor\nHousing"}, "languages": {"de: Welcher Teil?"}}
		question.Set("choice-languages", "de: Läufer")
		b.Submit(p, "Keep the question", question).Wants(http.StatusUnprocessableEntity, "2 answers with a | between them")
		question.Set("choice-languages", "de: Läufer | Gehäuse\nfr: Rotor |")
		p = b.Submit(p, "Keep the question", question).Wants(http.StatusOK, "also in 1 language")
		if again := b.Submit(p, "Change Which part?", nil); !strings.Contains(again.Body, "de: Läufer | Gehäuse\nfr: Rotor | </textarea>") {
			t.Errorf("the translations are not shown as they were typed: %s", again.Body)
		}
		p = b.Submit(p, "Next: Lifecycle", nil).Wants(http.StatusOK, "Access reviews do not run yet.")
		asked := url.Values{"review": {"quarterly"}, "review-by": {"specific"}, "review-days": {"14"}, "review-silent": {"removeAccess"}}
		b.Submit(p, "Next: Review + create", asked).Wants(http.StatusUnprocessableEntity, "Add a reviewer")
		p = b.Submit(p, "Add reviewers", asked).Wants(http.StatusOK, "Type the beginning of a name")
		p = b.Get(p.At.Path+"?name=glo").Wants(http.StatusOK, "Add reviewers", "Global administrator")
		p = b.Submit(p, "Add the selected", url.Values{"pick": p.Offers("pick")[:1]}).Wants(http.StatusOK, "Lifecycle", "Global administrator")
		p = b.Submit(p, "Next: Review + create", nil).Wants(http.StatusOK, "Access is to be reviewed quarterly by Global administrator.")
		p = b.Submit(p, "Save policy in Contoso", nil).Wants(http.StatusOK, "The policy is made.")
		var stored struct {
			Value []struct {
				Review struct {
					Enabled  bool             `json:"isEnabled"`
					Self     bool             `json:"isSelfReview"`
					Silent   string           `json:"expirationBehavior"`
					Reviewer []map[string]any `json:"primaryReviewers"`
				} `json:"reviewSettings"`
				Questions []struct {
					Choices []struct {
						Text          string
						Localizations []struct{ LanguageCode, Text string }
					}
				}
			}
		}
		s.Graph(t, s.A, http.MethodGet, govern+"assignmentPolicies?$expand=questions", nil, &stored)
		if len(stored.Value) != 1 {
			t.Fatalf("Graph tells %+v", stored)
		}
		r, q := stored.Value[0].Review, stored.Value[0].Questions
		if !r.Enabled || r.Self || r.Silent != "removeAccess" || len(r.Reviewer) != 1 || r.Reviewer[0]["@odata.type"] != "#microsoft.graph.singleUser" || r.Reviewer[0]["userId"] == "" {
			t.Errorf("reviews: %+v", r)
		}
		if len(q) != 1 || len(q[0].Choices) != 2 || len(q[0].Choices[0].Localizations) != 2 || len(q[0].Choices[1].Localizations) != 1 || q[0].Choices[1].Localizations[0].Text != "Gehäuse" {
			t.Errorf("questions: %+v", q)
		}
		p = b.Follow(p, "Partners").Wants(http.StatusOK, "Access is to be reviewed quarterly by Global administrator.")
		p = b.Follow(b.Submit(p, "Edit", nil), "Lifecycle, done").Wants(http.StatusOK, "Global administrator")
		b.Submit(p, "Next: Review + create", url.Values{"review-by": {"internalSponsors"}}).Wants(http.StatusOK, "quarterly by their internal sponsors of the connected organization")
	})
}
