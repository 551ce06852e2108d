/**
 * Files that try to steer the terminal of the person who looks at them, at the real program on a pseudo-terminal.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import t from 'tap';
import { SMALL_SITE } from '../support/small-site.ts';
import { LAUNCHER } from '../support/unknown-street.ts';

const STEERING = '\u001b]0;title\u0007\u001b[2J\u009b1m';

t.test('no file that the program reads reaches the terminal with what steers it', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-steering-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const place = (name: string): string => join(folder, name);
  writeFileSync(place('cabinet.yaml'), SMALL_SITE);
  writeFileSync(place('bad.yaml'), SMALL_SITE.replace('programme: residential', `programme: "${STEERING}"`));
  writeFileSync(place('escaped.yaml'), SMALL_SITE.replace('programme: residential', 'programme: "\\e]0;title\\a\\e[2J"'));
  writeFileSync(place('poles.csv'), `pole,${STEERING},lamp\nP1${STEERING},2,L1\n`);
  writeFileSync(place('profile.yaml'), `id: "a\\e[2J"\nmodel: ${STEERING}\n`);
  const shown = (...words: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [LAUNCHER, ...words], { cols: 80, env: { ...process.env, TERM: 'vt100' } });
      let text = '';
      child.onData((more) => {
        text += more;
      });
      child.onExit(() => resolve(text));
    });
  for (const words of [
    ['check', place('bad.yaml')],
    ['check', place('escaped.yaml')],
    ['check', place(`none${STEERING}.yaml`)],
    ['profile', 'check', place('profile.yaml')],
    ['config', 'import', place('poles.csv'), '--into', place('cabinet.yaml')],
    ['config', 'verify', place('cabinet.yaml'), '--signature', place('poles.csv'), '--key', `k${STEERING}`],
    [`no${STEERING}such`],
  ]) {
    const text = await shown(...words);
    t.ok(text.length > 20, `${words[0]} says something`);
    for (const part of ['\u001b]', '\u001b[2J', '\u0007', '\u009b'])
      t.notOk(text.includes(part), `${words.slice(0, 2).join(' ')}: ${JSON.stringify(part)}`);
  }
});
