package packages

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

// The last step of all.
const (
	reviewPath  = "review"
	reviewTitle = "Review + create"
)

var reviewStep = step{path: reviewPath, title: reviewTitle, text: "Nothing is made before you choose the button below. Change anything by its link.", show: (*editing).showReviewCreate}

func (e *editing) showReviewCreate() ([]block, error) {
	all := []block{{Facts: e.answers()}, {Part: portal.Part{Heading: "What if", Text: "What would follow, as things are now."}}}
	out, err := e.rehearse()
	if err != nil {
		if !mendable(err) {
			return nil, err
		}
		pub := fault.Public(err)
		return append(all, block{Note: &portal.Note{Kind: "stop", Lead: "It would be refused: " + strings.TrimSuffix(pub.Message, ".") + ".", Text: pub.Fix}}), nil
	}
	who := "Who could ask"
	if e.plan.automatic() {
		who = "Who would have it"
	}
	all = append(all, block{Picks: outcomePicks(who, parties(out.Requestors), "Nobody asks by this policy.")})
	if len(out.OnBehalf) > 0 {
		all = append(all, block{Picks: outcomePicks("Who could ask on their behalf", parties(out.OnBehalf), "")})
	}
	return append(all,
		block{Picks: outcomePicks("Who would approve", stages(out.Stages), "Nobody: access is given at once.")},
		block{Picks: outcomePicks("What would be granted", grants(out.Grants), "Nothing yet.")},
		block{Picks: outcomePicks("What deserves a second look", notes(out.Notes), "Nothing.")}), nil
}

// rehearse tells what would follow if the plan were made now.
func (e *editing) rehearse() (*entitlement.Outcome, error) {
	if !e.plan.ofPolicy() {
		return e.Access.Rehearse(e.ctx, e.v.Who, e.plan.whole())
	}
	policy := e.plan.stored()
	policy.Package = e.plan.Of
	return e.Access.WhatIf(e.ctx, e.v.Who, policy)
}

// mendable reports whether whoever filled in the steps, or their administrators,
// can do something about a refusal.
func mendable(err error) bool {
	for _, code := range []fault.Code{fault.Invalid, fault.Conflict, fault.Forbidden, fault.NotFound} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

func outcomePicks(heading string, items []pick, none string) *picks {
	return &picks{Heading: heading, Items: items, None: none}
}

func parties(all []entitlement.Party) []pick {
	var items []pick
	for _, p := range all {
		items = append(items, party(p))
	}
	return items
}

// partyWords are the policy's own words for people, as people say them.
var partyWords = map[string]string{
	string(offer.AllMemberUsers): "All members", string(offer.AllDirectoryUsers): "All users, guests as well",
	string(offer.AllExternalUsers): "Anyone from outside", string(offer.AttributeRuleMembers): "People for whom the rule holds",
}

func party(p entitlement.Party) pick {
	line := pick{Icon: "seat", Name: p.Name}
	if say, ok := partyWords[p.Name]; ok && p.ID == "" {
		line.Name = say
	}
	if say, ok := standing[offer.SetKind(p.Kind)]; ok {
		line.Name, line.Text = say, "Depends on who asks."
	}
	switch p.Kind {
	case "group":
		line.Icon, line.Kind = "group", "group"
	case "connectedOrganization":
		line.Icon, line.Kind = "org", "connected organization"
	}
	if p.Count >= 0 && p.Kind != "user" {
		line.Text = count(p.Count, "person", "people") + " now"
	}
	return line
}

func stages(all []entitlement.Parties) []pick {
	var items []pick
	for i, s := range all {
		for _, p := range s.Approvers {
			line := party(p)
			line.Kind = strings.TrimPrefix(line.Kind+" · ", " · ") + fmt.Sprintf("stage %d", i+1)
			items = append(items, line)
		}
		for _, p := range s.Escalation {
			line := party(p)
			line.Kind = strings.TrimPrefix(line.Kind+" · ", " · ") + fmt.Sprintf("stage %d, after escalation", i+1)
			items = append(items, line)
		}
	}
	return items
}

func grants(all []entitlement.Granted) []pick {
	var items []pick
	for _, g := range all {
		items = append(items, pick{Icon: originIcons[g.Origin], Name: g.Resource, Text: g.Role})
	}
	return items
}

func notes(all []string) []pick {
	var items []pick
	for _, n := range all {
		items = append(items, pick{Icon: "info", Name: n})
	}
	return items
}

// answers returns every answer of the plan, step by step, with the way back.
func (e *editing) answers() []fact {
	p := e.plan
	var all []fact
	add := func(s step, values ...string) {
		all = append(all, fact{s.title, e.to(s.path) + "?from=" + reviewPath, values})
	}
	if p.ofPolicy() {
		add(policyStep, p.Policy.Name, p.Policy.Description)
	} else {
		seen := "Everyone who may ask sees it"
		if p.Hidden {
			seen = "Hidden: only who has the link sees it"
		}
		in := "Catalog: " + e.names.catalog
		if p.NewCatalog != nil {
			in = "Catalog: “" + p.NewCatalog.Name + "”, which is made with it"
		}
		add(basicsStep, p.Name, p.Description, in, seen)
		var roles []string
		for _, r := range p.Roles {
			roles = append(roles, r.Name+" ("+r.Kind+")")
		}
		if len(roles) == 0 {
			roles = []string{"None"}
		}
		add(rolesStep, roles...)
	}
	if p.automatic() {
		add(memberStep, append([]string{p.rule().Rule}, plain(e.sayRule())...)...)
	} else {
		add(requestsStep, plain(append([]sentence{e.sayWho()}, e.sayApproval()...))...)
		asked := plain([]sentence{e.sayAsked()})
		for _, q := range p.Policy.Questions {
			asked = append(asked, q.Text.Text)
		}
		add(questionsStep, asked...)
		add(lifecycleStep, plain(append(e.sayEnd(), e.sayReview()...))...)
	}
	if p.Rules {
		called := plain(e.sayExtensions())
		if len(called) == 0 {
			called = []string{"No custom extension is called."}
		}
		add(extensionsStep, called...)
	}
	return all
}

// plain returns sentences without their marks.
func plain(all []sentence) []string {
	var texts []string
	for _, s := range all {
		var b strings.Builder
		for _, p := range s {
			b.WriteString(p.Text)
		}
		if b.Len() > 0 {
			texts = append(texts, b.String())
		}
	}
	return texts
}

// finish makes what the plan says, or says what keeps it from being made.
func (e *editing) finish(w http.ResponseWriter, r *http.Request) error {
	steps := e.plan.steps()
	last := len(steps) - 1
	do := e.form.Get("then")
	if e.plan.Reached < last {
		portal.Lead(w, r, e.v.To(draftPath+string(e.draft.ID)))
		return nil
	}
	switch do {
	case thenBack:
		portal.Lead(w, r, e.to(steps[last-1].path))
		return nil
	case thenLeave:
		return e.Done(w, r, e.v.To(listPath), "Your draft is kept. Go on with it whenever you like.")
	}
	to, told, err := e.make()
	if err != nil {
		if !mendable(err) {
			return err
		}
		pub := fault.Public(err)
		text := "Nothing was made: " + strings.TrimSuffix(pub.Message, ".")
		if pub.Fix != "" {
			text += ". " + strings.TrimSuffix(pub.Fix, ".")
		}
		e.form.Problems = append(e.form.Problems, portal.Problem{Text: text})
		return e.show(w, r, last)
	}
	if err := e.Drafts.Drop(e.ctx, e.v.Who, e.draft.ID); err != nil {
		return err
	}
	return e.Told(w, r, to, told)
}

// make makes what the plan says, and returns where that is shown.
func (e *editing) make() (string, portal.Note, error) {
	if e.plan.ofPolicy() {
		return e.makePolicy()
	}
	made, err := e.Access.Build(e.ctx, e.v.Who, e.plan.whole())
	if err != nil {
		return "", portal.Note{}, err
	}
	return e.v.To(listPath + "/" + string(made.ID)), portal.Note{Kind: "ok", Lead: "The access package is made.", Text: "Send its My Access portal link, under Properties, to whoever is to ask for it."}, nil
}
