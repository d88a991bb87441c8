package factor

import (
	"slices"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Who says of whom a tenant demands a second factor in each session.
type Who string

// The rules.
const (
	Nobody         Who = "nobody"         // who has registered one is asked
	Administrators Who = "administrators" // whoever holds a role by which something can be changed, too
	Everybody      Who = "everybody"      // guests, too
)

// ParseWho returns the rule that a word names, or an Invalid fault.
func ParseWho(s string) (Who, error) {
	w := Who(s)
	if !slices.Contains([]Who{Nobody, Administrators, Everybody}, w) {
		return "", fault.InvalidAt("secondFactorDemandedOf", "A second factor is demanded of nobody, of administrators or of everybody.")
	}
	return w, nil
}

// Demands reports whether the rule reaches a person.
func (w Who) Demands(administrator bool) bool {
	return w == Everybody || w == Administrators && administrator
}

// A Side is what one tenant has to say on a person's second factor.
type Side struct {
	Account  Account
	Demanded bool // by the tenant's rule
	Enrolled bool // the account has an authenticator there
	Proven   bool // in this session
}

// A Question is everything on which it depends whether a second factor is
// asked, and whose.
type Question struct {
	Home   Side
	Here   *Side // of the resource tenant; nil at home, and while the person is no guest there
	Trusts bool  // the resource tenant trusts the home's second factor
	Wanted bool  // the application wants one
	Silent bool  // nobody is there to be asked for a factor that nobody demands
}

// A Need is a factor that is missing. The zero value is none.
type Need struct {
	Account Account // whose
	Enroll  bool    // there is none yet
	Abroad  bool    // the tenant that asks is not the home, and does not trust it
}

// IsZero reports whether nothing is missing.
func (n Need) IsZero() bool { return n.Account == Account{} }

// Need returns what is missing, the home's factor first.
func (q Question) Need() Need {
	abroad := q.Here != nil && !q.Trusts
	home := q.Home.Demanded || q.Home.Enrolled && !q.Silent || q.Wanted && !abroad || q.Here != nil && q.Here.Demanded && q.Trusts
	switch {
	case home && !q.Home.Proven:
		return Need{Account: q.Home.Account, Enroll: !q.Home.Enrolled}
	case abroad && (q.Here.Demanded || q.Wanted) && !q.Here.Proven:
		return Need{Account: q.Here.Account, Enroll: !q.Here.Enrolled, Abroad: true}
	}
	return Need{}
}

// The words of RFC 8176 that a second factor adds.
const (
	oneTime = "otp"
	several = "mfa"
)

// Prove adds to the methods of a session that a tenant's factor was proved.
func Prove(methods []string, home, in ids.TenantID) []string {
	add := []string{oneTime, several}
	if in != home {
		add = []string{abroad(in)}
	}
	for _, m := range add {
		if !slices.Contains(methods, m) {
			methods = append(slices.Clone(methods), m)
		}
	}
	return methods
}

// Proven reports whether a session has proved a tenant's factor.
func Proven(methods []string, home, in ids.TenantID) bool {
	if in == home {
		return slices.Contains(methods, several)
	}
	return slices.Contains(methods, abroad(in))
}

// Shown returns the methods as tokens of a tenant show them: a factor counts
// there if it is the tenant's own, or of a home that it trusts.
func Shown(methods []string, home, in ids.TenantID, trusts bool) []string {
	all := []string{}
	counts := in == home || trusts
	for _, m := range methods {
		if !strings.Contains(m, "@") && (counts || m != oneTime && m != several) {
			all = append(all, m)
		}
	}
	if in != home && Proven(methods, home, in) {
		all = Prove(all, in, in)
	}
	return all
}

func abroad(in ids.TenantID) string { return several + "@" + string(in) }
