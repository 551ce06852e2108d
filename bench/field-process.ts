/**
 * Our whole field engine on one line: `field-process.ts`. Plan, lanes, unit health, drivers and port are joined as in the agent.
 *
 * Each unit has twelve registers that are polled and a level that can be written.
 */

import { RECORDER_DEFAULTS } from '../agent/core/cabinet.ts';
import type { Field } from '../agent/core/ports.ts';
import { createSystemClock } from '../agent/core/system-clock.ts';
import { FlightMemory } from '../agent/diagnosis/flight/flight-memory.ts';
import { createField } from '../agent/field/field.ts';
import { fieldLine } from '../agent/field/line-from-config.ts';
import { createSerialPort } from '../drivers/serial-port.ts';
import { testDevice, testLine, testPoint, testProfile, writable } from '../test/support/profiles.ts';
import { type BenchIntent, createBenchIntents } from './bench-intents.ts';
import { BENCH_REGISTERS, LEVEL_ADDRESS, serialAt } from './bus.ts';
import { answerParent, sharedMonoMs } from './child.ts';

export type FieldQuestion =
  /** Replaces the engine by a new one on this line; `periodMs` is the poll period of each unit. */
  | { readonly ask: 'open'; readonly path: string; readonly baud: number; readonly units: readonly number[]; readonly periodMs: number }
  | { readonly ask: 'write'; readonly units: readonly number[]; readonly forMs: number }
  | { readonly ask: 'scan' };

export interface FieldAnswer {
  readonly wallMs: number;
  readonly intents: readonly BenchIntent[];
  /** Reasons of failed writes, as reported by the field module. */
  readonly failures: readonly string[];
  /** Addresses that a scan has found. */
  readonly found: readonly number[];
}

const LINE = 'bench';
/** A level is verified like that of a Wiren Board WB-LED. Units: ms. */
const SETTLE_MS = 40;
/** An intent that could not be sent for this long is dropped. Units: ms. */
const EXPIRES_MS = 5_000;
/** Nothing but the polls in question. Units: ms. */
const NEVER_MS = 86_400_000;
const PROFILE = testProfile('bench', [
  ...Array.from({ length: BENCH_REGISTERS }, (_, address) => testPoint(`r${address}`, { table: 'holding', address })),
  testPoint('level', {
    semantic: 'level',
    table: 'holding',
    address: LEVEL_ADDRESS,
    poll: 'slow',
    write: writable({ settleMs: SETTLE_MS }),
  }),
]);

const clock = createSystemClock({ quality: () => 'none', isBusAlone: true });
const memory = new FlightMemory({ clock, sizeKilobytes: () => RECORDER_DEFAULTS.memoryKilobytes });
let field: Field | undefined;

answerParent<FieldQuestion, FieldAnswer>(async (question) => {
  const startMono = sharedMonoMs();
  const done = await work(question);
  return { intents: [], failures: [], found: [], ...done, wallMs: sharedMonoMs() - startMono };
});

async function work(question: FieldQuestion): Promise<Partial<FieldAnswer>> {
  if (question.ask === 'open') return open(question);
  if (field === undefined) throw new TypeError('no line is open yet');
  if (question.ask === 'write') return write(field, question);
  const { found } = await field.bus.scan({ line: LINE, from: 1, to: 247, autoBaud: false, waitMs: null }, () => {});
  return { found: found.map(({ unit }) => unit) };
}

async function open({ path, baud, units, periodMs }: FieldQuestion & { ask: 'open' }): Promise<Partial<FieldAnswer>> {
  await field?.stop();
  const devices = units.map((unit) => testDevice(deviceOf(unit), { unit, profile: PROFILE.id }));
  const config = testLine(LINE, devices, { port: path, serial: serialAt(baud) });
  field = createField({
    // Tapped as in the agent, so that the figures include the flight recorder.
    lines: [fieldLine(config, { profiles: new Map([[PROFILE.id, PROFILE]]), openPort: createSerialPort, clock, tapOf: memory.tapOf })],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 0 }),
    random: Math.random,
    periodsMs: { fast: periodMs, normal: periodMs, slow: NEVER_MS },
    onReadings: () => {},
    onAlive: () => {},
    onEvent: () => {},
  });
  await field.start();
  return {};
}

async function write(to: Field, { units, forMs }: FieldQuestion & { ask: 'write' }): Promise<Partial<FieldAnswer>> {
  const failures: string[] = [];
  const results: Promise<void>[] = [];
  const intents = createBenchIntents(units, ({ unit, value }) => {
    const id = deviceOf(unit);
    const result = to.write({
      commandId: `${id}:${value}`,
      lampId: id,
      pointId: `${id}.level`,
      levelPct: value,
      lane: 'urgent',
      expiresMono: clock.monoMs() + EXPIRES_MS,
    });
    results.push(
      result.then((ended) => {
        if (ended.state === 'failed') failures.push(String(ended.reason));
      }),
    );
  });
  await new Promise((resolve) => setTimeout(resolve, forMs));
  const all = intents.stop();
  await Promise.all(results);
  return { intents: all, failures };
}

function deviceOf(unit: number): string {
  return `U${unit}`;
}
