/**
 * Lamps that blink for the platform: their requests expire like any command, and the platform gets the list of lamps that blink.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { IdentifyRun } from '../../core/light-tools.ts';
import type { BlinkRequest } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Authorised, Intent, LevelPct } from '../../core/words.ts';
import { blinkId, type IdentifyHandler } from './identify.ts';

export interface RemoteBlinks {
  /** Begins or ends a blinking; returns a sentence where that is refused. Shape: `intentId` is null where it ends. */
  request(
    request: Authorised<BlinkRequest>,
    held: readonly Intent[],
  ): { readonly levelPct: LevelPct | null; readonly intentId: string | null } | string;
  /** Whether the lamp does not follow yet and the command may expire. */
  isPending(intentId: string): boolean;
  begun(intentIds: ReadonlySet<string>): void;
  /** Ends those whose command has expired, and publishes the lamps that blink where they changed. */
  tend(): void;
}

export function createRemoteBlinks(
  identify: IdentifyHandler,
  clock: Pick<Clock, 'monoMs'>,
  onBlinks: (running: ReadonlyMap<string, number>) => void,
): RemoteBlinks {
  const pending = new Map<string, { readonly expiresMono: MonoMs; readonly run: IdentifyRun }>();
  let published = '[]';
  return {
    request({ lamp, seconds, source, authority, expiresMono }, held) {
      try {
        if (seconds === 0) {
          identify.end(lamp, authority);
          return { levelPct: null, intentId: null };
        }
        const run = identify.start({ lamp, forMs: seconds * 1_000, source, authority, tell: () => {} }, held);
        if (expiresMono !== undefined) pending.set(blinkId(lamp), { expiresMono, run });
        return { levelPct: run.highPct, intentId: blinkId(lamp) };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return error.message;
      }
    },
    isPending: (intentId) => pending.has(intentId),
    begun(intentIds) {
      for (const id of intentIds) pending.delete(id);
    },
    tend() {
      for (const [id, { expiresMono, run }] of pending) {
        if (clock.monoMs() < expiresMono) continue;
        pending.delete(id);
        run.stop();
      }
      const running = identify.running();
      const now = JSON.stringify([...running]);
      if (now !== published) onBlinks(running);
      published = now;
    },
  };
}
