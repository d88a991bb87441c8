package authz

import (
	"context"
	"slices"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Who may do what gives control of an account depends on what the account's
// holder may: a right to reset passwords must not become the right to be
// anybody. Each row lists the roles of the other that stand in nobody's way.
// https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions#who-can-reset-passwords
var (
	noAdministrators = []ids.RoleID{DirectoryReaders, GuestInviter}
	readersToo       = append(slices.Clone(noAdministrators), PasswordAdministrator, ReportsReader)

	// passwords says whose password the holders of a role reset, and whose
	// sessions they end.
	passwords = map[ids.RoleID][]ids.RoleID{
		PasswordAdministrator:       append(slices.Clone(noAdministrators), PasswordAdministrator),
		HelpdeskAdministrator:       append(slices.Clone(readersToo), HelpdeskAdministrator),
		AuthenticationAdministrator: append(slices.Clone(readersToo), AuthenticationAdministrator),
		UserAdministrator:           append(slices.Clone(readersToo), UserAdministrator, GroupsAdministrator, HelpdeskAdministrator),
	}
	// sensitive says for whom the holders of a role disable, rename, delete,
	// restore and change what a password is reset with.
	sensitive = map[ids.RoleID][]ids.RoleID{
		AuthenticationAdministrator: append(slices.Clone(readersToo), AuthenticationAdministrator),
		UserAdministrator:           append(slices.Clone(readersToo), UserAdministrator, GroupsAdministrator, HelpdeskAdministrator),
	}
	// everybody are the roles that reach all accounts.
	everybody = []ids.RoleID{GlobalAdministrator, PrivilegedAuthenticationAdministrator}
)

// A Reach is how far the target's own roles let a caller go.
type Reach map[ids.RoleID][]ids.RoleID

// Passwords is the reach of resetting a password, Sensitive that of every other
// change that gives control of an account.
func Passwords() Reach { return passwords }

// Sensitive is the reach of changes that give control of an account.
func Sensitive() Reach { return sensitive }

// over reports whether a holder of mine reaches an account whose holder has
// theirs; held is whether a group that roles may be given to stands behind it.
func (reach Reach) over(mine, theirs []ids.RoleID, held bool) bool {
	return slices.ContainsFunc(mine, func(m ids.RoleID) bool {
		if slices.Contains(everybody, m) {
			return true
		}
		return !held && !slices.ContainsFunc(theirs, func(t ids.RoleID) bool { return !slices.Contains(reach[m], t) })
	})
}

// NeedReach refuses a caller who may do a to people in general, but not to the
// target: a person, or a program with roles, must hold a role that allows a
// and reaches the target's roles; a program with a permission reaches people
// without any, and others by its roles. Nobody is refused to themselves here.
func NeedReach(ctx context.Context, tx *sqldb.Tx, who Caller, target ids.ObjectID, reach Reach, a Action) error {
	if who.IsSystem() || who.Object == target {
		return nil
	}
	theirs, held, err := standing(ctx, tx, who.Tenant, target)
	if err != nil || who.AppOnly() && !who.ByRole && len(theirs) == 0 && !held {
		return err
	}
	mine, err := HeldBy(ctx, tx, who, target)
	if err != nil {
		return err
	}
	var able []ids.RoleID // an action on one's own account is no role's
	for _, r := range mine.roles {
		if r.Allows(a) {
			able = append(able, r.ID)
		}
	}
	if reach.over(able, theirs, held) {
		return nil
	}
	f := Refuse().With("leastRole", reach.least(theirs, held))
	if who.AppOnly() {
		f = f.With("leastPermission", "") // none would have sufficed
	}
	return f
}

// Administers reports whether somebody holds, in any scope, a role by which more
// than looking or inviting is allowed.
func Administers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) (bool, error) {
	roles, _, err := standing(ctx, tx, tenant, principal)
	return slices.ContainsFunc(roles, func(r ids.RoleID) bool { return !slices.Contains(noAdministrators, r) }), err
}

// least names the least role that reaches an account.
func (reach Reach) least(theirs []ids.RoleID, held bool) string {
	for _, id := range []ids.RoleID{PasswordAdministrator, HelpdeskAdministrator, AuthenticationAdministrator, UserAdministrator} {
		if _, ok := reach[id]; ok && reach.over([]ids.RoleID{id}, theirs, held) {
			r, _ := RoleByID(id)
			return r.Name
		}
	}
	r, _ := RoleByID(PrivilegedAuthenticationAdministrator)
	return r.Name
}
