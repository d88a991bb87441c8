package portal

import (
	"encoding/json"
	"errors"

	"entente/internal/core/object"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
)

// An InviteForm is what asks whom to invite as a guest, wherever it stands.
type InviteForm struct {
	Fields []Field
	Send   *Option // nil where no mail is sent
}

// NewInviteForm returns the controls with what was typed; to is where guests go on
// to unless something else was typed, and sends whether mail can be sent.
func NewInviteForm(d *Draft, to string, sends bool) InviteForm {
	f := InviteForm{Fields: []Field{
		d.Field(Field{ID: "address", Label: "Email", Type: "email", Autocomplete: "off",
			Hint: "The guest’s address at their own organization. They sign in there."}),
		d.Field(Field{ID: "name", Label: "Display name", Autocomplete: "off", Optional: true,
			Hint: "How the guest is called here. Without one it is what stands before the @."}),
		d.Field(Field{ID: "to", Label: "Where the guest goes on to", Type: "url", Autocomplete: "off", Value: to,
			Hint: "The address of an application of yours, such as https://app.example.com/."}),
	}}
	if sends {
		f.Send = d.Check(Option{ID: "send", Label: "Send the invitation by mail", Checked: true,
			Hint: "It carries the link and names you and your organization."}).Option
	}
	return f
}

// Invitation returns the invitation that was typed as Graph spells it, and whether
// it is to be sent by mail.
func Invitation(d *Draft) (body []byte, send bool, err error) {
	ask := struct {
		Address  string  `json:"invitedUserEmailAddress"`
		Name     *string `json:"invitedUserDisplayName,omitempty"`
		Redirect string  `json:"inviteRedirectUrl"`
		Send     bool    `json:"sendInvitationMessage"`
	}{Address: d.Get("address"), Redirect: d.Get("to"), Send: d.Get("send") == "yes"}
	if name := d.Get("name"); name != "" {
		ask.Name = &name
	}
	body, err = json.Marshal(ask)
	return body, ask.Send, err
}

// Uninvited says in the form what keeps an invitation from being made, and reports
// whether it is something that whoever typed it can mend.
func Uninvited(d *Draft, err error) bool {
	pub := fault.Public(err)
	switch {
	case errors.Is(err, guest.OwnDomain):
		d.Wrong("address", "This address is of your own organization, whose people are no guests here.")
	case errors.Is(err, object.NameTaken):
		d.Wrong("address", "Somebody of your organization has this address already.")
	case pub.Code != fault.Invalid:
		return false
	case pub.Target == "invitedUserEmailAddress", errors.Is(err, guest.BadAddress):
		d.Wrong("address", "Enter a whole address, such as name@example.com.")
	case pub.Target == "inviteRedirectUrl":
		d.Wrong("to", "Enter a whole address that begins with https://.")
	case pub.Target == "displayName":
		d.Wrong("name", "Enter a shorter name.")
	default:
		return false
	}
	return true
}
