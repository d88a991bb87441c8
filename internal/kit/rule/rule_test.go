package rule

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var schema = Schema{Object: "user", Properties: map[string]Type{
	"objectId": Text, "department": Text, "country": Text, "jobTitle": Text, "displayName": Text, "mail": Text, "city": Text, "employeeId": Text,
	"accountEnabled": Bool, "dirSyncEnabled": Bool, "employeeHireDate": Time, "proxyAddresses": Texts, "otherMails": Texts,
}}

// grace is whom the rules are about.
var grace = map[string]any{
	"objectId": "11111111-1111-4111-8111-111111111111", "department": "Sales", "country": "US", "jobTitle": "SDE II", "displayName": "Grace O'Hara \"G\"",
	"city": "", "accountEnabled": true, "employeeHireDate": time.Date(2026, 6, 10, 18, 13, 20, 0, time.UTC), "employeeId": "50001",
	"proxyAddresses": []string{"SMTP:grace@contoso.example", "smtp:g@fabrikam.example"}, "otherMails": []string{},
}

func get(property string) any { return grace[property] }

// TestRules holds rules against one person, those of Microsoft's page among them.
func TestRules(t *testing.T) {
	for text, want := range map[string]bool{
		`user.department -eq "Sales"`:                                                              true,
		`user.department -eq "sales"`:                                                              true,
		`USER.Department -EQ 'SALES'`:                                                              true,
		`user.department eq "Sales"`:                                                               true,
		`user.department -ne "Sales"`:                                                              false,
		`user.department -ne "Marketing"`:                                                          true,
		`user.department –eq "Sales" –and user.country –eq "US"`:                                   true,
		`user.displayName -startsWith "gra"`:                                                       true,
		`user.displayName -notStartsWith "gra"`:                                                    false,
		`user.displayName -contains "o'h"`:                                                         true,
		`user.displayName -contains 'O''Hara'`:                                                     true,
		"user.displayName -endsWith \" `\"G`\"\"":                                                  true,
		`user.displayName -endsWith "\"G\""`:                                                       true,
		`user.displayName -notContains "xyz"`:                                                      true,
		`user.mail -notEndsWith "@contoso.example"`:                                                true,
		`user.displayName -match "^Gr.*"`:                                                          true,
		`user.displayName -match "^race"`:                                                          false,
		`user.displayName -match "race"`:                                                           true,
		`user.displayName -notMatch "ada|lee"`:                                                     true,
		`user.department -in ["50001","Sales"]`:                                                    true,
		`user.department -notIn ["50001", 'Legal']`:                                                true,
		`user.employeeId -in [50001, 50002]`:                                                       true,
		`user.employeeId -eq 50001`:                                                                true,
		`user.mail -eq null`:                                                                       true,
		`user.mail -ne null`:                                                                       false,
		`user.mail -eq $null`:                                                                      true,
		`user.mail -eq "null"`:                                                                     false,
		`user.city -eq null`:                                                                       true,
		`user.mail -startsWith "a"`:                                                                false,
		`user.mail -ne "a@b.example"`:                                                              true,
		`user.objectId -ne null`:                                                                   true,
		`user.accountEnabled -eq true`:                                                             true,
		`user.accountEnabled -eq "false"`:                                                          false,
		`user.accountEnabled -ne false`:                                                            true,
		`user.dirSyncEnabled -eq true`:                                                             false,
		`user.dirSyncEnabled -ne true`:                                                             true,
		`user.dirSyncEnabled -eq null`:                                                             true,
		`user.employeehiredate -le 2026-06-10T18:13:20Z`:                                           true,
		`user.employeeHireDate -ge "2026-06-10T18:13:21Z"`:                                         false,
		`user.employeeHireDate -ne 2026-06-10T20:13:20+02:00`:                                      false,
		`(user.department -eq "Sales") -or (user.department -eq "Marketing")`:                      true,
		`(user.department -eq "Sales") -and -not (user.jobTitle -startsWith "SDE")`:                false,
		`-not user.department -eq "Legal" -and user.country -eq "US"`:                              true,
		`user.department -eq "Legal" -and user.country -eq "FR" -or user.country -eq "US"`:         true,
		`user.country -eq "US" -or user.department -eq "Legal" -and user.department -eq "X"`:       true,
		`user.country -eq "FR" -and (user.department -eq "Legal" -or user.country -eq "US")`:       false,
		`(user.proxyAddresses -any (_ -startsWith "smtp:g@"))`:                                     true,
		`user.proxyAddresses -any (_ -contains "northwind")`:                                       false,
		`user.proxyAddresses -all (_ -contains ".example")`:                                        true,
		`user.proxyAddresses -all (_ -contains "contoso")`:                                         false,
		`user.proxyAddresses -any (_ -contains "fabrikam" -and -not (_ -contains "contoso"))`:      true,
		`user.proxyAddresses -startsWith "SMTP:grace@"`:                                            true,
		`user.proxyAddresses -notEndsWith "@outlook.example"`:                                      true,
		`user.proxyAddresses -eq "smtp:g@fabrikam.example"`:                                        true,
		`user.otherMails -eq null`:                                                                 true,
		`user.otherMails -any (_ -ne "x")`:                                                         false,
		`user.otherMails -all (_ -eq "x")`:                                                         true,
		"(user.objectId -ne null) -and (user.accountEnabled -eq true)\n\t-and user.city -ne \"x\"": true,
	} {
		r, err := Parse(text, schema)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Match(get); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
		if r.String() != text {
			t.Errorf("%s is written as %s", text, r)
		}
	}
}

// TestWrongRules tells of each mistake where it is, and what is not supported.
func TestWrongRules(t *testing.T) {
	for text, want := range map[string]Error{
		``:                                   {1, "There is the end where a property", false},
		`user.department`:                    {16, "There is the end where an operator", false},
		`user.department -eq`:                {20, "There is the end where a text", false},
		`user.department -eq Sales`:          {21, "There is 'Sales' where a text", false},
		`user.department -eq "Sales`:         {21, "The text that begins here does not end", false},
		`user.department -eq ""`:             {21, "An empty text", false},
		`department -eq "Sales"`:             {1, "There is 'department' where a property", false},
		`user.department -eq "Sales" and`:    {32, "There is the end where a property", false},
		`user.department -eq "Sales" "x"`:    {29, "There is 'x' where -and", false},
		`(user.department -eq "Sales"`:       {29, "There is the end where ')'", false},
		`user.department -in "Sales"`:        {21, "There is 'Sales' where '['", false},
		`user.department -in ["Sales" "x"]`:  {30, "There is 'x' where ','", false},
		`user.department -in []`:             {22, "There is ']' where a text", false},
		`user.department -gt "Sales"`:        {17, "'-gt' is no operator for the property department", true},
		`user.accountEnabled -eq "yes"`:      {25, "There is 'yes' where true or false", false},
		`user.accountEnabled -contains true`: {21, "'-contains' is no operator", true},
		`user.mail -not null`:                {11, "'-not' is no operator", true},
		`user.mail -startsWith null`:         {23, "null can be compared", false},
		`user.displayName -match "(?=x)"`:    {25, "The pattern is not supported", true},
		`user.displayName -match "a{900}b{900}c{900}d{900}e{900}f{900}g{900}h{900}i{900}j{900}k{900}l{900}"`: {25, "The pattern is not supported: it repeats", true},
		`user.memberOf -any (group.objectId -in ['x'])`:                                                      {1, "The property 'user.memberOf' is not supported", true},
		`user.extension_c272a57b722d4eb29bfe327874ae79cb_Office -eq "1"`:                                     {1, "The property 'user.extension_", true},
		`device.objectId -ne null`:                                   {1, "Rules about 'device'", true},
		`user.employeeHireDate -ge system.now -plus p1d`:             {27, "system.now is not supported", true},
		`user.employeeHireDate -ge "soon"`:                           {27, "There is 'soon' where a time", false},
		`_ -eq "x"`:                                                  {1, "'_' is an item", false},
		`user.department -any (_ -eq "x")`:                           {17, "-any needs a property with several values", false},
		`user.proxyAddresses -any (user.mail -eq "x")`:               {27, "'user.mail' cannot stand within", true},
		`user.proxyAddresses -any _ -eq "x"`:                         {26, "There is '_' where '('", false},
		`user.department # "x"`:                                      {17, "The character '#'", false},
		strings.Repeat("(", 40) + `user.mail -eq null`:               {33, "The rule is nested deeper", false},
		`user.department -eq "` + strings.Repeat("x", MaxText) + `"`: {3073, "A rule has at most 3072 characters", false},
	} {
		_, err := Parse(text, schema)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Pos != want.Pos || e.Unsupported != want.Unsupported || !strings.HasPrefix(e.Say, want.Say) {
			t.Errorf("%.60s: %+v, want %+v", text, err, want)
		}
	}
}

// FuzzParse reads whatever comes: it ends, and what was read can be evaluated and
// read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`user.department -eq "Sales"`, `(user.proxyAddresses -any (_ -startsWith "contoso"))`, `-not user.mail -in ['a', 5]`, `user.displayName -match "a*"`, `user.employeeHireDate -le 2026-06-10T18:13:20Z`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text, schema)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Pos < 1 || e.Pos > len([]rune(text))+1 && e.Pos != MaxText+1 {
				t.Errorf("a mistake without its place: %v", err)
			}
			return
		}
		before := r.Match(get)
		if again, err := Parse(r.String(), schema); err != nil || again.Match(get) != before {
			t.Errorf("read again: %v", err)
		}
		r.Match(func(string) any { return nil })
	})
}
