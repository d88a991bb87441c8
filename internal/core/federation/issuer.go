package federation

import (
	"context"
	"encoding/json"
	"strings"
	"unicode"

	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/jose"
)

const discoveryPath = "/.well-known/openid-configuration"

// load fetches an issuer's metadata and the keys that it names (OpenID Connect
// Discovery 1.0, section 4). The fault is IssuerUnreachable, IssuerDiffers or
// IssuerUnusable, with a message that says which document and why.
func load(ctx context.Context, client *fetch.Client, issuer string) (*jose.Set, error) {
	text, err := client.Get(ctx, strings.TrimSuffix(issuer, "/")+discoveryPath)
	if err != nil {
		return nil, unreachable("metadata", err)
	}
	var doc struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	switch err := json.Unmarshal(text, &doc); {
	case err != nil:
		return nil, fault.Because(fault.Unavailable, IssuerUnusable, "The issuer's metadata is no JSON object.").Wrap(err)
	case doc.Issuer != issuer: // section 4.3: must be identical
		return nil, fault.Because(fault.Unavailable, IssuerDiffers, "The issuer's metadata names another issuer.").With("found", clip(doc.Issuer))
	case doc.Keys == "":
		return nil, fault.Because(fault.Unavailable, IssuerUnusable, "The issuer's metadata names no keys (jwks_uri).")
	}
	if text, err = client.Get(ctx, doc.Keys); err != nil {
		return nil, unreachable("keys", err)
	}
	set, err := jose.ParseSet(text)
	switch {
	case err != nil:
		return nil, fault.Because(fault.Unavailable, IssuerUnusable, "The issuer's keys cannot be read.").Wrap(err)
	case len(set.Keys) == 0:
		return nil, fault.Because(fault.Unavailable, IssuerUnusable, "The issuer publishes no key that could be used.")
	}
	return set, nil
}

func unreachable(document string, err error) error {
	return fault.Because(fault.Unavailable, IssuerUnreachable, "The issuer's %s cannot be had: %s", document, fault.Public(err).Message).Wrap(err)
}

// clip shortens what came from outside before it is kept or shown, and takes
// out what no database keeps and no person reads.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
