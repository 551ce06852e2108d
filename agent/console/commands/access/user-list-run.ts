/** `luciole user hash` and `user sign`: create and sign the list of users without an agent. */

import { createHasher, passwordProblem } from '../../../access/password.ts';
import { MAX_USER_LIST_BYTES, readUserList, USER_LIST_HEADER } from '../../../access/user-list.ts';
import { statementOf } from '../../../config/revisions/revision-signature.ts';
import { signUserList } from '../../../config/revisions/user-list-signature.ts';
import { msg } from '../../../core/message.ts';
import { replaceFile } from '../../../core/replace-file.ts';
import { MAX_SIGNATURE_CHARS } from '../../../core/revisions.ts';
import { passwordRule } from '../../ask-agent.ts';
import { ConsoleError } from '../../console-error.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { attempt, expectNewFile, named, print, readSigningOrder, readTextFile, signed } from '../config/sign-run.ts';

/**
 * `user hash`: asks for a new password and prints one line for the list of users. Writes no file. Resolves with 0.
 *
 * Errors: rejects with ConsoleError, for example 'usage' if there is no terminal to ask on.
 */
export async function runUserHash(args: LocalArgs, terminal: Terminal): Promise<number> {
  const { askSecret } = terminal;
  const name = named(args, 'name');
  const role = args['role'] ?? 'technician';
  const until = args['until'] === undefined ? '' : named(args, 'until');
  if (until === '') throw new ConsoleError('usage', msg`--until is missing: the last day of this person, as 2027-06-30`);
  if (askSecret === undefined) throw new ConsoleError('usage', msg`a password needs a terminal: run this command in one`);
  const password = await askSecret(msg`New password`, await passwordRule(name));
  const problem = passwordProblem(password, name);
  if (problem !== null) throw new ConsoleError('failed', msg`this password cannot be used: ${problem}`);
  const line = `${name} ${String(role)} ${until} ${await createHasher().hash(password)}`;
  const read = readUserList(`${USER_LIST_HEADER}\n${line}\n`);
  if ('flaw' in read) throw new ConsoleError('usage', read.finding);
  terminal.out(args['json'] === true ? `${JSON.stringify({ line })}\n` : `${line}\n`);
  return 0;
}

/**
 * `user sign`: checks a list of users, signs it and writes the result to a file. An existing file is replaced, but not the list or the key.
 * Resolves with 0.
 *
 * Errors: rejects with ConsoleError, for example if the file cannot be read or the list is not valid.
 */
export async function runUserSign(args: LocalArgs, terminal: Terminal): Promise<number> {
  const file = named(args, 'file');
  const list = `${readTextFile(file, MAX_USER_LIST_BYTES).trimEnd()}\n`;
  const read = readUserList(list);
  if ('flaw' in read) throw new ConsoleError('failed', msg`${file}: ${read.flaw}`);
  if (Buffer.byteLength(list) > MAX_USER_LIST_BYTES - MAX_SIGNATURE_CHARS)
    throw new ConsoleError('too-large', msg`${file} has more people than one list takes: sign lists for groups of cabinets`);
  const order = await readSigningOrder(args, terminal);
  const text = signed(() => signUserList(list, order));
  const out = args['out'] === undefined ? `${file}.signed` : named(args, 'out');
  expectNewFile(out, [file, args['key']]);
  attempt(out, () => replaceFile(out, text, { mode: 0o600, backup: null }));
  const { serial, untilMs, cabinets } = statementOf(text.trimEnd().split('\n').at(-1) ?? '') as NonNullable<ReturnType<typeof statementOf>>;
  const people = read.users.map(({ name, role: each, untilMs: end }) => ({ name, role: each, untilMs: end }));
  if (args['json'] === true) terminal.out(`${JSON.stringify({ file, out, cabinets, serial, untilMs, people })}\n`);
  else {
    const until = `${new Date(untilMs).toISOString().slice(0, 16)}Z`;
    print(
      terminal,
      cabinets.includes('*')
        ? msg`Signed for every cabinet, people: ${people.length}; a cabinet takes the list until ${until}: ${out}`
        : msg`Signed for ${cabinets}, people: ${people.length}; a cabinet takes the list until ${until}: ${out}`,
    );
  }
  return 0;
}
