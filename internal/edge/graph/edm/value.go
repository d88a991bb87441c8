package edm

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A place is where a value stands, for messages.
type place struct {
	property string
	owner    Type
}

func (p place) wrong() error {
	f := fault.Because(fault.Invalid, WrongType, "Invalid value specified for property '%s' of resource '%s'.", p.property, p.owner.Resource())
	f.Target = p.property
	return f
}

// value checks that a JSON value is of type t and returns it as the services
// read it: GUIDs in lower case, times in UTC.
func (r *Registry) value(v Version, t Type, value any, at place) (any, error) {
	switch {
	case value == nil:
		return nil, nil
	case t.IsMany():
		l, ok := value.(list)
		if !ok {
			return nil, at.wrong()
		}
		out := make(list, len(l))
		for i, item := range l {
			if item == nil {
				return nil, at.wrong()
			}
			var err error
			if out[i], err = r.value(v, t.Item(), item, at); err != nil {
				return nil, err
			}
		}
		return out, nil
	case r.complex[t] != nil, r.entities[t] != nil:
		o, ok := value.(object)
		if !ok {
			return nil, at.wrong()
		}
		return r.complexValue(v, t, o)
	}
	return r.single(t, value, at)
}

func (r *Registry) complexValue(v Version, t Type, o object) (any, error) {
	out := object{}
	for _, m := range o {
		p := r.Prop(t, v, m.name)
		if f := r.fields[t]; p == nil && f != nil {
			p = f.input[strings.ToLower(m.name)]
		}
		if strings.Contains(m.name, "@") && p == nil {
			continue
		}
		if p == nil {
			return nil, UnknownPropertyFault(m.name)
		}
		value, err := r.value(v, p.Type, m.value, place{m.name, t})
		if err != nil {
			return nil, err
		}
		out = append(out, member{p.Name, value})
	}
	return out, nil
}

// single checks a primitive or an enumeration's member.
func (r *Registry) single(t Type, value any, at place) (any, error) {
	s, isText := value.(string)
	if e := r.enums[t]; e != nil {
		if isText && e.has(s) {
			return s, nil
		}
		return nil, at.wrong()
	}
	switch t {
	case Boolean:
		if b, ok := value.(bool); ok {
			return b, nil
		}
	case Int32, Int64:
		if n, ok := integer(t, value); ok {
			return n, nil
		}
	case String:
		if isText && strings.IndexByte(s, 0) < 0 {
			return s, nil
		}
	case Guid:
		if ids.Valid(s) {
			return strings.ToLower(s), nil
		}
	case DateTimeOffset:
		if t, ok := ParseTime(s); ok {
			return t.Format(time.RFC3339Nano), nil
		}
	case Duration:
		if durationForm.MatchString(s) {
			return s, nil
		}
	case Binary:
		if _, err := base64.StdEncoding.DecodeString(s); isText && err == nil {
			return s, nil
		}
	}
	return nil, at.wrong()
}

func integer(t Type, value any) (json.Number, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return "", false
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	return n, err == nil && (t == Int64 || i >= math.MinInt32 && i <= math.MaxInt32)
}

// member returns the member that a filter names, whatever the case: documents
// write them in either. It is empty where there is none.
func (e *Enum) member(s string) string {
	if i := slices.IndexFunc(e.Members, func(m string) bool { return strings.EqualFold(m, s) }); i >= 0 {
		return e.Members[i]
	}
	if e.has(s) {
		return s
	}
	return ""
}

func (e *Enum) has(s string) bool {
	if !e.Flags {
		return slices.Contains(e.Members, s)
	}
	for word := range strings.SplitSeq(s, ",") {
		if !slices.Contains(e.Members, strings.TrimSpace(word)) {
			return false
		}
	}
	return true
}

// ISO 8601 durations without weeks and years beside each other.
var durationForm = regexp.MustCompile(`^-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)

// Graph takes 0 to 12 digits behind the second; the store keeps six.
var fraction = regexp.MustCompile(`\.(\d{1,12})`)

// ParseTime reads a DateTimeOffset, to the microsecond, in UTC.
func ParseTime(s string) (time.Time, bool) {
	s = fraction.ReplaceAllStringFunc(s, func(f string) string { return f[:min(len(f), 10)] })
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	return t.UTC().Truncate(time.Microsecond), err == nil
}

// A reference names a set and a GUID; the host may be anything, because
// libraries write their own.
var referenceForm = regexp.MustCompile(`(?i)^(?:https?://[^/?#]+)?/?(?:(?:v1\.0|beta)/)?(?:[^/?#]+/){0,3}[a-z]+(?:/|\(')([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:'\))?(?:/[a-z.]+)?$`)

// A named reference is to a user, by userPrincipalName: the CLI for Microsoft
// 365 sets managers so.
var namedForm = regexp.MustCompile(`(?i)^(?:https?://[^/?#]+)?/?(?:(?:v1\.0|beta)/)?(?:[^/?#]+/)?users(?:/|\(')([^/?#()]+@[^/?#()@]+?)(?:'\))?$`)

// ParseReference returns the identifier that an @odata.id or a bound address
// names, or the userPrincipalName.
func ParseReference(s string) (string, error) {
	if len(s) > 1024 {
		return "", badReference()
	}
	if m := referenceForm.FindStringSubmatch(s); m != nil {
		return strings.ToLower(m[1]), nil
	}
	if m := namedForm.FindStringSubmatch(s); m != nil {
		if name, err := url.PathUnescape(m[1]); err == nil {
			return name, nil
		}
	}
	return "", badReference()
}

// ReadReference reads the body of POST …/$ref: {"@odata.id": address}.
func ReadReference(raw []byte) (string, error) {
	o, err := parseObject(raw)
	if err != nil {
		return "", err
	}
	for _, m := range o {
		if s, ok := m.value.(string); ok && (m.name == "@odata.id" || m.name == "@id") {
			return ParseReference(s)
		}
	}
	return "", badReference()
}

func badReference() error {
	return fault.Because(fault.Invalid, BadReference, "Invalid URL format specified in payload.")
}
