/**
 * Numbers the metrics so that an alias never identifies two metrics in the life of a store.
 *
 * Each device has a block of consecutive aliases. It keeps its block while its metrics are the same, and gets a new one when they change;
 * the numbers of a block are never reused. So a command with an alias of an earlier run reaches its metric or none.
 */

import { createHash } from 'node:crypto';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';

/** The names of the metrics of one device that have an alias, in their order. Shape: `deviceId` is empty for the node. */
export interface AliasedMetrics {
  readonly deviceId: string;
  readonly names: readonly string[];
}

interface AliasBlock {
  readonly deviceId: string;
  readonly first: number;
  /** The digest of the names of its metrics. */
  readonly digest: string;
}

/**
 * The alias numbers of the node and its devices, also removed ones, in blocks of consecutive numbers. `next`: the first number of the next
 * block. Shape: the JSON under `sync.aliases`.
 */
export interface AliasBlocks {
  readonly next: number;
  readonly blocks: readonly AliasBlock[];
}

const KEY = 'sync.aliases';
/** Blocks kept, including those of removed devices. Source: assumed; four lines of 247 units, replaced once. Confirmed by: the largest cabinet in service. */
const MAX_BLOCKS = 2_048;
/** Where numbering starts if the numbers of earlier runs cannot be read. Source: assumed; far above what a cabinet reaches, still three bytes on the wire. Confirmed by: the highest alias of cabinets after a year. */
const UNREAD_FIRST = { from: 1_000_000, span: 1_000_000 };

/** The alias numbers of a first run: none was ever used. */
export const NO_ALIAS_BLOCKS: AliasBlocks = { next: 1, blocks: [] };

/**
 * Returns the blocks with one for each of these devices. A device keeps its block while the names of its metrics, and their order, stay.
 * Returns `blocks` itself if nothing changed.
 */
export function assignAliasBlocks(blocks: AliasBlocks, wanted: readonly AliasedMetrics[]): AliasBlocks {
  const known = new Map(blocks.blocks.map((block) => [block.deviceId, block]));
  let { next } = blocks;
  for (const { deviceId, names } of wanted) {
    const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 16);
    if (known.get(deviceId)?.digest === digest) continue;
    known.set(deviceId, { deviceId, first: next, digest });
    next += names.length;
  }
  if (next === blocks.next && known.size === blocks.blocks.length) return blocks;
  const present = new Set(wanted.map(({ deviceId }) => deviceId));
  const all = [...known.values()];
  return { next, blocks: all.length > MAX_BLOCKS ? all.filter(({ deviceId }) => present.has(deviceId)) : all };
}

/**
 * Resolves to the blocks of earlier runs, with one for each of these devices. Starts to save changed ones, but does not wait for it; saves
 * nothing if the disk cannot be read. `random`: returns a random number 0..1. If the earlier blocks cannot be read, it gives the first new
 * alias.
 */
export async function restoreAliasBlocks(
  store: Pick<Store, 'save' | 'load'>,
  wanted: readonly AliasedMetrics[],
  random: () => number,
): Promise<AliasBlocks> {
  const found = await store.load(KEY, UNREAD);
  const unknown = { next: UNREAD_FIRST.from + Math.floor(random() * UNREAD_FIRST.span), blocks: [] };
  if (found === UNREAD) return assignAliasBlocks(unknown, wanted);
  const saved = found === undefined ? NO_ALIAS_BLOCKS : (readBlocks(found) ?? unknown);
  const blocks = assignAliasBlocks(saved, wanted);
  if (blocks !== saved) void store.save(KEY, blocks);
  return blocks;
}

/** Undefined for an invalid value. */
function readBlocks(value: unknown): AliasBlocks | undefined {
  if (!isRecord(value) || !isAlias(value['next']) || !Array.isArray(value['blocks'])) return undefined;
  const next = value['next'];
  const blocks = value['blocks'].flatMap((block: unknown): AliasBlock[] => {
    if (!isRecord(block)) return [];
    const { deviceId, first, digest } = block;
    return typeof deviceId === 'string' && isAlias(first) && first < next && typeof digest === 'string'
      ? [{ deviceId, first, digest }]
      : [];
  });
  return { next, blocks };
}

function isAlias(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
