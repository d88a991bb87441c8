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
	notBuilt       fault.Reason = "graph.not_built"
	meAlone        fault.Reason = "graph.me_alone" // nobody is signed in
)

// notYet refuses what Graph has and we do not have yet.
func notYet(segment string) *fault.Error {
	return fault.Because(fault.Invalid, notBuilt, "This operation target is not yet supported.").With("segment", segment)
}

func unknown(segment string) *fault.Error {
	return fault.Because(fault.Invalid, unknownSegment, "Resource not found for the segment '%.200s'.", segment).With("segment", segment)
}

// segments are the parts of a path below the version.
type segments []segment

type segment struct{ odata.Segment }

// is reports whether the segment is this word, whatever the case.
func (s segment) is(word string) bool { return strings.EqualFold(s.Text, word) }

// isWord reports whether the segment is one of OData's own words, which are
// nobody's key, though a user's name may begin with a dollar sign.
func (s segment) isWord() bool {
	return strings.HasPrefix(s.Text, "$") && !strings.Contains(s.Text, "@")
}

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

// joinAddress makes one segment of a site's address that stands between colons:
// /sites/host:/sites/name:/permissions. The last colon may be missing.
// https://learn.microsoft.com/graph/api/site-getbypath?view=graph-rest-1.0
func joinAddress(path segments) segments {
	if len(path) < 2 || !path[0].is("sites") || !strings.HasSuffix(path[1].Text, ":") {
		return path
	}
	text, n := path[1].Text, 2
	for n < len(path) && !strings.HasSuffix(text, "/:") {
		text += "/" + path[n].Text
		n++
		if strings.HasSuffix(text, ":") {
			break
		}
	}
	return append(segments{path[0], {odata.Segment{Text: text, Name: text}}}, path[n:]...)
}

// resolveAliases removes the caller's tenant where it leads the path, by its
// identifier or one of its domains, and puts the caller's own user in the place
// of the segment me, so that everything below a user is below me as well.
func (c *call) resolveAliases(path segments, who authz.Caller, v edm.Version) (segments, error) {
	if len(path) > 1 && (path[0].is(string(who.Tenant)) || c.isDomain(path[0].Text, who, v)) {
		path = path[1:]
	}
	path = joinAddress(path)
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

// isDomain reports whether name is a domain of the caller's tenant.
func (c *call) isDomain(name string, who authz.Caller, v edm.Version) bool {
	domains := c.Registry.Set(v, "domains")
	if domains == nil || domains.Get.Do == nil || !strings.Contains(name, ".") {
		return false
	}
	r := edm.NewRequest(who, v, c.w.Header())
	r.ID = name
	_, err := domains.Get.Do(c.r.Context(), r)
	return err == nil
}
