import { type Argument, type Message, msg, NO_TEXT } from '../../core/message.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import { given, type Index, type Placed, type RuleDraft, unknownName, unknownZones } from './draft.ts';
import type { Finding, Path } from './finding.ts';
import { zoneMinimum } from './zone-facts.ts';

/** The conditions of a rule, and the keys allowed with each. */
const INPUTS = { point: ['above', 'below', 'clearsAt', 'forS'], presenceIn: [], trafficIn: ['flowPct', 'clearsAt'] } as const;
const DETAILS = ['above', 'below', 'clearsAt', 'forS', 'flowPct'] as const;
type Input = keyof typeof INPUTS;
/**
 * Suggested share of a threshold at which a rule clears. Source: assumed; a fifth below is beyond the noise of the reference's sensors. Confirmed by:
 * the noise of the sensors in a week of logs.
 */
const USUAL_SHARE = { below: 0.8, above: 1.25 };

/** Returns what is wrong with rules, such as an unknown name or a missing threshold; empty if nothing is found. */
export function checkRules(index: Index): Finding[] {
  return index.rules.flatMap((rule) => [...checkInput(rule, index), ...checkRaise(rule, index), ...checkLower(rule, index)]);
}

function checkInput(rule: Placed<RuleDraft>, index: Index): Finding[] {
  const { value, path } = rule;
  const inputs = (Object.keys(INPUTS) as Input[]).filter((key) => key in value);
  const [input, second] = inputs;
  if (input === undefined) {
    return [{ path, message: msg`this rule has no condition; write point (a measured value), presenceIn or trafficIn (a zone)` }];
  }
  if (second !== undefined)
    return [{ path: [...path, second], message: msg`found ${inputs}; a rule has one of them, write a rule for each` }];
  const idle = DETAILS.filter((key) => key in value && !INPUTS[input].some((own) => own === key));
  return [
    ...idle.map((key) => ({ path: [...path, key], message: msg`has no effect with ${input}; leave it out` })),
    ...(input === 'point' ? [...checkPoint(rule, index), ...checkThreshold(rule)] : checkZone(rule, input, index)),
  ];
}

/** Whether a device of the cabinet has this point; ids may contain a dot. */
function checkPoint({ value: { point }, path }: Placed<RuleDraft>, { known: { devices } }: Index): Finding[] {
  if (point === undefined || devices === null || [...devices].some((id) => point.startsWith(`${id}.`))) return [];
  const [device = ''] = point.split('.');
  const hint = didYouMean(device, devices, msg`; there are: ${listNames(devices)}`);
  return [{ path: [...path, 'point'], message: msg`unknown device "${device}"${hint}` }];
}

function checkThreshold({ value, path }: Placed<RuleDraft>): Finding[] {
  const isAbove = 'above' in value;
  if (isAbove && 'below' in value)
    return [{ path: [...path, 'below'], message: msg`found above and below; a rule has one, write two rules` }];
  if (!isAbove && !('below' in value)) return [{ path, message: msg`this rule has no threshold; write above or below` }];
  const threshold = isAbove ? value.above : value.below;
  return threshold === undefined ? [] : checkHysteresis(value, path, { threshold, isAbove, text: String(threshold) });
}

function checkZone({ value, path }: Placed<RuleDraft>, input: 'presenceIn' | 'trafficIn', { zones, known }: Index): Finding[] {
  const id = value[input];
  const unknown = unknownName({ what: 'zone', id, known: known.zones, path: [...path, input] });
  const zone = zones.find((each) => id !== undefined && each.value.id === id)?.value;
  const section = input === 'presenceIn' ? 'presence' : 'traffic';
  const isBlind = zone !== undefined && given(zone, section, null) === null;
  const blind = isBlind
    ? [{ path: [...path, input], message: msg`zone "${id ?? ''}" has no ${section}, so this rule would never apply; add ${section} to it` }]
    : [];
  if (input === 'presenceIn') return [...unknown, ...blind];
  if (!('flowPct' in value)) {
    return [
      ...unknown,
      ...blind,
      { path, message: msg`this rule has no threshold; write flowPct, the share of the design flow in percent` },
    ];
  }
  const flow =
    value.flowPct === undefined
      ? []
      : checkHysteresis(value, path, { threshold: value.flowPct, isAbove: true, text: `flowPct ${value.flowPct}` });
  return [...unknown, ...blind, ...flow];
}

/** Without `clear`, a value that varies around its threshold makes the light flicker. */
function checkHysteresis(
  value: RuleDraft,
  path: Path,
  { threshold, isAbove, text }: { readonly threshold: number; readonly isAbove: boolean; readonly text: string },
): Finding[] {
  const share = USUAL_SHARE[isAbove ? 'below' : 'above'];
  const usual = threshold > 0 ? msg`; ${round(threshold * share)}, for example` : NO_TEXT;
  if (!('clearsAt' in value)) return [{ path, message: isAbove ? clearsBelow(text, usual) : clearsAbove(text, usual) }];
  const { clearsAt } = value;
  if (clearsAt === undefined || (isAbove ? clearsAt < threshold : clearsAt > threshold)) return [];
  const message = isAbove
    ? msg`clearsAt ${clearsAt} is not below ${text}, so the rule would switch on and off with each reading; write a value below it${usual}`
    : msg`clearsAt ${clearsAt} is not above ${text}, so the rule would switch on and off with each reading; write a value above it${usual}`;
  return [{ path: [...path, 'clearsAt'], message }];
}

function clearsBelow(text: string, usual: Argument): Message {
  return msg`this rule has no hysteresis; write clearsAt, the value at which the rule ends, below ${text}${usual}`;
}

function clearsAbove(text: string, usual: Argument): Message {
  return msg`this rule has no hysteresis; write clearsAt, the value at which the rule ends, above ${text}${usual}`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

function checkRaise({ value: { raise }, path }: Placed<RuleDraft>, { zones, known }: Index): Finding[] {
  if (raise === undefined || raise === null) return [];
  const { levelPct } = raise;
  const minima = zones.flatMap(({ value }) => {
    const minimum = value.id !== undefined && raise.zones?.includes(value.id) ? zoneMinimum(value) : undefined;
    return minimum === undefined || levelPct === undefined || levelPct > minimum.pct ? [] : [{ id: value.id, ...minimum }];
  });
  return [
    ...unknownZones(raise.zones, [...path, 'raise', 'zones'], known.zones),
    ...minima.slice(0, 1).map(({ id, text, pct }) => ({
      path: [...path, 'raise', 'levelPct'],
      message: msg`${levelPct ?? 0} % does not lie above ${text} of zone "${id ?? ''}", so it would have no effect; write more than ${pct}`,
    })),
  ];
}

function checkLower({ value, path }: Placed<RuleDraft>, { zones, known }: Index): Finding[] {
  const { lower, raise } = value;
  if (lower === undefined || lower === null) return [];
  const { levelPct } = lower;
  const both = raise?.zones?.find((id) => lower.zones?.includes(id) === true);
  const minima = zones.flatMap(({ value: zone }) => {
    const minimum = zone.id !== undefined && lower.zones?.includes(zone.id) ? zoneMinimum(zone) : undefined;
    return minimum === undefined || levelPct === undefined || levelPct >= minimum.pct ? [] : [{ id: zone.id, ...minimum }];
  });
  const isMeasured = 'point' in value;
  return [
    ...unknownZones(lower.zones, [...path, 'lower', 'zones'], known.zones),
    ...(isMeasured
      ? []
      : [{ path: [...path, 'lower'], message: msg`only a measured point may lower the light; write point, or leave lower out` }]),
    ...(both === undefined
      ? []
      : [{ path: [...path, 'lower', 'zones'], message: msg`this rule raises and lowers zone "${both}"; write one of both` }]),
    ...minima.slice(0, 1).map(({ id, text, pct }) => ({
      path: [...path, 'lower', 'levelPct'],
      message: msg`${levelPct ?? 0} % lies below ${text} of zone "${id ?? ''}", which stays lit at its minimum; write ${pct} or more`,
    })),
  ];
}
