/**
 * Receives the platform's commands and ensures that each valid one is carried out once.
 *
 *     message ──► id known? ── yes ──► answered again
 *        │ no
 *        ▼
 *     within the rate? ──► id on disk ──► not expired? ──► carried out ──► end on disk ──► broker has the end
 *        │ no                                │ no
 *        ▼                                   ▼
 *     refused                             failed
 *
 * The id is on disk before the command is carried out, so that a restart cannot repeat it. If the disk does not accept it within seconds, the
 * command is carried out anyway: lighting must not depend on a disk.
 */

import type { Clock } from '../../core/clock.ts';
import { createEventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log, PlatformOrder, Store } from '../../core/ports.ts';
import { createTokenBucket, type TokenBucket } from '../../core/token-bucket.ts';
import { within } from '../../core/within.ts';
import type { AgentEvent, Outcome, Target } from '../../core/words.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import type { Provable } from '../outbox.ts';
import type { MetricTable } from '../sparkplug/metric-table.ts';
import { CommandAnswers } from './command-answers.ts';
import { bringsOnlyLight, isOver } from './command-expiry.ts';
import { type CommandRecord, describeOrder, isFinal, stageOf } from './command-record.ts';
import { CommandRegistry, REMEMBERED } from './command-registry.ts';
import { type CommandContext, readDeviceCommand, readNodeCommand, type SoundCommand } from './commands.ts';
import { CopiedIds } from './copied-ids.ts';
import type { OutcomeKind } from './outcome-metrics.ts';
import { createReadLimit } from './read-limit.ts';

/** The dependencies with which `CommandInbox` is created, and its callbacks. */
export interface CommandInboxParts {
  /** The metrics by whose names and aliases commands are read. */
  readonly table: Pick<MetricTable, 'node' | 'devices'>;
  readonly cabinetId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For the remembered commands and the audit log. */
  readonly store: Pick<Store, 'save' | 'load' | 'loadAll' | 'audit'>;
  /** From 0 to below 1, for the id of a command that came without one. */
  readonly random: () => number;
  /** Whether a stored command is still being carried out. Default: none is. */
  readonly isOpen?: (commandId: string) => boolean;
  /** Receives an order to carry out. The id of its command is on disk, unless the disk failed or did not respond in time. */
  readonly onOrder: (order: PlatformOrder) => void;
  /** The platform requests new births. */
  readonly onRebirth: () => void;
  /**
   * A command was accepted, before its id is on disk; it may still fail. `deviceId`: empty for the cabinet. `expiresMs`: Command/Expires;
   * null if none was given.
   */
  readonly onTaken: (deviceId: string, commandId: string, expiresMs: number | null) => void;
  /** Sends the platform the state of a command, without proof that it arrives. `kind`: of its order, `refused`, or null. */
  readonly onAnswer: (outcome: Outcome, kind: OutcomeKind) => void;
  /** Receives the events `command-ended` and `command-refused`. */
  readonly onEvent: (event: AgentEvent) => void;
}

/** New commands. Source: assumed; each lamp of the largest usual cabinet once, then one by one as a person or a scene sends them. Confirmed by: a month of command logs of the largest cabinet. */
const COMMANDS = { burst: 120, perS: 2 };
/** Emergencies have a limit of their own beside it, so that a flood of other commands cannot block one. Source: assumed; each zone of a cabinet at once. Confirmed by: a month of command logs of the largest cabinet. */
const LIGHT_COMMANDS = { burst: 30, perS: 0.5 };
/** Longest wait for the records of earlier runs. Units: ms. Source: as for an override at start. */
const RESTORE_MS = 5_000;
const ID_CHARS = 36 ** 8;
const SHOWN_NAME = 64;
const TOO_MANY_UNEXPIRED = msg`${REMEMBERED.sound + REMEMBERED.unexpired} commands are remembered until their Command/Expires: give earlier ones, and a new id`;
const RESTARTED = msg`the agent restarted before the outcome was known: read what is in force now (Emergency/On, Override/Level, Programme/Choice, Config/Revision, or the metric of the output), then send it again with a new id`;

/**
 * Receives the platform's commands, checks them, and passes on the orders to `onOrder`. A command whose id is remembered is not passed on:
 * its answer, if any, is the state of the earlier one.
 */
export class CommandInbox {
  /** Messages passed to `nodeCommand` and `deviceCommand` so far, and those for which `admits` returned false. */
  received = 0;
  readonly #parts: CommandInboxParts;
  readonly #registry: CommandRegistry;
  readonly #copied: CopiedIds;
  readonly #answers: CommandAnswers;
  readonly #rate: TokenBucket;
  readonly #lightRate: TokenBucket;
  readonly #readLimit: ReturnType<typeof createReadLimit>;
  readonly #cabinet: Target;
  #isStopped = false;

  constructor(parts: CommandInboxParts) {
    const { clock, log, store, cabinetId, table, onAnswer, onEvent } = parts;
    this.#parts = parts;
    this.#cabinet = { kind: 'cabinet', id: cabinetId };
    this.#registry = new CommandRegistry(store, clock);
    this.#copied = new CopiedIds(store, clock);
    const events = createEventTracker(clock, onEvent);
    this.#answers = new CommandAnswers({ clock, log, audit: store.audit, registry: this.#registry, events, onAnswer });
    this.#rate = createTokenBucket(clock, COMMANDS);
    this.#lightRate = createTokenBucket(clock, LIGHT_COMMANDS);
    this.#readLimit = createReadLimit(clock, table);
  }

  /** Messages refused so far, with or without an answer. */
  get refused(): number {
    return this.#answers.refused;
  }

  /** Sends the ends of commands on this link from now on. */
  open(link: Provable): void {
    this.#answers.outbox.open(link);
  }

  /** Stops sending ends; those that the broker has not received wait for the next `open`. */
  close(): void {
    this.#answers.outbox.close();
  }

  /**
   * Loads the commands of earlier runs. One without an end ends as `failed`, unless `isOpen` reports it as still being carried out.
   * Resolves within a limited time, also if the disk does not respond. Call it before the first command.
   */
  async restore(): Promise<void> {
    const { clock, log, isOpen } = this.#parts;
    const restoring = this.#registry.restore().then((records) => {
      if (records === undefined) log.event('uplink-commands-not-restored', { check: 'the disk of store.dir' }, 'warning');
      for (const record of records ?? []) {
        const { outcome, isTold } = record;
        const isEnded = isFinal(outcome.state);
        if (!isEnded && isOpen?.(record.commandId) === true) continue;
        if (!isEnded) this.#answers.finish({ ...outcome, state: 'failed', reason: RESTARTED, atMs: clock.wallMs() }, record);
        else if (!isTold) this.#answers.outbox.add(outcome);
      }
    });
    await within(clock, RESTORE_MS, Promise.all([restoring, this.#copied.restore()]));
  }

  /**
   * Returns whether a message may be parsed; one above the limit counts as refused. Call it once for each message, before any
   * handler. `deviceId`: null for the node.
   */
  admits(message: InboundMessage, deviceId: string | null): boolean {
    if (this.#readLimit.admits(message, deviceId)) return true;
    this.received += 1;
    this.#answers.refused += 1;
    return false;
  }

  /** Handles a message to the node: a request for births, or a command for the cabinet. Call it only if `admits` returned true. */
  nodeCommand(message: InboundMessage): void {
    this.received += 1;
    const { table, onRebirth } = this.#parts;
    const command = readNodeCommand(message, { node: table.node, cabinet: this.#cabinet }, this.#context());
    if (command.kind === 'rebirth') onRebirth();
    else if (command.kind === 'refused') this.#answers.refuse(command, this.#cabinet);
    else if (command.kind === 'order') this.#handle(command);
  }

  /** Handles a command for a device. Call it only if `admits` returned true. One for an unknown device is refused. */
  deviceCommand(deviceId: string, message: InboundMessage): void {
    this.received += 1;
    const device = this.#parts.table.devices.get(deviceId);
    const command = readDeviceCommand(message, device, this.#context());
    if (command.kind === 'order') this.#handle(command);
    else this.#answers.refuse(command, device?.target ?? { kind: 'device', id: deviceId.slice(0, SHOWN_NAME).replace(/\p{C}/gu, '?') });
  }

  /**
   * Sends the platform the state of a command, and records it if the command is remembered here. A state after the end of such a command is
   * ignored.
   */
  note(outcome: Outcome): void {
    const { log, onAnswer } = this.#parts;
    const record = this.#registry.find(outcome.commandId);
    if (record === undefined) onAnswer(outcome, null);
    else if (isFinal(record.outcome.state)) log.event('uplink-second-end', { commandId: outcome.commandId, state: outcome.state }, 'debug');
    else if (isFinal(outcome.state)) this.#answers.finish(outcome, record);
    else {
      this.#registry.stage(outcome);
      onAnswer(outcome, record.kind);
    }
  }

  /**
   * Refuses new commands from now on. Resolves when pending ends are on disk, or the disk has failed, and the broker has them or sending
   * has stopped. Does not wait for an accepted command that is still being saved: it ends as `failed` after that.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#answers.saved();
    await this.#registry.close();
    await this.#answers.outbox.settled();
  }

  #handle(command: SoundCommand): void {
    const { commandId, hasOwnId, target, lifetime } = command;
    const refuse = (reason: Message): void => this.#answers.refuse({ kind: 'refused', commandId, hasOwnId, reason }, target);
    const known = this.#registry.find(commandId);
    if (known !== undefined) this.#handleKnown(known, command);
    else if (this.#isStopped) refuse(msg`the agent is stopping; send it again with a new id`);
    else if (lifetime.expiresMs !== null && !this.#registry.hasRoom(bringsOnlyLight(command.order))) refuse(TOO_MANY_UNEXPIRED);
    else if (!this.#mayTake(command))
      refuse(msg`too many commands: ${COMMANDS.burst} at once and ${COMMANDS.perS} a second at most; send it later with a new id`);
    else {
      const doubt = this.#copied.refusalOf(command);
      if (doubt === null) void this.#accept(command);
      else refuse(doubt);
    }
  }

  #mayTake({ order }: SoundCommand): boolean {
    return (bringsOnlyLight(order) && this.#lightRate.take()) || this.#rate.take();
  }

  #handleKnown(known: CommandRecord, { target, digest, lifetime }: SoundCommand): void {
    if (known.kind !== 'refused' && known.digest !== digest) this.#answers.refuseReusedId(known, target);
    else {
      if (known.kind !== 'refused') this.#registry.extend(known.commandId, lifetime);
      this.#answers.repeat(known);
    }
  }

  async #accept({ commandId, target, order, lifetime, digest }: SoundCommand): Promise<void> {
    const { clock, log, onTaken, onOrder } = this.#parts;
    const receivedMs = clock.wallMs();
    const outcome = stageOf({ commandId, target, order }, { state: 'received', reason: msg``, atMs: receivedMs });
    const saving = this.#registry.open({ commandId, kind: order.kind, digest, what: describeOrder(order), receivedMs, outcome }, lifetime);
    onTaken(target.kind === 'cabinet' ? '' : target.id, commandId, lifetime.expiresMs);
    await this.#answers.waitSaved(saving, commandId);
    const record = this.#registry.find(commandId);
    if (record === undefined) return;
    const fail = (reason: Message): void => this.#answers.finish({ ...outcome, state: 'failed', reason, atMs: clock.wallMs() }, record);
    if (this.#isStopped) fail(msg`the agent stopped before it was carried out`);
    else if (isOver(lifetime, this.#now())) fail(msg`expired before it could be carried out: the disk took too long`);
    else {
      log.event('uplink-command', { commandId, what: record.what }, 'debug');
      onOrder(order);
    }
  }

  #now(): Omit<CommandContext, 'freshId'> {
    const { clock } = this.#parts;
    return { nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: clock.quality() };
  }

  #context(): CommandContext {
    const { clock, random } = this.#parts;
    return { ...this.#now(), freshId: `c-${clock.wallMs().toString(36)}-${Math.floor(random() * ID_CHARS).toString(36)}` };
  }
}
