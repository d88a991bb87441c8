package graphtest

import "net/http"

// names is the room of domains. Each thing that is done to a domain has one of
// its own; what is to be verified has its proof where the server looks.
var names = Room{
	Furnish: func(f *Furnishing) {
		for key, name := range map[string]string{
			"/domains": "below." + f.Domain, "/domains/promote": "promoted." + f.Domain, "/domains/forceDelete": "gone." + f.Domain,
			"/domains/verify": f.Word + "-claimed.example",
		} {
			f.Create(key, "/domains", map[string]any{"id": name})
		}
		proof := f.record("/domains/verify")
		f.Publish(f.IDs["/domains/verify"] + " TXT " + proof["text"].(string))
		f.IDs["/domains/verificationDnsRecords"] = f.record("/domains")["id"].(string)
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/domains": func(f *Furnishing, _ string) map[string]any { return map[string]any{"id": "new." + f.Domain} },
	},
	Changes: map[string]map[string]any{
		"/domains": {"supportedServices": []string{"Email"}},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/verify":      func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/promote":     func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/forceDelete": func(*Furnishing, string) map[string]any { return map[string]any{} },
	},
	Functions: map[string]func(*Furnishing) string{
		"/findTenantInformationByTenantId":   func(f *Furnishing) string { return "tenantId='" + f.Tenant + "'" },
		"/findTenantInformationByDomainName": func(f *Furnishing) string { return "domainName='" + f.Domain + "'" },
	},
}

// record returns the first record that would prove a domain.
func (f *Furnishing) record(key string) map[string]any {
	records := f.Send(http.MethodGet, "/v1.0/domains/"+f.IDs[key]+"/verificationDnsRecords", nil)
	return records["value"].([]any)[0].(map[string]any)
}
