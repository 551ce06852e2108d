/**
 * Commands of the platform that write a value to a point of a device, other than a lamp's level.
 *
 * Refuses points that follow a lamp or an output. The field checks again what the profile allows.
 */
import type { Clock } from '../../core/clock.ts';
import type { Field, PointRequest } from '../../core/ports.ts';
import type { Outcome, OutcomeState, PointId } from '../../core/words.ts';

export interface PointCommandHandler {
  /** Resolves with the final outcome. `refusal`: why nothing may be written now; empty when it may. */
  write(request: PointRequest, refusal: string): Promise<Outcome>;
}

export function createPointCommandHandler({
  owners,
  clock,
  field,
  onOutcome,
}: {
  /** By point: the output or the lamp that sets it. */
  readonly owners: ReadonlyMap<PointId, string>;
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint'>;
  readonly onOutcome: (outcome: Outcome) => void;
}): PointCommandHandler {
  return {
    async write({ commandId, deviceId, pointId, value, source, expiresMono }, refusal) {
      const publish = (state: OutcomeState, reason = ''): Outcome => {
        const target = { kind: 'device', id: deviceId } as const;
        const outcome = { commandId, target, levelPct: null, state, reason, lamps: {}, source, atMs: clock.wallMs() };
        onOutcome(outcome);
        return outcome;
      };
      publish('received');
      const owner = owners.get(pointId);
      if (refusal !== '') return publish('refused', refusal);
      if (owner !== undefined) return publish('refused', `${pointId} follows ${owner}: what is written there would be undone at once`);
      publish('queued');
      const result = await field.writePoint({ pointId, value, lane: 'command', expiresMono });
      if (result.sentMono !== null) publish('sent');
      return result.state === 'verified' ? publish('verified') : publish('failed', result.reason);
    },
  };
}
