import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { endLeftovers } from '../../agent/app-events.ts';
import { loadSite } from '../../agent/app-load.ts';
import { cabinetPoints, failsafeLevelPct, uplinkDevices } from '../../agent/app-points.ts';

import { createManualClock } from '../../agent/core/manual-clock.ts';
import type { AgentEvent } from '../../agent/core/words.ts';

const ROOT = join(import.meta.dirname, '../..');
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

t.test('a bad configuration is told whole, with places, and ends with exit code 78', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'cabinet.yaml');
  writeFileSync(file, WRONG);
  const checked = luciole('check', file);
  t.equal(checked.status, 78);
  for (const place of ['1:41', '1:76', '3:119', '6:36', '7:66']) t.match(checked.stdout, `${file}:${place}`, `${place} is named`);
  const json = JSON.parse(luciole('check', file, '--json').stdout) as unknown[];
  t.ok(json.length >= 5, `${json.length} problems as JSON`);
  const run = luciole('run', file, '--socket', join(folder, 's'));
  t.equal(run.status, 78);
  t.match(run.stderr + run.stdout, `${file}:1:41`, 'run refuses it with the same words');
  t.equal(luciole('check', join(folder, 'none.yaml')).status, 78, 'a missing file too');
});

t.test('profile folders are seen from the file that names them, and a missing one is told', async (t) => {
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

t.test('what a former run left open is ended, what is going on is not', async (t) => {
  const event = (id: string, startMs: number): AgentEvent => ({
    id,
    code: 'door-open',
    source: 'IO1.door',
    severity: 'warning',
    text: 'a door is open',
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
    { id: 'before', endMs: 1_000, text: 'a door is open; how it ended is not known, the agent was restarted' },
    { id: 'ahead', endMs: 2_000 },
  ]);
  t.ok((asked[0] ?? 0) > 1e13, 'only what has no end is asked for');
});
