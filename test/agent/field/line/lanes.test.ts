import fc from 'fast-check';
import t from 'tap';
import { BusError } from '../../../../agent/core/errors.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Lane } from '../../../../agent/core/ports.ts';
import { createDeadBudget, createSilenceWatch, hushMs } from '../../../../agent/field/line/dead-units.ts';
import { afterTurn, createConsoleJobs, type LaneNeeds, NONE_SINCE, nextLane } from '../../../../agent/field/line/lanes.ts';
import { agendaOf } from '../../../../agent/field/line/units-due.ts';
import { welcome } from '../../../../agent/field/units/unit.ts';
import { plannedUnit } from '../planned-unit.ts';
import { SENSOR } from '../plant.ts';

// ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const turns = (lanes: readonly Lane[], count: number, needs: LaneNeeds = {}): Lane[] => {
  let since = NONE_SINCE;
  return Array.from({ length: count }, () => {
    const lane = nextLane(new Set(lanes), since, needs) as Lane;
    since = afterTurn(since, lane);
    return lane;
  });
};

const share = (lanes: readonly Lane[], lane: Lane): number => turns(lanes, 1_000).filter((turn) => turn === lane).length;

t.test('the most urgent lane is served first', async (t) => {
  t.equal(nextLane(new Set(), NONE_SINCE), undefined);
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'urgent', 'command']), NONE_SINCE), 'urgent');
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'command']), NONE_SINCE), 'command');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry', 'console', 'presence']), NONE_SINCE), 'presence');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry', 'console']), NONE_SINCE), 'console');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry']), NONE_SINCE), 'telemetry');
});

t.test('no lane starves: presence waits for at most one other, telemetry and console keep a tenth, probes a fiftieth', async (t) => {
  t.same(turns(['command', 'presence'], 6), ['command', 'presence', 'command', 'presence', 'command', 'presence']);
  t.ok(share(['presence', 'telemetry'], 'telemetry') >= 90);
  t.ok(share(['command', 'telemetry'], 'telemetry') >= 90);
  t.ok(share(['command', 'presence', 'console', 'telemetry'], 'telemetry') >= 80);
  t.ok(share(['command', 'presence', 'console', 'telemetry'], 'console') >= 80);
  t.ok(share(['presence', 'telemetry', 'probe'], 'probe') >= 18);
  t.ok(share(['presence', 'telemetry', 'probe'], 'presence') >= 850);
  t.equal(share(['command', 'probe'], 'probe'), 0, 'the dead wait for commands');
});

t.test('while units are found again the next probe follows after four others, but never before commands and urgent writes', async (t) => {
  const since = { ...NONE_SINCE, probe: 4 };
  const waiting = (...lanes: Lane[]): ReadonlySet<Lane> => new Set<Lane>(['probe', 'telemetry', ...lanes]);
  t.equal(nextLane(waiting(), since, { isFinding: true }), 'probe');
  t.equal(nextLane(waiting(), { ...since, probe: 3 }, { isFinding: true }), 'telemetry');
  t.equal(nextLane(waiting(), since, { isFinding: false }), 'telemetry');
  t.equal(nextLane(waiting('command'), since, { isFinding: true }), 'command');
  t.equal(nextLane(waiting('urgent'), since, { isFinding: true }), 'urgent');
});

t.test(
  'while a lamp is dark until it is set up, set-up has priority; sensors get every fifth turn, and commands still precede it',
  async (t) => {
    const needs = { isLightWaiting: true };
    t.same(turns(['presence', 'telemetry'], 6, needs), ['telemetry', 'telemetry', 'telemetry', 'telemetry', 'presence', 'telemetry']);
    t.equal(nextLane(new Set<Lane>(['urgent', 'telemetry']), NONE_SINCE, needs), 'urgent');
    t.equal(nextLane(new Set<Lane>(['command', 'telemetry']), NONE_SINCE, needs), 'command');
    const console = turns(['presence', 'console', 'telemetry'], 1_000, needs).filter((lane) => lane === 'console').length;
    t.ok(console >= 80, 'and a person at the cabinet keeps a tenth');
  },
);

t.test('only a sensor after every fourth write precedes an urgent write; if they never end, no other lane starves', async (t) => {
  const others: Lane[] = ['command', 'console', 'telemetry', 'probe'];
  const isOther = (lane: Lane): boolean => others.includes(lane);
  t.same(turns(['urgent', 'presence', ...others], 55).filter(isOther), [], 'a street of 35 lamps is lit first');
  const long = turns(['urgent', 'presence', ...others], 10_000);
  const count = (lane: Lane): number => long.filter((each) => each === lane).length;
  t.ok(count('urgent') >= 7_800 && count('presence') >= 1_900, `${count('urgent')} and ${count('presence')}`);
  for (const lane of ['command', 'console', 'telemetry'] as const) t.ok(count(lane) >= 50, `${lane} ${count(lane)}`);
  t.equal(count('probe'), 0, 'the dead wait for urgent writes');
  // Lanes that had nothing to do for long are not owed a turn for that.
  const idle = { ...NONE_SINCE, command: 1_000, telemetry: 1_000, console: 1_000, probe: 1_000 };
  t.equal(nextLane(new Set<Lane>(['urgent', ...others]), idle), 'urgent');
  t.same(turns(['urgent', 'presence', 'telemetry'], 6), ['urgent', 'urgent', 'urgent', 'urgent', 'presence', 'urgent']);
});

t.test('the unit with the oldest intent is served first, a resting or held one is not, and the next time is known', async (t) => {
  const [a, b, sensor] = [plannedUnit('A'), plannedUnit('B'), plannedUnit('S', SENSOR)];
  const look = (nowMono: number, probeMono = 0) => {
    const { presence, telemetry, setUp, probe, nextMono } = agendaOf([a, b, sensor], nowMono, probeMono);
    return [presence, telemetry, setUp, probe]
      .map((unit) => unit?.device.id ?? '-')
      .join(' ')
      .concat(` ${nextMono}`);
  };
  Object.assign(a, { telemetryMono: 50 });
  Object.assign(b, { telemetryMono: 40 });
  Object.assign(sensor, { presenceMono: 60, seenMs: 0 });
  t.equal(look(30), '- - - - 40');
  t.equal(look(55), '- B - - 60');
  t.equal(look(70), 'S B - - Infinity');
  b.heldMono = 90;
  t.equal(look(70), 'S A - - 90');
  welcome(a, 70, false);
  t.equal(look(70), 'S A A - 90');
  a.health = { ...a.health, state: 'flaky', dueMono: 75 };
  t.equal(look(70), 'S - - - 75', 'a flaky unit rests');
  a.health = { ...a.health, state: 'silent', dueMono: 65 };
  t.equal(look(70), 'S - - A 90');
  t.equal(look(70, 80), 'S - - - 80', 'no probe before its share of the line allows it');
});

t.test('silent units cost at most their share of the line, whenever they are polled', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 20, max: 1_000 }), { minLength: 20, maxLength: 60 }), (losses) => {
      const budget = createDeadBudget();
      let [nowMono, spentMs] = [0, 0];
      for (const lostMs of losses) {
        nowMono = budget.readyMono(nowMono) + lostMs;
        spentMs += lostMs;
        budget.charge(lostMs, nowMono);
      }
      return spentMs <= 0.02 * nowMono + 1_000 + 1_000;
    }),
  );
  const budget = createDeadBudget();
  for (let nowMono = 0; nowMono < 3_600_000; nowMono += 1_000) budget.charge(200, nowMono);
  t.ok(budget.readyMono(3_600_000) <= 3_610_000, 'what others ask of the dead, and a whole line that is dead, add up to no debt');
  t.equal(hushMs(40, 1), 2_000);
  t.equal(hushMs(40, 25), 50_000, '25 dead lamps share what one may have');
});

t.test('a line whose units are all silent is reopened after five seconds and two rounds of probes, then ever more rarely', async (t) => {
  const watch = createSilenceWatch();
  const reopened: string[] = [];
  const run = (fromMono: number, untilMono: number, isAllSilent: boolean): void => {
    for (let nowMono = fromMono; nowMono < untilMono; nowMono += 1_000) {
      watch.probed();
      const verdict = watch.look({ nowMono, isAllSilent, units: 3 });
      if (verdict !== undefined) reopened.push(`${verdict} ${nowMono / 1_000}`);
    }
  };
  run(0, 10_000, false);
  t.same(reopened, []);
  run(10_000, 400_000, true);
  t.same(reopened, ['reopen 16', 'reopen 76', 'reopen 196'], 'six probes after all fell silent, a minute, two minutes');
  run(400_000, 402_000, false);
  run(402_000, 420_000, true);
  t.same(reopened.slice(3), ['revived 400', 'reopen 408'], 'after an answer the intervals start again');
});

t.test('jobs of a person are served in order, and after a long one the line is left to others for as long', async (t) => {
  const clock = createManualClock(0);
  const jobs = createConsoleJobs(() => clock.monoMs());
  const done: string[] = [];
  const job = (name: string, ms: number) => async () => {
    await clock.advance(ms);
    done.push(name);
    return name;
  };
  const [first, second] = [jobs.add(job('scan', 250), true), jobs.add(job('read', 10), false)];
  t.equal(jobs.waitingMono(0), 0);
  await jobs.next();
  t.equal(await first, 'scan');
  t.equal(jobs.waitingMono(499), undefined);
  t.equal(jobs.nextMono(), 500);
  t.equal(jobs.waitingMono(500), 0);
  await jobs.next();
  t.equal(await second, 'read');
  t.equal(jobs.nextMono(), undefined);
  const third = jobs.add(() => Promise.reject(new RangeError('no such unit')), false);
  const fourth = jobs.add(job('never', 1), false);
  void jobs.next();
  await t.rejects(third, RangeError, 'its own trouble goes to who asked');
  jobs.failAll(new BusError('port-closed', msg`line north is down`));
  await t.rejects(fourth, { code: 'port-closed' });
  t.same(done, ['scan', 'read']);
});
