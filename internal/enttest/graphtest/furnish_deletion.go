package graphtest

import "net/http"

// deletions is the room of what is deleted.
var deletions = Room{
	Furnish: func(f *Furnishing) {
		f.Create("/directory/deletedItems", "/groups", NewGroup(f.Word+"-deleted"))
		f.Send(http.MethodDelete, "/v1.0/groups/"+f.IDs["/directory/deletedItems"], nil)
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/restore": func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/getUserOwnedObjects": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"userId": f.IDs["/users"], "type": "Group"}
		},
	},
}
