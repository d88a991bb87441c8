package edm

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Metadata returns the CSDL document of a version (OData CSDL XML 4.01). Every
// name in it is an identifier of ours, so that nothing has to be escaped.
func (r *Registry) Metadata(v Version) []byte {
	p := &printer{r: r, v: v}
	p.line(`<?xml version="1.0" encoding="utf-8"?>`)
	p.line(`<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">`)
	p.line(`  <edmx:DataServices>`)
	p.line(`    <Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">`)
	p.types()
	p.actions()
	p.container()
	p.line(`    </Schema>`)
	p.line(`  </edmx:DataServices>`)
	p.line(`</edmx:Edmx>`)
	return []byte(p.b.String())
}

// ServiceDocument returns the list of sets at the root of a version (OData
// JSON 4.01, section 5).
func (r *Registry) ServiceDocument(v Version, base string) ([]byte, error) {
	type entry struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
		URL  string `json:"url"`
	}
	value := []entry{}
	for _, s := range r.Sets {
		if name := s.Path.In(v); name != "" {
			kind := "EntitySet"
			if s.Single {
				kind = "Singleton"
			}
			value = append(value, entry{name, kind, name})
		}
	}
	return json.Marshal(struct {
		Context string  `json:"@odata.context"`
		Value   []entry `json:"value"`
	}{base + "/" + v.String() + "/$metadata", value})
}

type printer struct {
	b strings.Builder
	r *Registry
	v Version
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format+"\n", args...)
}

// types prints enumerations, complex types and entity types, by name.
func (p *printer) types() {
	for _, t := range slices.Sorted(maps.Keys(p.r.enums)) {
		e := p.r.enums[t]
		flags := ""
		if e.Flags {
			flags = ` IsFlags="true"`
		}
		p.line(`      <EnumType Name="%s"%s>`, e.Name, flags)
		for i, m := range e.Members {
			if e.Flags {
				i = 1 << i
			}
			p.line(`        <Member Name="%s" Value="%d"/>`, m, i)
		}
		p.line(`      </EnumType>`)
	}
	for _, t := range slices.Sorted(maps.Keys(p.r.complex)) {
		c := p.r.complex[t]
		p.line(`      <ComplexType Name="%s">`, c.Name)
		p.props(c.Props)
		p.line(`      </ComplexType>`)
	}
	for _, t := range slices.Sorted(maps.Keys(p.r.entities)) {
		p.entity(t, p.r.entities[t])
	}
}

func (p *printer) entity(t Type, e *Entity) {
	attrs := ""
	if e.Base != "" {
		attrs += ` BaseType="microsoft.graph.` + e.Base + `"`
	}
	if e.Abstract {
		attrs += ` Abstract="true"`
	}
	p.line(`      <EntityType Name="%s"%s>`, e.Name, attrs)
	if (e.Base == "" || e.Key != "") && p.r.propByName(t, p.r.KeyProp(t)) != nil {
		p.line(`        <Key><PropertyRef Name="%s"/></Key>`, p.r.KeyProp(t))
	}
	p.props(slices.DeleteFunc(slices.Clone(e.Props), func(own Prop) bool {
		return e.Base != "" && p.r.propByName(Of(e.Base), own.Name) != nil
	}))
	for _, part := range p.r.PartsOf(t, p.v) {
		kind, contained := Many(part.Type), ` ContainsTarget="true"`
		if part.Single {
			kind = part.Type
		}
		if part.Linked {
			contained = ""
		}
		p.line(`        <NavigationProperty Name="%s" Type="%s"%s/>`, part.Path.In(p.v), kind, contained)
	}
	p.line(`      </EntityType>`)
}

func (p *printer) props(props []Prop) {
	for _, prop := range props {
		if name := prop.In(p.v); name != "" {
			nullable := ""
			if prop.NotNull {
				nullable = ` Nullable="false"`
			}
			p.line(`        <Property Name="%s" Type="%s"%s/>`, name, prop.Type, nullable)
		}
	}
}

// PartsOf returns the parts of entities of type t, each name once, in order.
func (r *Registry) PartsOf(t Type, v Version) []*Set {
	byName := make(map[string]*Set)
	r.Walk(func(_ []*Set, s *Set) {
		if s.Type == t {
			for _, part := range s.Parts {
				if name := part.Path.In(v); name != "" && byName[name] == nil {
					byName[name] = part
				}
			}
		}
	})
	var parts []*Set
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		parts = append(parts, byName[name])
	}
	return parts
}

func (p *printer) actions() {
	printed := make(map[string]bool)
	p.r.Walk(func(_ []*Set, s *Set) {
		for _, a := range s.Actions {
			p.action(a, s.Type, printed)
		}
		for _, a := range s.Common {
			p.action(a, Many(s.Type), printed)
		}
	})
}

func (p *printer) action(a Action, on Type, printed map[string]bool) {
	if !a.in(p.v) || printed[a.Name+string(on)] {
		return
	}
	printed[a.Name+string(on)] = true
	element := "Action"
	if a.Function {
		element = "Function"
	}
	p.line(`      <%s Name="%s" IsBound="true">`, element, a.Name)
	p.line(`        <Parameter Name="bindingParameter" Type="%s"/>`, on)
	for _, param := range a.Params {
		p.line(`        <Parameter Name="%s" Type="%s"/>`, param.Name, param.Type)
	}
	if a.Returns != "" {
		p.line(`        <ReturnType Type="%s"/>`, a.Returns)
	}
	p.line(`      </%s>`, element)
}

func (p *printer) container() {
	p.line(`      <EntityContainer Name="GraphService">`)
	for _, s := range p.r.Sets {
		switch name := s.Path.In(p.v); {
		case name == "":
		case s.Single:
			p.line(`        <Singleton Name="%s" Type="%s"/>`, name, s.Type)
		default:
			p.line(`        <EntitySet Name="%s" EntityType="%s"/>`, name, s.Type)
		}
	}
	p.line(`      </EntityContainer>`)
}
