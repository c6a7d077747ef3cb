// The Static Web App of the page. Only the Standard plan can be linked with a function app (link.bicep).
param name string
param location string
param tags object

resource site 'Microsoft.Web/staticSites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'dashboard' })
  sku: { name: 'Standard', tier: 'Standard' }
  properties: {
    provider: 'Custom'
    // A preview of a pull request would be a second page that can call the API.
    stagingEnvironmentPolicy: 'Disabled'
    allowConfigFileUpdates: true
  }
}

output hostName string = site.properties.defaultHostname
output url string = 'https://${site.properties.defaultHostname}'
