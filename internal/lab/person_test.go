package lab

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPersonByEnvironment does the second story as a program outside would: with
// nothing but what the environment names.
func TestPersonByEnvironment(t *testing.T) {
	tell(t, Options{Once: true, builtIn: true}, func(t *testing.T, l told) {
		ctx, env := t.Context(), l.env
		token, err := l.api.clientToken(ctx, env["ENTENTE_TENANT_A"], client{ID: env["ENTENTE_SECRET_A_APP_ID"], Secret: env["ENTENTE_SECRET_A"]}, graphScope)
		if err != nil {
			t.Fatal(err)
		}
		read := func(path string) map[string]any {
			t.Helper()
			var out map[string]any
			if err := l.api.json(ctx, http.MethodGet, path, token, nil, &out); err != nil {
				t.Fatal(path, err)
			}
			return out
		}
		if p := read(governance + "/accessPackages/" + env["ENTENTE_PACKAGE_ID"]); p["displayName"] != packageName {
			t.Errorf("the package is %v", p)
		}
		if g := read("/v1.0/teams/" + env["ENTENTE_TEAM_ID"]); g["displayName"] != "Designers" {
			t.Errorf("the team is %v", g)
		}
		members := func() int {
			return len(read("/v1.0/groups/" + env["ENTENTE_TEAM_ID"] + "/members?$select=id")["value"].([]any))
		}
		before := members()

		userB, approver := account{UPN: env["ENTENTE_USER_B_UPN"], Password: env["ENTENTE_USER_B_PASSWORD"]}, account{UPN: env["ENTENTE_APPROVER_A_UPN"], Password: env["ENTENTE_APPROVER_A_PASSWORD"]}
		signIn := func(address string, who account) *browser {
			t.Helper()
			b := newBrowser(l.api.http.Transport, newPaper(io.Discard, true))
			for _, do := range []func() error{
				func() error { return b.open(ctx, address) },
				func() error { return b.submit(ctx, "step=identify", map[string]string{"username": who.UPN}) },
				func() error { return b.submit(ctx, "step=password", map[string]string{"password": who.Password}) },
			} {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
			return b
		}
		says := func(b *browser, status int, text string) {
			t.Helper()
			if b.page.status != status || !strings.Contains(b.page.words(), text) {
				t.Fatalf("%s: %d, want %d and %q: %s", b.page.address, b.page.status, status, text, b.page.words())
			}
		}
		door := env["ENTENTE_WEBAPP_URL"] + "/sign-in"
		if b := signIn(door, userB); b.page.status < 400 {
			t.Fatalf("the door is open to somebody without access: %s", b.page.words())
		}
		asks := signIn(env["ENTENTE_PACKAGE_LINK"]+"?signin=1", userB)
		says(asks, http.StatusOK, "Request “"+packageName+"”")
		policy := read(governance + "/accessPackages/" + env["ENTENTE_PACKAGE_ID"] + "?$expand=assignmentPolicies")["assignmentPolicies"].([]any)[0].(map[string]any)["id"].(string)
		if err := asks.submit(ctx, "policy="+policy, map[string]string{"justification": "For the test"}); err != nil {
			t.Fatal(err)
		}
		says(asks, http.StatusOK, "Waiting for approval")
		page := asks.page.address
		decides := signIn(env["ENTENTE_PORTAL_URL"]+"/@contoso.example/access/approvals"+page.Path[strings.LastIndex(page.Path, "/"):], approver)
		if err := decides.submit(ctx, "decision=approve", nil); err != nil {
			t.Fatal(err)
		}
		says(decides, http.StatusOK, "approved")
		if err := until(ctx, "not delivered", func() (bool, error) {
			err := asks.open(ctx, page.String())
			return strings.Contains(asks.page.words(), "Delivered"), err
		}); err != nil {
			t.Fatal(err)
		}
		if n := members(); n != before+1 {
			t.Errorf("the team has %d members, had %d", n, before)
		}
		if err := asks.open(ctx, door); err != nil {
			t.Fatal(err)
		}
		if err := asks.submit(ctx, "decision=accept", nil); err != nil {
			t.Fatal(err)
		}
		says(asks, http.StatusOK, "Welcome, Member 02")

		var said bytes.Buffer
		move, err := ParseMove("+90d")
		if err != nil {
			t.Fatal(err)
		}
		if err := Clock(ctx, l.data, move, &said); err != nil || !strings.Contains(said.String(), "90 days ahead of this machine") || !strings.Contains(said.String(), "Programs outside keep their own time") {
			t.Errorf("the clock: %v %s", err, &said)
		}
		if err := until(ctx, "the guest stays in the team", func() (bool, error) { return members() < before+1, nil }); err != nil {
			t.Fatal(err)
		}
		if err := asks.open(ctx, env["ENTENTE_WEBAPP_URL"]); err != nil || strings.Contains(asks.page.words(), "Welcome") {
			t.Errorf("the old session is still inside: %v %s", err, asks.page.words())
		}
		if err := until(ctx, "the door stays open", func() (bool, error) { return signIn(door, userB).page.status >= 400, nil }); err != nil {
			t.Fatal(err)
		}
	})
}

// TestStories: a lab tells what it is asked for, and remembers.
func TestStories(t *testing.T) {
	for _, tt := range []struct {
		story    string
		has, not []string
		says     string
	}{
		{"none", []string{"ENTENTE_USER_B_UPN", "ENTENTE_TENANT_C", "ENTENTE_CA_FILE"}, []string{"ENTENTE_APP_ID", "ENTENTE_PACKAGE_LINK", "ENTENTE_SECRET", "IDENTITY_ENDPOINT"}, "No story is told"},
		{"workload", []string{"ENTENTE_APP_ID", "ENTENTE_SECRET", "ENTENTE_SECRET_A"}, []string{"ENTENTE_PACKAGE_LINK", "ENTENTE_TEAM_ID"}, "Found 14 users"},
		{"person", []string{"ENTENTE_PACKAGE_LINK", "ENTENTE_WEBAPP_URL", "ENTENTE_SECRET_A"}, []string{"ENTENTE_APP_ID"}, "Thirty days after that"},
	} {
		t.Run(tt.story, func(t *testing.T) {
			var port int
			look := func(t *testing.T, l told) {
				port = portOf(t, l.env)
				for _, name := range tt.has {
					if l.env[name] == "" {
						t.Errorf("there is no %s", name)
					}
				}
				for _, name := range tt.not {
					if v, there := l.env[name]; there {
						t.Errorf("%s = %q", name, v)
					}
				}
			}
			data := filepath.Join(t.TempDir(), "lab")
			if out := tell(t, Options{Data: data, Story: tt.story, Once: true, builtIn: true}, look); !strings.Contains(out, tt.says) {
				t.Errorf("it does not say %q:\n%s", tt.says, out)
			}
			if tt.story != "none" {
				return
			}
			tell(t, Options{Data: data, Port: port, Once: true, builtIn: true}, look) // as before
			tell(t, Options{Data: data, Port: port, Story: "workload", Once: true, builtIn: true}, func(t *testing.T, l told) {
				if l.env["ENTENTE_APP_ID"] == "" {
					t.Error("the story that was asked for later is not told")
				}
			})
		})
	}
	if err := Run(t.Context(), Options{Data: filepath.Join(t.TempDir(), "lab"), Story: "romance", Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "both, none, person, workload") {
		t.Errorf("an unknown story: %v", err)
	}
}

// TestChosen: what is thrown away is told once.
func TestChosen(t *testing.T) {
	once := func(s step) bool { return s.once }
	if all := chosen("both", false); len(all) != len(steps) || !slices.ContainsFunc(all, once) {
		t.Errorf("%d steps of %d", len(all), len(steps))
	}
	if again := chosen("both", true); len(again) == 0 || slices.ContainsFunc(again, once) {
		t.Errorf("the second telling has %d steps", len(again))
	}
}

func TestParseMove(t *testing.T) {
	for text, want := range map[string]string{"+90d": "days=90", "+12h": "hours=12", "+1d6h30m": "days=1&hours=6&minutes=30", "+0m": "minutes=0"} {
		if form, err := ParseMove(text); err != nil || form.Encode() != want {
			t.Errorf("%s: %v %v", text, form.Encode(), err)
		}
	}
	for _, text := range []string{"", "+", "90d", "-1d", "+d", "+1", "+1w", "+1h2d", "+-1d", "++1d", "+1.5d", "+1d1d"} {
		if form, err := ParseMove(text); err == nil {
			t.Errorf("%q is taken for %v", text, form)
		}
	}
	for by, want := range map[time.Duration]string{0: "the same as on this machine", 90 * 24 * time.Hour: "90 days ahead of this machine", 25*time.Hour + time.Minute: "1 day, 1 hour, 1 minute ahead of this machine"} {
		if got := ahead(by); got != want {
			t.Errorf("%v is %q", by, got)
		}
	}
}

// TestClockNeedsALab that is up.
func TestClockNeedsALab(t *testing.T) {
	if err := Clock(t.Context(), t.TempDir(), nil, io.Discard); err == nil {
		t.Error("an empty folder has a clock")
	}
	data := filepath.Join(t.TempDir(), "lab")
	var port int
	tell(t, Options{Data: data, Story: "none", Once: true}, func(t *testing.T, l told) { port = portOf(t, l.env) })
	if err := Clock(t.Context(), data, nil, io.Discard); err == nil || !strings.Contains(err.Error(), "is it up") {
		t.Errorf("a lab that is down says %v", err)
	}
	tell(t, Options{Data: data, Port: port, Once: true}, func(t *testing.T, l told) {
		move, err := ParseMove("+801d")
		if err == nil {
			err = Clock(t.Context(), data, move, io.Discard)
		}
		if err == nil || !strings.Contains(err.Error(), "at most 800 days") {
			t.Errorf("too far: %v", err)
		}
	})
}
