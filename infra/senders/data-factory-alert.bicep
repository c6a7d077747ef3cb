// Tells the app of every failed activity of a Data Factory: the factory's log goes to a workspace, a log alert looks at
// it, an action group posts. Deployed into the factory's resource group: docs/senders.md.

@description('Beginning of the names of what is made here.')
param name string
param location string = resourceGroup().location
param tags object = {}

@description('The factory, in this resource group.')
param dataFactoryName string

@description('Resource id of the Log Analytics workspace that the factory\'s log goes to.')
param workspaceId string

@description('https://<app>/azure-monitor?code=<key>; for the secure webhook https://<app>/azure-monitor/secure, without a key.')
@secure()
param webhookUrl string

@description('Secure webhook: object id of the Entra app registration that SECURE_WEBHOOK_AUDIENCE names; empty: the simple webhook.')
param entraObjectId string = ''

@description('Secure webhook: application id URI of that registration, api://<app id>.')
param entraIdentifierUri string = ''
param entraTenantId string = tenant().tenantId

@description('Severity of the alerts, 0 (Critical) to 4; what the ticket\'s severity follows.')
@allowed([0, 1, 2, 3, 4])
param severity int = 2

@description('False if the factory sends its log to this workspace already: it can be sent there once only.')
param sendLogs bool = true

// At most six, which is what a log alert takes. With them the app needs to look nothing up.
var dimensions = ['PipelineName', 'PipelineRunId', 'ActivityName', 'ErrorCode', 'FailureType', 'ErrorMessage']

var receiver = union({
  name: 'rca'
  serviceUri: webhookUrl
  useCommonAlertSchema: true
}, empty(entraObjectId) ? {} : {
  useAadAuth: true
  objectId: entraObjectId
  identifierUri: entraIdentifierUri
  tenantId: entraTenantId
})

resource factory 'Microsoft.DataFactory/factories@2018-06-01' existing = {
  name: dataFactoryName
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (sendLogs) {
  name: '${name}-to-workspace'
  scope: factory
  properties: {
    workspaceId: workspaceId
    // Resource-specific tables: ADFActivityRun instead of AzureDiagnostics.
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'ActivityRuns'
        enabled: true
      }
      {
        category: 'PipelineRuns'
        enabled: true
      }
    ]
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-webhook'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'rca-adf'
    webhookReceivers: [receiver]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = {
  name: '${name}-activity-failed'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${dataFactoryName}: an activity failed'
    description: 'Makes a ticket of each failed activity.'
    severity: severity
    enabled: true
    scopes: [workspaceId]
    // A row may reach the workspace some minutes late, so each is looked for three times. What is told twice is a
    // duplicate to the app; actions are not muted, since that might mute another run.
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: false
    // The table is not there before the factory has sent its first row.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: replace(loadTextContent('failed-activities.kql'), '<factory>', toLower(factory.id))
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          resourceIdColumn: '_ResourceId'
          dimensions: [for dimension in dimensions: {
            name: dimension
            operator: 'Include'
            values: ['*']
          }]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [actionGroup.id]
    }
  }
  dependsOn: [logs]
}

output actionGroupId string = actionGroup.id
