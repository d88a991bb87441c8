package portal

import (
	"net/http"
	"time"
)

// designPages are the pages that areas of a portal are made of, each in its
// frame: a list with its filter, a list that has nothing, a form with problems, a
// confirmation, and the page of one thing.
func designPages(r *http.Request) map[string]Frame {
	frame := func(title, content string, data any) Frame {
		f := components
		f.Title, f.Intro, f.Content, f.Data, f.Tabs = title, "", content, data, nil
		f.Crumbs = []Link{{Text: "Components", To: "/design"}}
		return f
	}
	filter := NewFilter(r, "Search packages", &Field{ID: "find", Label: "Name begins with"},
		Select{Field: Field{ID: "state", Label: "State"}, Options: []Option{{Label: "Any"}, {Value: "ok", Label: "Delivered"}, {Value: "failed", Label: "Delivery failed"}}})
	list := frame("Access packages", "list", List{Filter: filter, Table: &parts.Table, First: FirstPage(r), Next: NextPage(r, []any{"x"})})
	list.Do = &Link{Text: "New access package", To: "/design/page/form"}
	empty := frame("Access packages", "list", List{Filter: filter, None: filter.Missed()})
	draft := Draft{Problems: []Problem{{"name", "Enter a name"}, {"days", "Enter a number of days, such as 90"}}}
	form := frame("New access package", "form", Form{Action: "/design", Button: "Create package in Fabrikam", Back: "/design", Parts: []Part{
		draft.Line(Field{ID: "name", Label: "Name", Class: "w-half", Autocomplete: "off"}),
		draft.Lines(Area{Field: Field{ID: "about", Label: "Description", Optional: true, Hint: "Whoever asks reads it."}}),
		draft.Pick(Select{Field: Field{ID: "catalog", Label: "Catalog", Class: "w-half", Value: "b"}, Options: []Option{{Value: "a", Label: "General"}, {Value: "b", Label: "Partner engineering"}}}),
		{Heading: "Lifecycle", Text: "When access ends by itself."},
		draft.Choose(Choices{ID: "end", Legend: "When does access end?", Boxed: true, Options: []Option{{Value: "days", Label: "After a number of days", Checked: true}, {Value: "never", Label: "Never"}}}),
		draft.Line(Field{ID: "days", Label: "Days", Value: "ninety", InputMode: "numeric", Class: "w-date", Autocomplete: "off"}),
		draft.Check(Option{ID: "extend", Label: "People may ask to extend", Checked: true}),
		{Find: &Find{Field: Field{ID: "approver", Name: "approver", Label: "Approver", Hint: "The beginning of a name.", Class: "w-half", Optional: true, Autocomplete: "off"}, Button: "find",
			Found: &Choices{ID: "who", Name: "who", Legend: "Who was found", Options: []Option{{Value: "1", Label: "Project owner", Hint: "project-owner@fabrikam.example"}}}}},
	}})
	form.Problems, form.Status = draft.Problems, http.StatusOK
	confirm := frame("Delete “Joint design files”?", "form", Form{Action: "/design", Button: "Delete package in Fabrikam", Stop: true, Back: "/design", Leave: "Keep it",
		Text: "Nobody has it now. Its policies and its link go with it, and it can’t be undone."})
	thing := frame("Joint design files", "thing", Thing{Tags: parts.Tags[2:3], Text: "Drawings and handbook.", Do: []Link{{Text: "Edit", To: "#main"}, {Text: "Delete", Of: "Joint design files", To: "/design/page/confirm"}},
		Codes: []Code{{ID: "link", Label: "My Access link", Value: "https://id.example/@fabrikam.example/access-packages/5f0c1a2b-7d3e-4f8a-9b6c-0d1e2f3a9d21"}},
		Facts: []Fact{{Name: "Catalog", Value: "Partner engineering"}, {Name: "Created", At: time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)}},
		Sections: []Section{
			{ID: "sessions", Heading: "Sessions", Table: &parts.Table, Do: []Link{{Text: "Add a resource role", To: "#main"}}},
			{ID: "policies", Heading: "Policies", None: &Nothing{Title: "No policy yet", Text: "Without one nobody can ask."}},
			{ID: "about", Heading: "Properties", Text: "What it is.", Facts: parts.Facts},
		}})
	return map[string]Frame{"list": list, "empty": empty, "form": form, "confirm": confirm, "thing": thing}
}
