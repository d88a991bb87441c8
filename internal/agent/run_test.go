package agent

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/secret"
)

func TestRunServesAndReports(t *testing.T) {
	s, a, _ := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	env := a.Environment(l.Addr().String())
	req, _ := http.NewRequest(http.MethodGet, env["IDENTITY_ENDPOINT"]+"?resource="+graph, nil)
	req.Header.Set("X-IDENTITY-HEADER", env["IDENTITY_HEADER"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	for deadline := 5000; s.beats.Load() == 0 && deadline > 0; deadline-- {
		time.Sleep(time.Millisecond)
	}
	if s.beats.Load() == 0 {
		t.Error("the agent did not report")
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

func TestRunRefusesWhatOthersCouldReach(t *testing.T) {
	_, a, _ := start(t)
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := a.Run(t.Context(), l); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestEnrollmentTokenThatIsSpent(t *testing.T) {
	s, _, _ := start(t)
	_, err := Enroll(t.Context(), s.client(), secret.NewString("twice"))
	if err == nil || !strings.Contains(err.Error(), "spent") {
		t.Errorf("got %v, want the server's refusal", err)
	}
}

func TestLoadRefusesAFileThatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "host.json")
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("got %v, want a refusal", err)
	}
}
