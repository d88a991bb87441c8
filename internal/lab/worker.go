package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"entente/internal/agent"
	entente "entente/internal/client"
	"entente/internal/kit/ids"
)

// scriptsUser is as whom a lab that root has started runs runbooks.
const scriptsUser = "nobody"

// startWorker starts the worker that runs tenant A's runbooks, which enrolls the
// first time. It is a host of its own, beside the one whose identity endpoint
// `lab env` prints.
//
// Only root can become somebody else: a lab that a person has started runs runbooks
// as that person, who has written them.
func (l *lab) startWorker(ctx context.Context, parts *parts) error {
	w := &l.world.Worker
	server, err := entente.New(entente.Options{Base: l.world.Name, Roots: l.ca.Pool()})
	if err != nil {
		return err
	}
	if w.State == "" {
		if err := l.enrollWorker(ctx, server); err != nil {
			return err
		}
	}
	state, err := agent.Load(w.State)
	if err != nil {
		return err
	}
	roots, err := os.ReadFile(l.world.Bundle)
	if err != nil {
		return err
	}
	runner := &agent.Runner{User: scriptsUser, Roots: roots, Env: l.scriptVariables()}
	if os.Getuid() != 0 || runner.Check() != nil {
		runner.User = ""
	}
	w.User = runner.User
	if err := runner.Check(); err != nil {
		l.paper.note("Runbooks started in the admin center wait: %v.", err)
		return nil
	}
	// Leases and assertions keep the machine's time, whatever the lab's clock says.
	a, err := agent.New(agent.Options{Server: server, State: state, Runner: runner, Clock: l.clock, Log: l.log})
	if err != nil {
		return err
	}
	listener, err := listenLoopback(0)
	if err != nil {
		return err
	}
	parts.start("the worker", func(ctx context.Context) error {
		defer server.Close()
		return a.Run(ctx, listener)
	})
	return l.world.save(l.data)
}

func (l *lab) enrollWorker(ctx context.Context, server *entente.Client) error {
	token, err := l.server.AddWorker(ctx, l.world.A.ID, "lab-worker-"+ids.New[string]()[:8])
	if err != nil {
		return err
	}
	state, err := agent.Enroll(ctx, server, token)
	if err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	file := filepath.Join(l.data, "worker.json")
	if err := state.Save(file); err != nil {
		return err
	}
	l.world.Worker.State = file
	return nil
}

// scriptVariables is what runbooks in a lab see beside what every job has: where the
// lab is, since it is not where Microsoft's libraries look.
func (l *lab) scriptVariables() []string {
	env := []string{"ENTENTE_LOGIN_URL=" + l.world.Name, "ENTENTE_GRAPH_URL=" + l.world.Name, "AZURE_AUTHORITY_HOST=" + l.world.Name}
	if l.world.Proxy != "" {
		env = append(env, "HTTPS_PROXY="+l.world.Proxy)
	}
	return env
}
