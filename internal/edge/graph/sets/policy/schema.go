package policy

import (
	"slices"

	"entente/internal/edge/graph/edm"
)

// Schema declares the types.
func Schema() edm.Schema {
	return edm.Schema{
		Entities: []edm.Entity{
			{Name: "policyRoot", Base: "entity"},
			{Name: "policyBase", Base: "directoryObject", Abstract: true, Props: []edm.Prop{
				{Name: "description", Type: edm.String},
				{Name: "displayName", Type: edm.String},
			}},
			{Name: "crossTenantAccessPolicy", Base: "policyBase", Props: []edm.Prop{
				{Name: "allowedCloudEndpoints", Type: edm.Many(edm.String), NotNull: true, Write: edm.U},
			}},
			defaultConfiguration(), partnerConfiguration(), synchronization(), authorizationPolicy(), securityDefaults(), invitation(),
		},
		Complex: slices.Concat(blocks(), settings(), messages()),
		Enums: []edm.Enum{
			{Name: "crossTenantAccessPolicyTargetConfigurationAccessType", Members: []string{"allowed", "blocked", "unknownFutureValue"}},
			{Name: "crossTenantAccessPolicyTargetType", Members: []string{"user", "group", "application", "unknownFutureValue"}},
			{Name: "b2bIdentityProvidersType", Members: []string{"azureActiveDirectory", "externalFederation", "socialIdentityProviders",
				"emailOneTimePasscode", "microsoftAccount", "defaultConfiguredIdp", "unknownFutureValue"}},
			{Name: "allowInvitesFrom", Members: []string{"none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone", "unknownFutureValue"}},
		},
	}
}

// sections are what the default and every partner have.
func sections(w edm.Write) []edm.Prop {
	b2b := edm.Of("crossTenantAccessPolicyB2BSetting")
	return []edm.Prop{
		{Name: "appServiceConnectInbound", Type: edm.Of("crossTenantAccessPolicyAppServiceConnectSetting"), Write: w},
		{Name: "automaticUserConsentSettings", Type: edm.Of("inboundOutboundPolicyConfiguration"), Write: w},
		{Name: "b2bCollaborationInbound", Type: b2b, Write: w, Note: "counts for workloads too"},
		{Name: "b2bCollaborationOutbound", Type: b2b, Write: w, Note: "counts for workloads too"},
		{Name: "b2bDirectConnectInbound", Type: b2b, Write: w},
		{Name: "b2bDirectConnectOutbound", Type: b2b, Write: w},
		{Name: "inboundTrust", Type: edm.Of("crossTenantAccessPolicyInboundTrust"), Write: w},
		{Name: "m365CollaborationInbound", Type: edm.Of("crossTenantAccessPolicyM365CollaborationInboundSetting"), Write: w},
		{Name: "m365CollaborationOutbound", Type: edm.Of("crossTenantAccessPolicyM365CollaborationOutboundSetting"), Write: w},
		{Name: "tenantRestrictions", Type: edm.Of("crossTenantAccessPolicyTenantRestrictions"), Write: w},
	}
}

func defaultConfiguration() edm.Entity {
	return edm.Entity{Name: "crossTenantAccessPolicyConfigurationDefault", Props: append(sections(edm.U),
		edm.Prop{Name: "invitationRedemptionIdentityProviderConfiguration", Type: edm.Of("defaultInvitationRedemptionIdentityProviderConfiguration"), Write: edm.U},
		edm.Prop{Name: "isServiceDefault", Type: edm.Boolean},
	)}
}

func partnerConfiguration() edm.Entity {
	return edm.Entity{Name: "crossTenantAccessPolicyConfigurationPartner", Key: "tenantId", Props: slices.Concat(
		[]edm.Prop{{Name: "tenantId", Type: edm.String, NotNull: true, Write: edm.C, Required: true}},
		sections(edm.CU),
		[]edm.Prop{
			{Name: "isInMultiTenantOrganization", Type: edm.Boolean},
			{Name: "isServiceProvider", Type: edm.Boolean, Write: edm.C},
		})}
}

func synchronization() edm.Entity {
	return edm.Entity{Name: "crossTenantIdentitySyncPolicyPartner", Key: "tenantId", Props: []edm.Prop{
		{Name: "displayName", Type: edm.String, Write: edm.CU},
		{Name: "tenantId", Type: edm.String, NotNull: true},
		{Name: "userSyncInbound", Type: edm.Of("crossTenantUserSyncInbound"), Write: edm.CU},
	}}
}

// authorizationPolicy is the entity type of what people may do without a role.
// https://learn.microsoft.com/graph/api/resources/authorizationpolicy?view=graph-rest-1.0
func authorizationPolicy() edm.Entity {
	return edm.Entity{Name: "authorizationPolicy", Base: "policyBase", Props: []edm.Prop{
		{Name: "allowedToSignUpEmailBasedSubscriptions", Type: edm.Boolean, NotNull: true, Write: edm.U, Note: "false"},
		{Name: "allowedToUseSSPR", Type: edm.Boolean, NotNull: true, Write: edm.U, Note: "false"},
		{Name: "allowEmailVerifiedUsersToJoinOrganization", Type: edm.Boolean, NotNull: true, Write: edm.U, Note: "false"},
		{Name: "allowInvitesFrom", Type: edm.Of("allowInvitesFrom"), Write: edm.U},
		{Name: "allowUserConsentForRiskyApps", Type: edm.Boolean, Write: edm.U, Note: "false"},
		{Name: "blockMsolPowerShell", Type: edm.Boolean, Write: edm.U},
		{Name: "defaultUserRolePermissions", Type: edm.Of("defaultUserRolePermissions"), Write: edm.U, Note: "as it is"},
		{Name: "guestUserRoleId", Type: edm.Guid, Write: edm.U},
	}}
}

// securityDefaults is the entity type of whether a second factor is demanded.
// https://learn.microsoft.com/graph/api/resources/identitysecuritydefaultsenforcementpolicy?view=graph-rest-1.0
func securityDefaults() edm.Entity {
	return edm.Entity{Name: "identitySecurityDefaultsEnforcementPolicy", Base: "policyBase", Props: []edm.Prop{
		{Name: "isEnabled", Type: edm.Boolean, NotNull: true, Write: edm.U, Note: "a second factor of everybody"},
		{Name: "secondFactorDemandedOf", Type: edm.String, NotNull: true, Write: edm.U, Note: "ours: nobody, administrators or everybody"},
	}}
}

// blocks are the complex types of which sections are made.
func blocks() []edm.Complex {
	block := edm.Of("crossTenantAccessPolicyTargetConfiguration")
	users := edm.Prop{Name: "usersAndGroups", Type: block, Write: edm.CU}
	applications := edm.Prop{Name: "applications", Type: block, Write: edm.CU}
	return []edm.Complex{
		{Name: "crossTenantAccessPolicyTarget", Props: []edm.Prop{
			{Name: "target", Type: edm.String, Write: edm.CU},
			{Name: "targetType", Type: edm.Of("crossTenantAccessPolicyTargetType"), Write: edm.CU},
		}},
		{Name: "crossTenantAccessPolicyTargetConfiguration", Props: []edm.Prop{
			{Name: "accessType", Type: edm.Of("crossTenantAccessPolicyTargetConfigurationAccessType"), Write: edm.CU},
			{Name: "targets", Type: edm.Many(edm.Of("crossTenantAccessPolicyTarget")), Write: edm.CU},
		}},
		{Name: "crossTenantAccessPolicyB2BSetting", Props: []edm.Prop{applications, users}},
		{Name: "crossTenantAccessPolicyTenantRestrictions", Props: []edm.Prop{applications, users, {Name: "devices", Type: edm.Of("devicesFilter"), Write: edm.CU}}},
		{Name: "devicesFilter", Props: []edm.Prop{
			{Name: "mode", Type: edm.Of("crossTenantAccessPolicyTargetConfigurationAccessType"), Write: edm.CU},
			{Name: "rule", Type: edm.String, Write: edm.CU},
		}},
		{Name: "crossTenantAccessPolicyAppServiceConnectSetting", Props: []edm.Prop{applications}},
		{Name: "crossTenantAccessPolicyM365CollaborationInboundSetting", Props: []edm.Prop{{Name: "users", Type: block, Write: edm.CU}}},
		{Name: "crossTenantAccessPolicyM365CollaborationOutboundSetting", Props: []edm.Prop{users}},
	}
}

// settings are the other complex types.
func settings() []edm.Complex {
	flag := func(name string) edm.Prop { return edm.Prop{Name: name, Type: edm.Boolean, Write: edm.CU} }
	return []edm.Complex{
		{Name: "crossTenantAccessPolicyInboundTrust", Props: []edm.Prop{
			flag("isCompliantDeviceAccepted"), flag("isHybridAzureADJoinedDeviceAccepted"), flag("isMfaAccepted"),
		}},
		{Name: "inboundOutboundPolicyConfiguration", Props: []edm.Prop{flag("inboundAllowed"), flag("outboundAllowed")}},
		{Name: "crossTenantUserSyncInbound", Props: []edm.Prop{flag("isSyncAllowed")}},
		{Name: "defaultInvitationRedemptionIdentityProviderConfiguration", Props: []edm.Prop{
			{Name: "fallbackIdentityProvider", Type: edm.Of("b2bIdentityProvidersType"), Write: edm.CU},
			{Name: "primaryIdentityProviderPrecedenceOrder", Type: edm.Many(edm.Of("b2bIdentityProvidersType")), Write: edm.CU},
		}},
		{Name: "defaultUserRolePermissions", Props: []edm.Prop{
			flag("allowedToCreateApps"), flag("allowedToCreateSecurityGroups"), flag("allowedToCreateTenants"),
			flag("allowedToReadBitlockerKeysForOwnedDevice"), flag("allowedToReadOtherUsers"),
			{Name: "permissionGrantPoliciesAssigned", Type: edm.Many(edm.String), Write: edm.CU},
		}},
	}
}
