package portal

import (
	"net/http"

	"entente/internal/kit/web"
)

// design is what the page of components shows: each part in its states.
type design struct {
	Tickets  map[string]Ticket
	Fields   map[string]Field
	Notes    []Note
	Problems []Problem
}

// Design serves every part of the pages on one page, for whoever builds pages:
// in the frame of a portal with tabs and areas.
func Design(site Site, fail web.ErrorWriter) http.Handler {
	t := Parse(site, nil)
	return web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		return t.Frame(w, r, Frame{
			Title: "Components", Intro: "Every part of the pages, once, from the templates that the pages use.",
			Area: "Design", Home: "/design", Ticket: parts.Tickets["agreed"],
			Account: Account{Name: "Design engineer", Address: "design-engineer@contoso.example", Home: "Contoso", Links: []Link{
				{Text: "Use another account", To: "#main"}, {Text: "My sign-ins and sessions", To: "#main"}, {Text: "Sign out", To: "/design", Post: true}}},
			Tabs:    []Link{{Text: "Components", To: "/design", Current: true}, {Text: "Approvals", To: "#main", Count: "3"}, {Text: "My access", To: "#mine"}},
			Side:    []LinkGroup{{"On this page", sections}},
			Content: "design", Data: parts,
		})
	}, fail)
}

var sections = []Link{
	{Text: "The ticket", To: "#ticket"}, {Text: "Type", To: "#type"}, {Text: "Buttons", To: "#buttons"}, {Text: "Form", To: "#form"},
	{Text: "States", To: "#states"}, {Text: "Notes", To: "#notes"}, {Text: "Packages", To: "#packages"}, {Text: "My access", To: "#mine"},
	{Text: "Timeline", To: "#line"}, {Text: "Dialog", To: "#dialog"}, {Text: "Nothing here", To: "#none"}, {Text: "Refused", To: "#refused"},
}

var parts = design{
	Tickets: map[string]Ticket{
		"asking": {Half{Label: "You act in", Name: "Contoso", Seat: true},
			Half{Label: "On resources of", Name: "Fabrikam", Hidden: "has not agreed yet", Open: true}},
		"agreed": {Half{Label: "You act in", Name: "Contoso", Seat: true},
			Half{Label: "On resources of", Name: "Fabrikam"}},
		"deciding": {Half{Label: "From", Name: "Contoso"},
			Half{Label: "You act in", Name: "Fabrikam", Hidden: "has not agreed yet", Seat: true, Open: true}},
		"ended": {Half{Label: "You act in", Name: "Contoso", Hidden: "ended", Seat: true, Open: true},
			Half{Label: "On resources of", Name: "Fabrikam", Hidden: "ended", Open: true}},
		"home": {To: Half{Label: "You act in", Name: "Fabrikam", Hidden: "on its own resources", Seat: true}},
		"long": {Half{Label: "From", Name: "Contoso Research and Development Netherlands"},
			Half{Label: "You act in", Name: "Fabrikam Turbomachinery Holdings", Seat: true}},
	},
	Fields: map[string]Field{
		"plain": {ID: "f1", Name: "name", Label: "Name", Value: "Joint design files", Class: "w-half", Autocomplete: "off"},
		"bad": {ID: "f2", Name: "contract", Label: "Contract number", Hint: "Nine digits, on the first page of your contract.",
			Error: "Enter the contract number as nine digits", Value: "204 118", InputMode: "numeric", Class: "w-half", Autocomplete: "off"},
		"date": {ID: "f3", Name: "end", Label: "End", Error: "Choose an end date on or before February 28, 2027",
			Value: "2027-05-01", Type: "date", Class: "w-date", Autocomplete: "off"},
	},
	Notes: []Note{
		{"ok", "Approved for Fabrikam.", "Three resources are on their way to design-engineer@contoso.example."},
		{"", "Fabrikam reviews this package on January 1, 2027.", ""},
		{"wait", "Your access ends in 6 days.", "You can ask to extend it."},
		{"stop", "Somebody else has just changed this request.", "Nothing of yours was saved."},
	},
	Problems: []Problem{{"f2", "Enter the contract number as nine digits"}, {"f3", "Choose an end date on or before February 28, 2027"}},
}
