import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { USER_LIST_FILE } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { formatProblem, problemMessage } from '../../core/errors.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { ConfigAnswer, ConfigManager, ConfigRequest, ConfigView, FilePart } from '../../core/revisions.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
import { CONFIG_SHOWN } from '../../sync/commands/command-metrics.ts';
import type { UplinkSlot } from '../../sync/uplink-slot.ts';
import type { ActiveRevisionParts } from './active-revision.ts';

/** The dependencies with which `PlatformConfigRequests` is created. */
export interface PlatformConfigRequestsParts {
  /** Null if this run accepts no other configuration. */
  readonly manager: ConfigManager | null;
  /** The target of the reported outcomes. */
  readonly cabinetId: string;
  readonly clock: Clock;
  /** Receives the values of the node's metrics. */
  readonly uplink: Pick<UplinkSlot, 'update'>;
  /** Accepts a list of users. Resolves with why it is refused, or with an empty text. */
  readonly takeUserList: (text: string, by: string) => Promise<Message>;
  /** Called with each stage and each end of a command. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/**
 * Most entries of each list in one result. Source: assumed; with them it stays below 16 KB. Confirmed by: the size of the results of the largest
 * cabinet.
 */
const SHOWN = { problems: 20, changes: 60, valueLength: 120 };

/**
 * Carries out the platform's requests about the configuration and reports their outcomes. Publishes their results and the running revision
 * on the node.
 */
export class PlatformConfigRequests {
  readonly #parts: PlatformConfigRequestsParts;

  constructor(parts: PlatformConfigRequestsParts) {
    this.#parts = parts;
  }

  /**
   * Carries out or refuses a request, and reports its outcomes. Errors: rejects as the manager or `takeUserList`; then the last
   * outcome is not reported.
   */
  async take(request: ConfigRequest): Promise<void> {
    const { commandId, ask } = request;
    const { manager } = this.#parts;
    if (ask.action === 'put' && ask.file === USER_LIST_FILE) return this.#takeUserList(request, ask);
    if (manager === null) return this.#report(commandId, 'refused', msg`started this way, the agent accepts no other configuration`);
    this.#report(commandId, 'received');
    if (ask.action !== 'put') this.#report(commandId, 'queued');
    const answer = await carryOut(manager, request);
    const part = ask.action === 'put' ? { file: ask.file, part: ask.part, of: ask.parts } : {};
    this.#publishResult(commandId, ask.action, { ...part, ...shown(answer) });
    if (answer.state === 'refused') this.#report(commandId, 'refused', firstProblem(answer));
    else if (answer.code !== undefined) this.#report(commandId, 'failed', answer.reason);
    else this.#report(commandId, answer.isOnTrial ? 'sent' : 'verified');
  }

  /** Reports and publishes the end of a trial for the command that began it; no effect if no command did. */
  end({ commandId, number, reason }: Parameters<ActiveRevisionParts['onTrialEnd']>[0]): void {
    if (commandId === null) return;
    const isConfirmed = String(reason) === '';
    this.#publishResult(commandId, 'trial', { state: isConfirmed ? 'confirmed' : 'returned', revision: number, reason });
    this.#report(commandId, isConfirmed ? 'verified' : 'failed', reason);
  }

  /** Publishes the running revision and the hash of the candidate in this view; an empty text if it has no candidate. */
  show({ running, candidate }: ConfigView): void {
    this.#update(CONFIG_SHOWN.revision, running.number);
    this.#update(CONFIG_SHOWN.hash, running.hash);
    this.#update(CONFIG_SHOWN.state, running.state);
    this.#update(CONFIG_SHOWN.by, running.by);
    this.#update(CONFIG_SHOWN.when, running.atMs);
    this.#update(CONFIG_SHOWN.why, String(running.why));
    this.#update(CONFIG_SHOWN.candidate, candidate?.hash ?? '');
  }

  /** A list is not part of a revision: it applies immediately, and has its own signature and version. */
  async #takeUserList({ commandId, by }: ConfigRequest, { file, part, parts, sha256, data }: FilePart): Promise<void> {
    this.#report(commandId, 'received');
    const isWhole = parts === 1 && part === 1 && createHash('sha256').update(data).digest('hex') === sha256;
    const reason = await this.#takeList(file, isWhole ? data : null, by);
    const isTaken = String(reason) === '';
    this.#publishResult(commandId, 'put', { file, state: isTaken ? 'done' : 'refused', reason });
    this.#report(commandId, isTaken ? 'verified' : 'refused', reason);
  }

  /** Resolves with why the list is refused, empty if it was accepted. `data`: null if a part is missing or wrong. */
  async #takeList(file: string, data: Uint8Array | null, by: string): Promise<Message> {
    if (data === null) return msg`${file} is one part, "1/1", with its SHA-256`;
    if (!isUtf8(data)) return msg`${file} is no text in UTF-8`;
    return this.#parts.takeUserList(Buffer.from(data).toString('utf8'), by);
  }

  #report(commandId: string, state: OutcomeState, reason: Message = NO_TEXT): void {
    const { cabinetId, clock, onOutcome } = this.#parts;
    const target = { kind: 'cabinet', id: cabinetId } as const;
    onOutcome({ commandId, target, levelPct: null, state, reason, lamps: {}, source: 'platform', atMs: clock.wallMs() });
  }

  #publishResult(id: string, action: string, facts: object): void {
    this.#update(CONFIG_SHOWN.result, JSON.stringify(withTexts({ id, action, ...facts })));
  }

  #update(metric: string, value: string | number | null): void {
    this.#parts.uplink.update('', metric, { value, quality: 'good', atMs: this.#parts.clock.wallMs() });
  }
}

async function carryOut(manager: ConfigManager, { commandId, by, ask }: ConfigRequest): Promise<ConfigAnswer> {
  switch (ask.action) {
    case 'put':
      return manager.putPart(ask, by);
    case 'remove':
      return manager.put(ask.file, null, by);
    case 'check':
      return manager.check(by);
    case 'confirm':
      return manager.confirm(by);
    case 'return':
      return manager.returnTrial(by, NO_TEXT);
    case 'discard':
      return manager.discard(by);
    case 'apply':
      return manager.commit({ ...ask, by, author: 'platform', commandId, lowersFloor: false });
    case 'rollback':
      return manager.rollback(ask.revision, { ...ask, by, author: 'platform', commandId, lowersFloor: false });
  }
}

function shown({ state, code, reason, problems, warnings, changes, touches, revision }: ConfigAnswer): object {
  return {
    state,
    ...(code === undefined ? {} : { code }),
    reason,
    revision,
    problems: problems.slice(0, SHOWN.problems).map((each) => formatProblem(each)),
    moreProblems: Math.max(0, problems.length - SHOWN.problems),
    warnings: warnings.slice(0, SHOWN.problems).map((each) => formatProblem(each)),
    changes: changes.slice(0, SHOWN.changes).map(({ path, before, after }) => ({ path, before: cut(before), after: cut(after) })),
    moreChanges: Math.max(0, changes.length - SHOWN.changes),
    touches,
  };
}

function cut(value: string | null): string | null {
  return value === null || value.length <= SHOWN.valueLength ? value : `${value.slice(0, SHOWN.valueLength)}...`;
}

function firstProblem({ reason, problems }: ConfigAnswer): Message {
  const [first] = problems;
  return first === undefined ? reason : msg`${reason}: ${problemMessage(first)}`;
}
