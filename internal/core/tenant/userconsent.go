package tenant

import "strings"

// A UserConsent says how far people of a tenant may agree, for themselves, to
// what an application asks of them. The names are Microsoft's permission grant
// policies.
// https://learn.microsoft.com/entra/identity/enterprise-apps/manage-app-consent-policies
type UserConsent string

// How far people may agree.
const (
	ConsentNone UserConsent = ""                              // an administrator agrees for them
	ConsentLow  UserConsent = "microsoft-user-default-low"    // permissions of low impact, of a verified publisher or the tenant itself
	ConsentAll  UserConsent = "microsoft-user-default-legacy" // whatever needs no administrator
)

// ForSelf comes before the policy's name where it is assigned to people, in any
// case.
const ForSelf = "ManagePermissionGrantsForSelf."

// UserConsent returns the widest of the policies that are assigned to people.
func (a *Authorization) UserConsent() UserConsent {
	widest := ConsentNone
	for _, assigned := range a.Defaults.ConsentPolicies {
		switch policy, _ := userConsent(assigned); {
		case policy == ConsentAll:
			return ConsentAll
		case policy == ConsentLow:
			widest = ConsentLow
		}
	}
	return widest
}

// userConsent returns the policy that an assignment names; known is false if
// nothing would follow from it here.
func userConsent(assigned string) (policy UserConsent, known bool) {
	if len(assigned) < len(ForSelf) || !strings.EqualFold(assigned[:len(ForSelf)], ForSelf) {
		return "", false
	}
	for _, policy := range []UserConsent{ConsentLow, ConsentAll} {
		if strings.EqualFold(assigned[len(ForSelf):], string(policy)) {
			return policy, true
		}
	}
	return "", false
}
