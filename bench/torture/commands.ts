/**
 * Thousands of commands for a whole agent while links are cut, brokers restart and the agent is killed: does each end once?
 *
 * On the simulated clock; frames, broker and databases are real. As a platform does, a command without an end is sent again with the same id.
 */
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { createRandom } from '../../test/street/random.ts';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { scratchFolder } from '../undo.ts';
import type { Summary, TortureOptions } from './torture.ts';

/** One step of simulated time. Units: ms. Source: short against every lifetime, long enough to be quick. */
const STEP_MS = 50;
/** Below the agent's limit of two a second, so that refusals have another reason. Units: 1/s. */
const SENT_PER_S = 1.5;
/** Time without an end after which the platform repeats a command. Units: ms. */
const REPEAT_MS = 90_000;
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

/**
 * Sends `rounds` commands to a whole agent while links and processes fail. Resolves with true if each command had exactly one end, none
 * was carried out twice or after its expiry, and some were verified.
 */
export async function commandTorture({ rounds, seed, progress, emit }: TortureOptions): Promise<boolean> {
  const folder = scratchFolder('torture');
  const ends: (() => unknown)[] = [];
  try {
    const rig = await createRig(
      { testdir: () => folder.dir, teardown: (end: () => unknown) => void ends.push(end) } as unknown as Parameters<typeof createRig>[0],
      { startAt: '2026-12-15T22:00:00+01:00', withUplink: true },
    );
    const summary = await run(rig, { rounds, random: createRandom(seed), progress });
    emit(summary);
    return summary.ok;
  } finally {
    for (const end of ends) await end();
    folder.remove();
  }
}

/** The platform's side: what it sent, the ends it received, and what the agent did when. */
class CommandPlatform {
  readonly sent = new Map<string, Sent>();
  /** Ids without an end. */
  readonly open = new Set<string>();
  copies = 0;
  repeats = 0;
  readonly #rig: Rig;
  readonly #random: () => number;
  #later: readonly { readonly dueMono: number; readonly send: () => void }[] = [];
  #readLines = 0;

  constructor(rig: Rig, random: () => number) {
    this.#rig = rig;
    this.#random = random;
    rig.host.onValue = ({ metric, value }) => {
      if (metric === 'Command/Outcome' && typeof value === 'string') this.#takeOutcome(value);
    };
  }

  async wait(ms: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += STEP_MS) await this.#step();
  }

  sendNew(): void {
    const { clock } = this.#rig;
    const random = this.#random;
    const id = `t-${this.sent.size}`;
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
    this.sent.set(id, command);
    this.open.add(id);
    this.#send(command);
    if (random() < COPY.soon) {
      this.copies += 1;
      this.#send(command);
    }
    if (random() < COPY.late) {
      this.copies += 1;
      this.#later = [...this.#later, { dueMono: clock.monoMs() + random() * 400_000, send: () => this.#send(command, nowMs) }];
    }
  }

  /** Sends commands without an end again, with the same id. */
  repeatOpen(): void {
    const { clock } = this.#rig;
    for (const id of this.open) {
      const command = this.sent.get(id);
      if (command === undefined || clock.monoMs() < command.askedMono + REPEAT_MS) continue;
      command.askedMono = clock.monoMs();
      this.repeats += 1;
      this.#send(command);
    }
  }

  async #step(): Promise<void> {
    const { clock } = this.#rig;
    await clock.advance(STEP_MS);
    this.#readLog();
    const nowMono = clock.monoMs();
    const due = this.#later.filter(({ dueMono }) => dueMono <= nowMono);
    this.#later = this.#later.filter(({ dueMono }) => dueMono > nowMono);
    for (const { send } of due) send();
  }

  /** Counts what the agent has done since the last step. */
  #readLog(): void {
    const { log, clock } = this.#rig;
    for (const { name, fields } of log.slice(this.#readLines)) {
      const command = name === 'uplink-command' ? this.sent.get(String(fields['commandId'])) : undefined;
      if (command === undefined) continue;
      command.runs += 1;
      if (command.expiresMs !== null) command.lateMs = Math.max(command.lateMs, clock.wallMs() - STEP_MS - command.expiresMs);
    }
    // The debug lines of a whole night would only use memory.
    if (log.length > 10_000) log.length = 0;
    this.#readLines = log.length;
  }

  #takeOutcome(json: string): void {
    const { id, state, reason } = JSON.parse(json) as { id: string; state: string; reason: string };
    const command = this.sent.get(id);
    if (command === undefined || !['verified', 'refused', 'failed'].includes(state)) return;
    command.ends.add(`${state}: ${reason}`);
    this.open.delete(id);
  }

  #send(command: Sent, timestampMs = this.#rig.clock.wallMs()): void {
    // The host may have no link; then the command is lost, as on any network.
    void this.#rig.host.command(command.deviceId, command.metrics, { timestampMs }).catch(() => undefined);
  }
}

interface RunOptions extends Pick<TortureOptions, 'rounds' | 'progress'> {
  readonly random: () => number;
}

async function run(rig: Rig, { rounds, random, progress }: RunOptions): Promise<Summary> {
  const platform = new CommandPlatform(rig, random);
  const { sent, open } = platform;
  const faults = { cut: 0, brokerRestart: 0, restart: 0, kill: 0 };
  let sendDue = 0;
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 600_000);
  while (sent.size < rounds) {
    await platform.wait(1_000);
    for (sendDue += SENT_PER_S; sendDue >= 1 && sent.size < rounds; sendDue -= 1) platform.sendNew();
    platform.repeatOpen();
    const fault = CHANCES.find(([, chance]) => random() < chance)?.[0];
    if (fault !== undefined) {
      faults[fault] += 1;
      await inject(fault, rig, platform, random);
    }
    if (sent.size % 500 < SENT_PER_S) progress(`commands: ${sent.size} sent, ${open.size} without an end, ${JSON.stringify(faults)}`);
  }
  for (let waitedMs = 0; open.size > 0 && waitedMs < LAST_MS; waitedMs += 1_000) {
    await platform.wait(1_000);
    platform.repeatOpen();
  }
  return judge([...sent.entries()], { faults, copies: platform.copies, repeats: platform.repeats, progress });
}

type Fault = (typeof CHANCES)[number][0];

async function inject(fault: Fault, rig: Rig, platform: CommandPlatform, random: () => number): Promise<void> {
  const { broker, host } = rig;
  switch (fault) {
    case 'cut':
      broker.cut();
      return;
    case 'brokerRestart':
      await broker.stop();
      await platform.wait(Math.round(random() * 20_000));
      await broker.start();
      await host.stop();
      await host.start();
      return;
    case 'restart':
      await rig.restart();
      return;
    case 'kill':
      await rig.kill();
      return;
  }
}

interface RunFacts {
  readonly faults: Readonly<Record<string, number>>;
  readonly copies: number;
  readonly repeats: number;
  readonly progress: (text: string) => void;
}

function judge(sent: readonly (readonly [string, Sent])[], { faults, copies, repeats, progress }: RunFacts): Summary {
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

/** A random order for this device. */
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
