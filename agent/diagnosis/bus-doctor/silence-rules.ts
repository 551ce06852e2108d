/**
 * Rules about units that do not answer.
 *
 * Pure.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { counted, type Message, msg } from '../../core/message.ts';
import type { BusFinding } from './finding.ts';
import type { BusSymptoms } from './symptoms.ts';

/** Requests to a unit without any answer, from which it counts as silent. Source: as for unit health, three lost in a row. */
const SILENT_AFTER = 3;
/** Share of silent requests followed by a break, from which the idle level is wrong. Source: the break follows each transmission. */
const BREAK_SHARE = 0.6;
/** Late replies of a unit, their share of its requests without a reply in time and the share of those in all. Source: assumed; one or two follow a restart. Confirmed by: late replies of units after a restart. */
const SLOW = { replies: 3, share: 0.3, silent: 0.3 } as const;
/** Damaged replies to equal requests that are all alike show settings, not noise. */
const SAME = 0.8;

/**
 * Returns the finding that units have other serial settings than the line, because they answer in a trial of others. If none does: those
 * that gave only damaged replies, most of them alike. Null if the symptoms do not show it.
 */
export function wrongSettings({ trials, units, serial, isNetwork, answered: valid }: BusSymptoms): BusFinding | null {
  const hits = trials.filter(({ answered }) => answered.length > 0);
  const answered = [...new Set(hits.flatMap((trial) => trial.answered))].toSorted((a, b) => a - b);
  if (answered.length > 0) {
    const at = hits.map((trial) => msg`${settingsText(trial.serial)} from ${trial.answered}`);
    return {
      verdict: 'wrong-settings',
      units: answered,
      text:
        valid === 0
          ? msg`the units of this line use other serial settings than ${settingsText(serial)} (tried: ${answered})`
          : counted(
              answered.length,
              msg`unit ${answered} uses other serial settings than the line (${settingsText(serial)})`,
              msg`units ${answered} use other serial settings than the line (${settingsText(serial)})`,
            ),
      causes:
        valid === 0
          ? [msg`serial: of the line in cabinet.yaml is wrong`, msg`the units have their factory settings`]
          : [msg`the units have their factory settings`],
      evidence: [msg`no valid reply at ${settingsText(serial)}`, msg`valid replies at ${at}`],
      check: msg`set speed and parity of these units with the maker's tool, or serial: of the line; then \`luciole bus scan\` finds them`,
    };
  }
  const garbled = units.filter((unit) => unit.answered === 0 && unit.damaged >= SILENT_AFTER && (unit.sameness ?? 0) >= SAME);
  if (garbled.length === 0) return null;
  const names = garbled.map(({ unit }) => unit);
  return {
    verdict: 'wrong-settings',
    units: names,
    text: counted(
      names.length,
      msg`unit ${names} answers, but every reply is damaged in the same way`,
      msg`units ${names} answer, but every reply is damaged in the same way`,
    ),
    causes: [msg`another parity`, msg`another speed`, msg`other data bits`],
    evidence: garbled.map(
      ({ unit, damaged, asked }) => msg`unit ${unit}: ${damaged} of ${asked} replies damaged, equal requests give equal damage`,
    ),
    check: isNetwork
      ? msg`compare speed and parity of the serial server with those of the units`
      : msg`compare speed and parity on the label of the units with serial: of the line`,
  };
}

/**
 * Returns the finding that the idle line has the wrong polarity; null if the symptoms do not show it. It is meant for a line without
 * answers, which is not checked.
 */
export function swappedWires({ breaks, asked, silent }: BusSymptoms): BusFinding | null {
  if (breaks < SILENT_AFTER || breaks < BREAK_SHARE * silent) return null;
  return {
    verdict: 'swapped-wires',
    units: [],
    text: msg`no unit answers, and the line has the wrong polarity when it is idle`,
    causes: [msg`A and B are swapped at the gateway`, msg`the bias resistors are swapped`],
    evidence: [msg`${breaks} of ${asked} requests are followed by a break (00) as soon as the driver is off`],
    check: msg`measure B to A at the gateway with no traffic: it must be above +0.2 V; swap the two wires at the gateway's terminals and run the doctor again`,
  };
}

/** Returns the finding that no unit answers, whatever the symptoms are; they only give the causes and the evidence. */
export function lineSilent({ asked, trials, strayBytes, isNetwork, port }: BusSymptoms): BusFinding {
  const settings = new Set(trials.map(({ serial }) => settingsText(serial).toString())).size;
  return {
    verdict: 'line-silent',
    units: [],
    text: msg`no unit answers`,
    causes: isNetwork
      ? [
          msg`no supply behind the serial server`,
          msg`other serial settings of the serial server`,
          msg`A and B swapped behind it`,
          msg`a broken cable`,
        ]
      : [
          msg`no supply of the line`,
          msg`A and B swapped`,
          msg`a broken cable or a loose terminal near the gateway`,
          msg`the wrong port (${port})`,
        ],
    evidence: [
      msg`0 of ${asked} requests answered`,
      ...(settings === 0 ? [] : [msg`no reply at ${settings} other serial settings either`]),
      ...(strayBytes === 0 ? [] : [msg`${strayBytes} stray bytes`]),
    ],
    check: msg`measure the supply at the first unit, then B to A at its terminals while the agent polls (it must alternate); swap A and B there if the supply is good`,
  };
}

/**
 * Returns the finding that units gave no reply at all to three or more requests, nor in a trial of other settings. Null if there is no such
 * unit. It is meant for a line where others answer, which is not checked.
 */
export function unitSilent(symptoms: BusSymptoms): BusFinding | null {
  const { units, trials } = symptoms;
  const elsewhere = new Set(trials.flatMap(({ answered }) => answered));
  const silent = units.filter(
    (unit) => unit.answered === 0 && unit.damaged === 0 && unit.late === 0 && unit.asked >= SILENT_AFTER && !elsewhere.has(unit.unit),
  );
  if (silent.length === 0) return null;
  const names = silent.map(({ unit }) => unit);
  const tried = new Set(trials.flatMap((trial) => trial.tried));
  return {
    verdict: 'unit-silent',
    units: names,
    text: counted(
      names.length,
      msg`unit ${names} does not answer, others do (${units.length - silent.length})`,
      msg`units ${names} do not answer, others do (${units.length - silent.length})`,
    ),
    causes: [msg`no supply`, msg`another address`, msg`A and B swapped at its terminals`, msg`its stub is broken`],
    evidence: [
      ...silent.slice(0, 4).map(({ unit, asked }) => msg`unit ${unit}: 0 of ${asked} requests answered`),
      ...(names.some((name) => tried.has(name)) ? [msg`no reply at ${trials.length} other serial settings either`] : []),
    ],
    check: msg`measure the supply at the unit; compare the address on its switches; swap A and B at its terminals`,
  };
}

/** Returns the finding that units often answer later than their timeout; null if the symptoms do not show it. */
export function slowUnit({ units }: BusSymptoms): BusFinding | null {
  const slow = units.filter(
    ({ late, silent, asked }) => late >= SLOW.replies && late >= SLOW.share * silent && silent >= SLOW.silent * asked,
  );
  if (slow.length === 0) return null;
  const names = slow.map(({ unit }) => unit);
  return {
    verdict: 'slow-unit',
    units: names,
    text: counted(names.length, msg`unit ${names} answers later than its timeout`, msg`units ${names} answer later than their timeout`),
    causes: [
      msg`responseTimeoutMs in the profile is too short for these units`,
      msg`a gateway, bridge or radio link in front of them`,
      msg`the unit is busy`,
    ],
    evidence: slow
      .slice(0, 4)
      .map(
        ({ unit, late, silent, asked }) => msg`unit ${unit}: ${late} late replies, ${silent} of ${asked} requests without a reply in time`,
      ),
    check: msg`compare with the response time in the maker's manual; set quirks.responseTimeoutMs of the device in cabinet.yaml`,
  };
}

/** Serial settings as people write them: `19200 8N2`. */
function settingsText({ baud, dataBits, parity, stopBits }: SerialSettings): Message {
  return msg`${`${baud} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`}`;
}
