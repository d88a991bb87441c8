package offer

import (
	"bytes"
	"encoding/json"
	"time"
)

// Limits of a call of an endpoint; within them an extension chooses.
const (
	shortestCall  = 200 * time.Millisecond
	usualCallTime = time.Second
	longestCall   = 2 * time.Second
	mostRetries   = 1 // and as many where the extension does not say
)

// A clientConfiguration is Graph's customExtensionClientConfiguration: how often and
// for how long an endpoint is called. What is null is as usual.
// https://learn.microsoft.com/graph/api/resources/customextensionclientconfiguration
type clientConfiguration struct {
	Type    string `json:"@odata.type"`
	Retries *int   `json:"maximumRetries"`
	Millis  *int   `json:"timeoutInMilliseconds"`
}

// checkClient refuses a configuration that does not say how an endpoint is called.
func checkClient(text json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	var says clientConfiguration
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&says); err != nil {
		return Bad("clientConfiguration", "A configuration has maximumRetries and timeoutInMilliseconds, each a number or null.")
	}
	if n := says.Retries; n != nil && (*n < 0 || *n > mostRetries) {
		return Bad("clientConfiguration.maximumRetries", "An endpoint is tried again 0 times or once, not %d times.", *n)
	}
	if n := says.Millis; n != nil && (*n < int(shortestCall/time.Millisecond) || *n > int(longestCall/time.Millisecond)) {
		return Bad("clientConfiguration.timeoutInMilliseconds", "A call takes from %d to %d milliseconds, not %d.", shortestCall/time.Millisecond, longestCall/time.Millisecond, *n)
	}
	return nil
}

// ClientOf returns how often and for how long an extension's endpoint is called.
func ClientOf(e *Extension) (retries int, within time.Duration) {
	retries, within = mostRetries, usualCallTime
	var says clientConfiguration
	if checkClient(e.Client) != nil || json.Unmarshal(e.Client, &says) != nil {
		return retries, within // stored before it was checked, or empty
	}
	if says.Retries != nil {
		retries = *says.Retries
	}
	if says.Millis != nil {
		within = time.Duration(*says.Millis) * time.Millisecond
	}
	return retries, within
}
