package account

import (
	"errors"
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// codesData is what the pages of recovery codes show.
type codesData struct {
	In     string
	Tenant ids.TenantID
	Once   string
	Spares portal.Spares
}

func codesAddress[S ~string](in ids.TenantID, once S) string {
	return sideAddress("/account/security/codes", in, url.Values{"once": {string(once)}})
}

// codes shows new recovery codes, until the visitor says that they are saved.
func (p *Pages) codes(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	q := r.URL.Query()
	in, err := sideIn(v, q.Get("tenant"))
	if err != nil {
		return err
	}
	who, name := callerIn(v, in)
	d := codesData{In: name, Tenant: in, Once: q.Get("once")}
	if ids.Valid(d.Once) {
		codes, err := p.factors.Spares(r.Context(), who, v.Session.Holder(d.Once))
		if err != nil {
			return err
		}
		d.Spares = portal.NewSpares(codes)
	}
	f := portal.Frame{Title: "Save your recovery codes", Content: "codes", Data: d, Script: "copy", Crumbs: securityCrumbs()}
	if len(d.Spares.Codes) == 0 {
		f.Title = "Recovery codes"
	}
	return p.frame(w, r, v, securityHome, f)
}

// savedCodes takes the word that they are saved: they are not shown from then on.
func (p *Pages) savedCodes(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	in, err := sideIn(v, form.Get("tenant"))
	if err != nil {
		return err
	}
	// They may be too old to be shown by now, like the proof: then there is nothing left to hide.
	err = p.signIn.SavedSpares(r.Context(), v.Browser, v.Visitor, in, form.Get("once"))
	if err != nil && !errors.Is(err, signin.OldProof) {
		return err
	}
	return told(w, r, securityHome, portal.Note{Kind: "ok", Lead: "Your recovery codes are ready.", Text: "Keep them where you find them without your phone."})
}

// renewing asks whether the visitor means it.
func (p *Pages) renewing(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	in, err := sideIn(v, r.URL.Query().Get("tenant"))
	if err != nil {
		return err
	}
	if !p.signIn.Fresh(v.Visitor) {
		return p.anew(w, r, v, r.URL.RequestURI())
	}
	_, name := callerIn(v, in)
	return p.frame(w, r, v, securityHome, portal.Frame{Title: "Make new recovery codes?", Content: "renewcodes", Data: codesData{In: name, Tenant: in}, Crumbs: securityCrumbs()})
}

// renewCodes makes new ones in place of the old.
func (p *Pages) renewCodes(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	text, err := field(r, "tenant")
	if err != nil {
		return err
	}
	in, err := sideIn(v, text)
	if err != nil {
		return err
	}
	once := ids.New[ids.FlowID]()
	err = p.signIn.RenewSpares(r.Context(), v.Browser, v.Visitor, in, string(once))
	if errors.Is(err, signin.OldProof) {
		return p.anew(w, r, v, sideAddress("/account/security/codes/renew", in, nil))
	}
	if err != nil {
		return err
	}
	portal.Lead(w, r, codesAddress(in, once))
	return nil
}
