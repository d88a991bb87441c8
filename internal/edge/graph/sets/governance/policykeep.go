package governance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"entente/internal/flow/offer"
)

// Beta says less of a policy than there is to say. What its body cannot say it does
// not undo, and what it shows roughly stays where the body says what was shown.

// keepBeyondBeta takes over what beta's body cannot say.
func keepBeyondBeta(p, was *offer.Policy) {
	fresh := was.ID == ""
	p.Requestor = was.Requestor
	p.Requestor.SelfAdd, p.Requestor.SelfUpdate = false, false
	if fresh {
		p.Requestor.SelfRemove = true
	}
	p.Quiet, p.Extensions, p.Automatic, p.Credentials = was.Quiet, was.Extensions, was.Automatic, was.Credentials
}

// keepExpiration takes the end that the policy had for one that beta shows alike.
func keepExpiration(p, was *offer.Policy) {
	if was == nil {
		return
	}
	now, before := betaPolicy(p), betaPolicy(was)
	if same(now["durationInDays"], before["durationInDays"]) && same(now["expirationDateTime"], before["expirationDateTime"]) {
		p.Expiration = was.Expiration
	}
}

// keepStage does so for times of a stage, which is read from x as the one at i, and
// takes over who is told who approves, of which beta says nothing.
func keepStage(x *reader, s *offer.Stage, i int, before []offer.Stage) {
	was := stageBefore(s, i, before)
	if was == nil {
		return
	}
	if !x.have("durationBeforeAutomaticDenial") && ceil(s.TimeOut, day) == ceil(was.TimeOut, day) {
		s.TimeOut = was.TimeOut
	}
	if !x.have("durationBeforeEscalation") && ceil(s.EscalateAfter, time.Minute) == ceil(was.EscalateAfter, time.Minute) {
		s.EscalateAfter = was.EscalateAfter
	}
	if !x.have("approverInformationVisibility") {
		s.Visibility = was.Visibility
	}
}

// stageBefore returns which stage one was: that of the same approvers, or else the
// one in its place; nil where there was none.
func stageBefore(s *offer.Stage, i int, before []offer.Stage) *offer.Stage {
	alike := func(o *offer.Stage) bool {
		return slices.Equal(named(s.Primary), named(o.Primary)) && slices.Equal(named(s.Fallback), named(o.Fallback))
	}
	if i < len(before) && alike(&before[i]) {
		return &before[i]
	}
	for n := range before {
		if alike(&before[n]) {
			return &before[n]
		}
	}
	if i < len(before) {
		return &before[i]
	}
	return nil
}

// named says whom a list names, in order.
func named(list []offer.SubjectSet) []string {
	var all []string
	for _, s := range list {
		all = append(all, fmt.Sprint(s.Kind, " ", s.Object, s.Organization, max(s.ManagerLevel, 1), s.Rule))
	}
	slices.Sort(all)
	return all
}

// sameReview reports whether beta shows settings of reviews as it shows the stored
// ones.
func sameReview(v *review, stored json.RawMessage) bool {
	text, err := json.Marshal(v)
	return err == nil && len(stored) > 0 && same(betaReview(text), betaReview(stored))
}

// same compares two values by what is shown of them.
func same(a, b any) bool {
	one, errA := json.Marshal(a)
	other, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(one, other)
}
