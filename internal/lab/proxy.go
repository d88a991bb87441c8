package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/internal/kit/web"
)

// mapped are the host names that arrive at the lab in host-mapping mode. The
// lab's certificate carries them, and its answers speak of the one asked.
var mapped = []string{
	"login.microsoftonline.com",
	"login.windows.net",
	"sts.windows.net",
	"graph.microsoft.com",
	"management.azure.com",
	"management.core.windows.net",
}

// mappedBases returns the mapped names as base URLs.
func mappedBases() []string {
	var all []string
	for _, host := range mapped {
		all = append(all, "https://"+host)
	}
	return all
}

// A proxy leads clients that ask for Microsoft's hosts to the lab, by the
// method CONNECT (RFC 9110, section 9.3.6). It opens no other way: what is
// neither mapped nor the lab itself is refused and logged, so that nothing a
// client does in the lab leaves the machine.
type proxy struct {
	to  string // the lab's address, host:port
	log *slog.Logger

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// run serves on l until ctx ends.
func (p *proxy) run(ctx context.Context, l net.Listener) error {
	srv := web.NewServer(http.HandlerFunc(p.connect), p.log)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	err := srv.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
	return err
}

func (p *proxy) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "This proxy knows CONNECT only.", http.StatusMethodNotAllowed)
		return
	}
	if !p.maps(r.Host) {
		p.log.WarnContext(r.Context(), "proxy refused a host", "host", r.Host)
		http.Error(w, "This proxy leads to the lab only, not to "+r.Host+".", http.StatusForbidden)
		return
	}
	up, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		http.Error(w, "The lab does not answer.", http.StatusBadGateway)
		return
	}
	defer up.Close()
	down, early, err := http.NewResponseController(w).Hijack()
	if err != nil {
		p.log.ErrorContext(r.Context(), "proxy cannot take the connection over", web.AttrError, err)
		return
	}
	defer down.Close()
	if !p.keep(down, up) {
		return
	}
	defer p.forget(down, up)
	if _, err := io.WriteString(down, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		return
	}
	splice(down, early, up)
}

// maps reports whether host:port leads to the lab.
func (p *proxy) maps(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return false
	}
	_, own, _ := net.SplitHostPort(p.to)
	host = strings.ToLower(host)
	return port == "443" && slices.Contains(mapped, host) || port == own && (host == "localhost" || host == "127.0.0.1")
}

// keep remembers the connections of one tunnel, so that run can end it.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		p.conns = make(map[net.Conn]struct{})
	}
	for _, c := range conns {
		// The server's deadline for reading a request is no tunnel's.
		if err := c.SetDeadline(time.Time{}); err != nil {
			return false
		}
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// splice carries bytes both ways until both sides have ended.
func splice(down net.Conn, early io.Reader, up net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { carry(up, early) })
	both.Go(func() { carry(down, up) })
	both.Wait()
}

// carry copies until from ends, and then tells to that nothing more will come.
func carry(to net.Conn, from io.Reader) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok {
		to.Close()
		return
	}
	half.CloseWrite()
}

// listenLoopback opens a listener that this machine alone can reach; port 0 is
// any that is free.
func listenLoopback(port int) (net.Listener, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on port %d of this machine", port), err)
	}
	return l, nil
}
