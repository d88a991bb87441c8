package directory

import (
	"encoding/json"
	"strings"
	"time"

	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
)

// bury notes on a user that it is deleted. The user principal name gets the
// identifier in front, without dashes, so that someone else may take it.
func (u *User) bury(at time.Time) {
	u.DeletedDateTime = &at
	u.UserPrincipalName = mark(u.ID) + u.UserPrincipalName
}

// mark is what stands before the name of a deleted user.
func mark(id ids.ObjectID) string { return strings.ReplaceAll(string(id), "-", "") }

// raised returns a deleted user as it comes back: under its old user principal
// name, or under another one. That must be a name which the tenant could give now.
func (u *User) raised(home *tenant.Tenant, name string) (*User, error) {
	if name == "" {
		name = strings.TrimPrefix(u.UserPrincipalName, mark(u.ID))
	}
	body, err := json.Marshal(map[string]string{"userPrincipalName": name})
	if err != nil {
		return nil, err
	}
	v, err := u.Apply(home, body)
	if err == nil {
		v.DeletedDateTime = nil
	}
	return v, err
}
