package myaccess_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// approvers makes a group of approvers with the members, and has the policy name
// it.
func (h *stage) approvers(members ...string) (group string) {
	h.t.Helper()
	var g struct{ ID string }
	h.Graph(h.t, h.A, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": "Approvers", "mailNickname": "approvers", "mailEnabled": false, "securityEnabled": true, "members@odata.bind": h.bound(members...)}, &g)
	h.change(func(p *offer.Policy) {
		p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.GroupMembers, Object: ids.ObjectID(g.ID)}}
	})
	return g.ID
}

// bound are references to people of A.
func (h *stage) bound(upns ...string) (all []string) {
	for _, upn := range upns {
		all = append(all, h.Name+"/v1.0/users/"+h.id(upn))
	}
	return all
}

// id returns the identifier of somebody of A.
func (h *stage) id(upn string) string {
	h.t.Helper()
	var u struct{ ID string }
	h.Graph(h.t, h.A, http.MethodGet, "/v1.0/users/"+upn+"?$select=id", nil, &u)
	return u.ID
}

func (h *stage) state(id string) entitlement.RequestState {
	h.t.Helper()
	c, err := h.access.Case(h.t.Context(), h.admin, ids.RequestID(id))
	must(h.t, err)
	return c.State
}

// TestApproverRemoved: who was an approver when the page was shown and is none at
// the click decides nothing and is told so, alone and among several.
func TestApproverRemoved(t *testing.T) {
	each(t, func(h *stage) {
		second, _ := h.person(h.A, "second")
		group := h.approvers(h.ada, second)
		request := last(h.ask(h.as(h.grace)).at.Path)
		ada := h.as(h.ada)
		page := ada.get(h.at("/access/approvals/" + request))
		page.wants(t, http.StatusOK, "Your decision")
		h.Graph(t, h.A, http.MethodDelete, "/v1.0/groups/"+group+"/members/"+h.id(h.ada)+"/$ref", nil, nil)
		for _, word := range []string{"approve", "deny"} {
			ada.submit(page, map[string]string{"approve": "Approve for Contoso", "deny": "Deny"}[word], url.Values{"reason": {"Yes"}, "decision": {word}}).
				wants(t, http.StatusForbidden, "You are not asked to decide on this")
		}
		ada.get(page.at.Path).wants(t, http.StatusNotFound, "none that waits for you")
		ada.get(h.at("/access/approvals")).wants(t, http.StatusOK, "Nothing waits for you")
		if s := h.state(request); s != entitlement.PendingApproval {
			t.Fatalf("the request is %s", s)
		}

		h.plain() // which asks no reason, so that several can be decided on together
		grace := h.as(h.grace)
		grace.submit(grace.get(h.at("/access/requests/"+request+"/cancel")), "Cancel request", nil)
		request = last(h.ask(grace).at.Path)
		other := h.as(second)
		page = other.get(h.at("/access/approvals/several"))
		h.Graph(t, h.A, http.MethodDelete, "/v1.0/groups/"+group+"/members/"+h.id(second)+"/$ref", nil, nil)
		other.submit(page, "Approve for Contoso", url.Values{"decision": {"approve"}, "case": {request}}).wants(t, http.StatusOK, "0 requests approved.")
		if s := h.state(request); s != entitlement.PendingApproval {
			t.Errorf("the request is %s", s)
		}
	})
}

// TestApproverGone: an approver whose account is blocked or deleted after the page
// was shown decides nothing.
func TestApproverGone(t *testing.T) {
	each(t, func(h *stage) {
		request := last(h.ask(h.as(h.grace)).at.Path)
		ada := h.as(h.ada)
		page := ada.get(h.at("/access/approvals/" + request))
		h.Graph(t, h.A, http.MethodPatch, "/v1.0/users/"+h.id(h.ada), map[string]any{"accountEnabled": false}, nil)
		p := ada.submit(page, "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}})
		if s := h.state(request); s != entitlement.PendingApproval || strings.Contains(p.Text(), "recorded") {
			t.Errorf("the request is %s: %d %s", s, p.status, p.Text())
		}
	})
}

// TestPolicyChanged: what the policy wants at the click counts, not what it wanted
// when the form was shown; and what it wanted at the request stays for its approver.
func TestPolicyChanged(t *testing.T) {
	each(t, func(h *stage) {
		grace := h.as(h.grace)
		form := h.answers()
		page := grace.get(h.link())
		h.change(func(p *offer.Policy) {
			p.Questions = []offer.Question{{Required: true, Text: offer.Localized{Text: "Which plant?"}}}
		})
		grace.submit(page, "Send request to Contoso", form).wants(t, http.StatusUnprocessableEntity, "Answer “Which plant?”", "I fit the bearings")
		plant := h.policy.Questions[0].ID
		h.change(func(p *offer.Policy) { p.Requestor.SelfAdd = false })
		form.Set("q-"+string(plant), "North")
		grace.submit(page, "Send request to Contoso", form).wants(t, http.StatusForbidden, "You can’t ask for “Joint design files”")
		h.change(func(p *offer.Policy) { p.Requestor.SelfAdd = true })
		asked := grace.submit(page, "Send request to Contoso", form)
		asked.wants(t, http.StatusOK, "Request sent to Contoso.", "North")

		request := last(asked.at.Path)
		ada := h.as(h.ada)
		page = ada.get(h.at("/access/approvals/" + request))
		page.wants(t, http.StatusOK, "It lasts for 90 days")
		other, otherID := h.person(h.A, "other")
		h.change(func(p *offer.Policy) {
			p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 3650 * day}
			p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.SingleUser, Object: otherID}}
		})
		h.as(other).get(page.at.Path).wants(t, http.StatusNotFound, "none that waits for you")
		ada.submit(page, "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}}).wants(t, http.StatusOK, "approved")
		grace.until(asked.at.Path, "Delivered")
		c, err := h.access.Case(t.Context(), h.admin, ids.RequestID(request))
		must(t, err)
		if want := c.Assignment.StartsAt.Add(90 * day); !c.Assignment.EndsAt.Equal(want) {
			t.Errorf("the access ends %s; what was agreed to is %s", c.Assignment.EndsAt, want)
		}

		upn, _ := h.person(h.B, "late")
		late := h.as(upn)
		page = late.get(h.link())
		h.change(func(p *offer.Policy) { p.Scope, p.Targets = offer.AllMemberUsers, nil })
		late.submit(page, "Send request to Contoso", form).wants(t, http.StatusForbidden, "You can’t ask for “Joint design files”")
	})
}

// TestForwarded: a link that was meant for somebody else tells nothing, whether the
// reader is signed in or not, and lets nobody decide.
func TestForwarded(t *testing.T) {
	each(t, func(h *stage) {
		request := h.ask(h.as(h.grace)).at.Path
		approval := strings.Replace(request, "/requests/", "/approvals/", 1)
		page := h.as(h.ada).get(approval)
		colleague, _ := h.person(h.B, "colleague")
		member, _ := h.person(h.A, "member")
		for name, b := range map[string]*browser{"a colleague of whoever asked": h.as(colleague), "a member of the organization": h.as(member), "whoever asked": h.as(h.grace)} {
			if p := b.get(approval); p.status != http.StatusNotFound || strings.Contains(p.raw, "Person grace asks") {
				t.Errorf("%s: %d %s", name, p.status, p.Text())
			}
			p := b.submit(page, "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}})
			if p.status != http.StatusForbidden && p.status != http.StatusNotFound {
				t.Errorf("%s decides: %d %s", name, p.status, p.Text())
			}
		}
		for _, path := range []string{request, approval, request + "/cancel"} {
			p := h.open().get(path)
			if !strings.Contains(p.at.Path, "signin") && !strings.Contains(p.raw, `name="username"`) || strings.Contains(p.raw, "grace") || strings.Contains(p.raw, h.pkg.Name) {
				t.Errorf("who is not signed in at %s: %s %d %s", path, p.at, p.status, p.Text())
			}
		}
		if s := h.state(last(request)); s != entitlement.PendingApproval {
			t.Errorf("the request is %s", s)
		}
		// Whoever asked gets to it by signing in at the link.
		grace := h.open()
		grace.signIn(grace.get(request), h.grace).wants(t, http.StatusOK, "You asked")
	})
}
