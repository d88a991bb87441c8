package entitlement

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// PackagePage returns the path of the page on which somebody asks the tenant of
// a domain for a package.
func PackagePage(domain string, id ids.PackageID) string {
	return placeOf(domain) + "/access-packages/" + url.PathEscape(string(id))
}

// RequestPage returns the path of the page on which a request is followed.
func RequestPage(domain string, id ids.RequestID) string {
	return placeOf(domain) + "/access/requests/" + url.PathEscape(string(id))
}

// ApprovalPage returns the path of the page on which a request is decided.
func ApprovalPage(domain string, id ids.RequestID) string {
	return placeOf(domain) + "/access/approvals/" + url.PathEscape(string(id))
}

// AssignmentsPage returns the path of the page on which people see what they
// have, ask for longer, and give it back.
func AssignmentsPage(domain string) string { return placeOf(domain) + "/access/assignments" }

func placeOf(domain string) string { return "/@" + url.PathEscape(domain) }

// A Place is a kind of page to which a message leads.
type Place string

// The places.
const (
	PackagePlace     Place = "package"
	RequestPlace     Place = "request"
	ApprovalPlace    Place = "approval"
	AssignmentsPlace Place = "assignments"
)

// A Link leads from a message to a page of a tenant, until a time. It names
// nobody and decides nothing: who follows it signs in there.
type Link struct {
	Tenant ids.TenantID `json:"t"`
	Place  Place        `json:"p"`
	ID     string       `json:"i,omitempty"` // of the package or request
	Until  time.Time    `json:"u"`
}

// Page returns the path to which the link leads in the tenant of a domain.
func (l Link) Page(domain string) string {
	switch l.Place {
	case PackagePlace:
		return PackagePage(domain, ids.PackageID(l.ID))
	case RequestPlace:
		return RequestPage(domain, ids.RequestID(l.ID))
	case ApprovalPlace:
		return ApprovalPage(domain, ids.RequestID(l.ID))
	}
	return AssignmentsPage(domain)
}

// Over reports whether the link leads nowhere any more.
func (l Link) Over(now time.Time) bool { return !now.Before(l.Until) }

// FollowPath is where links of messages begin.
const FollowPath = "/follow/"

// longestLink bounds what is opened.
const longestLink = 1000

// linkContext says what is sealed.
const linkContext = "link of a message about access"

// seal returns the link as a path, which nobody else can make or read.
func (l Link) seal(ring *secret.Ring) (string, error) {
	l.Until = l.Until.UTC().Truncate(time.Second)
	text, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	sealed, err := ring.Seal(text, linkContext)
	if err != nil {
		return "", err
	}
	return FollowPath + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// BadLink is the Reason of a link that no message of this installation has.
const BadLink fault.Reason = "entitlement.bad_link"

// openLink reads what follows FollowPath.
func openLink(ring *secret.Ring, text string) (l Link, err error) {
	bad := fault.Because(fault.NotFound, BadLink, "This link is of no message from here, or only a part of one.")
	if len(text) > longestLink {
		return l, bad
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return l, bad
	}
	plain, err := ring.Open(sealed, linkContext)
	if err != nil {
		return l, bad.Wrap(err)
	}
	return l, json.Unmarshal(plain, &l)
}
