package entitlement

import (
	"fmt"
	"strings"
	"time"

	"entente/internal/core/directory"
	"entente/internal/flow/notify"
	"entente/internal/kit/ids"
	"entente/internal/kit/mail"
)

// news is what people are to be told: what has become of a request or of an
// assignment. Whom, is found out afterwards; what, when it is sent.
type news struct {
	Event   event         `json:"event"`
	Request ids.RequestID `json:"request,omitempty"`
	Access  ids.AccessID  `json:"access,omitempty"`
	Stage   int           `json:"stage,omitempty"`
	Until   int64         `json:"until,omitempty"` // the end of which notice is given
}

// An event is a kind of news.
type event string

// The events.
const (
	eventAsked     event = "asked"    // a stage has opened
	eventReminded  event = "reminded" // and nobody has decided yet
	eventPassedOn  event = "passedOn" // others are asked as well
	eventApproved  event = "approved" // somebody has agreed at a stage
	eventRefused   event = "refused"
	eventTimedOut  event = "timedOut"
	eventDelivered event = "delivered"
	eventEnding    event = "ending"
	eventEnded     event = "ended"
	eventFailing   event = "failing" // not everything could be given or taken
)

// about returns the identifier that stands for the object of the news.
func (n news) about() string {
	if n.Access != "" {
		return string(n.Access)
	}
	return string(n.Request)
}

// part returns what a message to somebody is about, within its object.
func (n news) part(reader ids.ObjectID) string {
	return fmt.Sprintf("%s %d %d %s", n.Event, n.Stage, n.Until, reader)
}

// readPart returns the news that a message tells, and to which object of the
// tenant; none where the reader has none.
func readPart(m *notify.Message) (n news, reader ids.ObjectID, err error) {
	rest := m.Part
	if i := strings.LastIndexByte(rest, ' '); i >= 0 {
		rest, reader = rest[:i], ids.ObjectID(rest[i+1:])
	}
	_, err = fmt.Sscan(rest, &n.Event, &n.Stage, &n.Until)
	if n.Event == eventEnding || n.Event == eventEnded {
		n.Access = ids.AccessID(m.About)
	} else {
		n.Request = ids.RequestID(m.About)
	}
	return n, reader, err
}

// mostTold is how many people are told one thing. Whoever else may decide finds
// it where they look for it.
const mostTold = 200

// A reader is somebody to whom a message goes.
type reader struct {
	object            ids.ObjectID // empty: not in the tenant
	address, language string
	kind              notify.Kind
}

// readerOf returns a user as a reader, and none where they have no address: of
// what they are called by, only an address is one.
func readerOf(u *directory.User, k notify.Kind) (reader, bool) {
	r := reader{object: u.ID, kind: k}
	if u.PreferredLanguage != nil {
		r.language = *u.PreferredLanguage
	}
	if u.Mail != nil && sendable(*u.Mail) {
		r.address = *u.Mail
	} else if !u.External() && sendable(u.UserPrincipalName) {
		r.address = u.UserPrincipalName
	}
	return r, r.address != ""
}

func sendable(address string) bool { return (mail.Address{Mail: address}).Check() == nil }

// linkLife is for how long the links of messages lead on that are about nothing
// with an end of its own.
const linkLife = 30 * 24 * time.Hour
