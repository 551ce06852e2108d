/** The recorded inputs of lamps at an instant, as lines for people. Pure. */
import type { Zone } from '../../core/cabinet.ts';
import { reasonOf } from '../../core/intent-reason.ts';
import { type Message, msg } from '../../core/message.ts';
import type { RecordedInput } from '../../core/recorded-why.ts';
import type { PointId } from '../../core/words.ts';
import type { LightingSnapshot, LightingStreet, SensorState } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { ruleText } from '../../lighting/rule.ts';
import { spell } from '../../lighting/spell.ts';
import { trafficLevel } from '../../lighting/traffic.ts';
import type { RecordedState } from '../record/record-decoder.ts';

/** The requested lamps, and the state of the record at the requested instant. `snapshot`: the inputs of a decision that follow from it. */
export interface PastMoment {
  readonly lampIds: readonly string[];
  readonly state: Pick<RecordedState, 'cells'>;
  readonly snapshot: LightingSnapshot;
}

/**
 * Returns recorded inputs as lines for people: those of the zones that have these lamps, also as `alsoLamps`. Rules and requests for
 * these zones or lamps are included. Detections elsewhere, from which a wave raises these lamps, are left out.
 */
export function pastInputs(street: LightingStreet, facts: PastMoment): readonly RecordedInput[] {
  const zones = street.zones.filter(({ lamps, presence }) =>
    facts.lampIds.some((id) => lamps.includes(id) || presence?.alsoLamps?.includes(id) === true),
  );
  const all = [
    ...zones.flatMap((zone) => ofSensors(zone, facts)),
    ...zones.flatMap((zone) => ofPhotocell(zone, facts)),
    ...zones.flatMap((zone) => ofTraffic(zone, facts)),
    ...ofRules(street, zones, facts),
    ...ofRequests(zones, facts),
  ];
  // Zones may share a sensor.
  return [...new Map(all.map((input) => [`${input.source} ${String(input.text)}`, input])).values()];
}

function sinceOf({ state }: PastMoment, key: string): number | null {
  return state.cells.get(key)?.sinceMs ?? null;
}

function ofSensors({ presence }: Zone, facts: PastMoment): readonly RecordedInput[] {
  return (presence?.sensors ?? []).map((sensor) => {
    const source: PointId = sensorPointOf(sensor);
    const sensorState = facts.snapshot.sensors.get(source);
    const sinceMs = sensorState === undefined ? null : (spellStart(sensorState, facts) ?? sinceOf(facts, `s:${source}`));
    return { source, text: sensorText(sensorState, facts.snapshot), sinceMs };
  });
}

/** The start of a spell of presence is known exactly. */
function spellStart({ present, sinceMono }: SensorState, { snapshot: { nowMs, nowMono } }: PastMoment): number | null {
  return present && sinceMono !== null ? Math.round(nowMs - (nowMono - sinceMono)) : null;
}

function sensorText(state: SensorState | undefined, { nowMono }: LightingSnapshot): Message {
  if (state === undefined) return msg`not recorded: sensors have no effect by day`;
  if (state.stuck === true) return msg`ignored as stuck`;
  if (state.quality === 'bad' || state.quality === 'missing') return msg`did not answer`;
  if (state.present) return msg`detected someone`;
  return state.lastPresentMono === null
    ? msg`had not detected anyone`
    : msg`detected someone ${spell(nowMono - state.lastPresentMono)} before`;
}

function ofPhotocell({ photocell }: Zone, facts: PastMoment): readonly RecordedInput[] {
  if (photocell === null) return [];
  const source: PointId = `${photocell.device}.${photocell.point}`;
  const cell = facts.snapshot.photocells?.get(source);
  const word =
    cell?.isDoubtful === true
      ? msg`contradicted the sun`
      : cell?.says == null
        ? msg`had no verdict`
        : cell.says === 'dark'
          ? msg`reported dark`
          : msg`reported bright`;
  const text = cell?.lux == null ? word : msg`${word}, at ${Math.round(cell.lux * 10) / 10} lx`;
  return [{ source, text, sinceMs: sinceOf(facts, `p:${source}`) }];
}

function ofTraffic(zone: Zone, facts: PastMoment): readonly RecordedInput[] {
  if (zone.traffic === null) return [];
  const { text } = trafficLevel(facts.snapshot.traffic?.get(zone.id), zone.traffic, zone);
  return [{ source: zone.id, text, sinceMs: sinceOf(facts, `t:${zone.id}`) }];
}

function ofRules({ rules }: LightingStreet, zones: readonly Zone[], facts: PastMoment): readonly RecordedInput[] {
  const concerned = rules.filter(({ raise, lower }) =>
    zones.some(({ id }) => raise?.zones.includes(id) === true || lower?.zones.includes(id) === true),
  );
  return concerned.flatMap((rule) => {
    const state = facts.snapshot.rules?.get(rule.id);
    return state === undefined ? [] : [{ source: rule.id, text: ruleText(rule, state), sinceMs: sinceOf(facts, `r:${rule.id}`) }];
  });
}

function ofRequests(zones: readonly Zone[], { snapshot, lampIds }: PastMoment): readonly RecordedInput[] {
  const isHere = (kind: string, id: string): boolean =>
    kind === 'cabinet' || (kind === 'zone' ? zones.some((zone) => zone.id === id) : lampIds.includes(id));
  const intents = snapshot.intents
    .filter(({ target }) => isHere(target.kind, target.id))
    .map((intent) => {
      const { source, levelPct, reason, sinceMs, target } = intent;
      const text =
        reason === '' ? msg`requested ${levelPct} % for ${target.id}` : msg`requested ${levelPct} % for ${target.id}: ${reasonOf(intent)}`;
      return { source, text, sinceMs: intent.authority === 'site' ? null : sinceMs };
    });
  const chosen = [...(snapshot.programmes ?? [])]
    .filter(([zoneId]) => zones.some(({ id }) => id === zoneId))
    .map(([source, { programme }]) => ({ source, text: msg`had the programme ${programme} by choice`, sinceMs: null }));
  return [...intents, ...chosen];
}
