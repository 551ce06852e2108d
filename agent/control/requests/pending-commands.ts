/**
 * The commands whose senders still wait for an answer: publishes each of their stages once and resolves their promises.
 *
 * Which stage a command is in is decided in `commands`.
 */
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/words.ts';
import {
  abandonCommand,
  advanceCommand,
  beginCommand,
  isEnd,
  type LampWork,
  type LightCommand,
  outcomeOf,
  outcomesBetween,
} from './commands.ts';

/** A command as it arrives. */
export type Incoming = Pick<LightCommand, 'commandId' | 'target' | 'levelPct' | 'source' | 'intentId'>;

export interface PendingCommands {
  /** Publishes a stage that does not depend on lamps, and returns it. */
  publish(incoming: Incoming, state: 'received' | 'refused' | 'verified', reason?: string): Outcome;
  /** Starts to follow a command; resolves with its final outcome. */
  open(incoming: Incoming, lampIds: readonly string[]): Promise<Outcome>;
  /** Checks the lamps of all open commands. */
  advance(): void;
  /** Ends all open commands as failed. */
  abandonAll(reason: string): void;
}

interface Waiting {
  command: LightCommand;
  readonly resolve: (outcome: Outcome) => void;
}

export function createPendingCommands({
  clock,
  workOf,
  onOutcome,
}: {
  readonly clock: Clock;
  readonly workOf: (lampId: string) => LampWork | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
}): PendingCommands {
  const waiting = new Set<Waiting>();
  const publish = (outcome: Omit<Outcome, 'atMs'>): Outcome => {
    const published = { ...outcome, atMs: clock.wallMs() };
    onOutcome(published);
    return published;
  };
  const move = (entry: Waiting, next: LightCommand): void => {
    const stages = outcomesBetween(entry.command, next);
    entry.command = next;
    if (isEnd(next.state)) waiting.delete(entry);
    const last = stages.map(publish).at(-1);
    if (last !== undefined && isEnd(last.state)) entry.resolve(last);
  };
  return {
    publish: ({ commandId, target, levelPct, source }, state, reason = '') =>
      publish({ commandId, target, levelPct, state, reason, lamps: {}, source }),
    open(incoming, lampIds) {
      const command = beginCommand({ ...incoming, sinceMono: clock.monoMs() }, lampIds);
      return new Promise((resolve) => {
        waiting.add({ command, resolve });
        publish(outcomeOf(command));
      });
    },
    advance() {
      for (const entry of [...waiting]) if (waiting.has(entry)) move(entry, advanceCommand(entry.command, workOf, clock.monoMs()));
    },
    abandonAll(reason) {
      for (const entry of [...waiting]) move(entry, abandonCommand(entry.command, reason));
    },
  };
}
