package server

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/internal/config"
	"entente/internal/kit/clock"
	"entente/internal/kit/localca"
)

// tlsConfig returns the settings of the public door: the operator's certificate
// or the local authority's, and the authority if there is one.
func tlsConfig(c config.Config, hosts []string, clk clock.Clock) (*tls.Config, *localca.Authority, error) {
	if c.CertificateFile != "" {
		files := &certificateFiles{cert: c.CertificateFile, key: c.CertificateKeyFile, clock: clk}
		if _, err := files.get(nil); err != nil {
			return nil, nil, err
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: files.get}, nil, nil
	}
	ca, err := localca.Open(filepath.Join(c.Data, "ca"), clk)
	if err != nil {
		return nil, nil, err
	}
	return ca.Config(hostnames(append([]string{c.Name}, hosts...))...), ca, nil
}

// hostnames returns the hosts of base URLs.
func hostnames(bases []string) []string {
	var all []string
	for _, b := range bases {
		if u, err := url.Parse(b); err == nil && u.Hostname() != "" {
			all = append(all, u.Hostname())
		}
	}
	return all
}

// certificateFiles serves a certificate from files and reads them again when
// they change, so that a renewal needs no restart. A renewal that does not load
// is passed over: the certificate at hand serves on.
type certificateFiles struct {
	cert, key string
	clock     clock.Clock

	mu      sync.Mutex
	loaded  *tls.Certificate
	stamp   time.Time // the newer of the two files' times when loaded
	checked time.Time
}

// certificateAge is how long the files are not looked at again.
const certificateAge = 10 * time.Second

func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Wall()
	if f.loaded != nil && now.Sub(f.checked) < certificateAge {
		return f.loaded, nil
	}
	f.checked = now
	stamp, err := newest(f.cert, f.key)
	if err == nil && f.loaded != nil && stamp.Equal(f.stamp) {
		return f.loaded, nil
	}
	pair, loadErr := tls.LoadX509KeyPair(f.cert, f.key)
	if err == nil && loadErr == nil {
		f.loaded, f.stamp = &pair, stamp
	}
	if f.loaded == nil {
		return nil, fmt.Errorf("load certificate: %w", loadErr)
	}
	return f.loaded, nil
}

func newest(paths ...string) (time.Time, error) {
	var t time.Time
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return t, err
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	return t, nil
}
