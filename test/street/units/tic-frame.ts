/**
 * Frames of a TIC meter, built from the specification.
 *
 * Source: Enedis-NOI-CPT_54E and Enedis-NOI-CPT_02E.
 */

/** A group without checksum: label and data, in standard mode with the time between where the group has one. */
export type TicGroup = readonly string[];

const SEPARATOR = { standard: '\t', historic: ' ' } as const;

/** The bytes of a frame on the wire, each with even parity in bit 7. */
export function ticFrame(mode: keyof typeof SEPARATOR, groups: readonly TicGroup[]): Buffer {
  return withParity(`\x02${groups.map((group) => `\n${ticGroupText(mode, group)}\r`).join('')}\x03`);
}

/** The text of a group with its checksum, without the characters around it. */
export function ticGroupText(mode: keyof typeof SEPARATOR, group: TicGroup): string {
  const separator = SEPARATOR[mode];
  const text = group.join(separator);
  const summed = mode === 'standard' ? text + separator : text;
  const sum = [...summed].reduce((all, character) => all + character.charCodeAt(0), 0);
  return `${text}${separator}${String.fromCharCode((sum & 0x3f) + 0x20)}`;
}

/** The bytes of a text of 7-bit characters, each with even parity in bit 7. */
export function withParity(text: string): Buffer {
  return Buffer.from(Array.from(text, (character) => evenByte(character.charCodeAt(0))));
}

function evenByte(character: number): number {
  let ones = 0;
  for (let rest = character; rest > 0; rest >>= 1) ones += rest & 1;
  return character | ((ones & 1) << 7);
}
