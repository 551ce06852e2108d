/**
 * The first start as a person sees it: a program, serial ports and a street without a configuration, and then light.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sleep } from '../../agent/core/clock.ts';
import { startAgentProcess } from '../street/agent-process.ts';
import { runInFolder, unknownStreet } from '../support/unknown-street.ts';

const SITE = ['--yes', '--id', 'angers-0042', '--position', '47.4736,-0.5541', '--timezone', 'Europe/Paris'];

type Street = ReturnType<typeof unknownStreet>;

/** A first cabinet file with keys, then a second one in its place. */
async function checkSetup(t: Test, setup: readonly string[], { folder, file }: Street): Promise<void> {
  const first = await runInFolder(
    [...setup, '--json', '--broker', 'mqtts://broker.example.org', '--group', 'Angers', '--username', 'box'],
    folder,
  );
  t.equal(first.code, 0, first.err);
  const report = JSON.parse(first.out);
  t.match(report, {
    wrote: true,
    backup: null,
    lamps: 12,
    problems: [],
    lines: [
      { id: 'line1', devices: 8, unknownUnits: [31] },
      { id: 'line2', devices: 8, unknownUnits: [41] },
    ],
  });
  t.match(readFileSync(file, 'utf8'), /# Unit 31 answers and no profile is certain/, 'an uncertain profile is left to a person');
  t.equal(statSync(join(folder, 'cabinet.key')).mode & 0o777, 0o400, 'only its owner can read the key');
  t.match(readFileSync(join(folder, 'cabinet.csr'), 'utf8'), /^-----BEGIN CERTIFICATE REQUEST-----\n/);
  t.match(await runInFolder(['check', file], folder), { code: 0, out: /ok, 12 lamps, 2 lines, 1 zone\n/ });

  const key = readFileSync(join(folder, 'cabinet.key'), 'utf8');
  t.match(await runInFolder(setup, folder), { code: 1, err: /exists already:\s--force\sreplaces\sit/ }, 'nothing is replaced by accident');
  const again = await runInFolder(
    [...setup, '--force', '--device', '31=eastron-sdm630', '--device', '41=waveshare-modbus-relay-d8'],
    folder,
  );
  t.match(again, { code: 0, out: /12 lamps, 18 devices, 2 lines/ });
  t.match(again.out, /^- luciole identify L01, then each other lamp: it blinks/m, 'which lamp is on which pole shows by blinking');
  t.match(again.out, /^- luciole walk-test street: walk under the sensors/m);
  t.notMatch(again.out, /[^\n]{81}/, 'fits 80 columns');
  t.ok(existsSync(`${file}.bak`), 'the former cabinet is kept');
  t.equal(readFileSync(join(folder, 'cabinet.key'), 'utf8'), key, 'and so is the key');
}

/** The street is lit by what was written; meanwhile neither `setup` nor `erase` does anything. */
async function checkAgent(
  t: Test,
  setup: readonly string[],
  erase: readonly string[],
  { clock, folder, street, file }: Street,
): Promise<void> {
  const agent = startAgentProcess({
    configFile: file,
    ports: new Map(),
    broker: 'mqtt://127.0.0.1:1',
    dataDir: join(folder, 'data'),
    socketPath: join(folder, 'agent.sock'),
    startAtMs: Date.parse('2026-12-15T20:00:00+01:00'),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  t.teardown(() => agent.child.kill('SIGKILL'));
  await agent.ready();
  t.match(
    await runInFolder([...setup, '--force'], folder),
    { code: 69, err: /an agent is running and has the\slines/ },
    'never two masters on a line',
  );
  t.match(
    await runInFolder([...erase, '--yes'], folder),
    { code: 69, err: /an agent is running on this\sdata/ },
    'nothing goes under a running agent',
  );
  const levels = (): number[] => [...street.world.lamps.values()].map((lamp) => street.world.levelPct(lamp));
  while (Math.min(...levels()) < 100) await sleep(clock, 200);
  t.equal(levels().length, 12, 'all lamps shine');
  t.equal(await agent.stop(), 0);
}

async function checkErase(t: Test, erase: readonly string[], { folder, file }: Street): Promise<void> {
  const shown = await runInFolder(erase, folder);
  t.match(shown, { code: 1, out: /data\/telemetry\.db[\s\S]*cabinet\.key\sstays[\s\S]*Nothing was erased: --yes/ });
  t.notMatch(shown.out, /[^\n]{81} /, 'fits 80 columns, but for paths');
  t.ok(existsSync(join(folder, 'data/telemetry.db')), 'it was only shown');
  t.match(JSON.parse((await runInFolder([...erase, '--keys', '--yes', '--json'], folder)).out), { erased: true, stays: [] });
  t.same(readdirSync(join(folder, 'data')), []);
  for (const name of ['cabinet.key', 'cabinet.csr']) t.notOk(existsSync(join(folder, name)), name);
  t.match(await runInFolder([...erase, '--yes'], folder), { code: 0, out: / contains no Luciole data/ });
  t.match(await runInFolder(['check', file], folder), { code: 0 }, 'the cabinet itself stays as it is described');
}

t.test(
  'a street without a configuration is found, written down, accepted by check, lit, and in the end erased',
  { timeout: 80_000 },
  async (t) => {
    const unknown = unknownStreet(t);
    const { folder, ports, file } = unknown;
    const setup = ['setup', file, ...SITE, ...ports, '--units', '1-45', '--serial', '19200-8N2', '--prefer', 'wirenboard-wb-led'];
    const erase = ['erase', file, '--data-dir', join(folder, 'data'), '--socket', join(folder, 'agent.sock')];
    await checkSetup(t, setup, unknown);
    await checkAgent(t, setup, erase, unknown);
    await checkErase(t, erase, unknown);
  },
);
