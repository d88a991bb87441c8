package oauth

import (
	"net/http"
	"strconv"
	"time"
)

// device returns the device authorization endpoint of one version (RFC 8628,
// section 3.1). There is no verification_uri_complete: see doc/divergences.md.
func (e *Edge) device(version int) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		req, err := readRequest(w, r, version)
		if err != nil {
			return err
		}
		start, err := e.STS.BeginDevice(r.Context(), req)
		if err != nil {
			return err
		}
		at := e.Hosts.Base(r) + DevicePath
		said := deviceCommon{
			UserCode: start.UserCode, DeviceCode: start.Code,
			Message: "To sign in, use a web browser to open the page " + at + " and enter the code " + start.UserCode + " to authenticate.",
		}
		in, every := int(start.Lifetime/time.Second), int(start.Interval/time.Second)
		if version == 1 {
			return writeJSON(w, http.StatusOK, deviceV1{said, at, strconv.Itoa(in), strconv.Itoa(every)})
		}
		return writeJSON(w, http.StatusOK, deviceV2{said, at, in, every})
	}
}

// DevicePath is where a person enters the code of a device: short, because they
// type it.
const DevicePath = "/devicelogin"

type deviceCommon struct {
	UserCode   string `json:"user_code"`
	DeviceCode string `json:"device_code"`
	Message    string `json:"message"`
}

type deviceV2 struct {
	deviceCommon
	At        string `json:"verification_uri"`
	ExpiresIn int    `json:"expires_in"`
	Interval  int    `json:"interval"`
}

// deviceV1 has its numbers as text, as version 1 does.
type deviceV1 struct {
	deviceCommon
	At        string `json:"verification_url"`
	ExpiresIn string `json:"expires_in"`
	Interval  string `json:"interval"`
}
