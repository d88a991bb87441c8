package notify

import (
	"time"

	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
)

// An Ask is that somebody wants an access package, as people hear of it.
type Ask struct {
	Package string
	For     Person // who is to have it
	Home    string // their organization; empty: the one that is asked
	By      Person // who asks for them; no name: they do
	Longer  bool   // they have it, and want it for longer or otherwise
	Words   string // why, in their own words
	Made    time.Time
	Starts  time.Time // zero: at once
	Ends    time.Time // zero: never
}

// An ApprovalContent asks somebody to decide.
type ApprovalContent struct {
	Organization Organization
	Ask          Ask
	Again        bool // they were asked before
	PassedOn     bool // others were, and have not decided
	Due          time.Time
	Others       time.Time // when others are asked as well; zero: never
	Link         secret.String
}

func (ApprovalContent) template() string        { return "approval" }
func (ApprovalContent) answersTo() mail.Address { return mail.Address{} }

// A DecisionContent tells those who were asked what became of it.
type DecisionContent struct {
	Organization Organization
	Ask          Ask
	TimedOut     bool
	More         bool // others are asked now
	Link         secret.String
}

func (DecisionContent) template() string        { return "decision" }
func (DecisionContent) answersTo() mail.Address { return mail.Address{} }

// A RefusalContent tells somebody that they do not get what they asked for.
type RefusalContent struct {
	Organization Organization
	Ask          Ask
	TimedOut     bool // nobody has decided
	Link         secret.String
}

func (RefusalContent) template() string        { return "refusal" }
func (RefusalContent) answersTo() mail.Address { return mail.Address{} }

// An AccessContent tells somebody what they have, or have no more.
type AccessContent struct {
	Organization Organization
	Package      string
	For          Person   // who has it; no name: the addressee
	Gives        []string // what it opens; empty: not told
	Changed      bool     // they had it before
	Ending       bool     // this is about its end
	Ended        bool     // which has come
	Until        time.Time
	Extend       bool // they may ask for longer
	Link         secret.String
}

func (AccessContent) template() string        { return "access" }
func (AccessContent) answersTo() mail.Address { return mail.Address{} }

// A TroubleContent tells those who administer a package that somebody did not
// get all of it, or still has some.
type TroubleContent struct {
	Organization Organization
	Ask          Ask
	Taking       bool // it was to be taken away
	Partly       bool
	Why          string
	Until        time.Time // as long as it can be tried again
	Link         secret.String
}

func (TroubleContent) template() string        { return "trouble" }
func (TroubleContent) answersTo() mail.Address { return mail.Address{} }
