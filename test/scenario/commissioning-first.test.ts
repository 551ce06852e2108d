import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import t, { type Test } from 'tap';
import { type Clock, sleep } from '../../agent/core/clock.ts';
import { LAUNCHER, runInFolder, unknownStreet } from '../support/unknown-street.ts';

/** The guide on a terminal. `answer` waits for the question first, and rejects with the screen if it is not shown. */
function guide(t: Pick<Test, 'teardown'>, words: readonly string[], { folder, clock }: { folder: string; clock: Clock }) {
  const env = { ...process.env, TERM: 'dumb', PATH: '/nowhere', LUCIOLE_SOCKET: join(folder, 'agent.sock') };
  const pty = spawnOnTerminal(process.execPath, [LAUNCHER, 'commission', ...words], { cols: 80, rows: 24, env });
  let [screen, read] = ['', 0];
  let wake = (): void => {};
  pty.onData((text) => {
    screen += text;
    wake();
  });
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  t.teardown(() => pty.kill('SIGKILL'));
  return {
    ended,
    screen: () => screen,
    kill: () => pty.kill('SIGKILL'),
    async answer(question: RegExp, text: string): Promise<void> {
      const isLate = sleep(clock, 20_000).then(() => true);
      for (let found = question.exec(screen.slice(read)); ; found = question.exec(screen.slice(read))) {
        if (found !== null) {
          read += found.index + found[0].length;
          pty.write(text);
          return;
        }
        const more = new Promise<boolean>((resolve) => {
          wake = () => resolve(false);
        });
        if (await Promise.race([more, isLate])) throw new Error(`no ${question} in:\n${screen.slice(read)}`);
      }
    },
  };
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
