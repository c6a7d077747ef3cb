// Everything that the assistant needs in Azure, in a resource group of its own. How to deploy it: docs/deploy.md.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the environment; the resource group is named by it, and every name ends in a hash of it.')
param environmentName string

@minLength(1)
@description('Where everything but the Static Web App is. Flex Consumption must be there: az functionapp list-flexconsumption-locations')
param location string

@description('Where the Static Web App is registered; there are few regions for it, and its pages are served world-wide.')
param dashboardLocation string = 'westeurope'

@allowed(['staticWebApp', 'storage'])
@description('staticWebApp: page and API share an origin. storage: the page lies on a storage account of yours, and the two have host names under one domain of yours (docs/deploy.md).')
param dashboardHost string = 'staticWebApp'

@description('Where people reach the dashboard if that is a domain of your own, such as https://rca.example.com. Required for storage.')
param dashboardUrl string = ''

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('Where the copies of the data are: in one building (LRS), in three of the region (ZRS), also in another region (GRS, GZRS). Not every region has ZRS.')
param storageSku string = 'Standard_ZRS'

@allowed(['Free_F1', 'Standard_S1'])
@description('Free: 20 open pages and 20,000 messages a day.')
param signalRSku string = 'Free_F1'

@allowed(['3.12', '3.13'])
@description('3.13 is what the conformance test runs with the worker library of the platform.')
param pythonVersion string = '3.13'

@allowed([512, 2048, 4096])
@description('Memory of an instance in MB; what is billed is this times the seconds in which it works.')
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
@description('The most instances that Azure starts for the HTTP functions together, and for each queue.')
param maximumInstanceCount int = 40

@minValue(0)
@maxValue(20)
@description('Instances that always wait for webhooks, so that none meets a cold start. They cost money all the time.')
param alwaysReadyHttpInstances int = 0

@minValue(1)
@description('Log Analytics takes no more than so many GB a day; what comes after is lost until the next day.')
param logDailyCapGb int = 5

@description('Who is told of alerts by e-mail; nobody when empty, and alerts are only shown in the portal.')
param alertEmail string = ''

@description('Object id of a person who runs the app on a laptop against this storage; nobody when empty.')
param developerPrincipalId string = ''

@description('App settings that are no secrets (docs/configuration.md). Empty ones are left out, so that the app uses its own default.')
param settings object = {}

// Secrets, each named as the app setting that it becomes. One that is given is kept in Key Vault, and the setting refers to
// it; an empty one makes neither, since the app refuses a reference that leads nowhere. Each is a parameter of its own, for
// azd looks up what `azd env set-secret` keeps in parameters that are a secure text.
@secure()
param BOOTSTRAP_ADMIN_PASSWORD string = ''

@secure()
param DATABRICKS_WEBHOOK_PASSWORD string = ''

@secure()
param DATABRICKS_TOKEN string = ''

@secure()
param AIRFLOW_TOKEN string = ''

@secure()
param GEMINI_API_KEY string = ''

@secure()
param JIRA_API_TOKEN string = ''

@secure()
param JIRA_WEBHOOK_SECRET string = ''

@secure()
param SLACK_BOT_TOKEN string = ''

@secure()
param SLACK_SIGNING_SECRET string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var secrets = {
  BOOTSTRAP_ADMIN_PASSWORD: BOOTSTRAP_ADMIN_PASSWORD
  DATABRICKS_WEBHOOK_PASSWORD: DATABRICKS_WEBHOOK_PASSWORD
  DATABRICKS_TOKEN: DATABRICKS_TOKEN
  AIRFLOW_TOKEN: AIRFLOW_TOKEN
  GEMINI_API_KEY: GEMINI_API_KEY
  JIRA_API_TOKEN: JIRA_API_TOKEN
  JIRA_WEBHOOK_SECRET: JIRA_WEBHOOK_SECRET
  SLACK_BOT_TOKEN: SLACK_BOT_TOKEN
  SLACK_SIGNING_SECRET: SLACK_SIGNING_SECRET
}
var vaultName = 'kv-${token}'
var secretNames = map(filter(items(secrets), each => !empty(each.value)), each => each.key)
var givenSettings = toObject(filter(items(settings), each => !empty(each.value)), each => each.key, each => each.value)
// A secret's name has no underscore; vault.bicep names them in the same way.
var references = toObject(
  secretNames,
  each => each,
  each => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${replace(each, '_', '-')})'
)
var linked = dashboardHost == 'staticWebApp'
var functionAppName = 'func-${token}'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module storage 'app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: { name: 'st${token}', location: location, tags: tags, sku: storageSku }
}

module telemetry 'app/telemetry.bicep' = {
  name: 'telemetry'
  scope: group
  params: { name: token, location: location, tags: tags, dailyCapGb: logDailyCapGb }
}

module vault 'app/vault.bicep' = {
  name: 'vault'
  scope: group
  params: { name: vaultName, location: location, tags: tags, secretNames: secretNames, secrets: secrets }
}

module dashboard 'app/dashboard.bicep' = if (linked) {
  name: 'dashboard'
  scope: group
  params: { name: 'stapp-${token}', location: dashboardLocation, tags: tags }
}

var pageUrl = empty(dashboardUrl) && linked ? dashboard!.outputs.url : dashboardUrl

module signalR 'app/signalr.bicep' = {
  name: 'signalr'
  scope: group
  // Without `dashboardUrl` a page on a storage account is not known: then none may connect.
  params: { name: 'sigr-${token}', location: location, tags: tags, sku: signalRSku, pageUrls: empty(pageUrl) ? [] : [pageUrl] }
}

module appRoles 'app/roles.bicep' = {
  name: 'app-roles'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    principalType: 'ServicePrincipal'
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    signalRName: signalR.outputs.name
    applicationInsightsName: telemetry.outputs.applicationInsightsName
  }
}

module developerRoles 'app/roles.bicep' = if (!empty(developerPrincipalId)) {
  name: 'developer-roles'
  scope: group
  params: {
    principalId: developerPrincipalId
    principalType: 'User'
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    signalRName: signalR.outputs.name
    applicationInsightsName: telemetry.outputs.applicationInsightsName
  }
}

module api 'app/api.bicep' = {
  name: 'api'
  scope: group
  params: {
    name: functionAppName
    planName: 'plan-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    deploymentContainerName: storage.outputs.deploymentContainerName
    signalRHostName: signalR.outputs.hostName
    applicationInsightsName: telemetry.outputs.applicationInsightsName
    settings: union(givenSettings, references)
    pageUrl: pageUrl
    linked: linked
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
  }
  // Without its roles the app would start with references to secrets that it may not read.
  dependsOn: [appRoles]
}

module link 'app/link.bicep' = if (linked) {
  name: 'link'
  scope: group
  params: {
    staticWebAppName: 'stapp-${token}'
    functionAppName: api.outputs.name
    location: location
    pageHostName: dashboard!.outputs.hostName
  }
}

module watch 'watch/main.bicep' = {
  name: 'watch'
  scope: group
  params: {
    name: token
    location: location
    tags: tags
    workspaceId: telemetry.outputs.workspaceId
    applicationInsightsId: telemetry.outputs.applicationInsightsId
    functionAppName: api.outputs.name
    alertEmail: alertEmail
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = functionAppName
output APP_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output DASHBOARD_URL string = pageUrl
output API_URL string = api.outputs.url
output AZURE_MONITOR_WEBHOOK string = '${api.outputs.url}/azure-monitor'
output AZURE_MONITOR_SECURE_WEBHOOK string = '${api.outputs.url}/azure-monitor/secure'
output DATABRICKS_WEBHOOK string = '${api.outputs.url}/databricks-monitor'
output DATABRICKS_BASIC_WEBHOOK string = '${api.outputs.url}/databricks-monitor/basic'
output AIRFLOW_WEBHOOK string = '${api.outputs.url}/airflow-monitor'
output JIRA_WEBHOOK string = '${api.outputs.url}/jira-webhook'
output SLACK_INTERACTIONS string = '${api.outputs.url}/slack/interactions'
