package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"entente/internal/agent"
)

func (p *program) agent() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Be the host agent of a machine: its identity endpoint, or its worker for runbooks",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(p.agentEnroll(), p.agentRun())
	return cmd
}

// machineFlags adds the flags that say which host a machine is.
func machineFlags(cmd *cobra.Command) *agent.Machine {
	m := &agent.Machine{}
	cmd.Flags().StringVar(&m.StateFile, "state", "host.json", "the file that the host's key is kept in")
	cmd.Flags().StringVar(&m.CAFile, "ca", "", "a PEM file with the authority of the installation's certificate (default: the system's)")
	return m
}

func (p *program) agentEnroll() *cobra.Command {
	var base string
	cmd := &cobra.Command{
		Use:   "enroll",
		Short: "Make this machine a host, with a one-time enrollment token",
		Long: `Makes a key, redeems an enrollment token with it and keeps the key in a file that only its owner may
read. The token is read from standard input: it would be seen by others among the arguments. It comes from
the admin center, from "entente worker add" or from Azure Resource Manager's createEnrollmentToken.`,
		Example: "  entente agent enroll --server https://id.contoso.example --state /var/lib/entente/host.json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&base, "server", "", "the installation's name, https://…")
	m := machineFlags(cmd)
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		fmt.Fprint(cmd.ErrOrStderr(), "Enrollment token: ")
		token, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr())
		if token = strings.TrimSpace(token); token == "" {
			return errors.New("no token was given on standard input")
		}
		resource, err := m.Enroll(cmd.Context(), base, token)
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "This machine is %s.\nIts key is in %s.\n", resource, m.StateFile)
		}
		return err
	})
	return cmd
}

func (p *program) agentRun() *cobra.Command {
	var listen string
	var books bool
	var runner agent.Runner
	var memory uint64
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Answer for the machine's managed identities, or run its tenant's runbooks",
		Long: `Answers the requests for managed identity tokens that client libraries on this machine send, on a
loopback address. The variables that they read are printed first.

With --runbooks the machine is a worker: it takes jobs of its tenant, one at a time, and runs their scripts
as the user of --user, in a folder that goes with the job, within limits of time, memory, processes and
output. Each job has a secret header of its own, which is dead when the job ends. A worker answers what
runs in its jobs, and nothing else on the machine. On Linux a job's processes all end with it.`,
		Example: `  entente agent run --state /var/lib/entente/host.json
  entente agent run --state /var/lib/entente/worker.json --runbooks --user runbooks`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:0", "the loopback address to answer at")
	f.BoolVar(&books, "runbooks", false, "run the tenant's runbooks")
	f.StringVar(&runner.User, "user", "", "the unprivileged user as whom scripts run; needs root")
	f.StringVar(&runner.Dir, "folder", "", "where the folders of jobs are made (default: the system's for temporary files)")
	f.DurationVar(&runner.Time, "time", time.Hour, "how long a script may run")
	f.Uint64Var(&memory, "memory", 2048, "how many MiB of address space a process of a script may have, on Linux")
	f.StringArrayVar(&runner.Env, "env", nil, "a variable that scripts see, NAME=value; can be repeated")
	m := machineFlags(cmd)
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		if !books {
			return m.Run(cmd.Context(), listen, nil, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}
		if runner.User == "" {
			return errors.New("--runbooks needs --user: scripts must not run as the one who holds the worker's key")
		}
		runner.Memory = memory << 20
		return m.Run(cmd.Context(), listen, &runner, cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
	return cmd
}
