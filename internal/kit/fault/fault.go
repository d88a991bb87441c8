// Package fault is the one error vocabulary of entente.
//
// A fault says three things: a Code, which programs test; a Message, which is
// safe to show to the caller; and a cause, which only the log sees. An error
// that is no fault counts as Internal, and its text never leaves the process.
//
// A fault that an edge must name exactly carries a Reason as well, a constant
// of the package that refuses, with the values an edge puts into its own words.
// Packages below the edge return faults. Each edge owns one table that turns a
// Reason, or else a Code, into its own wire form: a Graph error object, an
// OAuth error response (RFC 6749, section 5.2) or an error page.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// A Code classifies a fault. A Code is itself an error, so that
// errors.Is(err, fault.NotFound) asks the question in the reader's words.
type Code string

// The codes. Add one only when some caller must act differently because of it.
const (
	Invalid         Code = "invalid"         // the request can never succeed as sent
	Unauthenticated Code = "unauthenticated" // we do not know who is calling
	Forbidden       Code = "forbidden"       // we know, and the answer is no
	NotFound        Code = "not_found"       // absent, or hidden from this caller
	Conflict        Code = "conflict"        // the stored state disagrees
	Throttled       Code = "throttled"       // too many; try later
	Unavailable     Code = "unavailable"     // something we need is away; try later
	Internal        Code = "internal"        // our mistake
)

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return string(c) }

// A Reason names a refusal exactly. It is a constant of the package that
// refuses, and is itself an error: errors.Is(err, federation.SubjectMismatch).
type Reason string

// Error makes a Reason usable as the target of errors.Is.
func (r Reason) Error() string { return string(r) }

// An Error is a fault.
type Error struct {
	Code    Code
	Reason  Reason            // empty where the Code says it all
	Message string            // a sentence for the caller
	Target  string            // the property or parameter at fault, if one is
	Fix     string            // what the caller can do, or empty
	Values  map[string]string // what an edge puts into its own words; public
	cause   error
}

// New returns a fault with a message that the caller may read.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// InvalidAt returns an Invalid fault that names the property at fault.
func InvalidAt(target, format string, args ...any) *Error {
	e := New(Invalid, format, args...)
	e.Target = target
	return e
}

// Because returns a fault with a Reason.
func Because(code Code, reason Reason, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.Reason = reason
	return e
}

// Wrap returns a copy of e whose cause is err. Only the log sees the cause.
func (e *Error) Wrap(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// With returns a copy of e that carries a public value for the edge's words.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Values = maps.Clone(e.Values)
	if c.Values == nil {
		c.Values = make(map[string]string)
	}
	c.Values[key] = value
	return &c
}

// WithFix returns a copy of e that tells the caller what to do.
func (e *Error) WithFix(format string, args ...any) *Error {
	c := *e
	c.Fix = fmt.Sprintf(format, args...)
	return &c
}

// Error returns the text for the log: code, message and cause.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Reason != "" {
		s += "/" + string(e.Reason)
	}
	s += ": " + e.Message
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the fault's Code or Reason.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case Reason:
		return e.Reason != "" && e.Reason == t
	}
	return false
}

// Public returns the part of err that may leave the process. An error that is
// no fault becomes an Internal one without its text.
func Public(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		c := *e
		c.cause = nil
		return &c
	}
	return New(Internal, "Something went wrong on our side. The request identifier leads us to it.")
}
