package entitlement

import (
	"context"
	"fmt"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// mostInNote is how many names a note lists.
const mostInNote = 5

// listed is a list of names, the first of n.
func listed(names []string, n int) string {
	text := strings.Join(names, ", ")
	if n > len(names) {
		text += fmt.Sprintf(" and %d more", n-len(names))
	}
	return text
}

// organizationsOf returns the connected organizations that a policy is for; ok is
// false where it is not for certain ones.
func organizationsOf(p *offer.Policy) (s offer.OrganizationScope, ok bool) {
	switch p.Scope {
	case offer.SpecificConnectedOrganizationUsers:
		s.Only = []ids.OrganizationID{}
		for _, t := range p.Targets {
			if t.Organization != "" {
				s.Only = append(s.Only, t.Organization)
			}
		}
		return s, true
	case offer.AllConfiguredConnectedOrganizationUsers:
		return offer.OrganizationScope{State: offer.Configured}, true
	case offer.AllExistingConnectedOrganizationUsers:
		return s, true
	}
	return s, false
}

// approvers tells who would approve, stage by stage.
func (o *Outcome) approvers(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *offer.Policy) error {
	o.note(!p.Approval.ForAdd && p.Scope != offer.NotSpecified, "Nobody approves: access is given at once.")
	for i, stage := range p.Approval.Stages {
		told := Parties{Approvers: []Party{}, Escalation: []Party{}}
		for _, l := range []struct {
			into *[]Party
			sets [][]offer.SubjectSet
		}{{&told.Approvers, [][]offer.SubjectSet{stage.Primary, stage.Fallback}}, {&told.Escalation, [][]offer.SubjectSet{stage.Alternate, stage.AlternateFallback}}} {
			for _, sets := range l.sets {
				for _, set := range sets {
					party, err := approving(ctx, tx, who, p, set)
					if err != nil {
						return err
					}
					*l.into = append(*l.into, party)
				}
			}
		}
		o.Stages = append(o.Stages, told)
		if err := o.silence(ctx, tx, p, i+1, told.Approvers); err != nil {
			return err
		}
	}
	return nil
}

// approving tells who a set of approvers is, of the sponsors how many there are of
// the organizations that the policy is for.
func approving(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *offer.Policy, set offer.SubjectSet) (Party, error) {
	party, err := partyOf(ctx, tx, who, set)
	if err != nil || set.Kind != offer.InternalSponsors && set.Kind != offer.ExternalSponsors {
		return party, err
	}
	if orgs, ok := organizationsOf(p); ok {
		party.Count, err = offer.SponsorCount(ctx, tx, who.Tenant, orgs, set.Kind == offer.ExternalSponsors)
	}
	return party, err
}

// silence notes for whom nobody could approve in a stage, from 1. Who is named
// approves for all; who depends on who asks, such as a sponsor, may be nobody.
func (o *Outcome) silence(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, stage int, approvers []Party) error {
	var internal, external bool
	var lacking []string
	for _, party := range approvers {
		switch offer.SetKind(party.Kind) {
		case offer.InternalSponsors:
			internal = true
		case offer.ExternalSponsors:
			external = true
		case offer.RequestorManager, offer.TargetManager:
			lacking = append(lacking, "manager")
		case offer.TargetUserSponsors:
			lacking = append(lacking, "sponsor of their account")
		default:
			if party.Count != 0 {
				return nil
			}
		}
	}
	const wait = "their requests would wait until they are denied."
	orgs, known := organizationsOf(p)
	sponsors := internal || external
	switch {
	case !sponsors && len(lacking) == 0:
		o.note(true, "Nobody is there who could approve in stage %d: requests would wait until they are denied.", stage)
		return nil
	case sponsors && known && len(lacking) == 0:
		names, n, err := offer.Unsponsored(ctx, tx, p.Tenant, orgs, internal, external, mostInNote)
		o.note(n > 0, "Nobody could approve in stage %d for people of a connected organization without sponsors (%s): "+wait, stage, listed(names, n))
		return err
	case sponsors:
		lacking = append(lacking, "connected organization with sponsors")
	}
	o.note(true, "Nobody could approve in stage %d for people without a %s: "+wait, stage, strings.Join(lacking, " or "))
	return nil
}

// proposed notes which connected organizations nobody has looked at yet, and what
// that means for the policy.
func (o *Outcome) proposed(ctx context.Context, tx *sqldb.Tx, p *offer.Policy) error {
	orgs, known := organizationsOf(p)
	o.note(p.Scope == offer.AllExternalUsers, "The organization of whoever asks, if it is not connected yet, becomes a proposed connected organization.")
	if !known {
		return nil
	}
	orgs.State = offer.Proposed
	names, n, err := offer.OrganizationNames(ctx, tx, p.Tenant, orgs, mostInNote)
	if p.Scope == offer.AllConfiguredConnectedOrganizationUsers {
		o.note(n > 0, "Connected organizations that are proposed, and not configured, are left out: %s.", listed(names, n))
	} else {
		o.note(n > 0, "Connected organizations are among them that are proposed, and not configured: %s.", listed(names, n))
	}
	return err
}
