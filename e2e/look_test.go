package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const axeFile = "js/node_modules/axe-core/axe.min.js"

// axe is the checker's source.
var axe = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile(axeFile)
	return string(text), err
})

// pictures is the folder for photographs, or "". It is read before the lab
// starts, which clears the environment of names like this one.
var pictures = os.Getenv("ENTENTE_SCREENSHOTS")

// illustrations is the folder for the README's pictures, or "".
var illustrations = os.Getenv("ENTENTE_ILLUSTRATIONS")

// illustrate keeps what the window shows as a picture for the README, if asked
// to, and fails the test if it is too large to be read over a slow line.
func (b *tab) illustrate(name string) {
	b.t.Helper()
	if illustrations == "" {
		return
	}
	var picture []byte
	b.do("photograph", emulation.SetDeviceMetricsOverride(960, 640, 1, false), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(80).Do(ctx)
		return err
	}), emulation.SetDeviceMetricsOverride(1280, 900, 1, false))
	if len(picture) > 80<<10 {
		b.t.Errorf("the picture %s has %d bytes", name, len(picture))
	}
	if err := os.MkdirAll(illustrations, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(illustrations, name+".webp"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// A light is how the page's colors are chosen.
type light struct {
	name     string
	features []*emulation.MediaFeature
}

var lights = []light{
	{"light", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}, {Name: "forced-colors", Value: "none"}}},
	{"dark", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}, {Name: "forced-colors", Value: "none"}}},
	{"forced", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}, {Name: "forced-colors", Value: "active"}}},
}

var widths = []int64{390, 1280}

// look looks around on the page: the rules that all pages keep hold, and the
// page is photographed under this name.
func (b *tab) look(name string) {
	b.t.Helper()
	for _, fault := range b.faults(name) {
		b.t.Errorf("%s-%s", name, fault)
	}
}

// faults returns what look does not like on the page.
func (b *tab) faults(name string) (faults []string) {
	b.t.Helper()
	if b.silent { // the checks are script, and what the page has would have run by now
		b.do("switch script on", emulation.SetScriptExecutionDisabled(false))
		defer b.withoutScript()
	}
	source, err := axe()
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("bring axe", chromedp.EvaluateAsDevTools(source+`;0`, nil))
	// What is still rising has not its own colors yet.
	b.do("wait for what moves", chromedp.EvaluateAsDevTools(`Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => 0)`, nil, awaited))
	for _, l := range lights {
		if pictures == "" && l.name == "forced" {
			continue
		}
		b.do("switch the light", emulation.SetEmulatedMedia().WithFeatures(l.features))
		for _, width := range widths {
			as := fmt.Sprintf("%d-%s", width, l.name)
			b.do("resize", emulation.SetDeviceMetricsOverride(width, 900, 1, false))
			if pictures != "" {
				b.photograph(filepath.Join(pictures, name+"-"+as+".png"))
			}
			if l.name == "light" {
				faults = append(faults, b.overflow(as)...)
			}
			if l.name == "light" && width == 1280 || l.name == "dark" && width == 390 { // layout and colors do not depend on each other
				faults = append(faults, b.violations(as)...)
			}
		}
	}
	b.do("make it small", emulation.SetDeviceMetricsOverride(320, 900, 1, false))
	faults = append(faults, b.overflow("320")...)
	b.do("back to normal", emulation.SetDeviceMetricsOverride(1280, 900, 1, false), emulation.SetEmulatedMedia().WithFeatures(lights[0].features))
	faults = append(faults, b.handlers()...)
	return append(faults, b.complained()...)
}

// handlers returns the elements with script in an attribute, which the policy
// forbids: the browser says so no sooner than somebody sets them off.
func (b *tab) handlers() (faults []string) {
	b.t.Helper()
	const find = `[...document.querySelectorAll("*")].filter(e => e.getAttributeNames().some(n => n.startsWith("on"))).map(e => e.cloneNode().outerHTML)`
	b.do("look for script", chromedp.EvaluateAsDevTools(find, &faults))
	for i, f := range faults {
		faults[i] = "script in an attribute: " + f
	}
	return faults
}

// overflow says whether the page is wider than the window.
func (b *tab) overflow(as string) []string {
	b.t.Helper()
	var over int
	b.do("measure", chromedp.EvaluateAsDevTools(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over))
	if over > 0 {
		return []string{fmt.Sprintf("%s: the page is %d pixels wider than the window", as, over)}
	}
	return nil
}

// A violation is what axe finds.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// violations returns whatever axe finds, at any impact.
func (b *tab) violations(as string) (faults []string) {
	b.t.Helper()
	var found []violation
	b.do("run axe", chromedp.EvaluateAsDevTools(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`, &found, awaited))
	for _, v := range found {
		var nodes strings.Builder
		for _, n := range v.Nodes {
			fmt.Fprintf(&nodes, "\n\t%s\n\t%s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n\t"))
		}
		faults = append(faults, fmt.Sprintf("%s: axe finds %s (%s): %s%s", as, v.ID, v.Impact, v.Help, &nodes))
	}
	return faults
}

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// photograph keeps a picture of the whole page.
func (b *tab) photograph(file string) {
	b.t.Helper()
	var picture []byte
	b.do("photograph", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithOptimizeForSpeed(true).Do(ctx)
		return err
	}))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// details tells an issue as the browser does.
func details(d *audits.InspectorIssueDetails) string {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(d); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// TestFaultsAreFound: a page with one fault of each kind, to which the checks
// are not blind.
func TestFaultsAreFound(t *testing.T) {
	b := open(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "script-src 'none'; style-src 'self' 'unsafe-inline'")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Faults</title><link rel="icon" href="data:,"><main><h1>Faults</h1>
			<p style="color: #999; background: #fff">pale</p><input><p style="width: 500px">wide</p>
			<button onclick="alert(1)">inline</button></main><script>alert(2)</script>`)
	}))
	t.Cleanup(srv.Close)
	b.visit(srv.URL)
	found := strings.Join(b.faults("faults"), "\n")
	for _, want := range []string{"390-light: the page is", "320: the page is", "axe finds color-contrast", "axe finds label", "ContentSecurityPolicyIssue", "script in an attribute: <button onclick"} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s\n%s", want, found)
		}
	}
	if strings.Contains(found, "1280-light: the page is") {
		t.Errorf("the page fits into 1280 pixels\n%s", found)
	}
}
