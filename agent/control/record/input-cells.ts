/**
 * Turns the inputs of a decision into cells, reduced to what a decision depends on, and finds the cells that changed since the last look.
 *
 * The reduction keeps the record small: the time of the newest presence, for example, changes at each poll but matters only once the sensor is clear.
 * What is left out here cannot be replayed, so each reduction follows from the code in `lighting/` that reads the input.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { Intent, LevelPct, PointId } from '../../core/words.ts';
import type { Detection, LightingSnapshot, LightingStreet, LitLamps, PhotocellState, SensorState } from '../../lighting/lighting.ts';
import { photocellVerdict } from '../../lighting/photocell.ts';
import { type Item, isSameCell } from './cell.ts';
import { CLOCK_WORDS, DETECTION_FLAG, detectionKey, PHOTOCELL_FLAG, QUALITY_WORDS, SENSOR_FLAG, VERDICT_WORDS } from './input-words.ts';

/** The inputs of one tick, and the lit lamps after its decision. */
export interface RecordedMoment {
  readonly snapshot: LightingSnapshot;
  /** By lamp: the floor that `notBelowFound` gets for it; lamps without one are absent. */
  readonly floors: ReadonlyMap<string, LevelPct>;
  /** The lit lamps after the decision. */
  readonly litAfter: LitLamps;
  /** It is day in all zones, with a high sun: sensors and detections have no effect, and are left out. False also by day with a low sun. */
  readonly isPlainDay: boolean;
}

/**
 * A change of a cell, which is one recorded input, such as the state of a sensor. `items`: its new values; null: the cell is gone. Shape:
 * `key` is its letter in `CELL_ITEMS`, a colon, and its id.
 */
export interface CellChange {
  readonly key: string;
  readonly items: readonly Item[] | null;
}

interface Known {
  items: Item[];
  look: number;
}

interface KnownIntent {
  readonly intent: Intent;
  readonly order: number;
  readonly text: string;
}

/** The second clock moves with the first; a smaller difference is the rounding of both. Units: ms. */
const CLOCK_ROUNDING_MS = 2;

/** The cells of the recorded inputs, reduced to what a decision depends on, and their changes. */
export class InputCells {
  readonly #cells = new Map<string, Map<string, Known>>();
  readonly #scratch: Item[] = [];
  readonly #cellConfigs: ReadonlyMap<PointId, NonNullable<LightingStreet['zones'][number]['photocell']>>;
  readonly #ageing: ReadonlySet<string>;
  readonly #hasWave: boolean;
  #written = new WeakSet<Detection>();
  #known = new Map<string, KnownIntent>();
  #nextOrder = 0;
  #look = 0;
  #changes: CellChange[] = [];

  constructor({ zones }: Pick<LightingStreet, 'zones'>) {
    this.#cellConfigs = new Map(
      zones.flatMap(({ photocell }) =>
        photocell === null ? [] : [[`${photocell.device}.${photocell.point}` as PointId, photocell] as const],
      ),
    );
    this.#ageing = new Set(zones.filter(({ constantLight }) => constantLight != null).flatMap(({ lamps }) => lamps));
    this.#hasWave = zones.some(({ presence }) => presence?.wave != null);
  }

  /** The next look returns all cells. */
  forget(): void {
    this.#cells.clear();
    this.#written = new WeakSet();
    this.#known = new Map();
  }

  /**
   * Returns the cells that changed, as far as a decision depends on it. `changedLamps`: the lamps whose decision changed at this tick; for
   * others, more burning hours are no change.
   */
  look(moment: RecordedMoment, changedLamps: ReadonlySet<string>): readonly CellChange[] {
    this.#look++;
    this.#changes = [];
    const { snapshot } = moment;
    if (!moment.isPlainDay) this.#sensing(snapshot);
    this.#sky(snapshot);
    this.#rules(snapshot);
    this.#requests(snapshot);
    this.#lampCells(moment, changedLamps);
    this.#dropUnseen();
    this.#lit(snapshot.lit, 'l');
    this.#lit(moment.litAfter, 'm');
    this.#clock(snapshot, this.#changes.length > 0 || changedLamps.size > 0);
    return this.#changes;
  }

  #sensing({ sensors, detections = [] }: LightingSnapshot): void {
    for (const [pointId, state] of sensors) {
      const scratch = this.#items(3);
      sensorItems(state, scratch);
      this.#put('s', pointId, scratch);
    }
    if (!this.#hasWave) return;
    for (const detection of detections) {
      if (this.#written.has(detection)) continue;
      this.#written.add(detection);
      this.#changes.push({ key: `d:${detectionKey(detection)}`, items: detectionItems(detection) });
    }
  }

  #sky({ photocells, nowMono }: LightingSnapshot): void {
    for (const [pointId, state] of photocells ?? []) {
      const config = this.#cellConfigs.get(pointId);
      if (config === undefined) continue;
      const flags = photocellFlags(state, photocellVerdict(state, config, nowMono));
      // The light itself changes with each cloud: it is kept as it was when the verdict changed.
      if (this.#isSameFirst('p', pointId, flags)) continue;
      const scratch = this.#items(2);
      scratch[0] = flags;
      scratch[1] = state.lux;
      this.#put('p', pointId, scratch);
    }
  }

  #rules({ traffic, rules, overRaised }: LightingSnapshot): void {
    for (const [zoneId, { step, sinceMono, flowPerH, runningPerH = null, fault = null }] of traffic ?? []) {
      const known = this.#cells.get('t')?.get(zoneId)?.items;
      const isSame = known !== undefined && known[0] === step && known[2] === flowPerH && known[4] === fault;
      if (isSame && known[1] === us(sinceMono)) this.#see('t', zoneId);
      else this.#put('t', zoneId, [step, us(sinceMono), flowPerH, runningPerH, fault]);
    }
    for (const [id, { holds, sinceMono, value = null }] of rules ?? []) {
      const flags = holds ? 1 : 0;
      const known = this.#cells.get('r')?.get(id)?.items;
      if (known?.[0] === flags && known[1] === us(sinceMono)) this.#see('r', id);
      else this.#put('r', id, [flags, us(sinceMono), value]);
    }
    for (const zoneId of overRaised ?? []) this.#put('o', zoneId, [1]);
  }

  #requests({ intents, programmes, nowMono }: LightingSnapshot): void {
    this.#intents(intents.filter(({ untilMono }) => nowMono < untilMono));
    const chosen = [...(programmes ?? [])].filter(([, { untilMono }]) => nowMono < untilMono);
    if (chosen.length > 0) this.#put('g', '', [JSON.stringify(chosen)]);
  }

  /** Each intent has a number that rises in their order: a removed one does not change the others. */
  #intents(inForce: readonly Intent[]): void {
    const known = new Map<string, KnownIntent>();
    let last = -1;
    for (const intent of inForce) {
      // Two intents of one id are two cells.
      const id = known.has(intent.id) ? `${intent.id}\n${known.size}` : intent.id;
      const before = this.#known.get(id);
      const order = before !== undefined && before.order > last ? before.order : this.#nextOrder++;
      const text = before?.intent === intent ? before.text : JSON.stringify(plainIntent(intent));
      last = order;
      known.set(id, { intent, order, text });
      this.#put('i', id, [order, text]);
    }
    this.#known = known;
  }

  #lampCells({ snapshot, floors }: RecordedMoment, changedLamps: ReadonlySet<string>): void {
    for (const [lampId, { levelPct, untilMono }] of snapshot.holds ?? []) this.#put('h', lampId, [levelPct, us(untilMono)]);
    for (const [lampId, levelPct] of floors) this.#put('f', lampId, [levelPct]);
    for (const lampId of this.#ageing) {
      const h = snapshot.burningH?.get(lampId);
      if (h === undefined) continue;
      // It grows all the time, but only a change of the level shows it.
      if (this.#cells.get('b')?.has(lampId) === true && !changedLamps.has(lampId)) this.#see('b', lampId);
      else this.#put('b', lampId, [h]);
    }
  }

  /** Compares the lit lamps with those that are known; changes are written under `as`. */
  #lit(lit: LitLamps | undefined, as: 'l' | 'm'): void {
    const known = this.#cellsOf('l');
    for (const lampId of known.keys()) {
      if (lit?.has(lampId) === true) continue;
      known.delete(lampId);
      this.#changes.push({ key: `${as}:${lampId}`, items: null });
    }
    for (const [lampId, mono] of lit ?? []) {
      const items = [mono === null ? null : us(mono)];
      const before = known.get(lampId);
      if (before !== undefined && isSameCell(before.items, items)) continue;
      known.set(lampId, { items, look: 0 });
      this.#changes.push({ key: `${as}:${lampId}`, items });
    }
  }

  #clock({ clockQuality, otherMs = null, nowMs }: LightingSnapshot, isExact: boolean): void {
    const items = [CLOCK_WORDS.indexOf(clockQuality), otherMs === null ? null : Math.round(otherMs - nowMs)];
    const known = this.#cells.get('c')?.get('')?.items;
    const [before, now] = [known?.[1], items[1]];
    const isNear = typeof before === 'number' && typeof now === 'number' && Math.abs(before - now) <= CLOCK_ROUNDING_MS;
    if (!isExact && isNear && known?.[0] === items[0]) return;
    this.#put('c', '', items);
  }

  #cellsOf(letter: string): Map<string, Known> {
    let cells = this.#cells.get(letter);
    if (cells === undefined) {
      cells = new Map();
      this.#cells.set(letter, cells);
    }
    return cells;
  }

  #items(length: number): Item[] {
    this.#scratch.length = length;
    return this.#scratch;
  }

  #isSameFirst(letter: string, id: string, first: Item): boolean {
    const known = this.#cells.get(letter)?.get(id);
    if (known?.items[0] !== first) return false;
    known.look = this.#look;
    return true;
  }

  #see(letter: string, id: string): void {
    const known = this.#cells.get(letter)?.get(id);
    if (known !== undefined) known.look = this.#look;
  }

  #put(letter: string, id: string, items: readonly Item[]): void {
    const cells = this.#cellsOf(letter);
    const known = cells.get(id);
    if (known !== undefined && isSameCell(known.items, items)) {
      known.look = this.#look;
      return;
    }
    const copy = [...items];
    if (known === undefined) cells.set(id, { items: copy, look: this.#look });
    else {
      known.items = copy;
      known.look = this.#look;
    }
    this.#changes.push({ key: `${letter}:${id}`, items: copy });
  }

  #dropUnseen(): void {
    for (const [letter, cells] of this.#cells) {
      if (letter === 'l' || letter === 'c') continue;
      for (const [id, { look }] of cells) {
        if (look === this.#look) continue;
        cells.delete(id);
        this.#changes.push({ key: `${letter}:${id}`, items: null });
      }
    }
  }
}

/** Units: microseconds. */
function us(mono: MonoMs): number {
  return Math.round(mono * 1_000);
}

/** While a sensor answers and detects a person, its last presence has no effect. */
function sensorItems({ present, stuck = false, quality, sinceMono, lastPresentMono }: SensorState, items: Item[]): void {
  const isPresent = present && (quality === 'good' || quality === 'stale') && !stuck;
  items[0] = (present ? SENSOR_FLAG.present : 0) + (stuck ? SENSOR_FLAG.stuck : 0) + QUALITY_WORDS.indexOf(quality) * SENSOR_FLAG.quality;
  items[1] = sinceMono === null ? null : us(sinceMono);
  items[2] = lastPresentMono === null || isPresent ? null : us(lastPresentMono);
}

function photocellFlags({ isDoubtful = false, lux }: PhotocellState, verdict: PhotocellState['says']): number {
  return VERDICT_WORDS.indexOf(verdict) + (isDoubtful ? PHOTOCELL_FLAG.doubtful : 0) + (lux === null ? PHOTOCELL_FLAG.noValue : 0);
}

function detectionItems({ atMono, isRelayed, speedKmh, direction, beforeM = 0 }: Detection): readonly Item[] {
  const way = direction === null ? 0 : direction === 1 ? DETECTION_FLAG.up : DETECTION_FLAG.down;
  return [us(atMono), (isRelayed ? DETECTION_FLAG.relayed : 0) + way, speedKmh, beforeM === 0 ? null : beforeM];
}

/** A contact renews its request at each reading: its times follow from the instant. */
function plainIntent(intent: Intent): unknown {
  const { startBy: _, ...plain } = intent;
  return intent.authority === 'site' ? { ...plain, sinceMs: 0, untilMs: 0, untilMono: 0 } : plain;
}
