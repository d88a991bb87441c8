package lab

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A browser reads pages and sends their forms as a person's browser does: it
// keeps cookies, follows redirects, sends the hidden fields back as they came
// and says which site a form came from. The consent of the story goes through
// it, so that the story needs no door that people do not have.
type browser struct {
	http  *http.Client
	paper *paper
	page  page
}

// A page is what the browser shows.
type page struct {
	address *url.URL
	status  int
	text    string // as HTML
}

// newBrowser returns a browser without cookies that trusts what over trusts and
// tells its requests on p.
func newBrowser(over http.RoundTripper, p *paper) *browser {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &browser{http: &http.Client{Transport: over, Jar: jar, Timeout: time.Minute}, paper: p}
}

// open goes to address.
func (b *browser) open(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return b.do(req)
}

// submit fills in fields of the page's form that has a control with this
// "name=value", a button or a hidden field, and sends it.
func (b *browser) submit(ctx context.Context, control string, fields map[string]string) error {
	f, err := b.page.form(control)
	if err != nil {
		return err
	}
	for name, value := range fields {
		if _, there := f.values[name]; !there {
			return fmt.Errorf("the form on %s has no field %s", b.page.address.Path, name)
		}
		f.values.Set(name, value)
	}
	to, err := b.page.address.Parse(f.action)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(f.values.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.page.address.Scheme+"://"+b.page.address.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) do(req *http.Request) error {
	req.Header.Set("Accept", "text/html")
	res, err := b.http.Do(req)
	if err != nil {
		b.paper.exchange(req.Method, req.URL.RequestURI(), 0)
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	b.paper.exchange(req.Method, req.URL.RequestURI(), res.StatusCode)
	b.page = page{res.Request.URL, res.StatusCode, string(text)}
	return nil
}

// A form is a page's form as it would be sent.
type form struct {
	action string
	values url.Values
}

var (
	formTags   = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	fieldTags  = regexp.MustCompile(`(?is)<(input|button|textarea)\b([^>]*)>`)
	attributes = regexp.MustCompile(`(?is)([a-z][a-z-]*)(?:\s*=\s*"([^"]*)")?`)
	tags       = regexp.MustCompile(`(?is)<(script|style|title)\b.*?</(?:script|style|title)>|<[^>]*>`)
)

// form returns the form that has the control, with its fields as they came. Of
// its buttons only the control itself is sent.
func (p page) form(control string) (form, error) {
	for _, m := range formTags.FindAllStringSubmatch(p.text, -1) {
		f := form{action: attributesOf(m[1])["action"], values: make(url.Values)}
		found := false
		for _, field := range fieldTags.FindAllStringSubmatch(m[2], -1) {
			a := attributesOf(field[2])
			isButton := strings.EqualFold(field[1], "button") || a["type"] == "submit"
			isControl := a["name"]+"="+a["value"] == control
			found = found || isControl
			if _, on := a["checked"]; !on && (a["type"] == "radio" || a["type"] == "checkbox") {
				continue
			}
			if a["name"] != "" && (!isButton || isControl) {
				f.values.Set(a["name"], a["value"])
			}
		}
		if found {
			return f, nil
		}
	}
	return form{}, fmt.Errorf("the page %s (status %d) has no form with %s; it says: %.400s", p.address.Path, p.status, control, p.words())
}

func attributesOf(tag string) map[string]string {
	all := make(map[string]string)
	for _, m := range attributes.FindAllStringSubmatch(tag, -1) {
		all[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return all
}

// words returns what a person reads on the page, on one line.
func (p page) words() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.text, " "))), " ")
}
