/**
 * Handles update requests of the platform: runs them, reports their outcome, and publishes the release as metrics of the node.
 */

import type { Clock } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Uplink } from '../../core/ports.ts';
import type { UpdateAnswer, UpdateManager, UpdateOrder, UpdatePart } from '../../core/updates.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
import { UPDATE_SHOWN } from '../../sync/commands/command-metrics.ts';

/** The update manager, and where outcomes and metrics of updates go. */
export interface PlatformUpdatesParts {
  /** Null if this run accepts no updates. */
  readonly manager: UpdateManager | null;
  /** The target of the outcomes. */
  readonly cabinetId: string;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  readonly uplink: Pick<Uplink, 'update'>;
  /** Receives each stage of a request: `received`, `verified` or `refused`. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Bytes of updates that the platform may write in a day, because flash wears out. Source: the largest update file, eight of today's. Units: bytes. */
const DAILY_BYTES = 268_435_456;

interface ByteBudget {
  /** Wait until this many bytes may be written. Units: ms; 0 for no wait. */
  waitMs(bytes: number): number;
  take(bytes: number): void;
}

/** A day begins with its first byte. The count is only in memory, because the platform cannot restart the agent. */
function createByteBudget(clock: Pick<Clock, 'monoMs'>): ByteBudget {
  let [sinceMono, taken] = [Number.NEGATIVE_INFINITY, 0];
  const isOver = (): boolean => clock.monoMs() - sinceMono >= DAY_MS;
  return {
    waitMs: (bytes) => (isOver() || taken + bytes <= DAILY_BYTES ? 0 : sinceMono + DAY_MS - clock.monoMs()),
    take(bytes) {
      if (isOver()) [sinceMono, taken] = [clock.monoMs(), 0];
      taken += bytes;
    },
  };
}

/**
 * The handler of the update requests of the platform. It reports their stages, and publishes the running release with `show`; see
 * `createPlatformUpdates`.
 */
export type PlatformUpdates = ReturnType<typeof createPlatformUpdates>;

/**
 * Returns the handler of the platform's update requests. `onOutcome` receives the stages of a request: `received`, then `verified` if it
 * was carried out, otherwise `refused`. For an installation `verified` comes before the trial of the release. Without a `manager` each
 * request is only `refused`.
 */
export function createPlatformUpdates({ manager, cabinetId, clock, uplink, onOutcome }: PlatformUpdatesParts) {
  const report = (commandId: string, state: OutcomeState, reason: Message = NO_TEXT): void =>
    onOutcome({
      commandId,
      target: { kind: 'cabinet', id: cabinetId },
      levelPct: null,
      state,
      reason,
      lamps: {},
      source: 'platform',
      atMs: clock.wallMs(),
    });
  const update = (metric: string, value: string): void => uplink.update('', metric, { value, quality: 'good', atMs: clock.wallMs() });

  const budget = createByteBudget(clock);

  async function put(updates: UpdateManager, part: UpdatePart): Promise<UpdateAnswer> {
    const waitMs = budget.waitMs(part.data.length);
    if (waitMs > 0)
      return {
        isDone: false,
        text: msg`the ${DAILY_BYTES / 2 ** 20} MB of a day are used up: continue in ${Math.ceil(waitMs / HOUR_MS)} h`,
      };
    const answer = await updates.put(part);
    if (answer.isDone) budget.take(part.data.length);
    return answer;
  }

  function run(updates: UpdateManager, { ask }: UpdateOrder): Promise<UpdateAnswer> {
    if (ask.action === 'put') return put(updates, ask.part);
    return ask.action === 'install' ? updates.install(ask) : updates.revert(ask);
  }

  return {
    /** Carries out a request; `onOutcome` receives its stages. */
    async take(order: UpdateOrder): Promise<void> {
      const { commandId } = order;
      if (manager === null) return report(commandId, 'refused', msg`started this way, the agent accepts no updates`);
      report(commandId, 'received');
      const { isDone, text } = await run(manager, order);
      report(commandId, isDone ? 'verified' : 'refused', isDone ? NO_TEXT : text);
    },
    /** Publishes the running release, its state and the failed release; nothing if there is no `manager`. */
    async show(): Promise<void> {
      if (manager === null) return;
      const { release, state, failed } = await manager.status();
      update(UPDATE_SHOWN.release, release);
      update(UPDATE_SHOWN.state, state);
      update(UPDATE_SHOWN.failed, failed ?? '');
    },
  };
}
