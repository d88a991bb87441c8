package entitlement

import (
	"slices"
	"time"

	"entente/internal/core/directory"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// mostAutomatic is how many people one automatic policy gives its package to.
// https://learn.microsoft.com/entra/id-governance/governance-service-limits
const mostAutomatic = 15_000

// holdsFor reports whether one of the policy's rules holds for a user. A rule that
// cannot be read holds for nobody.
func holdsFor(p *offer.Policy, u *directory.User) bool {
	return slices.ContainsFunc(p.Targets, func(s offer.SubjectSet) bool {
		if s.Kind != offer.AttributeRuleMembers {
			return false
		}
		r, err := directory.ParseMembershipRule(s.Rule)
		return err == nil && r.Has(u)
	})
}

// A leaver has what an automatic policy gave, and is no longer among those whom
// the policy is for.
type leaver struct {
	Tenant     ids.TenantID
	Assignment ids.AccessID
	Policy     ids.PolicyID
	Left, Due  time.Time
}

// A deed is what is to be done about a policy and a user.
type deed int

const (
	nothing deed = iota
	give         // they are to have the package
	take         // they have lost it
	wait         // they lose it after the grace period
	stay         // they have it, and did not leave
)

// deedOf returns what is to be done: in says whether the rule holds, by whether
// they have the package by this policy, has whether by any.
func deedOf(a *offer.AutomaticSettings, in, has, by bool, l *leaver, now time.Time) deed {
	switch {
	case in && !has && a.Give:
		return give
	case in && l != nil:
		return stay
	case in || !by || !a.Take:
		return nothing
	case l == nil && a.Grace > 0:
		return wait
	case l != nil && l.Due.After(now):
		return wait
	}
	return take
}

// skips are the reasons for which somebody whom a rule names does not have the
// package: what stands against it is theirs, not a failure.
var skips = []fault.Reason{Clashes, TargetBlocked, HasAlready, OpenRequest, NoSuchTarget}
