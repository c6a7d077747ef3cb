// The Static Web App hands /api on to the function app, so that page and API share an origin.
param staticWebAppName string
param functionAppName string

@description('Region of the function app.')
param location string

@description('Default host name of the Static Web App.')
param pageHostName string

resource site 'Microsoft.Web/staticSites@2024-04-01' existing = {
  name: staticWebAppName
}

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: functionAppName
}

resource link 'Microsoft.Web/staticSites/linkedBackends@2024-04-01' = {
  parent: site
  name: 'api'
  properties: {
    backendResourceId: app.id
    region: location
  }
}

// Linking shuts everybody out but the Static Web App, and so the senders, which call the function app itself ("Bring
// your own functions to Azure Static Web Apps", Security constraints). So after it: who is not signed in by the platform
// is let through to the app, whose own checks hold the door (docs/security.md).
resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  //checkov:skip=CKV_AZURE_222:These are settings; about the site itself, see api.bicep.
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureStaticWebApps: {
        enabled: true
        registration: { clientId: pageHostName }
      }
    }
  }
  dependsOn: [link]
}
