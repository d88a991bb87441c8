package myaccess_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// plain has the package's policy ask no reason of its approvers, and translate
// its question.
func (h *stage) plain() {
	h.t.Helper()
	var err error
	h.policy, err = h.access.ChangePolicy(h.t.Context(), h.admin, h.policy.ID, func(p *offer.Policy) error {
		p.Approval.Stages[0].Justification = false
		q := &p.Questions[0]
		q.Text.Translations = []offer.Translation{{Language: "de-DE", Text: "Welcher Teil?"}, {Language: "fr", Text: "Quelle partie ?"}}
		q.Choices[0].Text.Translations = []offer.Translation{{Language: "de", Text: "Läufer"}}
		return nil
	})
	must(h.t, err)
	h.question = h.policy.Questions[0].ID
}

// TestSeveral: requests that want no reason are decided on together, each for
// what was shown of it.
func TestSeveral(t *testing.T) {
	each(t, func(h *stage) {
		withReason := h.ask(h.as(h.grace)).at.Path
		ada := h.as(h.ada)
		ada.get(h.at("/access/approvals/several")).wants(t, http.StatusOK, "Nothing can be decided together")
		h.plain()
		must(t, h.access.Cancel(t.Context(), h.admin, ids.RequestID(last(withReason))))
		var asked []string
		for _, nick := range []string{"one", "two", "three"} {
			upn, _ := h.person(h.B, nick)
			asked = append(asked, last(h.ask(h.as(upn)).at.Path))
		}
		own, _ := h.person(h.B, "four")
		p := ada.get(h.at("/access/approvals"))
		p.wants(t, http.StatusOK, "Decide on several")
		p = ada.get(h.at("/access/approvals/several"))
		p.wants(t, http.StatusOK, "Person one", "Person two", "Person three", "I fit the bearings", "Fabrikam", "Turbine design")
		ada.submit(p, "Approve for Contoso", url.Values{"decision": {"approve"}}).wants(t, http.StatusUnprocessableEntity, "Mark the requests that you decide on")

		must(t, h.access.Cancel(t.Context(), h.admin, ids.RequestID(asked[2])))
		form := url.Values{"decision": {"approve"}, "case": asked}
		ada.submit(p, "Approve for Contoso", form).wants(t, http.StatusOK, "2 requests approved.", "Of 1 request nothing was decided")
		for i, want := range []entitlement.RequestState{"", "", entitlement.Canceled} {
			c, err := h.access.Case(t.Context(), h.admin, ids.RequestID(asked[i]))
			must(t, err)
			if c.State != want && (want != "" || c.State == entitlement.PendingApproval || c.State == entitlement.Canceled) {
				t.Errorf("request %d is %s", i, c.State)
			}
		}

		request := last(h.ask(h.as(own)).at.Path)
		stale := ada.get(h.at("/access/approvals/several"))
		must(t, h.access.RemoveRole(t.Context(), h.admin, h.pkg.ID, h.roles()[0].ID()))
		ada.submit(stale, "Deny", url.Values{"decision": {"deny"}, "case": {request}}).wants(t, http.StatusOK, "0 requests denied.", "something has changed since it was shown")
		for name, bad := range map[string]url.Values{
			"no decision":  {"case": {request}},
			"nothing seen": {"case": {request}, "decision": {"approve"}},
			"no stage":     {"case": {request}, "decision": {"approve"}, "shown-" + request: {"x"}},
			"too many":     {"case": slices.Repeat([]string{request}, 11), "decision": {"approve"}},
		} {
			if p := ada.send(http.MethodPost, h.at("/access/approvals/several"), bad, "same-origin"); p.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, p.status, p.Text())
			}
		}
		// Who is not asked decides nothing, whatever they send.
		fields := func(p page) url.Values { _, f := p.Form(t, "Approve for Contoso"); return f }(ada.get(h.at("/access/approvals/several")))
		fields.Set("case", request)
		fields.Set("decision", "approve")
		h.as(h.grace).send(http.MethodPost, h.at("/access/approvals/several"), fields, "same-origin").wants(t, http.StatusOK, "0 requests approved.")
		if p := ada.send(http.MethodPost, h.at("/access/approvals/several"), fields, "cross-site"); p.status != http.StatusForbidden {
			t.Errorf("from another site: %d", p.status)
		}
		c, err := h.access.Case(context.WithoutCancel(t.Context()), h.admin, ids.RequestID(request))
		must(t, err)
		if c.State != entitlement.PendingApproval {
			t.Errorf("the request is %s", c.State)
		}
	})
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// TestLanguages: questions are asked in the language that the browser wants, and
// answers read by approvers in the policy's own.
func TestLanguages(t *testing.T) {
	each(t, func(h *stage) {
		h.plain()
		for wanted, says := range map[string]string{
			"": "Which part?", "de": "Welcher Teil?", "de-AT,en;q=0.5": "Welcher Teil?", "en,de;q=0.9": "Which part?", "fr-CA": "Quelle partie ?",
			"es, fr;q=0.2, de;q=0.4": "Welcher Teil?", "xx;q=,de;q=0": "Which part?", strings.Repeat("de,", 1000): "Which part?",
		} {
			b := h.as(h.grace)
			b.language = wanted
			if p := b.get(h.link()); !strings.Contains(p.Text(), says) || strings.Contains(p.Text(), "Läufer") != (says == "Welcher Teil?") {
				t.Errorf("%.40q: %s", wanted, p.Text())
			}
		}
		b := h.as(h.grace)
		b.language = "de"
		b.submit(b.get(h.link()), "Send request to Contoso", url.Values{"q-" + string(h.question): nil, "justification": {"x"}}).wants(t, http.StatusUnprocessableEntity, "Answer “Welcher Teil?”")
		request := h.ask(b).at.Path
		h.as(h.ada).get(strings.Replace(request, "/requests/", "/approvals/", 1)).wants(t, http.StatusOK, "Which part?", "Rotor")
	})
}

// TestTeams: what one is in, teams and sites, stands on a page of its own, and nobody else's.
func TestTeams(t *testing.T) {
	each(t, func(h *stage) {
		h.as(h.grace).get(h.at("/access/teams")).wants(t, http.StatusOK, "You are in no team of Contoso")
		var g struct{ ID string }
		ada := struct{ ID string }{}
		h.Graph(t, h.A, http.MethodGet, "/v1.0/users/"+h.ada+"?$select=id", nil, &ada)
		h.Graph(t, h.A, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": "Crew <b>one</b>", "mailNickname": "crew", "mailEnabled": true, "securityEnabled": true, "groupTypes": []string{"Unified"},
			"owners@odata.bind": []string{h.Name + "/v1.0/users/" + ada.ID}, "members@odata.bind": []string{h.Name + "/v1.0/users/" + ada.ID}}, &g)
		h.Graph(t, h.A, http.MethodPut, "/v1.0/groups/"+g.ID+"/team", map[string]any{}, nil)
		p := h.as(h.ada).get(h.at("/access/teams"))
		p.wants(t, http.StatusOK, "Crew <b>one</b>", "Active")
		if strings.Contains(p.raw, "<b>one</b>") {
			t.Error("a name's markup is in the page")
		}
		sites := h.as(h.ada).get(h.at("/access/sites"))
		sites.wants(t, http.StatusOK, "Crew <b>one</b>", "Site of the Microsoft 365 group", "/sites/crew", "Open Crew <b>one</b>")
		if strings.Contains(sites.raw, "<b>one</b>") {
			t.Error("a name's markup is in the page")
		}
		h.as(h.grace).get(h.at("/access/sites")).wants(t, http.StatusOK, "You are in no site of Contoso")
		other, _ := h.person(h.A, "other")
		h.as(other).get(h.at("/access/teams")).wants(t, http.StatusOK, "You are in no team of Contoso")
		h.as(other).get(h.at("/access/sites")).wants(t, http.StatusOK, "You are in no site of Contoso")
	})
}
