package automation

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
	"entente/internal/kit/web"
)

// stateOfJob is how far a job is, in Azure's words.
func stateOfJob(j *automation.Job) portal.Tag {
	switch j.State {
	case automation.New:
		return portal.Tag{Kind: "wait", Text: "Queued"}
	case automation.Activating:
		return portal.Tag{Kind: "wait", Text: "Starting"}
	case automation.Completed:
		return portal.Tag{Kind: "ok", Text: "Completed"}
	case automation.Failed:
		return portal.Tag{Kind: "stop", Text: "Failed"}
	case automation.Running, automation.Stopping:
		return portal.Tag{Kind: "wait", Text: string(j.State)}
	}
	return portal.Tag{Text: string(j.State)}
}

func jobTable(v *admin.Visitor, a *account, all []*automation.Job) *portal.Table {
	t := &portal.Table{Caption: "Jobs, the latest first", Heads: []string{"Runbook", "Status", "Created", "Ended", "Started by"}}
	for _, j := range all {
		tag := stateOfJob(j)
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: j.Name, To: at(v, a, "/jobs/"+string(j.ID))},
			Cells: []portal.Cell{{Tag: &tag}, {At: j.CreatedAt}, {At: j.EndedAt}, {Text: j.By}}})
	}
	return t
}

func (p *pages) jobs(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	after, err := placeOf(r)
	if err != nil {
		return err
	}
	all, more, err := p.Automation.Jobs(r.Context(), v.Who, a.Resource, automation.JobPage{After: after, Limit: portal.PageSize})
	if err != nil {
		return err
	}
	l := portal.List{First: portal.FirstPage(r)}
	if len(all) == 0 {
		l.None = &portal.Nothing{Title: "No jobs", Text: "A job is one run of a runbook. Jobs are kept for thirty days after their end.", Do: &portal.Link{Text: "Runbooks", To: at(v, a, "/runbooks")}}
	} else {
		l.Table = jobTable(v, a, all)
	}
	if more {
		last := all[len(all)-1]
		l.Next = portal.NextAfter(r, strconv.FormatInt(last.CreatedAt.UnixMicro(), 10)+" "+string(last.ID))
	}
	return p.Show(w, r, v, portal.Frame{Title: "Jobs", Content: "list", Data: l, Crumbs: crumbs(v, a)})
}

// placeOf reads the place of a job at which the page begins.
func placeOf(r *http.Request) (automation.JobPlace, error) {
	text, err := portal.AfterOf(r)
	if err != nil || text == "" {
		return automation.JobPlace{}, err
	}
	us, id, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(us, 10, 64)
	if err != nil {
		return automation.JobPlace{}, portal.NoListPage(err)
	}
	return automation.JobPlace{At: time.UnixMicro(n), ID: automation.JobID(id)}, nil
}

// jobData is what the page of a job shows.
type jobData struct {
	State   string // changes whenever the page would
	Tag     portal.Tag
	Facts   []portal.Fact
	Note    *portal.Note
	Lines   []line
	Whole   string // address of the whole output
	Cut     bool   // the page shows its end only
	Live    string
	Look    string
	Looking bool
	Do      []portal.Link
}

// A line is a piece of output of one stream.
type line struct {
	Error bool
	Text  string
}

// shownOutput is how many bytes of output stand on a page: the last ones.
const shownOutput = 32 << 10

// sign is another whenever the page of the job would be.
func sign(j *automation.Job) string { return fmt.Sprintf("%s-%d-%d", j.State, j.Run, j.Printed.Last) }

// jobOf returns the job that the address names, with its account and what it printed.
func (p *pages) jobOf(r *http.Request, v *admin.Visitor) (*account, *automation.Job, []*automation.Record, error) {
	a, err := p.of(r, v)
	if err != nil {
		return nil, nil, nil, err
	}
	id, err := admin.ID[automation.JobID](r, "job")
	if err != nil {
		return nil, nil, nil, err
	}
	j, printed, err := p.Automation.Job(r.Context(), v.Who, a.Resource, id, 0)
	return a, j, printed, err
}

// job shows a job and what it has printed so far.
func (p *pages) job(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, j, printed, err := p.jobOf(r, v)
	if err != nil {
		return err
	}
	to := at(v, a, "/jobs/"+string(j.ID))
	lines, cut := lastOf(printed)
	d := jobData{State: sign(j), Tag: stateOfJob(j), Lines: lines, Cut: cut, Whole: to + "/output", Look: to, Facts: []portal.Fact{
		{Name: "Started by", Value: j.By}, {Name: "Created", At: j.CreatedAt}, {Name: "Type", Value: string(j.Kind)}, {Name: "Job ID", Value: string(j.ID), Code: true}}}
	if !j.StartedAt.IsZero() {
		d.Facts = append(d.Facts, portal.Fact{Name: "Began", At: j.StartedAt})
	}
	if !j.EndedAt.IsZero() {
		d.Facts = append(d.Facts, portal.Fact{Name: "Ended", At: j.EndedAt})
	}
	switch {
	case j.Exception != "":
		d.Note = &portal.Note{Kind: "stop", Lead: "The job failed.", Text: portal.Inert(j.Exception)}
	case j.State == automation.New && j.Run > 0:
		d.Note = &portal.Note{Lead: "Its worker was lost.", Text: "It waits for a worker to run it again from the start."}
	case j.State == automation.New:
		d.Note = &portal.Note{Lead: "It waits for a worker.", Text: "A worker of the organization takes it within seconds. If none does, see under Workers whether one is enrolled and seen lately."}
	}
	if j.Printed.Cut {
		d.Note = &portal.Note{Kind: "wait", Lead: "It printed more than is kept.", Text: "The first mebibyte is here."}
	}
	script := "copy"
	if j.Open() {
		script, d.Live = "live", to+"/events"
		d.Do = []portal.Link{{Text: "Stop in " + v.Name(), To: to + "/stop", Post: true}}
		if r.URL.Query().Get("look") == "5" {
			d.Looking = true
			w.Header().Set("Refresh", "5")
		}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Job of " + j.Name, Content: "job", Data: d, Script: script,
		Crumbs: crumbs(v, a, portal.Link{Text: "Jobs", To: at(v, a, "/jobs")})})
}

// lastOf returns the end of what was printed, as text that can do nothing: bytes
// that are no text and characters that steer a terminal or the direction of
// writing are shown as what they are.
func lastOf(printed []*automation.Record) (all []line, cut bool) {
	size := 0
	for i := len(printed) - 1; i >= 0; i-- {
		bytes := printed[i].Bytes
		if over := size + len(bytes) - shownOutput; over > 0 {
			bytes, cut = bytes[min(over, len(bytes)):], true
		}
		size += len(bytes)
		text := plain(bytes)
		if n := len(all); n > 0 && all[n-1].Error == (printed[i].Stream == automation.Error) {
			all[n-1].Text = text + all[n-1].Text
		} else if text != "" {
			all = append(all, line{printed[i].Stream == automation.Error, text})
		}
		if cut {
			break
		}
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, cut
}

// plain returns bytes as text of one meaning.
func plain(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		switch {
		case c == utf8.RuneError && n <= 1:
			fmt.Fprintf(&out, "\\x%02x", b[0])
		case c == '\n' || c == '\t':
			out.WriteRune(c)
		case c == '\r': // the end of a line on some systems, and otherwise nothing to see
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&out, "\\x%02x", c)
		case portal.Inert("a"+string(c)+"a") != "a"+string(c)+"a":
			fmt.Fprintf(&out, "\\u%04x", c)
		default:
			out.WriteRune(c)
		}
		b = b[max(n, 1):]
	}
	return out.String()
}

// output is the whole output, as it came, to be saved.
func (p *pages) output(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	_, j, printed, err := p.jobOf(r, v)
	if err != nil {
		return err
	}
	web.NoStore(w)
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", `attachment; filename="job-`+string(j.ID)+`.txt"`)
	for _, x := range printed {
		if _, err := w.Write(x.Bytes); err != nil {
			return nil // the reader has gone
		}
	}
	return nil
}

// events tells the page of a job when it is another.
func (p *pages) events(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, j, _, err := p.jobOf(r, v)
	if err != nil {
		return err
	}
	return p.streams.Follow(w, r, func() (string, bool, error) {
		now, _, err := p.Automation.Job(r.Context(), v.Who, a.Resource, j.ID, j.Printed.Last)
		if err != nil {
			return "", false, err
		}
		j = now
		return sign(j), !j.Open(), nil
	})
}

func (p *pages) stop(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, j, _, err := p.jobOf(r, v)
	if err != nil {
		return err
	}
	if err := p.Automation.Stop(r.Context(), v.Who, a.Resource, j.ID); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/jobs/"+string(j.ID)), "The job is being stopped.")
}
