/** The results of a commissioning: stored one by one, judged when they are stored, and reported. */

import type {
  AcceptanceLamp,
  AcceptanceNews,
  AcceptanceRecord,
  AcceptanceReport,
  AcceptanceTools,
  LampAcceptance,
} from '../../core/acceptance.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { type Clock, isTrusted } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import { msg } from '../../core/message.ts';
import type { Store } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { DEFAULT_WATCH } from '../../core/watch-config.ts';
import type { WatchPlan } from '../watch/watch-plan.ts';
import { acceptanceReport } from './acceptance-report.ts';
import { judgeLamp } from './judge-lamp.ts';

/** What `Acceptance` requires. `cabinet` and `watched` return what is in force at the call. */
export interface AcceptanceParts {
  readonly clock: Pick<Clock, 'wallMs' | 'quality'>;
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly cabinet: () => Cabinet;
  readonly watched: () => Pick<WatchPlan, 'lamps' | 'meters'>;
  /**
   * Receives each new test with the finding `ok`, before it is stored. `isExchanged`: its serial number and that of the lamp's former test
   * are known and differ.
   */
  readonly onPassed: (test: LampAcceptance, isExchanged: boolean) => void;
}

const KEY = 'diagnosis.acceptance';
const EMPTY: AcceptanceRecord = { startedMs: null, scans: [], placements: [], tests: [], walks: [] };

/**
 * The results of the acceptance of one cabinet: scans, placements, lamp tests and walks. Its creation does not read the disk. `note` adds
 * results and `restart` removes all; both resolve with whether that is on disk. Errors: `report` and `note` reject with Refusal if the
 * results cannot be read.
 */
export class Acceptance implements AcceptanceTools {
  readonly #parts: AcceptanceParts;
  #record: AcceptanceRecord | null = null;
  /** Changes are made one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: AcceptanceParts) {
    this.#parts = parts;
  }

  lamps(): readonly AcceptanceLamp[] {
    const { lines } = this.#parts.cabinet();
    const lineOf = new Map(lines.flatMap(({ id, devices }) => devices.map((device) => [device.id, id] as const)));
    return this.#parts.watched().lamps.map(({ id, device, pole, zone, ratedPowerW, settleMs, points }) => ({
      ...{ id, device, pole, zone, ratedPowerW, settleMs, line: lineOf.get(device) ?? '' },
      ...{ level: points.level ?? null, power: points.power ?? null, powerFactor: points['power-factor'] ?? null },
    }));
  }

  async report(): Promise<AcceptanceReport> {
    const { clock, cabinet, watched } = this.#parts;
    const record = await this.#read();
    const [atMs, isTimeTrusted] = [clock.wallMs(), isTrusted(clock.quality())];
    const hasMeter = watched().meters.some(({ power, toW }) => power.length > 0 && toW === 1);
    return acceptanceReport({ cabinet: cabinet(), lamps: this.lamps(), hasMeter, record, atMs, isTimeTrusted });
  }

  note(news: AcceptanceNews): Promise<boolean> {
    return this.#inTurn(async () => {
      const record = await this.#read();
      const stamp = { atMs: this.#parts.clock.wallMs(), by: news.by };
      const stamped = <T>(all: readonly T[] = []) => all.map((each) => ({ ...each, ...stamp }));
      const tests = stamped(news.ramps).flatMap((ramp) => this.#judged(ramp));
      for (const test of tests) if (test.finding === 'ok') this.#parts.onPassed(test, isExchanged(test, record.tests));
      // A walk that was cut off before its first detection begins no commissioning.
      if ([news.scans, news.placements, news.walks, tests].every((results = []) => results.length === 0)) return true;
      return this.#save({
        startedMs: record.startedMs ?? stamp.atMs,
        scans: merged(record.scans, stamped(news.scans), ({ line }) => line),
        placements: merged(record.placements, stamped(news.placements), ({ lamp }) => lamp),
        tests: merged(record.tests, tests, ({ lamp }) => lamp),
        walks: merged(record.walks, stamped(news.walks), ({ zone, pointId }) => `${zone} ${pointId}`),
      });
    });
  }

  restart(): Promise<boolean> {
    return this.#inTurn(() => this.#save(EMPTY));
  }

  /** Results for a lamp that the configuration no longer has are dropped. */
  #judged({ verdict, ...ramp }: NonNullable<AcceptanceNews['ramps']>[number] & Pick<LampAcceptance, 'atMs' | 'by'>): LampAcceptance[] {
    const lamp = this.lamps().find(({ id }) => id === ramp.lamp);
    if (lamp === undefined) return [];
    const { device, ratedPowerW } = lamp;
    const finding = judgeLamp({ ...ramp, verdict }, ratedPowerW, this.#parts.cabinet().watch ?? DEFAULT_WATCH);
    return [{ ...ramp, finding, device, ratedPowerW }];
  }

  #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  /** Errors: rejects with Refusal; results that were not read must not be overwritten. */
  async #read(): Promise<AcceptanceRecord> {
    if (this.#record !== null) return this.#record;
    const stored = await this.#parts.store.load(KEY, UNREAD);
    if (stored === UNREAD) throw new Refusal(msg`the results so far cannot be read: check the disk of store.dir, then try again`);
    this.#record ??= readRecord(stored);
    return this.#record;
  }

  #save(record: AcceptanceRecord): Promise<boolean> {
    this.#record = record;
    return this.#parts.store.save(KEY, { v: 1, ...record });
  }
}

function isExchanged({ lamp, serial }: LampAcceptance, before: readonly LampAcceptance[]): boolean {
  const former = before.find((test) => test.lamp === lamp)?.serial ?? null;
  return former !== null && serial !== null && former !== serial;
}

function merged<T>(before: readonly T[], news: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map([...before, ...news].map((item) => [keyOf(item), item])).values()];
}

/** A record of another version or shape counts as none. */
function readRecord(stored: unknown): AcceptanceRecord {
  if (!isRecord(stored) || stored['v'] !== 1) return EMPTY;
  const { scans, placements, tests, walks } = stored;
  const startedMs = typeof stored['startedMs'] === 'number' ? stored['startedMs'] : null;
  const list = (value: unknown, key: string): readonly never[] =>
    Array.isArray(value)
      ? (value.filter((item) => isRecord(item) && typeof item[key] === 'string' && typeof item['by'] === 'string') as never[])
      : [];
  return {
    startedMs,
    scans: list(scans, 'line'),
    placements: list(placements, 'lamp'),
    tests: list(tests, 'finding'),
    walks: list(walks, 'pointId'),
  };
}
