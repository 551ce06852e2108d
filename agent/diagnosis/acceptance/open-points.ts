/** Says in words what is missing or wrong at an acceptance. Pure. */
import { type AcceptanceReport, type AcceptedLamp, type AcceptedSensor, FINDING_TEXTS, type LineScan } from '../../core/acceptance.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import { firstOf } from '../../core/message-lists.ts';
import { topMeasure } from './judge-lamp.ts';

/** Names in one sentence; the others are counted. */
const NAMED = 8;

/**
 * Returns sentences about why the report does not pass: lines first, then lamps, then sensors; empty if it passes. Unknown units of a scan
 * are left out if `cabinet` has them.
 */
export function openPoints(
  rows: Pick<AcceptanceReport, 'lines' | 'lamps' | 'sensors'>,
  cabinet: Pick<Cabinet, 'lines'>,
): readonly Message[] {
  const { lines, lamps, sensors } = rows;
  return [
    ...lines.flatMap(({ line, scan }) => (scan === null ? [msg`line ${line} has not been scanned`] : scanPoints(scan, cabinet))),
    ...lamps.flatMap(placementPoints),
    ...named(
      lamps.filter(({ placement }) => placement === null).map(({ lamp }) => lamp),
      (list) => msg`pole not confirmed: ${list}`,
    ),
    ...lamps.flatMap(testPoints),
    ...named(
      lamps.filter(({ test }) => test === null).map(({ lamp }) => lamp),
      (list) => msg`not tested: ${list}`,
    ),
    ...named(
      lamps.filter(({ isUnweighed, test }) => isUnweighed && test?.finding === 'ok').map(({ lamp }) => lamp),
      (list) => msg`power not measured: ${list}`,
    ),
    ...sensors.flatMap(sensorPoints),
    ...named(
      sensors.filter(({ walk }) => walk === null).map(({ pointId }) => pointId),
      (list) => msg`no walk under ${list}`,
    ),
  ];
}

function named(ids: readonly string[], text: (list: ReturnType<typeof firstOf>) => Message): readonly Message[] {
  return ids.length === 0 ? [] : [text(firstOf(ids, NAMED))];
}

/** Units that were added to the configuration after the scan are left out. */
function scanPoints({ line, missing, unknown, damaged }: LineScan, { lines }: Pick<Cabinet, 'lines'>): readonly Message[] {
  const known = new Set(lines.find(({ id }) => id === line)?.devices.map(({ unit }) => unit));
  return [
    ...missing.map(
      ({ unit, device }) => msg`${device} (unit ${unit} on line ${line}) does not answer: check its supply, its address and its bus wires`,
    ),
    ...(damaged.length === 0 ? [] : [msg`damaged answers at ${damaged} on line ${line}: two units with one address, or a bad line`]),
    ...unknown
      .filter(({ unit }) => !known.has(unit))
      .map(({ unit }) => msg`unit ${unit} on line ${line} answers and is not in the configuration`),
  ];
}

function placementPoints({ lamp, pole, placement }: AcceptedLamp): readonly Message[] {
  if (placement === null) return [];
  return [
    ...(placement.pole === pole
      ? []
      : [msg`${lamp} hangs on pole ${placement.pole}, the configuration has ${pole}: luciole commission poles`]),
    ...(placement.others.length === 0
      ? []
      : [msg`the lamps on ${[placement.pole, ...placement.others]} blink together as ${lamp}: two drivers with one address`]),
  ];
}

function testPoints({ lamp, ratedPowerW, test }: AcceptedLamp): readonly Message[] {
  if (test === null || test.finding === 'ok') return [];
  const finding = FINDING_TEXTS[test.finding];
  const top = topMeasure(test.levels);
  if (top?.powerW == null || !test.finding.startsWith('power too')) return [msg`${lamp}: ${finding}`];
  return [msg`${lamp}: ${finding}, ${Math.round(top.powerW)} W at ${top.levelPct} %, rated ${ratedPowerW} W`];
}

function sensorPoints({ pointId, walk, result }: AcceptedSensor): readonly Message[] {
  if (walk === null || result !== 'fail') return [];
  return walk.detections === 0
    ? [msg`no detection by ${pointId}: check whether it is covered, turned away or defective`]
    : [msg`${pointId} detects and raises no lamp: luciole zones shows what controls them`];
}
