/** The commands whose senders still wait for an answer: publishes each of their stages once and resolves their promises. */
import type { Clock } from '../../core/clock.ts';
import { type Message, NO_TEXT } from '../../core/message.ts';
import { DISK_WAIT_MS, within } from '../../core/within.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
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

/** The fields of a command that are in each of its outcomes. There `levelPct` may become the confirmed level. */
export type CommandHead = Pick<Outcome, 'commandId' | 'target' | 'levelPct' | 'source'>;
/** A command for lamps before `PendingCommands` tracks it. `intentId`: the intent that it added; null for none. */
export type Incoming = Pick<LightCommand, 'commandId' | 'target' | 'levelPct' | 'source' | 'intentId'>;

interface Waiting {
  command: LightCommand;
  readonly resolve: (outcome: Outcome) => void;
  /** Null for a command that saves nothing. */
  readonly saved: Promise<boolean> | null;
}

/**
 * Publishes the stages of commands, and follows open commands for lamps to their final outcomes. Call `advance` regularly, because a
 * command also fails by time.
 */
export class PendingCommands {
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: Outcome) => void;
  readonly #workOf: (lampId: string) => LampWork | undefined;
  readonly #waiting = new Set<Waiting>();
  /** Commands that have ended and wait for the disk before they are published. */
  readonly #endings = new Set<Promise<unknown>>();

  /** `onOutcome` receives each stage. A lamp for which `workOf` returns undefined keeps its stage, also after its time limit. */
  constructor(clock: Clock, onOutcome: (outcome: Outcome) => void, workOf: (lampId: string) => LampWork | undefined) {
    this.#clock = clock;
    this.#onOutcome = onOutcome;
    this.#workOf = workOf;
  }

  /** Publishes a stage that does not depend on lamps, and returns it. */
  publish({ commandId, target, levelPct, source }: CommandHead, state: OutcomeState, reason: Message = NO_TEXT): Outcome {
    return this.#publish({ commandId, target, levelPct, state, reason, lamps: {}, source });
  }

  /**
   * As `publish`, once `saved` resolves or the wait for the disk ends. The outcome has `isSaved: false` unless `saved` resolved to true by
   * then. It never has `isSaved: true`.
   */
  async publishSaved(head: CommandHead, state: OutcomeState, saved: Promise<boolean>): Promise<Outcome> {
    const { commandId, target, levelPct, source } = head;
    const ending = this.#doubt(saved).then((doubt) =>
      this.#publish({ commandId, target, levelPct, state, reason: NO_TEXT, lamps: {}, source, ...doubt }),
    );
    this.#follow(ending);
    return ending;
  }

  /** Publishes a command as queued and tracks it. Resolves with its final outcome. `saved` null: the command saves nothing. */
  open(incoming: Incoming, lampIds: readonly string[], saved: Promise<boolean> | null = null): Promise<Outcome> {
    const command = beginCommand({ ...incoming, sinceMono: this.#clock.monoMs() }, lampIds);
    return new Promise((resolve) => {
      this.#waiting.add({ command, resolve, saved });
      this.#publish(outcomeOf(command));
    });
  }

  /** Checks the lamps and the age of all open commands, and publishes each new stage; a final one may be published later. */
  advance(): void {
    for (const entry of [...this.#waiting])
      if (this.#waiting.has(entry)) this.#move(entry, advanceCommand(entry.command, this.#workOf, this.#clock.monoMs()));
  }

  /** Ends all open commands as failed. Resolves once their outcomes are published. */
  async abandonAll(reason: Message): Promise<void> {
    for (const entry of [...this.#waiting]) this.#move({ ...entry, saved: null }, abandonCommand(entry.command, reason));
    this.#waiting.clear();
    await Promise.all(this.#endings);
  }

  async #doubt(saved: Promise<boolean>): Promise<Pick<Outcome, 'isSaved'>> {
    return (await within(this.#clock, DISK_WAIT_MS, saved)) === true ? {} : { isSaved: false };
  }

  #publish(outcome: Omit<Outcome, 'atMs'>): Outcome {
    const published = { ...outcome, atMs: this.#clock.wallMs() };
    this.#onOutcome(published);
    return published;
  }

  #move(entry: Waiting, next: LightCommand): void {
    const stages = outcomesBetween(entry.command, next);
    entry.command = next;
    if (isEnd(next.state)) this.#waiting.delete(entry);
    for (const stage of stages) {
      if (isEnd(stage.state)) this.#follow(this.#end(entry, stage));
      else this.#publish(stage);
    }
  }

  #follow(ending: Promise<unknown>): void {
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  /** The final outcome reports whether the command was saved, so it waits for the disk. */
  async #end({ saved, resolve }: Waiting, stage: Omit<Outcome, 'atMs'>): Promise<void> {
    resolve(this.#publish(saved === null ? stage : { ...stage, ...(await this.#doubt(saved)) }));
  }
}
