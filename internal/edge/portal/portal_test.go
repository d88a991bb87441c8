package portal

import (
	"bytes"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/pagetest"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

var update = flag.Bool("update", false, "write doc/errors.md anew")

var site = Site{Operator: "Fabrikam", Hosts: web.Hosts{Own: "https://id.fabrikam.example"}}

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), map[bool]int{true: 404, false: 500}[errors.Is(err, fault.NotFound)])
}

func show(t *testing.T, target string, h func(http.ResponseWriter, *http.Request) error) (*http.Response, *pagetest.Page) {
	t.Helper()
	w := httptest.NewRecorder()
	web.Serve(h, func(_ http.ResponseWriter, _ *http.Request, err error) { t.Error(err) }).
		ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w.Result(), pagetest.Parse(t, w.Result().Body)
}

func TestDesignShowsEveryPart(t *testing.T) {
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		Design(site, fail).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	_, body := get("/design")
	for name := range icons {
		if !strings.Contains(body, `"#i-`+name+`"`) || !strings.Contains(body, `id="i-`+name+`"`) {
			t.Errorf("icon %s is not shown", name)
		}
	}
	p := pagetest.Parse(t, strings.NewReader(body))
	for _, part := range []string{"The ticket", "Buttons", "Form", "Notes", "Timeline", "Dialog", "Refused", "Accounts", "Codes", "Facts", "Table", "Pages of one card"} {
		if !slices.Contains(p.All("h2"), part) {
			t.Errorf("the page has no section %q", part)
		}
	}
	for _, l := range sections {
		if !strings.Contains(body, ` id="`+strings.TrimPrefix(l.To, "#")+`"`) {
			t.Errorf("%s leads nowhere", l.To)
		}
	}
	for _, l := range parts.Cards {
		status, body := get(l.To)
		if card := pagetest.Parse(t, strings.NewReader(body)); status != 200 || card.Heading() == "" {
			t.Errorf("%s: got %d %q", l.To, status, card.Text())
		}
	}
	for _, wrong := range []string{"/design/x", "/design/card/x"} {
		if status, _ := get(wrong); status != 404 {
			t.Errorf("%s: got %d, want 404", wrong, status)
		}
	}
}

// TestParts shows each part what it must make of names that somebody else typed.
func TestParts(t *testing.T) {
	const odd = "Contoso\u202e<b>"
	tests := []struct {
		part string
		data any
		want []string
	}{
		{"choices", Choices{ID: "q", Name: "way", Legend: "Which", Error: "Choose one", Options: []Option{{Value: "a", Label: odd}, {Value: "b", Label: "B", Hint: "rather"}}},
			[]string{`aria-describedby="q-e"`, `id="q" value="a"`, `id="q-b" value="b" aria-describedby="q-b-about"`, "Contoso&lt;b&gt;"}},
		{"pick", []Person{{Name: odd, Address: "a@b.example", Home: odd, State: "signed in", Button: "account", Value: "1"}},
			[]string{`name="account" value="1"`, "<bdi>Contoso&lt;b&gt;</bdi>", "signed in", ">C<"}},
		{"facts", []Fact{{Name: "Since", At: time.Date(2026, 12, 7, 9, 41, 0, 0, time.UTC)}, {Name: "Who", Value: odd}},
			[]string{`<time datetime="2026-12-07T09:41:00Z">Mon, Dec 7, 2026, 9:41 AM</time>`, "<bdi>Contoso&lt;b&gt;</bdi>"}},
		{"table", Table{Caption: "All", Heads: []string{"Who", ""}, Rows: []Row{{Cell{Text: odd}, []Cell{{Do: &Link{Text: "End", To: "/end", Post: true, Fields: map[string]string{"id": "1"}}}}}}},
			[]string{`<th role="rowheader" scope="row"><bdi>Contoso&lt;b&gt;</bdi>`, `<span class="vh">Actions</span>`, `method="post" action="/end"`, `name="id" value="1"`}},
		{"code", Code{ID: "k", Label: "Key", Value: "ABCD"}, []string{`<code class="copy" id="k">ABCD</code>`, `data-copy="k" hidden`}},
	}
	for _, tt := range tests {
		got, err := Parse(site, nil).fragment(tt.part, tt.data)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(string(got), want) {
				t.Errorf("%s: got %s, want it to have %s", tt.part, got, want)
			}
		}
	}
}

func TestFrame(t *testing.T) {
	tp := Parse(site, nil)
	page := Frame{
		Title: "Sessions \u202e<b>", Area: "My account", Home: "/account", Intro: "Where you are signed in.",
		Crumbs:  []Link{{Text: "My account", To: "/account"}},
		Ticket:  Ticket{To: Half{Label: "You act in", Name: "Fabrikam", Seat: true}},
		Account: Account{Name: "Design engineer", Address: "de@contoso.example", Home: "Contoso", Links: []Link{{Text: "Sign out", To: "/out", Post: true, Fields: map[string]string{"all": "1"}}}},
		Tabs:    []Link{{Text: "Overview", To: "/account"}, {Text: "Sessions", To: "/account/sessions", Current: true, Count: "2"}},
		Content: "problems",
	}
	frame := func(w http.ResponseWriter, r *http.Request) error { return tp.Frame(w, r, page) }
	res, p := show(t, "/account/sessions", frame)
	if res.StatusCode != 200 || p.Title() != "Sessions <b> – My account – entente" || p.Heading() != "Sessions <b>" {
		t.Errorf("got %d, title %q, heading %q", res.StatusCode, p.Title(), p.Heading())
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("not protected: %s", csp)
	}
	if action, fields := p.Form(t, "Sign out"); action != "/out" || fields.Get("all") != "1" {
		t.Errorf("signing out goes to %s with %v", action, fields)
	}
	for text, to := range map[string]string{"Overview": "/account", "Sessions 2": "/account/sessions", "Skip to content": "#main"} {
		if got := p.Link(text); got != to {
			t.Errorf("%s leads to %q, want %s", text, got, to)
		}
	}
	if foot := strings.Join(p.All("footer"), ""); !strings.Contains(foot, "Times are shown in UTC.") || !strings.Contains(foot, "Run by Fabrikam") {
		t.Errorf("the footer says %q", foot)
	}
	page.Problems = []Problem{{"name", "Enter a name"}}
	if res, p := show(t, "/account", frame); res.StatusCode != 422 || !strings.HasPrefix(p.Title(), "Error: ") || p.Link("Enter a name") != "#name" {
		t.Errorf("with a problem: got %d %q", res.StatusCode, p.Title())
	}
}

func TestPagesAreProtected(t *testing.T) {
	tests := []struct{ formTo, want string }{
		{"", "form-action 'self';"},
		{"https://sync.contoso.example/done?x=1", "form-action 'self' https://sync.contoso.example;"},
		{"http://localhost:3000/cb", "form-action 'self' http://localhost:3000;"},
		{"contoso.sync://auth", "form-action 'self' contoso.sync:;"},
		{"https://x.example;script-src *", "form-action 'self';"},
		{"::", "form-action 'self';"},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		Protect(w, tt.formTo)
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, tt.want) || !strings.HasPrefix(csp, "default-src 'none';") || !strings.HasSuffix(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: got %s, want %s", tt.formTo, csp, tt.want)
		}
		if strings.Contains(csp, "unsafe") || w.Header().Get("X-Frame-Options") != "DENY" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s: headers %v", tt.formTo, w.Header())
		}
	}
}

func TestRefusalTellsWhoWhyAndWhatNow(t *testing.T) {
	tp := Parse(site, nil)
	res, p := show(t, "/", func(w http.ResponseWriter, r *http.Request) error {
		return tp.Refuse(w, r, Refusal{Status: 400, Code: 50011, Title: "The way back is not registered", Text: "It is not on the list.",
			Ticket: Ticket{From: Half{Label: "From", Name: "Contoso"}, To: Half{Label: "To", Name: "Fabrikam"}}})
	})
	if res.StatusCode != 400 || !strings.Contains(p.Text(), "AADSTS50011") || !strings.Contains(p.Text(), "Contoso") {
		t.Errorf("got %d: %s", res.StatusCode, p.Text())
	}
	if p.Link("what it means") != "/error?code=50011" || !strings.Contains(p.Text(), "The application’s owner registers") {
		t.Errorf("no way on: %s", p.Text())
	}
}

func TestLookup(t *testing.T) {
	tp := Parse(site, nil)
	tests := []struct {
		target, title string
		status        int
	}{
		{"/error?code=7000215", "AADSTS7000215 – entente", 200},
		{"/error?code=aadsts700016", "AADSTS700016 – entente", 200},
		{"/error", "Error codes – entente", 200},
		{"/error?code=1", "No such error code – entente", 404},
		{"/error?code=%3Cscript%3E", "No such error code – entente", 404},
	}
	for _, tt := range tests {
		res, p := show(t, tt.target, tp.Lookup)
		if p.Title() != tt.title || res.StatusCode != tt.status {
			t.Errorf("%s: got %d %q, want %d %q", tt.target, res.StatusCode, p.Title(), tt.status, tt.title)
		}
	}
}

func TestExplanations(t *testing.T) {
	if !slices.IsSortedFunc(explanations, func(a, b Explanation) int { return a.Code - b.Code }) {
		t.Error("explanations are not sorted by code")
	}
	for _, e := range explanations {
		for _, s := range []string{e.Means, e.Cause, e.Fix} {
			if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "}") {
				t.Errorf("%d: %q is no sentence", e.Code, s)
			}
		}
		if got, ok := Explain(e.Code); !ok || got != e {
			t.Errorf("Explain(%d) does not find it", e.Code)
		}
	}
}

// TestErrorsAsDocumented compares doc/errors.md with the explanations.
func TestErrorsAsDocumented(t *testing.T) {
	const file = "../../../doc/errors.md"
	var want bytes.Buffer
	if err := WriteErrors(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("doc/errors.md is not what the explanations say; run go test ./internal/edge/portal -update")
	}
}

func TestAssets(t *testing.T) {
	get := func(method, path string) *http.Response {
		w := httptest.NewRecorder()
		Assets(fail).ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Result()
	}
	if res := get("GET", StyleAddress()); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") ||
		res.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("got %d %v", res.StatusCode, res.Header)
	}
	if res := get("GET", "/assets/entente-0000000000000000.css"); res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("another version's sheet: got %d %v", res.StatusCode, res.Header)
	}
	if res := get("GET", "/assets/../portal.go"); res.StatusCode != 404 {
		t.Errorf("got %d, want 404", res.StatusCode)
	}
	if res := get("POST", StyleAddress()); res.StatusCode != 405 {
		t.Errorf("got %d, want 405", res.StatusCode)
	}
	if len(sheet) > 27000 || bytes.Contains(sheet, []byte("prototype")) {
		t.Errorf("the style sheet has %d bytes, want at most 27000", len(sheet))
	}
}

func TestInert(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a plain name", "Directory sync", "Directory sync"},
		{"markup stays text", "<b>x</b>", "<b>x</b>"},
		{"a mark that turns direction", "Contoso \u202eosotnoC", "Contoso osotnoC"},
		{"isolates and marks", "a\u2066b\u2069\u200f\u200b", "ab"},
		{"control characters and lines", "a\x00b\r\nc\td\u2028e", "ab c d e"},
		{"other scripts stay", "Компания 東京", "Компания 東京"},
		{"a long name", strings.Repeat("x", 200), strings.Repeat("x", 119) + "…"},
	}
	for _, tt := range tests {
		if got := Inert(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestANoteIsShownOnce(t *testing.T) {
	left := httptest.NewRecorder()
	Leave(left, Note{"ok", "Approved for Fabrikam.", "<b>"})
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(left.Result().Cookies()[0])
	w := httptest.NewRecorder()
	if n := Take(w, r); n == nil || n.Lead != "Approved for Fabrikam." {
		t.Fatalf("got %v, want the note", n)
	}
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the note is not taken away: %v", c)
	}
	if n := Take(w, httptest.NewRequest("GET", "/", nil)); n != nil {
		t.Errorf("got %v, want none", n)
	}
}
