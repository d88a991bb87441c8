package config

import (
	"time"

	"entente/internal/kit/secret"
)

// A Config is every setting of a server. The comment of a field is its
// documentation, which `entente config describe` prints.
type Config struct {
	// The installation's own name: the base URL under which people and programs reach it, such as
	// https://id.contoso.example. It stands in every token as the issuer, so choose it once. The only
	// setting without which nothing starts.
	Name string `koanf:"name"`

	// Further base URLs under which the server answers. Discovery, endpoints and links speak of the one
	// that was asked; tokens always name the first.
	Also []string `koanf:"also"`

	// The address to listen on. Default: the port of the name on all addresses.
	Listen string `koanf:"listen"`

	// The folder for what the server keeps: the SQLite database, its local certificate authority, and the
	// master key it made. Default: data, below the current folder.
	Data string `koanf:"data"`

	// The address of a PostgreSQL database, postgres://user:password@host/name. Without it the store is an
	// SQLite database in the data folder.
	Database secret.String `koanf:"database"`

	// A file with the TLS certificate and those that lead to its root, as PEM. Read again when it changes.
	// Without it a local authority in the data folder makes certificates; clients trust its ca.pem.
	CertificateFile string `koanf:"certificate-file"`

	// The file with the certificate's private key, as PEM.
	CertificateKeyFile string `koanf:"certificate-key-file"`

	// A file with the master keys, under which signing keys are sealed: one key a line, base64 of 32 bytes,
	// the newest first. Default: master.key in the data folder, which the first start makes.
	MasterKeyFile string `koanf:"master-key-file"`

	// The master keys themselves, in the same form, for those who hand secrets over in the environment.
	MasterKeys secret.String `koanf:"master-keys"`

	// The address of a listener without TLS that answers /metrics, /healthz and /readyz, such as
	// 127.0.0.1:9464. Off by default: metrics tell of tenants' habits, so they never share the public door.
	Metrics string `koanf:"metrics"`

	// Networks of the reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/24. Default: none.
	TrustedProxies []string `koanf:"trusted-proxies"`

	// Issuers of federated credentials inside your own house: host names, addresses or networks, such as
	// gitlab.intern.example or 10.1.2.0/24. Without them only public addresses are fetched from.
	InternalIssuers []string `koanf:"internal-issuers"`

	// A file with certificates, as PEM, to trust beside the system's when fetching from issuers.
	IssuerCAFile string `koanf:"issuer-ca-file"`

	// The DNS servers to ask whether a domain shows its proof, as addresses with or without a port, such as
	// 10.0.0.53 or [fd00::53]:5353. Default: those that the system asks.
	DNSServers []string `koanf:"dns-servers"`

	// A file of DNS records that go before what those servers say: a line has a name, TXT or MX, and a value, such
	// as "contoso.example TXT MS=ms123". It is read at each question and need not exist. For names of your
	// own house that no DNS server knows; whoever may write into it may verify any domain.
	DNSRecordsFile string `koanf:"dns-records-file"`

	// The mail server that takes messages to people, such as mail.contoso.example:587. Without one no mail is
	// sent, and what asks for it is refused.
	MailServer string `koanf:"mail-server"`

	// Whom messages are from, such as no-reply@id.contoso.example or "Contoso sign-in <no-reply@id.contoso.example>".
	// Its domain must let the mail server send for it (SPF, DKIM).
	MailFrom string `koanf:"mail-from"`

	// The user as whom to speak to the mail server. Default: nobody.
	MailUser string `koanf:"mail-user"`

	// That user's password.
	MailPassword secret.String `koanf:"mail-password"`

	// How the connection to the mail server is encrypted: starttls, implicit (as on port 465), or none, which
	// only a server on this machine may have. Default: starttls.
	MailTLS string `koanf:"mail-tls"`

	// A file with certificates, as PEM, to trust beside the system's when speaking to the mail server.
	MailCAFile string `koanf:"mail-ca-file"`

	// How many federated identity credentials an application may have. Default: 0, no limit.
	FederatedCredentialLimit int `koanf:"federated-credential-limit"`

	// How many resource units an application may use in a tenant in ten seconds through the Graph API,
	// before it is told to wait. Most requests cost one or two. Default: 0, no limit.
	GraphLimit int `koanf:"graph-limit"`

	// How long entries of the sign-in log are kept, such as 2160h. Default: 720h, thirty days. 0 keeps them
	// for good. The audit log of changes is always kept.
	SignInRetention time.Duration `koanf:"sign-in-retention"`

	// How long requests and jobs in hand may take to end when the server is told to stop. Default: 20s.
	Drain time.Duration `koanf:"drain"`

	// How much is logged: debug, info, warn or error. Default: info.
	LogLevel string `koanf:"log-level"`

	// The form of the log: text or json. Default: text.
	LogFormat string `koanf:"log-format"`
}

// Defaults returns the settings of a server of which nothing is known yet.
func Defaults() Config {
	return Config{Data: "data", SignInRetention: 30 * 24 * time.Hour, Drain: 20 * time.Second, LogLevel: "info", LogFormat: "text"}
}
