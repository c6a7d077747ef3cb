// Live updates: functions send, open pages listen (serverless mode). Identities alone, no access keys.
param name string
param location string
param tags object
param sku string

@description('Where the pages are that may connect.')
param pageUrls array

resource signalR 'Microsoft.SignalRService/signalR@2024-03-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, capacity: 1 }
  properties: {
    features: [{ flag: 'ServiceMode', value: 'Serverless' }]
    cors: { allowedOrigins: pageUrls }
    disableLocalAuth: true
    disableAadAuth: false
    publicNetworkAccess: 'Enabled'
    tls: { clientCertEnabled: false }
  }
}

output name string = signalR.name
output hostName string = signalR.properties.hostName
