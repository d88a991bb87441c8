package portal

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// design is what the page of components shows: each part in its states.
type design struct {
	Tickets  map[string]Ticket
	Fields   map[string]Field
	Choices  []Choices
	Alone    Option
	Notes    []Note
	Problems []Problem
	Tags     []Tag
	Person   Person
	People   []Person
	Codes    []Code
	Facts    []Fact
	Table    Table
	Icons    []string
	Cards    []Link
	Pages    []Link
	Nothing  Nothing
}

// Design serves every part of the pages, for whoever builds pages: most on one
// page, in the frame of a portal with tabs and areas, and below it the pages of
// one card in their states.
func Design(site Site, fail web.ErrorWriter) http.Handler {
	t := Parse(site, nil)
	mux := http.NewServeMux()
	mux.Handle("/design", web.Serve(func(w http.ResponseWriter, r *http.Request) error { return t.Frame(w, r, components) }, fail))
	mux.Handle("GET /design/page/{kind}", web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		page, ok := designPages(r)[r.PathValue("kind")]
		if !ok {
			return fault.New(fault.NotFound, "There is no page at this address.")
		}
		return t.Frame(w, r, page)
	}, fail))
	mux.Handle("GET /design/card/{state}", web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		if r.PathValue("state") == "refused" {
			return t.Refuse(w, r, Refusal{
				Status: http.StatusOK, Code: 50105, Title: "Fabrikam has not let you in", Text: "The application is open only to those who were assigned to it.",
				Ticket: parts.Tickets["ended"], Next: &Next{Button: "Use another account", Action: "/design"},
			})
		}
		card, ok := designCards[r.PathValue("state")]
		if !ok {
			return fault.New(fault.NotFound, "There is no page at this address.")
		}
		return t.Lone(w, r, card)
	}, fail))
	mux.Handle("/", web.Serve(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "There is no page at this address.")
	}, fail))
	return mux
}

// components is the page of parts.
var components = Frame{
	Title: "Components", Intro: "Every part of the pages, once, from the templates that the pages use.",
	Area: "Design", Home: "/design", Ticket: parts.Tickets["agreed"],
	Crumbs: []Link{{Text: "Lab", To: "/lab/"}},
	Account: Account{Name: "Design engineer", Address: "design-engineer@contoso.example", Home: "Contoso", Links: []Link{
		{Text: "Use another account", To: "#main"}, {Text: "My sign-ins and sessions", To: "#main"}, {Text: "Sign out", To: "/design", Post: true}}},
	Tabs:  []Link{{Text: "Components", To: "/design", Current: true}, {Text: "Approvals", To: "#main", Count: "3"}, {Text: "My access", To: "#mine"}},
	Side:  []LinkGroup{{"On this page", sections}},
	Parts: []Link{{Text: "Overview", To: "#main", Current: true}, {Text: "Authentication", To: "#main"}, {Text: "Certificates & secrets", To: "#main"}}, PartsOf: "a thing with pages",
	Script:  "copy",
	Content: "design", Data: parts,
}

// A designCard is what a card of the design pages shows.
type designCard struct {
	Person Person
	Field  Field
	Code   *Code
}

var oneTime = Field{ID: "code", Name: "code", Label: "Code", Hint: "Six digits.", InputMode: "numeric", Autocomplete: "one-time-code", Class: "code w-code"}

var designCards = map[string]Lone{
	"step": {Title: "Enter the code", Area: "Sign in", Ticket: parts.Tickets["asking"], Content: "design card", Data: designCard{parts.Person, oneTime, nil}},
	"error": {Title: "Enter the code", Area: "Sign in", Ticket: parts.Tickets["asking"], Content: "design card", Status: http.StatusOK,
		Problems: []Problem{{"code", "The code is not right, or it is too old"}},
		Data: designCard{parts.Person, Field{ID: "code", Name: "code", Label: "Code", Hint: "Six digits.", Error: "The code is not right, or it is too old",
			InputMode: "numeric", Autocomplete: "one-time-code", Class: "code w-code"}, nil}},
	"note": {Title: "Enter the code", Area: "Sign in", Ticket: parts.Tickets["home"], Content: "design card", Note: &parts.Notes[0], Script: "copy",
		Data: designCard{parts.Person, oneTime, &parts.Codes[1]}},
	"wide": {Title: "Enter the code", Area: "Admin consent", Wide: true, Ticket: parts.Tickets["long"], Content: "design card", Data: designCard{parts.Person, oneTime, nil}},
}

var sections = []Link{
	{Text: "The ticket", To: "#ticket"}, {Text: "Type", To: "#type"}, {Text: "Buttons", To: "#buttons"}, {Text: "Form", To: "#form"},
	{Text: "States", To: "#states"}, {Text: "Notes", To: "#notes"}, {Text: "Accounts", To: "#accounts"}, {Text: "Codes", To: "#codes"}, {Text: "Facts", To: "#facts"},
	{Text: "Table", To: "#table"}, {Text: "Icons and faces", To: "#icons"}, {Text: "Pages of one card", To: "#cards"}, {Text: "Pages of a portal", To: "#pages"}, {Text: "Packages", To: "#packages"}, {Text: "My access", To: "#mine"},
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
	Choices: []Choices{
		{ID: "c1", Name: "period", Legend: "Period", Boxed: true, Options: []Option{
			{Value: "long", Label: "As long as possible", Hint: "90 days", Checked: true}, {Value: "own", Label: "For a specific period"}}},
		{ID: "c2", Name: "way", Legend: "How to prove who you are", Hint: "One of them is enough.", Error: "Choose one of the ways", Options: []Option{
			{Value: "app", Label: "With an authenticator app"}, {Value: "code", Label: "With a recovery code"}}},
		{ID: "c3", Name: "what", Legend: "What to end", Several: true, Options: []Option{
			{Value: "here", Label: "This browser", Checked: true}, {Value: "phone", Label: "The phone"}}},
	},
	Alone: Option{ID: "c4", Name: "tell", Type: "checkbox", Value: "1", Label: "Tell me when something changes", Checked: true},
	Tags: []Tag{
		{"wait", "", "Waiting for approval"}, {"wait", "half", "Delivering"}, {"ok", "", "Delivered"}, {"stop", "warn", "Partially delivered"},
		{"stop", "", "Denied"}, {"", "end", "Expired"}, {"ok", "", "Publisher verified: contoso.example"}, {"wait", "warn", "Publisher not verified"}, {"", "", "This browser"},
	},
	Person: Person{Name: "Design engineer", Address: "design-engineer@contoso.example", Home: "Contoso"},
	People: []Person{
		{Name: "Design engineer", Address: "design-engineer@contoso.example", Home: "Contoso", State: "signed in", Button: "account", Value: "1"},
		{Name: "auditor@fabrikam.example", Address: "auditor@fabrikam.example", Home: "Fabrikam", State: "signed out", Button: "account", Value: "2"},
	},
	Codes: []Code{
		{ID: "k1", Label: "Key for the authenticator app", Hint: "If you can’t scan the picture, type this.", Value: "JBSW Y3DP EHPK 3PXP"},
		{ID: "k2", Label: "Code for the other device", Hint: "It is good for 15 minutes.", Value: "H7TR-42QK", Big: true},
	},
	Facts: []Fact{
		{Name: "Application", Value: "Turbine viewer"}, {Name: "Application ID", Value: "5f0c1a2b-7d3e-4f8a-9b6c-0d1e2f3a9d21", Code: true},
		{Name: "Signed in", At: time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)}, {Name: "State", Tag: &Tag{"ok", "", "In force"}},
		{Name: "Second factor", Value: "Authenticator app", Link: &Link{Text: "Change", To: "#facts"}},
	},
	Table: Table{Caption: "Sessions, newest first", Heads: []string{"Where", "Last used", "State", ""}, Rows: []Row{
		{Cell{Text: "Firefox on Linux", Under: "192.0.2.10"}, []Cell{{At: time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)}, {Tag: &Tag{"ok", "", "This browser"}}, {Text: "–"}}},
		{Cell{Text: "Turbine viewer", Under: "Application of Fabrikam", To: "#table"}, []Cell{{At: time.Date(2026, 11, 20, 15, 2, 0, 0, time.UTC)}, {Tag: &Tag{"", "end", "Ended"}},
			{Do: &Link{Text: "Sign out", To: "/design", Post: true, Fields: map[string]string{"session": "1"}}}}},
	}},
	Icons: slices.Sorted(maps.Keys(icons)),
	Cards: []Link{
		{Text: "A step", To: "/design/card/step"}, {Text: "With a problem", To: "/design/card/error"}, {Text: "With a note and a code", To: "/design/card/note"},
		{Text: "A wide card", To: "/design/card/wide"}, {Text: "A refusal", To: "/design/card/refused"},
	},
	Pages: []Link{
		{Text: "A list", To: "/design/page/list"}, {Text: "A list that has nothing", To: "/design/page/empty"}, {Text: "A form", To: "/design/page/form"},
		{Text: "A confirmation", To: "/design/page/confirm"}, {Text: "One thing", To: "/design/page/thing"},
	},
	Nothing: Nothing{"No requests yet", "When you ask another organization for access, you follow it here from the first question to the last day.", &Link{Text: "See packages", To: "#packages"}},
}
