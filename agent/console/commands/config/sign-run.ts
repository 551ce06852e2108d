/** `luciole config keygen`, `config sign` and `config verify`: create and check signatures of revisions offline, without an agent. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { readRevisionKey, revisionKeyText } from '../../../config/revisions/revision-key.ts';
import {
  refusalText,
  type SigningOrder,
  signRevision,
  statementOf,
  verifyRevisionSignature,
} from '../../../config/revisions/revision-signature.ts';
import { fileRefusal, UPLOAD_LIMIT } from '../../../config/revisions/upload.ts';
import { createFile } from '../../../core/atomic-write.ts';
import { HOUR_MS } from '../../../core/durations.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { replaceFile } from '../../../core/replace-file.ts';
import type { ConfigFiles } from '../../../core/revisions.ts';
import { createSystemClock } from '../../../core/system-clock.ts';
import { ConsoleError } from '../../console-error.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { parseDuration } from '../../text/duration.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';

const EXIT_REFUSED = 1;
/**
 * How long a signature is valid. Units: ms. Source: assumed; a change is rolled out in days, and no approval should last over a year.
 * Confirmed by: the operator's approval rules.
 */
const VALID_MS = { minMs: HOUR_MS, maxMs: 366 * 24 * HOUR_MS, usual: 30 * 24 * HOUR_MS };
/** Shortest passphrase. Units: characters. Source: the rule for console passwords. */
const MIN_PASSPHRASE = 12;
/** Longest passphrase. Units: bytes. Source: OpenSSL 3, PEM_BUFSIZE; it encrypts with a longer one, but then cannot read the key. */
const MAX_PASSPHRASE_BYTES = 1_024;
const MAX_KEY_BYTES = 8_192;

/**
 * `config keygen`: writes a new private key to a file and prints the public key. With `--passphrase` the private key is encrypted.
 * Resolves with 0.
 *
 * Errors: rejects with ConsoleError, for example if the file exists.
 */
export async function runKeygen(args: LocalArgs, terminal: Terminal): Promise<number> {
  const file = named(args, 'file');
  if (existsSync(file)) throw new ConsoleError('failed', msg`${file} exists already: a key is never replaced, choose another name`);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const passphrase = args['passphrase'] === true ? await newPassphrase(terminal) : null;
  const text = privateKey.export(passphrase === null ? pem : { ...pem, cipher: 'aes-256-cbc', passphrase });
  attempt(file, () => createFile(file, text.toString(), 0o600));
  const key = revisionKeyText(publicKey);
  if (args['json'] === true) terminal.out(`${JSON.stringify({ file, key })}\n`);
  else {
    print(terminal, msg`Wrote the private key to ${file}: keep it off every cabinet.`);
    print(terminal, msg`The public half, for trust.revisionKeys of each cabinet file:`);
    terminal.out(`trust: { revisionKeys: [{ id: ${idFrom(file)}, key: "${key}" }] }\n`);
  }
  return 0;
}

/**
 * `config sign`: signs a cabinet file and the profiles that `--profile` names, and writes the signature to a file. An existing file
 * is replaced, but not one of these or the key. Resolves with 0.
 *
 * Errors: rejects with ConsoleError, for example if a file or the key cannot be read.
 */
export async function runSign(args: LocalArgs, terminal: Terminal): Promise<number> {
  const file = named(args, 'file');
  const order = await readSigningOrder(args, terminal);
  const files = filesOf(file, listOf(args['profile']));
  const signature = signed(() => signRevision({ ...order, files }));
  const out = args['out'] === undefined ? `${file}.sig` : named(args, 'out');
  expectNewFile(out, [file, args['profile'], args['key']]);
  attempt(out, () => replaceFile(out, `${signature}\n`, { mode: 0o644, backup: null }));
  const { hash, untilMs, key, serial, cabinets } = statementOf(signature) as NonNullable<ReturnType<typeof statementOf>>;
  if (args['json'] === true) terminal.out(`${JSON.stringify({ file, out, signature, hash, cabinets, serial, untilMs, key })}\n`);
  else {
    const until = `${new Date(untilMs).toISOString().slice(0, 16)}Z`;
    print(
      terminal,
      cabinets.includes('*')
        ? msg`Signed ${file} for every cabinet, until ${until}: ${out}`
        : msg`Signed ${file} for ${cabinets}, until ${until}: ${out}`,
    );
  }
  return 0;
}

/**
 * `config verify`: checks with the keys of `--key` whether a signature is valid now for these files, and prints the result. The cabinet is
 * checked only with `--cabinet`. Whether the signature was used before is not checked. Resolves with 0, or 1 for a signature that is
 * refused.
 *
 * Errors: rejects with ConsoleError, for example if an option is missing or a file cannot be read.
 */
export async function runVerify(args: LocalArgs, terminal: Terminal): Promise<number> {
  const file = named(args, 'file');
  const from = args['signature'] === undefined ? `${file}.sig` : named(args, 'signature');
  const given = listOf(args['key']);
  if (given.length === 0)
    throw new ConsoleError('usage', msg`--key is missing: give a public key, as in trust.revisionKeys, or its PEM file`);
  const keys = given.map((text) => ({ id: text, key: publicKeyText(text) }));
  const signature = readTextFile(from).trim();
  const statement = statementOf(signature);
  const cabinetId = args['cabinet'] === undefined ? (statement?.cabinets[0] ?? '') : named(args, 'cabinet');
  const files = filesOf(file, listOf(args['profile']));
  const verdict = verifyRevisionSignature({ files, signature, keys, cabinetId, nowMs: nowMs(), lastSerial: 0 });
  if (args['json'] === true) terminal.out(`${JSON.stringify({ file, signature: from, cabinet: cabinetId, ...verdict })}\n`);
  else if (verdict.ok)
    print(
      terminal,
      cabinetId === '*'
        ? msg`${file} is signed by ${verdict.keyId} for every cabinet`
        : msg`${file} is signed by ${verdict.keyId} for ${cabinetId}`,
    );
  else terminal.err(`${paragraph(msg`${file}: ${refusalText(verdict.code)}`, terminal).join('\n')}\n`);
  return verdict.ok ? 0 : EXIT_REFUSED;
}

/**
 * Resolves with the private key, cabinets and validity of the arguments, and now as the time of signing. Asks for the passphrase of an
 * encrypted key. The cabinet ids are not checked.
 *
 * Errors: rejects with ConsoleError, for example if an argument is missing or the key cannot be used.
 */
export async function readSigningOrder(args: LocalArgs, terminal: Terminal): Promise<Omit<SigningOrder, 'files'>> {
  const cabinets = listOf(args['cabinet']);
  if (cabinets.length === 0) throw new ConsoleError('usage', msg`--cabinet is missing: name each cabinet, or write '*' for every one`);
  const validMs = args['valid'] === undefined ? VALID_MS.usual : parseDuration(named(args, 'valid'), VALID_MS);
  const privateKey = await readPrivateKey(named(args, 'key'), terminal);
  return { privateKey, cabinets, signedMs: nowMs(), validMs };
}

async function newPassphrase({ askSecret }: Terminal): Promise<string> {
  if (askSecret === undefined) throw new ConsoleError('usage', msg`a passphrase needs a terminal: run this command in one`);
  const text = await askSecret(msg`Passphrase`, { text: msg`${MIN_PASSPHRASE} characters at least`, problem: passphraseProblem });
  const problem = passphraseProblem(text);
  if (problem === null) return text;
  throw new ConsoleError('usage', msg`this passphrase is refused: ${problem}`);
}

function passphraseProblem(text: string): Message | null {
  if (text.length < MIN_PASSPHRASE) return msg`it has ${text.length} characters; ${MIN_PASSPHRASE} at least`;
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_PASSPHRASE_BYTES ? msg`it has ${bytes} bytes; ${MAX_PASSPHRASE_BYTES} at most` : null;
}

async function readPrivateKey(file: string, { askSecret }: Terminal): Promise<KeyObject> {
  const pem = readTextFile(file);
  const isEncrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(pem);
  if (isEncrypted && askSecret === undefined)
    throw new ConsoleError('usage', msg`the passphrase of this key needs a terminal: run this command in one`);
  const passphrase = isEncrypted ? await askSecret?.(msg`Passphrase`, null) : undefined;
  const key = ofPem(() => createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase }));
  if (key !== undefined) return key;
  throw new ConsoleError(
    'failed',
    isEncrypted
      ? msg`${file} is not a private key that can sign: the passphrase is wrong, or it is not an Ed25519 key`
      : msg`${file} is not a private key that can sign: make one with \`luciole config keygen\``,
  );
}

/** Returns the public key: given as text as in the site file, or as the PEM file of either half. */
function publicKeyText(given: string): string {
  if (readRevisionKey(given) !== undefined) return given;
  const pem = existsSync(given) ? readTextFile(given) : '';
  const key = ofPem(() => createPublicKey(pem));
  if (key === undefined) throw new ConsoleError('usage', msg`${given} is not an Ed25519 public key: give its base64, or a PEM file`);
  return revisionKeyText(key);
}

/** Returns undefined if it is not an Ed25519 key. */
function ofPem(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch (error) {
    // The library reports a wrong passphrase and an invalid text with the same kind of error.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

function filesOf(file: string, profiles: readonly string[]): ConfigFiles {
  const cabinet = readTextFile(file, UPLOAD_LIMIT.cabinetBytes);
  const named = profiles.map((path) => {
    const flaw = fileRefusal(`profiles/${basename(path)}`);
    if (flaw !== NO_TEXT) throw new ConsoleError('usage', msg`bad name "${basename(path)}": ${flaw}`);
    return [basename(path), readTextFile(path, UPLOAD_LIMIT.profileBytes)] as const;
  });
  const twice = named.map(([name]) => name).find((name, i, names) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ConsoleError('usage', msg`two files of --profile are named ${twice}: a revision has one of each name`);
  return { cabinet, profiles: Object.fromEntries(named) };
}

/**
 * Returns the text of a file, without its byte order mark. `maxBytes`: default 8,192. Errors: throws ConsoleError, for example if the file cannot be read, is empty or
 * is larger than `maxBytes`.
 */
export function readTextFile(file: string, maxBytes = MAX_KEY_BYTES): string {
  const bytes = attempt(file, () => {
    if (statSync(file).size > maxBytes)
      throw new ConsoleError('too-large', msg`${file} is larger than ${maxBytes} bytes: check that it is the right file`);
    return readRegularFile(file, maxBytes);
  });
  if (bytes.length === 0) throw new ConsoleError('failed', msg`${file} is empty`);
  try {
    // Without a byte order mark, as the agent takes a file: the signature must fit what it has.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConsoleError('failed', msg`${file} is not UTF-8 text`);
  }
}

/**
 * Runs `work` and returns its result. Errors: throws ConsoleError 'failed' that names `file` instead of an error with a `code`, such as
 * ENOENT; throws a ConsoleError and every error without a `code` again.
 */
export function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ConsoleError) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be read or written (${wordOf(code)}): check its path and mode`, { cause: error });
  }
}

/**
 * Runs `sign` and returns its result. Errors: throws ConsoleError 'usage' about `--cabinet` instead of a TypeError; throws every other
 * error again.
 */
export function signed(sign: () => string): string {
  try {
    return sign();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConsoleError('usage', msg`bad --cabinet: up to 100 ids as in cabinet.yaml, or '*' alone`);
  }
}

/**
 * Checks that the output path is not that of a file that is read: one to sign, or the key. Links are not followed. Errors: throws
 * ConsoleError 'usage' if it is.
 */
export function expectNewFile(out: string, read: readonly (LocalArgs[string] | undefined)[]): void {
  if (read.flatMap(listOf).some((path) => resolve(path) === resolve(out)))
    throw new ConsoleError('usage', msg`--out ${out} is a file to sign, or the key: name another file for the signature`);
}

function listOf(value: LocalArgs[string] | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : typeof value === 'string' ? [value] : [];
}

/** Returns an argument that must be given. Errors: throws ConsoleError 'usage' if it is missing, empty or not a text. */
export function named(args: LocalArgs, name: string): string {
  const value = args[name];
  if (typeof value !== 'string' || value === '') throw new ConsoleError('usage', msg`--${name} is missing`);
  return value;
}

/** Derives an id from the name of the file; `office` if no character is usable. */
function idFrom(file: string): string {
  return (
    basename(file)
      .replace(/\.[^.]*$/, '')
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 32) || 'office'
  );
}

function nowMs(): number {
  return createSystemClock({ quality: () => 'none' }).wallMs();
}

/** Writes a message with `terminal.out`, in the language of the terminal, wrapped to its width and with a line end. */
export function print(terminal: Terminal, line: Said): void {
  terminal.out(`${paragraph(line, terminal).join('\n')}\n`);
}
