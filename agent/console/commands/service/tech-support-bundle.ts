/**
 * Collects what remote support needs to understand a cabinet, as one text.
 *
 * A failed request is reported with the reason and does not stop the others.
 */

import type { LeastRole } from '../../../core/access.ts';
import { msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import type { AgentCommand } from '../../command-spec.ts';
import { COMMANDS } from '../../commands.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { plain } from '../../text/plain-text.ts';
import { withoutSecrets } from './without-secrets.ts';

/** What `tech-support` collects for a helper: one text, and what is missing in it. */
export interface SupportBundle {
  readonly text: string;
  /** Empty if the agent did not answer the request for its status. */
  readonly cabinetId: string;
  /** Names of the commands whose answers are missing. */
  readonly missing: readonly string[];
  /** By name of a command that the agent denied to this user: the role that it requires. */
  readonly needsRole: Readonly<Record<string, LeastRole>>;
}

/** Source: what a person requests in the first minutes of a fault, each over a useful period. */
const QUESTIONS: readonly (readonly [name: string, args: RawArgs])[] = [
  ['status', {}],
  ['events', { since: '7d' }],
  ['devices', {}],
  ['points', {}],
  ['zones', {}],
  ['tonight', {}],
  ['bus stats', {}],
  ['uplink', {}],
  ['store', {}],
  ['energy', { since: '7d' }],
  ['profile list', {}],
  ['metrics', {}],
  ['audit', { since: '7d', verify: true }],
];
/**
 * Longest part. Units: characters. Source: assumed; 13 packed parts take a quarter of an hour at 9600 baud. Confirmed by: sizes of bundles
 * of cabinets in service.
 */
const MAX_PART_CHARS = 400_000;
const WIDTH_COLS = 120;

/**
 * Requests status, events, devices and more from the agent. Resolves with the answers and `facts` as one text, long parts cut, with `***`
 * in place of what looks like a secret. A failed request is noted in the text.
 *
 * `facts`: resolves with title and text of files and logs of the machine. Errors: rejects, for example if `facts` does.
 */
export async function makeBundle(
  terminal: Terminal,
  socket: LocalArgs[string] | undefined,
  facts: () => Promise<readonly (readonly [title: string, text: string])[]>,
): Promise<SupportBundle> {
  const parts: string[] = [];
  const missing: string[] = [];
  const needsRole: Record<string, LeastRole> = {};
  let cabinetId = '';
  for (const [name, args] of QUESTIONS) {
    const command = COMMANDS.find((each): each is AgentCommand => each.kind === 'agent' && each.name === name);
    if (command === undefined) continue;
    terminal.status?.show(translated(msg`reading: ${name}`, terminal));
    try {
      const { result, atMs, timezone } = await fetchAnswer(command, args, { socket, terminal });
      if (name === 'status') cabinetId = idOf(result);
      const page = { widthCols: WIDTH_COLS, colour: false, atMs, timezone, language: 'en' } as const;
      parts.push(part(name, await command.render(plain(result), page, args)), part(`${name} --json`, JSON.stringify(withTexts(result))));
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      missing.push(name);
      if (error.code === 'denied') needsRole[name] = command.role;
      parts.push(part(name, `not available: ${error.message}`));
    }
  }
  terminal.status?.clear();
  for (const [title, text] of await facts()) parts.push(part(title, text));
  return { text: parts.join('\n'), cabinetId, missing, needsRole };
}

function part(title: string, text: string): string {
  const kept = text.length > MAX_PART_CHARS ? `${text.slice(0, MAX_PART_CHARS)}\n[${text.length - MAX_PART_CHARS} characters more]` : text;
  return `===== ${title} =====\n${withoutSecrets(kept)}\n`;
}

function idOf(result: unknown): string {
  const id = (result as { readonly cabinet?: { readonly id?: unknown } }).cabinet?.id;
  return typeof id === 'string' ? id : '';
}
