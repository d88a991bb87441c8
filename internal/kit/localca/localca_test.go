package localca

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"entente/internal/kit/clock"
)

func open(t *testing.T, dir string, clk clock.Clock) *Authority {
	t.Helper()
	a, err := Open(dir, clk)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestClientTrustsTheFile speaks to a server under each of its names, trusting
// nothing but the certificate.
func TestClientTrustsTheFile(t *testing.T) {
	a := open(t, t.TempDir(), clock.System{})
	l, err := tls.Listen("tcp", "127.0.0.1:0", a.Config("id.contoso.example"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go greet(l)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "id.contoso.example"} {
		err := handshake(l.Addr().String(), &tls.Config{RootCAs: a.Pool(), ServerName: name})
		if err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	err = handshake(l.Addr().String(), &tls.Config{RootCAs: a.Pool(), ServerName: "other.example"})
	if err == nil {
		t.Error("the certificate is good for a name nobody asked for")
	}
}

// greet shakes hands with whoever comes, until l closes.
func greet(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.(*tls.Conn).Handshake()
		conn.Close()
	}
}

func handshake(addr string, cfg *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", addr, cfg)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestAuthoritySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, clock.System{})
	if err := os.Remove(first.File()); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, clock.System{})
	file, err := os.ReadFile(second.File())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.PEM(), second.PEM()) || !bytes.Equal(file, first.PEM()) {
		t.Error("the second start trusts another authority than the first")
	}
}

func TestKeyIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("file modes say nothing on this system")
		return
	}
	dir := t.TempDir()
	open(t, dir, clock.System{})
	for name, want := range map[string]fs.FileMode{keyFile: 0o600, publicFile: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*.pem.*"))
	if len(left) > 0 {
		t.Errorf("writing left %v behind", left)
	}
}

func TestRenewal(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	a := open(t, dir, clk)
	leaf := func() *tls.Certificate {
		c, err := a.Certificate("localhost")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := leaf()
	clk.Advance(leafLife - leafRenew - time.Minute)
	if leaf() != first {
		t.Error("a certificate that lives on was replaced")
	}
	clk.Advance(2 * time.Minute)
	if leaf() == first {
		t.Error("a certificate about to end was not replaced")
	}
	clk.Advance(caLife)
	if bytes.Equal(open(t, dir, clk).PEM(), a.PEM()) {
		t.Error("an authority about to end was not replaced")
	}
}

// TestDamagedKeyIsNotReplaced: founding anew would silently end the trust of
// every client.
func TestDamagedKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, keyFile)
	if err := os.WriteFile(path, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, clock.System{}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want one about the damaged file", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "half a key" {
		t.Error("the damaged file was overwritten")
	}
}
