package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"entente/interop/labtest"
)

// chromium is where the browser is, or "".
var chromium = sync.OnceValue(func() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

// closeBrowser ends the browser, if one was started.
var closeBrowser = func() error { return nil }

// startBrowser starts the one browser of all cases. It trusts the lab's
// authority and no other beside the system's.
var startBrowser = sync.OnceValues(launch)

func launch() (context.Context, error) {
	pin, err := authorityPin()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "entente-e2e-")
	if err != nil {
		return nil, err
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(chromium()), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1280, 900),
		chromedp.Flag("ignore-certificate-errors-spki-list", pin),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("password-store", "basic"),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, _ := chromedp.NewContext(allocator)
	closeBrowser = func() error {
		err := chromedp.Cancel(ctx)
		end()
		if gone := os.RemoveAll(profile); err == nil {
			err = gone
		}
		return err
	}
	return ctx, chromedp.Run(ctx)
}

// elsewhere has a test run in a lab of its own, started with these flags, with a
// browser of its own: its clock can be moved without anybody else noticing.
func elsewhere(t *testing.T, flags ...string) labtest.Lab {
	t.Helper()
	l := labtest.Another(t, flags...)
	wasEnv, wasClient, wasStart, wasClose := env, client, startBrowser, closeBrowser
	env, client, closeBrowser = l.Env, l.Client, func() error { return nil }
	startBrowser = sync.OnceValues(launch)
	t.Cleanup(func() {
		if err := closeBrowser(); err != nil {
			t.Error(err)
		}
		env, client, startBrowser, closeBrowser = wasEnv, wasClient, wasStart, wasClose
	})
	return l
}

// authorityPin is the digest of the key of the lab's authority, as Chromium
// takes it.
func authorityPin() (string, error) {
	text, err := os.ReadFile(env["ENTENTE_CA_FILE"])
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("%s holds no certificate", env["ENTENTE_CA_FILE"])
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// patience is how long a page may take. It is long: two cores may be shared
// with compilers.
const patience = 30 * time.Second

// A tab is a person at the browser, in a profile of their own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	silent bool // script is off

	mu         sync.Mutex
	complaints []string // of the browser, since somebody last looked
}

// open opens a tab of its own profile, or skips the case.
func open(t *testing.T) *tab {
	t.Helper()
	if chromium() == "" {
		absent(t, "Chromium is not installed")
	}
	if _, err := os.Stat(axeFile); err != nil {
		absent(t, "axe-core is not installed; run `npm ci` in e2e/js")
	}
	browser, err := startBrowser()
	if err != nil {
		t.Fatal(err)
	}
	profile, window, err := newWindow(browser)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := chromedp.NewContext(browser, chromedp.WithTargetID(window))
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		for _, c := range b.complained() {
			t.Error(c)
		}
		end()
		if err := atBrowser(browser, target.DisposeBrowserContext(profile).Do); err != nil {
			t.Error(err)
		}
	})
	chromedp.ListenTarget(ctx, b.hear)
	// The first run has the tab's own context: the tab ends with it.
	if err := chromedp.Run(ctx, log.Enable(), audits.Enable(), emulation.SetFocusEmulationEnabled(true), emulation.SetDeviceMetricsOverride(1280, 900, 1, false)); err != nil {
		t.Fatal(err)
	}
	return b
}

// newWindow opens a window of a new profile.
func newWindow(browser context.Context) (profile cdp.BrowserContextID, window target.ID, err error) {
	err = atBrowser(browser, func(ctx context.Context) error {
		if profile, err = target.CreateBrowserContext().Do(ctx); err != nil {
			return err
		}
		window, err = target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
		return err
	})
	return profile, window, err
}

// atBrowser does what concerns the browser and no page of it.
func atBrowser(browser context.Context, do func(context.Context) error) error {
	ctx, end := context.WithTimeout(browser, patience)
	defer end()
	return do(cdp.WithExecutor(ctx, chromedp.FromContext(browser).Browser))
}

// hear keeps what the browser complains of.
func (b *tab) hear(event any) {
	say := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, "the browser complains: "+fmt.Sprintf(format, args...))
	}
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, arg := range e.Args {
			say("console.%s: %s %s", e.Type, arg.Value, arg.Description)
		}
	case *runtime.EventExceptionThrown:
		say("exception: %s", e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		// A page with a status of 400 and above is told of too, and is meant.
		if e.Entry.Source != log.SourceNetwork || strings.Contains(e.Entry.URL, "/assets/") {
			say("%s, %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		// An application on another host sends its people here and gets them
		// back: to a browser that is what trackers do.
		if e.Issue.Code != audits.InspectorIssueCodeBounceTrackingIssue {
			say("issue: %s %s", e.Issue.Code, details(e.Issue.Details))
		}
	}
}

// complained returns what the browser complained of since it was last asked.
func (b *tab) complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	complaints := b.complaints
	b.complaints = nil
	return complaints
}

func (b *tab) do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v; the page is %s", what, err, b.where())
	}
}

// leads does what makes the browser load another page, and waits for it.
func (b *tab) leads(what string, action chromedp.Action) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, patience)
	defer end()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		b.t.Fatalf("%s: %v; the page is %s", what, err, b.where())
	}
	b.settle()
}

// settle waits until the page has put the focus where it wants it, which it does
// with its first frame: nobody types before they see a page, and the browser
// complains of a driver that does.
func (b *tab) settle() {
	const settled = `!document.querySelector("[autofocus]") || document.activeElement !== document.body`
	for range 40 {
		var done bool
		ctx, end := context.WithTimeout(b.ctx, patience)
		err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools(settled, &done))
		end()
		if done || err != nil { // what is wrong with the page shows at the next step
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// where tells which page is shown, for messages.
func (b *tab) where() string {
	ctx, end := context.WithTimeout(b.ctx, 5*time.Second)
	defer end()
	var text string
	if err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools(`location.href + " " + document.title + "\n" + (document.body ? document.body.innerText : "")`, &text)); err != nil {
		return err.Error()
	}
	return text
}

// visit opens an address; one of the installation may leave out the host.
func (b *tab) visit(address string) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = env["ENTENTE_LOGIN_URL"] + address
	}
	b.leads("open "+address, chromedp.Navigate(address))
}

// named finds an element by its whole text.
func named(element, text string) string {
	return "//" + element + "[normalize-space()=" + quote(text) + "]"
}

// quote writes a text as XPath does, which has no escapes.
func quote(s string) string {
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return `concat("` + strings.ReplaceAll(s, `"`, `", '"', "`) + `")`
}

// press presses the button, or follows the link, of this text.
func (b *tab) press(text string) {
	b.t.Helper()
	b.leads("press "+text, chromedp.Click(named("button", text)+`[not(@aria-hidden)]|`+named("a", text), chromedp.BySearch))
}

// goOnAs chooses an account in the picker.
func (b *tab) goOnAs(upn string) {
	b.t.Helper()
	b.leads("go on as "+upn, chromedp.Click(`//button[@value="confirm"][.//b[normalize-space()="`+upn+`"]]`, chromedp.BySearch))
}

// fill types into the field of this label, in place of what is in it.
func (b *tab) fill(label, text string) {
	b.t.Helper()
	var id string
	var ok bool
	b.do("find the field "+label, chromedp.AttributeValue(named("label", label), "for", &id, &ok, chromedp.BySearch))
	b.do("fill "+label, chromedp.EvaluateAsDevTools(fmt.Sprintf(`document.getElementById(%q).value = ""`, id), nil), chromedp.SendKeys(id, text, chromedp.ByID))
}

// text returns what the first element of a selector says.
func (b *tab) text(selector string) string {
	b.t.Helper()
	var text string
	b.do("read "+selector, chromedp.TextContent(selector, &text, chromedp.ByQuery))
	return strings.Join(strings.Fields(text), " ")
}

// at fails the test unless the page's heading is this one.
func (b *tab) at(heading string) {
	b.t.Helper()
	if got := b.text("h1"); got != heading {
		b.t.Fatalf("the page is %q, want %q\n%s", got, heading, b.where())
	}
}

// says fails the test unless the page holds a text.
func (b *tab) says(text string) {
	b.t.Helper()
	if got := b.text("body"); !strings.Contains(got, text) {
		b.t.Errorf("the page does not say %q; it says: %s", text, got)
	}
}

// address returns where the browser is.
func (b *tab) address() *url.URL {
	b.t.Helper()
	var text string
	b.do("read the address", chromedp.Location(&text))
	u, err := url.Parse(text)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// withoutScript switches script off, as some people do.
func (b *tab) withoutScript() {
	b.t.Helper()
	b.silent = true
	b.do("switch script off", emulation.SetScriptExecutionDisabled(true))
}
