package pagetest

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestCheckFindsWhatIsBroken(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"a field without a label", `<h1>x</h1><input name="a">`, "no label"},
		{"two alike identifiers", `<h1 id="a">x</h1><p id="a">`, "two elements"},
		{"a style attribute", `<h1 style="x">x</h1>`, "attribute style"},
		{"a handler attribute", `<h1 onclick="x">x</h1>`, "attribute onclick"},
		{"a gap in the levels", `<h1>x</h1><h3>y</h3>`, "a gap"},
		{"a hint that is not there", `<h1>x</h1><p aria-describedby="b">`, "not there"},
		{"two titles", `<h1>x</h1><h1>y</h1>`, "not one h1"},
	}
	for _, tt := range tests {
		root, err := html.Parse(strings.NewReader("<title>A – entente</title>" + tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join((&Page{root}).check(), "; "); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestForm(t *testing.T) {
	p := Parse(t, strings.NewReader(`<title>A – entente</title><main><h1>x</h1><form action="/a"><input type="hidden" name="flow" value="1">
		<button name="do" value="go">Go on</button></form><p><a href="/b">Not you?</a></p></main>`))
	action, fields := p.Form(t, "Go on")
	if action != "/a" || fields.Encode() != "do=go&flow=1" || p.Link("Not you?") != "/b" {
		t.Errorf("got %s, %s, %s", action, fields.Encode(), p.Link("Not you?"))
	}
}
