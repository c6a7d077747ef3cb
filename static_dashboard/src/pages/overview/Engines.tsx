import { count, engineName, percent } from "../../shared/format";
import { FigureTable } from "./FigureTable";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { counted } from "./words";

/** Who made the diagnoses, and whether people found them right. */
export function Engines({ engines }: { engines: Overview["engines"] }) {
  const judged = engines.reduce((sum, { right, partly, wrong }) => sum + right + partly + wrong, 0);
  const right = engines.reduce((sum, engine) => sum + engine.right, 0);
  const summary = judged
    ? `People judged ${counted(judged, "diagnosis", "diagnoses")}: ${percent(right / judged)} right.`
    : "Nobody judged a diagnosis of these days yet.";
  return (
    <Panel title="Who diagnosed, and how well" summary={engines.length ? summary : "No failure in these days."}>
      {engines.length > 0 && (
        <FigureTable
          caption="Diagnoses by engine"
          columns={["Engine", "Diagnoses", "Share", "Right", "Partly", "Wrong"]}
          rows={engines.map((engine) => ({
            key: engine.engine,
            cells: [
              engineName(engine.engine),
              ...[count(engine.count), percent(engine.share), count(engine.right), count(engine.partly), count(engine.wrong)],
            ],
          }))}
        />
      )}
    </Panel>
  );
}
