package cli

import (
	"errors"
	"net/url"

	"github.com/spf13/cobra"

	"entente/internal/lab"
)

// labFolder is where a lab lives unless --data says otherwise.
const labFolder = "entente-lab"

func (p *program) lab() *cobra.Command {
	var o lab.Options
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Play two stories between three tenants on this machine, and stay up",
		Long: `Starts a disposable installation on this machine with its own certificate authority: three
tenants (contoso, fabrikam and northwind) with people in them. Then it plays two stories, step by step,
through the same doors that people and programs use: a workload of contoso reads fabrikam's users, and
nobody holds a secret; somebody of fabrikam gets access to something of contoso's, for a time and by
the word of an approver. What takes months is told in a second lab, which is thrown away. Afterwards it stays up, until interrupted, with its addresses and
accounts; "entente lab env" prints them for other programs.

A lab is for developing, testing and learning. Its clock can be moved and its passwords are known, so
"entente serve" refuses its data.`,
		Example: `  entente lab
  entente lab --once
  entente lab --story none
  eval "$(entente lab env)"
  entente lab run -- ./examples/runbook.sh`,
		Args: cobra.NoArgs,
		RunE: p.does(func(cmd *cobra.Command, _ []string) error {
			if err := lab.CheckStory(o.Story); err != nil {
				p.running = false
				return err
			}
			o.Out, o.Errors = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return lab.Run(cmd.Context(), o)
		}),
	}
	cmd.PersistentFlags().StringVar(&o.Data, "data", labFolder, "the lab's folder")
	cmd.Flags().IntVar(&o.Port, "port", 0, "the port on localhost (default: the one it had before, or 8443)")
	cmd.Flags().StringVar(&o.Story, "story", "", "which to tell: both, workload, person, or none, which leaves the tenants to people alone (default: as before, or both)")
	cmd.Flags().BoolVar(&o.Once, "once", false, "end when the story is told; the exit code is 1 if a step failed")
	cmd.Flags().BoolVar(&o.Reset, "reset", false, "throw away the lab in the folder and begin anew")
	cmd.Flags().BoolVar(&o.MapHosts, "map-hosts", false, "answer as login.microsoftonline.com, graph.microsoft.com and management.azure.com, through a proxy on this machine")
	cmd.Flags().BoolVar(&o.NoColor, "no-color", false, "print without color")
	cmd.AddCommand(p.labEnv(&o.Data), p.labRun(&o.Data), p.labClock(&o.Data), p.labRunbook())
	return cmd
}

func (p *program) labEnv(data *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print the environment that makes other programs speak to the lab",
		Long: `Prints the variables that Microsoft's and other libraries read, and the lab's own ENTENTE_…, as
shell, JSON or PowerShell. Before the stories have been played it prints nothing and exits 1.`,
		Example: `  eval "$(entente lab env)"
  entente lab env -o json
  entente lab env -o powershell | Out-String | Invoke-Expression`,
		Args: cobra.NoArgs,
	}
	form := outputFlag(cmd, "shell, json or powershell")
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		switch *form {
		case "", "shell", "json", "powershell":
		default:
			p.running = false
			return errors.New("the output is shell, json or powershell")
		}
		err := lab.Env(*data, *form, cmd.OutOrStdout())
		if errors.Is(err, lab.ErrNotPlayed) {
			return exit(exitRefused)
		}
		return err
	})
	return cmd
}

func (p *program) labRun(data *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run -- COMMAND [ARGUMENT…]",
		Short: "Run a command in the lab's environment",
		Long: `Runs a command with the variables of "entente lab env" and exits as it does. The lab must be up in
another terminal.`,
		Example: `  entente lab run -- ./examples/runbook.sh
  entente lab run -- terraform apply`,
		Args: cobra.MinimumNArgs(1),
		RunE: p.does(func(cmd *cobra.Command, args []string) error {
			code, err := lab.Exec(cmd.Context(), *data, args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if err == nil && code != 0 {
				err = exit(code)
			}
			return err
		}),
	}
	cmd.Flags().SetInterspersed(false) // what follows the command's name is the command's
	return cmd
}

func (p *program) labClock(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "clock [+TIME]",
		Short: "Show the lab's time, or move it forward",
		Long: `Says what time it is in the lab, which must be up in another terminal, and first moves its clock
forward, if asked: by days (d), hours (h) and minutes (m). What waits for the time wakes at once; sessions,
assignments and everything else that ends by then ends. There is no way back but "entente lab --reset".

Programs outside keep their own time. The lab's tokens and keys therefore keep the machine's.`,
		Example: `  entente lab clock
  entente lab clock +90d
  entente lab clock +1d6h30m`,
		Args: cobra.MaximumNArgs(1),
		RunE: p.does(func(cmd *cobra.Command, args []string) error {
			var move url.Values
			if len(args) > 0 {
				var err error
				if move, err = lab.ParseMove(args[0]); err != nil {
					p.running = false
					return err
				}
			}
			return lab.Clock(cmd.Context(), *data, move, cmd.OutOrStdout())
		}),
	}
}

func (p *program) labRunbook() *cobra.Command {
	return &cobra.Command{
		Use:    "runbook",
		Short:  "Do what examples/runbook.sh does, where bash, curl or jq is missing",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: p.does(func(cmd *cobra.Command, _ []string) error {
			return lab.Runbook(cmd.Context(), cmd.OutOrStdout())
		}),
	}
}
