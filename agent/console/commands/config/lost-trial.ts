/** Reverts a configuration on trial when its session is lost: a person without a connection cannot confirm it. */

import type { Caller } from '../../../core/access.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, numberArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import type { ReaderEnd } from '../../protocol/protocol.ts';
import { CONFIG_GROUP, isConfigDone, REVISION_NUMBERS } from './config-args.ts';
import { CONFIG_RETURN } from './config-commit.ts';

const WHY = msg`the session was lost`;
/** Longest silence of the agent. Units: ms. Source: assumed; the agent sends a keep-alive every few seconds. Confirmed by: gaps in keep-alives on a loaded gateway. */
const HOLD_TIMEOUT_MS = 60_000;

/**
 * Returns the number of the revision on trial, of any author; null if there is none or this run accepts no other configuration. `by`: the
 * user for whom the state is read; it does not change the result.
 */
export function numberOnTrial({ config }: Pick<AgentView, 'config'>, by: string): number | null {
  return config?.view(by).trial?.number ?? null;
}

/**
 * Reverts the revision on trial if the user of the lost session is its author and it must be confirmed by a person. `before`: the revision
 * on trial when the session began, which is not reverted; null for none.
 */
export async function returnLostTrial(view: Pick<AgentView, 'config' | 'audit'>, caller: Caller, before: number | null): Promise<void> {
  const { config, audit } = view;
  const { user, role, socketKind } = caller;
  const by = `console:${user}`;
  // A commit that is still being checked starts its trial after the session is lost.
  await config?.settled();
  const { trial, running } = config?.view(by) ?? {};
  if (config === null || trial == null || trial.mode !== 'asked' || trial.number === before || running?.by !== by) return;
  const given = await config.returnTrial(by, WHY, trial.number);
  const detail = `revision=${trial.number} comment=${String(WHY)}`;
  audit.note({
    user,
    role: role ?? '',
    door: socketKind,
    action: CONFIG_RETURN.name,
    detail,
    result: isConfigDone(given) ? 'ok' : 'failed',
  });
}

/** Resolves once the signal of a job is aborted, also before the call, with how its client ended; with `hang-up` if that is not known. */
export function readerGone({ signal, readerEnd }: Pick<Job, 'signal' | 'readerEnd'>): Promise<ReaderEnd> {
  return new Promise((resolve) => {
    const gone = (): void => resolve(readerEnd?.() ?? 'hang-up');
    if (signal.aborted) gone();
    signal.addEventListener('abort', gone, { once: true });
  });
}

/**
 * `config hold`: lasts until its client logs out or disconnects, or the agent stops. If the client disconnected without a logout, it
 * calls `returnLostTrial` for the caller.
 */
export const TRIAL_HOLD = agentCommand<number | null, { readonly isOver: true }, { readonly isHeld: true }>({
  name: 'config hold',
  role: 'technician',
  group: CONFIG_GROUP,
  summary: msg`withdraw a revision put on trial from now on if this connection is lost`,
  isHidden: true,
  isSelfNoted: true,
  options: [{ name: 'before', value: 'N', summary: msg`the revision on trial when the session began` }],
  examples: ['luciole config hold', 'luciole config hold --before 7'],
  timeoutMs: HOLD_TIMEOUT_MS,
  read: (args) => (args['before'] === undefined ? null : numberArg(args, 'before', REVISION_NUMBERS)),
  answer: async (view, before, job) => {
    job.report({ isHeld: true });
    if ((await readerGone(job)) === 'hang-up') await returnLostTrial(view, job.caller, before);
    return { isOver: true };
  },
  render: () => '',
  progress: { isLasting: false, load: async () => () => '' },
});
