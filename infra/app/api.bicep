// The function app on Flex Consumption, with its settings (docs/configuration.md).
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageAccountName string
param deploymentContainerName string
param signalRHostName string
param applicationInsightsName string

@description('App settings of the operator, and references to the secrets.')
param settings object

@description('Where people reach the dashboard; its pages may call the API.')
param pageUrl string

@description('Whether a Static Web App stands in front of /api.')
param linked bool

param pythonVersion string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyHttpInstances int

// As many calls at once as there are threads for them: one more would wait while another instance could take it.
var threads = 32

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  //checkov:skip=CKV_AZURE_225:It asks for instances that always run, in every zone. What is accepted lies on a queue, and senders repeat a 503.
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  //checkov:skip=CKV_AZURE_222:Senders are outside: Azure Monitor, Databricks, Airflow, Jira, Slack.
  //checkov:skip=CKV_AZURE_17:None of them can show a client certificate; docs/senders.md says what they show.
  //checkov:skip=CKV_AZURE_212:It scales to zero on purpose; alwaysReadyHttpInstances keeps some.
  //checkov:skip=CKV_AZURE_213:Flex Consumption replaces instances by itself and has no health check; GET /api/health tells people.
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      // No cors: the app answers by ALLOWED_ORIGINS itself, and the platform would answer in its place.
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: pythonVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttpInstances == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyHttpInstances }]
        triggers: { http: { perInstanceConcurrency: threads } }
      }
    }
  }
}

// Passwords of publishing profiles; azd and az publish with the identity of whoever is signed in.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

var fixedSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: account.properties.primaryEndpoints.table
  AzureSignalRConnectionString__serviceUri: 'https://${signalRHostName}'
  AzureSignalRConnectionString__credential: 'managedidentity'
  AzureSignalRConnectionString__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  PYTHON_THREADPOOL_THREAD_COUNT: string(threads)
  DASHBOARD_URL: pageUrl
  // A Static Web App in front puts an address of its own behind that of the person.
  PROXIES_IN_FRONT: linked ? '1' : '0'
}

// All settings at once: whatever is not named here is gone after a deployment. Runtime and code location are in
// functionAppConfig; Flex Consumption refuses them as settings.
resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  //checkov:skip=CKV_AZURE_222:These are settings; about the site itself, see there.
  parent: app
  name: 'appsettings'
  properties: union(settings, fixedSettings)
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
