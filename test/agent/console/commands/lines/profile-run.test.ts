import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView } from '../../fake-view.ts';
import { programFolder, runLuciole } from '../../program.ts';

const PROFILE = `id: my-driver
vendor: Test
model: One
category: luminaire-driver
trust: B
transport: modbus
sources: [this test]
serial: { baud: 9600, parity: none, stopBits: 2 }
nameplate:
  - { id: serial, address: 2000, type: u16 }
  - { id: firmware, address: 404, type: u16 }
points:
  - { id: level, semantic: level, table: holding, address: 2000, type: u16, range: [0, 1000] }
  - { id: current, semantic: current, table: holding, address: 5, type: u16, scale: 0.1, decimals: 1, unit: A, range: [0, 20] }
  - { id: extra, semantic: other, table: holding, address: 404, type: u16 }
examples:
  - { origin: computed, request: 07 03 07 D0 00 01 84 E1, response: 07 03 02 01 2C 30 09, expect: { level: 300 } }
`;

t.test('a profile is checked offline and tried on a unit through the running agent', async (t) => {
  const dir = programFolder(t);
  const [good, bad, socketPath] = [join(dir, 'good.yaml'), join(dir, 'bad.yaml'), join(dir, 'agent.sock')];
  writeFileSync(good, PROFILE);
  writeFileSync(bad, PROFILE.replace('level: 300', 'level: 301').replace('type: u16, range', 'type: u16, rnge'));
  t.match(await runLuciole('profile', 'check', good), { code: 0, out: /ok, my-driver, 3 points, 1 example run, trust B\n$/, err: '' });
  t.match(await runLuciole('profile', 'check', bad), { code: 78, out: /bad\.yaml:13:\d+: points\[0\]\.rnge: unknown key "rnge"/ });
  writeFileSync(bad, PROFILE.replace('level: 300', 'level: 301'));
  t.match(await runLuciole('profile', 'check', bad, '--json'), {
    code: 78,
    out: /"file":".*","line":17,"column":\d+,.*expected 301.*300.*"profile":null/,
  });

  const log = { event: () => {} };
  const view = createFakeView();
  const server = createConsoleServer({ view, socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  const test = (unit: string, ...words: string[]) =>
    runLuciole('profile', 'test', good, '--line', 'street', '--unit', unit, '--socket', socketPath, ...words);
  const shown =
    /level +2000 +300 +good[\s\S]*current +5 +30\.0 +A +implausible[\s\S]*extra +404 +- +failed[\s\S]*Serial no\. +300\nFirmware +-\n[\s\S]*1 of 3 points good; compare/;
  t.match(await test('7'), { code: 1, out: shown, err: '' });
  const bare = join(dir, 'bare.yaml');
  writeFileSync(bare, PROFILE.slice(0, PROFILE.indexOf('examples:')));
  t.match(await runLuciole('profile', 'check', bare), { code: 78, out: /examples: give at least one exchange/ });
  const tried = await runLuciole('profile', 'test', bare, '--line', 'street', '--unit', '7', '--socket', socketPath);
  t.match(tried, { code: 1, out: shown, err: '' }, 'without examples too');
  t.match(await test('9', '--json'), { code: 1, out: /^{"profile":"my-driver".*"quality":"failed".*"untried":0,"isSilent":true}\n$/ });
  t.match(await runLuciole('profile', 'test', good, '--line', 'stret', '--unit', '7', '--socket', socketPath), {
    code: 1,
    err: /did you mean\n?\s?street/,
  });
  t.ok(
    view.asked.every((request) => 'count' in (request as object)),
    'nothing is ever written',
  );
});
