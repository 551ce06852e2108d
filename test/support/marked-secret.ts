/**
 * A secret that tests search for in places where it must not be, in every form in which it could appear.
 */
import { createPublicKey, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MarkedSecret {
  readonly name: string;
  readonly text: string;
}

/** A random text that does not occur anywhere by accident. `name` is for the result of `sightings`. */
export function newMarkedSecret(name: string): MarkedSecret {
  return { name, text: `canary-${randomBytes(12).toString('hex')}` };
}

/** One secret for each line of a PEM key with more than 20 characters, without the header lines. */
export function keyCanaries(name: string, pem: string): MarkedSecret[] {
  // The end of a key is its public half, which its certificate shows to everyone.
  const publicHalf = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return pem
    .split('\n')
    .filter((line) => line.length > 20 && !line.startsWith('-----') && !publicHalf.includes(Buffer.from(line, 'base64')))
    .map((text) => ({ name, text }));
}

/** `<name> in <place>` for each secret found in a place, as it is or in base64, hex or percent form; empty if none was. */
export function sightings(canaries: readonly MarkedSecret[], places: ReadonlyMap<string, Buffer | string>): string[] {
  return [...places].flatMap(([place, content]) => {
    const bytes = Buffer.from(content);
    return canaries.filter(({ text }) => formsOf(text).some((form) => bytes.includes(form))).map(({ name }) => `${name} in ${place}`);
  });
}

/** The content of all regular files below a folder, by path. */
export function filesIn(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name))]));
}

/** Base64 depends on the preceding bytes, so its middle is searched at each of three offsets. */
function formsOf(text: string): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + text)
      .toString('base64')
      .slice(4, -4),
  );
  return [text, ...base64, Buffer.from(text).toString('hex'), encodeURIComponent(text)];
}
