package automation

import (
	"slices"
	"time"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A State is Azure's jobStatus, of which these occur here.
type State string

// The states.
const (
	New        State = "New"        // queued: waits for a worker
	Activating State = "Activating" // handed to a worker that has not said that it began
	Running    State = "Running"
	Stopping   State = "Stopping" // the worker is to end it
	Completed  State = "Completed"
	Failed     State = "Failed"
	Stopped    State = "Stopped"
)

// next lists, for each state, the states that may follow. A state without an
// entry is final.
var next = map[State][]State{
	New:        {Activating, Stopped},
	Activating: {Running, Stopping, Failed, New},
	Running:    {Completed, Failed, Stopping, New},
	Stopping:   {Stopped, Completed, Failed},
}

const (
	// Lease is how long a worker may be silent before its job counts as lost.
	Lease = time.Minute
	// maxRuns bounds how often a job is run whose workers are lost: a script that
	// takes its host down must not do so for ever.
	maxRuns = 3
)

// A Job is one run of a runbook. Its state changes only through the methods
// below; refused, they change nothing.
type Job struct {
	Tenant     ids.TenantID
	ID         JobID
	Account    managedidentity.HostID
	Runbook    RunbookID
	Name       string // the runbook's name and kind when the job was made
	Kind       Kind
	Text       string // what is run, whatever becomes of the runbook
	Again      bool
	State      State
	Exception  string                 // why it failed; empty otherwise
	Run        int                    // 0 before the first
	Worker     managedidentity.HostID // that has it, or had it last
	By         string                 // who started it: a person, a program, or a schedule
	LeaseUntil time.Time
	CreatedAt  time.Time
	StartedAt  time.Time // zero before the first run began
	EndedAt    time.Time // zero while the job is under way
	Printed    Ledger
}

// Start returns a job that runs the published text, or a Conflict if there is none.
// by is whoever starts it, for people to read.
func (r *Runbook) Start(by string, now time.Time) (*Job, error) {
	if r.PublishedAt.IsZero() {
		return nil, fault.New(fault.Conflict, "The runbook '%s' is not published. Publish it, then start it.", r.Name)
	}
	return &Job{Tenant: r.Tenant, ID: ids.New[JobID](), Account: r.Account, Runbook: r.ID, Name: r.Name, Kind: r.Kind,
		Text: r.Text, Again: r.Again, State: New, By: by, CreatedAt: now}, nil
}

// Open reports whether the job can still change.
func (j *Job) Open() bool { return len(next[j.State]) > 0 }

// Give hands the job to a worker of its own tenant. That the worker belongs to
// another reads as absence.
func (j *Job) Give(tenant ids.TenantID, worker managedidentity.HostID, now, wall time.Time) error {
	if tenant != j.Tenant || worker == "" {
		return noJob()
	}
	if err := j.move(Activating, now); err != nil {
		return err
	}
	j.Run++
	j.Worker, j.LeaseUntil = worker, wall.Add(Lease)
	return nil
}

// Renew takes a sign of life. It tells whether the worker is to end the run.
func (j *Job) Renew(worker managedidentity.HostID, run int, wall time.Time) (stop bool, err error) {
	if err := j.holds(worker, run); err != nil {
		return false, err
	}
	j.LeaseUntil = wall.Add(Lease)
	return j.State == Stopping, nil
}

// Begin takes the worker's word that the script runs. Of a job that is to
// stop it changes nothing: the worker hears of it when it renews.
func (j *Job) Begin(worker managedidentity.HostID, run int, now time.Time) error {
	if err := j.holds(worker, run); err != nil {
		return err
	}
	if j.State == Running || j.State == Stopping {
		return nil
	}
	if j.StartedAt.IsZero() {
		j.StartedAt = now
	}
	return j.move(Running, now)
}

// End takes the worker's word on how the run ended. An empty exception says
// that the script answered 0. A job that was to stop and did not complete is Stopped.
func (j *Job) End(worker managedidentity.HostID, run int, exception string, now time.Time) error {
	if err := j.holds(worker, run); err != nil {
		return err
	}
	to := Completed
	switch {
	case exception != "" && j.State == Stopping:
		to = Stopped
	case exception != "":
		to = Failed
	}
	if err := j.move(to, now); err != nil {
		return err
	}
	if to == Failed {
		j.Exception = exception
	}
	return nil
}

// Stop ends a job that nobody has begun, and asks its worker to end any other.
// A second Stop changes nothing.
func (j *Job) Stop(now time.Time) error {
	switch j.State {
	case New:
		return j.move(Stopped, now)
	case Stopping:
		return nil
	}
	return j.move(Stopping, now)
}

// Lose looks whether the worker's lease has run out, and reports whether that
// changed the job. Then the job waits for a worker again if its runbook says
// that it may be, and has ended otherwise.
func (j *Job) Lose(now, wall time.Time) (bool, error) {
	if !slices.Contains([]State{Activating, Running, Stopping}, j.State) || wall.Before(j.LeaseUntil) {
		return false, nil
	}
	switch {
	case j.State == Stopping:
		return true, j.move(Stopped, now)
	case j.Again && j.Run < maxRuns:
		return true, j.move(New, now)
	}
	if err := j.move(Failed, now); err != nil {
		return false, err
	}
	j.Exception = "The worker that ran the job was lost."
	return true, nil
}

// holds refuses whoever has not been given this run, as if there were no job,
// and whoever speaks of a run that is over.
func (j *Job) holds(worker managedidentity.HostID, run int) error {
	switch {
	case worker == "" || worker != j.Worker:
		return noJob()
	case run != j.Run || !j.Open() || j.State == New:
		return fault.New(fault.Conflict, "This run of the job is over.")
	}
	return nil
}

func (j *Job) move(to State, now time.Time) error {
	if !slices.Contains(next[j.State], to) {
		return fault.New(fault.Conflict, "A job cannot go from %s to %s.", j.State, to)
	}
	j.State = to
	if !j.Open() {
		j.EndedAt = now
	}
	return nil
}
