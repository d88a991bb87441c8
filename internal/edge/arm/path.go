package arm

import (
	"encoding/base64"
	"net/url"
	"strings"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
)

var base64url = base64.RawURLEncoding

// A kind says what a path leads to.
type kind string

const (
	metadataKind      kind = "metadata"
	tenantsKind       kind = "tenants"
	aliasKind         kind = "alias"
	subscriptionsKind kind = "subscriptions"
	subscriptionKind  kind = "subscription"
	groupsKind        kind = "groups"
	groupKind         kind = "group"
	groupContentKind  kind = "groupContent"
	providersKind     kind = "providers"
	providerKind      kind = "provider"
	registerKind      kind = "register"
	identitiesKind    kind = "identities"
	identityKind      kind = "identity"
	hostsKind         kind = "hosts"
	hostKind          kind = "host"
	enrollKind        kind = "createEnrollmentToken"
	revokeKind        kind = "revokeKeys"
	credentialsKind   kind = "credentials"
	credentialKind    kind = "credential"
	ownIdentityKind   kind = "ownIdentity"
	rolesKind         kind = "roles"
	roleKind          kind = "role"
	definitionsKind   kind = "definitions"
	definitionKind    kind = "definition"
)

// A target is what a path leads to.
type target struct {
	kind         kind
	subscription managedidentity.SubscriptionID // in lower case
	group        string
	typ          string                   // of the resources in a list
	resource     managedidentity.Resource // of one resource, its parts or its actions
	scope        string                   // what roles and the host's own identity hang on, as it is spelled
	name         string                   // of an alias, provider, credential, role or definition
}

const (
	maxPath     = 2048
	maxSegments = 20
)

// parse returns the target of an escaped path. Its fixed words match in any
// letter case, and one slash at the end counts for nothing.
func parse(escaped string) (target, error) {
	s, ok := split(escaped)
	if !ok {
		return target{}, noRoute()
	}
	if at := extension(s); at >= 0 {
		return parseExtension(s[:at], s[at+1:])
	}
	switch {
	case matches(s, "metadata", "endpoints"):
		return target{kind: metadataKind}, nil
	case matches(s, "tenants"):
		return target{kind: tenantsKind}, nil
	case matches(s, "providers", "Microsoft.Subscription", "aliases", "*"):
		return target{kind: aliasKind, name: s[3]}, nil
	case matches(s, "subscriptions"):
		return target{kind: subscriptionsKind}, nil
	case len(s) >= 2 && strings.EqualFold(s[0], "subscriptions"):
		_, sub, err := managedidentity.ParseScope("/subscriptions/" + s[1])
		if err != nil {
			return target{}, fault.Because(fault.Invalid, badSubscription,
				"The provided subscription identifier '%.64s' is malformed or invalid.", s[1])
		}
		return parseSubscription(sub, s[2:])
	}
	return target{}, noRoute()
}

// split returns the segments of a path, and whether it is well formed: none is
// empty, and none hides a slash or a control character.
func split(escaped string) ([]string, bool) {
	rest, rooted := strings.CutPrefix(strings.TrimSuffix(escaped, "/"), "/")
	if !rooted || len(escaped) > maxPath {
		return nil, false
	}
	segments := strings.Split(rest, "/")
	if len(segments) > maxSegments {
		return nil, false
	}
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil || plain == "" || plain == "." || plain == ".." || strings.ContainsFunc(plain, forbidden) {
			return nil, false
		}
		segments[i] = plain
	}
	return segments, true
}

func forbidden(r rune) bool { return r == '/' || r == '\\' || r < ' ' || r == 0x7f || r == '\uFFFD' }

// matches reports whether segments are the words, where * is any.
func matches(segments []string, words ...string) bool {
	if len(segments) != len(words) {
		return false
	}
	for i, w := range words {
		if w != "*" && !strings.EqualFold(segments[i], w) {
			return false
		}
	}
	return true
}

// parseSubscription returns the target of what follows a subscription.
func parseSubscription(sub managedidentity.SubscriptionID, s []string) (target, error) {
	t := target{subscription: sub}
	switch {
	case len(s) == 0:
		t.kind = subscriptionKind
	case matches(s, "resourceGroups"):
		t.kind = groupsKind
	case matches(s, "resourceGroups", "*"):
		t.kind, t.group = groupKind, s[1]
	case matches(s, "resourceGroups", "*", "resources"):
		t.kind, t.group = groupContentKind, s[1]
	case matches(s, "providers"):
		t.kind = providersKind
	case matches(s, "providers", "*"):
		t.kind, t.name = providerKind, s[1]
	case matches(s, "providers", "*", "register"):
		t.kind, t.name = registerKind, s[1]
	case matches(s, "providers", "*", "*"):
		return t.listOf(s[1] + "/" + s[2])
	case len(s) >= 5 && matches(s[:3], "resourceGroups", "*", "providers"):
		t.group = s[1]
		return t.inGroup(s[3]+"/"+s[4], s[5:])
	default:
		return target{}, noRoute()
	}
	return t, nil
}

// listOf returns the target of a list of resources.
func (t target) listOf(typ string) (target, error) {
	var known bool
	if t.typ, known = managedidentity.TypeNamed(typ); !known {
		return target{}, noType(typ)
	}
	t.kind = hostsKind
	if t.typ == managedidentity.TypeIdentity {
		t.kind = identitiesKind
	}
	return t, nil
}

// inGroup returns the target of what follows a resource's type in a group.
func (t target) inGroup(typ string, s []string) (target, error) {
	list, err := t.listOf(typ)
	if err != nil || len(s) == 0 {
		return list, err
	}
	r, err := managedidentity.NewResource(string(t.subscription), t.group, typ, s[0])
	if err != nil {
		return target{}, err
	}
	t.resource = r
	switch isIdentity := r.Type == managedidentity.TypeIdentity; {
	case len(s) == 1 && isIdentity:
		t.kind = identityKind
	case len(s) == 1:
		t.kind = hostKind
	case isIdentity && matches(s[1:], "federatedIdentityCredentials"):
		t.kind = credentialsKind
	case isIdentity && matches(s[1:], "federatedIdentityCredentials", "*"):
		t.kind, t.name = credentialKind, s[2]
	case !isIdentity && matches(s[1:], string(enrollKind)):
		t.kind = enrollKind
	case !isIdentity && matches(s[1:], string(revokeKind)):
		t.kind = revokeKind
	default:
		return target{}, noRoute()
	}
	return t, nil
}

// extension returns where, in s, the word "providers" begins that leads to
// something which hangs on a scope, or -1.
func extension(s []string) int {
	for i := len(s) - 3; i >= 0; i-- {
		if !strings.EqualFold(s[i], "providers") {
			continue
		}
		if strings.EqualFold(s[i+1], "Microsoft.Authorization") || matches(s[i+1:], "Microsoft.ManagedIdentity", "identities", "*") {
			return i
		}
	}
	return -1
}

// parseExtension returns the target of what hangs on a scope.
func parseExtension(on, s []string) (target, error) {
	var t target
	var err error
	if definitions := len(s) >= 2 && strings.EqualFold(s[1], "roleDefinitions"); len(on) > 0 || !definitions {
		t.scope = "/" + strings.Join(on, "/")
		if _, t.subscription, err = managedidentity.ParseScope(t.scope); err != nil {
			return target{}, err
		}
	}
	switch {
	case matches(s, "Microsoft.ManagedIdentity", "identities", "default"):
		t.kind = ownIdentityKind
		t.resource, err = managedidentity.ParseResource(t.scope)
		return t, err
	case matches(s, "Microsoft.Authorization", "roleAssignments"):
		t.kind = rolesKind
	case matches(s, "Microsoft.Authorization", "roleAssignments", "*"):
		t.kind, t.name = roleKind, s[2]
	case matches(s, "Microsoft.Authorization", "roleDefinitions"):
		t.kind = definitionsKind
	case matches(s, "Microsoft.Authorization", "roleDefinitions", "*"):
		t.kind, t.name = definitionKind, s[2]
	default:
		return target{}, noRoute()
	}
	return t, nil
}

func noRoute() error {
	return fault.Because(fault.NotFound, wrongPath, "No resource is served under this path.")
}

func noType(typ string) error {
	return fault.Because(fault.NotFound, wrongType, "The resource type '%.100s' could not be found.", typ)
}
