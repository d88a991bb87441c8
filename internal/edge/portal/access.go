package portal

import (
	"fmt"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/provision"
)

// RequestTag is how pages name the state of a request.
func RequestTag(r *entitlement.Request) Tag {
	switch r.State {
	case entitlement.PendingApproval:
		text := "Waiting for approval"
		if n := len(r.Terms.Stages); n > 1 {
			text += fmt.Sprintf(", stage %d of %d", r.Stage+1, n)
		}
		return Tag{Kind: "wait", Text: text}
	case entitlement.Submitted:
		return Tag{Kind: "wait", Text: "Submitted"}
	case entitlement.Scheduled:
		return Tag{Kind: "wait", Text: "Scheduled"}
	case entitlement.Delivering:
		return Tag{Kind: "wait", Sign: "half", Text: "Delivering"}
	case entitlement.Delivered:
		return Tag{Kind: "ok", Text: "Delivered"}
	case entitlement.PartiallyDelivered:
		return Tag{Kind: "stop", Sign: "warn", Text: "Partially delivered"}
	case entitlement.DeliveryFailed:
		return Tag{Kind: "stop", Text: "Delivery failed"}
	case entitlement.Denied:
		return Tag{Kind: "stop", Text: "Denied"}
	}
	return Tag{Sign: "end", Text: "Canceled"}
}

// AccessTag is how pages name the state of an assignment.
func AccessTag(a *entitlement.Assignment) Tag {
	switch a.State {
	case entitlement.AccessDelivering:
		return Tag{Kind: "wait", Sign: "half", Text: "Delivering"}
	case entitlement.AccessDelivered:
		return Tag{Kind: "ok", Text: "Delivered"}
	case entitlement.AccessPartial:
		return Tag{Kind: "stop", Sign: "warn", Text: "Partially delivered"}
	case entitlement.AccessFailed:
		return Tag{Kind: "stop", Text: "Delivery failed"}
	}
	return Tag{Sign: "end", Text: "Expired"}
}

// Wish says what kind of wish a request is.
func Wish(t entitlement.RequestType) string {
	switch {
	case t.Removes():
		return "Removal"
	case t.Adds():
		return "New access"
	}
	return "Extension"
}

// A Piece is a role of a package, and how far it has come: its square, and what
// that says.
type Piece struct{ Class, Says string }

// PieceOf is how pages show how far a role has come.
func PieceOf(s provision.State) Piece {
	switch s {
	case provision.Given:
		return Piece{"y", "delivered"}
	case provision.Failed:
		return Piece{"x", "failed"}
	case provision.Unwanted:
		return Piece{"e", "ended"}
	}
	return Piece{"h", "under way"}
}
