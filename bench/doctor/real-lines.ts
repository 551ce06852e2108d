/**
 * `bus doctor` as a technician runs it: the agent as a process, its lines on pseudo-terminals in real time, each with another cause, and the command in
 * its own process. All lines are examined at once.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { BusDiagnosis, BusFinding } from '../../agent/diagnosis/bus-doctor/finding.ts';
import { startAgentProcess } from '../../test/street/agent-process.ts';
import { BitBus } from '../../test/street/bit-bus/bit-bus.ts';
import { addBitUnit, addSecondMaster } from '../../test/street/bit-bus/bit-unit.ts';
import { judged } from '../../test/street/bit-bus/examined-line.ts';
import { type LineCause, type LinePlan, planLine } from '../../test/street/bit-bus/line-plans.ts';
import { createPtyCable, type PtyCable } from '../../test/street/pty.ts';
import { against, type BenchOptions } from '../result.ts';

const LINES: readonly LineCause[] = ['none', 'echoing-adapter', 'second-master', 'two-units-one-address', 'other-speed', 'adapter-steps'];
const UNITS = 4;
const SERIAL = { baud: 9_600, parity: 'none', stopBits: 2, dataBits: 8 } as const;
const LAUNCHER = join(import.meta.dirname, '../../agent/luciole.js');
/** Longest examination, and time for a busy machine. Units: ms. */
const LONGEST_MS = 180_000;

/** Examines each line by the command and compares the verdicts with the causes. */
export async function realBench({ emit, progress }: BenchOptions): Promise<void> {
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-doctor-'));
  const lines = LINES.map((cause) => connect(planOf(cause), join(folder, `tty-${cause}`)));
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, siteText());
  const socketPath = join(folder, 'agent.sock');
  const agent = startAgentProcess({
    configFile,
    ports: new Map(LINES.map((cause, i) => [cause, lines[i]?.path ?? ''])),
    broker: 'mqtt://127.0.0.1:9',
    dataDir: join(folder, 'data'),
    socketPath,
    startAtMs: Date.now(),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  try {
    await agent.ready();
    await new Promise((resolve) => clock.after(20_000, () => resolve(null)));
    const results = await Promise.all(LINES.map((cause) => doctor(cause, socketPath)));
    for (const [i, { exitCode, diagnosis, error }] of results.entries()) {
      const cause = LINES[i] as LineCause;
      const note = diagnosis === null ? error : diagnosis.findings.map(noteOf).join('; ');
      progress(`${cause}: exit code ${exitCode}, ${note}`);
      const isRight = diagnosis !== null && judged(cause, diagnosis) === 'right' && exitCode === (cause === 'none' ? 0 : 1);
      emit({ ...against({ bench: 'doctor', metric: `real: ${cause}`, value: isRight ? 1 : 0, unit: 'right' }, '>=', 1), note });
    }
  } finally {
    await agent.stop();
    for (const { close } of lines) close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function noteOf({ verdict, evidence }: BusFinding): string {
  return `${verdict} ${JSON.stringify(evidence)}`;
}

interface Doctored {
  readonly exitCode: number;
  readonly diagnosis: BusDiagnosis | null;
  readonly error: string;
}

function doctor(line: string, socketPath: string): Promise<Doctored> {
  const words = [LAUNCHER, 'bus', 'doctor', line, '--json', '--socket', socketPath];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, words, { timeout: LONGEST_MS }, (_, stdout, stderr) => {
      const isJson = stdout.startsWith('{');
      resolve({ exitCode: child.exitCode ?? -1, diagnosis: isJson ? (JSON.parse(stdout) as BusDiagnosis) : null, error: stderr.trim() });
    });
  });
}

/** The plan of a cause with a few units that have every register. */
function planOf(cause: LineCause): LinePlan {
  const plan = planLine(cause, 3);
  const own = plan.units.slice(0, UNITS).map((unit) => ({
    ...unit,
    registers: 65_536,
    turnaroundMs: 8 + unit.address,
    serial: cause === 'other-speed' ? { ...SERIAL, baud: 19_200 } : SERIAL,
  }));
  const [first] = own;
  const twin = first === undefined ? [] : [{ ...first, name: 'twin', salt: 77, turnaroundMs: 20 }];
  return { ...plan, serial: SERIAL, addresses: UNITS, units: cause === 'two-units-one-address' ? [...own, ...twin] : own };
}

function connect(plan: LinePlan, linkPath: string): PtyCable {
  const clock = createSystemClock({ quality: () => 'synced' });
  const bus = new BitBus(clock, { ...plan.wires }, plan.adapter, plan.serial);
  for (const unit of plan.units) addBitUnit(bus, clock, unit);
  const master = plan.master === null ? null : addSecondMaster(bus, clock, { ...plan.master, serial: plan.serial });
  const cable = createPtyCable((bytes) => {
    if (plan.cause !== 'other-speed') {
      bus.sendFromGateway(bytes);
      return;
    }
    // A pseudo-terminal has no speed, but it remembers the one that was set.
    execFile('stty', ['-F', linkPath, 'speed'], (_, speed) => {
      bus.tune({ ...SERIAL, baud: Number(speed) });
      bus.sendFromGateway(bytes);
    });
  }, linkPath);
  bus.onGatewayBytes = (bytes) => cable.end.write(bytes);
  return {
    ...cable,
    close() {
      master?.stop();
      bus.stop();
      cable.close();
    },
  };
}

function siteText(): string {
  const device = (cause: string, unit: number): string =>
    `      - { id: ${cause}-${unit}, unit: ${unit}, profile: wirenboard-wb-led, pole: P1 }`;
  const lines = LINES.map((cause) =>
    [
      `  - id: ${cause}`,
      `    port: demo/${cause}`,
      '    serial: { baud: 9600, stopBits: 2 }',
      '    devices:',
      ...Array.from({ length: UNITS }, (_, i) => device(cause, i + 1)),
    ].join('\n'),
  );
  const lamps = LINES.flatMap((cause) => Array.from({ length: UNITS }, (_, i) => `${cause}-${i + 1}`));
  return [
    'cabinet: { id: doctor, name: Doctor, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }',
    'lines:',
    ...lines,
    'poles: [{ id: P1, atM: 0 }]',
    'lamps:',
    ...lamps.map((id) => `  - { id: ${id}, ratedPowerW: 60, minPct: 10 }`),
    'zones:',
    `  - { id: street, lamps: [${lamps.join(', ')}], programme: night, minPct: 10 }`,
    'programmes: [{ id: night, steps: [{ at: dusk, levelPct: 100 }] }]',
    'uplink: { broker: "mqtt://127.0.0.1:1883", protocol: 3.1.1, group: Demo, birthJitterS: 0 }',
    '',
  ].join('\n');
}
