import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";

// Severity is told by word, colour and weight, never by colour alone.
const useStyles = makeStyles({
  badge: {
    display: "inline-block",
    minWidth: "60px",
    padding: "1px 8px",
    borderRadius: tokens.borderRadiusMedium,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    fontWeight: tokens.fontWeightSemibold,
    textAlign: "center",
    border: `1px solid transparent`,
  },
  Critical: { backgroundColor: tokens.colorStatusDangerBackground3, color: tokens.colorNeutralForegroundOnBrand },
  High: {
    backgroundColor: tokens.colorStatusDangerBackground1,
    color: tokens.colorStatusDangerForeground1,
    border: `1px solid ${tokens.colorStatusDangerBorder1}`,
  },
  Medium: {
    backgroundColor: tokens.colorStatusWarningBackground1,
    color: tokens.colorStatusWarningForeground2,
    border: `1px solid ${tokens.colorStatusWarningBorder1}`,
  },
  Low: {
    backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground2,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
  },
});

/** Worst first. */
export const SEVERITIES = ["Critical", "High", "Medium", "Low"] as const;
export type SeverityName = (typeof SEVERITIES)[number];

export function Severity({ value }: { value: SeverityName }) {
  const styles = useStyles();
  return <span className={mergeClasses(styles.badge, styles[value])}>{value}</span>;
}
