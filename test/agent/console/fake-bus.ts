import type { BusExam } from '../../../agent/core/bus-exam.ts';
import type {
  BusReadResult,
  BusTools,
  BusTransaction,
  LineStats,
  RegistersResult,
  ScanResult,
  UnitStats,
} from '../../../agent/core/bus-tools.ts';
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { BusError } from '../../../agent/core/errors.ts';
import { msg } from '../../../agent/core/message.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import { Refusal } from '../../../agent/core/refusal.ts';
import type { ProfileView } from '../../../agent/core/views.ts';
import { testPoint, testProfile, writable } from '../../support/profiles.ts';

const SERIAL: SerialSettings = { baud: 19_200, dataBits: 8, parity: 'none', stopBits: 2 };

export const METER: Profile = testProfile(
  'eastron-sdm630',
  [
    testPoint('power', { address: 52, type: 'f32', unit: 'W', decimals: 1, semantic: 'power' }),
    testPoint('level', { table: 'holding', address: 2_000, unit: '%', write: writable({ dangerous: true }) }),
    testPoint('alarms', {
      table: 'holding',
      address: 10,
      bit: 3,
      flags: [{ bit: 1, id: 'mains-lost', severity: 'alarm', message: 'mains lost — on phase 2', inverted: true }],
    }),
  ],
  {
    vendor: 'Eastron',
    category: 'meter',
    notes: 'Reads 80 registers at most. '.repeat(5),
    experimental: 'two manuals disagree about the order of words',
  },
);

export function profiles(): ProfileView[] {
  const { id, vendor, model, category, trust, experimental, transport } = METER;
  const meter = { id, vendor, model, category, trust, experimental, transport, points: 3, usedBy: ['M01'] };
  return [meter, { ...meter, id: 'wirenboard-wb-led', category: 'luminaire-driver', experimental: null, usedBy: ['L01', 'L02', 'L03'] }];
}

export function scanResult(changes: Partial<ScanResult> = {}): ScanResult {
  const common = { serial: SERIAL, turnaroundMs: 4.62, exception: null };
  return {
    line: 'street',
    isNetwork: false,
    found: [
      { ...common, unit: 1, device: 'L01', profiles: [{ id: 'wirenboard-wb-led', strength: 'strong' }] },
      { ...common, unit: 14, device: null, profiles: [{ id: 'eastron-sdm630', strength: 'plausible' }] },
      {
        ...common,
        unit: 200,
        device: null,
        profiles: [],
        exception: 'illegal-address',
        serial: { ...SERIAL, baud: 9_600, parity: 'even', stopBits: 1 },
      },
    ],
    missing: [{ unit: 2, device: 'L02' }],
    damaged: [33],
    durationMs: 7_900,
    ...changes,
  };
}

export function registersResult(changes: Partial<RegistersResult> = {}): RegistersResult {
  const words = Array.from({ length: 19 }, (_, index) => index * 3_000);
  return {
    unit: 7,
    table: 'holding',
    runs: [
      { address: 0, words },
      { address: 0x7d0, words: [65_535] },
    ],
    requests: 23,
    durationMs: 1_400,
    ...changes,
  };
}

export function readResult(changes: Partial<BusReadResult> = {}): BusReadResult {
  const request = { line: 'street', unit: 7, table: 'holding', address: 2_000, count: 2 } as const;
  const values = [
    { quantity: 'level', value: 30, unit: '%' },
    { quantity: 'temperature', value: null, unit: '°C' },
  ];
  return { ...request, words: [300, 0xff38], turnaroundMs: 4.6, values, ...changes };
}

/** A line on which nothing answers. */
function silentExam(): BusExam {
  const request = Uint8Array.from([1, 3, 0, 0, 0, 1, 0x84, 0x0a]);
  const windows = Array.from({ length: 20 }, (_, i) => ({ request, sentMono: 500 * i, endMono: 500 * (i + 1), isTest: false, chunks: [] }));
  const recent = { answered: 0, missed: 0, damaged: 0, late: 0 };
  const units = [{ unit: 1, device: 'L01', recent }];
  const rest = { trials: [], quarters: [], latencyMs: null, durationMs: 30_000 };
  return { line: 'street', port: '/dev/ttyS1', isNetwork: false, serial: SERIAL, windows, units, ...rest };
}

function unitStats(unit: number, changes: Partial<UnitStats> = {}): UnitStats {
  return {
    unit,
    device: `L${String(unit).padStart(2, '0')}`,
    state: 'ok',
    ok: 123_456,
    timeouts: 12,
    crcErrors: 3,
    exceptions: { 'illegal-address': 2, 'device-busy': 1 },
    lateReplies: 1,
    echoes: 0,
    turnaroundMs: { count: 256, p50: 4.6, p95: 5.2, p99: 6, max: 31.4 },
    timeoutMs: 30,
    requests: 2,
    refused: [],
    unanswered: [],
    ...changes,
  };
}

export function lineStats(changes: Partial<LineStats> = {}): LineStats {
  return {
    line: 'street',
    kind: 'modbus',
    port: '/dev/serial/by-path/platform-3f980000.usb-usb-0:1.3:1.0-port0',
    baud: 19_200,
    busyPct: 41.3,
    wirePct: 30.2,
    transactions: 246_912,
    timeouts: 24,
    crcErrors: 6,
    exceptions: 6,
    lateReplies: 2,
    duplicates: 3,
    doubtful: 4,
    resyncs: 1,
    echoes: 0,
    noiseBytes: 17,
    console: { transactions: 12, timeouts: 1, exceptions: 2, lateReplies: 0 },
    urgentWaitMs: { count: 40, p50: 3.1, p95: 20, p99: 41.2, max: 44 },
    overruns: 0,
    units: [unitStats(1), unitStats(2, { state: 'silent', turnaroundMs: null, refused: ['temperature', 'voltage'] })],
    advice: [msg`unit 2 (L02) does not answer while the others do: check its supply and its address`],
    ...changes,
  };
}

export function transaction(changes: Partial<BusTransaction> = {}): BusTransaction {
  return {
    atMs: Date.parse('2026-12-01T21:41:07.045Z'),
    unit: 7,
    lane: 'telemetry',
    what: msg`read ${'input'} ${0}+${12}`,
    turnaroundMs: 4.62,
    error: null,
    ...changes,
  };
}

/**
 * Adds each request to `asked` and answers from fixed facts.
 *
 * Reads: unit 9 gives a timeout, register 404 an exception, line `air` a refusal. Writes: register 2001 gives a warning, and register 1
 * still contains 100 afterwards.
 */
export function createFakeBus(asked: unknown[]): BusTools {
  return {
    hush: () => () => {},
    scan: async ({ signal: _, ...request }, report) => {
      asked.push(request);
      for (const done of [1, 124, 247]) report({ done, total: 247, serial: SERIAL, found: null });
      return scanResult();
    },
    examine: async ({ signal: _, ...request }, report) => {
      asked.push(request);
      report({ step: 'listening', doneMs: 10_000, totalMs: 30_000 });
      return silentExam();
    },
    registers: async ({ signal: _, ...request }, report) => {
      asked.push(request);
      report({ done: 100, total: 500 });
      return registersResult();
    },
    read: async (request) => {
      asked.push(request);
      if (request.unit === 9) throw new BusError('timeout', msg`unit 9: no reply in 300 ms, check power, address and wiring`);
      if (request.address === 404) throw new BusError('illegal-address', msg`unit 7 answered with exception 2`);
      if (request.line === 'air') throw new Refusal(msg`line air is a uart line: it has no units to read`);
      return readResult({ ...request, words: Array.from({ length: request.count }, (_, index) => (index === 0 ? 300 : 0xff38)) });
    },
    warnings: ({ address, values }) => (address === 2_001 ? [msg`level: ${values} is outside the profile's limits 0 to 100`] : []),
    write: async (request) => {
      asked.push(request);
      const warnings = request.address === 2_001 ? [msg`level: ${request.values} is outside the profile's limits 0 to 100`] : [];
      return {
        ...request,
        warnings,
        before: request.unit === 0 ? null : [100],
        after: request.unit === 0 ? null : request.address === 1 ? [100] : request.values,
      };
    },
    stats: () => [lineStats(), lineStats({ line: 'air', kind: 'uart', units: [], advice: [], urgentWaitMs: null })],
    watch: (line, report) => {
      asked.push(`watch ${line}`);
      report(transaction());
      report(transaction({ unit: 9, error: 'timeout', turnaroundMs: null }));
      return () => void asked.push(`unwatch ${line}`);
    },
  };
}
