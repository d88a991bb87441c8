package graph

import (
	"net/url"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
)

// GapHeader stands on the answer to a path or operation that we do not have;
// it names the segment at which the path leaves what is declared.
const GapHeader = "Entente-Gap"

// Why a path leads nowhere. Values: segment.
const (
	unknownSegment fault.Reason = "graph.unknown_segment"
	notAllowed     fault.Reason = "graph.method_not_allowed"
	badKey         fault.Reason = "graph.bad_key"
	meAlone        fault.Reason = "graph.me_alone" // nobody is signed in
)

func unknown(segment string) *fault.Error {
	return fault.Because(fault.Invalid, unknownSegment, "Resource not found for the segment '%.200s'.", segment).With("segment", segment)
}

// segments are the parts of a path below the version.
type segments []segment

type segment struct{ odata.Segment }

// is reports whether the segment is this word, whatever the case.
func (s segment) is(word string) bool { return strings.EqualFold(s.Text, word) }

// split reads the path: the version, and what stands below it. The segment
// myorganization stands for the caller's tenant, as if it were not there.
func split(u *url.URL) (edm.Version, segments, error) {
	parsed, err := odata.ParsePath(u.EscapedPath())
	if err != nil {
		return edm.V1, nil, err
	}
	all := make(segments, len(parsed))
	for i, p := range parsed {
		all[i] = segment{p}
	}
	if len(all) == 0 {
		return edm.V1, nil, unknown("")
	}
	var v edm.Version
	switch {
	case all[0].is("v1.0"):
	case all[0].is("beta"):
		v = edm.Beta
	default:
		return edm.V1, nil, fault.Because(fault.Invalid, unknownSegment, "Invalid version: %.100s", all[0].Text).With("segment", all[0].Text)
	}
	all = all[1:]
	if len(all) > 0 && all[0].is("myorganization") {
		all = all[1:]
	}
	return v, all, nil
}

// resolveAliases removes the caller's tenant where it leads the path, and puts
// the caller's own user in the place of the segment me, so that everything
// below a user is below me as well.
func resolveAliases(path segments, who authz.Caller) (segments, error) {
	if len(path) > 1 && path[0].is(string(who.Tenant)) {
		path = path[1:]
	}
	if len(path) == 0 || !path[0].is("me") {
		return path, nil
	}
	if who.AppOnly() {
		return nil, fault.Because(fault.Invalid, meAlone, "/me request is only valid with delegated authentication flow.")
	}
	id := string(who.Object)
	own := segments{
		{odata.Segment{Text: "users", Name: "users"}},
		{odata.Segment{Text: id, Name: id}},
	}
	return append(own, path[1:]...), nil
}
