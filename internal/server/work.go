package server

import (
	"context"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/core/managedidentity"
	"entente/internal/core/token"
	"entente/internal/flow/automation"
	"entente/internal/flow/domain"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/flow/signin"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// newWorkers lists what happens by itself. The subscriptions to signals are to
// be read like a letter.
func (s *Server) newWorkers() *jobs.Worker {
	w := jobs.New(s.db, s.clock, jobs.Options{Grace: s.config.Drain, Log: s.log})

	// Keys: rotate those that are due, drop those that are over.
	w.Every("keys.rotate", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return s.core.keys.Work(ctx) })

	// Second factors: seal anew what an older master key has sealed.
	w.Every("factor.reseal", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return s.core.factors.Reseal(ctx) })

	// Applications: what their service principals are found by, in other tenants.
	w.Handle(app.ReachKind, s.core.apps.Reach, jobs.Policy{})

	// Sessions that their person has ended: the rest of what was begun in them.
	w.Handle(signin.RevokeKind, s.flow.signin.Revoke, jobs.Policy{})

	s.clearAway(w)
	s.governAccess(w)

	// A domain that is forced to go: what is named under it is renamed first.
	w.Handle(domain.RemoveKind, s.flow.domains.Remove, jobs.Policy{})

	// Automation: start what is scheduled, take jobs from workers that are silent,
	// drop those that ended long ago and what was kept beside an account that is gone.
	w.Handle(automation.ScheduleKind, s.flow.automation.LookAtSchedule, jobs.Policy{})
	w.Handle(automation.GoneKind, s.flow.automation.LookAtGone, jobs.Policy{})
	w.Subscribe(managedidentity.HostRemoved, automation.GoneKind)
	w.Every("automation.lose", 15*time.Second, func(ctx context.Context, _ *jobs.Work) error { return untilDone(ctx, s.flow.automation.Lose) })
	w.Every("automation.forget", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return untilDone(ctx, s.flow.automation.Forget) })

	// Guests who have had nothing for long enough: delete them.
	w.Handle(guest.RemoveKind, s.flow.guests.Remove, jobs.Policy{})

	// Messages: send those that were put, drop those that ended long ago.
	w.Handle(notify.SendKind, s.flow.notify.Send, notify.Tries)
	w.Every("messages.sweep", time.Hour, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.flow.notify.Sweep(ctx, sweepBatch) })
	})
	w.Every("invitations.sweep", time.Hour, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.flow.guests.Sweep(ctx, sweepBatch) })
	})
	if s.config.SignInRetention > 0 {
		w.Every("signin.forget", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return untilDone(ctx, s.forgetSignIns) })
	}
	return w
}

// clearAway lists what takes away what is over: grants and memberships whose cause has
// ended, deleted objects, sign-ins and sessions nobody comes back to. What has ended
// gives nothing from that second on; this only takes the row away.
func (s *Server) clearAway(w *jobs.Worker) {
	w.Every("consent.end", time.Minute, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.core.consent.EndDue(ctx, sweepBatch) })
	})
	w.Every("directory.end", time.Minute, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.core.directory.EndDue(ctx, sweepBatch) })
	})
	w.Every("site.end", time.Minute, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.core.sites.EndDue(ctx, sweepBatch) })
	})
	// Deleted objects: purge those of thirty days ago, and take away what hung
	// on a purged one. Neither has counted since.
	w.Every("deletion.purge", time.Hour, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.flow.deletion.PurgeExpired(ctx, sweepBatch) })
	})
	w.Every("deletion.clear", 5*time.Minute, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) { return s.flow.deletion.ClearRemains(ctx, sweepBatch) })
	})
	w.Every("signin.sweep", 15*time.Minute, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (int, error) {
			n, err := s.flow.signin.Sweep(ctx)
			return int(n), err
		})
	})

	w.Every("token.sweep", time.Hour, func(ctx context.Context, _ *jobs.Work) error {
		return untilDone(ctx, func(ctx context.Context) (n int, err error) {
			err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
				n, err = token.SweepCodes(ctx, tx, sweepBatch)
				if err == nil && n == 0 {
					n, err = token.SweepFamilies(ctx, tx, sweepBatch)
				}
				if err == nil && n == 0 {
					n, err = token.SweepDevices(ctx, tx, sweepBatch)
				}
				return err
			})
			return n, err
		})
	})
}

// governAccess lists what happens to access packages.
func (s *Server) governAccess(w *jobs.Worker) {
	// Access packages: look at what is due, and tell people what has become of
	// it. Who has a package whose roles have changed is looked at as well.
	w.HandleGroup(entitlement.RequestKind, entitlement.Most, s.flow.entitlement.LookAtRequests, jobs.Policy{})
	w.HandleGroup(entitlement.AssignmentKind, entitlement.Most, s.flow.entitlement.LookAtAssignments, jobs.Policy{})
	w.Handle(entitlement.PackageKind, s.flow.entitlement.LookAtPackage, jobs.Policy{})
	w.HandleGroup(entitlement.TellKind, entitlement.Most, s.flow.entitlement.Tell, jobs.Policy{})
	w.Handle(entitlement.CalloutKind, s.flow.entitlement.CallOut, jobs.Policy{})
	w.Subscribe(offer.PackageRolesChanged, entitlement.PackageKind)

	// Automatic policies: look at users whose attributes change, and at everybody
	// when a policy does. What somebody had who is purged ends; two subjects that
	// are one become one. Requests are kept for three months after their end.
	w.Handle(entitlement.UserKind, s.flow.entitlement.LookAtUser, jobs.Policy{})
	w.Handle(entitlement.GoneKind, s.flow.entitlement.LookAtGone, jobs.Policy{})
	w.Handle(entitlement.ProgramGoneKind, s.flow.entitlement.LookAtProgramGone, jobs.Policy{})
	w.Handle(entitlement.MergeKind, s.flow.entitlement.LookAtMerge, jobs.Policy{})
	w.Handle(entitlement.RuleKind, s.flow.entitlement.LookAtRule, jobs.Policy{})
	w.Every("draft.forget", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return untilDone(ctx, s.flow.drafts.Forget) })
	w.Every("entitlement.forget", time.Hour, func(ctx context.Context, _ *jobs.Work) error { return untilDone(ctx, s.flow.entitlement.Forget) })
	w.Subscribe(directory.UserChanged, entitlement.UserKind)
	w.Subscribe(directory.UserRemoved, entitlement.GoneKind)
	w.Subscribe(app.PrincipalRemoved, entitlement.ProgramGoneKind)
	w.Subscribe(offer.PolicyChanged, entitlement.RuleKind)
}

// sweepBatch bounds one transaction of a clean-up.
const sweepBatch = 200

// forgetBatch does the same for the sign-in log, which grows by a row a token.
const forgetBatch = 500

// forgetSignIns drops a batch of sign-ins that are older than they are kept.
func (s *Server) forgetSignIns(ctx context.Context) (n int, err error) {
	err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
		gone, err := audit.DropSignIns(ctx, tx, tx.Now().Add(-s.config.SignInRetention), forgetBatch)
		n = int(gone)
		return err
	})
	return n, err
}

// untilDone repeats a step that removes a batch until nothing is left.
func untilDone(ctx context.Context, step func(context.Context) (int, error)) error {
	for {
		n, err := step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// work runs the workers until ctx ends, and lets leased jobs end.
func (s *Server) work(ctx context.Context) error { return s.workers.Run(ctx) }
