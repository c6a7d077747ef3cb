// The pipeline's health on one page of the portal: Application Insights > Workbooks.

param displayName string
param location string = resourceGroup().location
param tags object = {}
param applicationInsightsId string

// Its queries are those of queries/: `python infra/watch/fill_workbook.py` puts them in.
var content = replace(loadTextContent('workbook.json'), '<application insights id>', applicationInsightsId)

resource workbook 'Microsoft.Insights/workbooks@2022-04-01' = {
  name: guid(applicationInsightsId, 'pipeline health')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: '1.0'
    sourceId: applicationInsightsId
    serializedData: content
  }
}

output id string = workbook.id
