// The queries for the usual questions, to be found in Application Insights under Logs > Queries (group by "Query pack").

param name string
param location string = resourceGroup().location
param tags object = {}

var questions = [
  {
    name: 'one-failure'
    title: 'What did this call lead to?'
    query: loadTextContent('queries/one-failure.kql')
  }
  {
    name: 'one-ticket'
    title: 'What did this ticket go through?'
    query: loadTextContent('queries/one-ticket.kql')
  }
  {
    name: 'silent-senders'
    title: 'Which sender is silent?'
    query: loadTextContent('queries/silent-senders.kql')
  }
  {
    name: 'jobs'
    title: 'Which step is the slowest, which fails?'
    query: loadTextContent('queries/jobs.kql')
  }
  {
    name: 'who-was-refused'
    title: 'Who was refused, and why?'
    query: loadTextContent('queries/who-was-refused.kql')
  }
  {
    name: 'model-cost'
    title: 'What did the model cost?'
    query: loadTextContent('queries/model-cost.kql')
  }
  {
    name: 'model-errors'
    title: 'Why does the model not answer?'
    query: loadTextContent('queries/model-errors.kql')
  }
  {
    name: 'dead-letters'
    title: 'What was given up?'
    query: loadTextContent('queries/dead-letters.kql')
  }
  {
    name: 'failed-executions'
    title: 'Which runs failed?'
    query: loadTextContent('queries/failed-executions.kql')
  }
]

resource pack 'Microsoft.OperationalInsights/queryPacks@2019-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {}
}

resource queries 'Microsoft.OperationalInsights/queryPacks/queries@2019-09-01' = [for question in questions: {
  parent: pack
  name: guid(pack.id, question.name)
  properties: {
    displayName: 'RCA: ${question.title}'
    description: 'infra/watch/queries/${question.name}.kql'
    body: question.query
    related: {
      categories: ['monitor']
      resourceTypes: ['microsoft.insights/components']
    }
  }
}]
