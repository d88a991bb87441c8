package account

import (
	"net/http"
	"strings"
	"time"

	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// applicationsData is what the page of applications shows.
type applicationsData struct {
	In   string
	List []agreed
}

// An agreed application is one to which the visitor has said yes.
type agreed struct {
	Client    ids.ObjectID
	Name      string
	Home      string // the organization that it belongs to
	Domain    string
	Publisher *portal.Tag
	Since     time.Time
	Own       []permitted
	Everybody []permitted
}

// A permitted thing is one permission.
type permitted struct{ Name, Value, Of string }

// applications lists what the visitor has agreed to where they act.
func (p *Pages) applications(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	all, homes, err := p.signIn.OwnConsents(r.Context(), v.Browser, v.Visitor)
	if err != nil {
		return err
	}
	d := applicationsData{In: v.In.DisplayName}
	for _, o := range all {
		a := agreed{Client: o.Client, Name: o.Name, Since: o.Since, Own: permissions(o.Given), Everybody: permissions(o.Everybody),
			Publisher: &portal.Tag{Kind: "wait", Sign: "warn", Text: "Publisher not verified"}}
		if home, known := homes[o.Home]; known {
			a.Home, a.Domain = home.Name, home.Domain
		}
		if o.Publisher != "" {
			a.Publisher = &portal.Tag{Kind: "ok", Text: "Publisher verified: " + portal.Inert(o.Publisher)}
		}
		d.List = append(d.List, a)
	}
	return p.frame(w, r, v, "/account/applications", portal.Frame{Title: "Applications", Content: "applications", Data: d,
		Intro: "What you have let applications do for you in " + portal.Inert(v.In.DisplayName) + ". In another organization, switch there first."})
}

func permissions(given []consent.Given) []permitted {
	var list []permitted
	for _, g := range given {
		p := permitted{g.Name, g.Value, g.ResourceName}
		if strings.TrimSpace(p.Name) == "" {
			p.Name = p.Value
		}
		list = append(list, p)
	}
	return list
}

// takeBack takes back what the visitor has agreed to.
func (p *Pages) takeBack(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	text, err := field(r, "application")
	if err != nil {
		return err
	}
	client, err := ids.Parse[ids.ObjectID](text)
	if err != nil {
		return fault.New(fault.NotFound, "There is no consent of yours to this application.")
	}
	if err := p.signIn.TakeBack(r.Context(), v.Browser, v.Visitor, client); err != nil {
		return err
	}
	return told(w, r, "/account/applications", portal.Note{Kind: "ok", Lead: "Your consent is taken back.", Text: "The application asks you again when it needs something."})
}
