/** How severities look in a chart: as their badges do, and told apart by pattern and lightness as well as by colour. */

import { webDarkTheme, webLightTheme, type Theme } from "@fluentui/react-components";

import type { SeverityName } from "../../shared/severity";

export const chartTheme = (dark: boolean): Theme => (dark ? webDarkTheme : webLightTheme);

type Fill = string | CanvasPattern;
type Pattern = "solid" | "stripes" | "dots";

// Each at least 3:1 against the background, light and dark.
const SEVERITY_LOOKS: Record<SeverityName, { colour: (theme: Theme) => string; pattern: Pattern }> = {
  Critical: { colour: (theme) => theme.colorStatusDangerBorderActive, pattern: "solid" },
  High: { colour: (theme) => theme.colorStatusDangerBorderActive, pattern: "stripes" },
  Medium: { colour: (theme) => theme.colorStatusWarningBorderActive, pattern: "solid" },
  Low: { colour: (theme) => theme.colorNeutralForeground3, pattern: "dots" },
};

export function severityFill(severity: SeverityName, theme: Theme): { fill: Fill; colour: string } {
  const { colour, pattern } = SEVERITY_LOOKS[severity];
  return { fill: filled(colour(theme), pattern, theme.colorNeutralBackground1), colour: colour(theme) };
}

const TILE = 8;

function filled(colour: string, pattern: Pattern, background: string): Fill {
  if (pattern === "solid") return colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = TILE;
  const context = tile.getContext("2d");
  if (!context) return colour;
  context.fillStyle = background;
  context.fillRect(0, 0, TILE, TILE);
  context.fillStyle = context.strokeStyle = colour;
  if (pattern === "stripes") {
    context.lineWidth = 3;
    // Beyond the corners as well, so that the tiles join.
    for (const shift of [-TILE, 0, TILE]) {
      context.moveTo(shift - 1, TILE + 1);
      context.lineTo(shift + TILE + 1, -1);
    }
    context.stroke();
  } else {
    context.fillRect(1, 1, 3, 3);
    context.fillRect(5, 5, 3, 3);
  }
  return context.createPattern(tile, "repeat") ?? colour;
}
