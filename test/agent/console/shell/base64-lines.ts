/** The lines that `copy FILE serial --base64` wrote. */
import { crc32 } from 'node:zlib';

/** Decodes the lines `<number> <base64> <crc32>` of a text; other lines are ignored. `bad`: numbers of the lines with a wrong checksum. */
export function together(text: string): { content: Buffer; bad: number[] } {
  const lines = [...text.matchAll(/^(\d+) ([A-Za-z0-9+/=]+) ([0-9a-f]{8})$/gm)];
  const bad = lines.filter(([, n, data, check]) => crc32(`${n} ${data}`).toString(16).padStart(8, '0') !== check).map(([, n]) => Number(n));
  return { content: Buffer.concat(lines.map(([, , data = '']) => Buffer.from(data, 'base64'))), bad };
}
