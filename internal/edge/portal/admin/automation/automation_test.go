package automation_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

const script = `echo "Found 5 users"
printf '\033[31mred\033[0m <script>alert(1)</script>\342\200\256\377\n'
echo "no <b>good</b>" >&2
`

// TestAutomation walks the pages from an empty tenant to the output of a job that a
// real worker has run.
func TestAutomation(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine, Clock: clock.System{}})
		root, b := "/@"+s.A.Domain+"/admin", browser.AsAdmin(t, s, s.A)
		identity := s.Identity(t, s.A, "reader")
		b.Get(root+"/workers").Wants(http.StatusOK, "No workers yet")
		p := b.Follow(b.Get(root+"/automation").Wants(http.StatusOK, "None yet"), "Create an automation account")
		b.Submit(p, "Create in Contoso", url.Values{"name": {""}, "group": {"ops"}}).Wants(http.StatusUnprocessableEntity, "Enter a name")
		b.Submit(p, "Create in Contoso", url.Values{"name": {"a/b"}, "group": {"ops"}}).Wants(http.StatusUnprocessableEntity, "is not valid")
		p = b.Submit(p, "Create in Contoso", url.Values{"name": {"partner-reports"}, "group": {"ops"}, "system": {"yes"}}).
			Wants(http.StatusOK, "is created.", "System assigned", "No runbook has been started.")
		account := p.At.Path

		p = b.Follow(p, "Change identities").Wants(http.StatusOK, "reader")
		p = b.Submit(p, "Save in Contoso", url.Values{"system": {}, "identity": {identity.Resource}}).Wants(http.StatusOK, "The identities are as you chose.", "User assigned", identity.Client)
		if strings.Contains(p.Text(), "System assigned") {
			t.Error("the system-assigned identity is still there")
		}

		p = b.Follow(b.Get(account+"/runbooks").Wants(http.StatusOK, "No runbooks yet"), "Create a runbook")
		b.Submit(p, "Create in Contoso", url.Values{"name": {"1x"}, "kind": {"Shell"}}).Wants(http.StatusUnprocessableEntity, "begins with a letter")
		p = b.Submit(p, "Create in Contoso", url.Values{"name": {"Count-Users"}, "kind": {"Shell"}, "description": {"Counts <i>users</i>"}}).Wants(http.StatusOK, "The runbook is created.", "Edit Count-Users")
		editor := p
		p = b.Submit(p, "Save in Contoso", url.Values{"draft": {strings.ReplaceAll(script, "\n", "\r\n")}}).Wants(http.StatusOK, "The draft is saved.", "Nothing is published yet.")
		b.Submit(editor, "Save in Contoso", url.Values{"draft": {"echo lost"}}).Wants(http.StatusUnprocessableEntity, "was changed meanwhile", "echo lost")
		p = b.Submit(b.Follow(p, "Edit"), "Save in Contoso", url.Values{"publish": {"yes"}}).Wants(http.StatusOK, "The runbook is published.", "Published")
		if strings.Contains(p.Body, "<i>users") {
			t.Error("a description is not escaped")
		}
		runbook := p.At.Path
		job := b.Submit(p, "Start in Contoso", nil).Wants(http.StatusOK, "The runbook is started.", "Queued", "It waits for a worker.").At.Path

		p = b.Follow(b.Get(root+"/workers"), "Add a worker")
		p = b.Submit(p, "Add worker in Contoso", url.Values{"name": {"build-1"}}).Wants(http.StatusOK, "Enrollment token", "entente agent enroll")
		token := regexp.MustCompile(`id="enrollment"[^>]*>([^<]+)<`).FindStringSubmatch(p.Body)
		if token == nil {
			t.Fatalf("no token stands on the page: %s", p.Body)
		}
		s.Worker(t, html.UnescapeString(token[1]), enttest.Scripts())
		p = until(t, b, job, "Completed")
		p.Wants(http.StatusOK, "Found 5 users", `\x1b[31mred`, `\u202e\xff`, "<script>alert(1)</script>", "no <b>good</b>", "Errors:")
		for _, live := range []string{"<script>alert", "<b>good", "\x1b", "\u202e"} {
			if strings.Contains(p.Body, live) {
				t.Errorf("the page of a job holds %q", live)
			}
		}
		whole := b.Send(http.MethodGet, job+"/output", nil, "")
		if !strings.Contains(whole.Body, "\x1b[31mred\x1b[0m <script>") || whole.Header.Get("Content-Disposition") == "" || whole.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("the whole output: %v %q", whole.Header, whole.Body)
		}
		if events := b.Send(http.MethodGet, job+"/events", nil, ""); !strings.Contains(events.Body, "data: Completed-1-") || !strings.HasSuffix(events.Body, "event: over\ndata: over\n\n") {
			t.Errorf("the events of a job that is over: %q", events.Body)
		}
		b.Get(account+"/jobs").Wants(http.StatusOK, "Count-Users", "Completed")

		p = b.Follow(b.Get(runbook), "Add a schedule")
		b.Submit(p, "Add schedule in Contoso", url.Values{"frequency": {"Day"}, "startTime": {"2020-01-01T10:00"}, "interval": {"1"}}).Wants(http.StatusUnprocessableEntity, "in the future")
		p = b.Submit(p, "Add schedule in Contoso", url.Values{"frequency": {"Day"}, "startTime": {time.Now().AddDate(1, 0, 0).Format("2006-01-02T15:04")}, "interval": {"2"}}).Wants(http.StatusOK, "The schedule is added.", "Every 2 days")
		b.Submit(p, "Delete", nil).Wants(http.StatusOK, "The schedule is gone.", "It is started by hand.")
		p = b.Submit(b.Follow(b.Get(runbook), "Runbook settings"), "Save in Contoso", url.Values{"again": {"yes"}}).Wants(http.StatusOK, "Yes, from the start")

		walls(t, s, root, account, runbook, job)

		b.Submit(b.Follow(p, "Delete…"), "Delete runbook in Contoso", nil).Wants(http.StatusOK, "The runbook is gone.")
		b.Submit(b.Follow(b.Get(root+"/workers"), "Remove… build-1"), "Remove worker in Contoso", nil).Wants(http.StatusOK, "The worker is removed.", "No workers yet")
		b.Submit(b.Follow(b.Get(account), "Delete…"), "Delete in Contoso", nil).Wants(http.StatusOK, "Automation account is gone.")
		b.Get(account).Wants(http.StatusNotFound)
		b.Get(job).Wants(http.StatusNotFound)
	})
}

// walls: another tenant's ids are absent at both tenants' addresses, and a member without
// a role sees nothing and does nothing.
func walls(t *testing.T, s *enttest.Server, root, account, runbook, job string) {
	t.Helper()
	s.Graph(t, s.A, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Member", "mailNickname": "member", "userPrincipalName": "member@" + s.A.Domain,
		"passwordProfile": map[string]any{"password": "Copper-Lantern-72", "forceChangePasswordNextSignIn": false}}, nil)
	theirs := "/@" + s.B.Domain + "/admin"
	for who, in := range map[string]struct {
		b    *browser.Browser
		root string
	}{"B's administrator at home": {browser.AsAdmin(t, s, s.B), theirs}, "a member": {browser.As(t, s, "member@"+s.A.Domain, "Copper-Lantern-72"), root}} {
		move := func(at string) string { return in.root + strings.TrimPrefix(at, root) }
		for _, at := range []string{account, account + "/identity", account + "/delete", account + "/runbooks", account + "/jobs", runbook, runbook + "/edit", runbook + "/settings", runbook + "/delete", job, job + "/events", job + "/output"} {
			if p := in.b.Send(http.MethodGet, move(at), nil, ""); p.Status != http.StatusNotFound || strings.Contains(p.Body, "partner-reports") {
				t.Errorf("%s opens %s: %d", who, at, p.Status)
			}
		}
		for _, at := range []string{account + "/identity", account + "/delete", account + "/runbooks/new", runbook + "/edit", runbook + "/publish", runbook + "/start", runbook + "/settings", runbook + "/delete", runbook + "/schedules/new", job + "/stop"} {
			if p := in.b.Send(http.MethodPost, move(at), url.Values{"name": {"X"}, "kind": {"Shell"}}, ""); p.Status != http.StatusNotFound {
				t.Errorf("%s posts to %s: %d", who, at, p.Status)
			}
		}
		if p := in.b.Send(http.MethodPost, in.root+"/workers/new", url.Values{"name": {"mine"}, "group": {"g"}}, ""); who == "a member" && p.Status != http.StatusForbidden {
			t.Errorf("%s adds a worker: %d %s", who, p.Status, p.Text())
		}
	}
}

// until opens a page again and again until it says something.
func until(t *testing.T, b *browser.Browser, at, says string) browser.Page {
	t.Helper()
	for range 300 {
		p := b.Get(at)
		if strings.Contains(p.Text(), says) {
			return p
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s never says %q: %s", path.Base(at), says, fmt.Sprint(b.Get(at).Text()))
	return browser.Page{}
}

// TestTheSubscriptionThatHasSomething: whoever opens a list sees the first
// subscription in which there is anything, and may choose another.
func TestTheSubscriptionThatHasSomething(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		b, at := browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin/automation"
		var made struct {
			Properties struct{ SubscriptionID string }
		}
		s.ARM(t, s.A, http.MethodPut, "/providers/Microsoft.Subscription/aliases/another", map[string]any{"properties": map[string]any{"displayName": "A first and empty one"}}, &made)
		b.Submit(b.Get(at+"/new"), "Create in Contoso", url.Values{"subscription": {s.A.Subscription}, "name": {"reports"}, "group": {"ops"}, "system": {"yes"}}).Wants(http.StatusOK, "reports")
		p := b.Get(at).Wants(http.StatusOK, "A first and empty one", "System-assigned")
		_, fields := p.Form(t, "Show")
		if fields.Get("subscription") != s.A.Subscription {
			t.Errorf("the list says that it is of %s", fields)
		}
		b.Get(at+"?subscription="+made.Properties.SubscriptionID).Wants(http.StatusOK, "None yet")
	})
}
