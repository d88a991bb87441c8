package sqldb

import (
	"fmt"
	"testing"
)

func TestInListsOfAllLengthsAreFew(t *testing.T) {
	for _, tt := range []struct {
		list   []string
		places string
		values string
	}{
		{[]string{"a"}, "?", "[a]"},
		{[]string{"a", "b"}, "?, ?", "[a b]"},
		{[]string{"a", "b", "c"}, "?, ?, ?, ?", "[a b c c]"},
		{[]string{"a", "b", "c", "d", "e"}, "?, ?, ?, ?, ?, ?, ?, ?", "[a b c d e e e e]"},
	} {
		places, values := In(tt.list)
		if places != tt.places || fmt.Sprint(values) != tt.values {
			t.Errorf("%v becomes %s with %v", tt.list, places, values)
		}
	}
}
