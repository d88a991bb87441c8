package signin

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// An Ask is what a flow was begun for: an administrator's consent to an
// application or, with Authorize, a sign-in to one, or, with Device, a sign-in to
// one that runs on a device elsewhere; or, with Page, a sign-in to a page of
// ours; or, with Redeem, the answer to an invitation.
type Ask struct {
	Tenant  ids.TenantID `json:"tenant,omitempty"`  // whose; empty for the home of whoever signs in
	App     ids.AppID    `json:"app,omitempty"`     // none for a page of ours
	ReplyTo string       `json:"replyTo,omitempty"` // a registered address, or none
	State   string       `json:"state,omitempty"`   // echoed to ReplyTo
	Scope   string       `json:"scope,omitempty"`   // of version 2; empty in version 1
	V2      bool         `json:"v2,omitempty"`
	Request string       `json:"request"` // the address that began it, for another try

	Authorize *Authorize    `json:"authorize,omitempty"`
	Device    secret.Digest `json:"device,omitempty"` // its key
	Redeem    *guest.Ticket `json:"redeem,omitempty"` // an invitation's

	Page    string        `json:"page,omitempty"`    // its path and query
	Session ids.SessionID `json:"session,omitempty"` // by which the page was opened, if that is known
	Select  bool          `json:"select,omitempty"`  // the person wants to choose the account
	Anew    bool          `json:"anew,omitempty"`    // the account is proved once more, whatever session there is
}

// A Kind is what a flow is for.
type Kind string

// The kinds.
const (
	ForConsent Kind = "consent" // an administrator's
	ForApp     Kind = "app"
	ForPage    Kind = "page" // of ours
	ForRedeem  Kind = "redeem"
	ForDevice  Kind = "device"
)

// Kind returns what the ask is for.
func (a Ask) Kind() Kind {
	switch {
	case a.Authorize != nil:
		return ForApp
	case a.Page != "":
		return ForPage
	case a.Redeem != nil:
		return ForRedeem
	case a.Device != "":
		return ForDevice
	}
	return ForConsent
}

// Why a step is refused, besides what core/consent refuses. Values carry what
// an edge puts into its own words: appId, name, tenant, account, redirect.
const (
	MissingApp    fault.Reason = "signin.missing_app" // the address names none
	DisabledApp   fault.Reason = "signin.disabled_app"
	WrongReply    fault.Reason = "signin.wrong_reply"    // the address is not registered
	MissingReply  fault.Reason = "signin.missing_reply"  // version 2 wants one
	WrongScope    fault.Reason = "signin.wrong_scope"    // none, or one that can't be asked so
	NoHome        fault.Reason = "signin.no_home"        // no tenant has the address's domain
	Paused        fault.Reason = "signin.paused"         // too many wrong passwords; Values: until
	NetworkPaused fault.Reason = "signin.network_paused" // likewise, at many accounts; Values: until
	WrongRenewal  fault.Reason = "signin.wrong_renewal"  // the two differ, or are the old one
)

func wrongScope(scope string) error {
	return fault.Because(fault.Invalid, WrongScope, "The scope '%.200s' can't be asked for.", scope).
		WithFix("Ask for the resource's identifier followed by /.default, or for delegated scopes by name.")
}

// replyTo returns the address to go back to: the asked one if it is
// registered, the first registered one if none was asked, or none.
//
// An address is compared byte for byte, but for the port of a loopback
// address (RFC 8252, section 7.3).
func replyTo(registered []string, asked string, v2 bool) (string, error) {
	switch {
	case asked == "" && len(registered) == 0:
		return "", nil
	case asked == "" && v2:
		return "", fault.Because(fault.Invalid, MissingReply, "The request names no address to go back to.")
	case asked == "":
		return registered[0], nil
	case slices.Contains(registered, asked), slices.ContainsFunc(registered, func(r string) bool { return sameLoopback(r, asked) }):
		return asked, nil
	}
	return "", fault.Because(fault.Invalid, WrongReply, "The address to go back to is not one of the application’s own.").
		With("redirect", asked)
}

// sameLoopback reports whether two addresses on this very machine differ in
// their port only.
func sameLoopback(registered, asked string) bool {
	r, err := url.Parse(registered)
	if err != nil {
		return false
	}
	a, err := url.Parse(asked)
	if err != nil || !loopback(r.Hostname()) || a.User != nil || a.Fragment != "" {
		return false
	}
	return r.Scheme == "http" && a.Scheme == "http" && r.Hostname() == a.Hostname() && r.Path == a.Path && r.RawQuery == a.RawQuery
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
