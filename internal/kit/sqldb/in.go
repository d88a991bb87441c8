package sqldb

import "strings"

// In returns what stands in the parentheses of an in list, and the values for its
// places. The number of places is a power of two, the last value filling up, so
// that lists of all lengths make few statements. A list may not be empty.
func In[T any](list []T) (places string, values []any) {
	n := 1
	for n < len(list) {
		n *= 2
	}
	values = make([]any, n)
	for i := range values {
		values[i] = list[min(i, len(list)-1)]
	}
	return "?" + strings.Repeat(", ?", n-1), values
}
