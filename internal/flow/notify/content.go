package notify

import (
	"time"

	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
)

// A Content is what a message tells: one of the types here, each with its
// templates.
type Content interface {
	template() string        // the name of its files
	answersTo() mail.Address // zero: to the sender
}

// An Organization is a tenant as people know it.
type Organization struct {
	Name   string
	Domain string // a verified one
}

// A Person is somebody with an address, or without, or a program.
type Person struct {
	Name    string
	Address string
	Program bool
}

// An InvitationContent tells a guest who invites them, what happens, and where.
type InvitationContent struct {
	Organization Organization
	Inviter      Person // no name: nobody whom the organization can name
	Guest        Person
	Link         secret.String
	Until        time.Time
}

func (InvitationContent) template() string { return "invitation" }

// answersTo returns the inviter's address: who is asked to come may ask back.
func (c InvitationContent) answersTo() mail.Address {
	return mail.Address{Name: c.Inviter.Name, Mail: c.Inviter.Address}
}
