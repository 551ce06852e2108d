/**
 * What an auditor checks on a running agent: it accepts no network connection, and its secrets appear nowhere.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { connectAsync, type IClientOptions } from 'mqtt';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { COMMANDS } from '../../agent/console/commands.ts';
import { sleep } from '../../agent/core/clock.ts';
import { withTexts } from '../../agent/core/message-wire.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createTestBroker } from '../platform/broker.ts';
import { openTestAuthorities } from '../platform/certificates.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createPtyCable } from '../street/pty.ts';
import { createStreet } from '../street/street.ts';
import { listeningSockets } from '../support/listening.ts';
import { filesIn, keyCanaries, newMarkedSecret, sightings } from '../support/marked-secret.ts';
import { SMALL_SITE } from '../support/small-site.ts';
import { LAUNCHER } from '../support/unknown-street.ts';

const clock = createSystemClock({ quality: () => 'synced' });

interface Visit {
  readonly folder: string;
  readonly agent: AgentProcess;
  /** Every message that the broker delivered, by topic. */
  readonly messages: Map<string, Buffer>;
  /** Errors: rejects with the end of the log if it does not happen in time. */
  until(what: string, holds: () => Promise<boolean> | boolean): Promise<void>;
}

/** An agent as on the gateway, its street and its platform. `uplink`: more lines of that section. */
async function visit(t: Test, folder: string, url: string, uplink: readonly string[], observer: IClientOptions): Promise<Visit> {
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(
    configFile,
    `${SMALL_SITE.replace('mqtt://127.0.0.1:1883', url)}${uplink.map((line) => `  ${line}\n`).join('')}store: { commitSeconds: 1 }\n`,
  );
  const { cabinet } = loadSite(configFile);
  const street = createStreet({ cabinet, clock, seed: 7 });
  const [line] = street.lines.values();
  const cable = createPtyCable((bytes) => line?.receive(bytes), join(folder, 'tty'));
  if (line !== undefined) line.end = cable.end;
  const messages = new Map<string, Buffer>();
  const platform = await connectAsync(url, { ...observer, protocolVersion: 4, reconnectPeriod: 0 });
  platform.on('message', (topic, payload) => messages.set(`${topic} (${messages.size})`, payload));
  await platform.subscribeAsync('#');
  const agent = startAgentProcess({
    configFile,
    ports: new Map([['north', cable.path]]),
    broker: url,
    dataDir: join(folder, 'data'),
    socketPath: join(folder, 'agent.sock'),
    startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  t.teardown(async () => {
    agent.child.kill('SIGKILL');
    await platform.endAsync(true);
    street.stop();
    cable.close();
  });
  await agent.ready();
  return {
    folder,
    agent,
    messages,
    async until(what, holds) {
      for (const fromMono = clock.monoMs(); !(await holds()); await sleep(clock, 100))
        if (clock.monoMs() - fromMono > 30_000) throw new Error(`not within 30 s: ${what}\n${agent.logTail(15)}`);
    },
  };
}

function workshop(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-evidence-'));
  mkdirSync(join(folder, 'data'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Returns the output of every command that only reads, by command. */
async function everyLook(agent: AgentProcess): Promise<Map<string, string>> {
  const looks = COMMANDS.filter(
    (command) => command.kind === 'agent' && command.audit === null && command.arguments.every(({ required }) => !required),
  );
  const reported = new Map<string, string>();
  for (const { name } of looks) {
    if (['bus watch', 'log watch', 'config hold'].includes(name)) continue; // They end when a person ends them; the file of the log is looked at below.
    const answer = await agent.ask(name).catch((error: unknown) => String(error));
    reported.set(name, JSON.stringify(withTexts(answer)) ?? '');
  }
  return reported;
}

/** What a technician would send to a helper, unpacked. */
async function supportFile(folder: string): Promise<string> {
  const file = join(folder, 'support.txt.gz');
  const env = { ...process.env, LUCIOLE_CONFIG: join(folder, 'cabinet.yaml') };
  await promisify(execFile)(process.execPath, [LAUNCHER, 'tech-support', '--to', file, '--socket', join(folder, 'agent.sock')], { env });
  return gunzipSync(readFileSync(file)).toString('utf8');
}

t.test('a running agent listens on no TCP or UDP port', { timeout: 60_000 }, async (t) => {
  const broker = createTestBroker();
  await broker.start();
  t.teardown(() => broker.stop());
  const { agent, messages, until } = await visit(t, workshop(t), broker.url, [], {});
  await until('a birth', () => [...messages.keys()].some((topic) => topic.includes('/NBIRTH/')));
  const { pid = 0 } = agent.child;
  t.strictSame(listeningSockets(pid), []);
  t.match(await agent.ask('status'), { uplink: { state: 'online' } }, 'while it is online and answers on its own socket');
  agent.child.kill('SIGUSR1');
  t.match(await agent.ask('status'), { uplink: { state: 'online' } });
  t.strictSame(listeningSockets(pid), [], 'nor does the signal that opens the debugger of Node');

  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  t.equal(
    listeningSockets(process.pid).some((socket) => socket.startsWith('tcp 0100007F:')),
    true,
    'a port that does listen is seen',
  );
});

const [mosquitto, openssl] = [findProgram('mosquitto'), findProgram('openssl')];
const skip = mosquitto === undefined ? 'mosquitto is not installed' : openssl === undefined ? 'openssl is not installed' : false;

t.test(
  'password and key of the uplink, and a password of the console, are in no log, file, message or answer',
  { skip, timeout: 80_000 },
  async (t) => {
    const folder = workshop(t);
    const authorities = openTestAuthorities(openssl as string);
    t.teardown(() => authorities.close());
    const city = authorities.create('city');
    const [server, own, other] = [city.issue('broker', { host: '127.0.0.1' }), city.issue('demo'), city.issue('platform')];
    const broker = await startMosquitto(mosquitto as string, [
      `cafile ${city.cert}`,
      `certfile ${server.cert}`,
      `keyfile ${server.key}`,
      'require_certificate true',
    ]);
    t.teardown(() => broker.stop());
    const password = newMarkedSecret('password of the uplink');
    const passwordFile = join(folder, 'uplink.password');
    writeFileSync(passwordFile, `${password.text}\n`, { mode: 0o400 });
    const canaries = [password, ...keyCanaries('key of the uplink', readFileSync(own.key, 'utf8'))];
    const settings = [
      `username: demo`,
      `passwordFile: ${passwordFile}`,
      `caFile: ${city.cert}`,
      `certFile: ${own.cert}`,
      `keyFile: ${own.key}`,
    ];
    const observer = { ca: readFileSync(city.cert), cert: readFileSync(other.cert), key: readFileSync(other.key) };
    const { agent, messages, until } = await visit(t, folder, `mqtts://127.0.0.1:${broker.port}`, settings, observer);

    const chosen = newMarkedSecret('password of the console');
    const { oneTimePassword } = (await agent.ask('user add', { name: 'ada', role: 'admin' })) as { oneTimePassword: string };
    await agent.ask('user passwd', { name: 'ada', password: chosen.text });
    const wrong = newMarkedSecret('wrong password');
    await agent.ask('login', { user: 'ada', password: wrong.text });
    canaries.push(chosen, wrong, { name: 'one-time password', text: oneTimePassword });

    await until('data on its way', () => [...messages.keys()].some((topic) => topic.includes('DATA')));
    const answers = await everyLook(agent);
    const { pid = 0 } = agent.child;
    answers
      .set('command line', readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      .set('environment', readFileSync(`/proc/${pid}/environ`, 'utf8'));
    answers.set('tech-support', await supportFile(folder));
    // Broken and refused connections leave more in logs than a working one.
    await broker.kill();
    await until('offline', async () => (JSON.stringify(await agent.ask('uplink status')) ?? '').includes('"state":"online"') === false);
    for (const [name, answer] of await everyLook(agent)) answers.set(`${name}, offline`, answer);
    t.equal(await agent.stop(), 0);

    t.match(answers.get('tech-support'), /demo[\s\S]*passwordFile/);
    t.ok(answers.has('status') && answers.has('uplink trace, offline') && messages.size > 1, 'all was looked at');
    const files = filesIn(join(folder, 'data'));
    t.ok(files.size > 1);
    const log = new Map([['log', readFileSync(join(folder, 'agent.log'))]]);
    t.strictSame(sightings(canaries, new Map<string, Buffer | string>([...answers, ...messages, ...files, ...log])), []);
    t.strictSame(sightings([password], new Map([['the password file', readFileSync(passwordFile)]])), [
      'password of the uplink in the password file',
    ]);
  },
);
