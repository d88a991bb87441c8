package app

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"entente/internal/kit/ids"
)

// What the small parts of an application may say.
// https://learn.microsoft.com/entra/identity-platform/reference-microsoft-graph-app-manifest
var (
	groupClaims = []string{"None", "SecurityGroup", "All", "DirectoryRole", "ApplicationGroup"}
	ageRules    = []string{anyAge, "RequireConsentForPrivacyServices", "RequireConsentForMinors", "RequireConsentForKids", "BlockMinors"}
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	uniqueForm  = regexp.MustCompile(`^[!-~]+$`)
)

const (
	anyAge        = "Allow"
	maxLink       = 2048 // characters of a link that people follow
	maxTag        = 256
	maxClaimParts = 10
)

// tidyParts brings the small parts into the form in which they are kept.
func (a *Application) tidyParts() {
	for i := range a.API.PreAuthorized {
		p := &a.API.PreAuthorized[i]
		p.AppID = ids.AppID(strings.ToLower(string(p.AppID)))
		for j := range p.ScopesIDs {
			p.ScopesIDs[j] = ids.RoleID(strings.ToLower(string(p.ScopesIDs[j])))
		}
	}
	if a.ParentalControl.Rule == "" {
		a.ParentalControl.Rule = anyAge
	}
	a.tidySettings()
}

// tidySettings keeps one setting for each web redirect address, with the index
// that it was given, as Graph shows them.
func (a *Application) tidySettings() {
	index := make(map[string]*int)
	for _, s := range a.Web.RedirectURISettings {
		index[s.URI] = s.Index
	}
	a.Web.RedirectURISettings = make([]RedirectURISetting, len(a.Web.RedirectURIs))
	for i, uri := range a.Web.RedirectURIs {
		a.Web.RedirectURISettings[i] = RedirectURISetting{URI: uri, Index: index[uri]}
	}
}

func (a *Application) checkParts() error {
	for name, link := range map[string]*string{
		"web.homePageUrl": a.Web.HomePageURL, "samlMetadataUrl": a.SamlMetadataURL,
		"info.marketingUrl": a.Info.MarketingURL, "info.privacyStatementUrl": a.Info.PrivacyURL,
		"info.supportUrl": a.Info.SupportURL, "info.termsOfServiceUrl": a.Info.TermsURL,
	} {
		if !goodLink(link) {
			return invalid(name)
		}
	}
	switch {
	case text(a.Web.LogoutURL) != "" && !goodRedirect(*a.Web.LogoutURL, false):
		return invalid("web.logoutUrl")
	case text(a.DefaultRedirectURI) != "" && !goodRedirect(*a.DefaultRedirectURI, true):
		return invalid("defaultRedirectUri")
	case !goodGroupClaims(text(a.GroupMembershipClaims)):
		return invalid("groupMembershipClaims")
	case !slices.Contains(ageRules, a.ParentalControl.Rule), !all(a.ParentalControl.CountriesBlocked, countryForm.MatchString):
		return invalid("parentalControlSettings")
	case !all(a.Tags, goodTag):
		return invalid("tags")
	case longer(text(a.ServiceManagementRef), maxText):
		return invalid("serviceManagementReference")
	case text(a.UniqueName) != "" && (!uniqueForm.MatchString(*a.UniqueName) || longer(*a.UniqueName, maxUniqueName)):
		return invalid("uniqueName")
	}
	if o := a.OptionalClaims; o != nil && !all(slices.Concat(o.IDToken, o.AccessToken, o.Saml2Token), OptionalClaim.wellFormed) {
		return invalid("optionalClaims")
	}
	return nil
}

// goodLink accepts no link, and one that a browser opens as a page.
func goodLink(link *string) bool {
	if text(link) == "" {
		return true
	}
	u, err := url.Parse(*link)
	return err == nil && !longer(*link, maxLink) && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// goodGroupClaims accepts members of the enumeration joined by commas.
func goodGroupClaims(claims string) bool {
	if claims == "" {
		return true
	}
	for c := range strings.SplitSeq(claims, ",") {
		if !slices.Contains(groupClaims, strings.TrimSpace(c)) {
			return false
		}
	}
	return true
}

func goodTag(tag string) bool { return tag != "" && !longer(tag, maxTag) }

func (c OptionalClaim) wellFormed() bool {
	return c.Name != "" && !longer(c.Name, maxValue) && (text(c.Source) == "" || *c.Source == "user") &&
		len(c.AdditionalProperties) <= maxClaimParts && all(c.AdditionalProperties, func(p string) bool { return !longer(p, maxValue) })
}

func all[T any](list []T, good func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !good(v) })
}
