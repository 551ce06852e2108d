/**
 * Lamps that blink for the platform.
 *
 * Owns which of them no lamp follows yet, so that they end with their command's expiry, and who hears which lamps blink.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { IdentifyRun } from '../../core/light-tools.ts';
import type { BlinkRequest } from '../../core/ports.ts';
import type { Intent, LevelPct } from '../../core/words.ts';
import { blinkId, type IdentifyHandler } from './identify.ts';

export interface RemoteBlinks {
  /** Begins or ends a blinking; a sentence where it cannot be. Shape: `intentId` is that of the wish, null where it ends. */
  ask(request: BlinkRequest, held: readonly Intent[]): { readonly levelPct: LevelPct | null; readonly intentId: string | null } | string;
  /** Not followed by its lamp yet, and its command expires. */
  isPending(intentId: string): boolean;
  begun(intentIds: ReadonlySet<string>): void;
  /** Ends those whose command has expired; tells which lamps blink where that changed. */
  tend(): void;
}

export function createRemoteBlinks(
  identify: IdentifyHandler,
  clock: Pick<Clock, 'monoMs'>,
  onBlinks: (running: ReadonlyMap<string, number>) => void,
): RemoteBlinks {
  const pending = new Map<string, { readonly expiresMono: MonoMs; readonly run: IdentifyRun }>();
  let told = '[]';
  return {
    ask({ lamp, seconds, source, expiresMono }, held) {
      try {
        if (seconds === 0) {
          identify.end(lamp, source);
          return { levelPct: null, intentId: null };
        }
        const run = identify.start({ lamp, forMs: seconds * 1_000, source, tell: () => {} }, held);
        if (expiresMono !== undefined) pending.set(blinkId(lamp), { expiresMono, run });
        return { levelPct: run.highPct, intentId: blinkId(lamp) };
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
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
      if (now !== told) onBlinks(running);
      told = now;
    },
  };
}
