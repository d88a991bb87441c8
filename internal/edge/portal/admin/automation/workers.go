package automation

import (
	"net/http"

	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
	"entente/internal/kit/fault"
)

// runWorker is what a worker's machine is told to run. Scripts run as a user who
// can read nothing of the worker's.
const runWorker = "entente agent run --state host.json --runbooks --user nobody"

func (p *pages) workers(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	all, err := p.Automation.Workers(r.Context(), v.Who)
	if err != nil {
		return err
	}
	add := &portal.Link{Text: "Add a worker", To: v.To("/workers/new")}
	f := portal.Frame{Title: "Workers", Content: "list", Do: add, Intro: "Machines that run the runbooks of " + v.Name() + ". A worker gets jobs of this organization and of no other."}
	l := portal.List{}
	if len(all) == 0 {
		f.Do, l.None = nil, &portal.Nothing{Title: "No workers yet", Text: "Jobs wait until a machine is enrolled to run them.", Do: add}
	} else {
		l.Table = &portal.Table{Caption: "Workers by name", Heads: []string{"Name", "Added", "Last seen", "", ""}}
	}
	for _, x := range all {
		to := v.To("/workers/" + string(x.Host))
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, Under: x.Group}, Cells: []portal.Cell{{At: x.Added}, {At: x.SeenAt},
			{Do: &portal.Link{Text: "Enroll anew…", Of: x.Name, To: to + "/enroll"}}, {Do: &portal.Link{Text: "Remove…", Of: x.Name, To: to + "/remove"}}}})
	}
	f.Data = l
	return p.Show(w, r, v, f)
}

func (p *pages) newWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.workerForm(w, r, v, &portal.Draft{})
}

func (p *pages) workerForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Add a worker", Content: "form", Problems: d.Problems, Crumbs: []portal.Link{{Text: "Workers", To: v.To("/workers")}},
		Intro: "Whoever has power over the machine can act with every identity of an automation account of " + v.Name() + " while a job runs on it.",
		Data: portal.Form{Action: v.To("/workers/new"), Button: "Add worker in " + v.Name(), Back: v.To("/workers"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "name", Label: "Machine name", Autocomplete: "off"}),
			d.Line(portal.Field{ID: "group", Label: "Resource group", Value: workerGroup, Autocomplete: "off", Hint: "A group of that name is made if there is none."})}}})
}

const workerGroup = "automation-workers"

func (p *pages) addWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	e, err := p.addMachine(r, v, d.Get("name"), d.Get("group"))
	if err := refused(d, err, fields); err != nil {
		return err
	}
	if !d.OK() {
		return p.workerForm(w, r, v, d)
	}
	return p.token(w, r, v, []portal.Link{{Text: "Workers", To: v.To("/workers")}}, v.To("/workers"), e, runWorker)
}

func (p *pages) addMachine(r *http.Request, v *admin.Visitor, name, group string) (*managedidentity.Enrollment, error) {
	sub, err := p.subscription(r, v, "")
	if err != nil {
		return nil, err
	}
	place, err := managedidentity.NewResource(string(sub), group, managedidentity.TypeServer, name)
	if err != nil {
		return nil, err
	}
	if _, err := p.Identities.Group(r.Context(), v.Who, sub, group); missing(err) {
		if _, _, err := p.Identities.PutGroup(r.Context(), v.Who, sub, group, firstRegion, nil); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return p.Automation.AddWorker(r.Context(), v.Who, place, firstRegion)
}

// worker returns the one that the address names.
func (p *pages) worker(r *http.Request, v *admin.Visitor) (*automation.Worker, error) {
	id, err := admin.ID[managedidentity.HostID](r, "worker")
	if err != nil {
		return nil, err
	}
	all, err := p.Automation.Workers(r.Context(), v.Who)
	for _, x := range all {
		if x.Host == id {
			return x, nil
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "There is no such worker.")
	}
	return nil, err
}

func (p *pages) enrollingWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.worker(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Enroll " + portal.Inert(x.Name) + " anew?", Content: "form", Crumbs: []portal.Link{{Text: "Workers", To: v.To("/workers")}},
		Data: portal.Form{Action: v.To("/workers/" + string(x.Host) + "/enroll"), Text: "A token is made that works once, within an hour. Keys that the machine has now stay.",
			Button: "Make a token in " + v.Name(), Back: v.To("/workers")}})
}

func (p *pages) enrollWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.worker(r, v)
	if err != nil {
		return err
	}
	e, err := p.Identities.AddEnrollment(r.Context(), v.Who, x.Resource, 0)
	if err != nil {
		return err
	}
	return p.token(w, r, v, []portal.Link{{Text: "Workers", To: v.To("/workers")}}, v.To("/workers"), e, runWorker)
}

func (p *pages) removingWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.worker(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Remove " + portal.Inert(x.Name) + "?", Content: "form", Crumbs: []portal.Link{{Text: "Workers", To: v.To("/workers")}},
		Data: portal.Form{Action: v.To("/workers/" + string(x.Host) + "/remove"), Stop: true, Text: "Its keys are dead at once. What it runs now counts as failed within a minute.",
			Button: "Remove worker in " + v.Name(), Back: v.To("/workers"), Leave: "Keep it"}})
}

func (p *pages) removeWorker(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.worker(r, v)
	if err != nil {
		return err
	}
	if err := p.Automation.RemoveWorker(r.Context(), v.Who, x.Resource); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/workers"), "The worker is removed.")
}
