package oauth2

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strings"

	"entente/internal/kit/fault"
)

const (
	// MaxForm is the longest form that is read, in bytes. An assertion may have
	// 20,000, and some forms carry two.
	MaxForm = 64 << 10

	maxParameters = 100
)

// The reasons for which a form is refused.
const (
	FormMalformed fault.Reason = "form_malformed"
	FormTooLong   fault.Reason = "form_too_long"
	FormTwice     fault.Reason = "form_parameter_twice"
)

// A Form has the parameters of a request, each once.
type Form map[string]string

// ParseForm reads a body of type application/x-www-form-urlencoded. A parameter
// without a value is as good as absent, and one that stands twice is refused
// (RFC 6749, section 3.2).
func ParseForm(body string) (Form, error) {
	switch {
	case len(body) > MaxForm:
		return nil, fault.Because(fault.Invalid, FormTooLong, "A request has at most %d bytes.", MaxForm)
	case strings.Count(body, "&") >= maxParameters:
		return nil, fault.Because(fault.Invalid, FormMalformed, "A request has at most %d parameters.", maxParameters)
	}
	f := make(Form)
	for body != "" {
		var pair string
		pair, body, _ = strings.Cut(body, "&")
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil || strings.Contains(rawName+rawValue, ";") {
			return nil, fault.Because(fault.Invalid, FormMalformed, "The request is not form-encoded.")
		}
		if _, twice := f[name]; twice {
			return nil, fault.Because(fault.Invalid, FormTwice, "The parameter '%.40s' is given twice.", name).With("name", name)
		}
		f[name] = value
	}
	maps.DeleteFunc(f, func(_, value string) bool { return value == "" })
	return f, nil
}

// Basic reads the client credentials of an Authorization header. Both parts are
// form-encoded inside the base64 (RFC 6749, section 2.3.1); what is not
// form-encoded is taken as it stands, because many clients forget. There is
// nothing to read when the scheme is another.
func Basic(authorization string) (id, secret string, ok bool) {
	scheme, text, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") || len(text) > 4096 {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	return unescape(id), unescape(secret), ok
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
