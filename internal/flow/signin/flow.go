package signin

import (
	"slices"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// A State says what a flow waits for.
type State string

// The states.
const (
	Identify State = "identify" // the address
	Password State = "password" // the password at home
	Renew    State = "renew"    // a password of their own in place of an administrator's
	Factor   State = "factor"   // a code of a second factor
	Enroll   State = "enroll"   // that a second factor is registered
	Spares   State = "spares"   // that the new recovery codes are saved
	Confirm  State = "confirm"  // which of the browser's accounts it is
	Proven   State = "proven"   // nothing: onward decides what is next, before the flow is stored
	Redeem   State = "redeem"   // the answer to the tenant's invitation
	Device   State = "device"   // the word that the person has started the device themselves
	Consent  State = "consent"  // the decision
	Ready    State = "ready"    // that the browser goes on to where it wanted
	Done     State = "done"
)

// next lists, for each state, the states that may follow. A state without an
// entry is final.
var next = map[State][]State{
	Identify: {Password},
	Password: {Identify, Renew, Proven},
	Renew:    {Identify, Proven},
	Confirm:  {Identify, Password, Proven},
	Proven:   {Password, Factor, Enroll, Device, Redeem, Consent, Ready},
	Factor:   {Identify, Proven},
	Enroll:   {Identify, Spares, Proven},
	Spares:   {Identify, Proven},
	Redeem:   {Identify, Proven, Done},
	Device:   {Identify, Proven, Done},
	Consent:  {Identify, Proven, Done},
	Ready:    {Identify, Done},
}

// An Outcome is how a flow ended.
type Outcome string

// The outcomes.
const (
	Granted  Outcome = "granted"
	Declined Outcome = "declined"
	SignedIn Outcome = "signedIn"
)

// flowLife is how long a flow may take from its first page to its last.
const flowLife = time.Hour

// A Flow is one sign-in that is under way in one browser. Its state changes
// only through the methods below.
type Flow struct {
	ID        ids.FlowID
	Browser   secret.Digest // of the cookie of the browser that began it
	State     State
	Ask       Ask
	Username  string        // as typed, without spaces around it
	Home      ids.TenantID  // where the account lives; empty at identify
	User      ids.ObjectID  // who it is; empty until proven
	Session   ids.SessionID // the browser's, of that account; empty until proven
	Keep      bool          // the session is to outlive the run of its browser
	ProvenAt  time.Time     // when; what was revoked later counts no more
	Methods   []string      // what was proved, in the words of a session
	Shown     secret.Digest // of the offer that was granted
	Outcome   Outcome       // empty until done
	Until     time.Time     // when what was granted ends; zero: no end
	CreatedAt time.Time
	ExpiresAt time.Time

	by      Browser // who sends the step that is under way; not stored
	version int64
}

// NewFlow returns a flow at its first step.
func NewFlow(browser secret.Digest, ask Ask, now time.Time) *Flow {
	return &Flow{
		ID: ids.New[ids.FlowID](), Browser: browser, State: Identify, Ask: ask,
		CreatedAt: now, ExpiresAt: now.Add(flowLife), version: 1,
	}
}

// Choose begins the flow with the question which of the browser's accounts it is.
func (f *Flow) Choose() { f.State = Confirm }

// Confirmed takes the word that it is the account of an open session: the
// person's, or the application's where nobody is to be asked.
func (f *Flow) Confirmed(h Held) error {
	if f.State != Confirm {
		return stale()
	}
	f.Home, f.User, f.Username, f.Session, f.ProvenAt = h.Home, h.User, h.Username, h.ID, h.AuthAt
	f.Methods = strings.Fields(h.Method)
	return f.move(Proven)
}

// Resource returns the tenant in which the flow acts: the one that was asked
// for, or else the account's home.
func (f *Flow) Resource() ids.TenantID {
	if f.Ask.Tenant != "" {
		return f.Ask.Tenant
	}
	return f.Home
}

// Identify takes the typed address and the home that its domain names.
func (f *Flow) Identify(username string, home ids.TenantID) error {
	if err := f.move(Password); err != nil {
		return err
	}
	f.Username, f.Home = username, home
	return nil
}

// Prove takes the word of home that the person is user. With renew, they first
// choose a password of their own.
func (f *Flow) Prove(user ids.ObjectID, renew bool, now time.Time) error {
	if f.State != Password {
		return stale()
	}
	f.User, f.ProvenAt, f.Methods = user, now, []string{"pwd"}
	f.Session = "" // a session that the flow went on with begins anew by this proof
	if renew {
		return f.move(Renew)
	}
	return f.move(Proven)
}

// Renewed takes the word that the password is the person's own by now.
func (f *Flow) Renewed(now time.Time) error {
	if f.State != Renew {
		return stale()
	}
	f.ProvenAt = now
	return f.move(Proven)
}

// Leave ends a sign-in to an application or to a page of ours: the browser goes
// on to it.
func (f *Flow) Leave() error {
	if f.State != Ready {
		return stale()
	}
	f.Outcome = SignedIn
	return f.move(Done)
}

// Restart forgets the account, because the person wants to use another.
func (f *Flow) Restart() error {
	if f.State == Identify {
		return nil
	}
	if err := f.move(Identify); err != nil {
		return err
	}
	f.Username, f.Home, f.User, f.Session, f.Keep, f.ProvenAt, f.Methods, f.Shown = "", "", "", "", false, time.Time{}, nil, ""
	return nil
}

// Settled takes the word that its person has agreed to what was shown, or that
// there is nothing to agree to.
func (f *Flow) Settled(shown secret.Digest) error {
	if f.State != Consent || f.Ask.Kind() == ForConsent {
		return stale()
	}
	f.Shown = shown
	return f.move(Proven)
}

// Grant spends the flow on consent to what was shown, until a time if it is
// not zero.
func (f *Flow) Grant(shown secret.Digest, until time.Time) error {
	if f.Ask.Kind() != ForConsent {
		return stale() // a person agrees for themselves; see Settled
	}
	if err := f.move(Done); err != nil {
		return err
	}
	f.Shown, f.Outcome, f.Until = shown, Granted, until
	return nil
}

// Decline spends the flow without consent.
func (f *Flow) Decline() error {
	if err := f.move(Done); err != nil {
		return err
	}
	f.Outcome = Declined
	return nil
}

func (f *Flow) move(to State) error {
	if !slices.Contains(next[f.State], to) {
		return stale()
	}
	f.State = to
	return nil
}

// Gone and Stale are why a step of a flow is refused.
const (
	Gone  fault.Reason = "signin.gone"  // no such flow, another browser's, or its time is over
	Stale fault.Reason = "signin.stale" // the flow is at another step by now
)

func gone() error {
	return fault.Because(fault.NotFound, Gone, "This sign-in is over, or was begun in another browser.").
		WithFix("Open the link that brought you here again.")
}

func stale() error {
	return fault.Because(fault.Conflict, Stale, "This page has been used already.")
}

// domainOf returns the part of an address after its last @, or "".
func domainOf(username string) string {
	i := strings.LastIndexByte(username, '@')
	if i <= 0 {
		return ""
	}
	return username[i+1:]
}
