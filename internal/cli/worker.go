package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"entente/internal/server"
)

func (p *program) worker() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Add the machines that run runbooks",
		Args:  cobra.NoArgs,
	}
	add := &cobra.Command{
		Use:   "add TENANT NAME",
		Short: "Add a machine that runs a tenant's runbooks, and print its enrollment token",
		Long: `Adds a machine that runs runbooks of a tenant, of all its automation accounts and of no other tenant,
and prints the token by which the machine enrolls: once, within an hour, with "entente agent enroll".
A machine of that name gets another token.

TENANT is its identifier or one of its domains. A Global Administrator of the tenant can do the same in
the admin center, under Workers.`,
		Example: "  entente worker add contoso.example build-1 --name https://id.contoso.example",
		Args:    cobra.ExactArgs(2),
	}
	load := settings(add)
	add.RunE = p.does(func(cmd *cobra.Command, args []string) error {
		return withServer(cmd, load, func(s *server.Server) error {
			token, err := s.AddWorker(cmd.Context(), args[0], args[1])
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), token.Reveal())
			}
			return err
		})
	})
	cmd.AddCommand(add)
	return cmd
}
