package attack

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	pages "entente/internal/enttest/browser"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// A yard is a server with two automation accounts of one tenant and a real worker,
// which runs scripts as somebody else.
type yard struct {
	*enttest.Server
	t           *testing.T
	b           *pages.Browser
	root        string
	mine, other premises
	worker      *enttest.Worker
}

// premises are an automation account and the client id of its own identity.
type premises struct{ at, client string }

func newYard(t *testing.T, engine sqldb.Engine) *yard {
	r := enttest.Scripts()
	if r.User == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("the test has to be root to run scripts as somebody else")
		}
		t.Skip("only root can run scripts as somebody else")
	}
	r.Dir = t.TempDir()
	r.Time, r.Memory = 20*time.Second, 512<<20
	s := enttest.Start(t, enttest.Options{Engine: engine, Clock: clock.System{}})
	y := &yard{Server: s, t: t, b: pages.AsAdmin(t, s, s.A), root: "/@" + s.A.Domain + "/admin"}
	y.mine, y.other = y.account("mine"), y.account("other")
	token, err := s.AddWorker(t.Context(), s.A.ID, "yard")
	if err != nil {
		t.Fatal(err)
	}
	y.worker = s.Worker(t, token.Reveal(), r)
	// What keeps others out must be the modes of the files, not the test's folders.
	for _, path := range []string{y.worker.State, r.Dir, strings.TrimPrefix(s.Store, "sqlite:")} {
		if filepath.IsAbs(path) {
			open(t, filepath.Dir(path))
		}
	}
	return y
}

// open lets everybody into a folder of the test's and those above it.
func open(t *testing.T, dir string) {
	t.Helper()
	for ; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil {
			err = os.Chmod(dir, info.Mode().Perm()|0o011)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (y *yard) account(name string) premises {
	y.t.Helper()
	p := y.b.Submit(y.b.Get(y.root+"/automation/new"), "Create in Contoso", url.Values{"name": {name}, "group": {"ops"}, "system": {"yes"}}).Wants(http.StatusOK, "System assigned")
	client := regexp.MustCompile(`System assigned.*?([0-9a-f]{8}-[0-9a-f-]{27})`).FindStringSubmatch(strings.ReplaceAll(p.Body, "\n", " "))
	if client == nil {
		y.t.Fatalf("no client id: %s", p.Text())
	}
	return premises{p.At.Path, client[1]}
}

// run runs a script in an account and returns the page of its job when that has
// ended, and all that it printed.
func (y *yard) run(in premises, name, script string) (pages.Page, string) {
	y.t.Helper()
	p := y.b.Submit(y.b.Get(in.at+"/runbooks/new"), "Create in Contoso", url.Values{"name": {name}, "kind": {"Shell"}}).Wants(http.StatusOK)
	p = y.b.Submit(p, "Save in Contoso", url.Values{"draft": {script}, "publish": {"yes"}}).Wants(http.StatusOK)
	at := y.b.Submit(p, "Start in Contoso", nil).Wants(http.StatusOK).At.Path
	for range 400 {
		p = y.b.Get(at)
		if strings.Contains(p.Text(), "Ended") {
			return p, y.b.Send(http.MethodGet, at+"/output", nil, "").Body
		}
		time.Sleep(100 * time.Millisecond)
	}
	y.t.Fatalf("the job never ends: %s", p.Text())
	return p, ""
}

// TestRunbooks: what a script may try that a tenant's administrator has written, or
// somebody who may write to one automation account.
func TestRunbooks(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		y := newYard(t, engine)
		y.files()
		y.lingers()
		y.identities()
		y.outputs()
		y.limits()
	})
}

// files: neither the worker's key nor the store can be read, and the script is
// somebody else.
func (y *yard) files() {
	store := strings.TrimPrefix(y.Store, "sqlite:")
	p, out := y.run(y.mine, "Files", fmt.Sprintf(`id -u; id -G
cat %q 2>&1
head -c 15 %q 2>&1
ls -a %q 2>&1
echo "the rest:"
env | grep -v -e '^PATH=' -e '^HOME=' -e '^TMPDIR=' -e '^IDENTITY_' -e '^MSI_' -e '^LANG=' -e '_CA_' -e SSL_CERT -e '^PWD=' -e '^OLDPWD=' -e '^SHLVL=' -e '^_='
true
`, y.worker.State, store, y.worker.Folder))
	if !strings.HasPrefix(out, "65534") {
		y.t.Fatalf("the script did not run as nobody: %s", p.Text())
	}
	for _, loot := range []string{"PRIVATE KEY", "SQLite format", "uid=0"} {
		if strings.Contains(out, loot) {
			y.t.Errorf("a script got hold of %q: %s", loot, out)
		}
	}
	if lines := strings.SplitN(out, "\n", 3); lines[0] == "0" || strings.Contains(" "+lines[1]+" ", " 0 ") {
		y.t.Errorf("a script runs as root: %s", out)
	}
	if !strings.Contains(out, "Permission denied") {
		y.t.Errorf("the script never reached the files: %s", out)
	}
	if _, rest, there := strings.Cut(out, "the rest:\n"); !there || rest != "" {
		y.t.Errorf("a script sees more of the environment than it should: %s", out)
	}
}

// lingers: what a script leaves running sees nothing of the next job, and its secret
// is dead when the job is.
func (y *yard) lingers() {
	loot := filepath.Join(os.TempDir(), "entente-loot-"+enttest.NewID())
	y.t.Cleanup(func() { os.Remove(loot) })
	_, out := y.run(y.mine, "Spy", fmt.Sprintf(`echo "$IDENTITY_ENDPOINT $IDENTITY_HEADER"
touch %[1]q
setsid nohup bash -c 'for i in $(seq 400); do cat /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep ^IDENTITY_HEADER=; cat %[2]q/entente-job-*/* 2>/dev/null; sleep .05; done >> %[1]q' </dev/null >/dev/null 2>&1 &
for i in $(seq 50); do [ -s %[1]q ] && break; sleep .1; done
`, loot, y.worker.Folder))
	where, header, ok := strings.Cut(strings.TrimSpace(out), " ")
	if !ok {
		y.t.Fatalf("the spy printed %q", out)
	}
	if seen, err := os.ReadFile(loot); err != nil || !strings.Contains(string(seen), header) {
		y.t.Fatalf("the spy never spied: %q %v", seen, err)
	}
	_, out = y.run(y.other, "Victim", `echo "$IDENTITY_HEADER"; sleep 1`)
	seen, err := os.ReadFile(loot)
	if victim := strings.TrimSpace(out); err != nil || len(victim) < 20 || strings.Contains(string(seen), victim) {
		y.t.Errorf("what was left behind read the header %q of another account's job: %v", out, err)
	}
	for name, value := range map[string]string{"X-IDENTITY-HEADER": header, "Metadata": "true"} {
		path := where + "?api-version=2019-08-01&resource=https://graph.microsoft.com"
		if name == "Metadata" {
			path = strings.Replace(where, "/msi/token", "/metadata/identity/oauth2/token", 1) + "?api-version=2018-02-01&resource=https://graph.microsoft.com"
		}
		req, err := http.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			y.t.Fatal(err)
		}
		req.Header.Set(name, value)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			y.t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusNotFound {
			y.t.Errorf("after the job the worker answers %s with %d", name, res.StatusCode)
		}
	}
}

// identities: a job is given the identities of its own account and no others.
func (y *yard) identities() {
	_, out := y.run(y.mine, "Identities", fmt.Sprintf(`ask() { curl -s -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.microsoft.com$1"; }
ask ""
ask "&client_id=%s"
ask "&client_id=%s"
curl -s -o /dev/null -w '%%{http_code}\n' -H "X-IDENTITY-HEADER: guess" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.microsoft.com"
curl -s -o /dev/null -w '%%{http_code}\n' -H "Metadata: true" "${IDENTITY_ENDPOINT%%/msi/token}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com"
`, y.mine.client, y.other.client))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 {
		y.t.Fatalf("the script printed %q", out)
	}
	for i, want := range []string{y.mine.client, y.mine.client} {
		var got struct{ Access_token string }
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil || strings.Count(got.Access_token, ".") != 2 {
			y.t.Fatalf("no token: %s %v", lines[i], err)
		}
		claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(got.Access_token, ".")[1])
		if !strings.Contains(string(claims), want) {
			y.t.Errorf("the token is not of %s: %s", want, claims)
		}
	}
	if strings.Contains(lines[2], "access_token") || !strings.Contains(lines[2], "No User Assigned") {
		y.t.Errorf("another account's identity was given: %s", lines[2])
	}
	if lines[3] != "401" || lines[4] != "404" {
		y.t.Errorf("a guessed header answers %s, the metadata endpoint %s", lines[3], lines[4])
	}
}

// outputs: output of any size and bytes is kept up to its limit and safe to show.
func (y *yard) outputs() {
	p, out := y.run(y.mine, "Loud", `head -c 3000000 /dev/urandom; head -c 200000 /dev/zero | tr '\0' '<'`)
	p.Wants(http.StatusOK, "Completed", "It printed more than is kept.")
	if len(out) != 1<<20 {
		y.t.Errorf("%d bytes are kept", len(out))
	}
	for _, c := range p.Body {
		if c < ' ' && c != '\n' && c != '\t' {
			y.t.Fatalf("the page holds the character %U", c)
		}
	}
}

// limits: a script that takes too long, too much or will not end is ended.
func (y *yard) limits() {
	p, _ := y.run(y.mine, "Greedy", `v=$(head -c 900000000 /dev/zero | tr '\0' x); echo "${#v}"`)
	if !strings.Contains(p.Text(), "Failed") {
		y.t.Errorf("a script has all the memory it likes: %s", p.Text())
	}
	_, out := y.run(y.mine, "Many", `ulimit -u; ulimit -c`)
	if out != "512\n0\n" {
		y.t.Errorf("limits are %q", out)
	}
	p, _ = y.run(y.mine, "Stubborn", `trap '' TERM INT HUP; while :; do sleep 1; done`)
	p.Wants(http.StatusOK, "Failed", "longer than 20s")
}
