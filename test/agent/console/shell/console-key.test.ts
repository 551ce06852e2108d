import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { consoleKey } from '../../../../agent/console/shell/console-key.ts';
import { testFolder } from '../../store/fixtures/kit.ts';

t.test('a console has one key for each line, the same each time, that shows nothing of its secret', async (t) => {
  const dir = join(testFolder(t), 'console');
  const key = consoleKey(dir, 'ttyS1');
  t.match(key, /^[\w-]{43}$/);
  t.equal(consoleKey(dir, 'ttyS1'), key);
  t.not(consoleKey(dir, 'ttyS2'), key);
  const file = join(dir, '.console-key');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.notMatch(key, readFileSync(file, 'utf8'));
  t.not(consoleKey(join(testFolder(t), 'other'), 'ttyS1'), key, 'another cabinet');
});

t.test('a missing, truncated or irregular secret makes another key or none, and never a known one', async (t) => {
  t.equal(consoleKey(null, 'ttyS1'), '');
  const dir = testFolder(t);
  writeFileSync(join(dir, '.console-key'), '');
  const key = consoleKey(dir, 'ttyS1');
  t.match(key, /^[\w-]{43}$/);
  t.ok(readFileSync(join(dir, '.console-key'), 'utf8').length >= 43);
  const taken = testFolder(t);
  mkdirSync(join(taken, '.console-key'));
  t.equal(consoleKey(taken, 'ttyS1'), '');
  const file = join(testFolder(t), 'file');
  writeFileSync(file, '');
  t.equal(consoleKey(file, 'ttyS1'), '', 'its folder is a file');
  const planted = testFolder(t);
  writeFileSync(join(planted, 'target'), 'short');
  symlinkSync(join(planted, 'target'), join(planted, '.console-key'));
  t.not(consoleKey(planted, 'ttyS1'), '');
  t.equal(readFileSync(join(planted, 'target'), 'utf8'), 'short', 'the target of a link is left alone');
});
