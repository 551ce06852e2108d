/** Builds the inputs of a decision from the state of the record at an instant. */
import { StoreError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { msg } from '../../core/message.ts';
import type { Intent, LevelPct, PointId } from '../../core/words.ts';
import type { Detection, LightingSnapshot, PhotocellState, ProgrammeChoice, SensorState } from '../../lighting/lighting.ts';
import { DETECTIONS_KEPT_MS } from '../../lighting/movers.ts';
import type { Item } from './cell.ts';
import { CLOCK_WORDS, DETECTION_FLAG, PHOTOCELL_FLAG, QUALITY_WORDS, SENSOR_FLAG, VERDICT_WORDS } from './input-words.ts';
import type { DetectionCell, RecordedState } from './record-decoder.ts';

/** The inputs of a decision. `floors`: the floor that `notBelowFound` gets, by lamp; lamps without one are absent. */
export interface RecordedInputs {
  readonly snapshot: LightingSnapshot;
  readonly floors: ReadonlyMap<string, LevelPct>;
}

/** How long a request of a contact lasts without another reading; the record does not keep its end. Units: ms. */
const RENEWED_MS = 3_600_000;

/**
 * Returns the inputs of a decision, built from the recorded state. `at`: the instant of that decision; default: that of the state. Units:
 * ms. The times of a contact's request, which the record does not keep, are counted from that instant. Errors: throws StoreError `corrupt`,
 * for example for texts that are no JSON.
 */
export function recordedInputs(
  state: RecordedState,
  at: { readonly nowMs: number; readonly nowMono: number } = nowOf(state),
): RecordedInputs {
  const sensors = new Map<PointId, SensorState>();
  const photocells = new Map<PointId, PhotocellState>();
  const maps = { traffic: new Map(), rules: new Map(), holds: new Map(), burningH: new Map<string, number>() };
  const floors = new Map<string, LevelPct>();
  const overRaised = new Set<string>();
  const lit = new Map<string, number | null>();
  let [clock, programmes]: [readonly Item[], ReadonlyMap<string, ProgrammeChoice>] = [[0, null], new Map()];
  const requests: (readonly Item[])[] = [];
  for (const [key, { items }] of state.cells) {
    const id = key.slice(2);
    if (key.startsWith('s:')) sensors.set(id as PointId, sensorOf(items));
    else if (key.startsWith('p:')) photocells.set(id as PointId, photocellOf(items, at.nowMono));
    else if (key.startsWith('o:')) overRaised.add(id);
    else if (key.startsWith('f:')) floors.set(id, numberOf(items[0]));
    else if (key.startsWith('l:')) lit.set(id, monoOf(items[0]));
    else if (key.startsWith('c:')) clock = items;
    else if (key.startsWith('i:')) requests.push(items);
    else if (key.startsWith('g:')) programmes = new Map(listIn(items[0]) as readonly (readonly [string, ProgrammeChoice])[]);
    else putPlain(maps, key.charAt(0), id, items);
  }
  const [quality, otherMs] = clock;
  const snapshot = {
    ...at,
    clockQuality: CLOCK_WORDS[numberOf(quality)] ?? 'none',
    otherMs: typeof otherMs === 'number' ? at.nowMs + otherMs : null,
    ...{ sensors, photocells, overRaised, lit, programmes, ...maps },
    intents: requests.toSorted(([a], [b]) => numberOf(a) - numberOf(b)).map((items) => intentOf(items, at)),
    detections: detectionsOf(state.detections, at.nowMono),
  };
  return { snapshot, floors };
}

function nowOf({ nowMs, nowUs }: RecordedState): { readonly nowMs: number; readonly nowMono: number } {
  return { nowMs, nowMono: nowUs / 1_000 };
}

interface PlainMaps {
  readonly traffic: Map<string, unknown>;
  readonly rules: Map<string, unknown>;
  readonly holds: Map<string, unknown>;
  readonly burningH: Map<string, number>;
}

function putPlain({ traffic, rules, holds, burningH }: PlainMaps, letter: string, id: string, items: readonly Item[]): void {
  const [first, second, third, fourth, fifth] = items;
  if (letter === 't') {
    const flows = { flowPerH: third ?? null, ...(typeof fourth === 'number' ? { runningPerH: fourth } : {}) };
    traffic.set(id, { step: first ?? null, sinceMono: monoOf(second) ?? 0, ...flows, fault: fifth ?? null });
  }
  if (letter === 'r') rules.set(id, { holds: first === 1, sinceMono: monoOf(second) ?? 0, value: third ?? null });
  if (letter === 'h') holds.set(id, { levelPct: numberOf(first), untilMono: monoOf(second) ?? 0 });
  if (letter === 'b') burningH.set(id, numberOf(first));
}

function numberOf(item: Item | undefined): number {
  return typeof item === 'number' ? item : 0;
}

function monoOf(item: Item | undefined): number | null {
  return typeof item === 'number' ? item / 1_000 : null;
}

/** Without its last presence, which the record leaves out while it has no effect, the sensor detects a person now. */
function sensorOf([flags, since, last]: readonly Item[]): SensorState {
  const bits = numberOf(flags);
  const [present, stuck] = [(bits & SENSOR_FLAG.present) !== 0, (bits & SENSOR_FLAG.stuck) !== 0];
  const sinceMono = monoOf(since);
  return {
    ...{ present, stuck, sinceMono, lastPresentMono: monoOf(last) ?? (present ? sinceMono : null) },
    quality: QUALITY_WORDS[Math.floor(bits / SENSOR_FLAG.quality)] ?? 'missing',
  };
}

/** A state that has the recorded verdict now. */
function photocellOf([flags, lux]: readonly Item[], nowMono: number): PhotocellState {
  const bits = numberOf(flags);
  const says = VERDICT_WORDS[bits % PHOTOCELL_FLAG.doubtful] ?? null;
  const value = typeof lux === 'number' ? lux : null;
  return {
    ...{ lux: value, atMono: nowMono, belowMono: null, aboveMono: null, says },
    isDoubtful: (bits & PHOTOCELL_FLAG.doubtful) !== 0,
  };
}

function intentOf([, text]: readonly Item[], { nowMs, nowMono }: { readonly nowMs: number; readonly nowMono: number }): Intent {
  const intent = jsonOf(text) as Intent;
  if (!isRecord(intent) || typeof intent.id !== 'string') throw unreadable();
  const renewed = { sinceMs: nowMs, untilMs: nowMs + RENEWED_MS, untilMono: nowMono + RENEWED_MS };
  return intent.authority === 'site' ? { ...intent, ...renewed } : intent;
}

function listIn(text: Item | undefined): readonly unknown[] {
  const found = jsonOf(text);
  if (!Array.isArray(found)) throw unreadable();
  return found;
}

function jsonOf(text: Item | undefined): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw unreadable();
  }
}

function unreadable(): StoreError {
  return new StoreError('corrupt', msg`stored bytes: the requests of the record cannot be read`);
}

/** As the relay passes them on: own ones before relayed ones of the same time. */
function detectionsOf(cells: readonly DetectionCell[], nowMono: number): readonly Detection[] {
  const all = cells.map(detectionOf).filter(({ atMono }) => nowMono - atMono <= DETECTIONS_KEPT_MS);
  const [own, relayed] = [all.filter(({ isRelayed }) => !isRelayed), all.filter(({ isRelayed }) => isRelayed)];
  return [...own, ...relayed].sort((a, b) => a.atMono - b.atMono);
}

function detectionOf({ key, items: [at, flags, speedKmh, beforeM] }: DetectionCell): Detection {
  const [source = '', pole = ''] = key.split('\n');
  const bits = numberOf(flags);
  const direction = (bits & DETECTION_FLAG.up) !== 0 ? 1 : (bits & DETECTION_FLAG.down) !== 0 ? -1 : null;
  return {
    ...{ source, pole, atMono: monoOf(at) ?? 0, direction },
    isRelayed: (bits & DETECTION_FLAG.relayed) !== 0,
    speedKmh: typeof speedKmh === 'number' ? speedKmh : null,
    beforeM: numberOf(beforeM),
  };
}
