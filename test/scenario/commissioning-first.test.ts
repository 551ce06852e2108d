import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Clock } from '../../agent/core/clock.ts';
import { onTerminal } from '../support/asked-terminal.ts';
import { LAUNCHER, runInFolder, unknownStreet } from '../support/unknown-street.ts';

/** The guide on a terminal, without other programs in its path. */
function guide(t: Pick<Test, 'teardown'>, words: readonly string[], { folder, clock }: { folder: string; clock: Clock }) {
  const terminal = onTerminal(['commission', ...words], folder, clock, { PATH: '/nowhere' });
  t.teardown(() => terminal.kill());
  return terminal;
}

t.test('a gateway without anything: set-up, agent, then the steps; killed, it goes on where it was', { timeout: 60_000 }, async (t) => {
  const street = unknownStreet(t);
  const { folder, ports, file } = street;
  const scan = ['--units', '1-22', '--serial', '19200-8N2', '--prefer', 'wirenboard-wb-led', '--data-dir', join(folder, 'data')];
  const words = ['--file', file, ...ports.slice(0, 2), ...scan];
  const first = guide(t, words, street);
  await first.answer(/There is no \S*cabinet.yaml: first the set-up\.[\s\S]*Id of this cabinet.*: $/, 'angers-0042\r');
  await first.answer(/Name for people.*: $/, 'Rue des Lices\r');
  await first.answer(/Latitude, longitude.*: $/, '47.4736, -0.5541\r');
  await first.answer(/Time zone.*: $/, 'Europe/Paris\r');
  // Each of the other questions has a usual answer.
  for (const question of [/Metres from one/, /Rated power/, /Id of the zone/, /Kind of place/, /Level from/, /Broker/, /First user/])
    await first.answer(new RegExp(`${question.source}.*: $`), '\r');
  await first.answer(/Write .*\? yes or no \[yes\]: $/, '\r');
  await first.answer(/Wrote [\s\S]*6 lamps[\s\S]*Start the agent now, as the service luciole\? yes or no \[yes\]: $/, '\r');
  await first.answer(/the service manager does not start[\s\S]*Enter\s+once it runs: $/, '\r');
  t.ok(existsSync(file));
  const agent = spawn(process.execPath, [LAUNCHER, 'run', file, '--no-uplink'], {
    stdio: 'ignore',
    env: { ...process.env, LUCIOLE_SOCKET: join(folder, 'agent.sock') },
  });
  t.teardown(() => agent.kill('SIGKILL'));
  for (;;) if ((await runInFolder(['status'], folder)).code === 0) break;
  await first.answer(/Enter\s+once it runs: $/, '\r');
  await first.answer(/Commissioning of Rue des Lices[\s\S]*Scan 1 line: which units answer\? yes or no \[yes\]: $/, 'n\r');
  await first.answer(/L01 blinks on pole \[P01\]: $/, 'A117@3.5\r');
  await first.answer(/L01 is on pole A117[\s\S]*L02 blinks on pole \[P02\]: $/, '');
  first.kill();
  await first.ended;

  const second = guide(t, words, street);
  await second.answer(/Scan 1 line.*: $/, 'n\r');
  await second.answer(/L02 blinks on pole \[P02\]: $/, 'q\r');
  await second.answer(/1 lamp on another pole or place[\s\S]*yes or\s+no \[yes\]: $/, 'n\r');
  await second.answer(/Test 6 lamps[\s\S]*yes or\s+no \[yes\]: $/, '\x03');
  t.equal(await second.ended, 1);
  t.match(second.screen().replaceAll(/\s+/g, ' '), /stopped; the results so far are stored/);
  t.notMatch(second.screen(), /[^\r\n]{81}/, 'it fits 80 columns');
  const report = await runInFolder(['commission', 'report', '--json'], folder);
  t.equal(report.code, 1, 'not everything has passed');
  t.match(JSON.parse(report.out), { result: 'fail', lamps: [{ lamp: 'L01', pole: 'P01', placement: { pole: 'A117', atM: 3.5 } }] });
  t.match(await runInFolder(['commission', '--file', file], folder), { code: 64, err: /there is no terminal/ }, 'it needs a person');
});
