// Package cli is the table of commands.
//
// Output is for people unless -o json asks otherwise; diagnostics go to
// standard error. The exit code is 0 when it was done, 1 when it was refused or
// failed, and 2 when the command was called wrongly; `lab run` exits as its
// command does. The help of each command is printed into doc/cli.md by a test.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitRefused = 1
	exitUsage   = 2
)

// An exit is an error that decides the exit code and has no words of its own.
type exit int

// Error names the code.
func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Main runs the command that args name and returns the exit code. Interrupt
// and SIGTERM end it gracefully; a second one ends it at once.
func Main(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	p := &program{}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	return p.code(root.ExecuteContext(ctx), errs)
}

// A program is one invocation.
type program struct {
	running bool // a command has begun: what fails now is no wrong invocation
}

// code tells the person what failed and returns the exit code.
func (p *program) code(err error, errs io.Writer) int {
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	fmt.Fprintf(errs, "entente: %v\n", err)
	if !p.running {
		fmt.Fprintln(errs, "`entente help` lists the commands, `entente help COMMAND` what one takes.")
		return exitUsage
	}
	return exitRefused
}

// does makes a command's work out of f.
func (p *program) does(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		p.running = true
		return f(cmd, args)
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "entente",
		Short: "Lets one organization's people and workloads into another's systems, and out again",
		Long: `entente lets one organization's people and workloads into another's systems, and out again.

Try it with "entente lab": three tenants on this machine, and a story played between them.
Run it with "entente serve".`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(p.serve(), p.lab(), p.agent(), p.tenant(), p.worker(), p.config(), p.version())
	return root
}

// outputFlag adds -o to cmd, with the forms it may have.
func outputFlag(cmd *cobra.Command, forms string) *string {
	return cmd.Flags().StringP("output", "o", "", "form of the output: "+forms)
}
