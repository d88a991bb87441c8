package guest

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A Newcomer is whom an access package brings into a tenant.
type Newcomer struct {
	Home        ids.Principal // who they are at home, or nobody where only the address is known
	Mail        string
	DisplayName string
	Sponsors    []ids.ObjectID
}

// MayBring refuses a newcomer whom the tenant, or their home, would not let in as
// things are now.
func MayBring(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, n Newcomer) error {
	_, err := mayBring(ctx, tx, in, n)
	return err
}

// mayBring also returns the home tenant, if it is one of the installation.
func mayBring(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, n Newcomer) (ids.TenantID, error) {
	policy, err := tenant.GetAuthorization(ctx, tx, in.ID)
	if err != nil {
		return "", err
	}
	if policy.InvitesFrom == tenant.InviteNobody {
		return "", fault.Because(fault.Forbidden, NotAllowed, "The organization takes no guests: nobody may invite.").
			WithFix("An administrator allows it in allowInvitesFrom of /policies/authorizationPolicy.")
	}
	if n.Home.IsZero() {
		return crosses(ctx, tx, in, &Invitation{Address: n.Mail})
	}
	what := crosstenant.What{Kind: ids.Person, Person: n.Home.ID}
	if what.Groups, err = directory.GroupsAmong(ctx, tx, n.Home.Home, n.Home.ID, nil, false); err != nil {
		return "", err
	}
	c, err := crosstenant.Cross(ctx, tx, n.Home.Home, in.ID, what)
	if err == nil {
		err = c.Err("'" + n.Mail + "'")
	}
	return n.Home.Home, err
}

// Bring returns, in the caller's transaction, the guest who stands for a
// newcomer: the one who is here already, or a new one, who is governed and gets
// no invitation by mail. Nobody but the newcomer can accept either, where it is known
// who they are at home. Both tenants' logs tell of a new one.
func Bring(ctx context.Context, tx *sqldb.Tx, who authz.Caller, n Newcomer) (*directory.User, error) {
	in, err := tenant.Get(ctx, tx, who.Tenant)
	if err != nil {
		return nil, err
	}
	other, err := mayBring(ctx, tx, in, n)
	if err != nil {
		return nil, err
	}
	if !n.Home.IsZero() {
		u, err := directory.GuestOf(ctx, tx, in.ID, n.Home)
		if !errors.Is(err, fault.NotFound) {
			return u, err
		}
	}
	u, err := directory.GuestByMail(ctx, tx, in.ID, n.Mail)
	if err == nil && u.HasAccepted() && !n.Home.IsZero() && u.Home != n.Home {
		err = fault.Because(fault.Conflict, OtherAccount, "The address %s is that of another guest here.", n.Mail)
	}
	if err == nil {
		err = await(ctx, tx, u, n.Home)
	}
	if !errors.Is(err, fault.NotFound) {
		return u, err
	}
	if u, err = directory.AddGuest(ctx, tx, in, directory.Invitee{Mail: n.Mail, DisplayName: n.DisplayName, Sponsors: n.Sponsors}); err != nil {
		return nil, err
	}
	if err := putLife(ctx, tx, &Life{Tenant: in.ID, User: u.ID, Governed: true}); err != nil {
		return nil, err
	}
	if err := await(ctx, tx, u, n.Home); err != nil {
		return nil, err
	}
	return u, audit.RecordBoth(ctx, tx, who, other, audit.Entry{
		Category: "UserManagement", Activity: "Invite external user", Service: "Invited Users",
		Target: audit.Target{Kind: "User", ID: string(u.ID), Name: n.Mail},
		Detail: map[string]string{"invitedUserEmailAddress": n.Mail, "userType": directory.Guest},
	})
}

// Govern says, in the caller's transaction, whether a guest's stay hangs on what
// they have. A deletion that was to come does not, when they are no longer
// governed.
func Govern(ctx context.Context, tx *sqldb.Tx, who authz.Caller, user ids.ObjectID, governed bool) error {
	u, err := directory.GetUser(ctx, tx, who.Tenant, string(user))
	if err != nil {
		return err
	}
	if !u.External() || u.UserType == nil || *u.UserType != directory.Guest {
		return fault.Because(fault.Invalid, NotGuest, "Only a guest can be governed.")
	}
	l, err := LifeOf(ctx, tx, who.Tenant, user)
	if err != nil {
		return err
	}
	before := l.Governed
	l.Governed = governed
	if !governed {
		l.DeleteAt = time.Time{}
	}
	if err := putLife(ctx, tx, l); err != nil {
		return err
	}
	return record(ctx, tx, who, u, "Change guest lifecycle", audit.Diff(map[string]bool{"governed": before}, map[string]bool{"governed": governed})...)
}

// RemoveKind is the kind of the jobs that delete guests who have had nothing for
// long enough.
const RemoveKind jobs.Kind = "guest.remove"

// Lose says, in the caller's transaction, that a user has lost the last access.
// A governed guest is blocked and later deleted, as e says; everybody else stays
// as they are.
func Lose(ctx context.Context, tx *sqldb.Tx, who authz.Caller, user ids.ObjectID, e Ending) error {
	l, err := LifeOf(ctx, tx, who.Tenant, user)
	if err != nil || !l.Governed {
		return err
	}
	u, err := directory.GetUser(ctx, tx, who.Tenant, string(user))
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || u.UserType == nil || *u.UserType != directory.Guest {
		return err
	}
	if !u.Enabled() {
		e.Block = false // somebody else has, and nobody here unblocks it
	}
	block := l.lose(e, tx.Now())
	if err := putLife(ctx, tx, l); err != nil {
		return err
	}
	if block {
		if err := directory.SwitchUser(ctx, tx, u, false); err != nil {
			return err
		}
		if err := record(ctx, tx, who, u, "Block guest without access", audit.Change{Name: "AccountEnabled", Old: "true", New: "false"}); err != nil {
			return err
		}
	}
	if l.DeleteAt.IsZero() {
		return nil
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: RemoveKind, Tenant: l.Tenant, Key: string(user), NotBefore: l.DeleteAt})
}

// Regain says, in the caller's transaction, that a user is to have access again:
// a block and a deletion for the want of it are taken back. An account that somebody
// has disabled since stays so.
func Regain(ctx context.Context, tx *sqldb.Tx, who authz.Caller, u *directory.User) error {
	l, err := LifeOf(ctx, tx, who.Tenant, u.ID)
	if err != nil || l.BlockedAt.IsZero() && l.DeleteAt.IsZero() {
		return err
	}
	blocked := l.regain(u)
	if err := putLife(ctx, tx, l); err != nil {
		return err
	}
	if _, err := jobs.Cancel(ctx, tx, RemoveKind, l.Tenant, string(u.ID)); err != nil {
		return err
	}
	if !blocked {
		return nil
	}
	if err := directory.SwitchUser(ctx, tx, u, true); err != nil {
		return err
	}
	return record(ctx, tx, who, u, "Unblock guest with access", audit.Change{Name: "AccountEnabled", Old: "false", New: "true"})
}

// Remove is the handler of RemoveKind: it deletes the guest of the job's key if
// that is due as things are now.
func (s *Service) Remove(ctx context.Context, w *jobs.Work) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		user := ids.ObjectID(w.Key)
		l, err := LifeOf(ctx, tx, w.Tenant, user)
		if err != nil {
			return err
		}
		u, err := directory.GetUser(ctx, tx, w.Tenant, w.Key)
		if errors.Is(err, fault.NotFound) {
			return w.Complete(ctx, tx)
		}
		if err != nil {
			return err
		}
		if !l.due(u, tx.Now()) {
			return w.Complete(ctx, tx)
		}
		l.DeleteAt = time.Time{} // who is restored is blocked for the want of access still
		if err := putLife(ctx, tx, l); err != nil {
			return err
		}
		if err := directory.DropUser(ctx, tx, u); err != nil {
			return err
		}
		if err := record(ctx, tx, authz.System(w.Tenant, "Access packages"), u, "Delete user"); err != nil {
			return err
		}
		return w.Complete(ctx, tx)
	})
}

// record tells both tenants' logs of what befell a guest.
func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, u *directory.User, activity string, changes ...audit.Change) error {
	return audit.RecordBoth(ctx, tx, who, u.Home.Home, audit.Entry{
		Category: "UserManagement", Activity: activity, Changes: changes,
		Target: audit.Target{Kind: "User", ID: string(u.ID), Name: u.UserPrincipalName},
	})
}
