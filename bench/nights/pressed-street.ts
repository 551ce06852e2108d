/** The cabinet of one intersection: four lamps, and a button at each corner that the data has. It runs the real control on a manual clock. */
import { cabinetFrom } from '../../agent/config/load/load.ts';
import { Control } from '../../agent/control/control.ts';
import { DecisionRecorder } from '../../agent/control/record/decision-recorder.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import type { RecordPart, StoredRecord } from '../../agent/core/decision-record.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Field } from '../../agent/core/ports.ts';
import type { AgentEvent, PointId, Reading } from '../../agent/core/words.ts';
import { LEVELS_PCT } from '../street-cabinet.ts';

/** A change of a button, or null: nothing but time. Units: ms of wall time. */
export interface ButtonChange {
  readonly atMs: number;
  readonly button: string;
  readonly isDown: boolean;
  /** It is a press of the data, whose light is measured. */
  readonly isMeasured: boolean;
}

/** What a night at an intersection gave. */
export interface PressedNight {
  readonly presses: number;
  /** Presses after which some lamp had less than its level with presence two seconds later. */
  readonly unlit: number;
  /** Levels written to lamps in the night, without those of dusk and dawn. */
  readonly writes: number;
  readonly events: readonly AgentEvent[];
  readonly records: readonly StoredRecord[];
}

/** Units: ms. Source: the reconcile of a level on a line takes less; docs/adr/0060. */
const IN_TIME_MS = 2_000;
/** A button is read again this often while nothing happens. Units: ms. */
const POLL_MS = 60_000;
/** A written level is confirmed after this time. Units: ms. Source: one write and its reply at 19200 baud. */
const WRITE_MS = 20;

/** Returns the cabinet of an intersection with these buttons, with the defaults of the configuration. `holdS`: of presence. */
export function pressedCabinet(buttons: readonly string[], holdS: number): Cabinet {
  const lamps = ['L1', 'L2', 'L3', 'L4'];
  const document = {
    cabinet: { id: 'crossing', name: 'Crossing', latitudeDeg: 45.5, longitudeDeg: -122.7, timezone: 'America/Los_Angeles' },
    lines: [
      {
        id: 'street',
        port: '/dev/street',
        devices: [...lamps, ...buttons].map((id, at) => ({
          id,
          unit: at + 1,
          profile: 'wirenboard-wb-led',
          pole: lamps.includes(id) ? 'P1' : 'P1',
        })),
      },
    ],
    poles: [{ id: 'P1', atM: 0 }],
    lamps: lamps.map((id) => ({ id, ratedPowerW: 60, minPct: 10 })),
    zones: [
      {
        id: 'crossing',
        lamps,
        kind: 'street',
        programme: 'night',
        minPct: 10,
        presence: {
          ...{ holdS, boostPct: LEVELS_PCT.boost },
          sensors: buttons.map((device) => ({ device, point: 'pressed', kind: 'button', threshold: 1, ownHoldS: 0 })),
        },
      },
    ],
    programmes: [{ id: 'night', steps: [{ at: 'dusk', levelPct: LEVELS_PCT.base }] }],
  };
  const cabinet = cabinetFrom(document);
  if (cabinet === undefined) throw new Error('the cabinet of the intersection does not fit the schema');
  return cabinet;
}

/** Runs a night from `fromMs` to `toMs` with these changes, oldest first. */
export async function runPressedNight(
  cabinet: Cabinet,
  changes: readonly ButtonChange[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<PressedNight> {
  const clock = createManualClock(fromMs);
  const levels = new Map(cabinet.lamps.map(({ id }) => [id, 0]));
  const latest = new Map<PointId, Reading>();
  const [events, parts]: [AgentEvent[], RecordPart[]] = [[], []];
  let writes = 0;
  const field = lampField(clock, { levels, latest, onWrite: () => writes++ });
  const control = controlOf(cabinet, { clock, field, events, parts });
  const buttons = [...new Set(cabinet.zones.flatMap(({ presence }) => presence?.sensors.map(({ device }) => device) ?? []))];
  const down = new Set<string>();
  const read = (button: string): void => {
    const reading: Reading = {
      ...{ pointId: `${button}.pressed` as PointId, value: down.has(button) ? 1 : 0, quality: 'good' as const },
      ...{ atMono: clock.monoMs(), atMs: clock.wallMs() },
    };
    latest.set(reading.pointId, reading);
    control.onReadings([reading]);
  };
  const advanceTo = async (atMs: number): Promise<void> => {
    while (clock.wallMs() < atMs) {
      const pollMs = POLL_MS - ((clock.wallMs() - fromMs) % POLL_MS);
      await clock.advance(Math.min(pollMs, atMs - clock.wallMs()));
      if ((clock.wallMs() - fromMs) % POLL_MS === 0) buttons.forEach(read);
    }
  };
  await control.start();
  buttons.forEach(read);
  let [presses, unlit] = [0, 0];
  let checks: number[] = [];
  const look = async (untilMs: number): Promise<void> => {
    for (const dueMs of checks.filter((each) => each <= untilMs)) {
      await advanceTo(dueMs);
      if ([...levels.values()].some((level) => level < LEVELS_PCT.boost)) unlit++;
    }
    checks = checks.filter((each) => each > untilMs);
    await advanceTo(untilMs);
  };
  for (const { atMs, button, isDown, isMeasured } of changes) {
    await look(atMs);
    if (isDown) down.add(button);
    else down.delete(button);
    read(button);
    if (!isDown || !isMeasured) continue;
    presses++;
    checks.push(atMs + IN_TIME_MS);
  }
  await look(toMs);
  await control.stop();
  return { presses, unlit, writes, events, records: joined(parts) };
}

/** The control with its recorder. */
function controlOf(
  cabinet: Cabinet,
  {
    clock,
    field,
    events,
    parts,
  }: {
    readonly clock: ManualClock;
    readonly field: ReturnType<typeof lampField>;
    readonly events: AgentEvent[];
    readonly parts: RecordPart[];
  },
): Control {
  const log = { event: () => {} };
  const appendDecisions = (part: RecordPart): boolean => parts.push(part) > 0;
  const recorder = new DecisionRecorder({ street: cabinet, version: 'bench', revision: () => null, store: { appendDecisions }, log });
  return new Control({
    ...{ street: cabinet, clock, field, log, recorder },
    store: { save: async () => true, load: async () => undefined },
    onEvent: (event) => events.push(event),
    onOutcome: () => {},
    onDecision: () => {},
  });
}

/** Lamps that are plain values behind a field that takes 20 ms a write. */
function lampField(
  clock: ManualClock,
  {
    levels,
    latest,
    onWrite,
  }: { readonly levels: Map<string, number>; readonly latest: ReadonlyMap<PointId, Reading>; readonly onWrite: () => void },
): Pick<Field, 'write' | 'writePoint' | 'latest'> {
  return {
    latest: (pointId) => latest.get(pointId),
    writePoint: () => Promise.reject(new Error('there is no such point')),
    write: ({ lampId, levelPct, onSent }) => {
      onWrite();
      return new Promise((resolve) => {
        clock.after(WRITE_MS, () => {
          onSent?.(clock.monoMs());
          levels.set(lampId, levelPct);
          resolve({ state: 'verified', sentMono: clock.monoMs() });
        });
      });
    },
  };
}

/** As a store joins the parts of a segment. */
function joined(parts: readonly RecordPart[]): readonly StoredRecord[] {
  const groups: RecordPart[][] = [];
  for (const part of parts) {
    if (part.basis === null) groups.at(-1)?.push(part);
    else groups.push([part]);
  }
  return groups.flatMap((group, at) => {
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || first.basis === null || last === undefined) return [];
    const { basis, fromMs, fromMono, clockQuality, lost } = first;
    const all = (stream: 'ticks' | 'inputs' | 'levels'): Uint8Array => Uint8Array.from(Buffer.concat(group.map((part) => part[stream])));
    const label = { id: at + 1, run: 1, isCorrected: false, isThinned: false, isEnd: last.isEnd, lost, clockQuality };
    return [
      {
        ...label,
        basis,
        fromMs,
        toMs: last.toMs,
        fromMono,
        toMono: last.toMono,
        ticks: all('ticks'),
        inputs: all('inputs'),
        levels: all('levels'),
      },
    ];
  });
}
