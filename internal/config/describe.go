package config

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
)

//go:embed config.go
var source string

// A Setting describes one field of Config.
type Setting struct {
	Name  string `json:"name"`
	Env   string `json:"env"`
	Type  string `json:"type"` // text, list, number, duration or secret
	About string `json:"about"`
}

// Describe returns all settings with the comments of their fields, in order.
func Describe() []Setting {
	comments := fieldComments()
	var all []Setting
	for f := range reflect.TypeFor[Config]().Fields() {
		name := f.Tag.Get("koanf")
		all = append(all, Setting{name, EnvName(name), kind(f.Type.String()), comments[f.Name]})
	}
	return all
}

func kind(goType string) string {
	return map[string]string{
		"string": "text", "[]string": "list", "int": "number", "time.Duration": "duration", "secret.String": "secret",
	}[goType]
}

// fieldComments reads this package's own source, which travels in the binary.
func fieldComments() map[string]string {
	f, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.ParseComments)
	if err != nil {
		panic(fmt.Sprintf("config.go does not parse: %v", err)) // it has compiled
	}
	comments := make(map[string]string)
	ast.Inspect(f, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && field.Doc != nil {
			for _, name := range field.Names {
				comments[name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
			}
		}
		return true
	})
	return comments
}
