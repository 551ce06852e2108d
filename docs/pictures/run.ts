/**
 * `npm run -s pictures`: draws the pictures of the documentation.
 *
 * Owns the files. `--check` writes nothing and fails where a picture is not as it would be drawn now.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import layers from '../layers.json' with { type: 'json' };
import { layersPicture } from './layers.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docs/layers.svg');
const { options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { readonly options: object };

const { output } = await cruise(['agent', 'drivers'], { ...options, baseDir: ROOT });
const drawn = layersPicture(output as ICruiseResult, layers);
const isCurrent = existsSync(FILE) && readFileSync(FILE, 'utf8') === drawn;
if (!process.argv.includes('--check')) writeFileSync(FILE, drawn);
else if (!isCurrent) {
  process.stderr.write('docs/layers.svg is not as the imports are now: npm run -s pictures\n');
  process.exitCode = 1;
}
