package myaccess_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/flow/offer"
)

// ask sends a good request in the name of grace and returns the page that
// follows it.
func (h *stage) ask(b *browser) page {
	h.t.Helper()
	p := b.submit(b.get(h.link()), "Send request to Contoso", h.answers())
	if !strings.HasPrefix(p.at.Path, h.at("/access/requests/")) {
		h.t.Fatalf("asked: %s %d %s", p.at, p.status, p.Text())
	}
	return p
}

// TestStory: somebody of B without account in A follows the link, asks, follows
// the request, is granted it by A's approver, and sees what they have.
func TestStory(t *testing.T) {
	each(t, func(h *stage) {
		grace := h.open()
		p := grace.get(h.link())
		p.wants(t, http.StatusOK, "Contoso offers you access", h.A.Domain, "You need no account at Contoso")
		if strings.Contains(p.raw, h.pkg.Name) {
			t.Error("who is not signed in learns what the package is called")
		}
		p = grace.signIn(grace.get(h.link()+"?signin=1"), h.grace)
		p.wants(t, http.StatusOK, "Request “Joint design files”", "Turbine design", "Group · Member", "An approver of Contoso decides, within 14 days.",
			"Contoso makes a guest account for you. You keep signing in at Fabrikam.", "You have the access for 90 days.", "Which part?")
		p = grace.submit(p, "Send request to Contoso", url.Values{"q-" + string(h.question): nil, "justification": {"typed <b>once</b>"}})
		p.wants(t, http.StatusUnprocessableEntity, "Answer “Which part?”", "typed <b>once</b>")
		p = grace.submit(p, "Send request to Contoso", url.Values{"q-" + string(h.question): {"rotor"}, "justification": {" "}})
		p.wants(t, http.StatusUnprocessableEntity, "Say why you need it")
		p = h.ask(grace)
		p.wants(t, http.StatusOK, "Request sent to Contoso.", "You asked", "I fit the bearings", "Contoso decides", "An approver", "Rotor", "Cancel request")
		request := p.at.Path
		grace.get(h.link()).wants(t, http.StatusOK, "You have asked for this already")
		grace.get(h.at("/access/requests")).wants(t, http.StatusOK, "Joint design files", "Waiting for approval")
		if looking := grace.get(request + "?look=30"); looking.header.Get("Refresh") != "30" || !strings.Contains(looking.Text(), "Stop looking") {
			t.Errorf("looking again: %v", looking.header)
		}

		ada := h.as(h.ada)
		list := ada.get(h.at("/access/approvals"))
		list.wants(t, http.StatusOK, "Person grace", "Joint design files")
		approval := h.at("/access/approvals/") + request[strings.LastIndex(request, "/")+1:]
		p = ada.get(approval)
		p.wants(t, http.StatusOK, "Person grace asks for “Joint design files”", h.grace, h.B.Domain, "New here: approval makes a guest account.", "Turbine design",
			"I fit the bearings", "Rotor", "Never had this before", "No conflict", "It lasts for 90 days")
		ada.submit(p, "Approve for Contoso", url.Values{"reason": {""}, "decision": {"approve"}}).wants(t, http.StatusUnprocessableEntity, "Give a reason for your decision")
		ada.submit(p, "Approve for Contoso", url.Values{"reason": {"Until the test"}, "decision": {"approve"}}).wants(t, http.StatusOK, "Your decision is recorded: approved.", "Nothing waits for you")
		ada.submit(p, "Approve for Contoso", url.Values{"reason": {"Twice"}, "decision": {"deny"}}).wants(t, http.StatusOK, "Somebody has decided meanwhile.")

		p = grace.until(request, "Delivered")
		p.wants(t, http.StatusOK, "An approver of Contoso approved", "Until the test", "Access ends")
		p = grace.get(h.at("/access/assignments"))
		p.wants(t, http.StatusOK, "Joint design files", "Turbine design", "Contoso", "Extend", "Give back")

		p = grace.get(h.link())
		p.wants(t, http.StatusOK, "You have this access already")
		p = grace.get(grace.href(h.at("/access/assignments"), "/extend"))
		p.wants(t, http.StatusOK, "Extend “Joint design files”", "for 90 days")
		p = grace.submit(p, "Ask Contoso to extend", url.Values{"justification": {"The test is late"}})
		p.wants(t, http.StatusOK, "Request sent to Contoso.")
		p = grace.submit(grace.get(p.at.Path+"/cancel"), "Cancel request", nil)
		p.wants(t, http.StatusOK, "The request is canceled.", "The request was canceled")

		p = grace.get(grace.href(h.at("/access/assignments"), "/remove"))
		p.wants(t, http.StatusOK, "Give back “Joint design files”?")
		p = grace.submit(p, "End my access", nil)
		p.wants(t, http.StatusOK, "Your access is being ended.")
		grace.until(h.at("/access/assignments"), "Expired").wants(t, http.StatusOK, "Ask again")
	})
}

// until opens a page until it says something.
func (b *browser) until(path, says string) page {
	b.h.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		p := b.get(path)
		if strings.Contains(p.Text(), says) {
			return p
		}
		if time.Now().After(end) {
			b.h.t.Fatalf("%s never says %q: %d %s", path, says, p.status, p.Text())
		}
	}
}

// href returns the first link of a page that ends so.
func (b *browser) href(path, ends string) string {
	b.h.t.Helper()
	for _, part := range strings.Split(b.get(path).raw, `href="`)[1:] {
		if to, _, _ := strings.Cut(part, `"`); strings.HasSuffix(to, ends) {
			return to
		}
	}
	b.h.t.Fatalf("no link of %s ends with %s", path, ends)
	return ""
}

// TestStranger: who may not ask is told who may, and learns nothing of what is
// inside; other tenants' packages and requests are not there.
func TestStranger(t *testing.T) {
	each(t, func(h *stage) {
		upn, _ := h.person(h.C, "stranger")
		b := h.as(upn)
		p := b.get(h.link())
		p.wants(t, http.StatusForbidden, "You can’t ask for “Joint design files”", "It is for people of organizations that Contoso names.", "Who can help", upn)
		if strings.Contains(p.raw, "Turbine design") {
			t.Error("a stranger learns what is inside")
		}
		if p := b.send(http.MethodPost, h.link(), h.answers(), "same-origin"); p.status != http.StatusForbidden {
			t.Errorf("asked all the same: %d %s", p.status, p.Text())
		}
		b.get(h.at("/access")).wants(t, http.StatusOK, "There is nothing that you can ask for")
		for _, path := range []string{"/@" + h.B.Domain + "/access-packages/" + string(h.pkg.ID), h.at("/access-packages/" + string(h.group)), "/@nowhere.example/access", "/@/access"} {
			if p := b.get(path); p.status != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, p.status, p.Text())
			}
		}
		request := h.ask(h.as(h.grace)).at.Path
		id := request[strings.LastIndex(request, "/")+1:]
		for _, path := range []string{request, request + "/events", request + "/cancel", h.at("/access/approvals/" + id)} {
			theirs, nobodys := b.get(path), b.get(strings.Replace(path, id, h.group, 1))
			if theirs.status != http.StatusNotFound || nobodys.status != theirs.status || heart(theirs) != heart(nobodys) {
				t.Errorf("%s: %d %s, and for nothing %d %s", path, theirs.status, theirs.Text(), nobodys.status, nobodys.Text())
			}
		}
	})
}

// heart is what a page says before the request's identifier.
func heart(p page) string {
	text, _, _ := strings.Cut(p.Text(), "For a help desk")
	return text
}

// TestOwnRequest is not decided by whoever asked, and their approval page is not
// there.
func TestOwnRequest(t *testing.T) {
	each(t, func(h *stage) {
		grace := h.as(h.grace)
		request := h.ask(grace).at.Path
		if p := grace.get(strings.Replace(request, "/requests/", "/approvals/", 1)); p.status != http.StatusNotFound {
			t.Errorf("got %d %s", p.status, p.Text())
		}
	})
}

// TestShownOtherwise: a decision on what has changed meanwhile is refused, and
// one without what was shown too.
func TestShownOtherwise(t *testing.T) {
	each(t, func(h *stage) {
		request := h.ask(h.as(h.grace)).at.Path
		ada := h.as(h.ada)
		stale := ada.get(strings.Replace(request, "/requests/", "/approvals/", 1))
		ada.submit(stale, "Approve for Contoso", url.Values{"reason": {"Good"}, "decision": {"approve"}, "shown": {""}}).wants(t, http.StatusOK, "has changed since it was shown to you")
		must(t, h.access.RemoveRole(t.Context(), h.admin, h.pkg.ID, h.roles()[0].ID()))
		ada.submit(stale, "Approve for Contoso", url.Values{"reason": {"Good"}, "decision": {"approve"}}).wants(t, http.StatusOK, "has changed since it was shown to you", "Nothing was decided.")
		ada.submit(ada.get(stale.at.Path), "Deny", url.Values{"reason": {"Not <i>now</i>"}, "decision": {"deny"}}).wants(t, http.StatusOK, "denied")
		grace := h.as(h.grace)
		p := grace.get(request)
		p.wants(t, http.StatusOK, "An approver of Contoso denied", "Not <i>now</i>", "Ask again")
		if strings.Contains(p.raw, "<i>now</i>") {
			t.Error("a reason's markup is in the page")
		}
	})
}

func (h *stage) roles() []offer.RoleScope {
	h.t.Helper()
	all, err := h.access.PackageRoles(h.t.Context(), h.admin, h.pkg.ID)
	must(h.t, err)
	return all
}
