package labpages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/fault"
	"entente/internal/kit/mail"
	"entente/internal/kit/web"
)

const own = "https://localhost:8443"

func pages(t *testing.T, box *mail.Box) func(path string) *httptest.ResponseRecorder {
	t.Helper()
	p := New(Options{Site: portal.Site{Hosts: web.Hosts{Own: own}}, Box: box, Links: func() []Link {
		return []Link{{"Clock", "/lab/clock", "Let days pass"}}
	}})
	h := p.Handler(func(w http.ResponseWriter, _ *http.Request, err error) {
		status := http.StatusInternalServerError
		if fault.Public(err).Code == fault.NotFound {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	})
	return func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, own+path, nil))
		return rec
	}
}

func sample(id string) mail.Message {
	return mail.Message{
		ID: id, Date: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), For: "grace@fabrikam.example", To: []mail.Address{{Mail: "grace@fabrikam.example"}},
		ReplyTo: mail.Address{Name: "Ada", Mail: "ada@contoso.example"}, Subject: "Contoso <invites> you",
		Text: "Open it:\nhttps://localhost:8443/redeem?ticket=1\njavascript:alert(1)", HTML: "<p>Hello<script>alert(1)</script></p>",
	}
}

func TestPages(t *testing.T) {
	box := new(mail.Box)
	get := pages(t, box)
	if p := pagetest.Parse(t, get("/lab/mail").Body); p.Heading() != "Mail of this lab" || !strings.Contains(p.Text(), "No mail yet") {
		t.Errorf("the empty list says %q", p.Text())
	}
	if p := pagetest.Parse(t, get("/lab/").Body); !strings.Contains(p.Text(), "Clock Let days pass") {
		t.Errorf("the first page says %q", p.Text())
	}
	copied := sample("copy")
	copied.For, copied.Cc = "chief@fabrikam.example", []mail.Address{{Name: "Chief", Mail: "chief@fabrikam.example"}}
	for _, m := range []mail.Message{sample("one"), copied} {
		if err := box.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	list := pagetest.Parse(t, get("/lab/mail").Body).Text()
	if i, j := strings.Index(list, "Copy to chief@fabrikam.example"), strings.Index(list, "To grace@fabrikam.example"); i < 0 || j < i {
		t.Errorf("the list says %q, want the copy, which is the latest, first", list)
	}
	res := get("/lab/mail/copy")
	body := res.Body.String()
	p := pagetest.Parse(t, strings.NewReader(body))
	for _, want := range []string{"Contoso <invites> you", "Copy to Chief <chief@fabrikam.example>", "Answers go to Ada <ada@contoso.example>", "javascript:alert(1)"} {
		if !strings.Contains(p.Text(), want) {
			t.Errorf("the letter does not say %q: %s", want, p.Text())
		}
	}
	if !strings.Contains(body, `<a href="https://localhost:8443/redeem?ticket=1"`) || strings.Contains(body, `href="javascript`) {
		t.Errorf("the links are wrong:\n%s", body)
	}
	if csp := res.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src "+own) || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", csp)
	}
	if strings.Contains(get("/lab/mail").Header().Get("Content-Security-Policy"), "frame-src") {
		t.Error("the list may hold frames")
	}
}

// TestHTMLOfAMessage: it is what was sent, and the browser is told to let it do
// nothing.
func TestHTMLOfAMessage(t *testing.T) {
	box := new(mail.Box)
	if err := box.Send(t.Context(), sample("one")); err != nil {
		t.Fatal(err)
	}
	get := pages(t, box)
	res := get("/lab/mail/one/html")
	csp := res.Header().Get("Content-Security-Policy")
	if res.Body.String() != sample("one").HTML || !strings.Contains(csp, "default-src 'none'") || !strings.HasSuffix(csp, "sandbox allow-popups allow-popups-to-escape-sandbox") ||
		strings.Contains(csp, "script") || res.Header().Get("X-Frame-Options") != "SAMEORIGIN" || !strings.Contains(res.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("%v %s", res.Header(), res.Body)
	}
	for _, path := range []string{"/lab/mail/two", "/lab/mail/two/html", "/lab/mail/one/more", "/lab/else"} {
		if res := get(path); res.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, res.Code)
		}
	}
}
