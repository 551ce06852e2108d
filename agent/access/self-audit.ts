/** The agent's own entries in its audit log: starts with their reasons, changes of release and configuration, steps of its clock, expiring certificates. */
import { type Clock, every, type Timer, type WallMs } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import { createTokenBucket } from '../core/token-bucket.ts';
import type { AgentEvent, EventCode } from '../core/words.ts';

const NOTED: ReadonlySet<EventCode> = new Set<EventCode>([
  'agent-started',
  'agent-stopped',
  'agent-restarted',
  'safe-mode',
  'update-installed',
  'update-confirmed',
  'update-reverted',
  'config-changed',
  'config-returned',
  'certificate-expires',
  'certificate-renewed',
  'certificate-refused',
  'clock-stepped',
]);
/** Interval between readings of the clock. Units: ms. */
const LOOK_MS = 10_000;
/** A larger change of the wall clock means that it was set; time servers that only slew it move it by 5 ms in this time. Units: ms. Source: reliability notes §4.1; adjtimex(8), 500 ppm. */
const STEP_MS = 2_000;
/** Limit of steps that are noted, so that two services fighting over the clock do not displace other entries. Source: assumed; a correct clock steps once a start. Confirmed by: a year of audit logs of a cabinet. */
const STEPS_NOTED = { burst: 20, perS: 1 / 3_600 };

/** The clock whose steps are observed, the log that receives each of these steps, and the audit log. */
export interface RecordParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: { readonly audit: Pick<Store['audit'], 'note'> };
}

/** Writes certain events of the agent, and larger steps of its clock, to the audit log. */
export interface SelfRecord {
  /**
   * Enters an event in the audit log if its code is one of a fixed set, such as `agent-started` or `config-changed`. Others have no effect.
   * The rate of `clock-stepped` is limited; over the limit it is not entered. `isEnd`: it is the end of a lasting event.
   */
  note(event: AgentEvent, isEnd: boolean): void;
  /** Begins to observe the wall clock. A second call has no effect, also after `stop`. */
  start(): void;
  stop(): void;
}

/**
 * Creates the writer of the agent's own entries in the audit log. From `start` to `stop` it also enters larger steps of the clock; their
 * rate is limited.
 */
export function createSelfRecord({ clock, log, store: { audit } }: RecordParts): SelfRecord {
  const steps = createTokenBucket(clock, STEPS_NOTED);
  let looks: Timer | null = null;
  const enter = (action: string, detail: string, result: string): void =>
    audit.note({ user: '', role: '', door: 'self', action, detail, result });

  function watchClock(): void {
    let aheadMs = clock.wallMs() - clock.monoMs();
    looks = every(clock, LOOK_MS, () => {
      const nowMs = clock.wallMs() - clock.monoMs();
      const stepMs = Math.round(nowMs - aheadMs);
      aheadMs = nowMs;
      if (Math.abs(stepMs) < STEP_MS) return;
      const fromMs = clock.wallMs() - stepMs;
      log.event('clock-set', { stepMs, quality: clock.quality() }, 'warning');
      if (!steps.take()) return;
      enter('clock-set', clockStepText(fromMs, stepMs), clock.quality());
    });
  }

  return {
    note({ code, text }, isEnd) {
      if (code === 'clock-stepped' && !steps.take()) return;
      if (NOTED.has(code)) enter(code, String(text), isEnd ? 'over' : 'ok');
    },
    start() {
      if (looks === null) watchClock();
    },
    stop() {
      looks?.cancel();
    },
  };
}

/** The detail of an entry `clock-set`. */
function clockStepText(fromMs: WallMs, stepMs: number): string {
  return `from ${new Date(fromMs).toISOString()} by ${Math.round(stepMs / 1_000)} s`;
}

/**
 * Reads the detail of an entry `clock-set` of this agent; null for a text of another form. `from`: the wall time before the step, in ISO
 * 8601 UTC; not checked. `byS`: the step in s, negative if the clock was set back.
 */
export function readClockStep(detail: string): { readonly from: string; readonly byS: number } | null {
  const [, from, byS] = /^from (\S+) by (-?\d+) s$/.exec(detail) ?? [];
  return from === undefined ? null : { from, byS: Number(byS) };
}
