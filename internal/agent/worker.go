package agent

import (
	"context"
	"errors"
	"time"

	"entente/internal/client"
	"entente/internal/kit/secret"
)

const (
	takeWait = 15 * time.Second // below the client's timeout
	pause    = 3 * time.Second  // after the server could not be asked
	tellAt   = 400 * time.Millisecond
	renewAt  = 10 * time.Second
	// giveUp is how long the server may be away before a script is ended: less than
	// the server's lease of a minute, after which somebody else may run it.
	giveUp = 40 * time.Second
	// insist is how long the end of a run is told again when nobody answers.
	insist = time.Minute

	maxRecord  = 32 << 10
	maxRecords = 32
	mostOutput = 1<<20 + 1 // a byte more than the server keeps, so that it knows of it
)

// work takes jobs and runs them, one after the other, until ctx ends. What runs then is
// ended and told of.
func (a *Agent) work(ctx context.Context, endpoint string) {
	for ctx.Err() == nil {
		order, err := a.take(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.WarnContext(ctx, "no job taken", "err", err)
			sleep(ctx, pause)
		case order != nil:
			a.runJob(ctx, order, endpoint)
		}
	}
}

func (a *Agent) take(ctx context.Context) (*client.Order, error) {
	assertion, err := a.state.assert(a.server.TakeEndpoint(), a.clock.Wall())
	if err != nil {
		return nil, err
	}
	return a.server.TakeJob(ctx, a.state.Tenant, a.state.Host, assertion, takeWait)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// A run is one order under way.
type run struct {
	agent  *Agent
	order  *client.Order
	script *script
	seq    int
	told   time.Time       // when the server last took a report
	next   []client.Record // not taken yet
	began  bool
}

// runJob runs one order to its end.
func (a *Agent) runJob(ctx context.Context, o *client.Order, endpoint string) {
	log := a.log.With("job", o.Job, "runbook", o.Name)
	header := a.jobs.admit(o.Job)
	defer a.cache.drop(o.Job)
	defer a.jobs.dismiss(o.Job)
	r := &run{agent: a, order: o, seq: o.Printed, told: a.clock.Wall()}
	s, err := a.runner.start(o, jobEnvironment(endpoint, header))
	if err != nil {
		log.ErrorContext(ctx, "script not started", "err", err)
		r.end(context.WithoutCancel(ctx), err.Error())
		return
	}
	defer s.clean()
	r.script = s
	log.InfoContext(ctx, "script runs")
	exception := r.follow(ctx)
	a.jobs.dismiss(o.Job) // dead before its end is told
	r.end(context.WithoutCancel(ctx), exception)
	log.InfoContext(ctx, "script ended", "exception", exception)
}

// jobEnvironment is what a script learns of the identity endpoint. Older clients
// read the names that begin with MSI.
func jobEnvironment(endpoint string, header secret.String) []string {
	return []string{
		"IDENTITY_ENDPOINT=" + endpoint, "IDENTITY_HEADER=" + header.Reveal(),
		"MSI_ENDPOINT=" + endpoint, "MSI_SECRET=" + header.Reveal(),
	}
}

// follow tells the server what the script prints, until it has ended, and
// returns why it failed.
func (r *run) follow(ctx context.Context) string {
	tick := time.NewTicker(tellAt)
	defer tick.Stop()
	r.tell(ctx)
	leave := ctx.Done()
	for {
		select {
		case <-r.script.done:
			r.next = append(r.next, r.script.print(&r.seq, maxRecords-len(r.next))...)
			return r.script.exception()
		case <-leave:
			leave = nil
			r.script.end("The worker was stopped.")
		case <-tick.C:
			r.next = append(r.next, r.script.print(&r.seq, maxRecords-len(r.next))...)
			if len(r.next) > 0 || !r.began || r.silent() > renewAt {
				r.tell(context.WithoutCancel(ctx))
			}
			if r.silent() > giveUp {
				r.script.end("The worker lost its connection to the server.")
			}
		}
	}
}

// silent is how long ago the server last took a report.
func (r *run) silent() time.Duration { return r.agent.clock.Wall().Sub(r.told) }

// tell reports once. What the server refuses for good ends the script.
func (r *run) tell(ctx context.Context) {
	stop, err := r.send(ctx, client.Report{Begun: true, Records: r.next})
	refused := client.Refused(err)
	switch {
	case err == nil:
		r.next, r.told, r.began = nil, r.agent.clock.Wall(), true
		if stop {
			r.script.end("The job was stopped.")
		}
	case refused != nil && !refused.Temporary():
		r.script.end("The server took the job away: " + refused.Message)
	default:
		r.agent.log.WarnContext(ctx, "report not taken", "job", r.order.Job, "err", err)
	}
}

// end tells what is left to tell and that the run has ended.
func (r *run) end(ctx context.Context, exception string) {
	ctx, cancel := context.WithTimeout(ctx, insist)
	defer cancel()
	for {
		last := true
		if r.script != nil {
			r.next = append(r.next, r.script.print(&r.seq, maxRecords-len(r.next))...)
			last = r.script.empty()
		}
		report := client.Report{Records: r.next, Begun: r.script != nil, Ended: last}
		if last {
			report.Exception = exception
		}
		_, err := r.send(ctx, report)
		refused := client.Refused(err)
		switch {
		case err == nil:
			r.next = nil
			if last {
				return
			}
		case refused != nil && !refused.Temporary(), errors.Is(ctx.Err(), context.DeadlineExceeded):
			r.agent.log.WarnContext(ctx, "end of job not taken", "job", r.order.Job, "err", err)
			return
		default:
			sleep(ctx, pause)
		}
	}
}

func (r *run) send(ctx context.Context, report client.Report) (stop bool, err error) {
	a := r.agent
	assertion, err := a.state.assert(a.server.TellEndpoint(), a.clock.Wall())
	if err != nil {
		return false, err
	}
	report.Job, report.Run = r.order.Job, r.order.Run
	return a.server.TellJob(ctx, a.state.Tenant, a.state.Host, assertion, report)
}
