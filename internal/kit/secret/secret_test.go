package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestStringNeverPrints(t *testing.T) {
	s := NewString("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s)
	js, _ := json.Marshal(map[string]any{"s": s})
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%#v %+v %q", s, s, s), log.String(), string(js)} {
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s shows the secret", got)
		}
	}
	if !s.Equal("hunter2") || s.Equal("hunter3") || s.Equal("") {
		t.Error("Equal does not compare")
	}
}

func TestSeal(t *testing.T) {
	old, new := NewKey(), NewKey()
	before, _ := NewRing(old)
	after, _ := NewRing(new, old)
	only, _ := NewRing(new)
	sealed, err := before.Seal([]byte("plain"), "signing key", "tenant")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(sealed, "signing key", "tenant"); err != nil || string(got) != "plain" {
		t.Errorf("after rotation: got %q, %v, want plain", got, err)
	}
	refused := map[string]func() ([]byte, error){
		"another context":            func() ([]byte, error) { return before.Open(sealed, "signing key", "other") },
		"a context cut differently":  func() ([]byte, error) { return before.Open(sealed, "signing keyt", "enant") },
		"a key that is not there":    func() ([]byte, error) { return only.Open(sealed, "signing key", "tenant") },
		"a flipped bit":              func() ([]byte, error) { return before.Open(flip(sealed), "signing key", "tenant") },
		"too short to hold anything": func() ([]byte, error) { return before.Open(sealed[:20], "signing key", "tenant") },
		"nothing":                    func() ([]byte, error) { return before.Open(nil, "signing key", "tenant") },
	}
	for name, open := range refused {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened to %q, want an error", name, got)
		}
	}
}

func flip(b []byte) []byte {
	c := bytes.Clone(b)
	c[len(c)-1] ^= 1
	return c
}

func TestMAC(t *testing.T) {
	old, new := NewKey(), NewKey()
	before, _ := NewRing(old)
	after, _ := NewRing(new, old)
	m := before.MAC("a long random secret", "app")
	if after.MACs("a long random secret", "app")[1] != m {
		t.Error("the secret is not recognized after a new master key")
	}
	if before.MAC("another", "app") == m || before.MAC("a long random secret", "other") == m || after.MAC("a long random secret", "app") == m {
		t.Error("another secret, purpose or master key has the same keyed hash")
	}
	if after.MACs("x")[0] != after.MAC("x") || after.MACs("x")[1] != before.MAC("x") {
		t.Error("MACs are not newest first")
	}
}

func TestDerive(t *testing.T) {
	one, other := NewKey(), NewKey()
	ring := func(keys ...[]byte) *Ring {
		r, err := NewRing(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := ring(one).Derive(100, "a", "b")
	if len(first) != 100 || !bytes.Equal(first, ring(one, other).Derive(100, "a", "b")) {
		t.Error("the same key and context derive something else")
	}
	for _, another := range [][]byte{ring(other, one).Derive(100, "a", "b"), ring(one).Derive(100, "ab"), ring(one).Derive(100, "a", "c")} {
		if bytes.Equal(another[:20], first[:20]) {
			t.Error("another key or context derives the same")
		}
	}
}

func TestParseKeys(t *testing.T) {
	k := NewKey()
	keys, err := ParseKeys("# the operator's key\n\n" + base64.StdEncoding.EncodeToString(k) + "\n")
	if err != nil || len(keys) != 1 || !bytes.Equal(keys[0], k) {
		t.Errorf("got %v, %v, want the key", keys, err)
	}
	if _, err := ParseKeys("short"); err == nil {
		t.Error("a short key is accepted")
	}
}

func TestDigest(t *testing.T) {
	if DigestOf("ab", "c") == DigestOf("a", "bc") {
		t.Error("two lists of parts share a digest")
	}
	d := DigestOf("x")
	if got, err := ParseDigest(string(d)); err != nil || got != d {
		t.Errorf("got %v, %v, want %v", got, err, d)
	}
	if _, err := ParseDigest("zz"); err == nil {
		t.Error("nonsense is a digest")
	}
}
