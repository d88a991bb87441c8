package automation

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
)

func runbookAt(v *admin.Visitor, a *account, name, rest string) string {
	return at(v, a, "/runbooks/"+url.PathEscape(name)+rest)
}

func toRunbooks(v *admin.Visitor, a *account) portal.Link {
	return portal.Link{Text: "Runbooks", To: at(v, a, "/runbooks")}
}

// stateOf is how far a runbook is.
func stateOf(b *automation.Runbook) portal.Tag {
	switch b.State() {
	case automation.RunbookPublished:
		return portal.Tag{Kind: "ok", Text: "Published"}
	case automation.RunbookEdit:
		return portal.Tag{Kind: "wait", Text: "In edit"}
	}
	return portal.Tag{Text: "New"}
}

func runbookTable(v *admin.Visitor, a *account, all []*automation.Runbook) *portal.Table {
	t := &portal.Table{Caption: "Runbooks by name", Heads: []string{"Name", "Type", "Status", "Changed"}}
	for _, b := range all {
		tag := stateOf(b)
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: b.Name, Under: portal.Clip(b.Description, 80), To: runbookAt(v, a, b.Name, "")},
			Cells: []portal.Cell{{Text: string(b.Kind)}, {Tag: &tag}, {At: b.ChangedAt}}})
	}
	return t
}

func (p *pages) runbooks(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	after, err := portal.AfterOf(r)
	if err != nil {
		return err
	}
	all, more, err := p.Automation.Runbooks(r.Context(), v.Who, a.Resource, after, portal.PageSize)
	if err != nil {
		return err
	}
	create := &portal.Link{Text: "Create a runbook", To: at(v, a, "/runbooks/new")}
	f := portal.Frame{Title: "Runbooks", Content: "list", Crumbs: crumbs(v, a), Do: create}
	l := portal.List{First: portal.FirstPage(r)}
	if len(all) == 0 {
		f.Do, l.None = nil, &portal.Nothing{Title: "No runbooks yet", Text: "A runbook is a script that acts with the identities of the account.", Do: create}
	} else {
		l.Table = runbookTable(v, a, all)
	}
	if more {
		l.Next = portal.NextAfter(r, all[len(all)-1].Name)
	}
	f.Data = l
	return p.Show(w, r, v, f)
}

func (p *pages) newRunbook(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	return p.runbookForm(w, r, v, a, &portal.Draft{})
}

func (p *pages) runbookForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *account, d *portal.Draft) error {
	kind := portal.Choices{ID: "kind", Legend: "Runbook type", Options: []portal.Option{
		{ID: "kind-shell", Value: string(automation.Shell), Label: "Shell", Hint: "Run by bash, or by sh where there is none.", Checked: true},
		{ID: "kind-power", Value: string(automation.PowerShell), Label: "PowerShell", Hint: "Run by pwsh on workers that have it."}}}
	return p.Show(w, r, v, portal.Frame{Title: "Create a runbook", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a, toRunbooks(v, a)),
		Data: portal.Form{Action: at(v, a, "/runbooks/new"), Button: "Create in " + v.Name(), Back: at(v, a, "/runbooks"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "name", Label: "Name", Autocomplete: "off", Hint: "Letters, digits, hyphens and underscores."}), d.Choose(kind),
			d.Line(portal.Field{ID: "description", Label: "Description", Autocomplete: "off", Optional: true})}}})
}

func (p *pages) addRunbook(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	b, err := p.Automation.AddRunbook(r.Context(), v.Who, a.Resource, d.Get("name"), automation.Kind(d.Get("kind")), d.Get("description"))
	if err := refused(d, err, map[string]string{"name": "name", "kind": "kind", "description": "description"}); err != nil {
		return err
	}
	if !d.OK() {
		return p.runbookForm(w, r, v, a, d)
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, "/edit"), "The runbook is created. Write its text, save it, and publish it.")
}

// one returns the runbook that the address names, with its account.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*account, *automation.Runbook, []*automation.Schedule, error) {
	a, err := p.of(r, v)
	if err != nil {
		return nil, nil, nil, err
	}
	b, plans, err := p.Automation.Runbook(r.Context(), v.Who, a.Resource, r.PathValue("runbook"))
	return a, b, plans, err
}

// runbook shows a runbook: what is published, its schedules and its jobs.
func (p *pages) runbook(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, plans, err := p.one(r, v)
	if err != nil {
		return err
	}
	all, _, err := p.Automation.Jobs(r.Context(), v.Who, a.Resource, automation.JobPage{Runbook: b.ID, Limit: 10})
	if err != nil {
		return err
	}
	to := func(rest string) string { return runbookAt(v, a, b.Name, rest) }
	again := "No: it ends as failed"
	if b.Again {
		again = "Yes, from the start"
	}
	t := portal.Thing{Tags: []portal.Tag{stateOf(b)}, Text: b.Description, Do: []portal.Link{{Text: "Edit", To: to("/edit")}},
		Facts: []portal.Fact{{Name: "Type", Value: string(b.Kind)}, {Name: "Changed", At: b.ChangedAt}, {Name: "Run again when its worker is lost", Value: again}}}
	if !b.PublishedAt.IsZero() {
		t.Do = append(t.Do, portal.Link{Text: "Start in " + v.Name(), To: to("/start"), Post: true}, portal.Link{Text: "Add a schedule", To: to("/schedules/new")})
		t.Facts = append(t.Facts, portal.Fact{Name: "Published", At: b.PublishedAt})
	}
	t.Do = append(t.Do, portal.Link{Text: "Runbook settings", To: to("/settings")}, portal.Link{Text: "Delete…", To: to("/delete")})
	text := portal.Section{ID: "text", Heading: "What jobs run", Text: "Nothing is published yet. Edit the runbook, save it, and publish it."}
	if !b.PublishedAt.IsZero() {
		text.Text = ""
		text.Codes = []portal.Code{{ID: "published", Label: "Published text", Value: portal.Clip(b.Text, shownText)}}
		if len(b.Text) > shownText {
			text.Text = "Its beginning; the whole is in the editor."
		}
	}
	t.Sections = []portal.Section{text, p.schedules(to, plans)}
	jobs := portal.Section{ID: "jobs", Heading: "Jobs"}
	if len(all) == 0 {
		jobs.Text = "It has not been started."
	} else {
		jobs.Table, jobs.Do = jobTable(v, a, all), []portal.Link{{Text: "All jobs of the account", To: at(v, a, "/jobs")}}
	}
	t.Sections = append(t.Sections, jobs)
	return p.Show(w, r, v, portal.Frame{Title: b.Name, Content: "thing", Data: t, Script: "copy", Crumbs: crumbs(v, a, toRunbooks(v, a))})
}

// shownText is how many bytes of a text stand on a page that is not its editor.
const shownText = 16 << 10

func (p *pages) schedules(to func(string) string, plans []*automation.Schedule) portal.Section {
	s := portal.Section{ID: "schedules", Heading: "Schedules"}
	if len(plans) == 0 {
		s.Text = "It is started by hand."
		return s
	}
	s.Table = &portal.Table{Caption: "When it is started", Heads: []string{"How often", "Next", ""}}
	for _, x := range plans {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: often(x)}, Cells: []portal.Cell{{At: x.NextAt},
			{Do: &portal.Link{Text: "Delete", Of: often(x), To: to("/schedules/" + string(x.ID) + "/delete"), Post: true}}}})
	}
	return s
}

func often(x *automation.Schedule) string {
	unit := map[automation.Frequency]string{automation.Hour: "hour", automation.Day: "day"}[x.Frequency]
	switch {
	case unit == "":
		return "Once"
	case x.Interval == 1:
		return "Every " + unit
	}
	return "Every " + strconv.Itoa(x.Interval) + " " + unit + "s"
}

// editing shows the draft.
func (p *pages) editing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.editor(w, r, v, a, b, &portal.Draft{}, b.Edition())
}

// mostText is how many characters the editor takes.
const mostText = 1 << 20

func (p *pages) editor(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *account, b *automation.Runbook, d *portal.Draft, edition int64) error {
	area := d.Lines(portal.Area{Field: portal.Field{ID: "draft", Label: "Text", Value: b.Draft, Class: "mono", Hint: "Scripts find the identity endpoint in IDENTITY_ENDPOINT and IDENTITY_HEADER. They hold no secret."}, Rows: 24, Most: mostText})
	return p.Show(w, r, v, portal.Frame{Title: "Edit " + b.Name, Content: "form", Problems: d.Problems, Fold: true,
		Crumbs: crumbs(v, a, toRunbooks(v, a), portal.Link{Text: b.Name, To: runbookAt(v, a, b.Name, "")}),
		Data: portal.Form{Action: runbookAt(v, a, b.Name, "/edit"), Hidden: map[string]string{"edition": strconv.FormatInt(edition, 10)},
			Parts:  []portal.Part{area, d.Check(portal.Option{ID: "publish", Label: "Publish it", Hint: "Jobs that start from now on run this text. Without it the draft is saved only."})},
			Button: "Save in " + v.Name(), Back: runbookAt(v, a, b.Name, "")}})
}

func (p *pages) edit(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	edition, _ := strconv.ParseInt(d.Get("edition"), 10, 64)
	err = p.Automation.Write(r.Context(), v.Who, a.Resource, b.Name, d.Values.Get("draft"), edition)
	said := "The draft is saved. Publish it for jobs to run it."
	if err == nil && d.Has("publish", "yes") {
		edition++
		err = p.Automation.Publish(r.Context(), v.Who, a.Resource, b.Name, edition)
		said = "The runbook is published. Start it when you like."
	}
	if err := refused(d, err, map[string]string{"draft": "draft"}); err != nil {
		return err
	}
	if !d.OK() {
		return p.editor(w, r, v, a, b, d, edition)
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, ""), said)
}

func (p *pages) publish(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.Automation.Publish(r.Context(), v.Who, a.Resource, b.Name, b.Edition()); err != nil {
		return err
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, ""), "The runbook is published. Start it when you like.")
}

func (p *pages) describing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.settings(w, r, v, a, b, &portal.Draft{})
}

func (p *pages) settings(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *account, b *automation.Runbook, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Settings of " + b.Name, Content: "form", Problems: d.Problems,
		Crumbs: crumbs(v, a, toRunbooks(v, a), portal.Link{Text: b.Name, To: runbookAt(v, a, b.Name, "")}),
		Data: portal.Form{Action: runbookAt(v, a, b.Name, "/settings"), Button: "Save in " + v.Name(), Back: runbookAt(v, a, b.Name, ""), Parts: []portal.Part{
			d.Line(portal.Field{ID: "description", Label: "Description", Value: b.Description, Autocomplete: "off", Optional: true}),
			d.Check(portal.Option{ID: "again", Label: "A job may be run again from the start when its worker is lost", Hint: "Only for scripts that do no harm when they run twice.", Checked: b.Again})}}})
}

func (p *pages) describe(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	err = p.Automation.Describe(r.Context(), v.Who, a.Resource, b.Name, d.Get("description"), d.Has("again", "yes"))
	if err := refused(d, err, map[string]string{"description": "description"}); err != nil {
		return err
	}
	if !d.OK() {
		return p.settings(w, r, v, a, b, d)
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, ""), "The settings are saved.")
}

func (p *pages) start(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	j, err := p.Automation.Start(r.Context(), v.Who, a.Resource, b.Name)
	if err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/jobs/"+string(j.ID)), "The runbook is started.")
}

func (p *pages) deletingRunbook(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + b.Name + "?", Content: "form", Crumbs: crumbs(v, a, toRunbooks(v, a), portal.Link{Text: b.Name, To: runbookAt(v, a, b.Name, "")}),
		Data: portal.Form{Action: runbookAt(v, a, b.Name, "/delete"), Stop: true, Text: "Its text and its schedules go. Jobs that ran it stay, with what they printed.",
			Button: "Delete runbook in " + v.Name(), Back: runbookAt(v, a, b.Name, ""), Leave: "Keep it"}})
}

func (p *pages) deleteRunbook(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.Automation.DeleteRunbook(r.Context(), v.Who, a.Resource, b.Name); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/runbooks"), "The runbook is gone.")
}

func (p *pages) newSchedule(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.scheduleForm(w, r, v, a, b, &portal.Draft{})
}

const dateForm = "2006-01-02T15:04"

func (p *pages) scheduleForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *account, b *automation.Runbook, d *portal.Draft) error {
	often := portal.Select{Field: portal.Field{ID: "frequency", Label: "How often"}, Options: []portal.Option{
		{Value: string(automation.OneTime), Label: "Once"}, {Value: string(automation.Hour), Label: "Every so many hours"}, {Value: string(automation.Day), Label: "Every so many days"}}}
	return p.Show(w, r, v, portal.Frame{Title: "Add a schedule", Content: "form", Problems: d.Problems,
		Crumbs: crumbs(v, a, toRunbooks(v, a), portal.Link{Text: b.Name, To: runbookAt(v, a, b.Name, "")}),
		Data: portal.Form{Action: runbookAt(v, a, b.Name, "/schedules/new"), Button: "Add schedule in " + v.Name(), Back: runbookAt(v, a, b.Name, ""), Parts: []portal.Part{
			d.Line(portal.Field{ID: "startTime", Label: "First time (UTC)", Type: "datetime-local", Class: "w-half"}), d.Pick(often),
			d.Line(portal.Field{ID: "interval", Label: "Hours or days between two runs", Type: "number", Class: "w-4", Optional: true})}}})
}

func (p *pages) addSchedule(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	plan := automation.Schedule{Frequency: automation.Frequency(d.Get("frequency"))}
	if plan.StartsAt, err = time.Parse(dateForm, d.Get("startTime")); err != nil {
		d.Wrong("startTime", "Enter a day and a time")
	}
	if text := d.Get("interval"); text != "" {
		if plan.Interval, err = strconv.Atoi(text); err != nil {
			d.Wrong("interval", "Enter a number")
		}
	}
	if d.OK() {
		err = p.Automation.AddSchedule(r.Context(), v.Who, a.Resource, b.Name, plan)
		if err := refused(d, err, map[string]string{"startTime": "startTime", "frequency": "frequency", "interval": "interval"}); err != nil {
			return err
		}
	}
	if !d.OK() {
		return p.scheduleForm(w, r, v, a, b, d)
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, ""), "The schedule is added.")
}

func (p *pages) deleteSchedule(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, b, _, err := p.one(r, v)
	if err != nil {
		return err
	}
	plan, err := admin.ID[automation.ScheduleID](r, "plan")
	if err != nil {
		return err
	}
	if err := p.Automation.DeleteSchedule(r.Context(), v.Who, a.Resource, b.Name, plan); err != nil {
		return err
	}
	return p.Done(w, r, runbookAt(v, a, b.Name, ""), "The schedule is gone.")
}
