import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { techSupport } from '../../../../../agent/console/commands/service/tech-support-run.ts';
import { withoutSecrets } from '../../../../../agent/console/commands/service/without-secrets.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView, fakeEvent } from '../../fake-view.ts';

const CANARIES: [text: string, kept: string][] = [
  ['broker: "mqtts://luc:can/ary@1@mqtt.example:8883", by: a@b', 'broker: "mqtts://luc:***@mqtt.example:8883", by: a@b'],
  ['broker: mqtts://luc:canary1@mqtt.example:8883', 'broker: mqtts://luc:***@mqtt.example:8883'],
  ['  password: "canary2 with, words"', '  password: ***'],
  ['{"password":"canary3","user":"luc"}', '{"password":***,"user":"luc"}'],
  ['apiKey = canary4', 'apiKey = ***'],
  ['token=canary5 next', 'token=***'],
  ['psk: canary6', 'psk: ***'],
  [`-----BEGIN RSA PRIVATE KEY-----\ncanary7\n-----END RSA PRIVATE KEY-----`, '***'],
  ['scrypt$14$8$5$canary8$canary8', '***'],
  ['otpauth://totp/x?secret=canary9', '***'],
  ['my-client-secret: canary0', 'my-client-secret: ***'],
];
for (const [text, kept] of CANARIES) t.test(`put out: ${kept}`, async (t) => t.equal(withoutSecrets(text), kept));

t.test('text that is not secret stays: names of secret files, words that only begin like a secret', async (t) => {
  for (const text of [
    'passwordFile: /etc/luciole/mqtt.pass',
    'passed: 12',
    'compass: north',
    'tokens per second 4',
    'spinning: yes',
    'pins 4 and 5',
  ])
    t.equal(withoutSecrets(text), text);
});

async function cabinet(t: Pick<Test, 'teardown'>, isRunning = true) {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(dir, 'agent.sock');
  const view = { ...createFakeView(), events: async () => [fakeEvent(1, { text: msg`login at mqtt://luc:canary1@host refused` })] };
  const server = createConsoleServer({ view, socketPath, log: { event: () => {} }, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  if (isRunning) await server.start();
  t.teardown(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const configFile = join(dir, 'cabinet.yaml');
  writeFileSync(configFile, 'uplink:\n  broker: mqtts://luc:canary2@host\n  password: canary3\nzones: [bressigny]\n');
  let shown = '';
  const terminal = {
    out: (text: string) => {
      shown += text;
    },
    err: () => {},
    ...{ widthCols: 80, colour: false, user: 'tech', version: 'luciole 0.1.0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not asked')),
  };
  const support = async (args: Record<string, string | boolean> = {}, as: { readonly token?: string } = {}) => {
    shown = '';
    const code = await techSupport(args, { terminal: { ...terminal, ...as }, configFile, dir, nowMs: AT_MS });
    return { code, shown };
  };
  return { dir, support, view };
}

t.test('one packed file with every answer, the cabinet and the machine, and no secret', async (t) => {
  const { support, dir } = await cabinet(t);
  const { code, shown } = await support();
  t.equal(code, 0);
  const file = join(dir, 'luciole-support-ANG-0421-20261201T214107Z.txt.gz');
  t.match(
    shown,
    new RegExp(`^${file}\n[\\d.]+ kB, [\\d.]+ [kM]B of text unpacked; at 9600 baud \\d+ s:\\s+in a session\\s+\`copy FILE serial\`\n$`),
  );
  t.equal(statSync(file).mode & 0o777, 0o600);
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  for (const title of [
    'status',
    'status --json',
    'events',
    'devices',
    'tonight',
    'bus stats',
    'uplink',
    'store',
    'audit',
    'machine',
    'journal',
  ])
    t.match(text, `===== ${title} =====`);
  t.match(text, /zones: \[bressigny\]/);
  t.match(text, 'mqtt://luc:***@host refused');
  t.notMatch(text, 'canary');
});

t.test('a bundle is made without an agent too, and lists what it lacks', async (t) => {
  const { support, dir } = await cabinet(t, false);
  const { code, shown } = await support({ json: true, to: join(dir, 'mine.txt.gz') });
  t.equal(code, 0);
  const { file, missing } = JSON.parse(shown);
  t.equal(file, join(dir, 'mine.txt.gz'));
  t.ok(missing.includes('status') && missing.includes('audit'));
  t.match(gunzipSync(readFileSync(file)).toString('utf8'), /===== status =====\nnot available: no agent answers on/);
});

t.test('in a folder the file gets a name of its own; no file is ever overwritten', async (t) => {
  const { support, dir } = await cabinet(t);
  const stick = join(dir, 'stick');
  mkdirSync(stick);
  await support({ to: stick });
  t.match(readdirSync(stick), [/^luciole-support-ANG-0421-/]);
  await t.rejects(support({ to: stick }), { code: 'failed', message: /a file of this name exists already; name another place/ });
  await t.rejects(support({ to: join(dir, 'no', 'such', 'place') }), { code: 'failed', message: /cannot write/ });
});

t.test('files that the role may not read are named with the role that may', async (t) => {
  const { support, view, dir } = await cabinet(t);
  const socket = join(dir, 'login.sock');
  const parts = { view, socketPath: socket, log: { event: () => {} }, clock: createManualClock(AT_MS), timezone: TIMEZONE };
  const server = createConsoleServer({ ...parts, socketKind: 'login' });
  await server.start();
  t.teardown(() => server.stop());
  const { token } = (await view.access.logIn({ user: 'marie', password: 'right', code: '', newPassword: '', console: '' })) as {
    token: string;
  };
  const shown = await support({ socket }, { token });
  t.match(
    shown.shown,
    /copy FILE serial`\nwithout audit, which requires the role admin: if it matters, let such a user\nmake the bundle\n$/,
  );
  const { missing, needsRole } = JSON.parse((await support({ socket, json: true, to: join(dir, 'again.gz') }, { token })).shown);
  t.strictSame({ missing, needsRole }, { missing: ['audit'], needsRole: { audit: 'admin' } });
});

t.test('if several runs write to one file, one writes it and the others report that it exists', async (t) => {
  const { support, dir } = await cabinet(t);
  const file = join(dir, 'mine.gz');
  const runs = await Promise.allSettled(Array.from({ length: 8 }, () => support({ to: file })));
  t.equal(runs.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const run of runs)
    if (run.status === 'rejected')
      t.match(run.reason, {
        code: 'failed',
        message: `cannot write ${file}: a file of this name exists already; name another place with --to`,
      });
  t.match(gunzipSync(readFileSync(file)).toString(), /luciole 0\.1\.0/);
  t.same(
    readdirSync(dir).filter((name) => name.endsWith('.new')),
    [],
  );
});

t.test('a link with the name of the file, even a broken one, is neither replaced nor followed', async (t) => {
  const { support, dir } = await cabinet(t);
  const file = join(dir, 'mine.gz');
  symlinkSync(join(dir, 'elsewhere'), file);
  await t.rejects(support({ to: file }), { message: /mine\.gz: a file of this name exists already/ });
  t.ok(lstatSync(file).isSymbolicLink());
  t.notOk(readdirSync(dir).includes('elsewhere'));
});
