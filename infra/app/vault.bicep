// Key Vault with the secrets that were given. Who may read them: roles.bicep.
param name string
param location string
param tags object

@description('Which of the secrets were given.')
param secretNames array

@secure()
@description('App setting -> secret.')
param secrets object

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  //checkov:skip=CKV_AZURE_109:Without a network of its own, Flex Consumption comes from addresses that Azure shares. Roles decide.
  //checkov:skip=CKV_AZURE_189:The same.
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }
}

// A secret's name has no underscore; main.bicep refers to them in the same way.
resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = [for setting in secretNames: {
  //checkov:skip=CKV_AZURE_41:When a token ends is for whoever issued it to say; a date made up here would switch the app off.
  parent: vault
  name: replace(setting, '_', '-')
  properties: {
    value: secrets[setting]
    contentType: 'text/plain'
  }
}]

output name string = vault.name
