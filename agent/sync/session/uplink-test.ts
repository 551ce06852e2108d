/**
 * Tests the connection to the platform stage by stage, with a client of its own in addition to the session.
 *
 * Connects, subscribes and pings as a session does; sends no will, no birth and no data.
 */

import { isIP } from 'node:net';
import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, isTrusted, type MonoMs, sleep, type WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import { UplinkError } from '../../core/errors.ts';
import { counted, type Message, msg } from '../../core/message.ts';
import { usableBrokers } from '../../core/secrets.ts';
import type { PeerCertificate, UplinkStep, UplinkStepName, UplinkTest, UplinkTestRequest } from '../../core/uplink-tools.ts';
import { within } from '../../core/within.ts';
import { certificateDay, readCertificate } from '../mqtt/certificates.ts';
import { addressOf, isTls } from '../mqtt/mqtt-socket.ts';
import type { ConnectStage, MqttConnection } from '../mqtt/mqtt-transport.ts';
import { createSecretReader, type Secrets } from '../mqtt/secret-files.ts';
import { createTopics, readHostState } from '../sparkplug/topics.ts';
import type { BrokerConnectionParts } from './broker-connection.ts';

/**
 * What `testUplink` needs. `clientId`: that of the agent; the test uses it with `-test` at the end. `readFile`: reads the files of password
 * and certificates.
 */
export type UplinkTestParts = Pick<BrokerConnectionParts, 'config' | 'clientId' | 'transport' | 'clock' | 'readFile'>;

/** Longest wait for CONNACK. Units: ms. Source: as for a session: a modem needs up to 10 s to wake. */
const CONNECT_TIMEOUT_MS = 30_000;
/** Longest wait for SUBACK, and for the round trip. Units: ms. Source: assumed; the modem is awake by then. Confirmed by: round-trip times of a gateway on a slow cellular link. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A retained STATE follows the SUBACK immediately. Units: ms. Source: assumed; three round trips of a slow link. Confirmed by: round-trip times of a gateway on a slow cellular link. */
const HOST_WAIT_MS = 3_000;
/** Longest wait for a proper end. Units: ms. Source: assumed; nothing depends on it. Confirmed by: no measurement is needed. */
const END_TIMEOUT_MS = 1_000;
/** Period of the check for the host's STATE. Units: ms. Source: assumed; not noticeable. Confirmed by: a technician who runs the test. */
const HOST_CHECK_MS = 50;
const HOST_STATE: readonly string[] = ['host-state', 'rewritten-state'];
/** A certificate that expires sooner needs attention. Units: ms. Source: assumed; a month to order and install one. Confirmed by: the time that an operator needs to renew a certificate. */
const SOON_MS = 30 * 86_400_000;

/**
 * Tests the connection to a broker step by step. `broker`: null for the first of the configuration. `signal`: ends an attempt to connect.
 * `onStep`: receives each step as it ends. A failed connection is a failed step of the result, not an error. Errors: rejects with TypeError
 * for an invalid URL.
 */
export async function testUplink(
  parts: UplinkTestParts,
  { broker, signal }: UplinkTestRequest,
  onStep: (step: UplinkStep) => void,
): Promise<UplinkTest> {
  const { config, clock } = parts;
  const url = broker ?? config.broker;
  const clientId = `${parts.clientId}-test`;
  const steps: UplinkStep[] = [];
  let startMono: MonoMs = clock.monoMs();
  const done = (name: UplinkStepName, outcome: UplinkStep['outcome'], text: Message): void => {
    const step = { name, outcome, tookMs: clock.monoMs() - startMono, text };
    startMono = clock.monoMs();
    steps.push(step);
    onStep(step);
  };
  /** False after a failure, which is reported as a step. */
  const attempt = async (name: UplinkStepName | (() => UplinkStepName), work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      done(typeof name === 'string' ? name : name(), 'failed', error.said);
      return false;
    }
  };
  const run: TestRun = { parts, url, clientId, signal, done, connection: null, host: null };
  const nextStage = (): UplinkStepName => stageAfter(steps.at(-1)?.name ?? 'files', url);
  const passed =
    (await attempt('files', () => readFiles(run))) &&
    (await attempt(nextStage, () => connect(run))) &&
    (await attempt('rights', () => subscribe(run))) &&
    (await attempt('host', () => waitForHost(run))) &&
    (await attempt('round-trip', () => roundTrip(run)));
  if (run.connection !== null) {
    await within(clock, END_TIMEOUT_MS, run.connection.end());
    run.connection.destroy();
  }
  return { broker: url, clientId, steps, ok: passed };
}

/** State that is passed from stage to stage. */
interface TestRun {
  readonly parts: UplinkTestParts;
  readonly url: string;
  readonly clientId: string;
  readonly signal: AbortSignal;
  readonly done: (name: UplinkStepName, outcome: UplinkStep['outcome'], text: Message) => void;
  connection: MqttConnection | null;
  secrets?: Secrets;
  host: boolean | null;
}

/** The stage that follows `last`: the one that a failed attempt did not pass. */
function stageAfter(last: UplinkStepName, url: string): UplinkStepName {
  if (last === 'name') return 'tcp';
  if (last === 'tcp' && isTls(url)) return 'tls';
  if (last === 'tcp' || last === 'tls') return 'connack';
  return isIP(addressOf(url).host) === 0 ? 'name' : 'tcp';
}

/** The password is sent only to configured brokers: a person may type any address. */
async function readFiles(run: TestRun): Promise<void> {
  const { config, clock, readFile } = run.parts;
  const isOurs = usableBrokers(config).includes(run.url);
  const read = await createSecretReader({ config: isOurs ? config : { ...config, passwordFile: null }, readFile, clock })();
  run.secrets = read;
  const own = read.cert === null ? null : readCertificate(read.cert);
  const password = isOurs ? msg`password read` : msg`password not sent: this broker is not in the configuration`;
  const certificate = own === null ? null : msg`own certificate ${certificateText(own, clock)}`;
  const texts = [config.passwordFile === null ? null : password, certificate].filter((each) => each !== null);
  const isDoubtful = isExpiringSoon(own, clock);
  const [first, second] = texts;
  if (first === undefined) run.done('files', 'skipped', msg`no password and no certificate are configured`);
  else run.done('files', isDoubtful ? 'doubtful' : 'ok', second === undefined ? first : msg`${first}; ${second}`);
}

async function connect(run: TestRun): Promise<void> {
  const { config, clock, transport } = run.parts;
  const { url, clientId, signal, secrets } = run;
  if (secrets === undefined) throw new TypeError('files come first');
  const hasPassword = secrets.password !== null || config.passwordFile === null;
  run.connection = await transport.connect({
    url,
    protocol: config.protocol,
    clientId,
    keepaliveS: config.keepaliveS,
    timeoutMs: CONNECT_TIMEOUT_MS,
    username: hasPassword ? config.username : null,
    ...secrets,
    will: null,
    clock,
    signal,
    onConnectWritten: () => {},
    // Commands that arrive during the test belong to the session and are ignored here.
    onMessage: ({ topic, payload }) => {
      if (HOST_STATE.includes(createTopics(config.group, config.node, config.primaryHost).read(topic).kind))
        run.host = readHostState(payload)?.online ?? null;
    },
    onStage: (stage) =>
      run.done(stage.kind, stage.kind === 'tls' && isExpiringSoon(stage.peer, clock) ? 'doubtful' : 'ok', stageText(stage, clock)),
  });
  run.done('connack', 'ok', msg`accepted as ${clientId}, MQTT ${config.protocol === 5 ? '5' : '3.1.1'}`);
}

async function subscribe(run: TestRun): Promise<void> {
  const { config, clock } = run.parts;
  const { subscriptions } = createTopics(config.group, config.node, config.primaryHost);
  await inTime(
    clock,
    (limitS) => msg`${run.url} did not answer SUBSCRIBE within ${limitS} s: check the broker`,
    run.connection?.subscribe(subscriptions),
  );
  run.done('rights', 'ok', msg`may subscribe to ${subscriptions}; only a session shows whether it may publish`);
}

async function waitForHost(run: TestRun): Promise<void> {
  const { config, clock } = run.parts;
  const { primaryHost } = config;
  if (primaryHost === null) return run.done('host', 'skipped', msg`no primaryHost is configured`);
  for (let waitedMs = 0; run.host === null && waitedMs < HOST_WAIT_MS; waitedMs += HOST_CHECK_MS) await sleep(clock, HOST_CHECK_MS);
  if (run.host === true) return run.done('host', 'ok', msg`primary host ${primaryHost} is online`);
  throw new UplinkError(
    'refused',
    run.host === false
      ? msg`primary host ${primaryHost} reports that it is offline: nothing is sent until it is back. Ask the operator of the platform`
      : msg`no STATE of primary host ${primaryHost} on ${hostTopic(config)}: check uplink.primaryHost, and that the platform publishes its STATE retained`,
  );
}

async function roundTrip(run: TestRun): Promise<void> {
  await inTime(
    run.parts.clock,
    (limitS) => msg`${run.url} did not answer a ping within ${limitS} s: check the broker`,
    run.connection?.barrier(),
  );
  run.done('round-trip', 'ok', msg`the broker answers`);
}

/** Errors: rejects with UplinkError `lost` if it takes longer than `ANSWER_TIMEOUT_MS`. */
async function inTime(clock: Clock, late: (limitS: number) => Message, work: Promise<void> | undefined): Promise<void> {
  const isDone = await within(
    clock,
    ANSWER_TIMEOUT_MS,
    Promise.resolve(work).then(() => true),
  );
  if (isDone !== true) throw new UplinkError('lost', late(ANSWER_TIMEOUT_MS / 1_000));
}

/** The topic of the primary host's STATE. */
function hostTopic({ primaryHost }: UplinkConfig): string {
  return `spBv1.0/STATE/${primaryHost}`;
}

/** The facts of a stage that was passed. */
function stageText(stage: ConnectStage, clock: Clock): Message {
  switch (stage.kind) {
    case 'name':
      return msg`${stage.addresses}`;
    case 'tcp':
      return msg`${stage.address}`;
    case 'tls':
      return stage.peer === null ? msg`${stage.version}` : msg`${stage.version}, certificate ${certificateText(stage.peer, clock)}`;
  }
}

/** Whether a certificate expires within a month, by a trusted clock. */
function isExpiringSoon(certificate: PeerCertificate | null, clock: Clock): boolean {
  return certificate !== null && isTrusted(clock.quality()) && certificate.untilMs - clock.wallMs() < SOON_MS;
}

/** `CN=x, signed by CN=y, 2026-01-01 to 2027-01-01, 37 days left`. */
function certificateText({ subject, issuer, fromMs, untilMs }: PeerCertificate, clock: Clock): Message {
  const [from, until] = [certificateDay(fromMs), certificateDay(untilMs)];
  const left = leftText(fromMs, untilMs, clock.wallMs());
  return isTrusted(clock.quality())
    ? msg`${subject}, signed by ${issuer}, ${from} to ${until}, ${left}`
    : msg`${subject}, signed by ${issuer}, ${from} to ${until}, ${left} by a clock that is not trusted`;
}

function leftText(fromMs: WallMs, untilMs: WallMs, nowMs: WallMs): Message {
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  if (days < 0) return counted(-days, msg`EXPIRED ${-days} day ago`, msg`EXPIRED ${-days} days ago`);
  return fromMs > nowMs ? msg`NOT VALID YET` : counted(days, msg`${days} day left`, msg`${days} days left`);
}
