/**
 * Thousands of commands for a whole agent while links are cut, brokers restart and the agent is killed: does each end once?
 *
 * Owns the platform's side: what it sent, what it was told, and what the agent did when. All on the simulated clock; frames, broker and
 * databases are real. What a platform does is done here: what hears no end is sent again under the same id.
 */
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { createRandom } from '../../test/street/random.ts';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { scratchFolder } from '../undo.ts';
import type { Summary, TortureOptions } from './torture.ts';

/** One step of simulated time. Units: ms. Source: short against every lifetime, long enough to be quick. */
const STEP_MS = 50;
/** Below the agent's own two a second, so that what is refused is refused for another reason. Units: 1/s. */
const SENT_PER_S = 1.5;
/** A platform waits so long for an end before it asks again. Units: ms. */
const PATIENCE_MS = 90_000;
/** Longest time for the last ends after the last command. Units: ms. */
const LAST_MS = 3_600_000;
/** Chances of each fault in a second, and of a copy of a command. */
const CHANCES = [
  ['cut', 1 / 40],
  ['brokerRestart', 1 / 250],
  ['restart', 1 / 250],
  ['kill', 1 / 120],
] as const;
const COPY = { soon: 0.1, late: 0.05 };
const TARGETS = ['L01', 'L02', 'L03', 'L04', 'rue', ''];

interface Sent {
  readonly deviceId: string;
  readonly metrics: readonly Metric[];
  readonly expiresMs: number | null;
  readonly ends: Set<string>;
  runs: number;
  lateMs: number;
  askedMono: number;
}

/** `rounds` commands. Resolves whether every promise was kept. */
export async function commandTorture({ rounds, seed, progress, emit }: TortureOptions): Promise<boolean> {
  const folder = scratchFolder('torture');
  const ends: (() => unknown)[] = [];
  try {
    const rig = await createRig(
      { testdir: () => folder.dir, teardown: (end: () => unknown) => void ends.push(end) } as unknown as Parameters<typeof createRig>[0],
      { startAt: '2026-12-15T22:00:00+01:00', withUplink: true },
    );
    const summary = await suffer(rig, { rounds, random: createRandom(seed), progress });
    emit(summary);
    return summary.ok;
  } finally {
    for (const end of ends) await end();
    folder.remove();
  }
}

interface Wanted extends Pick<TortureOptions, 'rounds' | 'progress'> {
  readonly random: () => number;
}

async function suffer(rig: Rig, { rounds, random, progress }: Wanted): Promise<Summary> {
  const { clock, host, broker } = rig;
  const sent = new Map<string, Sent>();
  const open = new Set<string>();
  const faults = { cut: 0, brokerRestart: 0, restart: 0, kill: 0 };
  const later: { readonly dueMono: number; readonly send: () => void }[] = [];
  let copies = 0;
  let repeats = 0;
  let readLines = 0;
  let sendDue = 0;

  host.onValue = ({ metric, value }) => {
    if (metric !== 'Command/Outcome' || typeof value !== 'string') return;
    const { id, state, reason } = JSON.parse(value) as { id: string; state: string; reason: string };
    const command = sent.get(id);
    if (command === undefined || !['verified', 'refused', 'failed'].includes(state)) return;
    command.ends.add(`${state}: ${reason}`);
    open.delete(id);
  };

  /** What the agent did since the last look, each at the end of a step. */
  function look(): void {
    for (const { name, fields } of rig.log.slice(readLines)) {
      const command = name === 'uplink-command' ? sent.get(String(fields['commandId'])) : undefined;
      if (command === undefined) continue;
      command.runs += 1;
      if (command.expiresMs !== null) command.lateMs = Math.max(command.lateMs, clock.wallMs() - STEP_MS - command.expiresMs);
    }
    readLines = rig.log.length;
    // A night of debug lines is memory for nothing.
    if (readLines > 10_000) {
      rig.log.length = 0;
      readLines = 0;
    }
  }

  async function step(): Promise<void> {
    await clock.advance(STEP_MS);
    look();
    for (const { send } of later.filter(({ dueMono }) => dueMono <= clock.monoMs())) send();
    later.splice(0, later.length, ...later.filter(({ dueMono }) => dueMono > clock.monoMs()));
  }

  async function wait(ms: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += STEP_MS) await step();
  }

  function send(command: Sent, timestampMs = clock.wallMs()): void {
    // The link of the host may be down; then the command is lost, as on any network.
    void host.command(command.deviceId, command.metrics, { timestampMs }).catch(() => undefined);
  }

  function sendNew(): void {
    const id = `t-${sent.size}`;
    const nowMs = clock.wallMs();
    const lifeMs = random() < 0.3 ? null : Math.round([-5_000, 500, 2_000, 20_000, 120_000][Math.floor(random() * 5)] ?? 0);
    const expiresMs = lifeMs === null ? null : nowMs + lifeMs;
    const deviceId = TARGETS[Math.floor(random() * TARGETS.length)] ?? '';
    const metrics = [
      ...orderOf(deviceId, random),
      { name: 'Command/Id', value: { kind: 'string' as const, value: id } },
      ...(expiresMs === null ? [] : [{ name: 'Command/Expires', value: toLong(expiresMs) }]),
    ];
    const command: Sent = { deviceId, metrics, expiresMs, ends: new Set(), runs: 0, lateMs: 0, askedMono: clock.monoMs() };
    sent.set(id, command);
    open.add(id);
    send(command);
    if (random() < COPY.soon) {
      copies += 1;
      send(command);
    }
    if (random() < COPY.late) {
      copies += 1;
      later.push({ dueMono: clock.monoMs() + random() * 400_000, send: () => send(command, nowMs) });
    }
  }

  function askAgain(): void {
    for (const id of open) {
      const command = sent.get(id);
      if (command === undefined || clock.monoMs() < command.askedMono + PATIENCE_MS) continue;
      command.askedMono = clock.monoMs();
      repeats += 1;
      send(command);
    }
  }

  const strike: Readonly<Record<keyof typeof faults, () => unknown>> = {
    cut: () => broker.cut(),
    brokerRestart: async () => {
      await broker.stop();
      await wait(Math.round(random() * 20_000));
      await broker.start();
      await host.stop();
      await host.start();
    },
    restart: () => rig.restart(),
    kill: () => rig.kill(),
  };

  async function maybeFail(): Promise<void> {
    for (const [name, chance] of CHANCES) {
      if (random() >= chance) continue;
      faults[name] += 1;
      await strike[name]();
      return;
    }
  }

  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 600_000);
  while (sent.size < rounds) {
    await wait(1_000);
    for (sendDue += SENT_PER_S; sendDue >= 1 && sent.size < rounds; sendDue -= 1) sendNew();
    askAgain();
    await maybeFail();
    if (sent.size % 500 < SENT_PER_S) progress(`commands: ${sent.size} sent, ${open.size} without an end, ${JSON.stringify(faults)}`);
  }
  for (let waitedMs = 0; open.size > 0 && waitedMs < LAST_MS; waitedMs += 1_000) {
    await wait(1_000);
    askAgain();
  }
  return judge([...sent.entries()], { faults, copies, repeats, progress });
}

interface Around {
  readonly faults: Readonly<Record<string, number>>;
  readonly copies: number;
  readonly repeats: number;
  readonly progress: (text: string) => void;
}

function judge(sent: readonly (readonly [string, Sent])[], { faults, copies, repeats, progress }: Around): Summary {
  const count = (is: (command: Sent) => boolean, what: string): number => {
    const found = sent.filter(([, command]) => is(command));
    for (const [id, { ends, runs, lateMs, metrics }] of found.slice(0, what === '' ? 0 : 5))
      progress(`commands: ${id} ${what}: ${JSON.stringify({ ends: [...ends], runs, lateMs, asked: metrics[0]?.name })}`);
    return found.length;
  };
  const ended = (state: string): number => count(({ ends }) => [...ends].some((end) => end.startsWith(state)), '');
  const withoutEnd = count(({ ends }) => ends.size === 0, 'has no end');
  const withTwoEnds = count(({ ends }) => ends.size > 1, 'has two ends');
  const runTwice = count(({ runs }) => runs > 1, 'was carried out twice');
  const runLate = count(({ lateMs }) => lateMs > 0, 'was carried out after its expiry');
  const carriedOut = count(({ runs }) => runs > 0, '');
  const states = { verified: ended('verified'), failed: ended('failed'), refused: ended('refused') };
  const ok = withoutEnd + withTwoEnds + runTwice + runLate === 0 && states.verified > 0 && carriedOut > 0;
  return {
    torture: 'commands',
    ok,
    commands: sent.length,
    carriedOut,
    ...states,
    withoutEnd,
    withTwoEnds,
    runTwice,
    runLate,
    copies,
    repeats,
    faults,
  };
}

/** Something a platform may ask there. */
function orderOf(deviceId: string, random: () => number): readonly Metric[] {
  const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
  const flag = (name: string): Metric => ({ name, value: { kind: 'boolean', value: random() < 0.5 } });
  if (deviceId === '') return [flag('Emergency/On')];
  const chance = random();
  if (chance < 0.2) return [{ name: 'Override/Release', value: { kind: 'boolean', value: true } }];
  if (chance < 0.3 && deviceId === 'rue')
    return [{ name: 'Programme/Choice', value: { kind: 'string', value: random() < 0.5 ? '' : 'residential' } }];
  if (chance < 0.3) return [whole('Identify/Seconds', Math.floor(random() * 30))];
  return [whole('Override/Level', Math.floor(random() * 130)), whole('Override/Minutes', 1 + Math.floor(random() * 10))];
}
