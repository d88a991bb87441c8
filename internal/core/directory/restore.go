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
	old := strings.TrimPrefix(u.UserPrincipalName, mark(u.ID))
	if name == "" {
		name = old
	}
	body, err := json.Marshal(map[string]string{"userPrincipalName": name})
	if err != nil {
		return nil, err
	}
	v, err := u.Apply(home, body)
	if err != nil {
		return nil, err
	}
	v.DeletedDateTime = nil
	for i, id := range v.Identities {
		if id.SignInType == "userPrincipalName" && strings.EqualFold(text(id.IssuerAssignedID), old) {
			v.Identities[i].IssuerAssignedID = &name
		}
	}
	return v, nil
}
