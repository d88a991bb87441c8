package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"entente/internal/client"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
)

const assertionLife = 5 * time.Minute

// A State is who the host is: its key, and the names under which the server
// knows it. It is all that an agent keeps.
type State struct {
	Server     string // the installation's own name
	Tenant     ids.TenantID
	Host       string
	ResourceID string

	key    *ecdsa.PrivateKey
	signer *jose.Signer
}

// Enroll makes a key, redeems a one-time enrollment token with it and returns
// the host's state, which the caller may Save.
func Enroll(ctx context.Context, server *client.Client, token secret.String) (*State, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make host key: %w", err)
	}
	public, err := publicJWK(key)
	if err != nil {
		return nil, err
	}
	e, err := server.Enroll(ctx, token, public)
	if err != nil {
		return nil, err
	}
	s := &State{Server: server.Base(), Tenant: e.Tenant, Host: e.Host, ResourceID: e.ResourceID}
	return s, s.use(key)
}

// stored is a State's form in its file.
type stored struct {
	Server     string       `json:"server"`
	Tenant     ids.TenantID `json:"tenantId"`
	Host       string       `json:"hostId"`
	ResourceID string       `json:"resourceId"`
	Key        string       `json:"key"` // PKCS #8 in PEM
}

// Load reads the state that Save wrote. A file that others than its owner may
// read is refused.
func Load(path string) (*State, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s holds the host's key and others may read it: set its mode to 0600", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f stored
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	block, _ := pem.Decode([]byte(f.Key))
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read key of %s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key of %s is a %T, not an elliptic one", path, parsed)
	}
	s := &State{Server: f.Server, Tenant: f.Tenant, Host: f.Host, ResourceID: f.ResourceID}
	return s, s.use(key)
}

// Save writes the state where Load finds it, readable by its owner only. The
// file is replaced as a whole: a crash leaves the old one or the new one.
func (s *State) Save(path string) error {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		return fmt.Errorf("encode host key: %w", err)
	}
	text, err := json.MarshalIndent(stored{
		Server: s.Server, Tenant: s.Tenant, Host: s.Host, ResourceID: s.ResourceID,
		Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode host state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

func (s *State) use(key *ecdsa.PrivateKey) error {
	kid, err := keyID(key)
	if err != nil {
		return err
	}
	s.key = key
	s.signer, err = jose.NewSigner(key, jose.Header{Algorithm: jose.ES256, KeyID: kid, Type: "JWT"})
	return err
}

// assert returns an assertion of the host for audience: it is new each time,
// can be used once, and lives five minutes (RFC 7523, section 3).
func (s *State) assert(audience string, now time.Time) (secret.String, error) {
	token, err := s.signer.Sign(map[string]any{
		"iss": s.Host,
		"sub": s.Host,
		"aud": audience,
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(assertionLife).Unix(),
		"jti": ids.New[string](),
	})
	return secret.NewString(token), err
}

// publicJWK returns the key's public half (RFC 7518, section 6.2.1).
func publicJWK(key *ecdsa.PrivateKey) (json.RawMessage, error) {
	x, y, err := point(key)
	if err != nil {
		return nil, err
	}
	kid, err := keyID(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{
		"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": string(jose.ES256), "kid": kid,
	})
}

// keyID returns the key's thumbprint (RFC 7638): the members in this order,
// without white space.
func keyID(key *ecdsa.PrivateKey) (string, error) {
	x, y, err := point(key)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

func point(key *ecdsa.PrivateKey) (x, y string, err error) {
	b, err := key.PublicKey.Bytes() // 4, then both coordinates
	if err != nil {
		return "", "", fmt.Errorf("encode host key: %w", err)
	}
	if len(b) != 65 {
		return "", "", errors.New("the host key is not on the curve P-256")
	}
	return base64.RawURLEncoding.EncodeToString(b[1:33]), base64.RawURLEncoding.EncodeToString(b[33:]), nil
}
