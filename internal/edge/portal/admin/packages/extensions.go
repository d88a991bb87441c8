package packages

import (
	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

var extensionsStep = step{path: "rules", title: "Rules", text: "Custom extensions of the catalog can be called when something happens to a request or an assignment.", show: (*editing).showExtensions, take: (*editing).takeExtensions}

// extensionStages are when an extension can be called, in Microsoft's words.
var extensionStages = []struct {
	stage, label string
	kind         offer.ExtensionKind
}{
	{"assignmentRequestCreated", "Request is created", offer.RequestExtension},
	{"assignmentRequestApproved", "Request is approved", offer.RequestExtension},
	{"assignmentRequestGranted", "Assignment is granted", offer.RequestExtension},
	{"assignmentRequestRemoved", "Assignment is removed", offer.RequestExtension},
	{"assignmentFourteenDaysBeforeExpiration", "14 days before expiration", offer.AssignmentExtension},
	{"assignmentOneDayBeforeExpiration", "One day before expiration", offer.AssignmentExtension},
}

// extensions returns the first custom extensions of the plan's catalog by name.
func (e *editing) extensions() ([]*offer.Extension, error) {
	catalog := e.plan.Catalog
	if e.plan.ofPolicy() {
		of, err := e.Access.Package(e.ctx, e.v.Who, "", e.plan.Of)
		if err != nil {
			return nil, err
		}
		catalog = of.Catalog
	}
	if catalog == "" {
		return nil, nil // it is made with the package, and has none
	}
	found, err := e.Access.Extensions(e.ctx, e.v.Who, catalog, offer.Asked{Query: query.Query{
		Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostOptions}}})
	return found.Items, err
}

// findRules notes whether there are extensions to choose among.
func (e *editing) findRules() error {
	all, err := e.extensions()
	e.plan.Rules = len(all)+len(e.plan.Policy.Extensions) > 0
	return err
}

func (e *editing) showExtensions() ([]block, error) {
	found, err := e.extensions()
	if err != nil {
		return nil, err
	}
	all := []block{{Part: portal.Part{Heading: "When it is called"}}}
	for _, s := range extensionStages {
		now := string(e.plan.extensionAt(s.stage))
		options, listed := []portal.Option{{Label: "None"}}, now == ""
		for _, x := range found {
			if x.Kind == s.kind {
				options = append(options, portal.Option{Value: string(x.ID), Label: x.Name})
				listed = listed || string(x.ID) == now
			}
		}
		if !listed {
			options = append(options, portal.Option{Value: now, Label: "The one that is chosen now"})
		}
		all = append(all, block{Part: e.form.Pick(portal.Select{Field: portal.Field{ID: s.stage, Label: s.label, Class: "w-half", Value: now}, Options: options})})
	}
	return all, nil
}

// extensionAt returns what is called at a stage, or "".
func (p *plan) extensionAt(stage string) ids.ObjectID {
	for _, x := range p.Policy.Extensions {
		if x.Stage == stage {
			return x.Extension
		}
	}
	return ""
}

func (e *editing) takeExtensions() {
	var chosen []offer.StageExtension
	for _, s := range extensionStages {
		text := e.form.Get(s.stage)
		if text == "" {
			continue
		}
		id, err := ids.Parse[ids.ObjectID](text)
		if err != nil {
			e.form.Wrong(s.stage, "Choose a custom extension of the list")
			return
		}
		chosen = append(chosen, offer.StageExtension{Stage: s.stage, Extension: id})
	}
	e.plan.Policy.Extensions = chosen
}

// sayExtensions says when extensions are called.
func (e *editing) sayExtensions() []sentence {
	var all []sentence
	for _, s := range extensionStages {
		if id := e.plan.extensionAt(s.stage); id != "" {
			name := e.names.extensions[id]
			if name == "" {
				name = "A custom extension"
			}
			all = append(all, say("", name, " is called: "+lower(s.label)+"."))
		}
	}
	return all
}
