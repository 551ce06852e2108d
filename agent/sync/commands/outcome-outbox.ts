/**
 * Gets the ends of commands to the broker, and again until it is proven that they are there.
 *
 * Owns which ends are on their way. A few at a time, each batch with a barrier behind it; what the link lost goes out again after the next
 * birth.
 */
import { UplinkError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';

export type Provable = Pick<MqttConnection, 'barrier'>;

export interface OutcomeOutbox {
  add(outcome: Outcome): void;
  open(link: Provable): void;
  close(): void;
  /** Resolves when all is proven, or the link is gone. */
  settled(): Promise<void>;
}

/** Ends before one barrier. Source: assumed; 64 of 300 bytes are a second of a slow cellular link. */
const BATCH = 64;

/** A post with nothing to deliver. */
export function createOutcomeOutbox({
  log,
  tell,
  onTold,
}: {
  readonly log: Log;
  /** Sends one; proves nothing. */
  readonly tell: (outcome: Outcome) => void;
  readonly onTold: (commandIds: readonly string[]) => void;
}): OutcomeOutbox {
  const waiting = new Map<string, Outcome>();
  let link: Provable | null = null;
  let running: { readonly link: Provable; readonly done: Promise<void> } | null = null;

  async function passes(current: Provable): Promise<boolean> {
    try {
      await current.barrier();
      return true;
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      log.event('uplink-barrier-failed', { code: error.code, message: error.message }, 'debug');
      return false;
    }
  }

  /** False when the link broke; who cut it opens another. */
  async function deliver(current: Provable): Promise<boolean> {
    while (link === current && waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const outcome of batch) tell(outcome);
      if (!(await passes(current)) || link !== current) return false;
      for (const outcome of batch) if (waiting.get(outcome.commandId) === outcome) waiting.delete(outcome.commandId);
      onTold(batch.map(({ commandId }) => commandId));
    }
    return true;
  }

  function kick(): void {
    const current = link;
    if (current === null || running?.link === current || waiting.size === 0) return;
    const done = deliver(current).then((isWhole) => {
      if (running?.link !== current) return;
      running = null;
      // What came between the last look and now.
      if (isWhole) kick();
    });
    running = { link: current, done };
  }

  return {
    add(outcome) {
      waiting.set(outcome.commandId, outcome);
      kick();
    },
    open(opened) {
      link = opened;
      kick();
    },
    close() {
      link = null;
    },
    settled: () => running?.done ?? Promise.resolve(),
  };
}
