/** Renders the lines below the tables of `luciole simulate`: what the columns mean, and how far the result can be trusted. Pure. */
import { DARK_LIMITS } from '../../../control/replay/dark-moments.ts';
import type { MissingSpell } from '../../../control/replay/record-coverage.ts';
import type { ReplayLimit } from '../../../control/replay/replay-limits.ts';
import { count } from '../../../core/counts.ts';
import { type Argument, type Message, msg, type Said } from '../../../core/message.ts';
import { firstOf } from '../../../core/message-lists.ts';
import { dayTime, formatNumber, type Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import type { SimulateResult } from './simulate.ts';

/** More missing spells are only counted. Source: half a screen of a VT100. */
const MOST_SPELLS = 8;
/** Lamps named in one line; the others are counted. */
const NAMED = 8;

/** Returns the lines below the tables of `simulate`: what the columns mean, and how far the result can be trusted. */
export function simulationNotes(result: SimulateResult, page: Page): readonly string[] {
  const row = (label: Message, text: Said): readonly string[] => labelled(label, text, page);
  return [
    ...row(msg`Detections`, msg`of people and vehicles that needed light; by day sensors are not recorded`),
    ...row(msg`Dark`, darkText(result)),
    ...row(msg`Replay`, replayText(result)),
    ...(result.coverage.every(({ darkH }) => darkH === null)
      ? []
      : row(msg`Energy`, msg`computed from rated power and level, standby by day included`)),
    ...result.meters.flatMap(({ device, kwh, recordedKwh, differencePct }) =>
      row(
        msg`Meter`,
        msg`${device} counted ${formatNumber(kwh, 2)} kWh; the recorded levels give ${formatNumber(recordedKwh, 2)} (${signed(differencePct)} %)`,
      ),
    ),
    ...limitRows(result.limits, page),
    ...missingRows(result, page),
  ];
}

function darkText({ needPct }: SimulateResult): Message {
  const { delayS, samePersonS } = DARK_LIMITS;
  return needPct === null
    ? msg`a lamp has less light than was recorded at a detection, from ${delayS} s after it on or because it fell less than ${samePersonS} s before it`
    : msg`a lamp has less light than at a recorded detection and less than ${needPct} %, from ${delayS} s after it on or because it fell less than ${samePersonS} s before it`;
}

function replayText({ ownReplay: { decisions, differing } }: SimulateResult): Message {
  if (decisions === 0) return msg`nothing was recorded`;
  if (differing === 0) return msg`the recorded settings give all ${decisions} recorded decisions again`;
  return msg`${differing} of ${decisions} recorded decisions differ when replayed with their own settings: another version of the program decided, so the change is uncertain`;
}

function signed(pct: number): string {
  return `${pct > 0 ? '+' : ''}${pct.toFixed(1)}`;
}

const LIMIT_TEXTS: Readonly<Record<ReplayLimit['kind'], (id: Argument) => Message>> = {
  photocell: (id) => msg`${id}: the photocell of the recorded settings decides`,
  traffic: (id) => msg`${id}: the traffic step of the recorded settings is used`,
  rule: (id) => msg`${id}: the rule is active when that of the recorded settings was, or never`,
  'sensor-filter': (id) => msg`${id}: detections are those of the recorded settings`,
  'max-boost': (id) => msg`${id}: the longest raise by presence ends as recorded`,
  'lamp-missing': (id) => msg`${id}: not in the other settings: their energy and their dark moments are left out`,
  'lamp-new': (id) => msg`${id}: not recorded: their energy is added`,
  'zone-missing': (id) => msg`${id}: the other settings do not have this zone: what was requested for it is not applied`,
  'new-sensor': (id) => msg`${id}: the record has no values of this sensor`,
};

function limitRows(limits: readonly ReplayLimit[], page: Page): readonly string[] {
  const rows = [...Map.groupBy(limits, ({ kind }) => kind)].flatMap(([kind, all]) => {
    const ids = all.map(({ id }) => id);
    return kind.startsWith('lamp-') ? [LIMIT_TEXTS[kind](firstOf(ids, NAMED))] : ids.map((id) => LIMIT_TEXTS[kind](id));
  });
  return rows.flatMap((text) => labelled(msg`Limit`, text, page));
}

const MISSING_TEXTS: Readonly<Record<MissingSpell['why'], Message>> = {
  thinned: msg`inputs removed to make room`,
  empty: msg`nothing is recorded yet`,
  before: msg`before the record begins`,
  aged: msg`removed because of its age`,
  dropped: msg`removed to make room`,
  stopped: msg`the agent was stopped`,
  'broken-off': msg`the agent did not run, or its last minute was not written`,
  'not-stored': msg`the disk did not accept it`,
  damaged: msg`damaged on the disk`,
  skipped: msg`the clock was set forward over it`,
  'not-yet': msg`not recorded yet`,
  unknown: msg`not known`,
};

function missingRows({ coverage }: SimulateResult, page: Page): readonly string[] {
  const spells = coverage.flatMap(({ missing }) => missing);
  const shown = spells
    .slice(0, MOST_SPELLS)
    .flatMap(({ fromMs, toMs, why }) =>
      labelled(msg`Missing`, msg`${dayTime(fromMs, page.timezone)} to ${dayTime(toMs, page.timezone)}: ${MISSING_TEXTS[why]}`, page),
    );
  const rest = spells.length - MOST_SPELLS;
  return rest > 0 ? [...shown, ...labelled(msg`Missing`, msg`${count(rest, 'gap')} more`, page)] : shown;
}
