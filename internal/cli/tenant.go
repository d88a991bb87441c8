package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"entente/internal/config"
	"entente/internal/server"
)

func (p *program) tenant() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "Make, list, disable and enable tenants",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(p.tenantCreate(), p.tenantList(),
		p.tenantSwitch(false, "disable", "Switch a tenant off",
			`Switches a tenant off, at once and on every server of the store: it gets no tokens and nobody signs in
to it, its applications act nowhere, and tokens that are out count for nothing here. Nothing is deleted.`),
		p.tenantSwitch(true, "enable", "Switch a tenant on again",
			`Switches a tenant on again. What was granted and has not ended meanwhile counts as before.`))
	return cmd
}

func (p *program) tenantList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the tenants", Args: cobra.NoArgs}
	load := settings(cmd)
	form := outputFlag(cmd, "json, a line each, or for people")
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		return withServer(cmd, load, func(s *server.Server) error {
			lines := json.NewEncoder(cmd.OutOrStdout())
			return s.Tenants(cmd.Context(), func(t server.TenantKnown) error {
				if *form == "json" {
					return lines.Encode(t)
				}
				state := "enabled"
				if !t.Enabled {
					state = "disabled"
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %-8s  %s  %s\n", t.TenantID, state, t.DisplayName, t.Domain)
				return err
			})
		})
	})
	return cmd
}

func (p *program) tenantSwitch(enabled bool, use, short, long string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " TENANT", Short: short, Long: long + "\n\nTENANT is its identifier or one of its domains.",
		Example: "  entente tenant " + use + " contoso.example --name https://id.contoso.example", Args: cobra.ExactArgs(1),
	}
	load := settings(cmd)
	cmd.RunE = p.does(func(cmd *cobra.Command, args []string) error {
		return withServer(cmd, load, func(s *server.Server) error {
			id, err := s.SetTenantEnabled(cmd.Context(), args[0], enabled)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "Tenant %s is %sd.\n", id, use)
			}
			return err
		})
	})
	return cmd
}

// withServer opens the store that the settings name, for one piece of work.
func withServer(cmd *cobra.Command, load func() (config.Config, error), do func(*server.Server) error) error {
	c, err := load()
	if err != nil {
		return err
	}
	s, err := server.New(cmd.Context(), c, server.Options{Log: newLog(c, cmd.ErrOrStderr())})
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

func (p *program) tenantCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a tenant with its first administrator",
		Long: `Makes a tenant in the store that "entente serve" uses: its domains, its first Global Administrator,
whose password is printed once, and Microsoft Graph and the other built-in applications.

With --client it also makes an application that may administer the tenant through Microsoft Graph, and
prints its secret once, for scripts and Terraform. With --subscription it makes a place for managed
identities.`,
		Example: `  entente tenant create --name https://id.contoso.example --display-name Contoso \
    --initial contoso.onmicrosoft.com --domain contoso.example --admin-upn admin@contoso.example`,
		Args: cobra.NoArgs,
	}
	load := settings(cmd)
	var r server.TenantRequest
	cmd.Flags().StringVar(&r.DisplayName, "display-name", "", "the organization's name")
	cmd.Flags().StringVar(&r.Initial, "initial", "", "the domain it is made with, such as contoso.onmicrosoft.com")
	cmd.Flags().StringVar(&r.Domain, "domain", "", "a further domain that you vouch for, such as contoso.example; it becomes the default")
	cmd.Flags().StringVar(&r.Admin.UPN, "admin-upn", "", "the first administrator's user name, such as admin@contoso.example")
	cmd.Flags().StringVar(&r.Client, "client", "", "the name of an application to make that may administer the tenant")
	cmd.Flags().StringVar(&r.Subscription, "subscription", "", "the name of a subscription to make, for managed identities")
	for _, needed := range []string{"display-name", "initial", "admin-upn"} {
		if err := cmd.MarkFlagRequired(needed); err != nil {
			panic(err) // the flag stands three lines above
		}
	}
	form := outputFlag(cmd, "json, or for people")
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		return withServer(cmd, load, func(s *server.Server) error {
			made, err := s.CreateTenant(cmd.Context(), r)
			if err != nil {
				return err
			}
			if *form == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(made)
			}
			printTenant(cmd, r, made)
			return nil
		})
	})
	return cmd
}

func printTenant(cmd *cobra.Command, r server.TenantRequest, made *server.TenantMade) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "Tenant         %s\nDomain         %s\nAdministrator  %s\nPassword       %s\n", made.TenantID, made.Domain, r.Admin.UPN, made.AdminPassword)
	if made.ClientID != "" {
		fmt.Fprintf(out, "Client         %s\nSecret         %s\n", made.ClientID, made.ClientSecret)
	}
	if made.SubscriptionID != "" {
		fmt.Fprintf(out, "Subscription   %s\n", made.SubscriptionID)
	}
	fmt.Fprintln(out, "Password and secret are shown once.")
}
