package claim

import (
	"slices"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
)

// Of returns what tokens tell of whoever visits a tenant. Issuer is that of the
// home tenant's version 1 tokens, and counts for those who do not live there.
func Of(v *person.Visit, p token.Proof, issuer, ip string) token.Person {
	account, here := v.Account, v.Here
	t := token.Person{
		Proof: p, Object: here.ID, Guest: v.Guest(), Name: here.DisplayName, Username: account.UserPrincipalName, Local: here.UserPrincipalName,
		Given: text(here.GivenName), Family: text(here.Surname), Email: proved(v.Home, text(account.Mail)), IP: ip,
		Country: country(text(here.Country)), TenantCountry: v.In.Country, Language: text(account.PreferredLanguage), Location: text(here.PreferredDataLocation),
	}
	if !v.AtHome() {
		t.Issuer = issuer
	}
	t.Others = others(v.Home, account, t.Email)
	return t
}

// proved returns an address if its home has proved the domain; only then does
// it say anything about whose address it is.
func proved(home *tenant.Tenant, mail string) string {
	_, domain, _ := strings.Cut(mail, "@")
	if d := home.Domain(strings.ToLower(domain)); d == nil || !d.Verified {
		return ""
	}
	return mail
}

// others returns the account's other proved addresses, each once.
func others(home *tenant.Tenant, u *directory.User, primary string) []string {
	var list []string
	add := func(mail string) {
		same := func(s string) bool { return strings.EqualFold(s, mail) }
		if mail = proved(home, mail); mail != "" && !same(primary) && !slices.ContainsFunc(list, same) {
			list = append(list, mail)
		}
	}
	for _, address := range u.ProxyAddresses {
		if kind, mail, _ := strings.Cut(address, ":"); strings.EqualFold(kind, "smtp") {
			add(mail)
		}
	}
	for _, mail := range u.OtherMails {
		add(mail)
	}
	return list
}

// country returns a country that is written as two letters; the directory
// takes any text.
func country(s string) string {
	if len(s) != 2 || strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return strings.ToUpper(s)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
