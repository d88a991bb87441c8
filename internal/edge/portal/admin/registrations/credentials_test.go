package registrations_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
)

// TestSecrets: a secret is shown once, counts at once, and no more once it is
// removed.
func TestSecrets(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed"})
		s.Present(t, s.A, a.AppID)
		p := b.Follow(b.Get(at+"/"+a.ID+"/credentials").Wants(http.StatusOK, "Client secrets", "Certificates"), "New client secret")
		b.Submit(p, "Add secret in Contoso", url.Values{"life": {"own"}, "end": {"yesterday"}}).Wants(http.StatusUnprocessableEntity, "Enter the last day")
		b.Submit(p, "Add secret in Contoso", url.Values{"life": {"own"}, "end": {"2001-01-01"}}).Wants(http.StatusUnprocessableEntity, "after its start")
		p = b.Submit(p, "Add secret in Contoso", url.Values{"description": {"night run"}, "life": {"90"}}).Wants(http.StatusOK, "Copy the secret now", "night run")
		value := code(p, "value")
		comes := func() int { return s.BySecret(t, s.A, a.AppID, value, "https://graph.microsoft.com/.default").Status }
		if value == "" || comes() != http.StatusOK {
			t.Fatalf("the secret %q does not count: %d", value, comes())
		}
		list := b.Follow(p, "I have copied it").Wants(http.StatusOK, "night run", value[:3])
		if strings.Contains(list.Body, value) {
			t.Error("the secret is shown again")
		}
		b.Get(at).Wants(http.StatusOK, "Current")
		p = b.Follow(list, "Remove… night run").Wants(http.StatusOK, "Remove the client secret “night run”?")
		b.Submit(p, "Remove client secret in Contoso", nil).Wants(http.StatusOK, "The client secret is removed.")
		if comes() == http.StatusOK {
			t.Error("a removed secret counts")
		}
		b.Get(p.At.Path).Wants(http.StatusNotFound)
		b.Get(at + "/" + a.ID + "/credentials/others/" + enttest.NewID() + "/remove").Wants(http.StatusNotFound)
	})
}

// TestCertificates: a certificate is taken as PEM; a private key is not.
func TestCertificates(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed"})
		p := b.Get(at + "/" + a.ID + "/credentials/certificates/new")
		text, key := certificate(t, s.Clock.Now())
		refused := b.Submit(p, "Add certificate in Contoso", url.Values{"certificate": {text + key}}).Wants(http.StatusUnprocessableEntity, "keep the private key to yourself")
		if strings.Contains(refused.Body, "PRIVATE KEY") {
			t.Error("a private key is sent back")
		}
		b.Submit(p, "Add certificate in Contoso", url.Values{"certificate": {"not one"}}).Wants(http.StatusUnprocessableEntity, "A key credential is a certificate in PEM")
		b.Submit(p, "Add certificate in Contoso", url.Values{"certificate": {text}}).Wants(http.StatusOK, "The certificate is added", "CN=feed")
		p = b.Submit(p, "Add certificate in Contoso", url.Values{"certificate": {text}, "description": {"second"}}).Wants(http.StatusOK, "second")
		p = b.Submit(b.Follow(p, "Remove… second"), "Remove certificate in Contoso", nil).Wants(http.StatusOK, "The certificate is removed.", "CN=feed")
		if strings.Contains(p.Text(), "second") {
			t.Error("it is still there")
		}
	})
}

// certificate returns one that is valid for a year, and its key, both as PEM.
func certificate(t *testing.T, now time.Time) (text, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "feed"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}
