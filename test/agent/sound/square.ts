/**
 * A square on the manual clock: the real field, drivers and sound control on simulated wires, with a player and a relay box.
 */
import type { Test } from 'tap';
import { readPlacedYaml } from '../../../agent/config/load/places.ts';
import type { Cabinet } from '../../../agent/core/cabinet.ts';
import { cabinetPoints } from '../../../agent/core/cabinet-points.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { SentSoundRequest, SoundAsk, SoundView } from '../../../agent/core/sound-tools.ts';
import type { AgentEvent, Outcome } from '../../../agent/core/words.ts';
import { createField, type LiveField } from '../../../agent/field/field.ts';
import { fieldLine } from '../../../agent/field/line-from-config.ts';
import { SoundControl } from '../../../agent/sound/sound-control.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import { createStreet, type Street } from '../../street/street.ts';
import type { SimPlayer } from '../../street/units/dfplayer.ts';
import { createWire, type Wire } from '../../street/wire.ts';
import { squareCabinet } from './square-site.ts';

const { profiles } = readProfiles([], readPlacedYaml);

export interface SquareOptions {
  /** With offset. Default: Tuesday, 2026-06-02 10:00 in Angers. */
  readonly startAt?: string;
  readonly quality?: ClockQuality;
  readonly cabinet?: ReturnType<typeof squareCabinet>;
  /** What the disk holds, and keeps over a restart. */
  readonly disk?: Map<string, unknown>;
  /** The disk never answers. */
  readonly isDiskHung?: boolean;
}

export interface Square {
  readonly clock: ManualClock;
  readonly street: Street;
  readonly player: SimPlayer;
  readonly wires: ReadonlyMap<string, Wire>;
  readonly field: LiveField;
  readonly disk: Map<string, unknown>;
  readonly events: AgentEvent[];
  readonly outcomes: Outcome[];
  readonly log: string[];
  sound: SoundControl;
  /** The state of the amplifier's relay: 0 or 1. */
  amplifier(): number;
  view(): SoundView;
  request(ask: SoundAsk, over?: Partial<SentSoundRequest>): Promise<Outcome>;
  /** Lets time pass until the work is settled. */
  settled<T>(work: Promise<T>): Promise<T>;
  /** Advances until it holds. Errors: throws when it does not within `withinS` of simulated time. */
  until(what: string, holds: () => boolean, withinS?: number): Promise<void>;
  /** Replaces the sound control, as after a restart of the agent, or with another configuration. */
  restart(cabinet?: Cabinet): void;
  /** Codes of the events that are open. */
  open(): string[];
}

export async function createSquare(t: Pick<Test, 'teardown'>, options: SquareOptions = {}): Promise<Square> {
  const { cabinet = squareCabinet(), disk = new Map<string, unknown>() } = options;
  const clock = createManualClock(Date.parse(options.startAt ?? '2026-06-02T10:00:00+02:00'), options.quality ?? 'synced');
  const street = createStreet({ cabinet: { ...cabinet, poles: [{ id: 'P1', atM: 0, branch: null }] }, clock, seed: 1 });
  const wires = new Map<string, Wire>();
  for (const { id, port } of cabinet.lines) {
    const line = street.lines.get(id);
    if (line === undefined) continue;
    const wire = createWire((bytes) => line.receive(bytes));
    line.end = wire.end;
    wires.set(port, wire);
  }
  const [events, outcomes, log]: [AgentEvent[], Outcome[], string[]] = [[], [], []];
  const onEvent = (event: AgentEvent): void => void events.push(event);
  const logger = { event: (name: string, fields?: object): void => void log.push(`${name} ${JSON.stringify(fields ?? {})}`) };
  const openPort = (port: string) => {
    const wire = wires.get(port);
    if (wire === undefined) throw new Error(`no wire ${port}`);
    return wire.port;
  };
  const never = new Promise<never>(() => {});
  const store = {
    load: async (key: string) => (options.isDiskHung === true ? never : disk.get(key)),
    save: async (key: string, value: unknown) => {
      if (options.isDiskHung === true) return never;
      disk.set(key, structuredClone(value));
      return true;
    },
  };
  const square = { clock, street, wires, disk, events, outcomes, log } as unknown as { -readonly [Key in keyof Square]: Square[Key] };
  const field = createField({
    lines: cabinet.lines.map((line) => fieldLine(line, { profiles, openPort, clock })),
    ...{ clock, log: logger, random: () => 0.5, onAlive: () => {}, onEvent },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, daliFadeTime: 0, failsafeTimeoutS: 60, failsafeLevelPct: 100 }),
    onReadings: (readings) => square.sound.onReadings(readings),
  });
  const build = (site: Cabinet): SoundControl =>
    new SoundControl({
      ...{ site, sound: site.sound ?? null, points: cabinetPoints(site, profiles), clock, field, store, log: logger, onEvent },
      onOutcome: (outcome) => void outcomes.push(outcome),
    });
  const player = street.players.get('PLAYER');
  if (player === undefined) throw new Error('no player');
  const relays = (street.units.get('IO1') as unknown as { readonly relays: readonly number[] }).relays;
  let count = 0;
  Object.assign(square, { field, player, sound: build(cabinet) });
  square.amplifier = () => relays[2] ?? 0;
  square.view = () => {
    const [view] = square.sound.tools().places();
    if (view === undefined) throw new Error('no place');
    return view;
  };
  square.request = (ask, over = {}) =>
    square.sound.request({
      commandId: `c${++count}`,
      place: 'square-sound',
      ask,
      reason: '',
      source: 'platform',
      authority: 'platform',
      ...over,
    });
  square.settled = async (work) => {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    for (let i = 0; i < 6_000 && !isOver; i++) await clock.advance(50);
    if (!isOver) throw new Error('it did not settle');
    return work;
  };
  square.until = async (what, holds, withinS = 30) => {
    for (let i = 0; i < withinS * 10 && !holds(); i++) await clock.advance(100);
    if (!holds()) throw new Error(`${what} did not happen: ${JSON.stringify(square.view())}`);
  };
  square.restart = (site = cabinet) => {
    square.sound.stop(site.sound ?? null);
    square.sound = build(site);
    square.sound.start();
  };
  square.open = () => {
    const ended = new Set(events.filter(({ endMs }) => endMs !== null).map(({ id }) => id));
    return events.filter(({ id }) => !ended.has(id)).map(({ code }) => code);
  };
  void field.start();
  square.sound.start();
  t.teardown(async () => {
    square.sound.stop(cabinet.sound);
    await field.stop();
    street.stop();
  });
  return square;
}
