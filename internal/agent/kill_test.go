package agent_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/internal/agent"
	"entente/internal/client"
	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// The environment that makes this binary a worker of its own, which can be killed.
const (
	childState = "ENTENTE_WORKER_STATE"
	childCA    = "ENTENTE_WORKER_CA"
	childDir   = "ENTENTE_WORKER_DIR"
	childPast  = "ENTENTE_WORKER_PAST" // noon, by its clock
)

func TestMain(m *testing.M) {
	if os.Getenv(childState) == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, beWorker())
	os.Exit(1)
}

// beWorker runs a worker until it is killed.
func beWorker() error {
	state, err := agent.Load(os.Getenv(childState))
	if err != nil {
		return err
	}
	roots, err := os.ReadFile(os.Getenv(childCA))
	if err != nil {
		return err
	}
	past, err := time.ParseDuration(os.Getenv(childPast))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	c, err := client.New(client.Options{Base: state.Server, Roots: pool})
	if err != nil {
		return err
	}
	r := enttest.Scripts()
	r.Dir = os.Getenv(childDir)
	a, err := agent.New(agent.Options{Server: c, State: state, Runner: &r, Clock: clock.NewFake(dbtest.Noon.Add(past)), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return a.Run(context.Background(), l)
}

// startChild starts a worker of its own and returns what kills it.
func startChild(t *testing.T, s *enttest.Server, state, dir string, past time.Duration) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childState+"="+state, childCA+"="+s.CAFile, childDir+"="+dir, childPast+"="+past.String())
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	kill = func() {
		if !done {
			done = true
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	t.Cleanup(kill)
	return kill
}

// TestAKilledWorker: a job whose worker is killed ends as failed with what it had
// printed; its script dies with the worker and is never run twice, unless its runbook says
// that it may be.
func TestAKilledWorker(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := clock.NewFake(dbtest.Noon)
		s := enttest.Start(t, enttest.Options{Engine: engine, Clock: c})
		b, root := browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin"
		account := b.Submit(b.Get(root+"/automation/new"), "Create in Contoso", url.Values{"name": {"mine"}, "group": {"ops"}}).Wants(http.StatusOK).At.Path
		token, err := s.AddWorker(t.Context(), s.A.ID, "doomed")
		if err != nil {
			t.Fatal(err)
		}
		state, dir := enroll(t, s, token), t.TempDir()
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
			t.Fatal(err)
		}
		past := time.Duration(0)
		for _, again := range []bool{false, true} {
			name := map[bool]string{false: "Once", true: "Often"}[again]
			mark := filepath.Join(os.TempDir(), "entente-mark-"+enttest.NewID())
			if err := os.WriteFile(mark, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Remove(mark) })
			if err := os.Chmod(mark, 0o666); err != nil {
				t.Fatal(err)
			}
			at := publish(b, account, name, fmt.Sprintf("echo run >> %[1]q\necho half\n[ $(wc -l < %[1]q) -ge 2 ] || sleep 300\n", mark), again)
			job := b.Submit(b.Get(at), "Start in Contoso", nil).Wants(http.StatusOK).At.Path
			kill := startChild(t, s, state, dir, past)
			until(t, b, job, "half")
			kill()
			if left := running(t, dir); left != "" {
				t.Errorf("%s: the script outlives its worker: %s", name, left)
			}
			c.Advance(61 * time.Second)
			past += 61 * time.Second
			want, runs := "The worker that ran the job was lost.", 1
			if again {
				until(t, b, job, "It waits for a worker to run it again")
				want, runs = "Completed", 2
			}
			kill = startChild(t, s, state, dir, past)
			p := until(t, b, job, want)
			p.Wants(http.StatusOK, "half")
			// A worker that lives asks for more; give it the time to be handed the job again.
			next := b.Submit(b.Get(publish(b, account, name+"-next", "echo next", false)), "Start in Contoso", nil).At.Path
			until(t, b, next, "Completed")
			kill()
			if text, err := os.ReadFile(mark); err != nil || strings.Count(string(text), "run") != runs {
				t.Errorf("%s: the script ran as %q, want %d times; %v", name, text, runs, err)
			}
		}
	})
}

func publish(b *browser.Browser, account, name, script string, again bool) string {
	p := b.Submit(b.Get(account+"/runbooks/new"), "Create in Contoso", url.Values{"name": {name}, "kind": {"Shell"}}).Wants(http.StatusOK)
	at := b.Submit(p, "Save in Contoso", url.Values{"draft": {script}, "publish": {"yes"}}).Wants(http.StatusOK).At.Path
	if again {
		b.Submit(b.Get(at+"/settings"), "Save in Contoso", url.Values{"again": {"yes"}}).Wants(http.StatusOK)
	}
	return at
}

func enroll(t *testing.T, s *enttest.Server, token secret.String) string {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := client.New(client.Options{Base: s.Name, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	state, err := agent.Enroll(t.Context(), c, token)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "worker.json")
	if err := state.Save(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// running returns the command of a process that works in a folder, after a moment's grace.
func running(t *testing.T, dir string) (left string) {
	t.Helper()
	for range 50 {
		left = ""
		all, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range all {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), dir) {
				left = strings.ReplaceAll(string(text), "\x00", " ")
			}
		}
		if left == "" {
			return ""
		}
		time.Sleep(100 * time.Millisecond)
	}
	return left
}

// until opens a page again and again until it says something.
func until(t *testing.T, b *browser.Browser, at, says string) browser.Page {
	t.Helper()
	for range 300 {
		if p := b.Get(at); strings.Contains(p.Text(), says) {
			return p
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s never says %q: %s", at, says, b.Get(at).Text())
	return browser.Page{}
}
