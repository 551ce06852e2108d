/** The sentences and facts of what is wrong at a meter: what happened, the evidence, and what to check. Pure. */

import type { EventFacts } from '../../core/event-tracker.ts';
import { counted, type Message, msg } from '../../core/message.ts';
import type { LoadFindings } from './load-watch.ts';
import type { LoadDifference } from './night-judge.ts';

/** One open finding. `key`: it lasts while this is unchanged; `sinceMin`: minutes since 1970, UTC. */
export interface LoadFinding {
  readonly key: string;
  readonly sinceMin: number;
  readonly facts: EventFacts;
  /** The text of the event's end, unless it goes on with another size. */
  readonly end: Message;
}

/** What the sentences contain besides the finding. `meter`, `cabinet`: ids. `lampW`: rated power of one lamp; null if unknown. */
export interface LoadTextParts {
  readonly meter: string;
  readonly cabinet: string;
  readonly lampW: number | null;
  /** Power expected at this time from other nights, at the usual voltage; null if unknown. Units: W. */
  readonly expectedW: number | null;
  /** Number of learned nights. */
  readonly nights: number;
}

/** A loss from this share on is a circuit rather than a lamp. Source: assumed; feeders carry ten lamps and more. Confirmed by: lamps per phase and circuit of the cabinets. */
const CIRCUIT_SHARE = 0.1;

/** Returns the findings of a meter with their texts and facts; empty if nothing was found, also while too few nights are known. */
export function loadFindings(findings: LoadFindings, parts: LoadTextParts): readonly LoadFinding[] {
  const { lost, extra, darkSinceMin, day, stuckSinceMin } = findings;
  return [
    ...(darkSinceMin === null ? [] : [dark(darkSinceMin, parts)]),
    ...(lost === null ? [] : [lostLight(lost, parts)]),
    ...(extra === null ? [] : [extraLoad(extra, parts)]),
    ...(day === null ? [] : [dayLoad(day.watts, day.sinceMin, parts)]),
    ...(stuckSinceMin === null ? [] : [stuck(stuckSinceMin, parts)]),
  ];
}

function dark(sinceMin: number, { meter, cabinet }: LoadTextParts): LoadFinding {
  return {
    key: 'dark',
    sinceMin,
    end: msg`${meter}: the lamps have power again`,
    facts: {
      ...{ code: 'light-lost', source: meter, severity: 'alarm', talq: 'totalPowerTooLow', urgency: 'urgent' },
      text: msg`${meter}: all lamps are off at a time when they usually burn`,
      evidence: { text: msg`less than half of the lowest power of other nights`, readings: [], decisions: [] },
      check: { what: msg`supply, main breaker, contactor and its control`, where: msg`cabinet ${cabinet}`, tool: msg`a voltage tester` },
    },
  };
}

function lostLight(lost: LoadDifference, parts: LoadTextParts): LoadFinding {
  const { meter, cabinet } = parts;
  const isCircuit = lost.share >= CIRCUIT_SHARE;
  const size = sizeOf(lost, parts);
  return {
    // A further loss is a new event with the whole loss.
    key: `lost:${lost.sinceMin}:${Math.round(lost.watts)}`,
    sinceMin: lost.sinceMin,
    end: msg`${meter}: the power is as in other nights again`,
    facts: {
      ...{ code: 'light-lost', source: meter, severity: isCircuit ? 'alarm' : 'warning', talq: 'totalPowerTooLow' },
      urgency: isCircuit ? 'urgent' : 'deferred',
      text: lost.atSwitchOn ? msg`${meter}: light is missing since switch-on: ${size}` : msg`${meter}: light was lost: ${size}`,
      evidence: { text: evidenceOf(lost.watts, parts), readings: [], decisions: [] },
      check: {
        what: isCircuit
          ? msg`fuses and breakers of the circuits, then the first pole of a dark one`
          : msg`drive along the street at night and look for the dark lamp`,
        where: isCircuit ? msg`cabinet ${cabinet}` : msg`the lamps on meter ${meter}`,
        tool: isCircuit ? msg`a voltage tester` : msg`sight; then a voltage tester at the pole`,
      },
    },
  };
}

function extraLoad(extra: LoadDifference, parts: LoadTextParts): LoadFinding {
  const { meter } = parts;
  return {
    key: 'extra',
    sinceMin: extra.sinceMin,
    end: msg`${meter}: the power at night is as in other nights again`,
    facts: {
      ...{ code: 'unexpected-load', source: meter, severity: 'info', talq: 'totalPowerTooHigh', urgency: 'deferred' },
      text: msg`${meter}: ${whole(extra.watts)} W more than in other nights`,
      evidence: { text: evidenceOf(extra.watts, parts), readings: [], decisions: [] },
      check: { what: msg`festive lights, new lamps, a dimming step that did not come, foreign connections`, ...atFeeders(parts) },
    },
  };
}

function dayLoad(watts: number, sinceMin: number, parts: LoadTextParts): LoadFinding {
  const { meter } = parts;
  return {
    key: 'day',
    sinceMin,
    end: msg`${meter}: the power by day is normal`,
    facts: {
      ...{ code: 'unexpected-load', source: meter, severity: 'warning', talq: 'totalPowerTooHigh', urgency: 'deferred' },
      text: msg`${meter}: ${whole(watts)} W are drawn while the lamps should be off`,
      evidence: { text: msg`more than at this time on the days before`, readings: [], decisions: [] },
      check: { what: msg`lamps that burn, foreign connections, sockets in use`, ...atFeeders(parts) },
    },
  };
}

function stuck(sinceMin: number, { meter, cabinet }: LoadTextParts): LoadFinding {
  return {
    key: 'stuck',
    sinceMin,
    end: msg`${meter}: the values change again`,
    facts: {
      ...{ code: 'meter-stuck', source: meter, severity: 'warning', talq: 'deviceMalfunction', urgency: 'deferred' },
      text: msg`${meter}: power and voltage repeat exactly; lost lamps cannot be found`,
      evidence: { text: msg`no change for much longer than in other nights`, readings: [], decisions: [] },
      check: { what: msg`display and supply of the meter, its gateway`, where: msg`cabinet ${cabinet}`, tool: msg`luciole bus read` },
    },
  };
}

/** `112 W now, 126 W at full power, about 1 lamp of 125 W`. */
function sizeOf({ watts, fullWatts }: LoadDifference, { lampW }: LoadTextParts): Message {
  const [now, full] = [whole(watts), whole(fullWatts)];
  if (lampW === null) return msg`${now} W, at full power ${full} W`;
  const lamps = Math.max(1, Math.round(fullWatts / lampW));
  return msg`${now} W, at full power ${full} W: about ${counted(lamps, msg`${lamps} lamp`, msg`${lamps} lamps`)}`;
}

function evidenceOf(watts: number, { expectedW, nights }: LoadTextParts): Message {
  if (expectedW === null) return msg`a difference of ${whole(watts)} W from ${nights} other nights, voltage and warm-up considered`;
  return msg`a difference of ${whole(watts)} W from ${whole(expectedW)} W in ${nights} other nights, voltage and warm-up considered`;
}

function atFeeders({ cabinet }: LoadTextParts): { where: Message; tool: Message } {
  return { where: msg`cabinet ${cabinet}`, tool: msg`a clamp meter on each feeder` };
}

function whole(watts: number): number {
  return Math.round(watts);
}
