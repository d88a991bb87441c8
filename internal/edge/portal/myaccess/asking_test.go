package myaccess_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
)

// change changes the package's policy.
func (h *stage) change(do func(p *offer.Policy)) {
	h.t.Helper()
	var err error
	h.policy, err = h.access.ChangePolicy(h.t.Context(), h.admin, h.policy.ID, func(p *offer.Policy) error { do(p); return nil })
	must(h.t, err)
}

// TestForAnother: who is named by the policy asks for somebody of B, who follows
// the request as theirs; who is not named sees nothing of the package.
func TestForAnother(t *testing.T) {
	each(t, func(h *stage) {
		buyer, buyerID := h.person(h.A, "buyer")
		other, _ := h.person(h.A, "other")
		h.change(func(p *offer.Policy) {
			p.Requestor.OnBehalfAdd, p.Requestor.OnBehalf = true, []offer.SubjectSet{{Kind: offer.SingleUser, Object: buyerID}}
		})
		p := h.as(other).get(h.link())
		p.wants(t, http.StatusForbidden, "You can’t ask for “Joint design files”")
		if strings.Contains(p.raw, "Turbine design") {
			t.Error("who may not ask for others learns what is inside")
		}
		b := h.as(buyer)
		p = b.get(h.link())
		p.wants(t, http.StatusOK, "Address of whom it is for", "Which part?", "They have the access for 90 days", "An approver of Contoso decides")
		if strings.Contains(p.Text(), "I do:") {
			t.Error("they are asked whether they want it for themselves, and may not")
		}
		for address, says := range map[string]string{"": "Enter the address of whom it is for", "nobody@" + h.B.Domain: "Nobody is known here by this address", "x": "Enter a whole address", h.ada: "lets you make this request"} {
			form := h.answers()
			form.Set("email", address)
			b.submit(p, "Send request to Contoso", form).wants(t, http.StatusUnprocessableEntity, says)
		}
		form := h.answers()
		form.Set("email", h.grace)
		p = b.submit(p, "Send request to Contoso", form)
		p.wants(t, http.StatusOK, "Request sent to Contoso.", "Person grace", "Cancel request")
		h.as(h.grace).get(p.at.Path).wants(t, http.StatusOK, "Person buyer asked", "Asked by")
		b.get(h.at("/access/requests")).wants(t, http.StatusOK, "Person grace")
		ada := h.as(h.ada)
		ada.get(strings.Replace(p.at.Path, "/requests/", "/approvals/", 1)).wants(t, http.StatusOK, "Person grace asks for", "Asked by", "Person buyer")
		for who, seen := range map[string]*browser{"for whom it is": h.as(h.grace), "who asked": b} {
			if p := seen.get(strings.Replace(p.at.Path, "/requests/", "/approvals/", 1)); p.status != http.StatusNotFound {
				t.Errorf("%s decides: %d %s", who, p.status, p.Text())
			}
		}

		// Who may ask for both has it already, and asks for somebody else still.
		h.change(func(p *offer.Policy) {
			p.Scope, p.Targets = offer.AllDirectoryUsers, nil
		})
		p = b.get(h.link())
		p.wants(t, http.StatusOK, "Who needs the access?", "I do: "+buyer)
		form = h.answers()
		form.Set("for", "me")
		b.submit(p, "Send request to Contoso", form).wants(t, http.StatusOK, "You asked")
		p = b.get(h.link())
		p.wants(t, http.StatusOK, "You have asked for this already. Ask for somebody else here.")
		form.Set("email", other)
		form.Del("for")
		b.submit(p, "Send request to Contoso", form).wants(t, http.StatusOK, "Request sent to Contoso.", "Person other")
	})
}

// TestSeveralPolicies: who may ask by several says by which, and is asked that
// one's questions.
func TestSeveralPolicies(t *testing.T) {
	each(t, func(h *stage) {
		second, err := h.access.CreatePolicy(t.Context(), h.admin, offer.Policy{Package: h.pkg.ID, Name: "Visitors <b>only</b>", Description: "A week", Scope: offer.SpecificConnectedOrganizationUsers, Targets: h.policy.Targets,
			Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 7 * day}, Requestor: offer.RequestorSettings{SelfAdd: true}})
		must(t, err)
		b := h.as(h.grace)
		p := b.get(h.link())
		p.wants(t, http.StatusOK, "By which policy?", "Partners", "Visitors <b>only</b>", "A week")
		for _, bad := range []string{"", "x", h.group} {
			b.get(h.link()+"?policy="+bad).wants(t, http.StatusOK, "By which policy?")
		}
		b.get(h.link()+"?policy="+string(h.policy.ID)).wants(t, http.StatusOK, "Which part?", "for 90 days")
		p = b.get(h.link() + "?policy=" + string(second.ID))
		p.wants(t, http.StatusOK, "Nobody has to approve.", "for 7 days")
		if strings.Contains(p.Text(), "Which part?") {
			t.Error("it asks the other policy's questions")
		}
		b.send(http.MethodPost, h.link(), url.Values{"justification": {"x"}}, "same-origin").wants(t, http.StatusUnprocessableEntity, "Several policies of the access package apply", "By which policy?")
		p = b.submit(p, "Send request to Contoso", nil)
		p.wants(t, http.StatusOK, "Request sent to Contoso.")
		b.until(p.at.Path, "Delivered")
	})
}

// TestPeriod: who may choose asks for a period, within what the policy allows.
func TestPeriod(t *testing.T) {
	each(t, func(h *stage) {
		b := h.as(h.grace)
		p := b.get(h.link())
		in := func(days int) string { return h.Clock.Now().UTC().Add(time.Duration(days) * day).Format(time.DateOnly) }
		for name, c := range map[string]struct{ start, end, says string }{
			"no date":           {"soon", "", "Enter the start as a date"},
			"no date to end":    {"", "2026-02-31", "Enter the end as a date"},
			"a start that past": {in(-9), "", "The start lies in the past"},
			"ends before":       {in(9), in(3), ""},
			"too long":          {in(1), in(200), ""},
		} {
			form := h.answers()
			form["period"], form["start"], form["end"] = []string{"part"}, []string{c.start}, []string{c.end}
			bad := b.submit(p, "Send request to Contoso", form)
			bad.wants(t, http.StatusUnprocessableEntity, c.says)
			if bad.Value(t, "start") != c.start || !strings.HasPrefix(bad.Title(), "Error:") {
				t.Errorf("%s: what was typed is gone: %q of %q", name, bad.Value(t, "start"), bad.Title())
			}
		}
		form := h.answers()
		form["period"], form["start"], form["end"] = []string{"part"}, []string{in(10)}, []string{in(20)}
		p = b.submit(p, "Send request to Contoso", form)
		begin, last := h.Clock.Now().UTC().Add(10*day).Truncate(day), h.Clock.Now().UTC().Add(20*day)
		p.wants(t, http.StatusOK, "From", begin.Format("Jan 2, 2006"), "until "+last.Format("January 2, 2006"))
		ada := h.as(h.ada)
		ada.submit(ada.get(strings.Replace(p.at.Path, "/requests/", "/approvals/", 1)), "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}}).wants(t, http.StatusOK, "approved")
		b.get(p.at.Path).wants(t, http.StatusOK, "It begins by itself. Nothing is needed from you.", "Cancel request")
		b.submit(b.get(p.at.Path+"/cancel"), "Cancel request", nil).wants(t, http.StatusOK, "The request is canceled.")

		// Days are those of the person's zone.
		b.submit(b.get("/account/time-zone"), "Show times so", url.Values{"zone": {"Tokyo"}})
		p = b.submit(b.get(h.link()), "Send request to Contoso", form)
		tokyo := time.FixedZone("", 9*60*60)
		begin = begin.Add(-9 * time.Hour)
		p.wants(t, http.StatusOK, "From", begin.In(tokyo).Format("Jan 2, 2006, 3:04 PM"), "until "+last.Format("January 2, 2006"))
		b.submit(b.get("/account/time-zone"), "Show times so", url.Values{"zone": {"UTC"}})
		b.get(p.at.Path).wants(t, http.StatusOK, begin.Format("Jan 2, 2006, 3:04 PM"))
		b.submit(b.get(p.at.Path+"/cancel"), "Cancel request", nil)

		h.change(func(p *offer.Policy) { p.Requestor.CustomSchedule = false })
		p = b.get(h.link())
		if strings.Contains(p.Text(), "For a specific period") {
			t.Error("who may not choose is asked for a period")
		}
		p = b.submit(p, "Send request to Contoso", form)
		p.wants(t, http.StatusOK, "for 90 days") // what a form says that was not offered counts for nothing
	})
}

// TestNextPage: lists go on where they broke off, miss nothing and double
// nothing, and an address that leads nowhere is no page.
func TestNextPage(t *testing.T) {
	each(t, func(h *stage) {
		const more = 60
		for i := range more {
			p := h.newPackage(fmt.Sprintf("Bundle %03d", i))
			_, err := h.access.CreatePolicy(t.Context(), h.admin, offer.Policy{Package: p.ID, Name: "All", Scope: offer.AllDirectoryUsers,
				Requestor: offer.RequestorSettings{SelfAdd: true}, Approval: offer.ApprovalSettings{ForAdd: true, Stages: h.policy.Approval.Stages}})
			must(t, err)
			_, err = h.access.Submit(t.Context(), h.admin, entitlement.Submission{Type: entitlement.UserAdd, Package: p.ID})
			must(t, err)
		}
		admin := h.open()
		admin.signInWith(admin.get("/account"), h.A.AdminUPN, h.A.AdminPassword)
		ada := h.as(h.ada)
		for path, b := range map[string]*browser{"/access": ada, "/access/requests": admin, "/access/approvals": ada} {
			seen := map[string]bool{}
			p := b.get(h.at(path))
			for pages := 1; ; pages++ {
				for part := range strings.SplitSeq(p.Text(), "Bundle ") {
					if len(part) >= 3 && part[0] >= '0' && part[0] <= '9' {
						seen[part[:3]] = true
					}
				}
				next := p.Link("Next")
				if next == "" {
					if pages != 2 {
						t.Errorf("%s has %d pages", path, pages)
					}
					break
				}
				if p = b.get(next); p.status != http.StatusOK {
					t.Fatalf("%s: %d %s", next, p.status, p.Text())
				}
			}
			if len(seen) != more {
				t.Errorf("%s shows %d of %d", path, len(seen), more)
			}
			for _, bad := range []string{"x", "%00", "W10", "WzFd"} { // [] and [1]
				if p := b.get(h.at(path) + "?after=" + bad); p.status != http.StatusNotFound {
					t.Errorf("%s after %s: %d %s", path, bad, p.status, p.Text())
				}
			}
		}
		ada.get(h.at("/access?find=Bundle+03")).wants(t, http.StatusOK, "Bundle 030", "Bundle 039")
	})
}
