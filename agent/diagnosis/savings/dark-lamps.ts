/** The power that lamps do not use because a fault keeps them dark, or may not use because they do not answer. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { AgentEvent, Decision, EventCode } from '../../core/words.ts';
import { powerW } from '../energy.ts';

/**
 * The power that lamps with a fault would take at their decided levels. `darkW`: of lamps that the fault keeps dark. `silentW`: of others
 * that do not answer: they may be lit. Units: W.
 */
export interface LostPower {
  readonly darkW: number;
  readonly silentW: number;
}

/** What the power is computed from. `feederOf`: returns the id of a lamp's own feeder, or that of the cabinet; null for an unknown lamp. */
export interface LostPowerFacts {
  readonly cabinet: Pick<Cabinet, 'lamps' | 'lines'>;
  /** The present decisions, one for each lamp. */
  readonly decisions: readonly Decision[];
  readonly feederOf: (lampId: string) => string | null;
}

/** Faults with which no lamp of the source has light. The source is a lamp, a feeder, or a meter for all lamps. */
const DARK: readonly EventCode[] = ['lamp-out', 'supply-lost', 'breaker-tripped', 'contactor-stuck-off'];
/** Faults with which a lamp does not answer. The source is a device or a line. */
const SILENT: readonly EventCode[] = ['unit-silent', 'line-silent', 'line-down'];
const NO_LOSS: LostPower = { darkW: 0, silentW: 0 };

/** Tracks the open faults that keep lamps dark or silent, and computes the power of those lamps. */
export class DarkLamps {
  readonly #open = new Map<string, Pick<AgentEvent, 'code' | 'source'>>();

  /** Takes the start or the end of such a fault; other events have no effect. */
  onEvent({ id, code, source, startMs, endMs }: AgentEvent): void {
    if (!DARK.includes(code) && !SILENT.includes(code)) return;
    if (endMs === null) this.#open.set(id, { code, source });
    else if (endMs >= startMs) this.#open.delete(id);
  }

  /**
   * Returns the power that the decided levels would take now, computed from rated powers, of the lamps with such a fault. A lamp with both
   * kinds counts as dark. `facts` is called only if such a fault is open.
   */
  lost(facts: () => LostPowerFacts): LostPower {
    if (this.#open.size === 0) return NO_LOSS;
    const { cabinet, decisions, feederOf } = facts();
    const open = [...this.#open.values()];
    const [dark, silent] = [DARK, SILENT].map(
      (codes) => new Set(open.flatMap(({ code, source }) => (codes.includes(code) ? [source] : []))),
    );
    const all = open.some(({ code, source }) => code === 'supply-lost' && isMeter(source, facts()));
    const lineOf = new Map(cabinet.lines.flatMap(({ id, devices }) => devices.map((device) => [device.id, id] as const)));
    let [darkW, silentW] = [0, 0];
    for (const { lampId, levelPct } of decisions) {
      const lamp = cabinet.lamps.find(({ id }) => id === lampId);
      if (lamp === undefined || levelPct <= 0) continue;
      const watts = powerW(lamp.ratedPowerW, levelPct);
      if (all || dark?.has(lampId) || dark?.has(feederOf(lampId) ?? '')) darkW += watts;
      else if (silent?.has(lamp.device) || silent?.has(lineOf.get(lamp.device) ?? '')) silentW += watts;
    }
    return { darkW, silentW };
  }
}

/** Whether the source of a lost supply is no feeder of a lamp, but the meter of the whole cabinet. */
function isMeter(source: string, { cabinet, feederOf }: LostPowerFacts): boolean {
  const isDevice = cabinet.lines.some(({ devices }) => devices.some(({ id }) => id === source));
  return isDevice && cabinet.lamps.every(({ id }) => feederOf(id) !== source);
}
