package arm

import "net/http"

// metadata answers where an installation's parts are, to anyone. Clients read
// one object from version 2022-09-01 on and a list before it; versions are
// dates, and compare as text. All parts stand under the host that was asked.
func (c *call) metadata() error {
	object := cloud(c.Hosts.Base(c.r))
	if c.query.Get("api-version") < "2022-09-01" {
		return c.answer(http.StatusOK, []any{object})
	}
	return c.answer(http.StatusOK, object)
}

// cloud describes the installation at base. The members that older command
// lines insist on are there though nothing stands behind them; the first
// audience is the one that clients ask a token for.
func cloud(base string) map[string]any {
	const none = "invalid" // RFC 6761, section 6.4: a name that never resolves
	suffixes := map[string]string{
		"azureDataLakeStoreFileSystem": none, "acrLoginServer": none, "sqlServerHostname": none,
		"azureDataLakeAnalyticsCatalogAndJob": none, "keyVaultDns": none, "storage": none,
	}
	return map[string]any{
		"name":   "Entente",
		"portal": base,
		"authentication": map[string]any{
			"loginEndpoint": base, "audiences": []string{"https://management.azure.com/", "https://management.core.windows.net/"},
			"tenant": "common", "identityProvider": "AAD",
		},
		"resourceManager":          base + "/",
		"microsoftGraphResourceId": base,
		"graph":                    base + "/",
		"graphAudience":            base + "/",
		"suffixes":                 suffixes,
		"media":                    base,
		"batch":                    base + "/",
		"gallery":                  base + "/",
		"sqlManagement":            base + "/",
		"activeDirectoryDataLake":  base + "/",
		"vmImageAliasDoc":          base + "/",
	}
}
