package tenant

import (
	"encoding/json"
	"slices"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Who may invite guests, from nobody to everybody.
const (
	InviteNobody    = "none"
	InviteAdmins    = "adminsAndGuestInviters"
	InviteMembers   = "adminsGuestInvitersAndAllMembers"
	InviteEverybody = "everyone"
)

// What guests may see, from as much as members to nearly nothing.
const (
	GuestsAsMembers  ids.RoleID = "a0b1b346-4d3e-4e8b-98f8-753987be4970"
	GuestsLimited    ids.RoleID = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
	GuestsRestricted ids.RoleID = "2af84b1e-32c8-42b7-82bc-daa82404023b"
)

// An Authorization is a tenant's policy of what people may do without a role.
// The members are Graph's; package authz reads them where it decides.
// https://learn.microsoft.com/graph/api/resources/authorizationpolicy
type Authorization struct {
	ID           string          `json:"id"`
	Deleted      *string         `json:"deletedDateTime"`
	Description  string          `json:"description"`
	DisplayName  string          `json:"displayName"`
	SignUp       bool            `json:"allowedToSignUpEmailBasedSubscriptions"`
	SelfService  bool            `json:"allowedToUseSSPR"`
	Join         bool            `json:"allowEmailVerifiedUsersToJoinOrganization"`
	InvitesFrom  string          `json:"allowInvitesFrom"`
	RiskyConsent *bool           `json:"allowUserConsentForRiskyApps"`
	BlockMsol    *bool           `json:"blockMsolPowerShell"`
	Defaults     UserPermissions `json:"defaultUserRolePermissions"`
	GuestRole    ids.RoleID      `json:"guestUserRoleId"`
	version      int64
}

// UserPermissions are what members may do without a role.
type UserPermissions struct {
	CreateApps      bool     `json:"allowedToCreateApps"`
	CreateGroups    bool     `json:"allowedToCreateSecurityGroups"`
	CreateTenants   *bool    `json:"allowedToCreateTenants"`
	ReadBitlocker   *bool    `json:"allowedToReadBitlockerKeysForOwnedDevice"`
	ReadOthers      bool     `json:"allowedToReadOtherUsers"`
	ConsentPolicies []string `json:"permissionGrantPoliciesAssigned"`
}

// Fixed is the Reason of a fault about a setting that cannot be another one
// here, because nothing would follow from it.
const Fixed fault.Reason = "tenant.fixed_setting"

// NewAuthorization returns the policy of a tenant that has set nothing: what
// holds here as things are.
func NewAuthorization() *Authorization {
	no, yes := false, true
	return &Authorization{
		ID: "authorizationPolicy", DisplayName: "Authorization Policy", Description: "Used to manage authorization related settings across the company.",
		InvitesFrom: InviteEverybody, BlockMsol: &yes, RiskyConsent: &no, GuestRole: GuestsLimited,
		Defaults: UserPermissions{CreateApps: true, CreateGroups: true, CreateTenants: &no, ReadBitlocker: &no, ReadOthers: true, ConsentPolicies: []string{ForSelf + string(ConsentLow)}},
	}
}

// Apply returns the policy as a Graph body changes it. A setting from which
// nothing would follow here keeps its value, and another one is refused.
func (a *Authorization) Apply(body []byte) (*Authorization, error) {
	v := &Authorization{}
	before, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(before, v)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fault.New(fault.Invalid, "The request body cannot be read.").Wrap(err)
	}
	v.ID, v.Deleted, v.DisplayName, v.Description, v.version = a.ID, a.Deleted, a.DisplayName, a.Description, a.version
	if v.Defaults.ConsentPolicies == nil {
		v.Defaults.ConsentPolicies = []string{}
	}
	return v, v.check()
}

func (a *Authorization) check() error {
	switch {
	case !slices.Contains([]string{InviteNobody, InviteAdmins, InviteMembers, InviteEverybody}, a.InvitesFrom):
		return fault.InvalidAt("allowInvitesFrom", "Invalid value specified for property 'allowInvitesFrom' of resource 'AuthorizationPolicy'.")
	case len(slices.Compact(slices.Sorted(slices.Values(a.Defaults.ConsentPolicies)))) < len(a.Defaults.ConsentPolicies):
		return fault.InvalidAt("permissionGrantPoliciesAssigned", "Invalid value specified for property 'permissionGrantPoliciesAssigned' of resource 'AuthorizationPolicy'.")
	case !slices.Contains([]ids.RoleID{GuestsAsMembers, GuestsLimited, GuestsRestricted}, a.GuestRole):
		return fault.InvalidAt("guestUserRoleId", "Invalid value specified for property 'guestUserRoleId' of resource 'AuthorizationPolicy'.")
	}
	is := func(b *bool) bool { return b != nil && *b }
	for _, s := range []struct {
		name    string
		differs bool
		why     string
	}{
		{"allowedToSignUpEmailBasedSubscriptions", a.SignUp, "nobody signs up by themselves"},
		{"allowedToUseSSPR", a.SelfService, "administrators reset passwords"},
		{"allowEmailVerifiedUsersToJoinOrganization", a.Join, "nobody joins by themselves"},
		{"allowUserConsentForRiskyApps", is(a.RiskyConsent), "no application is judged by its risk"},
		{"allowedToCreateTenants", is(a.Defaults.CreateTenants), "the operator creates tenants"},
		{"allowedToReadBitlockerKeysForOwnedDevice", is(a.Defaults.ReadBitlocker), "there are no devices"},
		{"permissionGrantPoliciesAssigned", slices.ContainsFunc(a.Defaults.ConsentPolicies, func(p string) bool { _, known := userConsent(p); return !known }),
			"people consent by " + ForSelf + string(ConsentLow) + " or " + ForSelf + string(ConsentAll) + ", or not at all"},
	} {
		if s.differs {
			f := fault.Because(fault.Invalid, Fixed, "The setting '%s' cannot have this value here: %s.", s.name, s.why)
			f.Target = s.name
			return f
		}
	}
	return nil
}
