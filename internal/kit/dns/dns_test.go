package dns

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"entente/internal/kit/fault"
)

// serve answers questions on loopback until the test ends and returns the
// server's address.
func serve(t *testing.T, answer func(q dnsmessage.Question) dnsmessage.Message) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var ask dnsmessage.Message
			if ask.Unpack(buf[:n]) != nil || len(ask.Questions) != 1 {
				continue
			}
			m := answer(ask.Questions[0])
			m.ID, m.Response, m.RecursionAvailable, m.Questions = ask.ID, true, true, ask.Questions
			if text, err := m.Pack(); err == nil && m.RCode != 15 { // 15: silence
				conn.WriteTo(text, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func zone(q dnsmessage.Question) (m dnsmessage.Message) {
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
	switch {
	case q.Name.String() == "absent.example.":
		m.RCode = dnsmessage.RCodeNameError
	case q.Name.String() == "broken.example.":
		m.RCode = dnsmessage.RCodeServerFailure
	case q.Name.String() == "silent.example.":
		m.RCode = 15
	case q.Type == dnsmessage.TypeTXT && q.Name.String() == "contoso.example.":
		m.Answers = []dnsmessage.Resource{
			{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{"v=spf1 -all"}}},
			{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{"MS=", "ms123"}}},
		}
	case q.Type == dnsmessage.TypeTXT && q.Name.String() == "many.example.":
		for range 30 {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{"x"}}})
		}
	case q.Type == dnsmessage.TypeMX && q.Name.String() == "contoso.example.":
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("MS123.msv1.invalid.")}}}
	}
	return m
}

func TestAsk(t *testing.T) {
	r := New(Options{Servers: []string{serve(t, zone)}, Timeout: time.Second})
	tests := []struct {
		name, kind, ask string
		want            []string
		err             error
	}{
		{"texts, each as one", "TXT", "contoso.example", []string{"v=spf1 -all", "MS=ms123"}, nil},
		{"a name with its dot", "TXT", "contoso.example.", []string{"v=spf1 -all", "MS=ms123"}, nil},
		{"exchanges in lower case without the dot", "MX", "contoso.example", []string{"ms123.msv1.invalid"}, nil},
		{"a name that does not exist", "TXT", "absent.example", nil, nil},
		{"a name without such records", "MX", "many.example", nil, nil},
		{"a server that fails", "TXT", "broken.example", nil, NoAnswer},
		{"a server that is silent", "TXT", "silent.example", nil, NoAnswer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ask := r.TXT
			if tt.kind == "MX" {
				ask = r.MX
			}
			got, err := ask(t.Context(), tt.ask)
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// TestBounded shows that a question waits neither for long nor with many.
func TestBounded(t *testing.T) {
	asked := make(chan struct{}, 100)
	r := New(Options{Timeout: 300 * time.Millisecond, AtOnce: 1, Servers: []string{serve(t, func(q dnsmessage.Question) dnsmessage.Message {
		asked <- struct{}{}
		return zone(q)
	})}})
	first := make(chan error)
	go func() {
		_, err := r.TXT(t.Context(), "silent.example")
		first <- err
	}()
	<-asked
	if _, err := r.TXT(t.Context(), "contoso.example"); !errors.Is(err, Busy) || !errors.Is(err, fault.Unavailable) {
		t.Errorf("a second question at once: err = %v, want Busy", err)
	}
	select {
	case err := <-first:
		if !errors.Is(err, NoAnswer) {
			t.Errorf("err = %v, want NoAnswer", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the question did not end")
	}
	if got, err := r.TXT(t.Context(), "contoso.example"); len(got) != 2 || err != nil {
		t.Errorf("after it: got %q, %v", got, err)
	}
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records")
	r := New(Options{Servers: []string{serve(t, zone)}, File: file, Timeout: time.Second})
	if got, err := r.TXT(t.Context(), "contoso.example"); len(got) != 2 || err != nil {
		t.Errorf("without the file: got %q, %v", got, err)
	}
	text := "# of the lab\nCONTOSO.example TXT MS=ms9 # mine\nfabrikam.example. MX 32767 ms8.msv1.invalid.\nnonsense\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		ask  func() ([]string, error)
		want []string
	}{
		{"a record of the file goes before", func() ([]string, error) { return r.TXT(t.Context(), "contoso.example") }, []string{"MS=ms9"}},
		{"a name of the file is not asked for other records", func() ([]string, error) { return r.MX(t.Context(), "contoso.example") }, nil},
		{"an exchange has a preference", func() ([]string, error) { return r.MX(t.Context(), "fabrikam.example") }, []string{"ms8.msv1.invalid"}},
		{"other names are asked", func() ([]string, error) { l, err := r.TXT(t.Context(), "many.example"); return l[:1], err }, []string{"x"}},
	} {
		if got, err := tt.ask(); !slices.Equal(got, tt.want) || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	if err := os.Truncate(file, mostFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := r.TXT(t.Context(), "contoso.example"); !errors.Is(err, BadFile) {
		t.Errorf("a file too large: err = %v, want BadFile", err)
	}
}
