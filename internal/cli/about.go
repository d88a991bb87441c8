package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"entente/internal/config"
)

func (p *program) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Tell of settings",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(p.configDescribe())
	return cmd
}

func (p *program) configDescribe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe",
		Short: "Describe every setting",
		Long:  `Describes every setting of "entente serve": its name in the file and as a flag, its name in the environment, its type and its meaning.`,
		Args:  cobra.NoArgs,
	}
	form := outputFlag(cmd, "json, or for people")
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		all := config.Describe()
		if *form == "json" {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			return enc.Encode(all)
		}
		for _, s := range all {
			fmt.Fprintf(cmd.OutOrStdout(), "%s (%s; %s)\n  %s\n\n", s.Name, s.Type, s.Env, s.About)
		}
		return nil
	})
	return cmd
}

func (p *program) version() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
	}
	form := outputFlag(cmd, "json, or for people")
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		v := ownVersion()
		if *form == "json" {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{"version": v, "go": runtime.Version()})
		}
		fmt.Fprintf(cmd.OutOrStdout(), "entente %s (%s, %s/%s)\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	})
	return cmd
}

// ownVersion returns the version that the build was stamped with.
func ownVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
