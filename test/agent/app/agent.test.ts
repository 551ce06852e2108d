import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import { localFiles } from '../../../agent/console/local-files.ts';
import type { BusTools, BusWrite } from '../../../agent/core/bus-tools.ts';
import { cabinetPoints } from '../../../agent/core/cabinet-points.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { LampView } from '../../../agent/core/views.ts';
import type { AgentEvent, EventCode } from '../../../agent/core/words.ts';
import { withDeviceFaults, withLampFaults } from '../../../agent/diagnosis/faults-in-views.ts';
import { withSiteKnowledge } from '../../../agent/field/bus-tools/site-knowledge.ts';
import { failsafeLevelPct } from '../../../agent/lighting/failsafe.ts';
import { endLeftovers } from '../../../agent/service/ongoing.ts';
import { uplinkDevices } from '../../../agent/sync/sparkplug/cabinet-metrics.ts';

import { createRig } from '../../support/rig.ts';

const ROOT = join(import.meta.dirname, '../../..');
const luciole = (...words: string[]) => spawnSync(process.execPath, [join(ROOT, 'agent/luciole.js'), ...words], { encoding: 'utf8' });

/** Wrong in five ways, one a line. */
const WRONG = `cabinet: { id: a, name: A, latitudeDeg: 147, longitudeDeg: -0.5, timezone: Europe/Pariss }
lines:
  - { id: n, port: /dev/none, devices: [{ id: L01, unit: 1, profile: wirenboard-wb-led, pole: P01 }, { id: L02, unit: 1, profile: wirenboard-wb-led, pole: P01 }] }
poles: [{ id: P01, atM: 0 }]
lamps: [{ id: L01, ratedPowerW: 60 }, { id: L02, ratedPowerW: 60 }]
zones: [{ id: z, lamps: [L01, L02, L03], programme: p }]
programmes: [{ id: p, steps: [{ at: dusk, levelPct: 100 }, { at: "25:00", levelPct: 30 }] }]
`;

t.test('every problem of a bad configuration is reported with its place, and the exit code is 78', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'cabinet.yaml');
  writeFileSync(file, WRONG);
  const checked = luciole('check', file);
  t.equal(checked.status, 78);
  for (const place of ['1:41', '1:76', '3:119', '6:36', '7:66']) t.match(checked.stdout, `${file}:${place}`, `${place} is named`);
  const json = JSON.parse(luciole('check', file, '--json').stdout) as unknown[];
  t.ok(json.length >= 5, `${json.length} problems as JSON`);
  const run = luciole('run', file, '--socket', join(folder, 's'), '--data-dir', join(folder, 'data'));
  t.equal(run.status, 78);
  t.match(run.stderr + run.stdout, `${file}:1:41`, 'run refuses it with the same words');
  t.equal(luciole('check', join(folder, 'none.yaml')).status, 78, 'a missing file too');
});

t.test('profile folders are relative to the file that names them, and a missing one is reported', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'cabinet.yaml');
  const meter = readFileSync(join(ROOT, 'drivers/profiles/eastron-sdm630.yaml'), 'utf8').replace('id: eastron-sdm630', 'id: my-meter');
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine/meter.yaml'), meter);
  const demo = readFileSync(join(ROOT, 'config/demo.yaml'), 'utf8').replace('profile: eastron-sdm630', 'profile: my-meter');
  writeFileSync(file, `${demo}\nprofileDirs: [mine, gone]\n`);
  const { stdout } = luciole('check', file);
  t.match(stdout, /profileDirs\[1\]: no such folder .*gone/);
  t.notMatch(stdout, /my-meter/, 'the profile was found');
});

t.test('check names ports that do not exist, and what exists', async (t) => {
  const { status, stdout } = luciole('check', join(ROOT, 'config/demo.yaml'));
  t.equal(status, 78);
  t.equal(stdout.match(/no such device file/g)?.length, 3, stdout);
});

t.test('every point, lamp and zone of the demo has its place on the platform, once', async (t) => {
  const { cabinet, profiles } = loadSite(join(ROOT, 'config/demo.yaml'));
  const points = cabinetPoints(cabinet, profiles);
  const devices = uplinkDevices(cabinet, points);
  t.equal(new Set(devices.map(({ id }) => id)).size, devices.length);
  t.strictSame(
    devices.filter(({ target }) => target?.kind === 'zone').map(({ id }) => id),
    ['rue'],
  );
  t.equal(devices.filter(({ target }) => target?.kind === 'lamp').length, 12);
  t.equal(devices.flatMap(({ metrics }) => metrics).filter(({ pointId }) => pointId !== null).length, points.size);
  t.equal(points.get('IO1.input_1')?.semantic, 'door', 'the site says what a contact means');
  t.equal(failsafeLevelPct(cabinet, cabinet.zones[0]), 100, 'without an agent a lamp holds the highest step of its programme');
});

t.test('a lamp and its device show their own faults, not those of others', async (t) => {
  const { cabinet } = loadSite(join(ROOT, 'config/demo.yaml'));
  const [base] = cabinet.lamps;
  if (base === undefined) throw new Error('the demo street has changed');
  const lamps = [
    { ...base, id: 'L1', device: 'L1', point: 'level' },
    { ...base, id: 'E1', device: 'G1', point: 'ecg1_level' },
    { ...base, id: 'E11', device: 'G1', point: 'ecg11_level' },
  ];
  const event = (code: EventCode, source: string): AgentEvent => {
    return { id: source, code, source, severity: 'alarm', text: msg`${code} of ${source}`, startMs: 1, endMs: null };
  };
  const events = [
    event('lamp-fault', 'L1.status'),
    event('unit-not-set-up', 'L1'),
    event('unit-silent', 'L1'),
    event('device-flag', 'L11.status'),
    event('lamp-fault', 'G1.ecg11_fault'),
    event('device-flag', 'G1.bus'),
  ];
  const lamp = (id: string): readonly string[] => {
    const view: LampView = { id, pole: 'P1', wantedPct: 30, measuredPct: 30, rank: 'programme', reason: '', following: true, faults: [] };
    return withLampFaults(view, { lamps }, events).faults.map(String);
  };
  t.same(lamp('L1'), ['lamp-fault of L1.status', 'unit-not-set-up of L1'], 'that it is silent shows in its state');
  t.same(lamp('E1'), ['device-flag of G1.bus'], 'the fault of its neighbour on the gateway is not its own');
  t.same(lamp('E11'), ['lamp-fault of G1.ecg11_fault', 'device-flag of G1.bus']);
  const device = { id: 'G1', line: 'n', unit: 1, profile: 'p', pole: null, lastSeenMs: 1, turnaroundMs: 1, failures: 0 };
  t.same(withDeviceFaults({ ...device, state: 'ok', faults: [] }, events).faults.length, 2);
});

t.test('events left open by a former run are ended, those that continue are not', async (t) => {
  const event = (id: string, startMs: number): AgentEvent => ({
    id,
    code: 'door-open',
    source: 'IO1.door',
    severity: 'warning',
    text: msg`a door is open`,
    startMs,
    endMs: null,
  });
  const appended: AgentEvent[] = [];
  const asked: number[] = [];
  const store = {
    events: async ({ sinceMs }: { sinceMs: number }) => {
      asked.push(sinceMs);
      return [event('now', 900), event('before', 500), event('ahead', 2_000)];
    },
    appendEvent: (ended: AgentEvent) => void appended.push(ended),
  };
  await endLeftovers({ store, clock: createManualClock(1_000), isGoingOn: (id) => id === 'now' });
  t.match(appended, [
    { id: 'before', endMs: 1_000, text: msg`${msg`a door is open`}; its end is unknown, because the agent was restarted` },
    { id: 'ahead', endMs: 2_000 },
  ]);
  t.ok((asked[0] ?? 0) > 1e13, 'only what has no end is asked for');
});

t.test('an operator who writes a register of a lamp gets a warning, and a read shows its bytes', async (t) => {
  const { cabinet, profiles } = loadSite(join(ROOT, 'config/demo.yaml'));
  const bare = {
    read: async (request: object) => ({ ...request, words: [300], turnaroundMs: 1, values: [] }),
    write: async (request: object) => ({ ...request, before: null, after: null }),
  } as unknown as BusTools;
  const bus = withSiteKnowledge(bare, cabinet, profiles);
  const [north] = cabinet.lines;
  const unit = north?.devices.find(({ id }) => id === 'L01')?.unit ?? 0;
  const level = profiles.get('wirenboard-wb-led')?.points.find(({ id }) => id === 'level')?.address ?? 0;
  const write = { line: 'north', unit, table: 'holding', address: level, values: [300] } as const;
  const lampsOf = async (changes: Partial<BusWrite>) => (await bus.write({ ...write, ...changes })).lamps;
  t.strictSame(await lampsOf({}), ['L01']);
  t.strictSame(await lampsOf({ address: level - 1, values: [0, 300] }), ['L01'], 'as one of several');
  t.strictSame(await lampsOf({ address: level - 1 }), [], 'beside it');
  t.strictSame(await lampsOf({ table: 'coil', values: [1] }), [], 'in another table');
  t.strictSame(await lampsOf({ line: 'south' }).then((lamps) => lamps?.includes('L01')), false, 'on another line');
  t.equal((await lampsOf({ unit: 0 }))?.length, north?.devices.filter(({ profile }) => profile === 'wirenboard-wb-led').length, 'by all');
  t.match(await bus.read({ line: 'north', unit: 1, table: 'holding', address: 2000, count: 1 }), {
    request: /^01 03 07 D0 00 01 /,
    response: /^01 03 02 01 2C /,
  });
});

t.test('a line without devices is opened, stays quiet, and can be scanned and read', async (t) => {
  const alone = { lamps: [], zones: [], programmes: [], poles: [] };
  const rig = await createRig(t, {
    startAt: '2026-12-15T23:30:00+01:00',
    change: (cabinet) => ({ ...cabinet, ...alone, lines: cabinet.lines.map((line) => ({ ...line, devices: [] })) }),
  });
  await rig.clock.advance(30_000);
  t.match(await rig.status(), { lines: [{ state: 'up', timeouts: 0 }], activeEvents: [], zones: [] });
  let scanned: unknown = null;
  const { bus } = rig.agent.view;
  void bus
    .scan({ line: 'north', from: 1, to: 3, autoBaud: false, waitMs: null }, () => {})
    .then((result) => {
      scanned = result;
    });
  await rig.until('the scan ends', () => scanned !== null);
  t.match(scanned, { found: [], missing: [] });
  let refusal: unknown = null;
  bus.read({ line: 'north', unit: 17, table: 'holding', address: 0, count: 1 }).catch((error: unknown) => {
    refusal = error;
  });
  await rig.until('the read ends', () => refusal !== null);
  t.match(refusal, { code: 'timeout' });
});

t.test('without a running agent, device types are read from files', async (t) => {
  const shelf = localFiles(join(ROOT, 'config/demo.yaml'));
  t.match(shelf.profiles().find(({ id }) => id === 'eastron-sdm630')?.usedBy, ['M01']);
  t.match(shelf.about, /profiles of the program.*the cabinet is .*demo\.yaml/);
  const dir = t.testdir({ mine: {}, 'cabinet.yaml': `${readFileSync(join(ROOT, 'config/demo.yaml'), 'utf8')}\nprofileDirs: [mine]\n` });
  const meter = readFileSync(join(ROOT, 'drivers/profiles/eastron-sdm630.yaml'), 'utf8').replace('id: eastron-sdm630', 'id: my-meter');
  writeFileSync(join(dir, 'mine/meter.yaml'), meter);
  t.match(localFiles(join(dir, 'cabinet.yaml')).profile('my-meter'), { vendor: 'Eastron' });
  const none = localFiles(join(dir, 'none.yaml'));
  t.ok(none.profiles().length > 20);
  t.match(none.about, /there is no cabinet file .*none\.yaml: `luciole setup` writes one/);
});
