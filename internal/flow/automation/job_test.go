package automation

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const (
	ours   ids.TenantID = "11111111-1111-4111-8111-111111111111"
	theirs ids.TenantID = "22222222-2222-4222-8222-222222222222"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func published(t *testing.T, again bool) *Runbook {
	t.Helper()
	r, err := NewRunbook(ours, "33333333-3333-4333-8333-333333333333", "Count-Users", Shell, noon)
	err = errors.Join(err, r.Write("echo 1\r\n", noon), r.Describe("", again, noon), r.Publish(noon))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func started(t *testing.T, again bool) *Job {
	t.Helper()
	j, err := published(t, again).Start("somebody", noon)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestStatesAsDocumented compares the table in the package comment with next.
func TestStatesAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[State]string)
	for line := range strings.Lines(string(doc)) {
		if from, to, ok := strings.Cut(strings.TrimPrefix(line, "//\t"), " → "); ok {
			documented[State(strings.TrimSpace(from))] = strings.TrimSpace(to)
		}
	}
	if len(documented) != len(next) {
		t.Errorf("the package comment has %d states that go on, the rules have %d", len(documented), len(next))
	}
	for from, to := range next {
		if want := strings.Trim(strings.ReplaceAll(fmt.Sprint(to), " ", ", "), "[]"); documented[from] != want {
			t.Errorf("the package comment says %s → %q, the rules say %q", from, documented[from], want)
		}
	}
}

func TestJob(t *testing.T) {
	give := func(j *Job) error { return j.Give(ours, "w1", noon, noon) }
	begin := func(j *Job) error { return j.Begin("w1", j.Run, noon) }
	end := func(exception string) func(*Job) error {
		return func(j *Job) error { return j.End("w1", j.Run, exception, noon) }
	}
	stop := func(j *Job) error { return j.Stop(noon) }
	lose := func(j *Job) error { _, err := j.Lose(noon, j.LeaseUntil); return err }
	tests := []struct {
		name  string
		again bool
		steps []func(*Job) error // all but the last must succeed
		want  State
		err   error
	}{
		{name: "runs and completes", steps: []func(*Job) error{give, begin, end("")}, want: Completed},
		{name: "fails by its script", steps: []func(*Job) error{give, begin, end("exit status 2")}, want: Failed},
		{name: "fails before it began", steps: []func(*Job) error{give, end("no pwsh")}, want: Failed},
		{name: "is stopped while it waits", steps: []func(*Job) error{stop}, want: Stopped},
		{name: "is given to one worker only", steps: []func(*Job) error{give, give}, want: Activating, err: fault.Conflict},
		{name: "is no job of another tenant's worker", steps: []func(*Job) error{func(j *Job) error { return j.Give(theirs, "w1", noon, noon) }}, want: New, err: fault.NotFound},
		{name: "hears nothing from a worker that has another", steps: []func(*Job) error{give, func(j *Job) error { return j.End("w2", 1, "", noon) }}, want: Activating, err: fault.NotFound},
		{name: "stops while it runs", steps: []func(*Job) error{give, begin, stop, stop, end("killed")}, want: Stopped},
		{name: "completes though it was to stop", steps: []func(*Job) error{give, begin, stop, end("")}, want: Completed},
		{name: "does not run on when it was stopped before it began", steps: []func(*Job) error{give, stop, begin}, want: Stopping},
		{name: "is not stopped when it is over", steps: []func(*Job) error{give, begin, end(""), stop}, want: Completed, err: fault.Conflict},
		{name: "lost in the middle has failed", steps: []func(*Job) error{give, begin, lose}, want: Failed},
		{name: "lost before a word has failed", steps: []func(*Job) error{give, lose}, want: Failed},
		{name: "lost and stopping is stopped", again: true, steps: []func(*Job) error{give, begin, stop, lose}, want: Stopped},
		{name: "lost waits again if it may be", again: true, steps: []func(*Job) error{give, begin, lose}, want: New},
		{name: "is run three times at most", again: true, steps: []func(*Job) error{give, lose, give, lose, give, lose}, want: Failed},
		{name: "is not ended by its earlier run", again: true, steps: []func(*Job) error{give, lose, give, func(j *Job) error { return j.End("w1", 1, "", noon) }}, want: Activating, err: fault.Conflict},
		{name: "is not ended while it waits again", again: true, steps: []func(*Job) error{give, lose, end("")}, want: New, err: fault.Conflict},
		{name: "is not begun after it was lost", steps: []func(*Job) error{give, lose, begin}, want: Failed, err: fault.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := started(t, tt.again)
			for i, step := range tt.steps {
				err := step(j)
				if i < len(tt.steps)-1 && err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				if i == len(tt.steps)-1 && !errors.Is(err, tt.err) {
					t.Errorf("err = %v, want %v", err, tt.err)
				}
			}
			if j.State != tt.want {
				t.Errorf("state = %s, want %s", j.State, tt.want)
			}
			if over := !j.EndedAt.IsZero(); over == j.Open() {
				t.Errorf("open = %t, yet its end is %s", j.Open(), j.EndedAt)
			}
			if (j.Exception != "") != (j.State == Failed) {
				t.Errorf("a job that is %s has the exception %q", j.State, j.Exception)
			}
		})
	}
}

func TestLeaseIsRenewed(t *testing.T) {
	j := started(t, false)
	if err := errors.Join(j.Give(ours, "w1", noon, noon), j.Begin("w1", 1, noon)); err != nil {
		t.Fatal(err)
	}
	late := noon.Add(Lease - time.Second)
	if stop, err := j.Renew("w1", 1, late); stop || err != nil {
		t.Fatalf("renewed: stop %t, %v", stop, err)
	}
	if lost, err := j.Lose(noon, noon.Add(Lease)); lost || err != nil || j.State != Running {
		t.Errorf("a renewed job: lost %t, %v, %s", lost, err, j.State)
	}
	if err := j.Stop(noon); err != nil {
		t.Fatal(err)
	}
	if stop, err := j.Renew("w1", 1, late); !stop || err != nil {
		t.Errorf("a job that is to stop: stop %t, %v", stop, err)
	}
}

func TestRunbook(t *testing.T) {
	r, err := NewRunbook(ours, "33333333-3333-4333-8333-333333333333", "Count-Users", Shell, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Start("somebody", noon); !errors.Is(err, fault.Conflict) {
		t.Errorf("started unpublished: %v", err)
	}
	if err := r.Publish(noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("published empty: %v", err)
	}
	r = published(t, false)
	j, err := r.Start("somebody", noon)
	if err != nil || j.Text != "echo 1\n" {
		t.Fatalf("text %q, %v", j.Text, err)
	}
	if err := r.Write("echo 2", noon); err != nil || r.State() != RunbookEdit {
		t.Errorf("after a change: %s, %v", r.State(), err)
	}
	if second, err := r.Start("somebody", noon); err != nil || second.Text != "echo 1\n" {
		t.Errorf("a job runs %q, want what is published; %v", second.Text, err)
	}
	for _, draft := range []string{strings.Repeat("x", maxText+1), "a\x00b", "\xff"} {
		if err := r.Write(draft, noon); !errors.Is(err, fault.Invalid) || r.Draft != "echo 2" {
			t.Errorf("a draft that begins %.4q: %v", draft, err)
		}
	}
	for _, name := range []string{"", "1st", "a b", "../x", strings.Repeat("n", 64)} {
		if _, err := NewRunbook(ours, "33333333-3333-4333-8333-333333333333", name, Shell, noon); !errors.Is(err, fault.Invalid) {
			t.Errorf("a runbook is named %q: %v", name, err)
		}
	}
}
