package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
)

// Check returns every contradiction in the settings, joined, or nil.
func (c Config) Check() error {
	return errors.Join(
		c.checkName(),
		c.checkAlso(),
		checkAddress("listen", c.Listen),
		c.checkStore(),
		c.checkCertificate(),
		c.checkMasterKeys(),
		c.checkMetrics(),
		c.checkProxies(),
		c.checkIssuers(),
		c.checkNameServers(),
		c.checkMail(),
		checkLeast("federated-credential-limit", c.FederatedCredentialLimit),
		checkLeast("sign-in-retention", int(c.SignInRetention)),
		checkLeast("graph-limit", c.GraphLimit),
		checkLeast("drain", int(c.Drain)),
		checkOneOf("log-level", c.LogLevel, "debug", "info", "warn", "error"),
		checkOneOf("log-format", c.LogFormat, "text", "json"),
	)
}

func (c Config) checkName() error {
	if c.Name == "" {
		return fmt.Errorf("name: set it to the base URL under which this server is reached, such as https://id.contoso.example")
	}
	return checkBase("name", c.Name)
}

func (c Config) checkAlso() error {
	var errs []error
	for _, base := range c.Also {
		errs = append(errs, checkBase("also", base))
	}
	return errors.Join(errs...)
}

// checkBase refuses what is no https URL of a host alone: clients put paths
// behind it and compare it byte for byte.
func checkBase(setting, base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return fmt.Errorf("%s: %q is no URL of a host", setting, base)
	case u.Scheme != "https":
		return fmt.Errorf("%s: %q must begin with https://; clients refuse anything else", setting, base)
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(base, "?") || strings.HasSuffix(base, "#"):
		return fmt.Errorf("%s: %q must end after the host and port; clients look for us at the root", setting, base)
	case u.Host != strings.ToLower(u.Host):
		return fmt.Errorf("%s: %q must be in lower case; clients fold it and then compare", setting, base)
	}
	return nil
}

func (c Config) checkStore() error {
	if db := c.Database.Reveal(); db != "" && !strings.HasPrefix(db, "postgres://") && !strings.HasPrefix(db, "postgresql://") {
		return fmt.Errorf("database: it begins with postgres://; for SQLite leave it out and set data")
	}
	if c.Data == "" {
		return fmt.Errorf("data: the folder must have a name")
	}
	return nil
}

func (c Config) checkCertificate() error {
	if (c.CertificateFile == "") != (c.CertificateKeyFile == "") {
		return fmt.Errorf("certificate-file, certificate-key-file: set both or neither")
	}
	return nil
}

func (c Config) checkMasterKeys() error {
	if c.MasterKeys.IsZero() {
		return nil
	}
	if c.MasterKeyFile != "" {
		return fmt.Errorf("master-keys, master-key-file: set one of them")
	}
	keys, err := secret.ParseKeys(c.MasterKeys.Reveal())
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("there is no key in it")
	}
	if err != nil {
		return fmt.Errorf("master-keys: %w", err)
	}
	return nil
}

// checkMetrics also refuses an address that is open to everyone by omission:
// ":9464" means all addresses of the machine.
func (c Config) checkMetrics() error {
	if host, _, err := net.SplitHostPort(c.Metrics); err == nil && host == "" {
		return fmt.Errorf("metrics: name the address, such as 127.0.0.1%s, or 0.0.0.0%[1]s if everyone may read them", c.Metrics)
	}
	return checkAddress("metrics", c.Metrics)
}

func checkAddress(setting, address string) error {
	if address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%s: %q is no host:port", setting, address)
	}
	return nil
}

func (c Config) checkProxies() error {
	var errs []error
	for _, n := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(n); err != nil {
			errs = append(errs, fmt.Errorf("trusted-proxies: %q is no network such as 10.0.0.0/24", n))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkIssuers() error {
	if _, err := fetch.New(fetch.Options{Allow: c.InternalIssuers}); err != nil {
		return fmt.Errorf("internal-issuers: %s", fault.Public(err).Message)
	}
	return nil
}

func (c Config) checkNameServers() error {
	var errs []error
	for i, s := range c.NameServers() {
		if _, err := netip.ParseAddrPort(s); err != nil {
			errs = append(errs, fmt.Errorf("dns-servers: %q is no address such as 10.0.0.53 or [fd00::53]:5353", c.DNSServers[i]))
		}
	}
	return errors.Join(errs...)
}

// checkMail names each setting that is wrong. Without a server the others speak
// of nothing.
func (c Config) checkMail() error {
	if c.MailServer == "" {
		for _, s := range []struct{ name, value string }{
			{"mail-from", c.MailFrom}, {"mail-user", c.MailUser}, {"mail-password", c.MailPassword.Reveal()}, {"mail-tls", c.MailTLS}, {"mail-ca-file", c.MailCAFile},
		} {
			if s.value != "" {
				return fmt.Errorf("mail-server: set it as well, such as mail.contoso.example:587; without a server %s means nothing", s.name)
			}
		}
		return nil
	}
	var errs []error
	host, port, err := net.SplitHostPort(c.MailServer)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		errs = append(errs, fmt.Errorf("mail-server: %q is no host:port, such as mail.contoso.example:587", c.MailServer))
	}
	if _, err := mail.ParseAddress(c.MailFrom); c.MailFrom == "" {
		errs = append(errs, fmt.Errorf("mail-from: set it to the address that messages are from, such as no-reply@id.contoso.example"))
	} else if err != nil {
		errs = append(errs, fmt.Errorf("mail-from: %q is no address, such as no-reply@id.contoso.example", c.MailFrom))
	}
	if (c.MailUser == "") != c.MailPassword.IsZero() {
		errs = append(errs, fmt.Errorf("mail-user, mail-password: set both or neither"))
	}
	switch c.MailTLS {
	case "", mail.StartTLS, mail.Implicit:
	case mail.None:
		if !mail.Loopback(host) {
			errs = append(errs, fmt.Errorf("mail-tls: none is for a mail server on this machine, and %q is elsewhere", host))
		}
		if c.MailUser != "" {
			errs = append(errs, fmt.Errorf("mail-tls: with none no password is sent; leave mail-user and mail-password out"))
		}
	default:
		errs = append(errs, checkOneOf("mail-tls", c.MailTLS, mail.StartTLS, mail.Implicit, mail.None))
	}
	return errors.Join(errs...)
}

// NameServers returns DNSServers as host:port.
func (c Config) NameServers() []string {
	var all []string
	for _, s := range c.DNSServers {
		if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
			s = netip.AddrPortFrom(a, 53).String()
		}
		all = append(all, s)
	}
	return all
}

func checkLeast(setting string, n int) error {
	if n < 0 {
		return fmt.Errorf("%s: it cannot be less than 0", setting)
	}
	return nil
}

func checkOneOf(setting, got string, may ...string) error {
	for _, m := range may {
		if got == m {
			return nil
		}
	}
	return fmt.Errorf("%s: %q is none of %s", setting, got, strings.Join(may, ", "))
}

// Proxies returns the networks of TrustedProxies, which Check has passed.
func (c Config) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, n := range c.TrustedProxies {
		if p, err := netip.ParsePrefix(n); err == nil {
			all = append(all, p.Masked())
		}
	}
	return all
}

// Address returns the address to listen on: Listen, or the name's port.
func (c Config) Address() string {
	if c.Listen != "" {
		return c.Listen
	}
	u, err := url.Parse(c.Name)
	if err != nil || u.Port() == "" {
		return ":443"
	}
	return ":" + u.Port()
}
