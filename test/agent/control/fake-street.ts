/**
 * Control on a manual clock, with lamps and sensors that are plain values behind a field that takes 20 ms a write.
 */

import { Control, type ControlParts } from '../../../agent/control/control.ts';
import type { LightContact } from '../../../agent/control/sensing/contact-tracker.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { Field, LevelWrite, OverrideRequest, WriteResult } from '../../../agent/core/ports.ts';
import type { AgentEvent, Decision, Outcome, PointId, Reading } from '../../../agent/core/words.ts';
import type { LightingStreet } from '../../../agent/lighting/lighting.ts';
import { makeStreet, winter } from '../lighting/street.ts';

const WRITE_MS = 20;
/** Units: ms from the decision to the first byte. */
const SEND_MS = 10;

export interface FakeStreet {
  readonly clock: ManualClock;
  readonly control: Control;
  /** What the lamps show, by id. */
  readonly levels: Map<string, number>;
  /** Lamps that do not answer. */
  readonly silent: Set<string>;
  readonly writes: LevelWrite[];
  readonly events: AgentEvent[];
  readonly log: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly outcomes: Outcome[];
  readonly decisions: Decision[];
  readonly disk: Map<string, unknown>;
  /** Lamps that answer without a valid level. */
  readonly vague: Set<string>;
  /** Sets a sensor's value, as a poll would read it. */
  sense(device: string, value: number, point?: string): void;
  /** Makes the sensor's newest reading missing because of its age; no event reports it. */
  lose(device: string): void;
  /** Passes the present level of each lamp to `control`, as a poll does. */
  poll(): void;
  override(changes?: Partial<OverrideRequest>): Promise<Outcome>;
}

export interface FakeOptions {
  readonly now?: number;
  readonly quality?: ClockQuality;
  readonly disk?: Map<string, unknown>;
  readonly street?: LightingStreet;
  readonly load?: () => Promise<unknown>;
  readonly contacts?: ReadonlyMap<PointId, LightContact>;
  readonly contactZones?: ReadonlyMap<PointId, string>;
  /** Resolves with whether a save succeeds. Default: true. */
  readonly saves?: () => Promise<boolean>;
  /** What the lamps show at the start. Default: 0. */
  readonly foundPct?: number;
  /** Default: a new clock at `now`. */
  readonly clock?: ManualClock;
  readonly recorder?: ControlParts['recorder'];
}

/** Lamps and sensors that are plain values behind a field that takes 20 ms a write. */
function createFakeField(clock: ManualClock, lampIds: readonly string[], foundPct: number) {
  const levels = new Map(lampIds.map((id) => [id, foundPct]));
  const silent = new Set<string>();
  const vague = new Set<string>();
  const latest = new Map<PointId, Reading>();
  const writes: LevelWrite[] = [];
  const waiting = new Map<PointId, (result: WriteResult) => void>();
  const read = (pointId: PointId, value: number | null, absent: Reading['quality'] = 'missing'): Reading => {
    const reading: Reading = { pointId, value, quality: value === null ? absent : 'good', atMono: clock.monoMs(), atMs: clock.wallMs() };
    latest.set(pointId, reading);
    return reading;
  };
  const field: Pick<Field, 'write' | 'writePoint' | 'latest'> = {
    latest: (pointId) => latest.get(pointId),
    writePoint: async () => ({ state: 'failed', reason: msg`no such point here`, sentMono: null }),
    write(write) {
      writes.push(write);
      waiting.get(write.pointId)?.({ state: 'failed', reason: msg`replaced by a newer value`, sentMono: null });
      return new Promise((resolve) => {
        waiting.set(write.pointId, resolve);
        clock.after(SEND_MS, () => {
          if (waiting.get(write.pointId) === resolve && !silent.has(write.lampId)) write.onSent?.(clock.monoMs());
        });
        clock.after(WRITE_MS, () => {
          if (waiting.get(write.pointId) !== resolve) return;
          waiting.delete(write.pointId);
          const sentMono = clock.monoMs();
          if (silent.has(write.lampId)) return resolve({ state: 'failed', reason: msg`no reply`, sentMono: null });
          levels.set(write.lampId, write.levelPct);
          resolve({ state: 'verified', sentMono });
        });
      });
    },
  };
  const readLamp = (id: string): Reading => {
    if (silent.has(id)) return read(`${id}.level`, null);
    return vague.has(id) ? read(`${id}.level`, null, 'bad') : read(`${id}.level`, levels.get(id) ?? null);
  };
  return { levels, silent, vague, writes, read, readLamp, field };
}

/** `control` is not started, and the caller stops it. */
export function makeFakeStreet({
  now = winter('23:30'),
  quality = 'synced',
  disk = new Map(),
  street = makeStreet(),
  load,
  contacts = new Map(),
  contactZones = new Map(),
  saves = async () => true,
  foundPct = 0,
  clock = createManualClock(now, quality),
  recorder,
}: FakeOptions = {}): FakeStreet {
  const lampIds = street.lamps.map(({ id }) => id);
  const { field, read, readLamp, ...lamps } = createFakeField(clock, lampIds, foundPct);
  const [events, outcomes, decisions]: [AgentEvent[], Outcome[], Decision[]] = [[], [], []];
  const log: FakeStreet['log'] = [];
  const control = new Control({
    street,
    clock,
    field,
    store: {
      save: async (key, value) => (await saves()) && disk.set(key, JSON.parse(JSON.stringify(value))) !== undefined,
      load: load ?? (async (key) => disk.get(key)),
    },
    log: { event: (name, fields = {}) => log.push({ name, fields }) },
    onEvent: (event) => events.push(event),
    onOutcome: (outcome) => outcomes.push(outcome),
    onDecision: (decision) => decisions.push(decision),
    verificationOf: () => ({ settleMs: 40, tolerance: 0 }),
    ...{ contacts, contactZones },
    ...(recorder === undefined ? {} : { recorder }),
  });
  let commands = 0;
  return {
    clock,
    control,
    ...lamps,
    events,
    log,
    outcomes,
    decisions,
    disk,
    sense: (device, value, point = 'motion') => control.onReadings([read(`${device}.${point}`, value)]),
    lose: (device) => void read(`${device}.motion`, null),
    poll: () => control.onReadings(lampIds.map(readLamp)),
    override: (changes = {}) =>
      control.override({
        commandId: `c${++commands}`,
        target: { kind: 'zone', id: 'rue' },
        levelPct: 50,
        rank: 'override',
        minutes: 60,
        reason: 'works',
        source: 'platform',
        authority: changes.source?.startsWith('console:') ? 'technician' : 'platform',
        ...changes,
      }),
  };
}
