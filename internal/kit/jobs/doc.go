// Package jobs runs what must happen later, elsewhere or repeatedly: durable
// jobs, timers and signals.
//
// A job is a row that is written in the transaction that makes it necessary,
// so there is never one without the other. Workers, on as many servers as
// there are, lease jobs that are due and run the handler of their kind:
//
//	pending → running
//	running → done, pending, dead
//	dead → pending
//	done: final, and gone
//
// A handler runs at least once. It may run again after a crash, when the lease
// of a dead worker has ended; the number of the attempt is the fencing token,
// and a worker that comes back late can no longer complete the job. A handler
// whose effect is in the store calls Work.Complete in the transaction of the
// effect, and then the effect happens exactly once. A handler says only "look
// at this row now", so a lost, late or doubled job is harmless.
//
// A kind may be handled in groups: jobs of one tenant that are due together go to
// one call. If that fails, each is tried alone, so a bad one holds up no other. Into
// how many transactions a group goes, a Pace says, by the time that each takes.
//
// A worker looks at the jobs that are due in their order, some at a time, and
// remembers how far it has come: what it has passed is of groups that run, or waits
// for a twin. Behind the last that is due it begins anew.
//
// A handler that fails is tried again after growing pauses. After the last try
// the job is dead: it stays where List shows it, until Retry or Discard.
//
// A key names what a job is about. Of one kind, tenant and key at most one job
// is pending and at most one runs. Enqueueing a second one joins the two: the
// earlier time and the newer arguments count. A job enqueued while its twin
// runs waits until that has ended. Cancel takes a pending job back and keeps a
// running one from being tried again.
//
// A timer is a job with a time in the future. Times of jobs are the story's
// (clock.Now), which the lab can move; leases are the machine's (clock.Wall).
//
// A signal is the one way upward: Emit writes one row that says what happened,
// and the worker that finds it enqueues a job for each kind that was subscribed
// when the worker was built. A signal that nobody listens to is dropped.
//
// A periodic job runs once per interval whatever the number of servers. Of
// intervals that nobody lived through only the last is made good.
package jobs
