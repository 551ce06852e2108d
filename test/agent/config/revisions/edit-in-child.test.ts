import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { editYaml } from '../../../../agent/config/edit/edit.ts';
import { editInChild } from '../../../../agent/config/revisions/check-in-child.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { texts } from '../../../support/texts.ts';

const clock = createSystemClock({ quality: () => 'synced' });

t.test('one value of a hostile text: the process that parses it may die, the agent answers', { timeout: 120_000 }, async (t) => {
  const dir = join(t.testdir(), 'candidate');
  mkdirSync(dir);
  const order = { dir, path: 'cabinet.name', value: 'x' };
  const before = process.memoryUsage().rss;
  for (const text of ['['.repeat(200_000), '- '.repeat(100_000)]) {
    writeFileSync(join(dir, 'cabinet.yaml'), text);
    t.match(await editInChild(order, clock), { reason: /./ }, `${text.length} characters`);
  }
  t.ok(process.memoryUsage().rss - before < 64 * 2 ** 20, 'and has none of its memory');
  writeFileSync(join(dir, 'cabinet.yaml'), 'cabinet: { name: y } # a comment\n');
  t.strictSame(await editInChild(order, clock), { text: 'cabinet: { name: x } # a comment\n' });
  t.match(
    await editInChild({ ...order, path: 'cabinet.nam' }, clock),
    { reason: /unknown key "nam"; did you mean "name"/ },
    'and is checked there',
  );
});

t.test('a value that repeats another part is refused with a reason', async (t) => {
  for (const value of ['*x', '[*x]', '{ a: *x }'])
    t.match(editYaml('uplink: { broker: a }\n', 'uplink.broker', value), { reason: /repeats another part/ }, value);
  t.match(texts(editYaml('uplink: { broker: a }\n', 'uplink.broker', '&x [*x]')), { reason: /an anchor \(&\)/ });
});
