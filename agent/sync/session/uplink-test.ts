/**
 * The way to the platform, stage by stage, with a client of its own beside the session.
 *
 * Owns the order of the stages and what is made of each. Sends nothing but what a session needs: no will, no birth, no data.
 * Called through `UplinkTools`, and by `local-files.ts` where no agent runs.
 */

import { isIP } from 'node:net';
import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, isTrusted, type MonoMs, sleep } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { usableBrokers } from '../../core/secret-places.ts';
import type { PeerCertificate, UplinkStep, UplinkStepName, UplinkTest, UplinkTestRequest } from '../../core/uplink-tools.ts';
import { within } from '../../core/within.ts';
import { readCertificate } from '../mqtt/certificates.ts';
import { addressOf, isTls } from '../mqtt/mqtt-socket.ts';
import type { ConnectStage, MqttConnection, MqttTransport } from '../mqtt/mqtt-transport.ts';
import { createSecretReader, type ReadFile, type Secrets } from '../mqtt/secrets.ts';
import { readHostState } from '../sparkplug/host-state.ts';
import { createTopics } from '../sparkplug/topics.ts';

export interface UplinkTestParts {
  readonly config: UplinkConfig;
  /** The agent's; the test adds to it. */
  readonly clientId: string;
  readonly door: MqttTransport;
  readonly clock: Clock;
  readonly readFile: ReadFile;
}

/** Longest wait for CONNACK. Units: ms. Source: as of a session: a modem needs up to 10 s to wake. */
const CONNECT_TIMEOUT_MS = 30_000;
/** Longest wait for SUBACK, and for the round trip. Units: ms. Source: assumed; the link is awake by then. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A retained STATE follows the SUBACK at once. Units: ms. Source: assumed; three round trips of a slow link. */
const HOST_WAIT_MS = 3_000;
/** Longest wait for a proper end. Units: ms. Source: assumed; nothing depends on it. */
const FAREWELL_MS = 1_000;
/** A certificate that ends sooner needs a person. Units: ms. Source: assumed; a month to order and install one. */
const SOON_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

/** Which stage a stage of the door is reported as. */
const STAGES: Readonly<Record<ConnectStage['kind'], UplinkStepName>> = { name: 'name', tcp: 'tcp', tls: 'tls' };

/** Errors: none; every failure is a step that says what to check. Ends at the first one. */
export async function testUplink(
  parts: UplinkTestParts,
  { broker, signal }: UplinkTestRequest,
  tell: (step: UplinkStep) => void,
): Promise<UplinkTest> {
  const { config, clock } = parts;
  const url = broker ?? config.broker;
  const clientId = `${parts.clientId}-test`;
  const steps: UplinkStep[] = [];
  let startMono: MonoMs = clock.monoMs();
  const done = (name: UplinkStepName, outcome: UplinkStep['outcome'], text: string): void => {
    const step = { name, outcome, tookMs: clock.monoMs() - startMono, text };
    startMono = clock.monoMs();
    steps.push(step);
    tell(step);
  };
  /** False after a failure, which is told. */
  const attempt = async (name: UplinkStepName | (() => UplinkStepName), work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      done(typeof name === 'string' ? name : name(), 'failed', error.message);
      return false;
    }
  };
  const tour: Tour = { parts, url, clientId, signal, done, connection: null, host: null };
  const nextStage = (): UplinkStepName => stageAfter(steps.at(-1)?.name ?? 'files', url);
  const passed =
    (await attempt('files', () => readFiles(tour))) &&
    (await attempt(nextStage, () => connect(tour))) &&
    (await attempt('rights', () => subscribe(tour))) &&
    (await attempt('host', () => waitForHost(tour))) &&
    (await attempt('round-trip', () => roundTrip(tour)));
  if (tour.connection !== null) {
    await within(clock, FAREWELL_MS, tour.connection.end());
    tour.connection.destroy();
  }
  return { broker: url, clientId, steps, ok: passed };
}

/** What the stages hand on. */
interface Tour {
  readonly parts: UplinkTestParts;
  readonly url: string;
  readonly clientId: string;
  readonly signal: AbortSignal;
  readonly done: (name: UplinkStepName, outcome: UplinkStep['outcome'], text: string) => void;
  connection: MqttConnection | null;
  secrets?: Secrets;
  host: boolean | null;
}

/** The stage that a failed attempt did not pass. */
function stageAfter(last: UplinkStepName, url: string): UplinkStepName {
  switch (last) {
    case 'name':
      return 'tcp';
    case 'tcp':
      return isTls(url) ? 'tls' : 'connack';
    case 'tls':
      return 'connack';
    default:
      return isIP(addressOf(url).host) === 0 ? 'name' : 'tcp';
  }
}

/** The password goes to brokers of the configuration only: a person may type any address. */
async function readFiles(tour: Tour): Promise<void> {
  const { config, clock, readFile } = tour.parts;
  const isOurs = usableBrokers(config).includes(tour.url);
  const read = await createSecretReader({ config: isOurs ? config : { ...config, passwordFile: null }, readFile, clock })();
  tour.secrets = read;
  const own = read.cert === null ? null : readCertificate(read.cert);
  const password =
    config.passwordFile === null ? '' : isOurs ? 'password read' : 'password kept back: this broker is not in the configuration';
  const files = own === null ? [password] : [password, `own certificate ${inWords(own, clock)}`];
  const text = files.filter((each) => each !== '').join('; ');
  const isDoubtful = own !== null && isTrusted(clock.quality()) && own.untilMs - clock.wallMs() < SOON_MS;
  if (text === '') tour.done('files', 'skipped', 'no password and no certificate are configured');
  else tour.done('files', isDoubtful ? 'doubtful' : 'ok', text);
}

async function connect(tour: Tour): Promise<void> {
  const { config, clock, door } = tour.parts;
  const { url, clientId, signal, secrets } = tour;
  if (secrets === undefined) throw new TypeError('files come first');
  const hasPassword = secrets.password !== null || config.passwordFile === null;
  tour.connection = await door.connect({
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
    onStage: (stage) => tour.done(STAGES[stage.kind], isSoonOver(stage, clock) ? 'doubtful' : 'ok', stageText(stage, clock)),
  });
  tour.connection.onMessage = ({ topic, payload }) => {
    if (topic === hostTopic(config)) tour.host = readHostState(payload)?.online ?? null;
  };
  tour.done('connack', 'ok', `accepted as ${clientId}, MQTT ${config.protocol === 5 ? '5' : '3.1.1'}`);
}

/** Commands that come meanwhile are the session's; what arrives here is dropped. */
async function subscribe(tour: Tour): Promise<void> {
  const { config, clock } = tour.parts;
  const { subscriptions } = createTopics(config.group, config.node, config.primaryHost);
  await inTime(clock, tour, 'did not answer SUBSCRIBE', tour.connection?.subscribe(subscriptions));
  tour.done('rights', 'ok', `may listen to ${subscriptions.join(', ')}; whether it may publish shows in a session only`);
}

async function waitForHost(tour: Tour): Promise<void> {
  const { config, clock } = tour.parts;
  const { primaryHost } = config;
  if (primaryHost === null) return tour.done('host', 'skipped', 'no primaryHost is configured');
  for (let waitedMs = 0; tour.host === null && waitedMs < HOST_WAIT_MS; waitedMs += HOST_LOOK_MS) await sleep(clock, HOST_LOOK_MS);
  if (tour.host === true) return tour.done('host', 'ok', `primary host ${primaryHost} is online`);
  throw new UplinkError(
    'refused',
    tour.host === false
      ? `primary host ${primaryHost} says that it is offline: nothing is sent until it is back. Ask who runs the platform`
      : `no word of primary host ${primaryHost} on ${hostTopic(config)}: check uplink.primaryHost, and that the platform publishes its STATE retained`,
  );
}

/** Source: assumed; nobody notices. */
const HOST_LOOK_MS = 50;

async function roundTrip(tour: Tour): Promise<void> {
  await inTime(tour.parts.clock, tour, 'did not answer a ping', tour.connection?.barrier());
  tour.done('round-trip', 'ok', 'the broker answers');
}

/** Errors: rejects with UplinkError `lost` when it takes longer than `ANSWER_TIMEOUT_MS`. */
async function inTime(clock: Clock, { url }: Pick<Tour, 'url'>, what: string, work: Promise<void> | undefined): Promise<void> {
  let timer: ReturnType<Clock['after']> | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new UplinkError('lost', `${url} ${what} within ${ANSWER_TIMEOUT_MS / 1_000} s: check the broker`));
    timer = clock.after(ANSWER_TIMEOUT_MS, fail);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}

function hostTopic({ primaryHost }: UplinkConfig): string {
  return `spBv1.0/STATE/${primaryHost}`;
}

function stageText(stage: ConnectStage, clock: Clock): string {
  switch (stage.kind) {
    case 'name':
      return stage.addresses.join(', ');
    case 'tcp':
      return stage.address;
    case 'tls':
      return stage.peer === null ? stage.version : `${stage.version}, certificate ${inWords(stage.peer, clock)}`;
  }
}

function isSoonOver(stage: ConnectStage, clock: Clock): boolean {
  return stage.kind === 'tls' && stage.peer !== null && isTrusted(clock.quality()) && stage.peer.untilMs - clock.wallMs() < SOON_MS;
}

/** `CN=x, signed by CN=y, 2026-01-01 to 2027-01-01, 37 days left`. Days are of UTC, as certificates count. */
function inWords({ subject, issuer, fromMs, untilMs }: PeerCertificate, clock: Clock): string {
  const day = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'unknown');
  const days = Math.floor((untilMs - clock.wallMs()) / DAY_MS);
  const left = days < 0 ? `EXPIRED ${-days} days ago` : fromMs > clock.wallMs() ? 'NOT VALID YET' : `${days} days left`;
  const doubt = isTrusted(clock.quality()) ? '' : ' by a clock that is not to be trusted';
  return `${subject}, signed by ${issuer}, ${day(fromMs)} to ${day(untilMs)}, ${left}${doubt}`;
}
