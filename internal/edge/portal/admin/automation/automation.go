// Package automation is the area of the admin center for automation accounts, their
// runbooks, jobs and schedules, the workers that run them, and other resources with
// identities: virtual machines, web sites, function apps, logic apps.
//
// Automation accounts stand below /automation, other resources below /resources;
// what both have is the same pages.
package automation

import (
	"embed"
	"errors"
	"net/http"

	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
	"entente/internal/kit/fault"
)

//go:embed templates
var templates embed.FS

// Options are what the pages need.
type Options struct {
	Identities *managedidentity.Service
	Automation *automation.Service
	Base       string // of the installation, for commands to copy
}

type pages struct {
	Options
	*admin.Desk
	streams portal.Streams
}

// An account is what stands in the address: a resource of the tenant's.
type account = managedidentity.Host

var routes = map[string]admin.Page[pages]{
	"GET /automation":      (*pages).accounts,
	"GET /automation/new":  (*pages).newAccount,
	"POST /automation/new": (*pages).addAccount,
	"GET /resources":       (*pages).all,
	"GET /resources/new":   (*pages).newOther,
	"POST /resources/new":  (*pages).addOther,

	"GET /automation/{account}":           (*pages).account,
	"GET /automation/{account}/identity":  (*pages).identity,
	"POST /automation/{account}/identity": (*pages).setIdentity,
	"GET /automation/{account}/delete":    (*pages).deleting,
	"POST /automation/{account}/delete":   (*pages).remove,

	"GET /resources/{account}":           (*pages).account,
	"GET /resources/{account}/identity":  (*pages).identity,
	"POST /resources/{account}/identity": (*pages).setIdentity,
	"GET /resources/{account}/enroll":    (*pages).enrolling,
	"POST /resources/{account}/enroll":   (*pages).enroll,
	"GET /resources/{account}/delete":    (*pages).deleting,
	"POST /resources/{account}/delete":   (*pages).remove,

	"GET /automation/{account}/runbooks":                                    (*pages).runbooks,
	"GET /automation/{account}/runbooks/new":                                (*pages).newRunbook,
	"POST /automation/{account}/runbooks/new":                               (*pages).addRunbook,
	"GET /automation/{account}/runbooks/{runbook}":                          (*pages).runbook,
	"GET /automation/{account}/runbooks/{runbook}/edit":                     (*pages).editing,
	"POST /automation/{account}/runbooks/{runbook}/edit":                    (*pages).edit,
	"GET /automation/{account}/runbooks/{runbook}/settings":                 (*pages).describing,
	"POST /automation/{account}/runbooks/{runbook}/settings":                (*pages).describe,
	"POST /automation/{account}/runbooks/{runbook}/publish":                 (*pages).publish,
	"POST /automation/{account}/runbooks/{runbook}/start":                   (*pages).start,
	"GET /automation/{account}/runbooks/{runbook}/delete":                   (*pages).deletingRunbook,
	"POST /automation/{account}/runbooks/{runbook}/delete":                  (*pages).deleteRunbook,
	"GET /automation/{account}/runbooks/{runbook}/schedules/new":            (*pages).newSchedule,
	"POST /automation/{account}/runbooks/{runbook}/schedules/new":           (*pages).addSchedule,
	"POST /automation/{account}/runbooks/{runbook}/schedules/{plan}/delete": (*pages).deleteSchedule,
	"GET /automation/{account}/jobs":                                        (*pages).jobs,
	"GET /automation/{account}/jobs/{job}":                                  (*pages).job,
	"GET /automation/{account}/jobs/{job}/events":                           (*pages).events,
	"GET /automation/{account}/jobs/{job}/output":                           (*pages).output,
	"POST /automation/{account}/jobs/{job}/stop":                            (*pages).stop,
	"GET /workers":                  (*pages).workers,
	"GET /workers/new":              (*pages).newWorker,
	"POST /workers/new":             (*pages).addWorker,
	"GET /workers/{worker}/remove":  (*pages).removingWorker,
	"POST /workers/{worker}/remove": (*pages).removeWorker,
	"GET /workers/{worker}/enroll":  (*pages).enrollingWorker,
	"POST /workers/{worker}/enroll": (*pages).enrollWorker,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(templates, nil)
	admin.Mount(c, d, &pages{o, d, portal.NewStreams()}, routes)
}

// of returns the resource that the address names, which stands below the part of
// the addresses that its kind has.
func (p *pages) of(r *http.Request, v *admin.Visitor) (*account, error) {
	id, err := admin.ID[managedidentity.HostID](r, "account")
	if err != nil {
		return nil, err
	}
	h, err := p.Identities.HostByID(r.Context(), v.Who, id)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// home is where the list is in which a kind of resource stands.
func home(typ string) (path, title string) {
	if typ == managedidentity.TypeAutomation {
		return "/automation", "Automation accounts"
	}
	return "/resources", "All resources"
}

// at returns the address of a page of the resource.
func at(v *admin.Visitor, a *account, rest string) string {
	path, _ := home(a.Type)
	return v.To(path + "/" + string(a.HostID) + rest)
}

func crumbs(v *admin.Visitor, a *account, more ...portal.Link) []portal.Link {
	path, title := home(a.Type)
	all := []portal.Link{{Text: title, To: v.To(path)}, {Text: a.Name, To: at(v, a, "")}}
	return append(all, more...)
}

// titles are the kinds of resources, in the words of Azure's portal. A web site and
// a function app are one type that its kind divides.
var titles = []struct{ value, title, typ, kind string }{
	{"automation", "Automation account", managedidentity.TypeAutomation, ""},
	{"machine", "Virtual machine", managedidentity.TypeMachine, ""},
	{"site", "Web app", managedidentity.TypeSite, "app"},
	{"function", "Function app", managedidentity.TypeSite, "functionapp"},
	{"workflow", "Logic app", managedidentity.TypeWorkflow, ""},
	{"server", "Machine of your own", managedidentity.TypeServer, ""},
}

func titleOf(a *account) string {
	title := a.Type
	for _, t := range titles {
		if t.typ == a.Type && (t.kind == "" || t.kind == a.Kind || t.kind == "app") {
			title = t.title
		}
		if t.typ == a.Type && t.kind == a.Kind {
			return t.title
		}
	}
	return title
}

// refused puts a refusal into the form, or returns it.
func refused(d *portal.Draft, err error, fields map[string]string) error {
	if err == nil || d.Refused(err, fields) {
		return nil
	}
	return err
}

// missing reports whether something is not there.
func missing(err error) bool { return errors.Is(err, fault.NotFound) }
