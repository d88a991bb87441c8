package packages

import (
	"fmt"
	"strings"
	"time"

	"entente/internal/flow/offer"
)

// A sentence says something of the plan in plain words; what may change in it is
// marked.
type sentence []piece

// A piece is some of its words.
type piece struct {
	Text string
	Mark bool
}

// say makes a sentence of texts, of which every other is marked, from the second.
func say(texts ...string) sentence {
	var s sentence
	for i, t := range texts {
		if t != "" {
			s = append(s, piece{t, i%2 == 1})
		}
	}
	return s
}

// words returns the plan so far, in sentences that an approver would understand.
func (e *editing) words() []sentence {
	p := e.plan
	var all []sentence
	reached := p.Reached
	if !p.ofPolicy() {
		switch {
		case p.Name == "":
			return []sentence{say("What it is called, what it holds and who may ask for it is not decided yet.")}
		case reached < 2 && len(p.Roles) == 0:
			return []sentence{say("People get ", "“"+p.Name+"”", ". What it holds and who may ask is not decided yet.")}
		}
		all = append(all, e.sayRoles())
		reached--
	} else {
		all = append(all, say("A policy of ", e.names.of, "."))
	}
	if p.automatic() {
		if reached >= 1 {
			all = append(all, e.sayRule()...)
		}
		return append(all, e.sayExtensions()...)
	}
	if reached >= 1 {
		all = append(all, e.sayWho())
	}
	if reached >= 2 {
		all = append(all, e.sayApproval()...)
	}
	if reached >= 3 {
		all = append(all, e.sayAsked())
	}
	if reached >= 4 {
		all = append(all, append(e.sayEnd(), e.sayReview()...)...)
	}
	return append(all, e.sayExtensions()...)
}

func (e *editing) sayRoles() sentence {
	if n := len(e.plan.Roles); n != 1 {
		return say("People get ", "“"+e.plan.Name+"”", " with ", count(n, "resource role", "resource roles"), " together.")
	}
	return say("People get ", "“"+e.plan.Name+"”", " with one resource: ", e.plan.Roles[0].Name, ".")
}

// count returns a number with its noun.
func count(n int, one, more string) string {
	switch n {
	case 0:
		return "no " + more
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// list returns names as they stand in a sentence, the first few of them.
func list(all []string, word string) string {
	const most = 3
	switch n := len(all); {
	case n == 0:
		return "nobody yet"
	case n == 1:
		return all[0]
	case n > most:
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" %s %d more", word, n-most)
	default:
		return strings.Join(all[:n-1], ", ") + " " + word + " " + all[n-1]
	}
}

func (e *editing) namesOf(sets []offer.SubjectSet) []string {
	var all []string
	for _, s := range sets {
		all = append(all, e.names.whom(s).name)
	}
	return all
}

func (e *editing) sayWho() sentence {
	p, in := &e.plan.Policy, e.v.Name()
	if p.Automatic != nil {
		return say("Nobody asks: the rule says who has it.")
	}
	switch p.Scope {
	case offer.AllMemberUsers:
		return say("All members of ", in, " may ask, guests may not.")
	case offer.AllDirectoryUsers:
		return say("All users of ", in, " may ask, guests as well.")
	case offer.SpecificDirectoryUsers:
		return say("", list(e.namesOf(fitting(p.Targets, p.Scope)), "and"), " of "+in+" may ask.")
	case offer.SpecificConnectedOrganizationUsers:
		return say("People of ", list(e.namesOf(fitting(p.Targets, p.Scope)), "and"), " may ask. They become guests of "+in+".")
	case offer.AllConfiguredConnectedOrganizationUsers:
		return say("People of ", "all configured connected organizations", " may ask. They become guests of "+in+".")
	case offer.AllExternalUsers:
		return say("", "Anyone", ", also from organizations that "+in+" does not know, may ask. They become guests.")
	case offer.NotSpecified:
		return say("", "Nobody", " asks. Administrators of "+in+" assign it.")
	}
	return say("Whom the scope ", string(p.Scope), " says may ask.")
}

func (e *editing) sayApproval() []sentence {
	p := &e.plan.Policy
	if !e.plan.asks() {
		return nil
	}
	var all []sentence
	if !p.Requestor.SelfAdd {
		all = append(all, say("", "New requests are not enabled", " yet."))
	}
	if !p.Approval.ForAdd {
		return append(all, say("Nobody approves: whoever asks gets it ", "at once", "."))
	}
	for i, s := range p.Approval.Stages {
		first := "Then "
		if i == 0 {
			first = ""
		}
		all = append(all, say(first, list(e.namesOf(s.Primary), "or"), " decides within ", inWords(s.TimeOut), "."))
	}
	return all
}

func (e *editing) sayAsked() sentence {
	p := &e.plan.Policy
	if !e.plan.asks() {
		return nil
	}
	n := len(p.Questions)
	switch {
	case n == 0 && !p.Approval.Justification:
		return say("Whoever asks answers no questions.")
	case n == 0:
		return say("Whoever asks says ", "why", ".")
	case p.Approval.Justification:
		return say("Whoever asks answers ", count(n, "question", "questions"), " and says ", "why", ".")
	}
	return say("Whoever asks answers ", count(n, "question", "questions"), ".")
}

// inWords returns a duration as people say it.
func inWords(d time.Duration) string {
	if d%day == 0 {
		return count(int(d/day), "day", "days")
	}
	return count(int(d/time.Hour), "hour", "hours")
}

func (e *editing) sayEnd() []sentence {
	p := &e.plan.Policy
	var all []sentence
	switch p.Expiration.Type {
	case offer.ExpirationAfterDateTime:
		all = append(all, say("Access ends on ", e.v.Local(p.Expiration.End).Format("Monday, January 2, 2006"), "."))
	case offer.ExpirationAfterDuration:
		all = append(all, say("Access ends after ", inWords(p.Expiration.Duration), "."))
	default:
		return append(all, say("Access ", "never", " ends by itself."))
	}
	switch {
	case !e.plan.asks() || !p.Requestor.SelfUpdate:
	case p.Approval.ForUpdate:
		all = append(all, say("People may ask to extend it, which ", "needs approval", " again."))
	default:
		all = append(all, say("People may extend it ", "without approval", "."))
	}
	return all
}

// lower begins a label as it stands within a sentence.
func lower(label string) string { return strings.ToLower(label[:1]) + label[1:] }
