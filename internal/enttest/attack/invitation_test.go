package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
)

// An entry is a user as Graph shows it.
type entry struct {
	ID    string  `json:"id"`
	UPN   string  `json:"userPrincipalName"`
	Mail  *string `json:"mail"`
	State *string `json:"externalUserState"`
}

// person makes somebody of a tenant, with an address of mail if it is not empty.
func (g *ground) person(t *testing.T, in *enttest.Tenant, name, mail string) (u entry) {
	t.Helper()
	body := map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@" + in.Domain,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
	}
	if mail != "" {
		body["mail"] = mail
	}
	g.Graph(t, in, http.MethodPost, "/v1.0/users", body, &u)
	return u
}

// invite invites an address and returns the guest and the path of the link.
func (g *ground) invite(t *testing.T, in *enttest.Tenant, address string) (guest, link string) {
	t.Helper()
	var made struct {
		Link string `json:"inviteRedeemUrl"`
		User entry  `json:"invitedUser"`
	}
	g.Graph(t, in, http.MethodPost, "/v1.0/invitations", map[string]any{"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://app.example/"}, &made)
	return made.User.ID, strings.TrimPrefix(made.Link, g.Name)
}

// state is how far a guest has come.
func (g *ground) state(t *testing.T, in *enttest.Tenant, guest string) string {
	t.Helper()
	var u entry
	g.Graph(t, in, http.MethodGet, "/v1.0/users/"+guest+"?$select=externalUserState", nil, &u)
	if u.State == nil {
		return ""
	}
	return *u.State
}

// follow opens an invitation's link and signs in.
func (b *browser) follow(t *testing.T, link, upn string) view {
	t.Helper()
	v := b.press(t, b.open(t, link), "Sign in", nil)
	if v.Heading() != "Sign in" { // with a session
		return v
	}
	return b.press(t, b.press(t, v, "Next", url.Values{"username": {upn}}), "Sign in", url.Values{"password": {password}})
}

// invitationMisused: a link is for the account that it names, once, for a month,
// as it is spelled; and whoever has it without being meant learns nothing of
// whom it is for.
func invitationMisused(t *testing.T, g *ground) {
	heir, thief := g.person(t, g.A, "heir", ""), g.person(t, g.A, "thief", "")
	namesake := g.person(t, g.B, "namesake", "")
	guest, link := g.invite(t, g.B, "Heir@CONTOSO.example") // an address is the same however it is written
	waits := func(what string) {
		t.Helper()
		if s := g.state(t, g.B, guest); s != "PendingAcceptance" {
			t.Errorf("%s: the guest's state is %s", what, s)
		}
	}
	ended := func(what string, v view, status int, heading string) {
		t.Helper()
		if v.Page == nil || v.status != status || v.Heading() != heading || strings.Contains(strings.ToLower(v.raw), "heir") {
			t.Errorf("%s: %d %s", what, v.status, v.raw)
		}
	}

	// Another account, of the same home or of another.
	for _, upn := range []string{thief.UPN, namesake.UPN} {
		ended(upn, g.browser(t).follow(t, link, upn), http.StatusForbidden, "The invitation is for another account")
	}
	squatter := g.person(t, g.B, "squatter", "heir@elsewhere.example") // the domain is not their tenant's
	unproved, strange := g.invite(t, g.A, *squatter.Mail)
	ended("an address that its tenant has not proved", g.browser(t).follow(t, strange, squatter.UPN), http.StatusForbidden, "The invitation is for another account")
	if s := g.state(t, g.A, unproved); s != "PendingAcceptance" {
		t.Errorf("an address that its tenant has not proved: the guest's state is %s", s)
	}
	b := g.browser(t)
	page := b.follow(t, link, heir.UPN)
	action, fields := page.Form(t, "Accept as Contoso")
	fields.Set("decision", "accept")
	others := g.browser(t)
	refusal := others.follow(t, link, thief.UPN)
	for name, form := range map[string]url.Values{"the right one's form": fields, "its word in a sign-in of one's own": with(fields, "flow", refusal.at.Query().Get("flow"))} {
		if v := others.send(t, http.MethodPost, action, form, nil); v.status < 400 {
			t.Errorf("%s: %d %s", name, v.status, v.raw)
		}
	}
	waits("after another account has tried")

	// Another spelling, and the link of another guest.
	stranger, lure := g.invite(t, g.B, thief.UPN)
	of, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(lure)
	if err != nil {
		t.Fatal(err)
	}
	q, ticket := of.Query(), of.Query().Get("ticket")
	for name, changed := range map[string]url.Values{
		"lower case":               with(q, "ticket", strings.ToLower(ticket)),
		"upper case":               with(q, "ticket", strings.ToUpper(ticket)),
		"a piece":                  with(q, "ticket", ticket[1:]),
		"a space more":             with(q, "ticket", ticket+" "),
		"nothing":                  with(q, "ticket", ""),
		"the ticket of another":    with(q, "ticket", to.Query().Get("ticket")),
		"the guest of another":     with(q, "user", stranger),
		"at the account's home":    with(q, "tenant", g.A.ID),
		"the account for its name": with(q, "user", heir.ID),
	} {
		ended(name, g.browser(t).open(t, "/redeem?"+changed.Encode()), http.StatusNotFound, "There is no such invitation")
	}
	waits("after another spelling")

	// Twice.
	if v := b.press(t, page, "Accept as Contoso", nil); v.Heading() != "You are a guest of Fabrikam" || g.state(t, g.B, guest) != "Accepted" {
		t.Fatalf("the right one: %d %s", v.status, v.raw)
	}
	ended("once more, by another", g.browser(t).follow(t, link, thief.UPN), http.StatusForbidden, "The invitation was used already")
	if v := b.send(t, http.MethodPost, action, with(fields, "decision", "decline"), nil); g.state(t, g.B, guest) != "Accepted" {
		t.Errorf("taken back by the page that was left open: %d %s", v.status, v.raw)
	}

	// A newer one, and a month.
	_, newer := g.invite(t, g.B, thief.UPN)
	ended("one that was replaced", g.browser(t).open(t, lure), http.StatusNotFound, "There is no such invitation")
	if v := g.browser(t).follow(t, newer, thief.UPN); v.Heading() != "Fabrikam invites you as a guest" {
		t.Errorf("the newer one: %d %s", v.status, v.raw)
	}
	g.clock.Advance(30*24*time.Hour - time.Minute)
	left := g.browser(t)
	page = left.follow(t, newer, thief.UPN)
	g.clock.Advance(2 * time.Minute)
	if v := left.press(t, page, "Accept as Contoso", nil); v.status != http.StatusForbidden || g.state(t, g.B, stranger) != "PendingAcceptance" {
		t.Errorf("a page that was left open until the end: %d %s", v.status, v.raw)
	}
	ended("after a month", g.browser(t).open(t, newer), http.StatusForbidden, "The invitation has ended")
}

// mailOfAMember: a guest whose mail is that of somebody of the tenant is
// somebody else there, and no application hears of the address.
func mailOfAMember(t *testing.T, g *ground) {
	boss := g.person(t, g.A, "boss", "boss@"+g.A.Domain)
	mallory := g.person(t, g.B, "mallory", boss.UPN)
	asks := g.link(g.mail, g.A.ID, "scope", "openid profile email offline_access User.Read")
	if v := g.browser(t).signIn(t, asks, mallory.UPN, password); v.status != http.StatusForbidden {
		t.Fatalf("before they are a guest: %d %s", v.status, v.raw)
	}
	wish := map[string]any{"invitedUserEmailAddress": boss.UPN, "inviteRedirectUrl": "https://app.example/"}
	if a := g.As(t, g.Admin(t, g.A, enttest.GraphScope), http.MethodPost, "/v1.0/invitations", wish); a.Status != http.StatusBadRequest {
		t.Errorf("a member's address is invited: %d %s", a.Status, a.Body)
	}
	guest, link := g.invite(t, g.A, mallory.UPN)
	b := g.browser(t)
	b.press(t, b.follow(t, link, mallory.UPN), "Accept as Fabrikam", nil)
	got := g.get(t, g.redemption(g.mail, b.open(t, asks).answer(t).Get("code")))
	for name, token := range map[string]string{"the ID token": got.ID, "the access token": got.Access} {
		c := enttest.Claims(t, token)
		for claim, value := range c {
			if s, ok := value.(string); ok && strings.Contains(strings.ToLower(s), "boss@") {
				t.Errorf("%s says %s: %s", name, claim, s)
			}
		}
		if c["oid"] != guest || c["email"] != nil || c["tid"] != g.A.ID || c["idp"] != g.Name+"/"+g.B.ID+"/" {
			t.Errorf("%s says %v", name, c)
		}
	}
	for _, path := range []string{"/v1.0/me", "/oidc/userinfo"} {
		if a := g.As(t, got.Access, http.MethodGet, path, nil); a.Status != http.StatusOK || strings.Contains(strings.ToLower(string(a.Body)), "boss@") || strings.Contains(string(a.Body), boss.ID) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}

	// The same application hears of a member's own address: the claim is not missing for all.
	own := g.browser(t).signIn(t, asks, boss.UPN, password).answer(t)
	if c := enttest.Claims(t, g.get(t, g.redemption(g.mail, own.Get("code"))).ID); c["oid"] != boss.ID || c["email"] != boss.UPN {
		t.Errorf("the member's own ID token says %v", c)
	}
}
