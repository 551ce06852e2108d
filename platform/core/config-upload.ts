/**
 * The commands that bring a configuration to a cabinet. Pure.
 *
 * Source: docs/platform.md, "Configuration".
 */
import { createHash } from 'node:crypto';
import type { WrittenValue } from './command.ts';

/** The own metrics of one command by name, without `Command/Id` and `Command/Expires`. */
export type CommandMetrics = Readonly<Record<string, WrittenValue>>;

/** Bytes of a part. Source: docs/platform.md: up to 32 KB. */
const PART_BYTES = 32_000;
/** Source: docs/platform.md: `cabinet.yaml` up to 512 KB, other files up to 128 KB. Units: bytes. */
const MOST_BYTES = { cabinet: 512 * 1_024, other: 128 * 1_024 };
/** Source: docs/platform.md: names of profiles have small letters, digits, dots, underscores and hyphens. */
const NAMES = /^(?:cabinet\.yaml|revision\.sig|profiles\/[a-z0-9][a-z0-9._-]{0,63}\.yaml)$/;

/** Units: UTF-16 units. */
const MOST_COMMENT = 200;

/**
 * Whether a rollout may contain a file with this name: `cabinet.yaml`, `revision.sig`, or `profiles/NAME.yaml` without capital letters.
 * A cabinet accepts each of these names.
 */
export function isConfigFile(name: string): boolean {
  return NAMES.test(name);
}

/**
 * Returns the size above which a cabinet refuses a file of this name: 512 KiB for `cabinet.yaml`, 128 KiB for any other. `revision.sig` has
 * a lower limit there. Units: bytes.
 */
export function mostBytesOf(name: string): number {
  return name === 'cabinet.yaml' ? MOST_BYTES.cabinet : MOST_BYTES.other;
}

/** Whether a cabinet accepts this comment with `apply`. Source: docs/platform.md: up to 200 characters, none of Unicode category C. */
export function isConfigComment(text: string): boolean {
  return text.length <= MOST_COMMENT && !/\p{C}/u.test(text);
}

/**
 * Returns one `put` for each part of the file; they may be sent in any order. A part has at most 32,000 bytes. An empty file has one part.
 * `name` and size are not checked.
 */
export function uploadCommands(name: string, bytes: Buffer): CommandMetrics[] {
  const hash = createHash('sha256').update(bytes).digest('hex');
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: count }, (_, i) => ({
    ...{ 'Config/Action': 'put', 'Config/File': name, 'Config/Part': `${i + 1}/${count}`, 'Config/SHA-256': hash },
    'Config/Data': { base64: bytes.subarray(i * PART_BYTES, (i + 1) * PART_BYTES).toString('base64') },
  }));
}

/**
 * Returns the `apply` that follows the `put`s of all files. `minutes`: the longest trial, a whole number from 1 to 168. `comment`: why, at
 * most 200 characters; empty for none. A cabinet refuses other values.
 */
export function applyCommand({ minutes, comment }: { readonly minutes: number; readonly comment: string }): CommandMetrics {
  return { 'Config/Action': 'apply', 'Config/Minutes': minutes, ...(comment === '' ? {} : { 'Config/Comment': comment }) };
}
