/**
 * Answers commands: refusals, repetitions and ends. Every end is on disk before it is sent, unless the
 * disk refuses it or takes more than 2 s, and is sent again until the broker has it.
 *
 *     refuse ──► answered already? ── yes ──► repeat
 *        │ no
 *        ▼
 *     record on disk ──► outbox ──► broker has it ──► marked as reported
 *        ▲
 *     finish (verified, failed)
 */

import type { Clock } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log, Store } from '../../core/ports.ts';
import { createTokenBucket, type TokenBucket } from '../../core/token-bucket.ts';
import { within } from '../../core/within.ts';
import type { CommandTarget, Outcome } from '../../core/words.ts';
import { createOutbox, type Outbox } from '../outbox.ts';
import { type CommandRecord, isFinal, stageOf } from './command-record.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { CommandRefusal } from './commands.ts';
import type { OutcomeKind } from './outcome-metrics.ts';

/** The dependencies with which `CommandAnswers` is created. */
export interface CommandAnswersParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Gets an entry for each command that ended as `verified` or `failed`, and for refusals up to a rate. */
  readonly audit: Pick<Store['audit'], 'note'>;
  /** The commands that are remembered, with their states. */
  readonly registry: CommandRegistry;
  /** Gets the notices `command-ended` and `command-refused`. */
  readonly events: EventTracker;
  /** Sends the platform the state of a command, without proof that it arrives. */
  readonly onAnswer: (outcome: Outcome, kind: OutcomeKind) => void;
}

/** Refusals and repetitions that are answered; further ones are only counted. Source: assumed; a person tries less often. Confirmed by: a week of logs of a cabinet with a platform. */
const ANSWERS = { burst: 60, perS: 1 };
/** Refusals that are written to the audit log. Source: assumed; many of them must not displace the actions that were carried out. Confirmed by: the audit logs of a year of cabinets. */
const AUDITED_REFUSALS = { burst: 30, perS: 1 / 60 };
/** Longest wait for a record to be on disk. Units: ms. Source: assumed; a flush takes tens of ms. Confirmed by: bench `store device` on the gateway. */
const SAVE_MS = 2_000;

/**
 * Sends the platform the ends of commands, refusals, and answers to repeated commands. Refusals and repetitions above a rate are not
 * answered. An end as `verified` or `failed` gets an audit entry and a notice, and so does a refusal by `refuse`, up to a rate.
 */
export class CommandAnswers {
  /**
   * The ends and refusals that are sent until the broker has them. A refusal with `hasOwnId` false is not in it: it is sent once.
   */
  readonly outbox: Outbox<Outcome>;
  /** Messages refused so far, with or without an answer. */
  refused = 0;
  readonly #parts: CommandAnswersParts;
  readonly #answers: TokenBucket;
  readonly #auditedRefusals: TokenBucket;
  /** Ends and refusals that are being saved, by id of the command. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(parts: CommandAnswersParts) {
    const { clock, log, registry, onAnswer } = parts;
    this.#parts = parts;
    this.#answers = createTokenBucket(clock, ANSWERS);
    this.#auditedRefusals = createTokenBucket(clock, AUDITED_REFUSALS);
    this.outbox = createOutbox({
      log,
      idOf: ({ commandId }) => commandId,
      send: (outcome) => onAnswer(outcome, registry.find(outcome.commandId)?.kind ?? 'refused'),
      onProven: (outcomes) => registry.markReported(outcomes.map(({ commandId }) => commandId)),
    });
  }

  /** Stores the end of a command, then queues it to be sent; also if the disk fails or does not respond in time. */
  finish(outcome: Outcome, record: CommandRecord): void {
    this.#afterSaved(this.#parts.registry.end(outcome), outcome.commandId, () => {
      this.#audit(outcome, record);
      this.outbox.add(outcome);
    });
  }

  /** Answers a repeated command with its current state, within the limit of answers. An end that is being saved is sent only after that. */
  repeat(record: CommandRecord): void {
    if (this.#answers.take()) this.#answerAgain(record);
  }

  #answerAgain({ outcome, kind }: CommandRecord): void {
    if (this.#pending.has(outcome.commandId)) return;
    const present = { ...outcome, atMs: this.#parts.clock.wallMs() };
    if (isFinal(outcome.state)) this.outbox.add(present);
    else this.#parts.onAnswer(present, kind);
  }

  /**
   * Refuses a command. If a command with this id is remembered, its state is the answer. Above the limit of answers the refusal is only
   * counted.
   */
  refuse({ commandId, hasOwnId, reason }: CommandRefusal, target: CommandTarget): void {
    const { registry, clock, onAnswer } = this.#parts;
    this.refused += 1;
    const known = hasOwnId ? registry.find(commandId) : undefined;
    if (known !== undefined) this.repeat(known);
    if (known !== undefined || !this.#answers.take()) return;
    const atMs = clock.wallMs();
    const outcome = stageOf({ commandId, target, order: null }, { state: 'refused', reason, atMs });
    this.#notice(target, msg`refused: ${reason}`);
    if (this.#auditedRefusals.take()) this.#note(commandId, target.id, `refused: ${reason}`);
    if (hasOwnId) {
      const saving = registry.open({ commandId, kind: 'refused', digest: '', what: '', receivedMs: atMs, outcome });
      this.#afterSaved(saving, commandId, () => this.outbox.add(outcome));
    } else onAnswer(outcome, 'refused');
  }

  /**
   * Refuses a command whose id was used for another one. Raises an event and answers with the state of the first, both only within
   * the limit of answers.
   */
  refuseReusedId(known: CommandRecord, target: CommandTarget): void {
    this.refused += 1;
    if (!this.#answers.take()) return;
    this.#notice(target, msg`refused: the id ${known.commandId} was used before for another command; give each its own`);
    this.#answerAgain(known);
  }

  /** Waits for a limited time until the record is on disk. Logs a warning if it is not. */
  async waitSaved(saving: Promise<boolean>, commandId: string): Promise<void> {
    const { clock, log } = this.#parts;
    const isSaved = await within(clock, SAVE_MS, saving);
    if (isSaved !== true)
      log.event('uplink-command-not-saved', { commandId, check: 'the disk of store.dir; a restart forgets it' }, 'warning');
  }

  /** Resolves when the pending ends and refusals are on disk, or the disk has refused them or not answered in time. */
  async saved(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  #afterSaved(saving: Promise<boolean>, commandId: string, then: () => void): void {
    const work = this.waitSaved(saving, commandId).then(then);
    this.#pending.set(commandId, work);
    void work.finally(() => this.#pending.delete(commandId));
  }

  #audit({ state, reason, commandId, target, source }: Outcome, { what }: CommandRecord): void {
    if (state === 'refused') return;
    const hasReason = String(reason) !== '';
    const severity = state === 'failed' ? 'warning' : 'info';
    this.#note(`${what} (${commandId})`, target.id, hasReason ? `${state}, ${reason}` : state);
    const text = hasReason ? msg`${source}: ${what} (${commandId}): ${state}, ${reason}` : msg`${source}: ${what} (${commandId}): ${state}`;
    this.#parts.events.notice({ code: 'command-ended', source: target.id, severity, text });
  }

  #notice(target: CommandTarget, text: Message): void {
    this.#parts.events.notice({ code: 'command-refused', source: target.id, severity: 'warning', text });
  }

  #note(what: string, target: string, result: string): void {
    this.#parts.audit.note({ user: '', role: '', door: 'platform', action: 'command', detail: `${target}: ${what}`, result });
  }
}
