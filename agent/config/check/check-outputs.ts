import { msg } from '../../core/message.ts';
import { type Named, repeatedBy } from './check-names.ts';
import { given, type Index, type OutputDraft, type Placed, placed, unknownName, unknownZones } from './draft.ts';
import type { Finding } from './finding.ts';

/** Returns what is wrong with outputs, such as an unknown device or zone; empty if nothing is found. */
export function checkOutputs(index: Index): Finding[] {
  return [
    ...index.outputs.flatMap((output) => [
      ...checkNames(output, index),
      ...checkFollows(output),
      ...checkRest(output),
      ...checkDarkCircuit(output, index),
    ]),
    ...checkPoints(index),
  ];
}

function checkNames({ value: { device, litWith, rules }, path }: Placed<OutputDraft>, { known }: Index): Finding[] {
  return [
    ...unknownName({ what: 'device', id: device, known: known.devices, path: [...path, 'device'] }),
    ...unknownZones(litWith?.zones, [...path, 'litWith', 'zones'], known.zones),
    ...placed(rules, [...path, 'rules']).flatMap((each) =>
      unknownName({ what: 'rule', id: each.value.rule, known: known.rules, path: [...each.path, 'rule'] }),
    ),
  ];
}

function checkFollows({ value: output, path }: Placed<OutputDraft>): Finding[] {
  const { litWith } = output;
  const rules = given(output, 'rules', []);
  if (given(output, 'litWith', null) === null && rules?.length === 0) {
    return [{ path, message: msg`this output follows nothing; write litWith for zones, or rules` }];
  }
  const idle = given(output, 'idle', 0);
  const same = (value: number | string | undefined): boolean => value !== undefined && value === idle;
  return [
    ...(litWith && same(given(litWith, 'value', 1))
      ? [
          {
            path: [...path, 'litWith', 'value'],
            message: msg`${String(idle)} is also the idle value, so nothing would change; write another, or another idle`,
          },
        ]
      : []),
    ...checkRulesTwice(output, [...path, 'rules']),
  ];
}

/** The first active rule wins, so a repeated rule has no effect. */
function checkRulesTwice({ rules }: OutputDraft, path: Finding['path']): Finding[] {
  const named = placed(rules, path).map((each): Named => ({ id: each.value.rule, path: [...each.path, 'rule'] }));
  return repeatedBy(named, (rule) => msg`rule "${rule}" is listed twice; only the first would count`);
}

/** A contactor wears with each change, and LED drivers draw their inrush current. */
function checkRest({ value: output, path }: Placed<OutputDraft>): Finding[] {
  if (given(output, 'litWith', null) === null) return [];
  return (['minOnS', 'minOffS'] as const)
    .filter((key) => output[key] === 0)
    .map((key) => ({ path: [...path, key], message: msg`found 0; a circuit that follows lamps needs a rest: write 60, or leave it out` }));
}

/** Without mains a lamp is dark until contactor and driver have started, and the contactor would wear with each pedestrian. */
function checkDarkCircuit({ value: { litWith }, path }: Placed<OutputDraft>, { zones }: Index): Finding[] {
  return placed(litWith?.zones, [...path, 'litWith', 'zones']).flatMap((each): Finding[] => {
    const zone = zones.find(({ value }) => value.id !== undefined && value.id === each.value);
    const isSwitched = (key: 'dark' | 'presence'): boolean => (zone === undefined ? null : (given(zone.value, key, null) ?? null)) !== null;
    if (zone === undefined || !isSwitched('dark') || !isSwitched('presence')) return [];
    const message = msg`zone "${each.value}" may go dark and presence lights it: its circuit would open behind each passer-by and close late for the next; leave the zone out of litWith, or give it no dark`;
    return [{ path: each.path, message, first: zone.path, mayGoOn: true }];
  });
}

/** A point is set by one output or one lamp only. */
function checkPoints({ outputs, lamps }: Index): Finding[] {
  const pointOf = (device: string | undefined, point: string | undefined): string | undefined =>
    device === undefined || point === undefined ? undefined : `${device}.${point}`;
  const driven = outputs.map(({ value, path }): Named => ({ id: pointOf(value.device, value.point), path: [...path, 'point'] }));
  const levels = new Map(
    lamps.map(({ value, path }) => [pointOf(given(value, 'device', value.id), given(value, 'point', 'level')), [...path, 'id']]),
  );
  return [
    ...repeatedBy(driven, (point) => msg`"${point}" already belongs to another output; give one output both their rules`),
    ...driven.flatMap(({ id, path }) => {
      const first = id === undefined ? undefined : levels.get(id);
      return first === undefined
        ? []
        : [{ path, message: msg`"${id ?? ''}" drives a lamp; a lamp follows its zone, not an output`, first }];
    }),
  ];
}
