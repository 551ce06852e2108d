import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runSetup } from '../../../agent/commissioning/first-start.ts';
import { readSetupRequest } from '../../../agent/commissioning/setup-answers.ts';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import type { LocalArgs, Terminal } from '../../../agent/console/terminal/terminal.ts';
import { msg } from '../../../agent/core/message.ts';

const SITE = { yes: true, id: 'box', position: '47.4736,-0.5541', timezone: 'UTC' };

/** The error of a setup without a person, while no agent runs. */
async function outcomeOf(folder: string, args: LocalArgs): Promise<string> {
  const terminal = { out: () => {}, err: () => {}, widthCols: 80, user: 'tech', socketPath: join(folder, 'agent.sock'), status: null };
  const world = {
    terminal: terminal as unknown as Terminal,
    configFile: join(folder, 'cabinet.yaml'),
    ask: null,
    signal: AbortSignal.abort(),
  };
  return runSetup(args, { ...world, signal: new AbortController().signal }).then(
    (code) => `ended with ${code}`,
    (error: unknown) => {
      if (error instanceof ConsoleError) return `${error.code}: ${error.message}`;
      throw error;
    },
  );
}

const cases: [story: string, args: LocalArgs, answers: string | null, message: RegExp][] = [
  ['nothing said', { yes: true }, null, /^usage: .*answers are missing[\s\S]*--position: Latitude, longitude/],
  ['a position the wrong way round', { yes: true, id: 'box', position: '147, 2' }, null, /--position: .*latitude from -90 to 90 first/],
  ['a mistyped answer', {}, 'id: a\ntimezon: UTC\n', /^usage: .*answers.yaml:2:1: unknown answer "timezon"; did you mean timezone\?/],
  ['answers that are no YAML', {}, 'id: [', /^usage: .*answers.yaml:1:/],
  ['answers that are no list of names', {}, '- id', /answers are lines of "name: value"/],
  ['no such file of answers', { answers: '/nonexistent.yaml' }, null, /^usage: \/nonexistent.yaml cannot be read \(ENOENT\)/],
  ['an unknown speed', { ...SITE, serial: 'fast' }, null, /^usage: bad --serial "fast": write speed and format, as 19200-8N2/],
  ['addresses beyond the bus', { ...SITE, units: '1-250' }, null, /^usage: bad --units "1-250"/],
  ['a device without a profile', { ...SITE, device: ['31'] }, null, /^usage: bad --device "31": write UNIT=PROFILE/],
  [
    'a profile that is not on the shelf',
    { ...SITE, device: ['31=eastron-sdm63'] },
    null,
    /^usage: no profile "eastron-sdm63"; did you mean eastron-sdm630\?/,
  ],
  ['a network port without a port', { ...SITE, port: ['rtu+tcp://host'] }, null, /^usage: bad --port: /],
  ['a port that is not there', { ...SITE, port: ['/nonexistent/tty'] }, null, /^failed: no port could be used: .*there is no such port/],
];
for (const [story, args, answers, message] of cases) {
  t.test(`refused before anything is written: ${story}`, async (t) => {
    const folder = t.testdir(answers === null ? {} : { 'answers.yaml': answers });
    t.match(await outcomeOf(folder, answers === null ? args : { ...args, answers: join(folder, 'answers.yaml') }), message);
    t.notOk(existsSync(join(folder, 'cabinet.yaml')));
  });
}

t.test('an existing cabinet file is never replaced without a request, and the refusal opens no port', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': 'mine' });
  t.match(await outcomeOf(folder, { ...SITE, port: ['/nonexistent/tty'] }), /^failed: .*cabinet.yaml exists already: --force replaces it/);
});

t.test('a folder that cannot be written is reported before the questions', async (t) => {
  const folder = t.testdir();
  writeFileSync(join(folder, 'etc'), '');
  t.match(
    await outcomeOf(join(folder, 'etc', 'luciole'), SITE),
    /^failed: .*etc\/luciole cannot be written \((ENOTDIR|EEXIST)\): use sudo/,
  );
});

t.test('the file of answers in docs/setup.md is valid', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/setup.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const folder = t.testdir({ 'answers.yaml': yaml });
  const request = readSetupRequest({ answers: join(folder, 'answers.yaml'), id: 'other' });
  t.match(request, {
    answers: { id: 'other', name: 'Rue des Lices', position: '47.4736, -0.5541', dim: '30', group: 'Angers' },
    ports: [/^\/dev\/serial\/by-path\//],
    serial: { baud: 19_200, parity: 'none', stopBits: 2 },
    from: 1,
    to: 45,
    preferred: ['wirenboard-wb-led'],
    isQuiet: true,
  });
  t.equal(request.devices.get('31'), 'eastron-sdm630');
});

t.test('a list where one value is expected is refused, not cut', async (t) => {
  for (const line of ['units: [1-5, 9]', 'serial: [19200-8N2, 9600-8N2]']) {
    const folder = t.testdir({ 'answers.yaml': `${line}\n` });
    t.throws(() => readSetupRequest({ answers: join(folder, 'answers.yaml') }), { code: 'usage', message: /one value, not a list/ }, line);
  }
});

t.test('an address with leading zeros is the address that a scan finds', async (t) => {
  const { devices } = readSetupRequest({ device: ['031=eastron-sdm120', '/dev/ttyS1 007=meanwell-hlg'] });
  t.strictSame([...devices.keys()], ['31', '/dev/ttyS1 7']);
});

t.test('the answers of an interrupted setup survive a second interruption', async (t) => {
  const folder = t.testdir();
  const kept = join(folder, 'cabinet.yaml.answers');
  writeFileSync(kept, JSON.stringify({ id: 'box', position: '47.4736,-0.5541', timezone: 'UTC' }));
  const terminal = { out: () => {}, err: () => {}, widthCols: 80, user: 'tech', socketPath: join(folder, 'agent.sock'), status: null };
  const answers = [''];
  const ask = async (): Promise<string> => {
    const next = answers.shift();
    if (next === undefined) throw new ConsoleError('failed', msg`left`);
    return next;
  };
  const world = { terminal: terminal as unknown as Terminal, configFile: join(folder, 'cabinet.yaml'), ask };
  await t.rejects(runSetup({}, { ...world, signal: new AbortController().signal }), { message: 'left' });
  t.match(JSON.parse(readFileSync(kept, 'utf8')), { id: 'box', position: '47.4736,-0.5541', timezone: 'UTC' });
});
