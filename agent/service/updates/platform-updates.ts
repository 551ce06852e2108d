/**
 * Requests of the platform to the update manager: runs them, reports their outcome, and shows the release as metrics of the node.
 */
import type { Clock } from '../../core/clock.ts';
import type { Uplink } from '../../core/ports.ts';
import type { UpdateAnswer, UpdateManager, UpdateOrder } from '../../core/updates.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
import { UPDATE_SHOWN } from '../../sync/commands/command-metrics.ts';

export interface PlatformUpdatesParts {
  /** Null where this run takes no updates. */
  readonly manager: UpdateManager | null;
  readonly cabinetId: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly uplink: Pick<Uplink, 'update'>;
  readonly onOutcome: (outcome: Outcome) => void;
}

export type PlatformUpdates = ReturnType<typeof createPlatformUpdates>;

/** Outcomes go to `onOutcome` as they are reached. */
export function createPlatformUpdates({ manager, cabinetId, clock, uplink, onOutcome }: PlatformUpdatesParts) {
  const report = (commandId: string, state: OutcomeState, reason = ''): void =>
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

  function run(updates: UpdateManager, { ask }: UpdateOrder): Promise<UpdateAnswer> {
    if (ask.action === 'put') return updates.put(ask.part);
    return ask.action === 'install' ? updates.install(ask) : updates.revert(ask);
  }

  return {
    /** Never rejects; the outcome is reported. */
    async take(order: UpdateOrder): Promise<void> {
      const { commandId } = order;
      if (manager === null) return report(commandId, 'refused', 'this run of the agent takes no updates');
      report(commandId, 'received');
      const { isDone, text } = await run(manager, order);
      report(commandId, isDone ? 'verified' : 'refused', isDone ? '' : text);
    },
    /** Publishes which release runs, and its state. */
    async show(): Promise<void> {
      if (manager === null) return;
      const { release, state, failed } = await manager.status();
      update(UPDATE_SHOWN.release, release);
      update(UPDATE_SHOWN.state, state);
      update(UPDATE_SHOWN.failed, failed ?? '');
    },
  };
}
