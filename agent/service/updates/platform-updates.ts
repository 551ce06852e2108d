/**
 * The platform at the desk of updates: what it asks, how that ends, and what the node shows.
 *
 * Owns the texts of ends. The uplink hands over what arrives.
 */
import type { Clock } from '../../core/clock.ts';
import type { Uplink } from '../../core/ports.ts';
import type { UpdateAnswer, UpdateManager, UpdateOrder } from '../../core/updates.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
import { UPDATE_SHOWN } from '../../sync/commands/command-metrics.ts';

export interface PlatformUpdatesParts {
  /** Null where this run takes no updates. */
  readonly desk: UpdateManager | null;
  readonly cabinetId: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly uplink: Pick<Uplink, 'update'>;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface PlatformUpdates {
  take(order: UpdateOrder): Promise<void>;
  /** Which release runs, and how it stands. */
  show(): Promise<void>;
}

export function createPlatformUpdates({ desk, cabinetId, clock, uplink, onOutcome }: PlatformUpdatesParts): PlatformUpdates {
  const tell = (commandId: string, state: OutcomeState, reason = ''): void =>
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

  function ask(at: UpdateManager, { ask: asked }: UpdateOrder): Promise<UpdateAnswer> {
    if (asked.action === 'put') return at.put(asked.part);
    return asked.action === 'install' ? at.install(asked) : at.revert(asked);
  }

  return {
    async take(order) {
      const { commandId } = order;
      if (desk === null) return tell(commandId, 'refused', 'this run of the agent takes no updates');
      tell(commandId, 'received');
      const { isDone, text } = await ask(desk, order);
      tell(commandId, isDone ? 'verified' : 'refused', isDone ? '' : text);
    },
    async show() {
      if (desk === null) return;
      const { release, state, failed } = await desk.status();
      update(UPDATE_SHOWN.release, release);
      update(UPDATE_SHOWN.state, state);
      update(UPDATE_SHOWN.failed, failed ?? '');
    },
  };
}
