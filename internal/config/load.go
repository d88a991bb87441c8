// Package config holds the settings of a server: one struct, read from one
// file, the environment and the command line, checked and described.
//
// Later sources win over earlier ones: defaults, file, environment, flags. A
// setting is spelled alike everywhere: master-key-file in the file,
// ENTENTE_SERVE_MASTER_KEY_FILE in the environment, --master-key-file on the
// command line. An unknown setting is refused wherever it stands, and
// contradictions are refused all at once, each by its name.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"

	"entente/internal/kit/secret"
)

// EnvPrefix is what settings in the environment begin with.
const EnvPrefix = "ENTENTE_SERVE_"

// Sources says where settings are read from.
type Sources struct {
	File  string            // a YAML file, or ""
	Env   []string          // as os.Environ returns it
	Flags map[string]string // the flags that were given, by setting
}

// Load returns the checked settings, or everything that is wrong with them.
func Load(from Sources) (Config, error) {
	k := koanf.New(".")
	err := errors.Join(
		loadFile(k, from.File),
		loadLayer(k, "environment", EnvName, envLayer(from.Env)),
		loadLayer(k, "command line", flagName, flagLayer(from.Flags)),
	)
	if err != nil {
		return Config{}, err
	}
	c := Defaults()
	err = k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result:           &c,
		WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(), stringToSecret, stringToList),
	}})
	if err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	return c, c.Check()
}

// EnvName returns the name of a setting in the environment.
func EnvName(setting string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

func flagName(setting string) string { return "--" + setting }

func loadFile(k *koanf.Koanf, path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	values, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return loadLayer(k, path, func(s string) string { return s }, values)
}

// loadLayer adds one source's values, or says which of them no setting knows.
func loadLayer(k *koanf.Koanf, where string, spell func(string) string, l layer) error {
	var errs []error
	known := Settings()
	for _, key := range slices.Sorted(maps.Keys(l)) {
		if !slices.Contains(known, key) {
			errs = append(errs, fmt.Errorf("%s: there is no setting %s", where, spell(key)))
		}
	}
	if errs != nil {
		return errors.Join(errs...)
	}
	return k.Load(l, nil)
}

// A layer is one source's values by setting. It is a koanf.Provider.
type layer map[string]any

// Read returns the values.
func (l layer) Read() (map[string]any, error) { return l, nil }

// ReadBytes says that there is no text to parse.
func (l layer) ReadBytes() ([]byte, error) { return nil, errors.ErrUnsupported }

func envLayer(env []string) layer {
	l := make(layer)
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if rest, ours := strings.CutPrefix(name, EnvPrefix); ours {
			l[strings.ToLower(strings.ReplaceAll(rest, "_", "-"))] = value
		}
	}
	return l
}

func flagLayer(flags map[string]string) layer {
	l := make(layer)
	for name, value := range flags {
		l[name] = value
	}
	return l
}

// stringToSecret lets a secret be read from text.
func stringToSecret(from, to reflect.Type, data any) (any, error) {
	if s, ok := data.(string); ok && to == reflect.TypeFor[secret.String]() {
		return secret.NewString(s), nil
	}
	return data, nil
}

// stringToList splits a text at commas, as the environment and flags write lists.
func stringToList(from, to reflect.Type, data any) (any, error) {
	s, ok := data.(string)
	if !ok || to.Kind() != reflect.Slice {
		return data, nil
	}
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// Settings returns the names of all settings, in the order of the struct.
func Settings() []string {
	var all []string
	for f := range reflect.TypeFor[Config]().Fields() {
		all = append(all, f.Tag.Get("koanf"))
	}
	return all
}
