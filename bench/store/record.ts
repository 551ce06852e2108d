/**
 * Bytes a day of the record of decisions: 35 lamps with the wave, on a night with many people.
 *
 * The control of the light runs on the manual clock with a real database; only lamps and sensors are plain values.
 */
import { Control } from '../../agent/control/control.ts';
import { DecisionRecorder } from '../../agent/control/record/decision-recorder.ts';
import type { RecordFacts } from '../../agent/core/decision-record.ts';
import { HOUR_MS } from '../../agent/core/durations.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createRandom } from '../../test/street/random.ts';
import { lightingSite } from '../lighting/street.ts';
import { type BenchOptions, round } from '../result.ts';
import { scratchFolder } from '../undo.ts';

const LAMPS = 35;
const START_MS = Date.parse('2026-12-01T12:00:00+01:00');
const HOURS = { full: 24, quick: 8 };
/** People an hour, by the hour of the local day: a path in a town centre in winter. */
const busyPerH = (hour: number): number => (hour >= 16 && hour < 22 ? 60 : hour >= 22 || hour < 1 ? 25 : hour < 5 ? 6 : 40);
/** Walkers and cyclists. Units: m/s. */
const SPEEDS_MPS = [1.3, 1.5, 4.5, 6];
/** A person is in the range of a sensor for this long at 1 m/s. Units: ms. */
const RANGE_MS = 16_000;
/** A store so small that the record of a night does not fit. Units: megabytes. */
const SMALL_MEGABYTES = 3;

export async function recordBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const hours = quick ? HOURS.quick : HOURS.full;
  const normal = await recordDay({ hours, maxMegabytes: 512, progress });
  const note = `${LAMPS} lamps, ${normal.sensors} sensors, ${normal.people} people and ${normal.detections} detections in ${hours} h, wave`;
  const perDay = (bytes: number): number => Math.round((bytes * 24) / hours);
  emit({ bench: 'store', metric: 'record-bytes-per-day', value: perDay(normal.facts.bytes), unit: 'bytes a day', note });
  emit({
    bench: 'store',
    metric: 'record-bytes-per-detection',
    value: round(normal.facts.bytes / normal.detections, 2),
    unit: 'bytes',
    note,
  });
  emit({
    bench: 'store',
    metric: 'record-thinned-bytes-per-day',
    value: perDay(normal.keptBytes),
    unit: 'bytes a day',
    note: `${note}; without inputs`,
  });
  const small = await recordDay({ hours, maxMegabytes: SMALL_MEGABYTES, progress });
  const { thinned, thinnedToMs, droppedToMs, maxBytes, bytes } = small.facts;
  const text = (ms: number | null): string => (ms === null ? 'none' : new Date(ms).toISOString());
  emit({
    ...{ bench: 'store', metric: 'record-thinned-segments', value: thinned, unit: 'segments' },
    note: `with a record of ${maxBytes} bytes, ${bytes} used: thinned (inputs removed) up to ${text(thinnedToMs)}, removed up to ${text(droppedToMs)}`,
  });
}

interface Day {
  readonly facts: RecordFacts;
  /** What is left after thinning. Units: bytes. */
  readonly keptBytes: number;
  readonly detections: number;
  readonly people: number;
  readonly sensors: number;
}

async function recordDay({
  hours,
  maxMegabytes,
  progress,
}: {
  readonly hours: number;
  readonly maxMegabytes: number;
  readonly progress: (text: string) => void;
}): Promise<Day> {
  const { dir } = scratchFolder('bench');
  const { cabinet: street } = lightingSite({ poles: LAMPS, hasWave: true, dir });
  const clock = createManualClock(START_MS);
  const log = { event: () => {} };
  const store = createStore({
    dir,
    clock,
    log,
    commitSeconds: 10,
    maxMegabytes,
    maxDays: 400,
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  await store.start();
  const recorder = new DecisionRecorder({ street, store, log, version: 'bench', revision: () => 1 });
  const latest = new Map<PointId, Reading>();
  const control = new Control({
    ...{ street, clock, store, log, recorder, onEvent: () => {}, onOutcome: () => {}, onDecision: () => {} },
    field: {
      latest: (pointId) => latest.get(pointId),
      write: async () => ({ state: 'verified', sentMono: clock.monoMs() }),
      writePoint: async () => ({ state: 'verified', sentMono: clock.monoMs() }),
    },
  });
  await control.start();
  const people = sendPeople(clock, { control, latest, street, hours });
  for (let hour = 0; hour < hours; hour++) {
    await clock.advance(HOUR_MS);
    progress(`store: record, hour ${hour + 1}: ${people.count} people`);
  }
  const { detections } = control.counters();
  await control.stop();
  await store.compact();
  const pages = [];
  for (let afterId: number | null = 0; afterId !== null; ) {
    const page = await store.decisions({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, afterId });
    if (page === undefined) throw new Error('the store did not answer');
    pages.push(page);
    afterId = page.nextId;
  }
  const { record: facts } = await store.status();
  await store.stop();
  if (facts === undefined) throw new Error('the store has no record');
  const whole = pages.flatMap(({ segments }) => segments);
  const inputs = whole.reduce((sum, each) => sum + each.inputs.length, 0);
  const all = whole.reduce((sum, each) => sum + each.inputs.length + each.ticks.length + each.levels.length, 0);
  const sensors = street.zones.flatMap(({ presence }) => presence?.sensors ?? []).length;
  return { facts, keptBytes: facts.bytes * (1 - inputs / Math.max(1, all)), detections, people: people.count, sensors };
}

/** People who walk or ride past all sensors, one after the other, at random times. */
function sendPeople(
  clock: ManualClock,
  street: {
    readonly control: Control;
    readonly latest: Map<PointId, Reading>;
    readonly street: ReturnType<typeof lightingSite>['cabinet'];
    readonly hours: number;
  },
): { count: number } {
  const random = createRandom(11);
  const people = { count: 0 };
  const atM = new Map(street.street.poles.map((pole) => [pole.id, pole.atM]));
  const poleOf = new Map(street.street.lines.flatMap(({ devices }) => devices).map(({ id, pole }) => [id, pole ?? '']));
  const sensors = street.street.zones.flatMap(({ presence }) => presence?.sensors ?? []);
  const lengthM = Math.max(...atM.values());
  const inRange = new Map<PointId, number>();
  const sense = (pointId: PointId, change: number, threshold: number): void => {
    const number = (inRange.get(pointId) ?? 0) + change;
    inRange.set(pointId, number);
    const reading: Reading = {
      pointId,
      value: number > 0 ? threshold + 10 : 0,
      quality: 'good',
      atMono: clock.monoMs(),
      atMs: clock.wallMs(),
    };
    street.latest.set(pointId, reading);
    street.control.onReadings([reading]);
  };
  const one = (): void => {
    people.count++;
    const mps = SPEEDS_MPS[Math.floor(random() * SPEEDS_MPS.length)] ?? 1.3;
    const isBack = random() < 0.5;
    for (const { device, point, threshold } of sensors) {
      const m = atM.get(poleOf.get(device) ?? '') ?? 0;
      const atMs = ((isBack ? lengthM - m : m) / mps) * 1_000;
      clock.after(atMs, () => sense(`${device}.${point}`, 1, threshold));
      clock.after(atMs + RANGE_MS / mps, () => sense(`${device}.${point}`, -1, threshold));
    }
  };
  const next = (): void => {
    const hour = new Date(clock.wallMs() + HOUR_MS).getUTCHours();
    clock.after((-Math.log(1 - random()) * HOUR_MS) / busyPerH(hour), () => {
      one();
      next();
    });
  };
  for (const { device, point, threshold } of sensors) sense(`${device}.${point}`, 0, threshold);
  next();
  return people;
}
