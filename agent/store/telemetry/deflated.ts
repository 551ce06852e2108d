/**
 * Deflates bytes, and inflates them with a bound on their size.
 */
import { inflateRawSync } from 'node:zlib';
import { StoreError } from '../../core/errors.ts';

/** Errors: throws StoreError `corrupt` for what does not unpack, would become longer than `maxBytes`, or has bytes behind its end. */
export function unpack(blob: Uint8Array, maxBytes: number): Uint8Array {
  let found: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` zlib also returns how many bytes it used; its types do not have that.
    found = inflateRawSync(blob, { maxOutputLength: maxBytes, info: true }) as unknown as typeof found;
  } catch (cause) {
    throw new StoreError('corrupt', 'stored bytes: they do not unpack', { cause });
  }
  if (found.engine.bytesWritten !== blob.length)
    throw new StoreError('corrupt', `stored bytes: ${blob.length - found.engine.bytesWritten} of ${blob.length} left over`);
  return found.buffer;
}
