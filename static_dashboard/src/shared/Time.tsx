import { localZone, longTime, shortTime, utcTime } from "./format";

/** A moment in local time; hovering shows it in full, with the zone, and in UTC. */
export function Time({ at, long = false }: { at: string; long?: boolean }) {
  return (
    <time dateTime={at} title={`${longTime(at)} (${localZone})\n${utcTime(at)}`}>
      {long ? longTime(at) : shortTime(at)}
    </time>
  );
}
