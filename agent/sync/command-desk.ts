/**
 * Takes in what the platform sends, passes on what is sound, and answers the rest.
 *
 * Owns the memory of command ids (one of the last 256 of this run is answered when it comes again, not carried out again) and the count
 * of refusals.
 * Called by `uplink.ts` for each NCMD and DCMD and for each outcome.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { OverrideRequest, ReleaseRequest } from '../core/ports.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import { type CommandContext, readDeviceCommand, readNodeCommand } from './commands.ts';
import type { InboundMessage } from './door.ts';
import type { MetricTable } from './metric-table.ts';

export interface CommandDeskParts {
  readonly table: MetricTable;
  readonly nodeId: string;
  readonly clock: Clock;
  /** 0..1. */
  readonly random: () => number;
  readonly onOverride: (request: OverrideRequest) => void;
  readonly onRelease: (request: ReleaseRequest) => void;
  readonly onRebirth: () => void;
  /** Tell the platform how a command of its own stands. */
  readonly onAnswer: (outcome: Outcome) => void;
  readonly onEvent: (event: AgentEvent) => void;
}

export interface CommandDesk {
  readonly received: number;
  readonly refused: number;
  nodeCommand(message: InboundMessage): void;
  deviceCommand(deviceId: string, message: InboundMessage): void;
  /** How a command stands now, so that a repeated one can be answered. */
  note(outcome: Outcome): void;
}

/** Source: issue 2, sync: commands are recognised as repeated within the last 256. */
const REMEMBERED = 256;
/** Refusals answered in each minute; a flood of them is counted only. Source: assumed; a person tries less often. */
const ANSWERS_A_MINUTE = 60;

/** A desk that remembers nothing yet. */
export function createCommandDesk(parts: CommandDeskParts): CommandDesk {
  const { table, clock } = parts;
  const outcomes = new Map<string, Outcome>();
  let received = 0;
  let refused = 0;
  let refusals: { sinceMono: MonoMs; answered: number } = { sinceMono: clock.monoMs(), answered: 0 };

  const context = (): CommandContext => ({
    nowMs: clock.wallMs(),
    clockQuality: clock.quality(),
    freshId: `c-${clock.wallMs().toString(36)}-${Math.floor(parts.random() * 36 ** 6).toString(36)}`,
  });
  const remember = (outcome: Outcome): void => {
    outcomes.delete(outcome.commandId);
    outcomes.set(outcome.commandId, outcome);
    const [oldest] = outcomes.keys();
    if (outcomes.size > REMEMBERED && oldest !== undefined) outcomes.delete(oldest);
  };
  const mayAnswer = (): boolean => {
    const nowMono = clock.monoMs();
    if (nowMono - refusals.sinceMono >= 60_000) refusals = { sinceMono: nowMono, answered: 0 };
    refusals.answered += 1;
    return refusals.answered <= ANSWERS_A_MINUTE;
  };
  const refuse = (source: string, reason: string, outcome: Outcome | null): void => {
    refused += 1;
    if (!mayAnswer()) return;
    const startMs = clock.wallMs();
    const id = `command-refused:${source}:${startMs}`;
    parts.onEvent({ id, code: 'command-refused', source, severity: 'warning', text: `Refused: ${reason}`, startMs, endMs: startMs });
    if (outcome !== null) parts.onAnswer(outcome);
  };
  /** True when the id is not among those remembered; otherwise the sender hears once more how it went. */
  const isNew = (request: OverrideRequest | ReleaseRequest): boolean => {
    const earlier = outcomes.get(request.commandId);
    if (earlier !== undefined) parts.onAnswer({ ...earlier, atMs: clock.wallMs() });
    else remember(stateOf(request, 'received', '', clock.wallMs()));
    return earlier === undefined;
  };

  return {
    get received() {
      return received;
    },
    get refused() {
      return refused;
    },
    nodeCommand: (message) => {
      received += 1;
      const command = readNodeCommand(message, context());
      if ('reason' in command) refuse(parts.nodeId, command.reason, null);
      else if (command.value === 'rebirth') parts.onRebirth();
    },
    deviceCommand: (deviceId, message) => {
      received += 1;
      const device = table.devices.get(deviceId);
      const command = readDeviceCommand(message, device, context());
      if (command.kind === 'refused') {
        const { commandId, reason } = command;
        const target = device?.target ?? null;
        const answer = target === null ? null : stateOf({ commandId, target, source: 'platform' }, 'refused', reason, clock.wallMs());
        refuse(device?.id ?? parts.nodeId, reason, answer);
      } else if (isNew(command.request)) {
        if (command.kind === 'override') parts.onOverride(command.request);
        else parts.onRelease(command.request);
      }
    },
    note: (outcome) => {
      if (outcomes.has(outcome.commandId)) outcomes.set(outcome.commandId, outcome);
    },
  };
}

function stateOf(request: OverrideRequest | ReleaseRequest, state: 'received' | 'refused', reason: string, atMs: number): Outcome {
  const levelPct = 'levelPct' in request ? request.levelPct : null;
  return { commandId: request.commandId, target: request.target, levelPct, state, reason, lamps: {}, source: request.source, atMs };
}
