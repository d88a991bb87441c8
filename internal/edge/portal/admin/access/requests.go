package access

import (
	"net/http"
	"strconv"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/ids"
)

// stateOptions are the states by which requests are filtered.
func stateOptions() []portal.Option {
	all := []portal.Option{{Label: "Any"}}
	for _, s := range entitlement.RequestStates {
		all = append(all, portal.Option{Value: string(s), Label: portal.RequestTag(&entitlement.Request{State: s}).Text})
	}
	return all
}

var emailField = portal.Field{ID: "email", Label: "Mail address begins with"}

// requests lists who asked for what.
func (p *pages) requests(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search requests", &emailField, portal.Select{Field: portal.Field{ID: "state", Label: "State"}, Options: stateOptions()},
		portal.Select{Field: portal.Field{ID: "type", Label: "Kind"}, Options: []portal.Option{{Label: "Any"}, {Value: string(entitlement.UserAdd), Label: "Asked for"},
			{Value: string(entitlement.UserUpdate), Label: "Extension"}, {Value: string(entitlement.UserRemove), Label: "Given back"}, {Value: string(entitlement.AdminAdd), Label: "Given by an administrator"},
			{Value: string(entitlement.AdminRemove), Label: "Taken by an administrator"}, {Value: string(entitlement.SystemRemove), Label: "Ended by itself"}}})
	of, name, err := p.packageIn(r, v, f)
	if err != nil {
		return err
	}
	q, err := asking(r, is("state", f.Value("state")), is("requestType", f.Value("type")), is("accessPackage/id", of))
	if err != nil {
		return err
	}
	page, err := p.Access.Cases(r.Context(), v.Who, f.Value("email"), q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}
	switch {
	case len(page.Items) == 0 && f.Set():
		l.None = f.Missed()
	case len(page.Items) == 0:
		l = portal.List{None: &portal.Nothing{Title: "Nobody has asked yet", Text: "Requests for access packages stand here, with what they wait for."}}
	default:
		l.Table = &portal.Table{Caption: "Requests, newest first", Heads: []string{"Who", "Access package", "Kind", "State", "Asked"}}
	}
	for _, c := range page.Items {
		head, tag := nameOf(c.For), portal.RequestTag(c.Request)
		head.To = v.To("/entitlement/requests/" + string(c.ID))
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: head, Cells: []portal.Cell{{Text: c.Name}, {Text: portal.Wish(c.Type)}, {Tag: &tag}, {At: c.CreatedAt}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Requests" + name, Content: "list", Data: l, Crumbs: crumbs(v), Intro: "Who asked " + v.Name() + " for access, and what became of it."})
}

// packageIn returns the package that a list is narrowed to by the address, if it
// is to one, with the words that a title adds, and adds its chip to the filter.
func (p *pages) packageIn(r *http.Request, v *admin.Visitor, f *portal.Filter) (id, name string, err error) {
	given := r.URL.Query().Get("package")
	if given == "" {
		return "", "", nil
	}
	of, err := ids.Parse[ids.PackageID](given)
	if err != nil {
		return "", "", portal.NoPage(nil, nil)
	}
	pkg, err := p.Access.Package(r.Context(), v.Who, "", of)
	if err != nil {
		return "", "", err
	}
	f.Chips = append(f.Chips, portal.Link{Text: "Access package: " + portal.Inert(pkg.Name), To: f.To})
	f.Keep = append(f.Keep, portal.Kept{Name: "package", Value: string(of)})
	return string(of), " for “" + portal.Inert(pkg.Name) + "”", nil
}

// caseOf returns the request that the address names, to those who read its
// catalog: whoever asked or approves sees less of it, in My Access.
func (p *pages) caseOf(r *http.Request, v *admin.Visitor) (*entitlement.Case, error) {
	id, err := admin.ID[ids.RequestID](r, "request")
	if err != nil {
		return nil, err
	}
	c, err := p.Access.Case(r.Context(), v.Who, id)
	if err != nil {
		return nil, err
	}
	_, err = p.Access.Package(r.Context(), v.Who, "", c.Of.ID)
	return c, err
}

// request shows one: what was asked, what it waits for, and what has happened.
func (p *pages) request(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	waits, err := p.Access.Waits(r.Context(), v.Who, c.ID)
	if err != nil {
		return err
	}
	at := v.To("/entitlement/requests/" + string(c.ID))
	t := portal.Thing{Tags: []portal.Tag{portal.RequestTag(c.Request)}, Facts: facts(v, c)}
	switch c.State {
	case entitlement.Submitted, entitlement.PendingApproval, entitlement.Scheduled:
		t.Do = append(t.Do, portal.Link{Text: "Cancel request…", To: at + "/cancel"})
	case entitlement.DeliveryFailed, entitlement.PartiallyDelivered:
		t.Do = append(t.Do, portal.Link{Text: "Reprocess", To: at + "/reprocess", Post: true})
	}
	if c.Waiting() != nil {
		t.Do = append(t.Do, portal.Link{Text: "Decide in My Access", To: "/@" + v.Tenant.DefaultDomain() + "/access/approvals/" + string(c.ID)})
	}
	if c.Assignment != nil {
		t.Do = append(t.Do, portal.Link{Text: "See the assignment", To: v.To("/entitlement/assignments/" + string(c.Assignment.ID))})
	}
	t.Sections = append(t.Sections, waiting(waits, c), asked(c), decided(c), delivery(c.Grants, c.Roles))
	calls, err := p.Access.Callouts(r.Context(), v.Who, c.ID)
	if err != nil {
		return err
	}
	if len(calls) > 0 {
		s := portal.Section{ID: "calls", Heading: "Custom extensions", Table: &portal.Table{Caption: "Calls of custom extensions", Heads: []string{"Stage", "Status", "What it said"}}}
		for _, x := range calls {
			s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Stage, Under: "Extension " + string(x.Extension)}, Cells: []portal.Cell{{Text: string(x.Status)}, {Text: x.Detail}}})
		}
		t.Sections = append(t.Sections, s)
	}
	home := c.Connected
	if c.Home != nil {
		home = c.Home.DisplayName
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(c.Of.Name) + " for " + portal.Inert(nameOf(c.For).Text), Content: "thing", Data: t, Ticket: between(v, c.For, home),
		Crumbs: crumbs(v, portal.Link{Text: "Requests", To: v.To("/entitlement/requests")})})
}

// ofPackage names an access package, and leads to one that is still there.
func ofPackage(v *admin.Visitor, name string, id ids.PackageID, gone bool) portal.Fact {
	f := portal.Fact{Name: "Access package", Value: name}
	if !gone {
		f.Link = &portal.Link{Text: "Open", To: v.To("/entitlement/packages/" + string(id))}
	}
	return f
}

// facts are what stands beside a request.
func facts(v *admin.Visitor, c *entitlement.Case) []portal.Fact {
	all := []portal.Fact{
		ofPackage(v, c.Of.Name, c.Of.ID, c.Of.Catalog == ""),
		{Name: "For", Value: nameOf(c.For).Text}, {Name: "Mail address", Value: c.For.Email},
	}
	if c.Connected != "" {
		all = append(all, portal.Fact{Name: "Connected organization", Value: c.Connected})
	}
	if c.By.ID != c.For.ID {
		all = append(all, portal.Fact{Name: "Asked by", Value: nameOf(c.By).Text})
	}
	all = append(all, portal.Fact{Name: "Kind", Value: portal.Wish(c.Type)}, portal.Fact{Name: "Asked", At: c.CreatedAt})
	if !c.CompletedAt.IsZero() {
		all = append(all, portal.Fact{Name: "Completed", At: c.CompletedAt})
	}
	return append(all, portal.Fact{Name: "Status", Value: c.Status}, portal.Fact{Name: "Request ID", Value: string(c.ID), Code: true})
}

// waiting says what the request waits for, of whom and until when.
func waiting(x entitlement.Wait, c *entitlement.Case) portal.Section {
	s := portal.Section{ID: "waits", Heading: "What it waits for"}
	var names []string
	for _, o := range x.Whom {
		names = append(names, portal.Inert(o.DisplayName))
	}
	who := strings.Join(names, ", ")
	switch x.For {
	case "approval":
		s.Facts = []portal.Fact{{Name: "For", Value: "A decision"}, {Name: "Of", Value: who}, {Name: "Until", At: x.Until}}
		if len(names) == 0 {
			s.Facts[1].Value = "Nobody: no approver is left. It is denied when the time is over, unless the policy names others."
		}
	case "start":
		s.Facts = []portal.Fact{{Name: "For", Value: "Its beginning"}, {Name: "Until", At: x.Until}}
	case "delivery":
		s.Facts = []portal.Fact{{Name: "For", Value: "Delivery"}}
		if !x.Until.IsZero() {
			s.Facts = append(s.Facts, portal.Fact{Name: "Next try", At: x.Until})
		}
		if x.Why != "" {
			s.Facts = append(s.Facts, portal.Fact{Name: "The last try", Value: x.Why})
		}
	case "callback":
		s.Facts = []portal.Fact{{Name: "For", Value: "The word of a custom extension"}, {Name: "Until", At: x.Until}}
	default:
		s.Text = "Nothing: it is over."
		if c.Error != "" {
			s.Facts = []portal.Fact{{Name: "What went wrong", Value: c.Error}}
		}
	}
	return s
}

// asked is what was said with the request.
func asked(c *entitlement.Case) portal.Section {
	s := portal.Section{ID: "asked", Heading: "What was said"}
	if c.Justification != "" {
		s.Facts = append(s.Facts, portal.Fact{Name: "Justification", Value: c.Justification})
	}
	for _, a := range c.Answers {
		said := a.Display
		if said == "" {
			said = a.Value
		}
		s.Facts = append(s.Facts, portal.Fact{Name: portal.Whole(a.Text), Value: said})
	}
	if len(s.Facts) == 0 {
		s.Text = "No justification and no answers."
	}
	return s
}

// decided are the stages of the approval.
func decided(c *entitlement.Case) portal.Section {
	s := portal.Section{ID: "approval", Heading: "Approval"}
	if len(c.Approval) == 0 {
		s.Text = "None is needed."
		return s
	}
	s.Table = &portal.Table{Caption: "Stages of the approval", Heads: []string{"Stage", "Decision", "By", "When", "Reason"}}
	for i, a := range c.Approval {
		row := portal.Row{Head: portal.Cell{Text: "Stage " + strconv.Itoa(i+1)}, Cells: []portal.Cell{{Text: "Waiting"}, {Text: strings.Join(a.Names, ", ")}, {At: a.DueAt}, {}}}
		switch {
		case a.Result == entitlement.Approve:
			row.Cells = []portal.Cell{{Tag: &portal.Tag{Kind: "ok", Text: "Approved"}}, {Text: a.ByName}, {At: a.DecidedAt}, {Text: a.Reason}}
		case a.Result == entitlement.Deny:
			row.Cells = []portal.Cell{{Tag: &portal.Tag{Kind: "stop", Text: "Denied"}}, {Text: a.ByName}, {At: a.DecidedAt}, {Text: a.Reason}}
		case a.Status == entitlement.StageExpired:
			row.Cells[0] = portal.Cell{Tag: &portal.Tag{Kind: "stop", Sign: "end", Text: "Nobody decided"}}
		case a.Status != entitlement.StageInProgress || c.State != entitlement.PendingApproval:
			row.Cells = []portal.Cell{{Text: "Not asked"}, {}, {}, {}}
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	return s
}

// canceling asks whether the visitor means it.
func (p *pages) canceling(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	at := v.To("/entitlement/requests/" + string(c.ID))
	return p.Show(w, r, v, portal.Frame{Title: "Cancel the request of " + portal.Inert(nameOf(c.For).Text) + "?", Content: "form",
		Crumbs: crumbs(v, portal.Link{Text: "Requests", To: v.To("/entitlement/requests")}, portal.Link{Text: c.Of.Name, To: at}),
		Data: portal.Form{Action: at + "/cancel", Stop: true, Button: "Cancel request in " + v.Name(), Back: at, Leave: "Keep it",
			Text: "Nobody has to decide on it any more, and nothing is given. They are told, and can ask again."}})
}

// cancel takes a request back.
func (p *pages) cancel(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.Cancel(r.Context(), v.Who, c.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/entitlement/requests/"+string(c.ID)), "The request is canceled.")
}

// reprocess has the delivery of a request tried again.
func (p *pages) reprocess(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.Reprocess(r.Context(), v.Who, c.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/entitlement/requests/"+string(c.ID)), "Delivery is tried again.")
}
