/**
 * The platform at the desk of the configuration: what it asks, how that ends, and what the node shows.
 *
 * Owns the texts of results.
 */

import type { Clock } from '../../core/clock.ts';
import { formatProblem } from '../../core/errors.ts';
import type { ConfigAnswer, ConfigManager, ConfigRequest, ConfigView } from '../../core/revisions.ts';
import type { Outcome, OutcomeState } from '../../core/words.ts';
import { CONFIG_SHOWN } from '../../sync/commands/command-metrics.ts';
import type { UplinkSlot } from '../../sync/uplink-slot.ts';

export interface PlatformConfigRequestsParts {
  /** Null where this run takes no other configuration. */
  readonly desk: ConfigManager | null;
  readonly cabinetId: string;
  readonly clock: Clock;
  readonly uplink: Pick<UplinkSlot, 'update'>;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface PlatformConfigRequests {
  take(request: ConfigRequest): Promise<void>;
  /** A trial is over. */
  end(trial: { readonly commandId: string | null; readonly number: number; readonly reason: string }): void;
  show(view: ConfigView): void;
}

/** What one result holds of each list. Source: assumed; with them it stays below 16 KB. */
const SHOWN = { problems: 20, changes: 60 };

export function createPlatformConfigRequests({
  desk,
  cabinetId,
  clock,
  uplink,
  onOutcome,
}: PlatformConfigRequestsParts): PlatformConfigRequests {
  const tell = (commandId: string, state: OutcomeState, reason = ''): void =>
    onOutcome({
      commandId,
      target: { kind: 'cabinet', id: cabinetId },
      levelPct: null,
      state,
      reason,
      lamps: {},
      source: 'platform',
      atMs: clock.wallMs(),
    });
  const update = (metric: string, value: string | number | null): void =>
    uplink.update('', metric, { value, quality: 'good', atMs: clock.wallMs() });
  const result = (id: string, action: string, facts: object): void => update(CONFIG_SHOWN.result, JSON.stringify({ id, action, ...facts }));

  async function ask(at: ConfigManager, { commandId, by, ask }: ConfigRequest): Promise<ConfigAnswer> {
    switch (ask.action) {
      case 'put':
        return at.putPart(ask, by);
      case 'remove':
        return at.put(ask.file, null, by);
      case 'check':
        return at.check();
      case 'confirm':
        return at.confirm(by);
      case 'return':
        return at.giveBack(by, '');
      case 'discard':
        return at.discard(by);
      case 'apply':
        return at.commit({ ...ask, by, commandId, lowersFloor: false });
      case 'rollback':
        return at.rollback(ask.revision, { ...ask, by, commandId, lowersFloor: false });
    }
  }

  return {
    async take(request) {
      const { commandId, ask: asked } = request;
      if (desk === null) return tell(commandId, 'refused', 'this run of the agent takes no other configuration');
      tell(commandId, 'received');
      if (asked.action !== 'put') tell(commandId, 'queued');
      const answer = await ask(desk, request);
      result(
        commandId,
        asked.action,
        asked.action === 'put' ? { file: asked.file, part: asked.part, of: asked.parts, ...shown(answer) } : shown(answer),
      );
      if (answer.state === 'refused') tell(commandId, 'refused', firstProblem(answer));
      // Its end comes with that of the trial.
      else tell(commandId, answer.isOnTrial ? 'sent' : 'verified');
    },
    end({ commandId, number, reason }) {
      if (commandId === null) return;
      result(commandId, 'trial', { state: reason === '' ? 'confirmed' : 'returned', revision: number, reason });
      tell(commandId, reason === '' ? 'verified' : 'failed', reason);
    },
    show({ running, candidate }) {
      update(CONFIG_SHOWN.revision, running.number);
      update(CONFIG_SHOWN.hash, running.hash);
      update(CONFIG_SHOWN.state, running.state);
      update(CONFIG_SHOWN.by, running.by);
      update(CONFIG_SHOWN.when, running.atMs);
      update(CONFIG_SHOWN.why, running.why);
      update(CONFIG_SHOWN.candidate, candidate?.hash ?? '');
    },
  };
}

function shown({ state, reason, problems, warnings, changes, touches, revision }: ConfigAnswer): object {
  return {
    state,
    reason,
    revision,
    problems: problems.slice(0, SHOWN.problems).map(formatProblem),
    moreProblems: Math.max(0, problems.length - SHOWN.problems),
    warnings: warnings.slice(0, SHOWN.problems).map(formatProblem),
    changes: changes.slice(0, SHOWN.changes),
    moreChanges: Math.max(0, changes.length - SHOWN.changes),
    touches,
  };
}

function firstProblem({ reason, problems }: ConfigAnswer): string {
  const [first] = problems;
  return first === undefined ? reason : `${reason}: ${formatProblem(first)}`;
}
