package directory

import (
	"context"
	"encoding/json"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// own are the members that people may change of themselves.
var own = []string{"businessPhones", "mobilePhone", "preferredLanguage", "officeLocation", "otherMails"}

// contacts are what a password is reset with: who may reset the password may
// change them.
var contacts = []string{"businessPhones", "mobilePhone", "otherMails"}

// sensitive are the members besides that give control of an account.
var sensitive = []string{"identities", "mail", "onPremisesImmutableId"}

// mayUpdate refuses a caller who may not change one of the members of a user
// that are asked for. A user who holds roles is changed, where it matters, by
// those alone who reach such roles.
func mayUpdate(ctx context.Context, tx *sqldb.Tx, who authz.Caller, target ids.ObjectID, asked map[string]json.RawMessage) error {
	person := who.Object == target && !who.AppOnly()
	for name, value := range asked {
		if person && slices.Contains(own, name) {
			continue
		}
		if err := mayUpdateMember(ctx, tx, who, target, name, string(value)); err != nil {
			return err
		}
	}
	if len(asked) == 0 && !person {
		return authz.Allow(ctx, tx, who, target, "users/basic/update")
	}
	return nil
}

func mayUpdateMember(ctx context.Context, tx *sqldb.Tx, who authz.Caller, target ids.ObjectID, name, value string) error {
	switch {
	case name == "accountEnabled" && value == "false":
		return mayControl(ctx, tx, who, target, "users/disable", authz.Sensitive())
	case name == "accountEnabled":
		return mayControl(ctx, tx, who, target, "users/enable", authz.Sensitive())
	case name == "passwordProfile":
		return mayControl(ctx, tx, who, target, "users/password/update", authz.Passwords())
	case name == "authorizationInfo": // the certificates that somebody may sign in with
		return mayControl(ctx, tx, who, target, "users/authorizationInfo/update", authz.Sensitive())
	case name == "userPrincipalName":
		return mayControl(ctx, tx, who, target, "users/userPrincipalName/update", authz.Sensitive())
	case slices.Contains(contacts, name):
		if mayControl(ctx, tx, who, target, "users/password/update", authz.Passwords()) == nil {
			return nil
		}
		return mayControl(ctx, tx, who, target, "users/basic/update", authz.Sensitive())
	case slices.Contains(sensitive, name):
		return mayControl(ctx, tx, who, target, "users/basic/update", authz.Sensitive())
	case name == "manager", name == "sponsors":
		return authz.Allow(ctx, tx, who, target, authz.Action("users/"+name+"/update"))
	case name == "usageLocation":
		if err := authz.Allow(ctx, tx, who, target, "users/usageLocation/update"); err == nil {
			return nil
		}
	}
	return authz.Allow(ctx, tx, who, target, "users/basic/update")
}

// mayControl refuses a caller who may not do what gives control of the
// target's account: without the action, or without reaching the target's roles.
func mayControl(ctx context.Context, tx *sqldb.Tx, who authz.Caller, target ids.ObjectID, a authz.Action, reach authz.Reach) error {
	if err := authz.Allow(ctx, tx, who, target, a); err != nil {
		return err
	}
	return authz.NeedReach(ctx, tx, who, target, reach, a)
}

// MayRevoke returns a user of the caller's tenant, or refuses a caller who may not
// end the user's sessions. One's own everybody may end.
func MayRevoke(ctx context.Context, tx *sqldb.Tx, who authz.Caller, key string) (*User, error) {
	u, err := GetUser(ctx, tx, who.Tenant, key)
	if err != nil || who.Object == u.ID {
		return u, err
	}
	return u, mayControl(ctx, tx, who, u.ID, "users/invalidateAllRefreshTokens", authz.Passwords())
}
