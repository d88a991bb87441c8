package packages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// policyIn returns the policy in the address, its package, and a look at it.
func (p *Pages) policyIn(r *http.Request, v *admin.Visitor) (*offer.Policy, *offer.Package, error) {
	id, err := admin.ID[ids.PolicyID](r, "policy")
	if err != nil {
		return nil, nil, err
	}
	policy, err := p.Access.Policy(r.Context(), v.Who, "", id)
	if err != nil {
		return nil, nil, err
	}
	of, err := p.Access.Package(r.Context(), v.Who, "", policy.Package)
	return policy, of, err
}

func policyPath(v *admin.Visitor, id ids.PolicyID) string {
	return v.To(policiesPath + "/" + string(id))
}

// looking returns a look at a stored policy.
func (p *Pages) looking(r *http.Request, v *admin.Visitor, policy *offer.Policy) (*editing, error) {
	e := &editing{Pages: p, ctx: r.Context(), v: v, form: &portal.Draft{}, plan: &plan{Of: policy.Package, Change: policy.ID, ChangeAt: policy.ModifiedAt, Policy: *policy}}
	if err := e.findRules(); err != nil {
		return nil, err
	}
	e.plan.Reached = len(e.plan.steps()) - 1
	return e, e.look()
}

// policy shows a policy: in plain words, and what would follow of it now.
func (p *Pages) policy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, of, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	e, err := p.looking(r, v, policy)
	if err != nil {
		return err
	}
	at := policyPath(v, policy.ID)
	t := portal.Thing{Text: policy.Description, Tags: []portal.Tag{*enabledTag(policy)}, Facts: []portal.Fact{
		{Name: "Access package", Link: &portal.Link{Text: portal.Inert(of.Name), To: packagePath(v, of.ID)}},
		{Name: "Created", At: policy.CreatedAt}, {Name: "Modified", At: policy.ModifiedAt},
	}, Codes: []portal.Code{{ID: "id", Label: "Object ID", Value: string(policy.ID)}}}
	t.Do = append(t.Do, portal.Link{Text: "Edit", Of: policy.Name, To: at + "/edit", Post: true})
	if policy.Automatic == nil && policy.Scope != offer.NotSpecified {
		t.Do = append(t.Do, portal.Link{Text: switchWord(policy) + " new requests…", Of: policy.Name, To: at + "/requests"})
	}
	t.Do = append(t.Do, portal.Link{Text: "Delete…", Of: policy.Name, To: at + "/delete"})
	if policy.Automatic != nil {
		t.Sections = []portal.Section{{ID: "rule", Heading: "Rule", Facts: append([]portal.Fact{{Name: "Membership rule", Value: e.plan.rule().Rule}}, factsOf(e.sayRule(), "What it does", "")...)}}
		t.Sections = append(t.Sections, e.extensionsSection()...)
		return p.Show(w, r, v, portal.Frame{Title: portal.Inert(policy.Name), Crumbs: under(v, of), Content: "thing", Data: t, Script: "copy"})
	}
	t.Sections = []portal.Section{
		{ID: "requests", Heading: "Requests", Facts: factsOf(append([]sentence{e.sayWho()}, e.sayApproval()...), "Who", "Approval")},
		{ID: "information", Heading: "Requestor information", Facts: e.questionFacts()},
		{ID: "lifecycle", Heading: "Lifecycle", Facts: append(factsOf(e.sayEnd(), "Access", "Extension"), factsOf(e.sayReview(), "Access Reviews", "")...)},
	}
	if policy.Scope == offer.SpecificConnectedOrganizationUsers || policy.Scope == offer.SpecificDirectoryUsers {
		named := portal.Table{Caption: "Who can ask", Heads: []string{"Name", "What it is"}}
		for _, s := range policy.Targets {
			who := e.names.whom(s)
			named.Rows = append(named.Rows, portal.Row{Head: portal.Cell{Text: who.name}, Cells: []portal.Cell{{Text: who.kind}}})
		}
		t.Sections[0].Table = &named
	}
	t.Sections = append(t.Sections, e.extensionsSection()...)
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(policy.Name), Crumbs: under(v, of), Content: "thing", Data: t, Script: "copy"})
}

// extensionsSection shows the custom extensions of a policy, if it has some.
func (e *editing) extensionsSection() []portal.Section {
	if len(e.plan.Policy.Extensions) == 0 {
		return nil
	}
	return []portal.Section{{ID: "rules", Heading: "Rules", Facts: factsOf(e.sayExtensions(), "Custom extensions", "")}}
}

// factsOf gives sentences the names of facts: the first has the first, all others
// the second.
func factsOf(all []sentence, first, others string) []portal.Fact {
	var facts []portal.Fact
	for i, text := range plain(all) {
		name := others
		if i == 0 {
			name = first
		}
		facts = append(facts, portal.Fact{Name: name, Value: text})
	}
	return facts
}

func (e *editing) questionFacts() []portal.Fact {
	facts := factsOf([]sentence{e.sayAsked()}, "In all", "")
	for _, q := range e.plan.Policy.Questions {
		facts = append(facts, portal.Fact{Name: q.Text.Text, Value: describe(q)})
	}
	return facts
}

// newPolicy shows the first step of a policy of which there is no draft yet.
func (p *Pages) newPolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.onPackage(r, v)
	if err != nil {
		return err
	}
	return e.show(w, r, 0)
}

func (p *Pages) beginPolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.onPackage(r, v)
	if err != nil {
		return err
	}
	return e.sent(w, r, 0)
}

func (p *Pages) onPackage(r *http.Request, v *admin.Visitor) (*editing, error) {
	of, err := p.packageIn(r, v)
	if err != nil {
		return nil, err
	}
	fresh := usualPolicy()
	fresh.Name = ""
	e := &editing{Pages: p, ctx: r.Context(), v: v, form: &portal.Draft{}, plan: &plan{Of: of.ID, Policy: fresh}}
	return e, e.findRules()
}

// editPolicy makes a draft of a policy, and leads to it.
func (p *Pages) editPolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, _, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	e, err := p.looking(r, v, policy)
	if err != nil {
		return err
	}
	if err := e.save(); err != nil {
		return err
	}
	portal.Lead(w, r, e.to(policyStep.path))
	return nil
}

func switchWord(p *offer.Policy) string {
	if p.Requestor.SelfAdd {
		return "Disable"
	}
	return "Enable"
}

func (p *Pages) askSwitch(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, of, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	at, word := policyPath(v, policy.ID), switchWord(policy)
	f := portal.Form{Action: at + "/requests", Button: word + " new requests in " + v.Name(), Stop: policy.Requestor.SelfAdd, Back: at, Leave: "Leave it as it is",
		Hidden: map[string]string{"to": word}, Text: "Whoever the policy is for can ask by it at once."}
	if policy.Requestor.SelfAdd {
		f.Text = "Nobody can ask by the policy any more. Requests that are under way go on, and whoever has access keeps it."
	}
	return p.ask(w, r, v, word+" new requests by “"+portal.Inert(policy.Name)+"”?", under(v, of), f)
}

func (p *Pages) switchRequests(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, _, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	on := d.Get("to") == "Enable"
	if _, err := p.Access.ChangePolicy(r.Context(), v.Who, policy.ID, func(one *offer.Policy) error {
		one.Requestor.SelfAdd = on
		return nil
	}); err != nil {
		return err
	}
	if on {
		return p.Done(w, r, policyPath(v, policy.ID), "New requests are enabled.")
	}
	return p.Done(w, r, policyPath(v, policy.ID), "New requests are not enabled any more.")
}

func (p *Pages) askDeletePolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, of, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	return p.deletingPolicy(w, r, v, policy, of, &portal.Draft{})
}

func (p *Pages) deletingPolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor, policy *offer.Policy, of *offer.Package, d *portal.Draft) error {
	at := policyPath(v, policy.ID)
	return p.Show(w, r, v, portal.Frame{Title: "Delete “" + portal.Inert(policy.Name) + "”?", Crumbs: under(v, of), Problems: d.Problems, Content: "form", Data: portal.Form{
		Action: at + "/delete", Button: "Delete policy of " + v.Name(), Stop: true, Back: at, Leave: "Keep it",
		Text: "Nobody can ask by it any more, and it can't be restored. Nobody may have the package by it: remove those assignments first.",
	}})
}

func (p *Pages) deletePolicy(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	policy, of, err := p.policyIn(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.DeletePolicy(r.Context(), v.Who, policy.ID); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.deletingPolicy(w, r, v, policy, of, d)
		}
		return err
	}
	return p.Done(w, r, packagePath(v, of.ID)+"#policies", "The policy is deleted.")
}
