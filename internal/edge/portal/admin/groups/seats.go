package groups

import (
	"net/http"
	"time"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A seat is what somebody is in a group: a member or an owner.
type seat struct {
	title string
	path  string
	pick  admin.Picker
	add   func(*pages, *http.Request, *admin.Visitor, ids.ObjectID, ids.ObjectID) error
	take  func(*pages, *http.Request, *admin.Visitor, ids.ObjectID, ids.ObjectID) error
}

// somebody are the kinds of those who may own a group or be in any.
var somebody = []lookup.Kind{lookup.Member, lookup.Guest, lookup.Application, lookup.Identity}

var (
	asMember = seat{"Add members", "members", admin.Picker{Field: "who", Picked: "picked", Label: "Find people, groups or applications", Legend: "Who was found"},
		func(p *pages, r *http.Request, v *admin.Visitor, g, who ids.ObjectID) error {
			return p.Groups.AddMember(r.Context(), v.Who, g, who, time.Time{})
		},
		func(p *pages, r *http.Request, v *admin.Visitor, g, who ids.ObjectID) error {
			return p.Groups.RemoveMember(r.Context(), v.Who, g, who)
		}}
	asOwner = seat{"Add owners", "owners", admin.Picker{Field: "who", Picked: "picked", Label: "Find people or applications", Legend: "Who was found", Kinds: somebody},
		func(p *pages, r *http.Request, v *admin.Visitor, g, who ids.ObjectID) error {
			return p.Groups.AddGroupOwner(r.Context(), v.Who, g, who)
		},
		func(p *pages, r *http.Request, v *admin.Visitor, g, who ids.ObjectID) error {
			return p.Groups.RemoveGroupOwner(r.Context(), v.Who, g, who)
		}}
)

// of is the seat with the kinds of those who can be in the group.
func (s seat) of(g *directory.Group) seat {
	switch {
	case s.pick.Kinds != nil:
	case g.Unified() || g.AssignableToRole():
		s.pick.Kinds, s.pick.Label = somebody, "Find people or applications"
	default:
		s.pick.Kinds = append([]lookup.Kind{lookup.Group}, somebody...)
	}
	return s
}

func (p *pages) addingMembers(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.seatForm(w, r, v, asMember, &portal.Draft{})
}

func (p *pages) addMembers(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.seated(w, r, v, asMember)
}

func (p *pages) removeMember(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.unseat(w, r, v, asMember, "The member is removed.")
}

func (p *pages) addingOwners(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.seatForm(w, r, v, asOwner, &portal.Draft{})
}

func (p *pages) addOwners(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.seated(w, r, v, asOwner)
}

func (p *pages) removeOwner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.unseat(w, r, v, asOwner, "The owner is removed.")
}

// seatForm finds who is to be in the group.
func (p *pages) seatForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, s seat, d *portal.Draft) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	s = s.of(g.Group)
	part, err := s.pick.Part(r, v, p.Lookup, d)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: s.title, Content: "form", Problems: d.Problems, Crumbs: crumbs(v, g),
		Data: portal.Form{Action: at(v, g, "/"+s.path+"/add"), Parts: []portal.Part{part}, Button: s.title + " in " + v.Name(), Back: at(v, g, "")}})
}

// seated puts those who were picked into the group. Who is in it already stays
// there; the button that finds somebody only shows who was found.
func (p *pages) seated(w http.ResponseWriter, r *http.Request, v *admin.Visitor, s seat) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	picked := s.pick.Of(d)
	if s.pick.Looks(d) || len(picked) == 0 || len(picked) > lookup.Most {
		switch {
		case len(picked) > lookup.Most:
			d.Wrong(s.pick.Field, "Pick at most %d at once", lookup.Most)
		case !s.pick.Looks(d) && d.Get(s.pick.Field) == "":
			d.Wrong(s.pick.Field, "Find somebody, and pick them")
		case !s.pick.Looks(d):
			d.Wrong(s.pick.Picked, "Pick who is to be added")
		}
		return p.seatForm(w, r, v, s, d)
	}
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	for _, id := range picked {
		err := s.add(p, r, v, g.ID, id)
		if fault.Public(err).Reason == directory.AlreadyMember {
			continue
		}
		if err != nil {
			if d.Refused(err, nil) {
				return p.seatForm(w, r, v, s, d)
			}
			return err
		}
	}
	return p.Done(w, r, at(v, g, "")+"#"+s.path, "They are added.")
}

// unseat takes somebody out of the group.
func (p *pages) unseat(w http.ResponseWriter, r *http.Request, v *admin.Visitor, s seat, done string) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	id, err := ids.Parse[ids.ObjectID](d.Get("object"))
	if err != nil {
		return fault.New(fault.Invalid, "The form is not complete.").WithFix("Go back to the group and press the button once more.")
	}
	if err := s.take(p, r, v, g.ID, id); err != nil {
		if fault.Public(err).Reason != directory.LastOwner {
			return err
		}
		return p.Told(w, r, at(v, g, "")+"#owners", portal.Note{Kind: "stop", Lead: "The last owner stays.", Text: "Add another owner first."})
	}
	return p.Done(w, r, at(v, g, "")+"#"+s.path, done)
}
