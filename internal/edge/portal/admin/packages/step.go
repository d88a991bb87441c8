package packages

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/draft"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An editing is one look at a draft, or one change of it.
type editing struct {
	*Pages
	ctx   context.Context
	v     *admin.Visitor
	draft *draft.Draft // nil before the first step is done
	plan  *plan
	form  *portal.Draft
	names names
}

// A step is one page of the wizard. Show returns what stands on it; take puts
// what was sent into the plan as far as it can, and says what is wrong.
type step struct {
	path, title string
	text        string
	show        func(*editing) ([]block, error)
	take        func(*editing)
}

// The steps, in their order; the last but one is there where the catalog has
// custom extensions.
var (
	packageSteps   = []step{basicsStep, rolesStep, requestsStep, questionsStep, lifecycleStep, extensionsStep, reviewStep}
	policySteps    = []step{policyStep, requestsStep, questionsStep, lifecycleStep, extensionsStep, reviewStep}
	automaticSteps = []step{policyStep, memberStep, extensionsStep, reviewStep}
)

func (p *plan) steps() []step {
	all := packageSteps
	switch {
	case p.automatic():
		all = automaticSteps
	case p.ofPolicy():
		all = policySteps
	}
	if !p.Rules {
		n := len(all) - 2
		return append(all[:n:n], all[n+1])
	}
	return all
}

// at returns which step has the path, or NotFound.
func (p *plan) at(path string) (int, error) {
	i := slices.IndexFunc(p.steps(), func(s step) bool { return s.path == path })
	if i < 0 {
		return 0, fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
	}
	return i, nil
}

// open returns the draft in the address.
func (p *Pages) open(r *http.Request, v *admin.Visitor) (*editing, error) {
	id, err := admin.ID[ids.DraftID](r, "draft")
	if err != nil {
		return nil, err
	}
	d, err := p.Drafts.Draft(r.Context(), v.Who, id)
	if err != nil {
		return nil, err
	}
	e := &editing{Pages: p, ctx: r.Context(), v: v, draft: d, plan: &plan{}, form: &portal.Draft{}}
	return e, json.Unmarshal(d.Body, e.plan)
}

// save stores the plan.
func (e *editing) save() error {
	if e.draft != nil {
		return e.Drafts.Save(e.ctx, e.draft, e.plan.title(), e.plan)
	}
	d, err := e.Drafts.Begin(e.ctx, e.v.Who, e.plan.kind(), e.plan.title(), e.plan)
	e.draft = d
	return err
}

// to returns the path of a page of the draft.
func (e *editing) to(rest string) string {
	return e.v.To(draftPath + string(e.draft.ID) + "/" + rest)
}

// start shows the first step of an access package of which there is no draft yet.
func (p *Pages) start(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e := &editing{Pages: p, ctx: r.Context(), v: v, plan: newPlan(v.Tenant.ID), form: &portal.Draft{}}
	e.plan.Catalog = ids.CatalogID(strings.ToLower(r.URL.Query().Get("catalog")))
	if !ids.Valid(string(e.plan.Catalog)) {
		e.plan.Catalog = offer.GeneralID(v.Tenant.ID)
	}
	return e.show(w, r, 0)
}

func (p *Pages) begin(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return (&editing{Pages: p, ctx: r.Context(), v: v, plan: newPlan(v.Tenant.ID)}).sent(w, r, 0)
}

// goOn leads to the first step that is not done.
func (p *Pages) goOn(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.open(r, v)
	if err != nil {
		return err
	}
	steps := e.plan.steps()
	portal.Lead(w, r, e.to(steps[min(e.plan.Reached, len(steps)-1)].path))
	return nil
}

func (p *Pages) step(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, i, err := p.openAt(r, v)
	if err != nil {
		return err
	}
	if i > e.plan.Reached {
		return p.goOn(w, r, v)
	}
	return e.show(w, r, i)
}

func (p *Pages) openAt(r *http.Request, v *admin.Visitor) (*editing, int, error) {
	e, err := p.open(r, v)
	if err != nil {
		return nil, 0, err
	}
	i, err := e.plan.at(r.PathValue("step"))
	return e, i, err
}

func (p *Pages) takeStep(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, i, err := p.openAt(r, v)
	if err != nil {
		return err
	}
	return e.sent(w, r, i)
}

// What the buttons of a step send as "then"; others begin with what they do, and
// a colon.
const (
	thenNext  = "next"
	thenBack  = "back"
	thenLeave = "leave"
	thenAdd   = "add"   // a page on which something is picked
	thenDrop  = "drop"  // something that was picked
	thenMore  = "more"  // another stage
	thenFewer = "fewer" // one stage less
)

// sent takes what a step sends. Whatever its button, what was typed is kept.
func (e *editing) sent(w http.ResponseWriter, r *http.Request, i int) (err error) {
	if e.form, err = admin.Form(r); err != nil {
		return err
	}
	steps, here := e.plan.steps(), e.plan.steps()[i]
	if here.take == nil {
		return e.finish(w, r)
	}
	here.take(e)
	do, what, _ := strings.Cut(e.form.Get("then"), ":")
	to := here.path
	switch do {
	case thenBack:
		to = steps[max(i-1, 0)].path
	case thenLeave, thenAdd:
	case thenDrop:
		e.drop(what)
	case thenMore:
		e.plan.Policy.Approval.Stages = append(e.plan.Policy.Approval.Stages, usualStage())
	case thenFewer:
		if n := len(e.plan.Policy.Approval.Stages); n > 0 {
			e.plan.Policy.Approval.Stages = e.plan.Policy.Approval.Stages[:n-1]
		}
	default:
		if !e.form.OK() {
			return e.show(w, r, i)
		}
		e.plan.Reached = max(e.plan.Reached, i+1)
		to = steps[i+1].path
		if e.form.Get("from") == reviewPath {
			to = reviewPath
		}
	}
	if err := e.save(); err != nil {
		if e.form.Refused(err, nil) {
			return e.show(w, r, i)
		}
		return err
	}
	switch do {
	case thenLeave:
		return e.Done(w, r, e.v.To(listPath), "Your draft is kept. Go on with it whenever you like.")
	case thenAdd:
		to = "add/" + url.PathEscape(what)
	}
	if do != thenNext && do != "" && e.form.Get("from") == reviewPath {
		to += "?from=" + reviewPath
	}
	portal.Lead(w, r, e.to(to))
	return nil
}

// drop takes out of the plan what a button names: a list and a number in it.
func (e *editing) drop(what string) {
	name, number, _ := strings.Cut(what, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return
	}
	if name == "roles" {
		if n < len(e.plan.Roles) {
			e.plan.Roles = slices.Delete(e.plan.Roles, n, n+1)
		}
		return
	}
	if name == "questions" {
		if n < len(e.plan.Policy.Questions) {
			e.plan.Policy.Questions = slices.Delete(e.plan.Policy.Questions, n, n+1)
		}
		return
	}
	if list := e.plan.sets(name); list != nil && n < len(*list) {
		*list = slices.Delete(*list, n, n+1)
	}
}

// sets returns the list of people that a name is of: targets, or primary1,
// fallback1 and alternate1 of the first stage, and so on, reviewers and
// fallback-reviewers. It is nil where there is none.
func (p *plan) sets(name string) *[]offer.SubjectSet {
	switch {
	case name == "targets" || name == "organizations":
		return &p.Policy.Targets
	case name == "reviewers" && p.Review != nil:
		return &p.Review.Primary
	case name == "fallback-reviewers" && p.Review != nil:
		return &p.Review.Fallback
	}
	for i := range p.Policy.Approval.Stages {
		s, n := &p.Policy.Approval.Stages[i], strconv.Itoa(i+1)
		switch name {
		case "primary" + n:
			return &s.Primary
		case "fallback" + n:
			return &s.Fallback
		case "alternate" + n:
			return &s.Alternate
		}
	}
	return nil
}
