package notify

import (
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Kind says what a message is about, and chooses its writer.
type Kind string

// The kinds.
const (
	Invitation Kind = "invitation"      // brings a guest the link
	Approval   Kind = "access.approval" // asks to decide on a request for access
	Decision   Kind = "access.decision" // tells those who were asked what was decided
	Refusal    Kind = "access.refusal"  // tells who asked that nothing comes of it
	Access     Kind = "access.access"   // tells what somebody has, or has no more
	Trouble    Kind = "access.trouble"  // tells those who administer it that something could not be given
)

// about says what a message of the kind is about, in the words of the audit log.
func (k Kind) about() (category, kind string) {
	if k == Invitation {
		return "UserManagement", "User"
	}
	return "EntitlementManagement", "AccessPackageAssignmentRequest"
}

// A State says how far a message has come.
type State string

// The states of a message.
const (
	Waiting State = "waiting"
	Sent    State = "sent"
	Dropped State = "dropped" // there was nothing to say any more
	Failed  State = "failed"
)

// next lists, for each state, the states that may follow. A state without an
// entry is final.
var next = map[State][]State{
	Waiting: {Sent, Dropped, Failed},
	Failed:  {Sent, Dropped},
}

// Limits of what is stored.
const (
	maxNote     = 5000
	maxLanguage = 35
	maxAddress  = 254
)

// keep is how long the row of a message that has ended is kept.
const keep = 30 * 24 * time.Hour

// A Message is one copy of what a person is to be told.
type Message struct {
	ID        string
	Tenant    ids.TenantID // in whose name it is sent
	Kind      Kind
	About     string // the object
	Part      string // which happening of the object, or empty
	Recipient string // the address that this copy goes to
	Addressee string // the address that the message is written to
	Language  string // as BCP 47 has it, or empty
	Note      string // the words of whoever caused it
	CreatedAt time.Time

	state State
}

// Copy reports whether the recipient is told for information only.
func (m *Message) Copy() bool { return m.Recipient != m.Addressee }

// check refuses what cannot be stored.
func (m *Message) check() error {
	switch {
	case m.Tenant == "" || m.Kind == "" || m.About == "" || m.Addressee == "" || m.Recipient == "":
		return fault.New(fault.Internal, "A message lacks its tenant, kind, object or recipient.")
	case len(m.Note) > maxNote || len(m.Language) > maxLanguage || len(m.Recipient) > maxAddress || len(m.Addressee) > maxAddress:
		return fault.New(fault.Invalid, "A message's words, language or address is too long.")
	}
	return nil
}

// end moves the message to a state that ends it for now, or reports that it
// cannot go there.
func (m *Message) end(to State) error {
	if !slices.Contains(next[m.state], to) {
		return fault.New(fault.Conflict, "A message cannot go from %s to %s.", m.state, to)
	}
	m.state = to
	return nil
}

// over reports whether there is nothing left to do.
func (m *Message) over() bool { return len(next[m.state]) == 0 }

// noServer refuses a message where none can be sent.
func noServer() error {
	return fault.New(fault.Unavailable, "This installation sends no mail: its operator has not set mail-server.").
		WithFix("The operator sets mail-server and mail-from.")
}
