/**
 * Checks the packet lengths of an MQTT byte stream before the library collects a packet in memory.
 */

/** Why a byte stream is refused. */
export type StreamError = 'too-large' | 'not-mqtt';

/**
 * Returns a function that takes the next bytes and returns the first error, or null while there is none.
 *
 * Shape:  each byte once, in any chunks.
 * Source: MQTT 5 §1.5.5: a length has four bytes of seven bits at most; §2.1.2: type 0 is forbidden.
 */
export function createPacketWatch(maxPacketBytes: number): (chunk: Uint8Array) => StreamError | null {
  let state: 'type' | 'length' | 'body' = 'type';
  let left = 0;
  let digits = 0;
  let error: StreamError | null = null;

  const length = (byte: number): void => {
    left += (byte & 0x7f) * 128 ** digits;
    digits += 1;
    if (byte >= 0x80) {
      if (digits === 4) error = 'not-mqtt';
      return;
    }
    if (1 + digits + left > maxPacketBytes) error = 'too-large';
    state = left === 0 ? 'type' : 'body';
  };

  return (chunk) => {
    for (let at = 0; at < chunk.length && error === null; ) {
      const byte = chunk[at] as number;
      if (state === 'body') {
        const step = Math.min(left, chunk.length - at);
        at += step;
        left -= step;
        if (left === 0) state = 'type';
        continue;
      }
      at += 1;
      if (state === 'length') length(byte);
      else if (byte < 0x10) error = 'not-mqtt';
      else [state, left, digits] = ['length', 0, 0];
    }
    return error;
  };
}
