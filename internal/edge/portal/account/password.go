package account

import (
	"errors"
	"net/http"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// passwordData is what the page shows that changes the password.
type passwordData struct {
	Username             string
	Current, Next, Again portal.Field
}

func passwordForm(v *portal.Visitor) passwordData {
	return passwordData{v.Account.UserPrincipalName,
		portal.Field{ID: "current", Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password", Class: "w-half"},
		portal.Field{ID: "password", Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Class: "w-half",
			Hint: "At least 8 characters of three kinds: lower case, upper case, digits, signs."},
		portal.Field{ID: "again", Name: "again", Label: "New password again", Type: "password", Autocomplete: "new-password", Class: "w-half"}}
}

// password asks for another password.
func (p *Pages) password(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	return p.passwordPage(w, r, v, passwordForm(v), 0, nil)
}

func (p *Pages) passwordPage(w http.ResponseWriter, r *http.Request, v *portal.Visitor, d passwordData, status int, problems []portal.Problem) error {
	return p.frame(w, r, v, "/account/security", portal.Frame{Title: "Change password", Content: "password", Data: d, Status: status, Problems: problems,
		Crumbs: []portal.Link{{Text: "Security info", To: "/account/security"}}})
}

// changePassword takes it. What can be mended in the form is shown in the form.
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	in, err := p.signIn.ChangePassword(r.Context(), v.Browser, v.Visitor,
		secret.NewString(form.Get("current")), secret.NewString(form.Get("password")), secret.NewString(form.Get("again")))
	d, status, text := passwordForm(v), http.StatusUnprocessableEntity, ""
	at := &d.Next
	switch {
	case err == nil:
		portal.KeepSession(w, r, in)
		return told(w, r, "/account/security", portal.Note{Kind: "ok", Lead: "The password is changed.", Text: "You are signed out everywhere but here."})
	case errors.Is(err, directory.WrongCurrentPassword):
		at, text = &d.Current, "This is not the current password."
	case errors.Is(err, directory.PasswordPaused):
		at, text, status = &d.Current, "Changing the password is paused after too many wrong tries. Wait a while.", http.StatusTooManyRequests
	case errors.Is(err, signin.WrongRenewal):
		at, text = &d.Again, "The two new passwords differ."
	case errors.Is(err, directory.WeakPassword):
		text = "Choose a stronger password: at least 8 characters of three kinds, no common word, and another than now."
	default:
		return err
	}
	at.Error = text
	return p.passwordPage(w, r, v, d, status, []portal.Problem{{Field: at.ID, Text: text}})
}
