/** What the watch keeps over a restart: learned curves and open faults, as plain JSON. */
import { isRecord } from '../../core/is-record.ts';
import { Message } from '../../core/message.ts';
import { withMessages, withTexts } from '../../core/message-wire.ts';
import type { AgentEvent } from '../../core/words.ts';
import { BANDS, type LearnedLamp } from './level-curve.ts';
import type { WatchEngine } from './watch-engine.ts';
import type { WatchPlan } from './watch-plan.ts';

/** A fault that is open when the state is stored. `kind` (such as `lamp`) and `fault` (its event code) as in `WatchChange`. */
export interface OpenFault {
  readonly kind: string;
  readonly fault: string;
  readonly event: AgentEvent;
}

/**
 * Returns the state to store: medians and references of lamps and meters, by id, and the open faults. A meter also has its highest
 * unexpected loads of the last days. Shape: JSON.
 */
export function storedWatch({ lamps, meters }: WatchPlan, engine: WatchEngine, open: readonly OpenFault[]): unknown {
  return {
    v: 1,
    lamps: Object.fromEntries(
      lamps.map(({ id, ratedPowerW }, at) => [
        id,
        { ratedPowerW, power: engine.lamps.power.stored(at), powerFactor: engine.lamps.powerFactor.stored(at) },
      ]),
    ),
    meters: Object.fromEntries(
      meters.map(({ id }, at) => [
        id,
        { ...engine.meters.learned.stored(at), ownDay: engine.meters.own.day.stored(at), ownNight: engine.meters.own.night.stored(at) },
      ]),
    ),
    open: withTexts(open),
  };
}

/**
 * Restores the stored curves of lamps and meters of the plan, and the own loads of its meters. Returns the stored open faults, also those
 * of sources outside the plan. What cannot be read is left out, and so are the curves of a lamp whose rated power is another one.
 */
export function restoreWatch(stored: unknown, { lamps, meters }: WatchPlan, engine: WatchEngine): readonly OpenFault[] {
  if (!isRecord(stored) || stored['v'] !== 1) return [];
  const ofLamps = isRecord(stored['lamps']) ? stored['lamps'] : {};
  for (const [at, { id, ratedPowerW }] of lamps.entries()) {
    const lamp = ofLamps[id];
    if (!isRecord(lamp) || lamp['ratedPowerW'] !== ratedPowerW) continue;
    const [power, powerFactor] = [curveIn(lamp['power']), curveIn(lamp['powerFactor'])];
    if (power !== undefined) engine.lamps.power.restore(at, power);
    if (powerFactor !== undefined) engine.lamps.powerFactor.restore(at, powerFactor);
  }
  const ofMeters = isRecord(stored['meters']) ? stored['meters'] : {};
  for (const [at, { id }] of meters.entries()) {
    const meter = ofMeters[id];
    const curve = curveIn(meter);
    if (curve !== undefined) engine.meters.learned.restore(at, curve);
    if (!isRecord(meter)) continue;
    engine.meters.own.day.restore(at, meter['ownDay']);
    engine.meters.own.night.restore(at, meter['ownNight']);
  }
  const open = withMessages(stored['open']);
  return Array.isArray(open) ? open.filter(isOpenFault) : [];
}

function curveIn(value: unknown): LearnedLamp | undefined {
  if (!isRecord(value)) return undefined;
  const { medians, references } = value;
  return isRow(medians) && isRow(references) ? { medians, references } : undefined;
}

function isRow(value: unknown): value is readonly (number | null)[] {
  return Array.isArray(value) && value.length === BANDS && value.every((each) => each === null || Number.isFinite(each));
}

function isOpenFault(value: unknown): value is OpenFault {
  if (!isRecord(value) || typeof value['kind'] !== 'string' || typeof value['fault'] !== 'string' || !isRecord(value['event']))
    return false;
  const { id, source, text, startMs } = value['event'];
  return typeof id === 'string' && typeof source === 'string' && text instanceof Message && typeof startMs === 'number';
}
