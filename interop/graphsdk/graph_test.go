package graphsdk

import (
	"net/http"
	"slices"
	"testing"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

// absent is an identifier that nothing has.
const absent = "55555555-5555-4555-8555-555555555555"

func TestPages(t *testing.T) {
	client := open(t)
	all := must(client.Users().Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Top: new(int32(999))},
	}))(t).GetValue()
	first := must(client.Users().Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Top: new(int32(3)), Select: []string{"id", "displayName"}},
	}))(t)
	if len(first.GetValue()) != 3 || first.GetOdataNextLink() == nil {
		t.Fatalf("the first page has %d users, next %v", len(first.GetValue()), first.GetOdataNextLink())
	}
	pages, err := core.NewPageIterator[models.Userable](first, client.GetAdapter(), models.CreateUserCollectionResponseFromDiscriminatorValue)
	done(t, err)
	seen := make(map[string]bool)
	done(t, pages.Iterate(t.Context(), func(u models.Userable) bool {
		seen[*u.GetId()] = true
		return len(seen) != 7
	}))
	if len(seen) != 7 {
		t.Errorf("%d users before the stop, want 7", len(seen))
	}
	done(t, pages.Iterate(t.Context(), func(u models.Userable) bool {
		seen[*u.GetId()] = true
		return true
	}))
	if len(seen) != len(all) || len(all) < 10 {
		t.Errorf("%d users page by page, %d at once", len(seen), len(all))
	}
}

func TestCountAndSearch(t *testing.T) {
	client := open(t)
	user := newUser(t, client)
	eventual := abstractions.NewRequestHeaders()
	eventual.Add("ConsistencyLevel", "eventual")
	total := must(client.Users().Count().Get(t.Context(), &users.CountRequestBuilderGetRequestConfiguration{Headers: eventual}))(t)
	if *total < 10 {
		t.Errorf("$count = %d, want at least 10", *total)
	}
	search := &users.UsersRequestBuilderGetQueryParameters{Search: new(`"displayName:` + *user.GetDisplayName() + `"`), Count: new(true)}
	found := must(client.Users().Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{Headers: eventual, QueryParameters: search}))(t)
	if len(found.GetValue()) != 1 || *found.GetValue()[0].GetId() != *user.GetId() || found.GetOdataCount() == nil || *found.GetOdataCount() != 1 {
		t.Errorf("found %d users, @odata.count %v", len(found.GetValue()), found.GetOdataCount())
	}
	_, err := client.Users().Get(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{QueryParameters: search})
	wantError(t, err, http.StatusBadRequest, "Request_UnsupportedQuery")
}

func TestErrors(t *testing.T) {
	client := open(t)
	_, err := client.Users().ByUserId(absent).Get(t.Context(), nil)
	wantError(t, err, http.StatusNotFound, "Request_ResourceNotFound")
	_, err = client.Users().Post(t.Context(), models.NewUser(), nil)
	wantError(t, err, http.StatusBadRequest, "Request_BadRequest")
	wantError(t, client.Groups().ByGroupId(absent).Delete(t.Context(), nil), http.StatusNotFound, "Request_ResourceNotFound")
}

func TestBatch(t *testing.T) {
	done(t, core.RegisterError(core.BatchRequestErrorRegistryKey, abstractions.ErrorMappings{ // as the SDK wants it done for batches
		"4XX": odataerrors.CreateODataErrorFromDiscriminatorValue, "5XX": odataerrors.CreateODataErrorFromDiscriminatorValue,
	}))
	client := open(t)
	create, err := client.Groups().ToPostRequestInformation(t.Context(), groupBody(), nil)
	done(t, err)
	list, err := client.Groups().ToGetRequestInformation(t.Context(), nil)
	done(t, err)
	missing, err := client.Groups().ByGroupId(absent).ToGetRequestInformation(t.Context(), nil)
	done(t, err)
	batch := core.NewBatchRequest(client.GetAdapter())
	var steps []core.BatchItem
	for _, r := range []*abstractions.RequestInformation{create, list, missing, list} {
		step, err := batch.AddBatchRequestStep(*r)
		done(t, err)
		if len(steps) > 0 {
			step.DependsOnItem(steps[len(steps)-1])
		}
		steps = append(steps, step)
	}
	answer := must(batch.Send(t.Context(), client.GetAdapter()))(t)
	group := must(core.GetBatchResponseById[models.Groupable](answer, *steps[0].GetId(), models.CreateGroupFromDiscriminatorValue))(t)
	groups := must(core.GetBatchResponseById[models.GroupCollectionResponseable](answer, *steps[1].GetId(), models.CreateGroupCollectionResponseFromDiscriminatorValue))(t)
	if !slices.ContainsFunc(groups.GetValue(), func(g models.Groupable) bool { return *g.GetId() == *group.GetId() }) {
		t.Errorf("the second request does not see what the first made")
	}
	_, err = core.GetBatchResponseById[models.Groupable](answer, *steps[2].GetId(), models.CreateGroupFromDiscriminatorValue)
	wantError(t, err, 0, "Request_ResourceNotFound") // the status is the item's
	if got := *answer.GetResponseById(*steps[2].GetId()).GetStatus(); got != http.StatusNotFound {
		t.Errorf("the third request: %d, want 404", got)
	}
	if got := *answer.GetResponseById(*steps[3].GetId()).GetStatus(); got != http.StatusFailedDependency {
		t.Errorf("the last request: %d, want 424", got)
	}
	done(t, client.Groups().ByGroupId(*group.GetId()).Delete(t.Context(), nil))
}

func TestUser(t *testing.T) {
	client := open(t)
	user, boss := newUser(t, client), newUser(t, client)
	at := client.Users().ByUserId(*user.GetId())
	change := models.NewUser()
	change.SetJobTitle(new("Baker"))
	change.SetDepartment(new("Kitchen"))
	_, err := at.Patch(t.Context(), change, nil)
	done(t, err)
	nulls := models.NewUser() // the SDK sends a null only from here
	nulls.SetAdditionalData(map[string]any{"jobTitle": nil})
	_, err = at.Patch(t.Context(), nulls, nil)
	done(t, err)
	read := must(at.Get(t.Context(), &users.UserItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: []string{"jobTitle", "department"}},
	}))(t)
	if read.GetJobTitle() != nil || *read.GetDepartment() != "Kitchen" {
		t.Errorf("jobTitle %v, department %v", read.GetJobTitle(), read.GetDepartment())
	}
	update := models.NewReferenceUpdate()
	update.SetOdataId(refer(boss.GetId()).GetOdataId())
	done(t, at.Manager().Ref().Put(t.Context(), update, nil))
	manager := must(at.Manager().Get(t.Context(), nil))(t)
	if _, ok := manager.(models.Userable); !ok || *manager.GetId() != *boss.GetId() {
		t.Errorf("the manager is a %T", manager)
	}
	done(t, at.Delete(t.Context(), nil))
	_, err = at.Get(t.Context(), nil)
	wantError(t, err, http.StatusNotFound, "Request_ResourceNotFound")
	back := must(client.Directory().DeletedItems().ByDirectoryObjectId(*user.GetId()).Restore().Post(t.Context(), nil))(t)
	if _, ok := back.(models.Userable); !ok {
		t.Errorf("what was restored is a %T", back)
	}
}

func TestGroup(t *testing.T) {
	client := open(t)
	user, inner, group := newUser(t, client), newGroup(t, client), newGroup(t, client)
	at := client.Groups().ByGroupId(*group.GetId())
	for _, id := range []*string{user.GetId(), inner.GetId()} {
		done(t, at.Members().Ref().Post(t.Context(), refer(id), nil))
	}
	wantError(t, at.Members().Ref().Post(t.Context(), refer(user.GetId()), nil), http.StatusBadRequest, "Request_BadRequest")
	kinds := make(map[string]bool)
	for _, m := range must(at.Members().Get(t.Context(), nil))(t).GetValue() {
		switch m.(type) {
		case models.Userable:
			kinds["user "+*m.GetId()] = true
		case models.Groupable:
			kinds["group "+*m.GetId()] = true
		}
	}
	if !kinds["user "+*user.GetId()] || !kinds["group "+*inner.GetId()] {
		t.Errorf("members come back as %v", kinds)
	}
	people := must(at.Members().GraphUser().Get(t.Context(), nil))(t).GetValue()
	if len(people) != 1 || *people[0].GetId() != *user.GetId() {
		t.Errorf("%d people among the members, want 1", len(people))
	}
	done(t, at.Owners().Ref().Post(t.Context(), refer(user.GetId()), nil))
	done(t, at.Members().ByDirectoryObjectId(*inner.GetId()).Ref().Delete(t.Context(), nil))
	wantError(t, at.Members().ByDirectoryObjectId(*inner.GetId()).Ref().Delete(t.Context(), nil), http.StatusNotFound, "Request_ResourceNotFound")
}

func TestApplication(t *testing.T) {
	client := open(t)
	body := models.NewApplication()
	body.SetDisplayName(new(name()))
	made := must(client.Applications().Post(t.Context(), body, nil))(t)
	at := client.Applications().ByApplicationId(*made.GetId())
	change := models.NewApplication()
	change.SetIdentifierUris([]string{"api://" + *made.GetAppId()})
	_, err := at.Patch(t.Context(), change, nil)
	done(t, err)
	read := must(client.ApplicationsWithAppId(made.GetAppId()).Get(t.Context(), nil))(t)
	if *read.GetId() != *made.GetId() || !slices.Equal(read.GetIdentifierUris(), []string{"api://" + *made.GetAppId()}) {
		t.Errorf("by appId: %s %v", *read.GetId(), read.GetIdentifierUris())
	}
	ask := applications.NewItemAddPasswordPostRequestBody()
	ask.SetPasswordCredential(models.NewPasswordCredential())
	password := must(at.AddPassword().Post(t.Context(), ask, nil))(t)
	remove := applications.NewItemRemovePasswordPostRequestBody()
	remove.SetKeyId(password.GetKeyId())
	done(t, at.RemovePassword().Post(t.Context(), remove, nil))
	principal := models.NewServicePrincipal()
	principal.SetAppId(made.GetAppId())
	sp := must(client.ServicePrincipals().Post(t.Context(), principal, nil))(t)
	if *must(client.ServicePrincipalsWithAppId(made.GetAppId()).Get(t.Context(), nil))(t).GetId() != *sp.GetId() {
		t.Error("the service principal is not found by appId")
	}
	credential := models.NewFederatedIdentityCredential()
	credential.SetName(new("from-ci"))
	credential.SetIssuer(new(env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_A"] + "/v2.0"))
	credential.SetSubject(new("s"))
	credential.SetAudiences([]string{"api://AzureADTokenExchange"})
	fic := must(at.FederatedIdentityCredentials().Post(t.Context(), credential, nil))(t)
	done(t, at.FederatedIdentityCredentials().ByFederatedIdentityCredentialId(*fic.GetId()).Delete(t.Context(), nil))
	done(t, client.ServicePrincipals().ByServicePrincipalId(*sp.GetId()).Delete(t.Context(), nil))
	done(t, at.Delete(t.Context(), nil))
	_, err = at.Get(t.Context(), nil)
	wantError(t, err, http.StatusNotFound, "Request_ResourceNotFound")
}
