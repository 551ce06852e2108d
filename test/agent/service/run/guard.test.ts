import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Pulse } from '../../../../agent/core/pulse.ts';
import { createLedgerFile } from '../../../../agent/service/run/ledger-file.ts';
import { hangsOf } from '../../../../agent/service/run/progress.ts';
import { createRunGuard, type GuardParts } from '../../../../agent/service/run/run-guard.ts';
import { begun, EMPTY_LEDGER, ended, type RunEnd, type StartLedger, up } from '../../../../agent/service/run/start-ledger.ts';
import { createWatchdog } from '../../../../agent/service/run/watchdog.ts';
import { texts } from '../../../support/texts.ts';

const NOW = HOUR_MS;
const ago = (seconds: number): number => NOW - seconds * 1_000;
const line = (id: string, turnedMono: number | null, openingMono: number | null = null) => ({ id, turnedMono, openingMono });
const WELL: Pulse = { lines: [line('north', ago(1))], tickedMono: ago(1), store: { unansweredMono: null, isStuck: false } };

const pulses: [story: string, pulse: Partial<Pulse>, hanging: readonly string[]][] = [
  ['all that works hangs nowhere', {}, []],
  ['a line whose transaction does not end', { lines: [line('north', ago(31)), line('south', ago(2))] }, ['line north']],
  ['a slow transaction is none', { lines: [line('north', ago(29))] }, []],
  ['a line that has not begun', { lines: [line('north', null)] }, []],
  ['a port that is tried for the first time', { lines: [line('north', null, ago(60))] }, []],
  ['a port that neither opens nor fails, after ten minutes', { lines: [line('north', ago(601), ago(601))] }, ['line north']],
  ['a line that waits for its port has not turned meanwhile', { lines: [line('north', ago(300), ago(290))] }, []],
  ['lighting that does not decide', { tickedMono: ago(11) }, ['lighting']],
  ['lighting that has not begun', { tickedMono: null }, []],
  ['a store that takes its time', { store: { unansweredMono: ago(300), isStuck: false } }, []],
  ['a store whose threads, old and new, never answer', { store: { unansweredMono: ago(601), isStuck: false } }, ['store']],
  ['a thread held fast by the disk, which no restart would free', { store: { unansweredMono: ago(9_000), isStuck: true } }, []],
];
for (const [story, pulse, hanging] of pulses)
  t.test(`${story}: ${hanging.length === 0 ? 'no hang' : hanging.join()}`, async (t) => {
    t.strictSame(
      hangsOf({ ...WELL, ...pulse }, NOW).map(({ part }) => part),
      hanging,
    );
  });

/** A watchdog on a manual clock, with what it sent. */
function watchedAt({ isSupervised = true } = {}) {
  const clock = createManualClock(Date.parse('2026-12-01T21:00:00Z'));
  const sent: string[] = [];
  const logged: unknown[] = [];
  const state = { hangs: false };
  const watchdog = createWatchdog({
    clock,
    log: { event: (name, fields) => logged.push([name, fields?.['part']]) },
    notify: { isSupervised, alive: () => sent.push('alive'), hanging: () => sent.push('hanging') },
    pulse: () => ({ ...WELL, lines: [], tickedMono: state.hangs ? clock.monoMs() - 11_000 : clock.monoMs() }),
    watchdogMs: 30_000,
    onHang: (hangs) => sent.push(`hang ${hangs.map(({ part }) => part)}`),
  });
  watchdog.start();
  return { clock, sent, logged, state, watchdog, taken: () => sent.splice(0) };
}

t.test('the watchdog is fed three times in its time while all works, and not at all once a part hangs', async (t) => {
  const { clock, state, taken, logged, watchdog } = watchedAt();
  await clock.advance(30_000);
  t.strictSame(taken(), ['alive', 'alive', 'alive']);
  state.hangs = true;
  await clock.advance(10_000);
  t.strictSame(taken(), ['alive'], 'one look may be the first after a frozen time');
  await clock.advance(10_000);
  t.strictSame(taken(), ['hang lighting', 'hanging'], 'a second look makes sure');
  state.hangs = false;
  await clock.advance(60_000);
  t.strictSame(taken(), [], 'what hung for so long is not trusted again');
  t.strictSame(logged, [['agent-hangs', 'lighting']], 'logged once');
  watchdog.stop();
});

t.test('a process that was frozen and continues is not taken for a hung one', async (t) => {
  const { clock, state, taken, watchdog } = watchedAt();
  state.hangs = true;
  await clock.advance(10_000);
  state.hangs = false;
  await clock.advance(10_000);
  state.hangs = true;
  await clock.advance(10_000);
  t.strictSame(taken(), ['alive', 'alive', 'alive']);
  watchdog.stop();
});

t.test('where no service manager would restart it a hang is only reported', async (t) => {
  const { clock, state, taken, logged, watchdog } = watchedAt({ isSupervised: false });
  state.hangs = true;
  await clock.advance(60_000);
  t.strictSame(taken(), ['alive']);
  t.strictSame(logged, [['agent-hangs', 'lighting']]);
  state.hangs = false;
  await clock.advance(10_000);
  t.strictSame(taken(), ['alive'], 'and it goes on when the part does');
  watchdog.stop();
});

const BOOT = 'boot-1';
/** Starts one after another, each with the end of the one before it; `cameUp`: whether each was ready once. */
function startsOf(steps: readonly [atS: number, end: RunEnd | null, bootId?: string][], cameUp: (n: number) => boolean = () => true) {
  let ledger: StartLedger = EMPTY_LEDGER;
  return steps.map(([atS, end, bootId = BOOT], n) => {
    const { ledger: begunLedger, verdict } = begun(ledger, { bootId, bootMono: atS * 1_000, version: '1.0.0', isSupervised: true });
    const next = cameUp(n) ? up(begunLedger) : begunLedger;
    ledger = end === null ? next : ended(next, end, 'why');
    return { ...verdict, ledger };
  });
}
const modes = (...starts: Parameters<typeof startsOf>): string =>
  startsOf(...starts)
    .map(({ mode, wantsReboot }) => (wantsReboot ? 'reboot' : mode))
    .join(' ');
const crashes = (count: number, fromS = 0, end: RunEnd | null = 'crashed'): [number, RunEnd | null][] =>
  Array.from({ length: count }, (_, i) => [fromS + i * 30, end]);

const escalations: [story: string, steps: Parameters<typeof startsOf>[0], seen: string][] = [
  ['the first start', [[0, null]], 'normal'],
  ['four unclean ends are no reason yet', [...crashes(4), [120, null]], 'normal normal normal normal normal'],
  ['five in ten minutes', [...crashes(5), [150, null]], 'normal normal normal normal normal safe'],
  ['kills without a word count', [...crashes(5, 0, null), [150, null]], 'normal normal normal normal normal safe'],
  ['hangs count', [...crashes(5, 0, 'hung'), [150, null]], 'normal normal normal normal normal safe'],
  [
    'five in half an hour do not',
    [0, 200, 400, 600, 800, 1_000].map((atS): [number, RunEnd] => [atS, 'crashed']),
    'normal normal normal normal normal normal',
  ],
  ['a bad configuration never leads there', crashes(8, 0, 'config'), 'normal normal normal normal normal normal normal normal'],
  ['nor does it hide what does', [...crashes(5), [150, 'config'], [180, null]], 'normal normal normal normal normal safe safe'],
  ['stops do not', crashes(8, 0, 'stopped'), 'normal normal normal normal normal normal normal normal'],
  [
    'mains cuts do not, however often',
    Array.from({ length: 7 }, (_, i): [number, null, string] => [20, null, `boot-${i}`]),
    'normal normal normal normal normal normal normal',
  ],
  [
    'safe mode is left after its quiet time',
    [...crashes(5), [150, 'safe-over'], [1_050, null]],
    'normal normal normal normal normal safe normal',
  ],
  [
    'a person who restarts it gives it a fresh chance',
    [...crashes(5), [150, 'stopped'], [160, null]],
    'normal normal normal normal normal safe normal',
  ],
  ['a boot does as well', [...crashes(5), [150, null], [9, null, 'boot-2']], 'normal normal normal normal normal safe normal'],
  [
    'safe mode that fails twice leaves the store out, and never reboots in the first hour',
    [...crashes(5), ...crashes(5, 150)],
    'normal normal normal normal normal safe safe bare bare bare',
  ],
  [
    'later than that, the third failure wishes for a reboot',
    [...crashes(5, 4_000), ...crashes(5, 4_150)],
    'normal normal normal normal normal safe safe bare reboot reboot',
  ],
];
for (const [story, steps, seen] of escalations) t.test(`${story}: ${seen}`, async (t) => t.equal(modes(steps), seen));

const every = (seconds: number, count: number): [number, RunEnd][] => Array.from({ length: count }, (_, i) => [i * seconds, 'hung']);
const inVain: [story: string, steps: Parameters<typeof startsOf>[0], cameUp: (n: number) => boolean, seen: string][] = [
  ['five starts in vain, however slow the machine', every(3_600, 6), () => false, 'normal normal normal normal normal safe'],
  ['ten times slower', every(36_000, 6), () => false, 'normal normal normal normal normal safe'],
  ['one of them came up', every(3_600, 6), (n) => n === 2, 'normal normal normal normal normal normal'],
  [
    'a stop between them',
    [...every(3_600, 3), [11_000, 'stopped'], ...crashes(3, 12_000)],
    () => false,
    'normal normal normal normal normal normal normal',
  ],
  ['a boot between them', every(3_600, 3).map(([atS, end], n) => [atS, end, `boot-${n}`]), () => false, 'normal normal normal'],
];
for (const [story, steps, cameUp, seen] of inVain)
  t.test(`starts that never became ready, ${story}: ${seen}`, async (t) => t.equal(modes(steps, cameUp), seen));

t.test('a ledger of a release that did not record whether a run was ready is read as before', async (t) => {
  const old = startsOf(every(3_600, 5)).at(-1)?.ledger ?? EMPTY_LEDGER;
  const runs = old.runs.map(({ cameUp: _, ...run }) => run);
  t.equal(begun({ ...old, runs }, { bootId: BOOT, bootMono: 99_000_000, version: '1.0.0', isSupervised: true }).verdict.mode, 'normal');
});

t.test('starts by hand, which are always normal, never lead a supervised start past safe mode', async (t) => {
  let ledger = startsOf(crashes(5)).at(-1)?.ledger ?? EMPTY_LEDGER;
  for (let n = 0; n < 4; n++) {
    const byHand = begun(ledger, { bootId: BOOT, bootMono: (150 + n * 30) * 1_000, version: '1.0.0', isSupervised: false });
    t.equal(byHand.verdict.mode, 'normal');
    ledger = ended(byHand.ledger, 'crashed', 'why');
  }
  const { verdict } = begun(ledger, { bootId: BOOT, bootMono: 300_000, version: '1.0.0', isSupervised: true });
  t.match(verdict, { mode: 'safe', wantsReboot: false });
});

t.test('safe mode lasts longer after each failure', async (t) => {
  const quiet = startsOf([...crashes(5), [150, 'safe-over'], ...crashes(5, 1_100), [1_300, 'safe-over'], [1_400, null]]).map(
    ({ quietMs }) => quietMs,
  );
  t.strictSame([quiet[5], quiet[11], quiet[12]], [900_000, 3_600_000, 14_400_000]);
});

t.test('the ledger counts starts and how runs ended, and keeps the last ones alone', async (t) => {
  const [...starts] = startsOf([
    ...crashes(40, 0, 'stopped'),
    [1_300, null],
    [5, null, 'boot-2'],
    [9, 'hung', 'boot-2'],
    [20, null, 'boot-2'],
  ]);
  const last = starts.at(-1)?.ledger;
  t.equal(last?.starts, 44);
  t.strictSame(last?.ends, { stopped: 40, power: 1, killed: 1, hung: 1 });
  t.equal(last?.runs.length, 30);
});

t.test('a ledger is restored, and a damaged one, or an unwritable folder, never prevents a start', async (t) => {
  const dir = t.testdir({ state: {}, memory: {}, blocked: 'a file' });
  const { ledger } = begun(EMPTY_LEDGER, { bootId: BOOT, bootMono: 5, version: '1.0.0', isSupervised: true });
  const [state, memory] = [join(dir, 'state'), join(dir, 'memory')];
  await createLedgerFile([state]).write(ledger);
  t.strictSame(await createLedgerFile([state, memory]).read(), ledger);
  t.strictSame(readdirSync(state), ['starts.json'], 'nothing is left beside it');
  for (const damage of ['', '{"starts":3', 'null', '[]', '{"starts":"9","runs":[]}', `"${'x'.repeat(70_000)}"`]) {
    writeFileSync(join(state, 'starts.json'), damage);
    t.strictSame(await createLedgerFile([state]).read(), EMPTY_LEDGER, damage.slice(0, 20));
  }
  writeFileSync(join(state, 'starts.json'), JSON.stringify({ ...ledger, runs: [...ledger.runs, { end: 7 }, null] }));
  t.strictSame(await createLedgerFile([state]).read(), ledger, 'runs that are none are left out');

  const later = { ...ledger, starts: 9 };
  const blocked = createLedgerFile([join(dir, 'blocked'), memory]);
  await blocked.write(later);
  t.equal((await createLedgerFile([state, memory]).read()).starts, 9, 'the folder in memory stands in, and the newest counts');
  blocked.writeNow({ ...ledger, starts: 10 });
  t.equal((await blocked.read()).starts, 10);
  await t.rejects(createLedgerFile([join(dir, 'blocked')]).write(ledger));
  t.throws(() => createLedgerFile([join(dir, 'blocked')]).writeNow(ledger));
  const hung = createLedgerFile([state]);
  await hung.read(async () => undefined);
  t.throws(() => hung.writeNow(ledger), /no folder/);
});

/** Runs of the agent under a service manager, on one machine. */
function machineAt(dir: string) {
  const logged: { name: string; fields: unknown }[] = [];
  mkdirSync(join(dir, 'run'), { recursive: true });
  const start = async (change: Partial<GuardParts> & { readonly upS: number }) => {
    const clock = createManualClock(Date.parse('2026-12-01T21:00:00Z'));
    const notify = { isSupervised: true, extendStart() {}, ready() {}, alive() {}, hanging() {}, stopping() {} };
    const guard = await createRunGuard({
      clock,
      log: { event: (name, fields = {}) => logged.push({ name, fields }) },
      notify,
      version: '1.0.0',
      machine: { bootId: BOOT, startMono: change.upS * 1_000 - clock.monoMs() },
      folders: [join(dir, 'state')],
      runtimeDir: join(dir, 'run'),
      watchdogMs: null,
      ...change,
    });
    await guard.written;
    return { clock, guard };
  };
  return { start, logged };
}

t.test('a run reports how the one before ended, without its secrets, and safe mode until it has been quiet', async (t) => {
  const dir = t.testdir();
  const { start, logged } = machineAt(dir);
  t.strictSame((await start({ upS: 4_000 })).guard.events, []);
  for (let i = 0; i < 4; i++) (await start({ upS: 4_001 + i })).guard.ended('crashed', 'mqtt://me:secret@host failed');
  const { clock, guard } = await start({ upS: 4_010 });
  t.equal(guard.mode, 'safe');
  t.match(texts(guard.events), [
    { code: 'agent-restarted', text: 'the run before crashed: mqtt://me:[redacted]@host failed' },
    { code: 'safe-mode', severity: 'alarm', isLasting: true },
  ]);
  let left = 0;
  guard.watch({ pulse: () => ({ ...WELL, lines: [], tickedMono: null }), recorded: () => 0, leave: () => left++ });
  await clock.advance(14 * MINUTE_MS);
  t.equal(left, 0);
  await clock.advance(2 * MINUTE_MS);
  t.equal(left, 1, 'it requests a restart');
  guard.ended('stopped');
  const next = (await start({ upS: 5_000 })).guard;
  t.equal(next.mode, 'normal', 'and that start is as usual');
  t.strictSame(next.events, []);
  t.match(logged, [{ name: 'safe-mode' }, { name: 'safe-mode-over' }]);
});

t.test(
  'when safe mode fails too the reboot request is written where systemd looks, and not before the machine is up for an hour',
  async (t) => {
    for (const [upS, isRequested] of [
      [3_000, false],
      [3_700, true],
    ] as const) {
      const dir = t.testdir();
      const { start } = machineAt(dir);
      for (let i = 0; i < 9; i++) (await start({ upS: upS + i })).guard.ended('hung', 'line north');
      t.strictSame(readdirSync(join(dir, 'run')), isRequested ? ['reboot-wish'] : [], `up for ${upS} s`);
      if (isRequested) t.match(readFileSync(join(dir, 'run', 'reboot-wish'), 'utf8'), /safe mode/);
    }
  },
);

t.test('the losses of runs without a store are known to the next run with one, until its store has recorded them', async (t) => {
  const dir = t.testdir();
  const { start } = machineAt(dir);
  for (let i = 0; i < 7; i++) (await start({ upS: 4_000 + i })).guard.ended('hung', 'store');
  const leftMs = Date.parse('2026-12-01T21:00:00Z');
  const runOnce = async (upS: number, { recorded, minutes }: { readonly recorded: number; readonly minutes: number }) => {
    const { clock, guard } = await start({ upS });
    t.equal(guard.mode, 'bare');
    t.equal(guard.unstored, null, 'it has no store to tell');
    guard.watch({ pulse: () => ({ ...WELL, lines: [], tickedMono: null }), recorded: () => recorded, leave() {} });
    await clock.advance(minutes * MINUTE_MS);
    await guard.written;
    return guard;
  };
  await runOnce(4_010, { recorded: 40, minutes: 2 });
  // Killed: what was counted last is what is known.
  while ((await createLedgerFile([join(dir, 'state')]).read()).unstored?.readings !== 40) await new Promise(setImmediate);
  (await runOnce(4_200, { recorded: 60, minutes: 0 })).ended('stopped');
  const { guard } = await start({ upS: 4_300 });
  t.equal(guard.mode, 'normal');
  t.match(guard.unstored, { run: `${BOOT}@4010000`, readings: 100, sinceMs: leftMs });
  t.match(
    (await start({ upS: 4_400 })).guard.unstored,
    { run: `${BOOT}@4010000`, readings: 100 },
    'not reported yet: the next start has it too',
  );
  guard.settleLoss();
  guard.ended('stopped');
  t.equal((await start({ upS: 4_500 })).guard.unstored, null);
});

t.test('by hand each start is as usual, and a ledger that cannot be written is reported once and harms nothing', async (t) => {
  const dir = t.testdir({ state: 'no folder' });
  const { start, logged } = machineAt(dir);
  const byHand = { isSupervised: false, extendStart() {}, ready() {}, alive() {}, hanging() {}, stopping() {} };
  for (let i = 0; i < 8; i++) t.equal((await start({ upS: 4_000 + i, notify: byHand, folders: [join(dir, 'run')] })).guard.mode, 'normal');
  (await start({ upS: 5_000 })).guard.ended('stopped');
  t.ok(logged.every(({ name }) => name === 'starts-not-kept') && logged.length > 0);
});
