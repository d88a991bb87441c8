// Package localca is a certificate authority of one's own, for a machine that
// has no name of its own in the world.
//
// The authority lives in one folder: ca-key.pem, which only its owner may read,
// holds key and certificate together, so that they can never be a mismatched
// pair; ca.pem is the certificate alone, for clients to trust. Both survive a
// restart, so a client trusts once. Certificates for servers are made in memory
// when they are needed and again before they end. One process at a time uses a
// folder.
//
// Certificates follow RFC 5280; names stand in the subject alternative name, as
// RFC 6125, section 6.4.4, wants them.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/internal/kit/clock"
)

// How long certificates live, and how long before the end they are replaced.
// Clocks of clients may run behind by the leeway.
const (
	caLife     = 10 * 365 * 24 * time.Hour
	caRenew    = 180 * 24 * time.Hour
	leafLife   = 90 * 24 * time.Hour
	leafRenew  = 30 * 24 * time.Hour
	leeway     = time.Hour
	keyFile    = "ca-key.pem"
	publicFile = "ca.pem"
)

// Always are the names that every certificate for this machine carries.
var Always = []string{"localhost", "127.0.0.1", "::1"}

// An Authority signs certificates for servers of this machine.
type Authority struct {
	clock clock.Clock
	dir   string
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by their names, joined
}

// Open returns the authority that lives in dir, and founds it when there is
// none or when its own certificate is about to end.
func Open(dir string, clk clock.Clock) (*Authority, error) {
	a := &Authority{clock: clk, dir: dir, leaves: make(map[string]*tls.Certificate)}
	err := a.load()
	if errors.Is(err, fs.ErrNotExist) || err == nil && a.ends(a.cert, caRenew) {
		err = a.found()
	}
	if err != nil {
		return nil, fmt.Errorf("local certificate authority in %s: %w", dir, err)
	}
	if err := writeFile(a.File(), certificatePEM(a.cert.Raw), 0o644); err != nil {
		return nil, err
	}
	return a, nil
}

// File returns the path of the certificate that clients are to trust, as PEM.
func (a *Authority) File() string { return filepath.Join(a.dir, publicFile) }

// PEM returns the certificate that clients are to trust.
func (a *Authority) PEM() []byte { return certificatePEM(a.cert.Raw) }

// Pool returns a pool that trusts this authority and nobody else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Config returns the settings of a TLS server that answers under Always and the
// further names, host names or addresses. It makes its certificate anew before
// it ends.
func (a *Authority) Config(names ...string) *tls.Config {
	all := append(slices.Clone(Always), names...)
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.Certificate(all...)
		},
	}
}

// Certificate returns a certificate for exactly these names, made now or
// earlier, that still has a while to live.
func (a *Authority) Certificate(names ...string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := strings.Join(names, " ")
	if c := a.leaves[id]; c != nil && !a.ends(c.Leaf, leafRenew) {
		return c, nil
	}
	c, err := a.issue(names)
	if err != nil {
		return nil, err
	}
	a.leaves[id] = c
	return c, nil
}

// ends reports whether c ends within d, or has not begun.
func (a *Authority) ends(c *x509.Certificate, d time.Duration) bool {
	now := a.clock.Wall()
	return now.Before(c.NotBefore) || now.Add(d).After(c.NotAfter)
}

func (a *Authority) issue(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := a.template(names[0], leafLife)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, err
}

// template returns what all certificates have in common.
func (a *Authority) template(name string, life time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // crypto/rand does not fail
	now := a.clock.Wall()
	return &x509.Certificate{
		SerialNumber:          serial.Add(serial, big.NewInt(1)),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"entente local authority"}},
		NotBefore:             now.Add(-leeway),
		NotAfter:              now.Add(life),
		BasicConstraintsValid: true,
	}
}

// found makes a new authority and stores it.
func (a *Authority) found() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	// The name differs from founding to founding, so that a client that trusts
	// an old authority sees two issuers and not one with a wrong signature.
	t := a.template("entente local authority "+a.clock.Wall().Format("2006-01-02 15:04:05"), caLife)
	t.IsCA = true
	t.MaxPathLenZero = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), certificatePEM(der)...)
	if err := writeFile(filepath.Join(a.dir, keyFile), both, 0o600); err != nil {
		return err
	}
	a.key = key
	a.cert, err = x509.ParseCertificate(der)
	return err
}

// load reads the authority that is stored.
func (a *Authority) load() error {
	path := filepath.Join(a.dir, keyFile)
	both, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return fmt.Errorf("%s holds no authority of ours", path)
	}
	a.key, a.cert = key, pair.Leaf
	return nil
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// writeFile replaces the file at path as a whole: a reader sees the old text or
// the new, and a crash leaves one of them.
func writeFile(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after a rename there is nothing to remove
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
