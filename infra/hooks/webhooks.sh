#!/bin/sh
# Prints where senders post, and how each gets a key of its own. `azd` runs it after a deployment; by hand:
#   azd env get-values > .env.azure; set -a; . ./.env.azure; set +a; infra/hooks/webhooks.sh
# With --make-keys it makes the keys and prints them: on a terminal that nobody records.
set -eu

: "${FUNCTION_APP_NAME:?not set: run azd provision first, or take it from azd env get-values}"
: "${AZURE_RESOURCE_GROUP:?not set: run azd provision first, or take it from azd env get-values}"
: "${API_URL:?not set: run azd provision first, or take it from azd env get-values}"

key_of() { # FUNCTION KEY-NAME
  az functionapp function keys set --resource-group "$AZURE_RESOURCE_GROUP" --name "$FUNCTION_APP_NAME" \
    --function-name "$1" --key-name "$2" --query value --output tsv
}

sender() { # NAME FUNCTION PATH
  printf '%-22s %s%s\n' "$1" "$API_URL" "$3"
  if [ "$make_keys" = yes ]; then
    key=$(key_of "$2" "$2-1")
    printf '%-22s x-functions-key: %s\n' '' "$key"
  else
    printf '%-22s az functionapp function keys set -g %s -n %s --function-name %s --key-name %s-1\n' \
      '' "$AZURE_RESOURCE_GROUP" "$FUNCTION_APP_NAME" "$2" "$2"
  fi
}

own_proof() { # NAME PATH WHAT
  printf '%-22s %s%s\n%-22s %s\n' "$1" "$API_URL" "$2" '' "$3"
}

make_keys=no
[ "${1:-}" = --make-keys ] && make_keys=yes

echo "Senders with a function key (header x-functions-key, or ?code=):"
sender 'Azure Monitor' azure_monitor /azure-monitor
sender 'Databricks' databricks_monitor /databricks-monitor
sender 'Airflow' airflow_monitor /airflow-monitor
echo
echo "Senders that prove themselves in another way (docs/senders.md):"
own_proof 'Azure Monitor, secure' /azure-monitor/secure 'a token of Entra: ENTRA_TENANT_ID, SECURE_WEBHOOK_AUDIENCE'
own_proof 'Databricks, Basic' /databricks-monitor/basic 'DATABRICKS_WEBHOOK_USER, DATABRICKS_WEBHOOK_PASSWORD'
own_proof 'Jira' /jira-webhook 'a signature: JIRA_WEBHOOK_SECRET'
own_proof 'Slack' /slack/interactions 'a signature: SLACK_SIGNING_SECRET'
echo
echo "Dashboard: ${DASHBOARD_URL:-}"
[ "$make_keys" = yes ] || echo "Set a key as above, or all at once: infra/hooks/webhooks.sh --make-keys"
