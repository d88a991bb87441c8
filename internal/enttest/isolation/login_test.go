package isolation

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/oauth"
	"entente/internal/edge/portal/signinpages"
	"entente/internal/enttest"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
)

// A browser keeps cookies and follows redirects.
type browser struct {
	g    *ground
	http *http.Client
}

func (g *ground) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{g, &http.Client{Transport: g.HTTP.Transport, Jar: jar}}
}

// A page is what a browser shows in the end.
type page struct {
	*pagetest.Page
	status int
	at     *url.URL
	raw    string
}

func (b *browser) get(t *testing.T, path string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.g.Name+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, req)
}

func (b *browser) post(t *testing.T, path string, form url.Values) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.g.Name+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, req)
}

func (b *browser) do(t *testing.T, req *http.Request) page {
	t.Helper()
	res, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{pagetest.Parse(t, bytes.NewReader(raw)), res.StatusCode, res.Request.URL, string(raw)}
}

// submit presses a button with fields filled in.
func (b *browser) submit(t *testing.T, on page, button string, fill url.Values) page {
	t.Helper()
	action, fields := on.Form(t, button)
	maps.Copy(fields, fill)
	return b.post(t, action, fields)
}

// signIn goes from a link to what stands behind sign-in.
func (b *browser) signIn(t *testing.T, x *side, link string) page {
	t.Helper()
	p := b.submit(t, b.get(t, link), "Next", url.Values{"username": {x.AdminUPN}})
	return b.submit(t, p, "Sign in", url.Values{"password": {x.AdminPassword}})
}

// A visit is the login edge with what both sides have there.
type visit struct {
	*ground
	app               map[*side]string // the client identifier of a multi-tenant application
	pages             map[*side]string // likewise, of one that people sign in to
	secrets           map[*side]string // and its secret
	theirs, own       machine
	victims, intruder *browser
	flow              page   // of the victim's browser, at an administrator's consent
	inquiry           page   // likewise, at a person's own
	session           string // of that browser: its applications know it
	out               page   // of a further browser of the victim's, signed out
	outs              *browser
	invited           map[*side]url.Values
}

func (g *ground) visit(t *testing.T) *visit {
	t.Helper()
	v := &visit{ground: g, theirs: g.enroll(t, g.victim), own: g.enroll(t, g.stranger), app: map[*side]string{}, pages: map[*side]string{}, secrets: map[*side]string{}}
	for _, x := range []*side{g.victim, g.stranger} {
		v.app[x] = g.Application(t, x.Tenant, x.word, true).AppID
		a, client := v.signsIn(t, x, x.word+" pages")
		v.pages[x] = a.AppID
		g.Delegate(t, x.Tenant, client.ID, "openid")
		var made struct{ SecretText string }
		g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/applications/"+a.ID+"/addPassword", map[string]any{}, &made)
		v.secrets[x] = made.SecretText
	}
	v.invited = map[*side]url.Values{g.victim: g.invitation(t, g.victim), g.stranger: g.invitation(t, g.stranger)}
	v.victims, v.intruder = g.browser(t), g.browser(t)
	v.flow = v.victims.signIn(t, g.victim, consentLink("/"+g.victim.ID+"/adminconsent", v.app[g.stranger]))
	if v.flow.at.Query().Get("flow") == "" || v.flow.status != http.StatusOK {
		t.Fatalf("the victim's flow: %d at %s", v.flow.status, v.flow.at)
	}
	v.intruder.signIn(t, g.stranger, consentLink("/"+g.stranger.ID+"/adminconsent", v.app[g.stranger]))
	v.session = v.sessionOf(t, v.victims)
	unknown, _ := v.signsIn(t, g.victim, g.victim.word+" inquiry")
	v.inquiry = v.victims.get(t, v.at("/{tenant}/oauth2/v2.0/authorize", v.victim)+"?"+v.request(unknown.AppID).Encode())
	v.outs = g.browser(t)
	v.outs.signIn(t, g.victim, v.signInLink())
	v.out = v.outs.submit(t, v.outs.get(t, "/"+g.victim.ID+"/oauth2/v2.0/logout"), "Sign out", nil)
	return v
}

// signsIn makes an application of a side to which people sign in.
func (v *visit) signsIn(t *testing.T, x *side, name string) (enttest.Application, enttest.Principal) {
	t.Helper()
	a := v.Application(t, x.Tenant, name, true)
	v.Graph(t, x.Tenant, http.MethodPatch, "/v1.0/applications/"+a.ID, map[string]any{"web": map[string]any{"redirectUris": []string{v.Name + "/error"}}}, nil)
	return a, v.Present(t, x.Tenant, a.AppID)
}

func consentLink(path, app string) string {
	return path + "?" + url.Values{"client_id": {app}, "scope": {enttest.GraphScope}}.Encode()
}

// visits are what is done at each route of the login host: first by the
// stranger, with the victim unharmed, then by the victim, with success.
var visits = map[string]struct {
	stranger, victim func(t *testing.T, v *visit, path string)
}{
	"POST /{tenant}/oauth2/v2.0/token":                    {strangeTokens, ownToken},
	"POST /{tenant}/oauth2/token":                         {strangeTokens, ownToken},
	"POST /{tenant}/oauth2/v2.0/devicecode":               {strangeDevice, ownDevice},
	"POST /{tenant}/oauth2/devicecode":                    {strangeDevice, ownDevice},
	"GET /{tenant}/v2.0/.well-known/openid-configuration": {public, public},
	"GET /{tenant}/.well-known/openid-configuration":      {public, public},
	"GET /{tenant}/discovery/v2.0/keys":                   {public, public},
	"GET /{tenant}/discovery/keys":                        {public, public},
	"GET /common/discovery/instance":                      {public, public},
	"GET /error":                                          {public, public},
	"GET /devicelogin":                                    {anyPage, anyPage},
	"GET /common/oauth2/deviceauth":                       {anyPage, anyPage},
	"POST /common/oauth2/deviceauth":                      {strangeCode, ownCode},
	"GET /{tenant}/adminconsent":                          {strangeConsent, ownPage},
	"GET /{tenant}/v2.0/adminconsent":                     {strangeConsent, ownPage},
	"GET /common/signin":                                  {strangePage, ownPage},
	"POST /common/signin":                                 {strangeSteps, ownStep},
	"GET /common/consent/set":                             {strangePage, ownPage},
	"POST /common/consent/set":                            {strangeDecisions, ownDecision},
	"GET /oidc/userinfo":                                  {strangeUserInfo, ownUserInfo},
	"POST /oidc/userinfo":                                 {strangeUserInfo, ownUserInfo},
	"GET /{tenant}/openid/userinfo":                       {strangeUserInfo, ownUserInfo},
	"POST /{tenant}/openid/userinfo":                      {strangeUserInfo, ownUserInfo},
	"GET /redeem":                                         {strangeInvitation, ownInvitation},
	"POST /redeem":                                        {strangeRedemption, ownRedemption},
	"GET /common/redeem":                                  {strangePage, ownPage},
	"POST /common/redeem":                                 {strangeAnswers, ownAnswer},
	"GET /{tenant}/oauth2/v2.0/authorize":                 {strangeSignIn, ownSignIn},
	"GET /{tenant}/oauth2/authorize":                      {strangeSignIn, ownSignIn},
	"POST /{tenant}/oauth2/v2.0/authorize":                {strangeSignInByForm, ownSignInByForm},
	"POST /{tenant}/oauth2/authorize":                     {strangeSignInByForm, ownSignInByForm},
	"GET /{tenant}/oauth2/v2.0/logout":                    {strangeSignOut, askedToSignOut},
	"POST /{tenant}/oauth2/v2.0/logout":                   {strangeSignOut, askedToSignOut},
	"GET /{tenant}/oauth2/logout":                         {strangeSignOut, askedToSignOut},
	"POST /{tenant}/oauth2/logout":                        {strangeSignOut, askedToSignOut},
	"POST /common/signout":                                {strangeSignOutForm, ownSignOut},
	"GET /common/signedout":                               {strangeSignedOut, ownSignedOut},
}

var last = []string{"POST /common/consent/set", "POST /common/signout"}

// TestLogin walks the login host.
func TestLogin(t *testing.T) {
	all := append(oauth.Routes(), signinpages.Routes()...)
	if want := slices.Sorted(maps.Keys(visits)); !slices.Equal(slices.Sorted(slices.Values(all)), want) {
		t.Fatalf("the routes are %v, and %v are walked", all, want)
	}
	// What spends the victim's flow comes last, and then what ends their session.
	slices.SortStableFunc(all, func(a, b string) int { return slices.Index(last, a) - slices.Index(last, b) })
	each(t, func(t *testing.T, g *ground) {
		v := g.visit(t)
		before := g.rows(t)
		for _, route := range all {
			_, path, _ := strings.Cut(route, " ")
			visits[route].stranger(t, v, path)
			g.untouched(t, before, "sign_in")
		}
		for _, route := range all {
			_, path, _ := strings.Cut(route, " ")
			visits[route].victim(t, v, path)
		}
	})
}

func (v *visit) at(path string, x *side) string { return strings.Replace(path, "{tenant}", x.ID, 1) }

// form is a request for a token in the version of the endpoint.
func form(path, client, resource string, more ...string) url.Values {
	f := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "resource": {resource}}
	if strings.Contains(path, "v2.0") {
		f.Del("resource")
		f.Set("scope", resource+"/.default")
	}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

const (
	msGraph       = "https://graph.microsoft.com"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// byHost asks for a token of the victim's identity, as a machine that says it
// is the host id.
func (v *visit) byHost(t *testing.T, m machine, path, id string) url.Values {
	t.Helper()
	return form(path, id, enttest.ExchangeScope, "grant_type", string(oauth2.ManagedIdentity), "mi_client_id", v.victim.ids["identity client"],
		"client_assertion", m.assert(t, v.ground, id, path), "client_assertion_type", assertionType)
}

func strangeTokens(t *testing.T, v *visit, path string) {
	t.Helper()
	host := func(x *side, id string) url.Values { return v.byHost(t, v.own, v.at(path, x), id) }
	there, here := v.at(path, v.victim), v.at(path, v.stranger)
	for name, a := range map[string]struct {
		path string
		form url.Values
	}{
		"its own client at the victim":                  {there, form(path, v.stranger.ClientID, msGraph, "client_secret", v.stranger.ClientSecret)},
		"the victim's client with its own secret":       {there, form(path, v.victim.ClientID, msGraph, "client_secret", v.stranger.ClientSecret)},
		"the victim's client at its own tenant":         {here, form(path, v.victim.ClientID, msGraph, "client_secret", v.stranger.ClientSecret)},
		"a token for the victim's application":          {here, form(path, v.stranger.ClientID, v.app[v.victim], "client_secret", v.stranger.ClientSecret)},
		"its own machine at the victim":                 {there, host(v.victim, v.own.id)},
		"its own machine as the victim's":               {there, host(v.victim, v.theirs.id)},
		"its own machine with the victim's identity":    {here, host(v.stranger, v.own.id)},
		"its own access token as the victim's client's": {there, form(path, v.victim.ClientID, msGraph, "client_assertion", v.stranger.graph, "client_assertion_type", assertionType)},
	} {
		got := v.Post(t, a.path, a.form)
		if got.Status != http.StatusBadRequest && got.Status != http.StatusUnauthorized || got.Number(t) == 0 {
			t.Errorf("%s: %s: %d %s", path, name, got.Status, got.Body)
		}
		v.keepsSecret(t, ask{http.MethodPost, a.path, a.form}, got)
	}
}

func ownToken(t *testing.T, v *visit, path string) {
	t.Helper()
	path = v.at(path, v.victim)
	v.Post(t, path, form(path, v.victim.ClientID, msGraph, "client_secret", v.victim.ClientSecret)).Token(t)
	if !strings.Contains(path, "v2.0") { // the one that agents ask
		v.Post(t, path, v.byHost(t, v.theirs, path, v.theirs.id)).Token(t)
	}
}

// device is a request for a device code in the version of the endpoint.
func device(path, client string, more ...string) url.Values {
	f := form(path, client, msGraph, more...)
	f.Del("grant_type")
	return f
}

// strangeDevice has the stranger's devices ask in the victim's name, and fetch
// what a device of the victim's waits for.
func strangeDevice(t *testing.T, v *visit, path string) {
	t.Helper()
	there, here := v.at(path, v.victim), v.at(path, v.stranger)
	asks := map[string]ask{
		"the victim's own client at its own tenant": {http.MethodPost, here, device(path, v.victim.ClientID, "client_secret", v.stranger.ClientSecret)},
		"the victim's client with its own secret":   {http.MethodPost, there, device(path, v.victim.ClientID, "client_secret", v.stranger.ClientSecret)},
		"its own single-tenant client":              {http.MethodPost, there, device(path, v.stranger.ClientID, "client_secret", v.stranger.ClientSecret)},
	}
	var own struct {
		Code string `json:"device_code"`
	}
	v.Post(t, here, device(path, v.stranger.ClientID, "client_secret", v.stranger.ClientSecret)).Into(t, &own)
	poll := url.Values{"grant_type": {"device_code"}, "client_id": {v.stranger.ClientID}, "client_secret": {v.stranger.ClientSecret}, "device_code": {own.Code}}
	asks["its own device's code at the victim"] = ask{http.MethodPost, strings.Replace(there, "devicecode", "token", 1), poll}
	for name, a := range asks {
		got := v.Post(t, a.path, a.body.(url.Values))
		if got.Status != http.StatusBadRequest && got.Status != http.StatusUnauthorized || got.Number(t) == 0 {
			t.Errorf("%s: %s: %d %s", path, name, got.Status, got.Body)
		}
		v.keepsSecret(t, a, got)
	}
}

func ownDevice(t *testing.T, v *visit, path string) {
	t.Helper()
	path = v.at(path, v.victim)
	if got := v.Post(t, path, device(path, v.victim.ClientID, "client_secret", v.victim.ClientSecret)); got.Status != http.StatusOK {
		t.Errorf("the victim's own device: %d %s", got.Status, got.Body)
	}
}

// anyPage is one that anybody may open, and that tells nothing.
func anyPage(t *testing.T, v *visit, path string) {
	t.Helper()
	if p := v.intruder.get(t, path); p.status != http.StatusOK || strings.Contains(p.raw, v.victim.word) {
		t.Errorf("%s: %d %s", path, p.status, p.raw)
	}
}

// strangeCode types what is no code of a device, which looks like another's that
// was not guessed.
func strangeCode(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, code := range []string{"CCCCCCCCC", v.victim.ClientID, ""} {
		v.refused(t, v.intruder.post(t, path, url.Values{"otc": {code}}))
	}
}

// ownCode types the code of a device of the victim's.
func ownCode(t *testing.T, v *visit, path string) {
	t.Helper()
	var d struct {
		Code string `json:"user_code"`
	}
	at := v.at("/{tenant}/oauth2/v2.0/devicecode", v.victim)
	v.Post(t, at, device(at, v.victim.ClientID, "client_secret", v.victim.ClientSecret)).Into(t, &d)
	if p := v.victims.post(t, path, url.Values{"otc": {d.Code}}); p.status != http.StatusOK || p.at.Query().Get("flow") == "" {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// public are documents that anybody may read, and that tell no names.
func public(t *testing.T, v *visit, path string) {
	t.Helper()
	a := ask{http.MethodGet, v.at(path, v.victim) + "?authorization_endpoint=" + url.QueryEscape(v.Name+"/"+v.victim.ID), nil}
	got := v.As(t, "", a.method, a.path, nil)
	if got.Status != http.StatusOK {
		t.Errorf("%s: %d %s", path, got.Status, got.Body)
	}
	v.keepsSecret(t, a, got)
}

// strangeConsent has the stranger's administrator try to consent for the
// victim, signed in and newly.
func strangeConsent(t *testing.T, v *visit, path string) {
	t.Helper()
	link := consentLink(v.at(path, v.victim), v.app[v.stranger]) + "&redirect_uri=https%3A%2F%2Fevil.example"
	v.refused(t, v.intruder.get(t, link))
	link = consentLink(v.at("/{tenant}/adminconsent", v.victim), v.app[v.stranger])
	p := v.intruder.get(t, link)
	if p.at.Path == "/common/signin" && p.status == http.StatusOK {
		p = v.intruder.submit(t, p, "Go on as "+v.stranger.AdminUPN, nil)
	}
	v.refused(t, p)
	v.refused(t, v.browser(t).signIn(t, v.stranger, link))
}

// request is a sign-in to an application, whose answer goes to a page of ours.
func (v *visit) request(app string) url.Values {
	return url.Values{"client_id": {app}, "response_type": {"code"}, "response_mode": {"fragment"}, "scope": {"openid"}, "redirect_uri": {v.Name + "/error"}}
}

// strangeSignIn has the stranger's administrator try to sign in at the victim,
// to either one's application.
func strangeSignIn(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, x := range []*side{v.victim, v.stranger} {
		link := v.at(path, v.victim) + "?" + v.request(v.pages[x]).Encode()
		v.refused(t, v.intruder.get(t, link))
		v.refused(t, v.browser(t).signIn(t, v.stranger, link))
	}
}

func strangeSignInByForm(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, x := range []*side{v.victim, v.stranger} {
		v.refused(t, v.intruder.post(t, v.at(path, v.victim), v.request(v.pages[x])))
	}
}

// came wants a browser that carries a code.
func (v *visit) came(t *testing.T, p page) {
	t.Helper()
	if q, err := url.ParseQuery(p.at.Fragment); err != nil || q.Get("code") == "" {
		t.Errorf("the victim's own browser is at %s: %d %s", p.at, p.status, p.Text())
	}
}

func ownSignIn(t *testing.T, v *visit, path string) {
	t.Helper()
	v.came(t, v.victims.get(t, v.at(path, v.victim)+"?"+v.request(v.pages[v.victim]).Encode()))
}

func ownSignInByForm(t *testing.T, v *visit, path string) {
	t.Helper()
	v.came(t, v.victims.post(t, v.at(path, v.victim), v.request(v.pages[v.victim])))
}

// refused wants a page that refuses.
func (v *visit) refused(t *testing.T, p page) {
	t.Helper()
	if p.status < 400 || p.status >= 500 || strings.Contains(p.raw, v.victim.AdminUPN) {
		t.Errorf("%s shows a stranger %d: %s", p.at, p.status, p.Text())
	}
}

func (v *visit) flowAt(path string) string {
	return path + "?flow=" + url.QueryEscape(v.flow.at.Query().Get("flow"))
}

func strangePage(t *testing.T, v *visit, path string) {
	t.Helper()
	v.refused(t, v.intruder.get(t, v.flowAt(path)))
	v.refused(t, v.browser(t).get(t, v.flowAt(path)))
}

// strangeSteps sends each step to the victim's flow.
func strangeSteps(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, step := range []string{"identify", "password", "renew", "confirm", "forget", "device", "restart"} {
		f := url.Values{
			"flow": {v.flow.at.Query().Get("flow")}, "step": {step}, "username": {v.stranger.AdminUPN},
			"password": {v.stranger.AdminPassword}, "again": {v.stranger.AdminPassword}, "started": {"yes"},
		}
		v.refused(t, v.intruder.post(t, path, f))
		v.refused(t, v.browser(t).post(t, path, f))
	}
	for _, button := range []string{"Agree", "Decline"} { // with the very form
		v.refused(t, v.intruder.submit(t, v.inquiry, button, nil))
		v.refused(t, v.browser(t).submit(t, v.inquiry, button, nil))
	}
}

// strangeDecisions decides the victim's flow with its very form.
func strangeDecisions(t *testing.T, v *visit, path string) {
	t.Helper()
	_, fields := v.flow.Form(t, "Cancel")
	for _, decision := range []string{"accept", "cancel"} {
		fields.Set("decision", decision)
		v.refused(t, v.intruder.post(t, path, fields))
		v.refused(t, v.browser(t).post(t, path, fields))
	}
}

// ownPage wants a page for the victim's browser.
func ownPage(t *testing.T, v *visit, path string) {
	t.Helper()
	address := v.flowAt(path)
	if strings.HasSuffix(path, "/adminconsent") {
		address = consentLink(v.at("/{tenant}/adminconsent", v.victim), v.app[v.stranger])
	}
	if p := v.victims.get(t, address); p.status != http.StatusOK {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

func ownStep(t *testing.T, v *visit, path string) {
	t.Helper()
	p := v.victims.post(t, path, url.Values{"flow": {v.flow.at.Query().Get("flow")}, "step": {"confirm"}})
	if p.status != http.StatusOK {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

func ownDecision(t *testing.T, v *visit, path string) {
	t.Helper()
	if p := v.victims.submit(t, v.flow, "Cancel", url.Values{"decision": {"cancel"}}); p.status != http.StatusOK || !strings.EqualFold(p.at.Path, path) {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// invitation has the side invite a guest and returns what the link says.
func (g *ground) invitation(t *testing.T, x *side) url.Values {
	t.Helper()
	var made struct {
		Link string `json:"inviteRedeemUrl"`
	}
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/invitations",
		map[string]any{"invitedUserEmailAddress": x.word + "@guest.example", "inviteRedirectUrl": "https://app.example/"}, &made)
	u, err := url.Parse(made.Link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// strangeInvitation opens the victim's invitation with another's ticket, which
// must look like one that nobody ever made.
func strangeInvitation(t *testing.T, v *visit, path string) {
	t.Helper()
	theirs, own := v.invited[v.victim], v.invited[v.stranger]
	for _, part := range []string{"tenant", "user"} {
		got, want := maps.Clone(own), maps.Clone(own)
		got.Set(part, theirs.Get(part))
		want.Set(part, enttest.NewID())
		if part == "tenant" { // both of what the link is bound to
			got.Set("user", theirs.Get("user"))
		}
		a, b := v.intruder.get(t, path+"?"+got.Encode()), v.intruder.get(t, path+"?"+want.Encode())
		if a.status != http.StatusNotFound || a.status != b.status || a.Heading() != b.Heading() || strings.Contains(a.raw, v.victim.word) {
			t.Errorf("another's ticket: %d %s, and for nobody's %d %s", a.status, a.raw, b.status, b.raw)
		}
	}
}

// strangeRedemption begins with the victim's invitation under another's ticket,
// which looks like nobody's, and with its very link, which is for another
// account.
func strangeRedemption(t *testing.T, v *visit, path string) {
	t.Helper()
	theirs, got, want := v.invited[v.victim], maps.Clone(v.invited[v.stranger]), maps.Clone(v.invited[v.stranger])
	for _, part := range []string{"tenant", "user"} {
		got.Set(part, theirs.Get(part))
		want.Set(part, enttest.NewID())
	}
	a, b := v.intruder.post(t, path, got), v.intruder.post(t, path, want)
	if a.status != http.StatusNotFound || a.status != b.status || a.Heading() != b.Heading() || strings.Contains(a.raw, v.victim.word) {
		t.Errorf("another's ticket: %d %s, and for nobody's %d %s", a.status, a.raw, b.status, b.raw)
	}
	if p := v.intruder.post(t, path, theirs); p.status != http.StatusForbidden || strings.Contains(p.raw, v.victim.word+"@") {
		t.Errorf("with the victim's link: %d %s", p.status, p.Text())
	}
}

// ownRedemption begins with it: who is signed in is not who was invited, and
// may use another account.
func ownRedemption(t *testing.T, v *visit, path string) {
	t.Helper()
	if p := v.victims.post(t, path, v.invited[v.victim]); p.at.Path != "/common/signin" || p.status != http.StatusForbidden {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// strangeAnswers answers in the victim's flow.
func strangeAnswers(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, decision := range []string{"accept", "decline"} {
		f := url.Values{"flow": {v.flow.at.Query().Get("flow")}, "decision": {decision}, "shown": {string(secret.DigestOf("x"))}}
		v.refused(t, v.intruder.post(t, path, f))
		v.refused(t, v.browser(t).post(t, path, f))
	}
}

// ownAnswer answers in a flow that asks something else, and is led there.
func ownAnswer(t *testing.T, v *visit, path string) {
	t.Helper()
	p := v.victims.post(t, path, url.Values{"flow": {v.flow.at.Query().Get("flow")}, "decision": {"decline"}})
	if p.status != http.StatusOK || p.at.Path != "/common/signin" {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// ownInvitation opens it with its ticket.
func ownInvitation(t *testing.T, v *visit, path string) {
	t.Helper()
	if p := v.victims.get(t, path+"?"+v.invited[v.victim].Encode()); p.status != http.StatusOK {
		t.Errorf("the victim's invitation: %d %s", p.status, p.raw)
	}
}

// signInLink is a sign-in of the victim to an application of theirs.
func (v *visit) signInLink() string {
	return v.at("/{tenant}/oauth2/v2.0/authorize", v.victim) + "?" + v.request(v.pages[v.victim]).Encode()
}

// sessionOf returns the session that a browser of the victim's has.
func (v *visit) sessionOf(t *testing.T, b *browser) string {
	t.Helper()
	p := b.get(t, v.signInLink())
	q, err := url.ParseQuery(p.at.Fragment)
	if err != nil || q.Get("session_state") == "" {
		t.Fatalf("the victim's own browser is at %s", p.at)
	}
	return q.Get("session_state")
}

// strangeSignOut asks for sign-out at the victim's tenant: the stranger's own
// account is all that there is to be seen.
func strangeSignOut(t *testing.T, v *visit, path string) {
	t.Helper()
	form := url.Values{"client_id": {v.pages[v.victim]}, "post_logout_redirect_uri": {"https://evil.example/"}, "logout_hint": {v.victim.AdminUPN}}
	for _, p := range []page{v.intruder.get(t, v.at(path, v.victim)+"?"+form.Encode()), v.intruder.post(t, v.at(path, v.victim), form)} {
		if p.status != http.StatusOK || p.Heading() != "Sign out of this account?" || strings.Contains(p.Text(), v.victim.AdminUPN) || !strings.Contains(p.Text(), v.stranger.AdminUPN) {
			t.Errorf("%s shows a stranger %d: %s", p.at, p.status, p.Text())
		}
	}
}

// askedToSignOut wants the victim's browser to be asked.
func askedToSignOut(t *testing.T, v *visit, path string) {
	t.Helper()
	for _, p := range []page{v.victims.get(t, v.at(path, v.victim)), v.victims.post(t, v.at(path, v.victim), url.Values{"state": {"s"}})} {
		if p.status != http.StatusOK || !strings.Contains(p.Text(), v.victim.AdminUPN) {
			t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
		}
	}
}

// strangeSignOutForm names the victim's session in the form.
func strangeSignOutForm(t *testing.T, v *visit, path string) {
	t.Helper()
	theirs, none := url.Values{"session": {v.session}}, url.Values{"session": {enttest.NewID()}}
	for _, b := range []*browser{v.intruder, v.browser(t)} {
		p, q := b.post(t, path, theirs), b.post(t, path, none)
		if p.status != http.StatusOK || p.Text() != q.Text() || strings.Contains(p.raw, v.victim.AdminUPN) {
			t.Errorf("the victim's session: %d %s; a session of nobody: %d %s", p.status, p.Text(), q.status, q.Text())
		}
	}
}

func ownSignOut(t *testing.T, v *visit, path string) {
	t.Helper()
	if got := v.sessionOf(t, v.victims); got != v.session {
		t.Errorf("the victim's session is %s, and was %s", got, v.session)
	}
	if p := v.victims.post(t, path, url.Values{"session": {v.session}}); p.status != http.StatusOK || !strings.Contains(p.Text(), v.victim.AdminUPN) {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// strangeSignedOut looks at a sign-out of the victim's.
func strangeSignedOut(t *testing.T, v *visit, path string) {
	t.Helper()
	v.refused(t, v.intruder.get(t, path+"?"+v.out.at.RawQuery))
	v.refused(t, v.browser(t).get(t, path+"?"+v.out.at.RawQuery))
}

func ownSignedOut(t *testing.T, v *visit, path string) {
	t.Helper()
	if p := v.outs.get(t, path+"?"+v.out.at.RawQuery); p.status != http.StatusOK || !strings.Contains(p.Text(), v.victim.AdminUPN) {
		t.Errorf("the walk does not reach %s: %d %s", path, p.status, p.Text())
	}
}

// token has the administrator who sits at a browser sign in to the side's own
// application, and returns its token for Graph.
func (v *visit) token(t *testing.T, b *browser, x *side) string {
	t.Helper()
	p := b.get(t, v.at("/{tenant}/oauth2/v2.0/authorize", x)+"?"+v.request(v.pages[x]).Encode())
	q, err := url.ParseQuery(p.at.Fragment)
	if err != nil {
		t.Fatal(err)
	}
	return v.Post(t, v.at("/{tenant}/oauth2/v2.0/token", x), url.Values{
		"grant_type": {"authorization_code"}, "client_id": {v.pages[x]}, "client_secret": {v.secrets[x]},
		"code": {q.Get("code")}, "redirect_uri": {v.Name + "/error"},
	}).Token(t)
}

// strangeUserInfo asks with the stranger's tokens, of a person and of a program.
func strangeUserInfo(t *testing.T, v *visit, path string) {
	t.Helper()
	at := v.at(path, v.victim)
	for _, token := range []string{v.token(t, v.intruder, v.stranger), v.stranger.graph, "nonsense"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := v.As(t, token, method, at, nil)
			if self := at == path && got.Status == http.StatusOK; !self && got.Status != http.StatusUnauthorized && got.Status != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", method, path, got.Status, got.Body)
			}
			v.keepsSecret(t, ask{method, at, nil}, got)
		}
	}
}

func ownUserInfo(t *testing.T, v *visit, path string) {
	t.Helper()
	token := v.token(t, v.victims, v.victim)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if got := v.As(t, token, method, v.at(path, v.victim), nil); got.Status != http.StatusOK {
			t.Errorf("%s %s: %d %s", method, path, got.Status, got.Body)
		}
	}
}
