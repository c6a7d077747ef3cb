// Reads {"name": "query", ...} on stdin; prints {"name": ["what the Kusto language service finds wrong", ...], ...}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Diagnostic, GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;

// Columns that the queries may use: "Application Insights telemetry data model" and "Azure Monitor Logs reference".
const common = "timestamp: datetime, itemCount: int, customDimensions: dynamic, operation_Id: string, operation_Name: string";
const tables = {
  traces: `(${common}, message: string, severityLevel: int)`,
  requests: `(${common}, name: string, resultCode: string, success: string, duration: real)`,
  exceptions: `(${common}, type: string, outerMessage: string, severityLevel: int)`,
  _LogOperation: "(TimeGenerated: datetime, Category: string, Operation: string, Level: string, Detail: string)",
  ADFActivityRun:
    "(TimeGenerated: datetime, _ResourceId: string, Status: string, PipelineName: string, PipelineRunId: string," +
    " ActivityName: string, ActivityType: string, ErrorCode: string, FailureType: string, ErrorMessage: string)",
};
const symbols = Object.entries(tables).map(([name, columns]) => Symbols.TableSymbol.From(columns).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("logs", symbols));

const queries = JSON.parse(readFileSync(0, "utf8"));
const found = Object.entries(queries).map(([name, query]) => {
  const diagnostics = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  const count = globalThis.System.Array.getCount(diagnostics, Diagnostic);
  const each = Array.from({ length: count }, (_, i) => globalThis.System.Array.getItem(diagnostics, i, Diagnostic));
  return [name, each.map((one) => `${one.Severity}: ${one.Message} (at character ${one.Start})`)];
});
console.log(JSON.stringify(Object.fromEntries(found)));
