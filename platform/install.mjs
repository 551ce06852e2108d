// Installs the packages of the host, which the agent does not need. `node platform/install.mjs` does it for checks and tests.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const mark = join(folder, 'node_modules', '.installed');

/** Returns false, after a message, if they could not be installed. */
export function installPlatform() {
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === hash) return true;
  process.stderr.write('platform: installing its packages (npm ci in platform/)\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write('platform: its packages could not be installed\n');
    return false;
  }
  writeFileSync(mark, hash);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !installPlatform()) process.exitCode = 69;
