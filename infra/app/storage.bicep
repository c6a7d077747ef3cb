// The account of everything that the app remembers (tables, queues, archive) and of its code. The app makes its tables,
// queues and containers at their first use; only that of the code must be there before.
param name string
param location string
param tags object
param sku string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  //checkov:skip=CKV_AZURE_35:Without a network of its own, Flex Consumption comes from addresses that Azure shares. Roles decide, keys are off.
  //checkov:skip=CKV_AZURE_59:The same.
  //checkov:skip=CKV_AZURE_206:The parameter storageSku says it; three zones by default.
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // For what was deleted by mistake; redaction is done before anything is written.
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource code 'containers' = {
      name: 'app-package'
      properties: { publicAccess: 'None' }
    }
  }
}

output name string = account.name
output deploymentContainerName string = account::blobs::code.name
