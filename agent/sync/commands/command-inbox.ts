/**
 * Takes in what the platform sends, has what is sound carried out once, and sees to it that each command hears its end once.
 *
 * Owns the way of a command: known already → within the rate → on disk → not expired → carried out → its end on disk → its end proven to have
 * reached the broker.
 *
 * The id is on disk before anything is done, so that a restart cannot do it again; but lighting does not hang on a disk: one that does not
 * take the id within seconds is not waited for.
 */
import type { Clock } from '../../core/clock.ts';
import { createEventTracker } from '../../core/event-tracker.ts';
import type { Log, PlatformOrder, Store } from '../../core/ports.ts';
import { within } from '../../core/within.ts';
import type { AgentEvent, CommandTarget, Outcome, Target } from '../../core/words.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import type { MetricTable } from '../sparkplug/metric-table.ts';
import { createTokenBucket } from '../token-bucket.ts';
import { isOver } from './command-expiry.ts';
import { type CommandRecord, createCommandRegistry, isFinal } from './command-registry.ts';
import { describeOrder, stageOf } from './command-text.ts';
import { type CommandContext, type CommandRefusal, readDeviceCommand, readNodeCommand, type SoundCommand } from './commands.ts';
import type { OutcomeKind } from './outcome-metrics.ts';
import { createOutcomeOutbox, type OutcomeOutbox } from './outcome-outbox.ts';

export interface CommandInboxParts {
  readonly table: Pick<MetricTable, 'node' | 'devices'>;
  readonly cabinetId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'loadAll' | 'audit'>;
  /** 0..1. */
  readonly random: () => number;
  /** Someone still works on it, though it came before this desk was there. */
  readonly isOpen?: (commandId: string) => boolean;
  readonly onOrder: (order: PlatformOrder) => void;
  readonly onRebirth: () => void;
  /** A command was taken up; for what the births show. Shape: `deviceId` is empty for the node. */
  readonly onTaken: (deviceId: string, commandId: string, expiresMs: number | null) => void;
  /** Tell the platform how a command stands. */
  readonly onAnswer: (outcome: Outcome, kind: OutcomeKind) => void;
  readonly onEvent: (event: AgentEvent) => void;
}

export interface CommandInbox extends Pick<OutcomeOutbox, 'open' | 'close'> {
  readonly received: number;
  readonly refused: number;
  /** Takes up what earlier runs left, and ends what they did not. Before the first command. */
  restore(): Promise<void>;
  nodeCommand(message: InboundMessage): void;
  deviceCommand(deviceId: string, message: InboundMessage): void;
  /** How a command stands now, the platform's or another's. */
  note(outcome: Outcome): void;
  /** Takes no more. Resolves when all ends are on disk and proven, as far as the link lets them. */
  stop(): Promise<void>;
}

/** New commands. Source: assumed; each lamp of the largest usual cabinet once, then one by one as a person or a scene sends them. */
const COMMANDS = { burst: 120, perS: 2 };
/** Refusals and repetitions that are answered; more of them are counted only. Source: assumed; a person tries less often. */
const ANSWERS = { burst: 60, perS: 1 };
/** Refusals that the audit log takes. Source: assumed; a flood of them must not push out what was done. */
const REFUSALS_NOTED = { burst: 30, perS: 1 / 60 };
/** Messages that are looked at. Source: assumed; far above what any platform sends, low enough that reading them leaves the tick alone. */
const MESSAGES = { burst: 1_000, perS: 100 };
/** Longest wait for an id or an end to be on disk. Units: ms. Source: assumed; a flush takes tens of ms. */
const SAVE_MS = 2_000;
/** Longest wait for what earlier runs left. Units: ms. Source: as for an override at start. */
const RESTORE_MS = 5_000;
const ID_CHARS = 36 ** 8;
const SHOWN_NAME = 64;

/** A desk that knows of no command yet. */
export function createCommandInbox(parts: CommandInboxParts): CommandInbox {
  const { table, clock, log } = parts;
  const events = createEventTracker(clock, parts.onEvent);
  const book = createCommandRegistry(parts.store, clock);
  const post = createOutcomeOutbox({
    log,
    tell: (outcome) => parts.onAnswer(outcome, book.find(outcome.commandId)?.kind ?? 'refused'),
    onTold: (commandIds) => book.told(commandIds),
  });
  const rate = createTokenBucket(clock, COMMANDS);
  const answers = createTokenBucket(clock, ANSWERS);
  const refusals = createTokenBucket(clock, REFUSALS_NOTED);
  const messages = createTokenBucket(clock, MESSAGES);
  const cabinet: Target = { kind: 'cabinet', id: parts.cabinetId };
  const ending = new Set<Promise<void>>();
  const count = { received: 0, refused: 0 };
  let isStopped = false;

  const now = (): Omit<CommandContext, 'freshId'> => ({ nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: clock.quality() });
  const context = (): CommandContext => ({
    ...now(),
    freshId: `c-${clock.wallMs().toString(36)}-${Math.floor(parts.random() * ID_CHARS).toString(36)}`,
  });
  const onDisk = async (saving: Promise<boolean>, commandId: string): Promise<void> => {
    let isSaved = false;
    const waited = saving.then((saved) => {
      isSaved = saved;
    });
    await within(clock, SAVE_MS, waited);
    if (!isSaved) log.event('uplink-command-not-saved', { commandId, check: 'the disk of store.dir; a restart forgets it' }, 'warning');
  };

  /** The one end of a command: on disk first, so that no restart can tell another. */
  function finish(outcome: Outcome, record: CommandRecord): void {
    const work = onDisk(book.end(outcome), outcome.commandId).then(() => {
      audit(outcome, record);
      post.add(outcome);
    });
    ending.add(work);
    void work.finally(() => ending.delete(work));
  }

  function audit({ state, reason, commandId, target, source }: Outcome, { what }: CommandRecord): void {
    if (state === 'refused') return;
    const end = reason === '' ? state : `${state}, ${reason}`;
    const severity = state === 'failed' ? 'warning' : 'info';
    note(`${what} (${commandId})`, target.id, end);
    events.notice({ code: 'command-ended', source: target.id, severity, text: `${source}: ${what} (${commandId}): ${end}` });
  }

  function note(what: string, target: string, result: string): void {
    parts.store.audit.note({ user: '', role: '', door: 'platform', action: 'command', detail: `${target}: ${what}`, result });
  }

  /** It came before: its sender hears once more how it stands. */
  function repeat({ outcome, kind }: CommandRecord): void {
    if (!answers.take()) return;
    if (!isFinal(outcome.state)) parts.onAnswer({ ...outcome, atMs: clock.wallMs() }, kind);
    else post.add({ ...outcome, atMs: clock.wallMs() });
  }

  function refuse({ commandId, hasOwnId, reason }: CommandRefusal, target: CommandTarget): void {
    count.refused += 1;
    const known = hasOwnId ? book.find(commandId) : undefined;
    if (known !== undefined) repeat(known);
    if (known !== undefined || !answers.take()) return;
    const atMs = clock.wallMs();
    const outcome = stageOf({ commandId, target, order: null }, { state: 'refused', reason, atMs });
    events.notice({ code: 'command-refused', source: target.id, severity: 'warning', text: `Refused: ${reason}` });
    if (refusals.take()) note(commandId, target.id, `refused: ${reason}`);
    if (!hasOwnId) {
      parts.onAnswer(outcome, 'refused');
      return;
    }
    const saving = book.open({ commandId, kind: 'refused', digest: '', what: '', receivedMs: atMs, outcome });
    const work = onDisk(saving, commandId).then(() => post.add(outcome));
    ending.add(work);
    void work.finally(() => ending.delete(work));
  }

  function take(command: SoundCommand): void {
    const { commandId, target, digest } = command;
    const refuseIt = (reason: string): void => refuse({ kind: 'refused', commandId, hasOwnId: true, reason }, target);
    const known = book.find(commandId);
    if (known !== undefined) again(known, target, digest);
    else if (isStopped) refuseIt('the agent is stopping; send it again with a new id');
    else if (rate.take()) void accept(command);
    else refuseIt(`too many commands: ${COMMANDS.burst} at once and ${COMMANDS.perS} a second at most; send it later with a new id`);
  }

  /** The id was here before: the same command is answered, another one is told of nothing but the first. */
  function again(known: CommandRecord, target: CommandTarget, digest: string): void {
    if (known.kind !== 'refused' && known.digest !== digest) {
      count.refused += 1;
      const text = `Refused: the id ${known.commandId} was used before for another command; give each its own`;
      if (answers.take()) events.notice({ code: 'command-refused', source: target.id, severity: 'warning', text });
    }
    repeat(known);
  }

  async function accept({ commandId, target, order, lifetime, digest }: SoundCommand): Promise<void> {
    const receivedMs = clock.wallMs();
    const outcome = stageOf({ commandId, target, order }, { state: 'received', reason: '', atMs: receivedMs });
    const saving = book.open({ commandId, kind: order.kind, digest, what: describeOrder(order), receivedMs, outcome });
    parts.onTaken(target.kind === 'cabinet' ? '' : target.id, commandId, lifetime.expiresMs);
    await onDisk(saving, commandId);
    const record = book.find(commandId);
    if (record === undefined) return;
    const end = (reason: string): void => finish({ ...outcome, state: 'failed', reason, atMs: clock.wallMs() }, record);
    if (isStopped) end('the agent stopped before it was carried out');
    else if (isOver(lifetime, now())) end('expired before it could be carried out: the disk took too long');
    else {
      log.event('uplink-command', { commandId, what: record.what }, 'debug');
      parts.onOrder(order);
    }
  }

  return {
    get received() {
      return count.received;
    },
    get refused() {
      return count.refused;
    },
    open: post.open,
    close: post.close,
    async restore() {
      const restoring = book.restore().then((records) => {
        if (records === undefined) log.event('uplink-commands-not-restored', { check: 'the disk of store.dir' }, 'warning');
        for (const record of records ?? []) {
          const { outcome, isTold } = record;
          if (!isFinal(outcome.state) && parts.isOpen?.(record.commandId) === true) continue;
          if (!isFinal(outcome.state)) finish({ ...outcome, state: 'failed', reason: RESTARTED, atMs: clock.wallMs() }, record);
          else if (!isTold) post.add(outcome);
        }
      });
      await within(clock, RESTORE_MS, restoring);
    },
    nodeCommand: (message) => {
      count.received += 1;
      if (!messages.take()) count.refused += 1;
      else {
        const command = readNodeCommand(message, { node: table.node, cabinet }, context());
        if (command.kind === 'rebirth') parts.onRebirth();
        else if (command.kind === 'refused') refuse(command, cabinet);
        else if (command.kind === 'order') take(command);
      }
    },
    deviceCommand: (deviceId, message) => {
      count.received += 1;
      if (!messages.take()) count.refused += 1;
      else {
        const device = table.devices.get(deviceId);
        const command = readDeviceCommand(message, device, context());
        if (command.kind === 'order') take(command);
        else refuse(command, device?.target ?? { kind: 'device', id: deviceId.slice(0, SHOWN_NAME).replace(/\p{C}/gu, '?') });
      }
    },
    note: (outcome) => {
      const record = book.find(outcome.commandId);
      if (record === undefined) parts.onAnswer(outcome, null);
      else if (isFinal(record.outcome.state))
        log.event('uplink-second-end', { commandId: outcome.commandId, state: outcome.state }, 'debug');
      else if (isFinal(outcome.state)) finish(outcome, record);
      else {
        book.stage(outcome);
        parts.onAnswer(outcome, record.kind);
      }
    },
    async stop() {
      isStopped = true;
      while (ending.size > 0) await Promise.all(ending);
      await book.close();
      await post.settled();
    },
  };
}

const RESTARTED = 'the agent restarted before its end was known: Override/Level and Programme/Choice show what is in force now';
