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
import type { SoundHistory } from '../../../agent/sound/announcement-queue.ts';
import { SoundControl } from '../../../agent/sound/sound-control.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import { createStreet, type Street } from '../../street/street.ts';
import type { SimPlayer } from '../../street/units/dfplayer.ts';
import { createWire, type Wire } from '../../street/wire.ts';
import { squareCabinet } from './square-site.ts';

const { profiles } = readProfiles([], readPlacedYaml);

export interface SoundSquareOptions {
  /** With offset. Default: Tuesday, 2026-06-02 10:00 in Angers. */
  readonly startAt?: string;
  readonly quality?: ClockQuality;
  readonly cabinet?: ReturnType<typeof squareCabinet>;
  /** What the disk holds, and keeps over a restart. */
  readonly disk?: Map<string, unknown>;
  /** The disk never answers. */
  readonly isDiskHung?: boolean;
}

export interface SoundSquare {
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

/** Starts field and sound; they end with the test. */
export async function createSoundSquare(t: Pick<Test, 'teardown'>, options: SoundSquareOptions = {}): Promise<SoundSquare> {
  const square = new SimSquare(options);
  void square.field.start();
  square.sound.start();
  t.teardown(() => square.end());
  return square;
}

class SimSquare implements SoundSquare {
  readonly clock: ManualClock;
  readonly street: Street;
  readonly player: SimPlayer;
  readonly wires = new Map<string, Wire>();
  readonly field: LiveField;
  readonly disk: Map<string, unknown>;
  readonly events: AgentEvent[] = [];
  readonly outcomes: Outcome[] = [];
  readonly log: string[] = [];
  sound: SoundControl;
  readonly #cabinet: Cabinet;
  readonly #isDiskHung: boolean;
  readonly #history: SoundHistory = new Map();
  #count = 0;

  constructor({ cabinet = squareCabinet(), disk = new Map(), startAt, quality, isDiskHung = false }: SoundSquareOptions) {
    const clock = createManualClock(Date.parse(startAt ?? '2026-06-02T10:00:00+02:00'), quality ?? 'synced');
    this.clock = clock;
    this.disk = disk;
    this.#cabinet = cabinet;
    this.#isDiskHung = isDiskHung;
    this.street = createStreet({ cabinet: { ...cabinet, poles: [{ id: 'P1', atM: 0, branch: null }] }, clock, seed: 1 });
    this.#plug(cabinet);
    const openPort = (port: string): Wire['port'] => {
      const wire = this.wires.get(port);
      if (wire === undefined) throw new Error(`no wire ${port}`);
      return wire.port;
    };
    this.field = createField({
      lines: cabinet.lines.map((line) => fieldLine(line, { profiles, openPort, clock })),
      ...{ clock, log: this.#logger, random: () => 0.5, onAlive: () => {} },
      setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, daliFadeTime: 0, failsafeTimeoutS: 60, failsafeLevelPct: 100 }),
      onReadings: (readings) => this.sound.onReadings(readings),
      onEvent: (event) => void this.events.push(event),
    });
    const player = this.street.players.get('PLAYER');
    if (player === undefined) throw new Error('no player');
    this.player = player;
    this.sound = this.#build(cabinet);
  }

  amplifier(): number {
    return (this.street.units.get('IO1') as unknown as { readonly relays: readonly number[] }).relays[2] ?? 0;
  }

  view(): SoundView {
    const [view] = this.sound.tools().places();
    if (view === undefined) throw new Error('no place');
    return view;
  }

  request(ask: SoundAsk, over: Partial<SentSoundRequest> = {}): Promise<Outcome> {
    this.#count++;
    const sender = { source: 'platform', authority: 'platform' } as const;
    return this.sound.request({ commandId: `c${this.#count}`, place: 'square-sound', ask, reason: '', ...sender, ...over });
  }

  async settled<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    for (let i = 0; i < 6_000 && !isOver; i++) await this.clock.advance(50);
    if (!isOver) throw new Error('it did not settle');
    return work;
  }

  async until(what: string, holds: () => boolean, withinS = 30): Promise<void> {
    for (let i = 0; i < withinS * 10 && !holds(); i++) await this.clock.advance(100);
    if (!holds()) throw new Error(`${what} did not happen: ${JSON.stringify(this.view())}`);
  }

  restart(site: Cabinet = this.#cabinet): void {
    this.sound.stop(site.sound ?? null);
    this.sound = this.#build(site);
    this.sound.start();
  }

  open(): string[] {
    const ended = new Set(this.events.filter(({ endMs }) => endMs !== null).map(({ id }) => id));
    return this.events.filter(({ id }) => !ended.has(id)).map(({ code }) => code);
  }

  async end(): Promise<void> {
    this.sound.stop(this.#cabinet.sound ?? null);
    await this.field.stop();
    this.street.stop();
  }

  get #logger() {
    return { event: (name: string, fields: object = {}): void => void this.log.push(`${name} ${JSON.stringify(fields)}`) };
  }

  #plug(cabinet: Cabinet): void {
    for (const { id, port } of cabinet.lines) {
      const line = this.street.lines.get(id);
      if (line === undefined) continue;
      const wire = createWire((bytes) => line.receive(bytes));
      line.end = wire.end;
      this.wires.set(port, wire);
    }
  }

  #build(site: Cabinet): SoundControl {
    const { clock, field, disk } = this;
    const never = new Promise<never>(() => {});
    return new SoundControl({
      ...{
        site,
        history: this.#history,
        sound: site.sound ?? null,
        points: cabinetPoints(site, profiles),
        clock,
        field,
        log: this.#logger,
      },
      store: {
        load: async (key) => (this.#isDiskHung ? never : disk.get(key)),
        save: async (key, value) => {
          if (this.#isDiskHung) return never;
          disk.set(key, structuredClone(value));
          return true;
        },
      },
      onEvent: (event) => void this.events.push(event),
      onOutcome: (outcome) => void this.outcomes.push(outcome),
    });
  }
}
