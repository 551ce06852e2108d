import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { manualPage } from '../../../../../agent/console/commands/service/manual-page.ts';

const hasMan = spawnSync('man', ['--version']).status === 0 && spawnSync('groff', ['--version']).status === 0;

t.test('man shows the page without a warning', { skip: hasMan ? false : 'this machine has no man and groff' }, async (t) => {
  const file = join(t.testdir(), 'luciole.1');
  writeFileSync(file, manualPage('0.1.0'));
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '--local-file', file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', MANWIDTH: '80' },
  });
  t.equal(status, 0);
  t.equal(stderr, '');
  t.match(stdout, /EXIT STATUS[\s\S]*64 +wrong usage/);
  t.match(stdout, /--maintenance/);
  t.ok(
    stdout.split('\n').every((line) => line.length <= 80),
    'no line wider than 80 columns',
  );
});

t.test('a text that roff would take for a macro is shown as it is', async (t) => {
  const page = manualPage('0.1.0');
  for (const line of page.split('\n').filter((each) => /^[.']/.test(each)))
    t.match(line, /^\.(?:TH|SH|SS|B|I|RI|BR|PP|TP|RS|RE|nf|fi|br)\b/);
  t.match(page, /^[\n\x20-\x7e]*$/, 'ASCII only');
});
