package jose

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
)

// The vectors stand beside the project, where they are.
const vectors = "../../../../shared/vectors/"

type vector struct {
	ID      int    `json:"tcId"`
	Comment string `json:"comment"`
	JWS     string `json:"jws"`
	Result  string `json:"result"`
}

type vectorGroup struct {
	Comment string          `json:"comment"`
	Public  json.RawMessage `json:"public"`
	Private json.RawMessage `json:"private"`
	Tests   []vector        `json:"tests"`
}

func readVectors(t *testing.T, file string) []vectorGroup {
	t.Helper()
	text, err := os.ReadFile(vectors + file)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skipf("the Wycheproof vectors are not beside the project: %s", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Groups []vectorGroup `json:"testGroups"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Groups
}

// accepts answers as entente is configured: the published set, all algorithms
// that other issuers may use.
func accepts(set []byte, jws string) bool {
	keys, err := ParseSet(set)
	if err != nil {
		return false
	}
	tok, err := Peek(jws, all()...)
	return err == nil && tok.Verify(keys.Keys...) == nil
}

// ours reports whether a vector's algorithm is one of ours; valid vectors of
// other algorithms are refused too, and that is right.
func ours(jws string) bool {
	var header struct {
		Alg Algorithm `json:"alg"`
	}
	for i := range jws {
		if jws[i] == '.' {
			text, _ := base64.RawURLEncoding.DecodeString(jws[:i])
			_ = json.Unmarshal(text, &header)
			break
		}
	}
	switch header.Alg {
	case RS256, PS256, ES256, EdDSA:
		return true
	}
	return false
}

func TestWycheproof(t *testing.T) {
	t.Run("signatures", func(t *testing.T) {
		for _, g := range readVectors(t, "wycheproof-json-web-signature.json") {
			key := g.Public
			if key == nil {
				key = g.Private // symmetric: all of it is refused
			}
			set := append(append([]byte(`{"keys":[`), key...), "]}"...)
			check(t, g, set)
		}
	})
	t.Run("keys", func(t *testing.T) {
		for _, g := range readVectors(t, "wycheproof-json-web-key.json") {
			set := g.Public
			if set == nil {
				set = g.Private
			}
			check(t, g, set)
		}
	})
}

func check(t *testing.T, g vectorGroup, set []byte) {
	t.Helper()
	for _, v := range g.Tests {
		want := v.Result == "valid" && ours(v.JWS)
		if got := accepts(set, v.JWS); got != want {
			t.Errorf("%s %d %s: accepted = %v, want %v", g.Comment, v.ID, v.Comment, got, want)
		}
	}
}
