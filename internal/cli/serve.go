package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"entente/internal/config"
	"entente/internal/lab"
	"entente/internal/server"
)

func (p *program) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an installation",
		Long: `Serves an installation until it is told to stop (interrupt or SIGTERM), and then lets requests
and jobs in hand end.

Settings come from a file (--config), the environment and flags; later ones win. Only --name is
needed. The store is an SQLite database in the data folder unless --database names a PostgreSQL
one. On the first start a master key is made in the data folder: keep a copy of it.`,
		Example: `  entente serve --name https://id.contoso.example
  entente serve --name https://localhost:8443 --data ./data`,
		Args: cobra.NoArgs,
	}
	load := settings(cmd)
	cmd.RunE = p.does(func(cmd *cobra.Command, _ []string) error {
		collectLess()
		return withServer(cmd, load, func(s *server.Server) error { return s.Run(cmd.Context()) })
	})
	return cmd
}

// collectLess lets garbage lie longer than Go does by itself. A server's live
// heap is a few megabytes, so the collector would run every few dozen requests
// and cost a fifteenth of each; this costs some ten megabytes instead. Whoever
// sets GOGC knows better.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// settings adds a flag for each setting to cmd, and returns what loads them.
func settings(cmd *cobra.Command) func() (config.Config, error) {
	file := cmd.Flags().String("config", "", "a YAML file with settings")
	for _, s := range config.Describe() {
		first, _, _ := strings.Cut(s.About, ". ")
		cmd.Flags().String(s.Name, "", strings.TrimSuffix(first, "."))
	}
	return func() (config.Config, error) {
		flags := make(map[string]string)
		known := config.Settings()
		cmd.Flags().Visit(func(f *pflag.Flag) {
			for _, k := range known {
				if k == f.Name {
					flags[k] = f.Value.String()
				}
			}
		})
		c, err := config.Load(config.Sources{File: *file, Env: os.Environ(), Flags: flags})
		if err == nil && lab.Holds(c.Data) {
			err = fmt.Errorf("data: %s is a lab's folder, and nothing else is kept there", c.Data)
		}
		return c, err
	}
}

// newLog returns the log that the settings ask for.
func newLog(c config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // the settings have been checked
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
