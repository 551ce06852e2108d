/**
 * The row of the command table by which a shell learns what the cabinet is called and what can be named in it.
 *
 * Owns this row; no person types it. Called by the command table, and by the shell before each prompt.
 */
import type { Language } from '../core/words.ts';
import { agentCommand } from './command-spec.ts';
import { LOOK_TIMEOUT_MS } from './common-words.ts';

export interface Names {
  readonly cabinet: { readonly id: string; readonly name: string };
  /** Of the messages at this cabinet. */
  readonly language: Language;
  readonly lamps: readonly string[];
  readonly zones: readonly string[];
  readonly devices: readonly string[];
  readonly lines: readonly string[];
  readonly points: readonly string[];
  readonly profiles: readonly string[];
}

export const NAMES = agentCommand({
  name: 'names',
  role: 'viewer',
  group: 'Look:',
  summary: 'what the cabinet is called, and what can be named in it',
  isHidden: true,
  arguments: [],
  options: [],
  examples: [],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: async (view): Promise<Names> => ({
    cabinet: (await view.status()).cabinet,
    language: view.language,
    ...view.names(),
    points: view.points('').map(({ pointId }) => pointId),
    profiles: view.profiles().map(({ id }) => id),
  }),
  render: async (result) => JSON.stringify(result),
});
