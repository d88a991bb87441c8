package policy

import (
	"context"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// invitations is the entity set of invitations, which are made and never read.
// https://learn.microsoft.com/graph/api/invitation-post?view=graph-rest-1.0
func (s Services) invitations() *edm.Set {
	return &edm.Set{
		Path: edm.Both("invitations"), Type: edm.Of("invitation"),
		Doc:    "https://learn.microsoft.com/graph/api/resources/invitation?view=graph-rest-1.0",
		Create: edm.Create{May: edm.Alike(edm.Any("User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")).Needing("users/inviteGuest"), Do: s.invite},
		Bound: []*edm.Set{{
			Path: edm.Both("invitedUserSponsors"), Type: edm.Of("directoryObject"), Linked: true,
			Link: edm.Change{Do: func(context.Context, *edm.Request) error { return nil }}, // invite reads them
		}},
	}
}

func (s Services) invite(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var sponsors []ids.ObjectID
	for _, id := range r.Binds["invitedUserSponsors"] {
		sponsors = append(sponsors, ids.ObjectID(id))
	}
	v, err := s.Guests.Invite(ctx, r.Who, r.Body, sponsors)
	if err != nil {
		return edm.Item{}, err
	}
	return item(v.ID, v)
}

// invitation is the entity type. The two properties that Graph declares as
// navigation are given and shown as what they are in a body.
func invitation() edm.Entity {
	return edm.Entity{Name: "invitation", Base: "entity", Props: []edm.Prop{
		{Name: "invitedUser", Type: edm.Of("invitedUserReference"), Write: edm.C, Note: "given with resetRedemption only"},
		{Name: "invitedUserDisplayName", Type: edm.String, Write: edm.C},
		{Name: "invitedUserEmailAddress", Type: edm.String, NotNull: true, Write: edm.C, Required: true},
		{Name: "invitedUserMessageInfo", Type: edm.Of("invitedUserMessageInfo"), Write: edm.C},
		{Name: "invitedUserSponsors", Type: edm.Many(edm.Of("invitedUserReference")), Write: edm.C, Note: "not shown"},
		{Name: "invitedUserType", Type: edm.String, Write: edm.C},
		{Name: "inviteRedeemUrl", Type: edm.String},
		{Name: "inviteRedirectUrl", Type: edm.String, NotNull: true, Write: edm.C, Required: true},
		{Name: "resetRedemption", Type: edm.Boolean, Write: edm.C},
		{Name: "sendInvitationMessage", Type: edm.Boolean, Write: edm.C, Note: "false"},
		{Name: "status", Type: edm.String},
	}}
}

// messages are the complex types of what an invitation says.
func messages() []edm.Complex {
	return []edm.Complex{
		{Name: "invitedUserReference", Props: []edm.Prop{{Name: "id", Type: edm.Guid, Write: edm.C}}},
		{Name: "invitedUserMessageInfo", Props: []edm.Prop{
			{Name: "ccRecipients", Type: edm.Many(edm.Of("recipient")), Write: edm.C},
			{Name: "customizedMessageBody", Type: edm.String, Write: edm.C},
			{Name: "messageLanguage", Type: edm.String, Write: edm.C},
		}},
		{Name: "recipient", Props: []edm.Prop{{Name: "emailAddress", Type: edm.Of("emailAddress"), Write: edm.C}}},
		{Name: "emailAddress", Props: []edm.Prop{
			{Name: "address", Type: edm.String, Write: edm.C},
			{Name: "name", Type: edm.String, Write: edm.C},
		}},
	}
}
