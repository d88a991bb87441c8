package packages

import (
	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

var policyStep = step{path: "basics", title: "Basics", show: (*editing).showPolicy, take: (*editing).takePolicy}

func (e *editing) showPolicy() ([]block, error) {
	p, d := &e.plan.Policy, e.form
	return blocks(
		d.Line(portal.Field{ID: "name", Label: "Name", Value: p.Name, Hint: "For administrators, and for whoever may choose between policies.", Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Value: p.Description, Optional: true}, Rows: 2, Most: mostText}),
	), nil
}

func (e *editing) takePolicy() {
	p, d := &e.plan.Policy, e.form
	p.Name, p.Description = d.Get("name"), d.Get("description")
	e.within("name", "Give the policy a name", "The name", p.Name, mostName)
	e.within("description", "", "The description", p.Description, mostText)
}

// makePolicy stores the policy of the plan: a new one, or the one that it changes,
// if nobody has changed that since.
func (e *editing) makePolicy() (string, portal.Note, error) {
	policy := e.plan.stored()
	policy.Package = e.plan.Of
	to := e.v.To(listPath + "/" + string(e.plan.Of) + "#policies")
	if e.plan.Change == "" {
		_, err := e.Access.CreatePolicy(e.ctx, e.v.Who, policy)
		return to, portal.Note{Kind: "ok", Lead: "The policy is made."}, err
	}
	_, err := e.Access.ChangePolicy(e.ctx, e.v.Who, e.plan.Change, func(p *offer.Policy) error {
		if !p.ModifiedAt.Equal(e.plan.ChangeAt) {
			return fault.New(fault.Conflict, "Somebody has changed the policy meanwhile.").WithFix("Throw this draft away and edit the policy again.")
		}
		kept := *p
		*p = policy
		p.ID, p.Tenant, p.CreatedAt, p.ModifiedAt = kept.ID, kept.Tenant, kept.CreatedAt, kept.ModifiedAt
		return nil
	})
	return to, portal.Note{Kind: "ok", Lead: "The policy is changed.", Text: "Requests that are under way keep to what they were made under."}, err
}
