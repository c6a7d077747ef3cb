/** A body that each sender may post, to begin a test with. */

import type { Schema } from "../../../api/client";

export type SenderName = Schema["Sample"]["sender"];

export const SENDERS: Record<SenderName, { title: string; path: string; example: unknown }> = {
  "azure-monitor": {
    title: "Azure Monitor, Data Factory",
    path: "/azure-monitor",
    example: {
      schema: "rca.adf/1",
      data_factory: "adf-orders-prod",
      pipeline: "pl_orders_daily",
      run_id: "3f1a1a0e-8f0b-4f43-9d0a-6f0a9a1b2c3d",
      activity: "CopyManifests",
      activity_type: "Copy",
      error_code: "2108",
      message: "The remote server did not answer within 30 seconds.",
    },
  },
  databricks: {
    title: "Databricks",
    path: "/databricks-monitor",
    example: {
      event_type: "jobs.on_failure",
      workspace_id: "7405616424934600",
      run: { run_id: "41847992357943" },
      job: { job_id: "281874479417551", name: "nightly-etl" },
    },
  },
  airflow: {
    title: "Airflow",
    path: "/airflow-monitor",
    example: {
      dag_id: "orders_daily",
      task_id: "load",
      run_id: "scheduled__2026-01-01T03:00:00+00:00",
      try_number: 3,
      exception: "ConnectionError: warehouse.internal refused the connection",
    },
  },
};

export const exampleOf = (sender: SenderName): string => JSON.stringify(SENDERS[sender].example, null, 2);
