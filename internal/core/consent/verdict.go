package consent

import (
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/tenant"
)

// A Verdict says what has to happen before an application may do for a person
// what it asks.
type Verdict string

// The verdicts.
const (
	Agreed             Verdict = "agreed"        // nothing: all of it is granted
	NeedsPerson        Verdict = "person"        // the person may agree
	NeedsAdministrator Verdict = "administrator" // only an administrator may
)

// Terms are what a verdict depends on besides the permissions.
type Terms struct {
	Policy        tenant.UserConsent
	Own           bool // the application is the tenant's own
	Verified      bool // its publisher is
	Assignment    bool // it admits only who is assigned to it
	Administrator bool // the person may grant any delegated permission to anybody
}

// Judge returns the verdict on what an application asks for a person.
//
// Whoever may grant for everybody may agree for themselves. Others never agree
// to what is for administrators only, nor to anything where the application
// admits only who is assigned to it: who is assigned has not been asked.
// https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent
func Judge(t Terms, items []Item) Verdict {
	missing := slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Granted })
	switch {
	case len(missing) == 0:
		return Agreed
	case t.Administrator:
		return NeedsPerson
	case t.Policy == tenant.ConsentNone, t.Assignment,
		slices.ContainsFunc(missing, func(i Item) bool { return i.Administrators || i.Absent }):
		return NeedsAdministrator
	case t.Policy == tenant.ConsentAll:
		return NeedsPerson
	case !t.Own && !t.Verified, slices.ContainsFunc(missing, func(i Item) bool { return !i.Low }):
		return NeedsAdministrator
	}
	return NeedsPerson
}

// low are the permissions of Microsoft Graph that have a low impact unless the
// tenant says otherwise: those that Microsoft proposes for it.
var low = []string{"openid", "profile", "email", "offline_access", "User.Read"}

// lowImpact reports whether a permission has a low impact in a tenant that has
// classified its resource's permissions so.
func lowImpact(i Item, said []Classification) bool {
	for _, c := range said {
		if c.Permission == i.ID {
			return c.Class == "low"
		}
	}
	return i.ResourceApp == app.GraphAppID && slices.Contains(low, i.Value)
}
