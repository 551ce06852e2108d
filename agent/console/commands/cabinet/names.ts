/** `names` and `greeting`: requested by a shell before each prompt and before a login; no person types them. */

import type { WallMs } from '../../../core/clock.ts';
import { msg } from '../../../core/message.ts';
import type { TrialView } from '../../../core/revisions.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Language, LevelPct } from '../../../core/words.ts';
import { agentCommand } from '../../agent-command.ts';

/** The cabinet, and the ids of its parts, for completion; the overrides and the trial in force, for the prompt. */
export interface Names {
  readonly cabinet: { readonly id: string; readonly name: string };
  /** Language of the messages at this cabinet. */
  readonly language: Language;
  readonly lamps: readonly string[];
  readonly zones: readonly string[];
  /** Absent from an agent of an earlier release. */
  readonly panels?: readonly string[];
  readonly devices: readonly string[];
  readonly lines: readonly string[];
  /** The lines on which a unit can be polled. Absent from an agent of an earlier release. */
  readonly modbusLines?: readonly string[];
  readonly points: readonly string[];
  readonly profiles: readonly string[];
  /** Intents of console users that have not ended, of any rank. `target`: the id. `levelPct`: as requested. */
  readonly overrides: readonly { readonly target: string; readonly levelPct: LevelPct; readonly untilMs: WallMs }[];
  /** The configuration on trial, of any author; null for none. Absent from an agent of an earlier release. */
  readonly trial?: Pick<TrialView, 'number' | 'mode' | 'restS'> | null;
}

/** `names`: answers with the names of the cabinet, for completion, and with the overrides and the trial in force, for the prompt. */
export const NAMES = agentCommand({
  name: 'names',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what the cabinet is called, and what can be named in it`,
  isHidden: true,
  // Sent before each prompt, so it is not an action of a person.
  isSelfNoted: true,
  answer: async (view): Promise<Names> => ({
    cabinet: (await view.status()).cabinet,
    language: view.language,
    ...view.names(),
    points: view.points('').map(({ pointId }) => pointId),
    profiles: view.profiles().map(({ id }) => id),
    overrides: overridesOf(view),
    trial: trialOf(view),
  }),
  render: async (result) => JSON.stringify(result),
});

/** `greeting`: answers with the language of the cabinet; it needs no login. */
export const GREETING = agentCommand({
  name: 'greeting',
  role: 'anyone',
  group: 'Look:',
  summary: msg`the language of the cabinet's messages`,
  isHidden: true,
  isSelfNoted: true,
  answer: (view): { readonly language: Language } => ({ language: view.language }),
  render: async ({ language }) => language,
});

function trialOf({ config }: AgentView): NonNullable<Names['trial']> | null {
  const trial = config?.view('').trial ?? null;
  return trial === null ? null : { number: trial.number, mode: trial.mode, restS: trial.restS };
}

function overridesOf(view: AgentView): Names['overrides'] {
  return view.light.intentsBy('technician', 'anyone').map(({ target, levelPct, untilMs }) => ({ target: target.id, levelPct, untilMs }));
}
