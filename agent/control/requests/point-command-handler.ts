/**
 * Values that the platform writes to points of devices, outside of the light.
 *
 * Owns which points are nobody else's, and the stages of such a command. What the profile lets a point take is the field's to check again.
 */
import type { Clock } from '../../core/clock.ts';
import type { Field, PointRequest } from '../../core/ports.ts';
import type { Outcome, OutcomeState, PointId } from '../../core/words.ts';

export interface PointCommandHandler {
  /** Resolves with the end. `refusal`: why nothing may be written now; empty when it may. */
  write(request: PointRequest, refusal: string): Promise<Outcome>;
}

export function createPointCommandHandler({
  owners,
  clock,
  field,
  onOutcome,
}: {
  /** By point: what follows zones and rules there, or the lamp that has its level there. */
  readonly owners: ReadonlyMap<PointId, string>;
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint'>;
  readonly onOutcome: (outcome: Outcome) => void;
}): PointCommandHandler {
  return {
    async write({ commandId, deviceId, pointId, value, source, expiresMono }, refusal) {
      const tell = (state: OutcomeState, reason = ''): Outcome => {
        const target = { kind: 'device', id: deviceId } as const;
        const outcome = { commandId, target, levelPct: null, state, reason, lamps: {}, source, atMs: clock.wallMs() };
        onOutcome(outcome);
        return outcome;
      };
      tell('received');
      const owner = owners.get(pointId);
      if (refusal !== '') return tell('refused', refusal);
      if (owner !== undefined) return tell('refused', `${pointId} follows ${owner}: what is written there would be undone at once`);
      tell('queued');
      const result = await field.writePoint({ pointId, value, lane: 'command', expiresMono });
      if (result.sentMono !== null) tell('sent');
      return result.state === 'verified' ? tell('verified') : tell('failed', result.reason);
    },
  };
}
