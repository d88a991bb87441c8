package sqldb

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"database/sql"

	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
)

// Micros returns t as stored: microseconds since 1970, or 0 for "not yet".
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time returns the time that us stands for, in UTC; 0 is the zero time.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// normalize puts args, in place, in the form in which both engines store them.
func normalize(query string, params int, args []any) error {
	if params != len(args) {
		return fault.New(fault.Internal, "A statement was given too few or too many values.").
			Wrap(fmt.Errorf("%d values for %d places: %s", len(args), params, query))
	}
	for i, a := range args {
		v, err := stored(a)
		if err != nil {
			return err
		}
		args[i] = v
	}
	return nil
}

// stored returns the stored form of a value: int64, string, []byte or nil.
func stored(a any) (any, error) {
	switch v := a.(type) {
	case nil, int64:
		return v, nil
	case string:
		return checkText(v)
	case []byte:
		if v == nil {
			return []byte{}, nil
		}
		return v, nil
	case int:
		return int64(v), nil
	case bool:
		return number01(v), nil
	case time.Time, time.Duration:
		return nil, unstorable(a, "use Micros")
	case secret.String:
		return nil, unstorable(a, "seal it first")
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("value of type %T: %w", a, err)
		}
		return checkText(string(b))
	}
	return storedKind(a)
}

// storedKind handles named types.
func storedKind(a any) (any, error) {
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.String:
		return checkText(v.String())
	case reflect.Bool:
		return number01(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return append([]byte{}, v.Bytes()...), nil
		}
	}
	return nil, unstorable(a, "it has no stored form")
}

func number01(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// checkText refuses what PostgreSQL cannot store, on both engines.
func checkText(s string) (any, error) {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return nil, fault.New(fault.Invalid, "A text holds bytes that are no text.")
	}
	return s, nil
}

func unstorable(a any, hint string) error {
	return fault.New(fault.Internal, "A value cannot be stored.").Wrap(fmt.Errorf("type %T: %s", a, hint))
}

// destinations lets types that read themselves from text be scanned.
func destinations(dest []any) []any {
	var out []any
	for i, d := range dest {
		switch d.(type) {
		case *string, *int64, *int, *bool, *[]byte, sql.Scanner:
			continue
		}
		if u, ok := d.(encoding.TextUnmarshaler); ok {
			if out == nil {
				out = append(out, dest...)
			}
			out[i] = textScanner{u}
		}
	}
	if out == nil {
		return dest
	}
	return out
}

// textScanner scans a text column into a TextUnmarshaler.
type textScanner struct{ to encoding.TextUnmarshaler }

// Scan implements sql.Scanner.
func (s textScanner) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return s.to.UnmarshalText([]byte(v))
	case []byte:
		return s.to.UnmarshalText(v)
	}
	return fmt.Errorf("a %T is no text", src)
}
