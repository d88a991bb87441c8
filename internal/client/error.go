package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// The values of suberror with which the token endpoint says why a host got no
// managed identity's token.
const (
	NotAssigned = "identity_not_assigned" // the identity chosen is not the host's
	Ambiguous   = "identity_ambiguous"    // several identities, none chosen
	NoIdentity  = "no_identity"           // the host has no identity at all
)

// An Error is the server's refusal.
type Error struct {
	Status        int           // the HTTP status
	Code          string        // the word of OAuth (invalid_client …) or of the API
	Suberror      string        // closer than Code, often empty
	AADSTS        int           // the number of the first AADSTS code, or 0
	Message       string        // the description, for a person
	CorrelationID string        // leads the operator to the entry
	RetryAfter    time.Duration // zero when the server named none
}

// Error returns status, code and description.
func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message)
}

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// Refused returns the server's refusal in err, or nil when there is none: then
// no answer came.
func Refused(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

var aadsts = regexp.MustCompile(`AADSTS(\d{4,8})`)

// readError understands both forms of a refusal: OAuth's, where error is a word
// (RFC 6749, section 5.2), and the API's, where it is an object.
func readError(res *http.Response, answer []byte) *Error {
	e := &Error{Status: res.StatusCode, Message: http.StatusText(res.StatusCode)}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	var body struct {
		Error         json.RawMessage `json:"error"`
		Description   string          `json:"error_description"`
		Suberror      string          `json:"suberror"`
		Codes         []int           `json:"error_codes"`
		CorrelationID string          `json:"correlation_id"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return e
	}
	e.Suberror, e.CorrelationID = body.Suberror, body.CorrelationID
	if body.Description != "" {
		e.Message = body.Description
	}
	var inner struct{ Code, Message string }
	if json.Unmarshal(body.Error, &e.Code) != nil && json.Unmarshal(body.Error, &inner) == nil {
		e.Code, e.Message = inner.Code, inner.Message
	}
	if len(body.Codes) > 0 {
		e.AADSTS = body.Codes[0]
	} else if m := aadsts.FindStringSubmatch(e.Message); m != nil {
		e.AADSTS, _ = strconv.Atoi(m[1])
	}
	return e
}
