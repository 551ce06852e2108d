/** Every cell of the table in docs/clock.md, done to the real parts on a simulated clock. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../agent/config/load/load-site.ts';
import { createManualClock } from '../agent/core/manual-clock.ts';
import { NO_TEXT } from '../agent/core/message.ts';
import type { Field, ReadingFrame } from '../agent/core/ports.ts';
import { Refusal } from '../agent/core/refusal.ts';
import { createRecorder } from '../agent/store/recorder.ts';
import { openPayload } from '../agent/sync/commands/command-fields.ts';
import { encodePayload } from '../agent/sync/sparkplug/codec.ts';
import { makeStreet, winter } from './agent/lighting/street.ts';
import { startTimedLighting } from './support/timed-lighting.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const PAGE = join(import.meta.dirname, '../docs/clock.md');
const COLUMNS = ['light', 'overrides and other ends', 'energy', 'stored times', 'commands'];
const BEFORE_W = 150;

/** First cell to the bold words of the others. */
function pageRows(): Map<string, string[]> {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.startsWith('| fault |'));
  const cells = (line = ''): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  t.strictSame(cells(lines[from]).slice(1), COLUMNS);
  const rows = lines.slice(from + 2, lines.indexOf('', from));
  return new Map(
    rows.map((line) => [
      cells(line)[0] ?? '',
      cells(line)
        .slice(1)
        .map((cell) => /\*\*(.+?)\*\*/.exec(cell)?.[1] ?? ''),
    ]),
  );
}

interface Start {
  readonly at?: number;
  /** System clock less true time. Units: ms. */
  readonly aheadMs?: number;
  readonly isSynchronised?: boolean;
  /** Battery clock less true time; null: none. Units: ms. */
  readonly batteryMs?: number | null;
}

/** One lamp by hand, for two hours. */
const BY_HAND = {
  commandId: 'c',
  target: { kind: 'lamp', id: 'L6' },
  levelPct: 55,
  rank: 'override',
  minutes: 120,
  reason: '',
  authority: 'platform',
  source: 'platform',
} as const;

/** Lamps that are plain values, and a disk in memory. */
function createPlainStreet(lampIds: readonly string[], monoMs: () => number) {
  const levels = new Map(lampIds.map((id) => [id, 0]));
  const disk = new Map<string, unknown>();
  const store = {
    save: async (key: string, value: unknown) => disk.set(key, structuredClone(value)) !== undefined,
    load: async (key: string) => disk.get(key),
  };
  const field: Pick<Field, 'write' | 'writePoint' | 'latest'> = {
    latest: (pointId) => {
      const value = levels.get(pointId.split('.')[0] ?? '') ?? null;
      return { pointId, value, quality: 'good', atMono: monoMs(), atMs: 0 };
    },
    writePoint: async () => ({ state: 'failed', reason: NO_TEXT, sentMono: null }),
    write: async ({ lampId, levelPct }) => {
      levels.set(lampId, levelPct);
      return { state: 'verified', sentMono: monoMs() };
    },
  };
  return { levels, store, field };
}

/** The agent's parts on one night street; true time, system clock and battery clock apart. */
async function cabinetOf({ at = winter('22:55'), aheadMs = 0, isSynchronised = true, batteryMs = null }: Start) {
  const system = createManualClock(at + aheadMs);
  /** `slewMs`: by how much the kernel has slewed system and monotonic clock. */
  const facts = { isSynchronised, batteryMs, slewMs: 0 };
  const trueMs = (): number => at + system.monoMs() - facts.slewMs;
  const street = makeStreet({ zone: { presence: null, baseline: { levelPct: 100, lampPowerW: BEFORE_W } } });
  const cabinet = { ...loadSite(join(import.meta.dirname, '../config/demo.yaml')).cabinet, ...street, lines: [] };
  const lampIds = street.lamps.map(({ id }) => id);
  const { levels, store, field } = createPlainStreet(lampIds, () => system.monoMs());
  const readFact = async (path: string): Promise<string | null> => {
    if (path.includes('timesync')) return facts.isSynchronised ? '' : null;
    return facts.batteryMs === null ? null : `${Math.floor((trueMs() + facts.batteryMs) / SECOND)}`;
  };
  const memory = { held: null };
  const start = async () => {
    const lighting = await startTimedLighting({ system, readFact, memory, cabinet, field, store });
    const frames: ReadingFrame[] = [];
    const onFrame = (frame: ReadingFrame): void => void frames.push(frame);
    const recorder = createRecorder({ clock: lighting.clock, rules: new Map(), heartbeatS: 60, onFrame });
    return { ...lighting, recorder, frames };
  };
  let parts = await start();
  const pass = (ms: number): Promise<void> => system.advance(ms);
  await pass(5 * SECOND);
  void parts.control.override(BY_HAND);
  await pass(SECOND);
  const heldUntilMono = system.monoMs() + 120 * MINUTE;
  return {
    ...{ system, facts, trueMs, pass, levels, heldUntilMono },
    get parts() {
      return parts;
    },
    async restart() {
      await parts.control.stop();
      parts.energy.stop();
      await pass(SECOND);
      parts = await start();
      await pass(3 * SECOND);
    },
  };
}

type Sim = Awaited<ReturnType<typeof cabinetOf>>;

/** What a street of this programme has at an instant, by a clock that is right. */
async function levelBy(atMs: number): Promise<number> {
  const sim = await cabinetOf({ at: atMs });
  const level = sim.levels.get('L1') ?? -1;
  await sim.parts.control.stop();
  return level;
}

const MEASURES: readonly ((sim: Sim) => Promise<string>)[] = [
  async function light({ levels, system, trueMs }) {
    const [level, byTrue, bySystem] = [levels.get('L1') ?? -1, await levelBy(trueMs()), await levelBy(system.wallMs())];
    if (level === 100) return 'lit';
    if (level === bySystem && (bySystem < byTrue || bySystem === byTrue)) return 'system clock';
    return level === Math.max(byTrue, bySystem) ? 'brighter of both' : `neither: ${level}`;
  },
  async function ends({ levels, system, heldUntilMono, pass }) {
    if (levels.get('L6') !== 55) return 'early';
    await pass(heldUntilMono - system.monoMs() - 5 * SECOND);
    if (levels.get('L6') !== 55) return 'early';
    await pass(10 * SECOND);
    return levels.get('L6') === 55 ? 'late' : 'on time';
  },
  async function energy({ parts, pass }) {
    const baseline = async () =>
      (await parts.energy.view({ fromMs: 0, toMs: Date.UTC(2060, 0), by: null, zone: null }))?.rows[0]?.baselineKwh ?? 0;
    const before = await baseline();
    await pass(MINUTE);
    const gained = (await baseline()) - before;
    const whole = (6 * BEFORE_W) / 60_000;
    return gained === 0 ? 'no baseline' : Math.abs(gained - whole) < whole / 50 ? 'baseline' : `${gained} of ${whole} kWh`;
  },
  async function stored({ parts: { recorder, frames, clock }, system, trueMs }) {
    recorder.record([{ pointId: 'L1.level', value: 1, quality: 'good', atMono: system.monoMs(), atMs: clock.wallMs() }]);
    recorder.stop();
    const [frame] = frames;
    if (frame === undefined) return 'nothing';
    if (frame.clockQuality === 'none' || frame.clockQuality === 'restored') return 'dated later';
    if (Math.abs(frame.atMs - system.wallMs()) < 2 * SECOND) return 'system clock';
    return Math.abs(frame.atMs - trueMs()) < 30 * SECOND ? 'held time' : `${frame.atMs - trueMs()} ms off`;
  },
  async function commands({ parts: { clock }, system, trueMs }) {
    const isTaken = (timestampMs: number): boolean => {
      const now = { nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: clock.quality() };
      try {
        openPayload({ topic: '', retained: false, payload: encodePayload({ timestampMs, seq: undefined, metrics: [] }) }, now);
        return true;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return false;
      }
    };
    if (isTaken(system.wallMs() - DAY) && isTaken(trueMs() - 2 * DAY)) return 'not judged';
    if (isTaken(system.wallMs())) return 'system clock';
    return isTaken(trueMs()) ? 'held time' : 'neither';
  },
];

/** Makes the fault; the street is then measured. */
const FAULTS: Readonly<Record<string, () => Promise<Sim>>> = {
  'step of up to 10 min': () => stepped({}, 9 * MINUTE),
  'step of more than 10 min forward': () => stepped({}, 10 * HOUR),
  'step of more than 10 min back': () => stepped({}, -10 * HOUR),
  'small steps that add up': async () => {
    const sim = await cabinetOf({});
    // To noon, in steps of nine minutes.
    for (let step = 0; step < 73; step++) {
      sim.system.stepWall(-9 * MINUTE);
      await sim.pass(10 * SECOND);
    }
    return sim;
  },
  'drift against the monotonic clock': async () => {
    const sim = await cabinetOf({ at: winter('22:35') });
    for (let second = 0; second < 1_200; second++) {
      sim.system.stepWall(600);
      await sim.pass(SECOND);
    }
    return sim;
  },
  'drift of both against the battery clock': async () => {
    const sim = await cabinetOf({ at: winter('22:05'), batteryMs: 0 });
    for (let passed = 0; passed < HOUR; passed += 10 * SECOND) {
      sim.facts.slewMs += 1_900;
      await sim.pass(10 * SECOND);
    }
    return sim;
  },
  'first synchronisation of an unknown time': async () => {
    const sim = await cabinetOf({ at: winter('23:05'), aheadMs: -12 * HOUR, isSynchronised: false });
    sim.system.stepWall(12 * HOUR);
    sim.facts.isSynchronised = true;
    await sim.pass(12 * SECOND);
    return sim;
  },
  'first synchronisation more than 10 min from the battery clock': async () => {
    const sim = await cabinetOf({ isSynchronised: false, batteryMs: 0 });
    sim.system.stepWall(12 * HOUR);
    sim.facts.isSynchronised = true;
    await sim.pass(12 * SECOND);
    return sim;
  },
  'loss of synchronisation, or of the battery clock': async () => {
    const sim = await cabinetOf({ batteryMs: 0 });
    sim.facts.isSynchronised = false;
    sim.facts.batteryMs = null;
    await sim.pass(2 * MINUTE);
    return sim;
  },
  'unknown time (`none`, `restored`)': () => cabinetOf({ aheadMs: -12 * HOUR, isSynchronised: false }),
  'system and battery clock apart at the start, no synchronisation': () => cabinetOf({ isSynchronised: false, batteryMs: -11 * MINUTE }),
  'restart of the agent while the system clock is not believed': async () => {
    const sim = await stepped({}, -10 * HOUR);
    await sim.restart();
    return sim;
  },
};

async function stepped(start: Start, byMs: number): Promise<Sim> {
  const sim = await cabinetOf(start);
  sim.system.stepWall(byMs);
  await sim.pass(3 * SECOND);
  return sim;
}

const rows = pageRows();
t.strictSame([...rows.keys()].sort(), Object.keys(FAULTS).sort(), 'each fault of the page is done here, and each done here is on the page');
for (const [fault, verdicts] of rows) {
  t.test(fault, { timeout: 80_000 }, async (t) => {
    const sim = await (FAULTS[fault] ?? (() => cabinetOf({})))();
    // Those that let time pass come last.
    for (const column of [0, 4, 3, 2, 1]) t.equal(await MEASURES[column]?.(sim), verdicts[column], COLUMNS[column] ?? '');
    await sim.parts.control.stop();
    sim.parts.energy.stop();
  });
}
