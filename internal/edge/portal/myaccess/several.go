package myaccess

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// mostAtOnce is how many requests one page lets decide. Each is read with all
// that a decision is about, so that the page is bounded and people read what
// they agree to.
const mostAtOnce = 10

// severalData is what somebody sees who decides on several requests.
type severalData struct {
	Cases   []severalCase
	Action  string
	Approve string
	Others  bool // some wait that are not here
	None    *portal.Nothing
	List    string
}

// A severalCase is a request among several.
type severalCase struct {
	ID, Stage, Shown string
	Box              portal.Option
	Facts            []portal.Fact
	Gifts            []gift
	Page             string
}

// easy reports whether a request may be decided on together with others: none
// wants a reason, and nothing speaks against it. The rest have pages of their own.
func easy(c *entitlement.Case) bool {
	return c.Waiting() != nil && !c.Own && !c.Clash && c.State == entitlement.PendingApproval && !c.Terms.Stages[c.Stage].Justification
}

// several shows requests that may be decided on together.
func (p *Pages) several(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return p.among(w, r, v, nil, nil)
}

func (p *Pages) among(w http.ResponseWriter, r *http.Request, v *visitor, chosen []string, problems []portal.Problem) error {
	q, err := asking(r, "createdDateTime", nil)
	if err != nil {
		return err
	}
	page, err := p.Access.OwnCases(r.Context(), v.who, entitlement.OnApprover, q)
	if err != nil {
		return portal.BadPage(err)
	}
	in := portal.Inert(v.in.DisplayName)
	list := v.to("/access/approvals")
	d := severalData{Action: v.to("/access/approvals/several"), Approve: "Approve for " + in, Others: len(page.Next) > 0, List: list}
	for _, row := range page.Items {
		if len(d.Cases) == mostAtOnce {
			d.Others = true
			break
		}
		c, err := p.Access.Case(r.Context(), v.who, row.ID)
		if errors.Is(err, fault.NotFound) { // it went elsewhere meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if !easy(c) {
			d.Others = true
			continue
		}
		d.Cases = append(d.Cases, amongOne(v, c, slices.Contains(chosen, string(c.ID))))
	}
	if len(d.Cases) == 0 {
		d.None = &portal.Nothing{Title: "Nothing can be decided together", Text: "Requests stand here that ask for no reason and have no conflict. The others are decided one by one.", Do: &portal.Link{Text: "See all approvals", To: list}}
	}
	return p.frame(w, r, v, "/access/approvals", portal.Frame{Title: "Decide on several", Content: "several", Data: d, Problems: problems,
		Crumbs: []portal.Link{{Text: "Approvals", To: list}}, Intro: "Requests that want no reason from you and have no conflict. Your decision counts for those that you mark, as they are shown here."})
}

func amongOne(v *visitor, c *entitlement.Case, marked bool) severalCase {
	s := c.Waiting()
	id := string(c.ID)
	one := severalCase{ID: id, Stage: string(s.ID), Shown: string(c.Shown), Gifts: gifts(c.Roles), Page: v.to("/access/approvals/" + id),
		Box: portal.Option{ID: "case-" + id, Name: "case", Type: "checkbox", Value: id, Checked: marked, Label: c.For.Name + ": " + c.Of.Name}}
	one.Facts = []portal.Fact{{Name: "Who", Value: c.For.Name + ", " + c.For.Email}, {Name: "Home", Value: home(v, c)}}
	one.Facts = append(one.Facts, about(portal.Inert(v.in.DisplayName), c)...)
	one.Facts = append(one.Facts, portal.Fact{Name: "Asked", At: c.CreatedAt}, portal.Fact{Name: "It lasts", Value: v.period(c.Request)})
	if c.Justification != "" {
		one.Facts = append(one.Facts, portal.Fact{Name: "Why", Value: c.Justification})
	}
	for _, a := range c.Answers {
		one.Facts = append(one.Facts, portal.Fact{Name: portal.Whole(a.Text), Value: said(a)})
	}
	if n := len(c.Earlier); n > 0 {
		one.Facts = append(one.Facts, portal.Fact{Name: "Had it before", Value: count(n, "time") + ", last until " + v.date(latest(c.Earlier))})
	}
	return one
}

// latest returns when the last of some assignments ended.
func latest(all []*entitlement.Assignment) (at time.Time) {
	for _, a := range all {
		if a.ExpiredAt.After(at) {
			at = a.ExpiredAt
		}
	}
	return at
}

// decideSeveral takes the visitor's word on the marked requests. Each is decided
// for itself, and counts for what was shown of it; what cannot be decided so does
// not keep the others.
func (p *Pages) decideSeveral(w http.ResponseWriter, r *http.Request, v *visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	word, marked := form.Get("decision"), form["case"]
	switch {
	case word != "approve" && word != "deny" || len(marked) > mostAtOnce:
		return fault.New(fault.Invalid, "The form is incomplete. Open the page again and send it from there.")
	case len(marked) == 0:
		return p.among(w, r, v, nil, []portal.Problem{{Field: "cases", Text: "Mark the requests that you decide on"}})
	}
	done, not := 0, 0
	for _, text := range marked {
		id, bad := ids.Parse[ids.RequestID](text)
		stage, worse := ids.Parse[ids.StageID](form.Get("stage-" + text))
		shown := secret.Digest(form.Get("shown-" + text))
		if bad != nil || worse != nil || shown == "" {
			return fault.New(fault.Invalid, "The form is incomplete. Open the page again and send it from there.")
		}
		c, err := p.Access.Case(r.Context(), v.who, id)
		if err == nil && !easy(c) { // it has got a conflict since, or never belonged here
			not++
			continue
		}
		if err == nil {
			_, err = p.Access.Decide(r.Context(), v.who, id, stage, word == "approve", "", shown)
		}
		switch code := fault.Public(err).Code; {
		case err == nil:
			done++
		case code == fault.Internal || code == fault.Unavailable:
			return err
		default:
			not++
		}
	}
	n := portal.Note{Kind: "ok", Lead: count(done, "request") + " approved."}
	if word == "deny" {
		n.Lead = count(done, "request") + " denied."
	}
	if not > 0 {
		n.Kind, n.Text = "stop", "Of "+count(not, "request")+" nothing was decided: something has changed since it was shown to you, or somebody has decided meanwhile."
	}
	return told(w, r, v.to("/access/approvals"), n)
}
