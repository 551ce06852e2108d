import t from 'tap';
import { findTarget } from '../../../../../agent/console/commands/light/light-args.ts';
import { isOverrideInForce, OVERRIDE_SPAN, readOverride } from '../../../../../agent/console/commands/light/override.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { parseDuration } from '../../../../../agent/console/text/duration.ts';
import { COMMAND_MS } from '../../../../../agent/control/requests/commands.ts';
import { OVERRIDE_MINUTES } from '../../../../../agent/control/requests/overrides.ts';
import { createFakeView, outcome } from '../../fake-view.ts';

const L2_WAITS = { lamps: ['L2'], wish: { ...outcome(), rank: 'maintenance', levelPct: 100, untilMs: 0 } } as never;

const ends: [story: string, changes: object, isTakenUp: boolean][] = [
  ['verified on all lamps', { state: 'verified', lamps: { L1: 'verified' } }, true],
  ['one lamp waits, the rest follows', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' }, waiting: [L2_WAITS] }, true],
  ['all lamps wait', { state: 'failed', lamps: { L2: 'failed' }, waiting: [L2_WAITS] }, false],
  ['one waits, another fails', { state: 'failed', lamps: { L1: 'verified', L2: 'failed', L3: 'failed' }, waiting: [L2_WAITS] }, false],
  ['a lamp failed', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' } }, false],
  ['refused', { state: 'refused', lamps: {} }, false],
];

for (const [story, changes, expected] of ends) {
  t.test(`whether an override went well, for a script: ${story}`, async (t) => t.equal(isOverrideInForce(outcome(changes)), expected));
}

const overrides: [args: Record<string, string | boolean>, expected: object][] = [
  [
    { target: 'L07', level: '80' },
    { levelPct: 80, durationMs: 7_200_000, rank: 'override', reason: 'by hand' },
  ],
  [
    { target: 'L07', level: '0%', for: '10m', maintenance: true, reason: 'repair' },
    { levelPct: 0, durationMs: 600_000, rank: 'maintenance', reason: 'repair' },
  ],
];

for (const [args, expected] of overrides)
  t.test(`${JSON.stringify(args)} is understood`, async (t) => t.match(readOverride(args), expected));

const noOverrides: [args: Record<string, string | boolean>, message: RegExp][] = [
  [{ level: '80' }, /target is missing/],
  [{ target: 'L07' }, /level is missing/],
  [{ target: 'L07', level: '101' }, /0 to 100/],
  [{ target: 'L07', level: '8.5' }, /whole number/],
  [{ target: 'L07', level: 'on' }, /whole number/],
  [{ target: 'L07', level: '1e1' }, /whole number/],
  [{ target: 'L07', level: '80', for: true }, /for is missing/],
  [{ target: 'L07', level: '80', for: '59s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '24h1s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '30' }, /its unit: 30m or 30h$/],
  [{ target: 'L07', level: '80', for: 'long' }, /write it as 10m, 2h or 1h30m$/],
  [{ target: 'L07', level: '80', reason: 'two\nlines' }, /one line/],
  [{ target: 'L07', level: '80', reason: 'x'.repeat(121) }, /120 characters/],
];

for (const [args, message] of noOverrides) {
  t.test(`${JSON.stringify(args).slice(0, 60)} is refused as usage`, async (t) =>
    t.throws(() => readOverride(args), { code: 'usage', message }),
  );
}

t.test('an override may last as long as the agent allows, and every span that help and message name is accepted', async (t) => {
  t.strictSame(OVERRIDE_SPAN, { minMs: OVERRIDE_MINUTES.min * 60_000, maxMs: OVERRIDE_MINUTES.max * 60_000 });
  const override = COMMANDS.find(({ name }) => name === 'override');
  const help = override?.options.find(({ name }) => name === 'for')?.summary ?? '';
  const spans = help.match(/\b(?:\d+[hms])+\b/g) ?? [];
  t.strictSame(spans, ['1m', '24h', '10m', '2h', '1h30m', '2h']);
  for (const span of spans) t.equal(readOverride({ target: 'L07', level: '80', for: span }).durationMs, parseDuration(span));
});

t.test('the console waits until the agent has reported how a command ended', async (t) => {
  for (const command of COMMANDS) {
    if (command.kind === 'agent' && ['override', 'release'].includes(command.name))
      t.ok(command.timeoutMs >= COMMAND_MS + 10_000, `${command.name} waits ${command.timeoutMs} ms`);
  }
});

t.test('a target is found whatever its case, and a near miss is answered with the name meant', async (t) => {
  const view = createFakeView();
  t.strictSame(findTarget(view, 'L07'), { kind: 'lamp', id: 'L07' });
  t.strictSame(findTarget(view, 'BRESSIGNY'), { kind: 'zone', id: 'bressigny' });
  t.throws(() => findTarget(view, 'L99'), { code: 'unknown-name', message: 'no lamp or zone "L99"; did you mean L09?' });
  t.throws(() => findTarget(view, 'S03'), { code: 'unknown-name' }, 'a sensor is no target');
  t.throws(() => findTarget(view, 'somewhere-else'), { message: /`luciole status --json` names them all/ });
});
