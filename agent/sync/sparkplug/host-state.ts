/**
 * Parses a host's STATE message. Pure.
 *
 * Errors: none; a payload that does not fit gives undefined.
 */
import type { WallMs } from '../../core/clock.ts';

/** Source: assumed; a STATE of Sparkplug 3.0 has 50 bytes. */
const MAX_STATE_BYTES = 1_024;

/** Undefined for anything but `{"online":<boolean>,"timestamp":<ms>}`. Source: Sparkplug 3.0 §6.4.24. */
export function readHostState(payload: Uint8Array): { readonly online: boolean; readonly atMs: WallMs } | undefined {
  if (payload.length > MAX_STATE_BYTES) return undefined;
  const state = parse(payload);
  if (typeof state !== 'object' || state === null || !('online' in state) || !('timestamp' in state)) return undefined;
  const { online, timestamp } = state;
  if (typeof online !== 'boolean' || typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) return undefined;
  return { online, atMs: timestamp };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    // Not JSON, so no STATE; the caller logs that.
    return undefined;
  }
}
