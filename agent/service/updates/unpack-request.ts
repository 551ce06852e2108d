/**
 * The request of the agent to the service that unpacks releases, and its answer. Two processes, two users, two files: each side writes
 * one of them and only reads the other.
 *
 * ```
 * agent: writes request ──► luciole-release.path starts luciole-release.service
 * service: removes the request, unpacks, writes the answer ──► agent: finds the answer to its request
 * ```
 */

import { randomUUID } from 'node:crypto';
import { rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceWholeLater } from '../../core/atomic-write.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { messageIn, withTexts } from '../../core/message-wire.ts';
import { readRegularFileLater } from '../../core/regular-file.ts';
import { ReleaseStore } from './release-store.ts';
import { openPlainFile, type UnpackerParts, unpackRelease } from './release-unpacker.ts';
import { updateFailureText } from './update-error.ts';

/** File in the runtime folder of the agent. Source: luciole-release.path. */
const REQUEST = 'release-request';
/** File in the folder of unpacked releases. */
const ANSWER = 'answer.json';
/** Units: ms. `taken`: until the service has started; `done`: until it has unpacked, less than a console waits. Source: assumed; a Node starts in 4 s on an eighth of a core, and 130 MB take 2 minutes on a slow card. Confirmed by: bench of an update on the gateway. */
const UNPACK_MS = { look: 200, taken: 60_000, done: 540_000 } as const;
/** Longest id of a request. Source: RFC 9562, a UUID has 36 characters. */
const MAX_ID_BYTES = 64;
/** Longest answer. Units: bytes. Source: assumed; a name and a sentence. Confirmed by: the longest message of an UpdateError. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * Result of a request to unpack an update. `release`: the name of the unpacked release; null if it was not unpacked, or not in time, with
 * the reason in `text`, which is otherwise empty.
 */
export interface UnpackAnswer {
  readonly release: string | null;
  readonly text: Message;
}

/** The answer as stored on disk. */
interface StoredAnswer {
  readonly id?: unknown;
  readonly release?: string | null;
  readonly text?: unknown;
  readonly textTemplate?: unknown;
}

/** Where the agent writes a request to unpack and reads the answer. */
export interface UnpackRequestParts {
  readonly clock: Clock;
  /** Runtime folder of the agent, for the request. */
  readonly runtimeDir: string;
  /** Folder of the unpacked releases; the service that unpacks them writes its answer there. */
  readonly unpackedDir: string;
}

/**
 * For the agent: requests that the received file is unpacked, and resolves with the result. Its `release` is null also if the service does
 * not take the request within 1 min, or does not answer within 9 min. Errors: rejects with the system's error for the request file.
 */
export async function requestUnpacking({ clock, runtimeDir, unpackedDir }: UnpackRequestParts): Promise<UnpackAnswer> {
  const [id, file] = [randomUUID(), join(runtimeDir, REQUEST)];
  await replaceWholeLater(file, `${id}\n`, 0o600);
  const fromMono = clock.monoMs();
  for (;;) {
    const answer = await answerTo(id, unpackedDir);
    if (answer !== null) return answer;
    const waitedMs = clock.monoMs() - fromMono;
    const isUntaken = waitedMs >= UNPACK_MS.taken && (await exists(file));
    if (isUntaken || waitedMs >= UNPACK_MS.done) {
      await rm(file, { force: true });
      return {
        release: null,
        text: msg`the service that unpacks it does not answer: systemctl status luciole-release.path luciole-release`,
      };
    }
    await sleep(clock, UNPACK_MS.look);
  }
}

/**
 * For the service: removes the request, unpacks, writes the answer for the agent and returns it. An update that is refused is an answer,
 * not an error.
 *
 * Errors: rejects, for example if there is no request or if the answer cannot be written.
 */
export async function answerUnpackRequest(parts: UnpackerParts & { readonly runtimeDir: string }): Promise<UnpackAnswer> {
  const id = await takeRequest(join(parts.runtimeDir, REQUEST));
  const answer = await unpacked(parts);
  await replaceWholeLater(join(parts.unpackedDir, ANSWER), `${JSON.stringify(withTexts({ id, ...answer }))}\n`, 0o644);
  return answer;
}

async function unpacked(parts: UnpackerParts): Promise<UnpackAnswer> {
  try {
    return { release: await unpackRelease(parts), text: NO_TEXT };
  } catch (error) {
    return { release: null, text: updateFailureText(error, new ReleaseStore(parts.stateDir, parts.unpackedDir).incoming) };
  }
}

/** The request is removed first, otherwise the path unit would start the service again immediately. */
async function takeRequest(path: string): Promise<string> {
  const file = await openPlainFile(path).finally(() => unlink(path));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_ID_BYTES), 0, MAX_ID_BYTES, 0);
    return buffer.subarray(0, bytesRead).toString('latin1').trim();
  } finally {
    await file.close();
  }
}

/** Null until the service has answered this request. */
async function answerTo(id: string, unpackedDir: string): Promise<UnpackAnswer | null> {
  try {
    const text = (await readRegularFileLater(join(unpackedDir, ANSWER), { maxBytes: MAX_ANSWER_BYTES })).toString('utf8');
    const answer = JSON.parse(text) as StoredAnswer;
    // The service of another release may write no template.
    return answer.id === id
      ? { release: answer.release ?? null, text: messageIn(answer.textTemplate) ?? msg`${String(answer.text)}` }
      : null;
  } catch {
    return null; // Not written yet.
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
