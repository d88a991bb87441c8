// Package browser opens pages of a test's server as a browser without script
// does: it keeps cookies, follows redirects, and sends forms as they stand on the
// page. What it opens is checked for what makes pages unusable (package pagetest)
// and for its size.
package browser

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/pagetest"
)

// most is how many bytes a page may have.
const most = 100 << 10

// A Browser is one browser's profile.
type Browser struct {
	t      testing.TB
	server *enttest.Server
	http   *http.Client
}

// A Page is what a browser shows in the end.
type Page struct {
	*pagetest.Page // nil for what is no page
	Status         int
	At             *url.URL
	Body           string
	Header         http.Header
	t              testing.TB
}

// Open returns a browser in which nobody is signed in.
func Open(t testing.TB, s *enttest.Server) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t, s, &http.Client{Transport: s.HTTP.Transport, Jar: jar}}
}

// As returns a browser in which somebody is signed in.
func As(t testing.TB, s *enttest.Server, upn, password string) *Browser {
	t.Helper()
	b := Open(t, s)
	b.SignIn(b.Get("/account"), upn, password)
	return b
}

// AsAdmin returns a browser in which a tenant's administrator is signed in.
func AsAdmin(t testing.TB, s *enttest.Server, in *enttest.Tenant) *Browser {
	t.Helper()
	return As(t, s, in.AdminUPN, in.AdminPassword)
}

// SignIn goes from a page of sign-in to what stands behind it.
func (b *Browser) SignIn(p Page, upn, password string) Page {
	b.t.Helper()
	p = b.Submit(p, "Next", url.Values{"username": {upn}})
	return b.Submit(p, "Sign in", url.Values{"password": {password}})
}

// Get opens an address.
func (b *Browser) Get(path string) Page {
	b.t.Helper()
	return b.Send(http.MethodGet, path, nil, "")
}

// Fetch opens an address without looking at what comes, which has to be a page,
// and returns how many bytes it has.
func (b *Browser) Fetch(path string) int {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.server.Name+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return int(n)
}

// Post sends a form from a page of the server's own.
func (b *Browser) Post(path string, form url.Values) Page {
	b.t.Helper()
	return b.Send(http.MethodPost, path, form, "same-origin")
}

// Submit presses a button of a page with fields filled in.
func (b *Browser) Submit(on Page, button string, fill url.Values) Page {
	b.t.Helper()
	if on.Page == nil {
		b.t.Fatalf("%s is no page: %d %s", on.At, on.Status, on.Body)
	}
	action, fields := on.Form(b.t, button)
	maps.Copy(fields, fill)
	if action == "" {
		action = on.At.RequestURI()
	}
	return b.Post(action, fields)
}

// Ask presses a button of a form that is sent by address, with fields filled in.
func (b *Browser) Ask(on Page, button string, fill url.Values) Page {
	b.t.Helper()
	if on.Page == nil {
		b.t.Fatalf("%s is no page: %d %s", on.At, on.Status, on.Body)
	}
	action, fields := on.Form(b.t, button)
	maps.Copy(fields, fill)
	return b.Get(action + "?" + fields.Encode())
}

// Follow opens the page to which a link that says so leads.
func (b *Browser) Follow(on Page, says string) Page {
	b.t.Helper()
	to := on.Link(says)
	if to == "" {
		b.t.Fatalf("%s has no link %q: %d %s", on.At, says, on.Status, on.Text())
	}
	return b.Get(to)
}

// Send sends a request; site is what the browser says of where a form comes from
// (Sec-Fetch-Site).
func (b *Browser) Send(method, path string, form url.Values, site string) Page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.Name+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	p := Page{Status: res.StatusCode, At: res.Request.URL, Body: string(raw), Header: res.Header, t: b.t}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if len(raw) > most {
			b.t.Errorf("%s has %d bytes", path, len(raw))
		}
		p.Page = pagetest.Parse(b.t, bytes.NewReader(raw))
	}
	return p
}

// Wants fails the test unless the page has the status and says all that.
func (p Page) Wants(status int, says ...string) Page {
	p.t.Helper()
	if p.Page == nil {
		p.t.Fatalf("%s is no page: %d %s", p.At, p.Status, p.Body)
	}
	for _, s := range says {
		if !strings.Contains(p.Text(), s) {
			p.t.Errorf("%s does not say %q: %d %s", p.At, s, p.Status, p.Text())
		}
	}
	if p.Status != status {
		p.t.Errorf("%s: %d, want %d: %s", p.At, p.Status, status, p.Text())
	}
	return p
}
