package crosstenant

import (
	"slices"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Why a crossing is refused. Values: home, resource.
const (
	InboundBlocked  fault.Reason = "crosstenant.inbound"  // by the tenant that was asked
	OutboundBlocked fault.Reason = "crosstenant.outbound" // by the tenant that the caller comes from
)

// A Policy is what a tenant has stored towards another one. Either is nil where
// nothing is stored.
type Policy struct {
	Default *Configuration
	Partner *Configuration
}

// A What is who wants to cross, and to what.
type What struct {
	Kind ids.Kind // ids.Person or ids.Workload
	// Person and Groups are a person and their groups at home. While it is not
	// known who comes, because they are invited by address alone, Person is
	// empty, and only what shuts everybody out refuses.
	Person ids.ObjectID
	Groups []ids.ObjectID
	// Apps are the applications at both ends: the one that comes and the one
	// that is asked for. Empty while nothing in particular is asked for.
	Apps []ids.AppID
}

// A Decision is an answer and the rule that gave it, in words for a log.
type Decision struct {
	Allowed bool
	Rule    string
}

// Inbound says whether a tenant with this policy towards the caller's home lets
// the caller in.
func Inbound(p Policy, what What) Decision {
	return p.decide("b2bCollaborationInbound", func(c *Configuration) *Section { return c.Inbound }, what)
}

// Outbound says whether a tenant with this policy towards the tenant that is
// asked lets its own caller out.
func Outbound(p Policy, what What) Decision {
	return p.decide("b2bCollaborationOutbound", func(c *Configuration) *Section { return c.Outbound }, what)
}

// Automatic reports whether nobody has to be asked before a person of home
// becomes a guest of resource: both sides have said so.
func Automatic(resource, home Policy) bool {
	in, out := resource.effective().Consents, home.effective().Consents
	return in.Inbound != nil && *in.Inbound && out.Outbound != nil && *out.Outbound
}

// TrustsMFA reports whether the second factor of the other tenant counts here.
func (p Policy) TrustsMFA() bool {
	t := p.effective().Trust
	return t.MFA != nil && *t.MFA
}

func (p Policy) effective() Configuration {
	var c Configuration
	if p.Partner != nil {
		c = *p.Partner
	}
	if p.Default != nil {
		c = c.Under(*p.Default)
	}
	return c.Under(System().Configuration)
}

func (p Policy) decide(name string, of func(*Configuration) *Section, what What) Decision {
	section, source := (*Section)(nil), ""
	switch {
	case p.Partner != nil && of(p.Partner) != nil:
		section, source = of(p.Partner), "partner configuration"
	case p.Default != nil && of(p.Default) != nil:
		section, source = of(p.Default), "default configuration"
	default:
		system := System().Configuration
		section, source = of(&system), "system default"
	}
	rule := func(part, word string) string { return source + ": " + name + "." + part + " " + word }
	allowed, word := section.Applications.judge(what.app)
	if len(what.Apps) == 0 {
		allowed, word = section.Applications.unless()
	}
	if !allowed || what.Kind != ids.Person {
		return Decision{allowed, rule("applications", word)}
	}
	allowed, word = section.Users.judge(what.person)
	if what.Person == "" {
		allowed, word = section.Users.unless()
	}
	return Decision{allowed, rule("usersAndGroups", word)}
}

// judge says what the block decides about what is fits, and by which target.
func (b *Block) judge(is func(Target) bool) (bool, string) {
	for _, t := range b.Targets {
		if is(t) {
			return b.Access == Allowed, b.Access + " " + t.Target
		}
	}
	if b.Access == Allowed {
		return false, "allowed others only"
	}
	return true, "blocked others only"
}

// unless says yes unless the block shuts everybody out: what is not known yet is
// judged when it is.
func (b *Block) unless() (bool, string) {
	if b.shuts() {
		return false, Blocked + " " + b.Targets[0].Target
	}
	return true, "does not shut everybody out"
}

func (w What) app(t Target) bool {
	return t.Target == AllApplications || slices.Contains(w.Apps, ids.AppID(t.Target))
}

func (w What) person(t Target) bool {
	switch t.Kind {
	case ofGroup:
		return slices.Contains(w.Groups, ids.ObjectID(t.Target))
	case ofUser:
		return t.Target == AllUsers || ids.ObjectID(t.Target) == w.Person
	}
	return false
}

// A Crossing is what both sides say.
type Crossing struct {
	Home, Resource ids.TenantID
	Out, In        Decision
	Automatic      bool // nobody has to be asked before a person becomes a guest
}

// Err returns the refusal, or nil where both sides allow it. The home tenant
// is named first: what does not leave needs no welcome.
func (c Crossing) Err(who string) error {
	switch {
	case !c.Out.Allowed:
		return fault.Because(fault.Forbidden, OutboundBlocked,
			"The cross-tenant access policy of the home tenant %s does not let %s access the tenant %s.", c.Home, who, c.Resource).
			With("home", string(c.Home)).With("resource", string(c.Resource)).
			WithFix("An administrator of the home tenant allows it in b2bCollaborationOutbound of /policies/crossTenantAccessPolicy/partners/%s.", c.Resource)
	case !c.In.Allowed:
		return fault.Because(fault.Forbidden, InboundBlocked,
			"The cross-tenant access policy of the tenant %s does not let %s of the tenant %s in.", c.Resource, who, c.Home).
			With("home", string(c.Home)).With("resource", string(c.Resource)).
			WithFix("An administrator of the tenant that was asked allows it in b2bCollaborationInbound of /policies/crossTenantAccessPolicy/partners/%s.", c.Home)
	}
	return nil
}

func lower(s string) string { return strings.ToLower(s) }
