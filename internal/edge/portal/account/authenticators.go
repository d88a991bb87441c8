package account

import (
	"errors"
	"net/http"
	"net/url"

	"entente/internal/core/factor"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// appData is what the pages about one authenticator app show.
type appData struct {
	In         string
	Tenant     ids.TenantID
	App        ids.MethodID
	Name       string
	Once       string
	First      bool // codes come with it
	Last       bool // the recovery codes go with it
	Demanded   bool
	Enrollment portal.Enrollment
	Code       portal.Field
	Called     portal.Field
}

// securityCrumbs lead back from the pages about security info.
func securityCrumbs() []portal.Link { return []portal.Link{{Text: "Security info", To: securityHome}} }

// addApp shows what an authenticator app is set up with. Its address has a word
// that is another each time, from which the secret follows: loaded again the
// page is the same.
func (p *Pages) addApp(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	q := r.URL.Query()
	in, err := sideIn(v, q.Get("tenant"))
	if err != nil {
		return err
	}
	if once := q.Get("once"); !ids.Valid(once) {
		portal.Lead(w, r, addAddress(in, ids.New[ids.FlowID]()))
		return nil
	}
	if !p.signIn.Fresh(v.Visitor) {
		return p.anew(w, r, v, r.URL.RequestURI())
	}
	return p.addPage(w, r, v, in, q.Get("once"), "", 0, nil)
}

func addAddress[S ~string](in ids.TenantID, once S) string {
	return sideAddress("/account/security/app", in, url.Values{"once": {string(once)}})
}

// addPage shows the form, with what is wrong, if anything is.
func (p *Pages) addPage(w http.ResponseWriter, r *http.Request, v *portal.Visitor, in ids.TenantID, once, name string, status int, wrong *portal.Problem) error {
	who, of := callerIn(v, in)
	info, err := p.factors.Info(r.Context(), who, who.Object)
	if err != nil {
		return err
	}
	e, err := p.factors.Offer(r.Context(), who, v.Session.Holder(once))
	if err != nil {
		return err
	}
	d := appData{In: of, Tenant: in, Once: once, First: info.Spares.Left == 0, Code: portal.CodeField(""), Called: nameField(name)}
	d.Called.Optional, d.Code.Focus = true, false // what is to be scanned stands above
	if d.Enrollment, err = portal.NewEnrollment(e); err != nil {
		return err
	}
	f := portal.Frame{Title: "Add an authenticator app", Content: "addapp", Script: "copy", Status: status, Crumbs: securityCrumbs()}
	if wrong != nil {
		f.Problems = []portal.Problem{*wrong}
		for _, field := range []*portal.Field{&d.Code, &d.Called} {
			if field.ID == wrong.Field {
				field.Error = wrong.Text
			}
		}
	}
	f.Data = d
	return p.frame(w, r, v, securityHome, f)
}

// nameField is the field for what an authenticator app is called.
func nameField(value string) portal.Field {
	return portal.Field{ID: "device", Name: "device", Label: "Name of the phone", Hint: "To tell it from others, such as “My phone”.", Value: value, Class: "w-half"}
}

// takeApp registers the app once its code proves that it works.
func (p *Pages) takeApp(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	in, err := sideIn(v, form.Get("tenant"))
	if err != nil {
		return err
	}
	once := form.Get("once")
	if !ids.Valid(once) {
		portal.Lead(w, r, addAddress(in, ids.New[ids.FlowID]()))
		return nil
	}
	admitted, spares, err := p.signIn.AddAuthenticator(r.Context(), v.Browser, v.Visitor, in, once, form.Get("device"), form.Get("code"))
	wrong := &portal.Problem{Field: "code", Text: "The code is not right. Enter the six digits that the app shows now."}
	switch {
	case err == nil:
		portal.KeepSession(w, r, admitted)
	case errors.Is(err, signin.OldProof):
		return p.anew(w, r, v, addAddress(in, once))
	case errors.Is(err, factor.WrongName):
		wrong.Field, wrong.Text = "device", fault.Public(err).Message
		fallthrough
	case errors.Is(err, factor.WrongCode):
		return p.addPage(w, r, v, in, once, form.Get("device"), http.StatusUnprocessableEntity, wrong)
	default:
		return err
	}
	if spares {
		portal.Lead(w, r, codesAddress(in, once))
		return nil
	}
	return told(w, r, securityHome, portal.Note{Kind: "ok", Lead: "The authenticator app is added.", Text: "From now on its codes count, too."})
}

// renaming asks for another name.
func (p *Pages) renaming(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	d, err := p.app(r, v, r.URL.Query())
	if err != nil {
		return err
	}
	if !p.signIn.Fresh(v.Visitor) {
		return p.anew(w, r, v, r.URL.RequestURI())
	}
	d.Called = nameField(d.Name)
	return p.renamePage(w, r, v, d, 0, nil)
}

func (p *Pages) renamePage(w http.ResponseWriter, r *http.Request, v *portal.Visitor, d appData, status int, problems []portal.Problem) error {
	return p.frame(w, r, v, securityHome, portal.Frame{Title: "Rename an authenticator app", Content: "renameapp", Data: d, Status: status, Problems: problems, Crumbs: securityCrumbs()})
}

// rename gives an app another name.
func (p *Pages) rename(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	d, err := p.app(r, v, form)
	if err != nil {
		return err
	}
	err = p.signIn.RenameAuthenticator(r.Context(), v.Browser, v.Visitor, d.Tenant, d.App, form.Get("device"))
	switch {
	case errors.Is(err, signin.OldProof):
		return p.anew(w, r, v, d.address("/account/security/rename"))
	case errors.Is(err, factor.WrongName):
		d.Called = nameField(form.Get("device"))
		d.Called.Error = fault.Public(err).Message
		return p.renamePage(w, r, v, d, http.StatusUnprocessableEntity, []portal.Problem{{Field: d.Called.ID, Text: d.Called.Error}})
	case err != nil:
		return err
	}
	return told(w, r, securityHome, portal.Note{Kind: "ok", Lead: "The authenticator app has another name."})
}

// removing asks whether the visitor means it.
func (p *Pages) removing(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	d, err := p.app(r, v, r.URL.Query())
	if err != nil {
		return err
	}
	if !p.signIn.Fresh(v.Visitor) {
		return p.anew(w, r, v, r.URL.RequestURI())
	}
	return p.frame(w, r, v, securityHome, portal.Frame{Title: "Remove an authenticator app?", Content: "removeapp", Data: d, Crumbs: securityCrumbs()})
}

// remove takes an app away.
func (p *Pages) remove(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	d, err := p.app(r, v, form)
	if err != nil {
		return err
	}
	err = p.signIn.RemoveAuthenticator(r.Context(), v.Browser, v.Visitor, d.Tenant, d.App)
	if errors.Is(err, signin.OldProof) {
		return p.anew(w, r, v, d.address("/account/security/remove"))
	}
	if err != nil {
		return err
	}
	n := portal.Note{Kind: "ok", Lead: "The authenticator app is removed.", Text: "Delete its entry in the app, too: its codes count no more."}
	if d.Last {
		n.Text = "Your password alone lets you in now, and your recovery codes are gone."
	}
	return told(w, r, securityHome, n)
}

// app reads which of the visitor's authenticator apps a page or form is about.
// Any other looks like none.
func (p *Pages) app(r *http.Request, v *portal.Visitor, q url.Values) (appData, error) {
	none := fault.New(fault.NotFound, "You have no such authenticator app.")
	in, err := sideIn(v, q.Get("tenant"))
	if err != nil {
		return appData{}, err
	}
	id, err := ids.Parse[ids.MethodID](q.Get("app"))
	if err != nil {
		return appData{}, none
	}
	who, name := callerIn(v, in)
	info, err := p.factors.Info(r.Context(), who, who.Object)
	if err != nil {
		return appData{}, err
	}
	for _, a := range info.Authenticators {
		if a.ID == id {
			return appData{In: name, Tenant: in, App: id, Name: a.Name, Last: len(info.Authenticators) == 1, Demanded: info.Demanded}, nil
		}
	}
	return appData{}, none
}

func (d appData) address(path string) string {
	return sideAddress(path, d.Tenant, url.Values{"app": {string(d.App)}})
}
