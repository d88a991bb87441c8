// Package lab is entente on one machine, for developing, testing and learning:
// three tenants with people in them, a story played between them through the
// doors that people and programs use, and a clock that can be moved.
//
// It starts the same server as `entente serve` with other options, beside it an
// embedded host agent, a small API of tenant B's own, a small web application of
// tenant A's and, in host-mapping mode, a proxy that leads Microsoft's host names
// to it. Its mail is kept and shown at /lab/mail. What only a lab may do lives
// here and on a lab's store; nothing below asks whether it runs in a lab. Lab
// and service refuse each other's stores.
package lab

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"entente/internal/config"
	"entente/internal/kit/clock"
	"entente/internal/kit/localca"
	"entente/internal/kit/mail"
	"entente/internal/server"
)

// Mark is what a lab's store is claimed with.
const Mark = "lab"

const defaultPort = 8443

// Options are what a person may choose.
type Options struct {
	Data     string
	Story    string // which are told, one of tales; "": as before, or both
	Port     int    // 0: the one it had before, or 8443
	Once     bool   // end when the story is told
	Reset    bool   // begin anew
	MapHosts bool   // answer under Microsoft's host names, through a proxy
	NoColor  bool

	Out    io.Writer // the story
	Errors io.Writer // what goes wrong outside of it

	listener net.Listener // tests bring their own port
	self     []string     // tests bring their own runbook
	builtIn  bool         // and choose it although bash is there
	ready    func(*lab)   // and are told when the story has been told
}

// A lab is one that runs.
type lab struct {
	options Options
	world   *world
	data    string
	clock   *clock.Movable
	paper   *paper
	plans   []plan
	log     *slog.Logger
	server  *server.Server
	ca      *localca.Authority
	mail    *mail.Box
	desk    atomic.Pointer[string] // address of the sample web application, once it is there
	http    *http.Client           // trusts the lab's authority alone
}

// Run starts a lab, plays the story and, unless it is to end at once, stays up
// until ctx ends. A step that fails is an error.
func Run(ctx context.Context, o Options) error {
	l, err := open(o)
	if err != nil {
		return err
	}
	if o.self == nil {
		if l.options.self, err = executable(); err != nil {
			return err
		}
	}
	listener, err := l.listen()
	if err != nil {
		return err
	}
	// From here on the folder is a lab's, whatever fails: the next start must
	// know it for one.
	if err := l.world.save(l.data); err != nil {
		return errors.Join(err, listener.Close())
	}
	logFile, err := os.OpenFile(filepath.Join(l.data, "lab.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer logFile.Close()
	l.log = slog.New(slog.NewTextHandler(logFile, nil))
	if err := l.build(ctx, listener); err != nil {
		return errors.Join(err, listener.Close())
	}
	defer l.server.Close()
	return l.run(ctx)
}

// open reads the folder, or makes a fresh world in it.
func open(o Options) (*lab, error) {
	if err := CheckStory(o.Story); err != nil {
		return nil, err
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return nil, err
	}
	if o.Reset {
		if err := reset(data); err != nil {
			return nil, err
		}
	}
	w, err := loadWorld(data)
	if err != nil {
		return nil, err
	}
	// A lab that has mapped hosts goes on doing so: its own credential is typed by
	// Microsoft's login host and would match nothing otherwise.
	w.Mapped = w.Mapped || o.MapHosts
	if told := cmp.Or(o.Story, w.Story, "both"); told != w.Story {
		w.Story, w.Told = told, false
	}
	offset, err := readOffset(data)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	return &lab{options: o, world: w, data: data, clock: clock.NewMovable(offset), paper: newPaper(o.Out, o.NoColor), plans: plans}, nil
}

// listen opens the lab's door, on this machine only. The port is part of the
// lab's name, which stands in tokens and credentials: it cannot change later.
func (l *lab) listen() (net.Listener, error) {
	w := l.world
	if l.options.listener != nil {
		w.Port = l.options.listener.Addr().(*net.TCPAddr).Port
		w.Name = fmt.Sprintf("https://localhost:%d", w.Port)
		return l.options.listener, nil
	}
	if w.Port != 0 && l.options.Port != 0 && w.Port != l.options.Port {
		return nil, fmt.Errorf("the lab in %s is %s, and its tokens and credentials say so; leave --port out, or begin anew with --reset", l.data, w.Name)
	}
	if l.options.Port < 0 || l.options.Port > 65535 {
		return nil, fmt.Errorf("--port: %d is no port; ports end at 65535", l.options.Port)
	}
	fresh := w.Port == 0
	if fresh {
		w.Port = l.options.Port
	}
	if w.Port == 0 {
		w.Port = defaultPort
	}
	w.Name = fmt.Sprintf("https://localhost:%d", w.Port)
	listener, err := listenLoopback(w.Port)
	if err != nil {
		if fresh {
			return nil, fmt.Errorf("%w\nIf another program holds the port, choose a different one with --port", err)
		}
		return nil, fmt.Errorf("%w\nIs this lab up already, in another terminal? If another program holds the port, start a second lab with --port and --data", err)
	}
	return listener, nil
}

// build makes the server and what the lab needs to speak to it.
func (l *lab) build(ctx context.Context, listener net.Listener) error {
	c := config.Defaults()
	c.Name, c.Data = l.world.Name, filepath.Join(l.data, "server")
	c.InternalIssuers = []string{"localhost", "127.0.0.0/8", "::1/128"} // issuers of experiments live beside the lab
	var err error
	if l.mail, err = mail.OpenBox(filepath.Join(l.data, "mail.json")); err != nil {
		return err
	}
	o := server.Options{Clock: l.clock, Mark: Mark, Log: l.log, Listener: listener, Mail: l.mail, Extra: l.pages(c)}
	if l.world.Mapped {
		o.Hosts, o.FollowHost = mappedBases(), true
	}
	s, err := server.New(ctx, c, o)
	if err != nil {
		return err
	}
	l.server, l.ca = s, s.Authority()
	l.world.CAFile = l.ca.File()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the lab is on this machine
	transport.TLSClientConfig = &tls.Config{RootCAs: l.ca.Pool(), MinVersion: tls.VersionTLS12}
	l.http = &http.Client{Transport: transport}
	l.world.Bundle, err = writeBundle(l.data, l.ca.PEM())
	return err
}

// run serves while the story is told and, if it is to, afterwards.
func (l *lab) run(ctx context.Context) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	parts := newParts(serving)
	parts.start("the server", l.server.Run)
	err := l.tell(serving, parts)
	if err == nil && l.options.ready != nil {
		l.options.ready(l)
	}
	if err == nil && !l.options.Once {
		err = l.stay(ctx, parts)
	}
	stop()
	l.http.CloseIdleConnections()
	return errors.Join(err, parts.wait())
}

// tell seeds what is missing, starts what stands beside the server, and plays.
func (l *lab) tell(ctx context.Context, parts *parts) error {
	w := l.world
	l.paper.line("%s  %s", l.paper.paint(bold, "entente lab"), w.Name)
	w.Played = false // until this run has told its story
	if err := w.save(l.data); err != nil {
		return err
	}
	if err := l.seed(ctx); err != nil {
		return fmt.Errorf("seed the lab: %w", err)
	}
	if l.world.Mapped {
		if err := l.startProxy(ctx, parts); err != nil {
			return err
		}
	} else {
		w.Proxy = ""
	}
	if err := l.startWorker(ctx, parts); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	if tales[w.Story] == 0 {
		l.paper.line("No story is told: the tenants have people and nothing else.")
	}
	if w.Told && tales[w.Story] != 0 {
		l.paper.line("The first telling's objects are here; what made them is not done again. Begin anew with --reset.")
	}
	story := l.story(parts)
	err := story.play(ctx, chosen(w.Story, w.Told), w.Told)
	if ended := story.endSecond(); err == nil {
		err = ended
	}
	if err != nil && (!w.Told || l.options.Once) {
		return err
	}
	if err != nil {
		l.paper.note("%v. Something of the first telling was changed since; the lab is up all the same. Begin anew with --reset.", err)
	}
	w.Played, w.Told = true, true
	return w.save(l.data)
}

// stay prints where everything is and waits.
func (l *lab) stay(ctx context.Context, parts *parts) error {
	l.addresses()
	select {
	case <-ctx.Done():
		l.paper.line("\nThe lab ends. Its folder %s stays; the next start finds everything as it was.", l.data)
		return nil
	case err := <-parts.failed:
		return err
	}
}

// addresses prints what a person needs now.
func (l *lab) addresses() {
	w, p := l.world, l.paper
	p.line("\n%s", p.paint(bold, "The lab is up. Interrupt it (Ctrl-C) to end it."))
	for _, f := range [][2]string{
		{"login, Graph, management", w.Name},
		{"certificate authority", w.CAFile},
		{"identity endpoint", w.Host.Endpoint},
		{"metadata endpoint", w.Host.Base},
		{"tenant B's own API", w.Sample.URL},
		{"tenant A's travel desk", w.Desk.URL},
		{"My Access of tenant A", w.portal("/access")},
		{"access package's link", w.packageLink()},
		{"mail", w.Name + "/lab/mail"},
		{"clock", w.Name + "/lab/clock"},
		{"parts of the pages", w.Name + "/design"},
		{"mapping proxy", w.Proxy},
	} {
		if f[1] != "" { // of what no story made there is nothing to say
			p.fact(f[0], f[1])
		}
	}
	for _, o := range []organization{w.A, w.B, w.C} {
		p.line("\n    %s  %s  %s  %s", p.paint(bold, o.Label), o.Name, o.Domain, p.paint(dim, o.ID))
		for _, a := range append([]account{o.Admin}, o.Others...) {
			if a.Password != "" {
				p.line("      %s  %s  %s", pad(a.UPN, 27), pad(a.Password, 17), p.paint(dim, a.Role))
			}
		}
	}
	p.line("\nIn another terminal:")
	data := ""
	if filepath.Base(l.data) != "entente-lab" {
		data = " --data " + l.options.Data
	}
	program := programName(l.options.self)
	if w.Host.Endpoint != "" {
		p.line("      %s lab run%s -- ./examples/runbook.sh", program, data)
	}
	p.line("      %s lab clock%s +90d", program, data)
	p.line("      eval \"$(%s lab env%s)\"", program, data)
}

// programName returns what a person types to start this program again: what go
// run builds is gone when it ends, and stands nowhere on the path.
func programName(self []string) string {
	if len(self) > 0 && strings.Contains(filepath.ToSlash(self[0]), "/go-build") {
		return "go run ./cmd/entente"
	}
	return "entente"
}

// startProxy opens the mapping proxy on a port of its own.
func (l *lab) startProxy(_ context.Context, parts *parts) error {
	listener, err := listenLoopback(0)
	if err != nil {
		return err
	}
	p := &proxy{to: fmt.Sprintf("127.0.0.1:%d", l.world.Port), log: l.log}
	l.world.Proxy = "http://" + listener.Addr().String()
	parts.start("the mapping proxy", func(ctx context.Context) error { return p.run(ctx, listener) })
	return nil
}

// writeBundle writes the lab's authority together with the system's, for
// clients that read one file instead of the system's store.
func writeBundle(data string, own []byte) (string, error) {
	bundle := own
	for _, file := range []string{
		os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", "/usr/local/etc/openssl/cert.pem",
	} {
		if text, err := os.ReadFile(file); file != "" && err == nil {
			bundle = append(append(bundle[:len(bundle):len(bundle)], '\n'), text...)
			break
		}
	}
	path := filepath.Join(data, "ca-bundle.pem")
	return path, os.WriteFile(path, bundle, 0o644)
}

// parts are what runs at the same time. The first that fails is heard at once;
// all are waited for at the end.
type parts struct {
	ctx    context.Context
	count  int
	done   chan error
	failed chan error
}

// newParts returns parts that end with ctx.
func newParts(ctx context.Context) *parts {
	return &parts{ctx: ctx, done: make(chan error, 16), failed: make(chan error, 16)}
}

func (p *parts) start(name string, run func(context.Context) error) {
	p.count++
	go func() {
		err := run(p.ctx)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			p.failed <- err
		}
		p.done <- err
	}()
}

// wait returns what failed while the parts ended.
func (p *parts) wait() error {
	var errs []error
	late := time.After(time.Minute)
	for range p.count {
		select {
		case err := <-p.done:
			errs = append(errs, err)
		case <-late:
			return errors.Join(append(errs, errors.New("not everything ended within a minute"))...)
		}
	}
	return errors.Join(errs...)
}
