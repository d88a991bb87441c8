package portal

import "strings"

// browsers and systems are looked for in what a browser says of itself, in this
// order: each also names those that it wants to be taken for.
var browsers = []struct{ mark, name string }{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	{"curl/", "curl"}, {"Go-http-client", "A program"},
}

var systems = []struct{ mark, name string }{
	{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
}

// Agent says in words what a browser said of itself. It is what the browser
// says, and proves nothing.
func Agent(text string) string {
	name, on := "", ""
	for _, b := range browsers {
		if strings.Contains(text, b.mark) {
			name = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(text, s.mark) {
			on = s.name
			break
		}
	}
	switch {
	case name != "" && on != "":
		return name + " on " + on
	case name != "":
		return name
	case on != "":
		return "A browser on " + on
	}
	return "An unknown browser"
}
