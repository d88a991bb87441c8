package isolation

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	pages "entente/internal/enttest/browser"
)

// worker makes a machine that runs the side's jobs.
func (g *ground) worker(t *testing.T, x *side) machine {
	t.Helper()
	token, err := g.AddWorker(t.Context(), x.ID, x.word)
	if err != nil {
		t.Fatal(err)
	}
	return g.redeem(t, x, token.Reveal())
}

// job starts a runbook of the victim's automation account, in the browser as people
// do, and returns where the job is shown.
func (g *ground) job(t *testing.T) (b *pages.Browser, at string) {
	t.Helper()
	x := g.victim
	b = pages.AsAdmin(t, g.Server, x.Tenant)
	p := b.Submit(b.Get("/@"+x.Domain+"/admin/automation/"+x.ids["host"]+"/runbooks/new"), "Create in Contoso", url.Values{"name": {x.word}, "kind": {"Shell"}}).Wants(http.StatusOK)
	p = b.Submit(p, "Save in Contoso", url.Values{"draft": {"echo " + x.word}, "publish": {"yes"}}).Wants(http.StatusOK)
	return b, b.Submit(p, "Start in Contoso", nil).Wants(http.StatusOK).At.Path
}

// TestWorkers: a worker of one tenant gets and tells of nothing that is another's.
func TestWorkers(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		account := g.enroll(t, g.stranger) // a host, and no worker
		g.enroll(t, g.victim)
		theirs, own := g.worker(t, g.victim), g.worker(t, g.stranger)
		page, at := g.job(t)
		before := g.rows(t)

		for _, endpoint := range []string{"/host/jobs/take", "/host/jobs/tell"} {
			for _, who := range [][3]string{
				{theirs.tenant, theirs.id, theirs.id}, {theirs.tenant, theirs.id, own.id}, {theirs.tenant, own.id, own.id},
				{own.tenant, theirs.id, own.id}, {own.tenant, theirs.id, theirs.id},
			} {
				if a := own.ask(t, g, endpoint, who[0], who[1], who[2], nil); a.Status != http.StatusUnauthorized {
					t.Errorf("%s for the worker %s of %s as %s: %d %s", endpoint, who[1], who[0], who[2], a.Status, a.Body)
				}
			}
			if a := account.ask(t, g, endpoint, account.tenant, account.id, account.id, map[string]any{"jobId": enttest.NewID()}); a.Status != http.StatusForbidden {
				t.Errorf("%s as a host that is no worker: %d %s", endpoint, a.Status, a.Body)
			}
		}
		if a := own.ask(t, g, "/host/jobs/take", own.tenant, own.id, own.id, nil); a.Status != http.StatusNoContent {
			t.Errorf("another tenant's job is handed out: %d %s", a.Status, a.Body)
		}
		g.untouched(t, before)

		a := theirs.ask(t, g, "/host/jobs/take", theirs.tenant, theirs.id, theirs.id, nil)
		if a.Status != http.StatusOK {
			t.Fatalf("the victim's worker: %d %s", a.Status, a.Body)
		}
		var order struct {
			JobID string
			Run   int
		}
		a.Into(t, &order)
		if !strings.HasSuffix(at, order.JobID) {
			t.Fatalf("the job is %s, and what is handed out %s", at, order.JobID)
		}
		before = g.rows(t)
		told := func(job string) map[string]any {
			return map[string]any{"jobId": job, "run": order.Run, "begun": true, "ended": true, "exception": "taken",
				"records": []any{map[string]any{"seq": 1, "stream": "Output", "bytes": []byte("taken")}}}
		}
		victims := own.ask(t, g, "/host/jobs/tell", own.tenant, own.id, own.id, told(order.JobID))
		nobodys := own.ask(t, g, "/host/jobs/tell", own.tenant, own.id, own.id, told(enttest.NewID()))
		if victims.Status != http.StatusNotFound || victims.Status != nobodys.Status || string(victims.Body) != string(nobodys.Body) {
			t.Errorf("a report of another tenant's job: %d %s; of none: %d %s", victims.Status, victims.Body, nobodys.Status, nobodys.Body)
		}
		g.untouched(t, before)

		if a := theirs.ask(t, g, "/host/jobs/tell", theirs.tenant, theirs.id, theirs.id, told(order.JobID)); a.Status != http.StatusOK {
			t.Fatalf("the victim's own report: %d %s", a.Status, a.Body)
		}
		page.Get(at).Wants(http.StatusOK, "taken", "Ended")
	})
}
