package packages

import (
	"strings"

	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// look reads what the plan's identifiers stand for, in a few reads however many
// they are.
func (e *editing) look() error {
	e.names = names{catalog: "a new catalog", objects: make(map[ids.ObjectID]named), organizations: make(map[ids.OrganizationID]named), extensions: make(map[ids.ObjectID]string)}
	var objects []ids.ObjectID
	var organizations []any
	for _, list := range e.plan.allSets() {
		for _, s := range list {
			switch {
			case s.Organization != "":
				organizations = append(organizations, string(s.Organization))
			case s.Object != "":
				objects = append(objects, s.Object)
			}
		}
	}
	found, err := e.Lookup.Named(e.ctx, e.v.Who, objects...)
	if err != nil {
		return err
	}
	for id, one := range found {
		n := named{one.Name, "user", "seat"}
		if one.Kind == lookup.Group {
			n.kind, n.icon = "group", "group"
		}
		e.names.objects[id] = n
	}
	if len(organizations) > 0 {
		all, err := e.Access.Organizations(e.ctx, e.v.Who, offer.Asked{Query: query.Query{
			Filter: query.In{Field: "id", Values: organizations}, Page: query.Page{Limit: len(organizations)}}})
		if err != nil {
			return err
		}
		for _, o := range all.Items {
			e.names.organizations[o.ID] = named{o.Name, domains(o), "org"}
		}
	}
	if len(e.plan.Policy.Extensions) > 0 {
		all, err := e.extensions()
		if err != nil {
			return err
		}
		for _, x := range all {
			e.names.extensions[x.ID] = x.Name
		}
	}
	return e.lookAround()
}

// lookAround reads the names of the catalog, or of the package whose policy it is.
func (e *editing) lookAround() error {
	if e.plan.ofPolicy() {
		p, err := e.Access.Package(e.ctx, e.v.Who, "", e.plan.Of)
		if err != nil {
			return err
		}
		e.names.of = p.Name
		return nil
	}
	if e.plan.NewCatalog != nil {
		return nil
	}
	c, err := e.Access.Catalog(e.ctx, e.v.Who, e.plan.Catalog)
	if fault.Public(err).Code == fault.NotFound {
		e.names.catalog = "a catalog that is no more"
		return nil
	}
	if err == nil {
		e.names.catalog = c.Name
	}
	return err
}

// allSets returns all lists of people that the plan has.
func (p *plan) allSets() [][]offer.SubjectSet {
	r := p.reviewing()
	all := [][]offer.SubjectSet{p.Policy.Targets, p.Policy.Requestor.OnBehalf, r.Primary, r.Fallback}
	for _, s := range p.Policy.Approval.Stages {
		all = append(all, s.Primary, s.Fallback, s.Alternate, s.AlternateFallback)
	}
	return all
}

// domains returns where people of an organization sign in.
func domains(o *offer.Organization) string {
	var all []string
	for _, s := range o.Sources {
		switch {
		case s.Domain != "":
			all = append(all, s.Domain)
		case s.Name != "" && s.Name != o.Name:
			all = append(all, s.Name)
		}
	}
	return strings.Join(all, ", ")
}

// standing are those whom a policy means by what they are to whoever asks.
var standing = map[offer.SetKind]string{
	offer.RequestorManager: "Manager as approver",
	offer.InternalSponsors: "Internal sponsors",
	offer.ExternalSponsors: "External sponsors",

	offer.TargetUserSponsors: "Sponsors of the guest",
	offer.TargetManager:      "Manager of the person",
}

// whom returns the one whom a set names.
func (n names) whom(s offer.SubjectSet) named {
	switch {
	case s.Organization != "":
		if o, ok := n.organizations[s.Organization]; ok {
			return o
		}
		return named{"An organization that is no more", "", "org"}
	case s.Object != "":
		if o, ok := n.objects[s.Object]; ok {
			return o
		}
		return named{"Somebody who is no more", "", "seat"}
	case s.Rule != "":
		return named{"People for whom the rule holds", s.Rule, "group"}
	}
	return named{standing[s.Kind], "", "seat"}
}
