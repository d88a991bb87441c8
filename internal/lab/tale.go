package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A tale says of which stories a step is.
type tale int

const (
	workload tale = 1 << iota
	person
	both = workload | person
)

// tales are what Options.Story may name.
var tales = map[string]tale{"both": both, "workload": workload, "person": person, "none": 0}

// CheckStory returns an error unless a lab can tell this; the empty name is what
// the lab told before, or both.
func CheckStory(name string) error {
	if _, ok := tales[name]; name == "" || ok {
		return nil
	}
	return fmt.Errorf("there is no story %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(tales)), ", "))
}

// chosen returns the steps of what a lab tells, in order. What is thrown away
// when it has been told is not told again.
func chosen(name string, told bool) []step {
	var all []step
	for _, s := range steps {
		if s.of&tales[name] != 0 && !(told && s.once) {
			all = append(all, s)
		}
	}
	return all
}
