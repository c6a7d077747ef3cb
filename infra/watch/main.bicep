// Alert rules, the Workbook and the queries that watch the app: docs/watch.md.

@description('Beginning of the names of what is made here.')
param name string
param location string = resourceGroup().location
param tags object = {}

@description('Resource id of the Log Analytics workspace behind Application Insights.')
param workspaceId string
param applicationInsightsId string
param functionAppName string

@description('Who is told by e-mail; empty: alerts are only shown in the portal.')
param alertEmail string = ''

@description('Where the page docs/operations.md can be read; each alert names its section there.')
param operationsUrl string = 'docs/operations.md'

@description('Refused calls (401, 403) in five minutes that are one too many.')
@minValue(1)
param refusedCalls int = 50

@description('Failed calls of the model in fifteen minutes that are one too many.')
@minValue(1)
param modelErrors int = 5

@description('Hours of silence (1 to 47) after which a sender is missed; 0: never. Only senders that were heard of in the last two days can be missed.')
param silentHours object = {
  'azure-monitor': 36
  databricks: 36
  airflow: 36
}

var rules = [
  {
    name: 'dead-letters'
    title: 'A message was given up'
    todo: 'A ticket, a diagnosis, or an update of Jira or Slack is missing. As an admin, read GET /api/dead-letters, mend what the reason names, and replay it.'
    severity: 1
    query: loadTextContent('queries/dead-letters.kql')
    scope: applicationInsightsId
    every: 'PT5M'
    threshold: 0
    dimension: 'queue'
  }
  {
    name: 'failed-executions'
    title: 'Functions fail'
    todo: 'Runs raise or calls are answered 500 and more. Look at the exceptions of these runs by operation_Id; storage, settings and quotas come first.'
    severity: 2
    query: loadTextContent('queries/failed-executions.kql')
    scope: applicationInsightsId
    every: 'PT15M'
    threshold: 10
    dimension: 'function'
  }
  {
    name: 'refused-callers'
    title: 'Many calls are refused'
    todo: 'A sender has a wrong key, or somebody tries the doors. The query who-was-refused tells from where and why; give the sender its key, or shut the address out.'
    severity: 2
    query: loadTextContent('queries/refusals.kql')
    scope: applicationInsightsId
    every: 'PT5M'
    threshold: refusedCalls
    dimension: ''
  }
  {
    name: 'model-errors'
    title: 'The model does not answer'
    todo: 'Tickets are diagnosed by rules meanwhile. The query model-errors tells the reason: a refused key, a quota, a retired model; GET /api/health says the same in words.'
    severity: 3
    query: loadTextContent('queries/model-errors.kql')
    scope: applicationInsightsId
    every: 'PT15M'
    threshold: modelErrors
    dimension: 'reason'
  }
  {
    name: 'log-stopped'
    title: 'Nothing is logged any more'
    todo: 'The daily cap of the workspace is reached: every other rule is blind until it is reset. Find what writes so much, or raise the cap.'
    severity: 1
    query: loadTextContent('queries/log-stopped.kql')
    scope: workspaceId
    every: 'PT15M'
    threshold: 0
    dimension: ''
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: '${name}-operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'rca-ops'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

// Stateless: each evaluation that finds something new fires, and the same thing is told at most once an hour.
resource alerts 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for rule in rules: {
  name: '${name}-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${functionAppName}: ${rule.title}'
    description: '${rule.todo} More: ${operationsUrl}#${rule.name}'
    severity: rule.severity
    enabled: true
    scopes: [rule.scope]
    evaluationFrequency: rule.every
    windowSize: rule.every
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: rule.threshold
          dimensions: empty(rule.dimension) ? [] : [
            {
              name: rule.dimension
              operator: 'Include'
              values: ['*']
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: false
    muteActionsDuration: 'PT1H'
    actions: {
      actionGroups: empty(alertEmail) ? [] : [actionGroup.id]
    }
  }
}]

// A log alert looks back two days at most, so whoever has been silent for longer is no longer missed.
resource silence 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for sender in items(silentHours): {
  name: '${name}-sender-silent-${sender.key}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${functionAppName}: ${sender.key} is silent'
    description: 'It was heard of before and is not now. If nothing failed there, all is well; else check its webhook and key, with POST /api/sender-test as an admin. More: ${operationsUrl}#sender-silent'
    severity: 3
    enabled: sender.value > 0
    scopes: [applicationInsightsId]
    evaluationFrequency: 'PT1H'
    windowSize: 'P2D'
    criteria: {
      allOf: [
        {
          query: loadTextContent('queries/silent-senders.kql')
          timeAggregation: 'Maximum'
          metricMeasureColumn: 'silent_hours'
          operator: 'GreaterThan'
          threshold: sender.value
          dimensions: [
            {
              name: 'sender'
              operator: 'Include'
              values: [sender.key]
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: false
    muteActionsDuration: 'P1D'
    actions: {
      actionGroups: empty(alertEmail) ? [] : [actionGroup.id]
    }
  }
}]

module workbook 'workbook.bicep' = {
  name: '${name}-workbook'
  params: {
    displayName: '${functionAppName}: pipeline health'
    location: location
    tags: tags
    applicationInsightsId: applicationInsightsId
  }
}

module queries 'queries.bicep' = {
  name: '${name}-queries'
  params: {
    name: '${name}-queries'
    location: location
    tags: tags
  }
}

output actionGroupId string = empty(alertEmail) ? '' : actionGroup.id
output workbookId string = workbook.outputs.id
