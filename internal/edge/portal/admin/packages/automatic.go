package packages

import (
	"net/http"
	"strconv"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
)

var memberStep = step{path: "rule", title: "Rule", text: "Whoever the rule holds for has the access package, without asking.", show: (*editing).showRule, take: (*editing).takeRule}

// rule returns the membership rule of an automatic policy.
func (p *plan) rule() *offer.SubjectSet {
	for i := range p.Policy.Targets {
		if p.Policy.Targets[i].Kind == offer.AttributeRuleMembers {
			return &p.Policy.Targets[i]
		}
	}
	p.Policy.Targets = append(p.Policy.Targets, offer.SubjectSet{Kind: offer.AttributeRuleMembers})
	return &p.Policy.Targets[len(p.Policy.Targets)-1]
}

func (e *editing) showRule() ([]block, error) {
	a, d := e.plan.Policy.Automatic, e.form
	return blocks(
		d.Lines(portal.Area{Field: portal.Field{ID: "rule", Label: "Membership rule", Value: e.plan.rule().Rule, Hint: "As for dynamic groups: user.department -eq \"Turbines\" -and user.userType -eq \"Guest\"."}, Rows: 3}),
		d.Check(portal.Option{ID: "give", Label: "Automatically create assignments", Checked: a.Give, Hint: "Whoever the rule comes to hold for gets the package."}),
		d.Check(portal.Option{ID: "take", Label: "Automatically remove assignments", Checked: a.Take, Hint: "Whoever it no longer holds for loses the package."}),
		d.Line(portal.Field{ID: "grace", Label: "Grace period in days", Class: "w-date", InputMode: "numeric", Autocomplete: "off", Value: strconv.Itoa(int(a.Grace / day)), Hint: "How long they keep it after that; 0 takes it at once."}),
	), nil
}

func (e *editing) takeRule() {
	a, d := e.plan.Policy.Automatic, e.form
	text := d.Get("rule")
	if runes := []rune(text); len(runes) > mostRule {
		d.Wrong("rule", "The rule has at most %d characters", mostRule)
		text = string(runes[:mostRule])
	}
	e.plan.rule().Rule = text
	if text == "" {
		d.Wrong("rule", "Type the rule")
	} else if _, err := directory.ParseMembershipRule(text); err != nil {
		d.Wrong("rule", "%s", strings.TrimSuffix(err.Error(), "."))
	}
	a.Give, a.Take = d.Has("give", "yes"), d.Has("take", "yes")
	if !a.Give && !a.Take {
		d.Wrong("give", "Create or remove assignments, or both")
	}
	if n, ok := e.days("grace", "The days of the grace period", 0, mostDays); ok {
		a.Grace = n
	}
}

// mostRule is how long a rule is at most, in characters, as the service has it.
const mostRule = 3072

// sayRule says whom an automatic policy is for, and what it does.
func (e *editing) sayRule() []sentence {
	a := e.plan.Policy.Automatic
	var all []sentence
	if a.Give {
		all = append(all, say("Whoever the rule holds for ", "gets it by itself", "."))
	}
	switch {
	case a.Take && a.Grace > 0:
		all = append(all, say("Whoever it no longer holds for loses it ", inWords(a.Grace), " later."))
	case a.Take:
		all = append(all, say("Whoever it no longer holds for loses it ", "at once", "."))
	default:
		all = append(all, say("Whoever it no longer holds for ", "keeps it", "."))
	}
	return all
}

// newAutomatic shows the first step of an automatic policy of which there is no
// draft yet.
func (p *Pages) newAutomatic(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.automaticOn(r, v)
	if err != nil {
		return err
	}
	return e.show(w, r, 0)
}

func (p *Pages) beginAutomatic(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.automaticOn(r, v)
	if err != nil {
		return err
	}
	return e.sent(w, r, 0)
}

func (p *Pages) automaticOn(r *http.Request, v *admin.Visitor) (*editing, error) {
	e, err := p.onPackage(r, v)
	if err == nil {
		e.plan.Policy = usualAutomatic()
	}
	return e, err
}
