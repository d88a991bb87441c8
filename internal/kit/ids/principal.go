package ids

import (
	"strings"

	"entente/internal/kit/fault"
)

// A Kind says what sort of subject a principal is.
type Kind string

// The kinds.
const (
	Person   Kind = "person"
	Workload Kind = "workload"
	System   Kind = "system" // the installation itself: timers, seeding
)

// A Principal is a subject as its home knows it. Two principals are the same
// when their homes say so: compare with Same, never two empty ones.
type Principal struct {
	Kind Kind
	Home TenantID
	ID   ObjectID // the identifier at home
}

// IsZero reports whether p names nobody.
func (p Principal) IsZero() bool { return p == Principal{} }

// Same reports whether p and q are one subject. Nobody is the same as nobody.
func (p Principal) Same(q Principal) bool { return !p.IsZero() && p == q }

// String returns the form in which a principal is stored: kind:home:id.
func (p Principal) String() string {
	if p.IsZero() {
		return ""
	}
	return string(p.Kind) + ":" + string(p.Home) + ":" + string(p.ID)
}

// MarshalText returns the stored form.
func (p Principal) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the stored form; empty text is nobody.
func (p *Principal) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Principal{}
		return nil
	}
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return fault.New(fault.Internal, "A stored principal is malformed.")
	}
	*p = Principal{Kind(parts[0]), TenantID(parts[1]), ObjectID(parts[2])}
	return nil
}

// Scan reads the stored form from the database.
func (p *Principal) Scan(src any) error {
	switch s := src.(type) {
	case string:
		return p.UnmarshalText([]byte(s))
	case []byte:
		return p.UnmarshalText(s)
	}
	return fault.New(fault.Internal, "A stored principal is no text.")
}
