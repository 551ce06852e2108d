import fc from 'fast-check';
import t from 'tap';
import { createCursorView, createScrollingView } from '../../../../agent/console/shell/live-view.ts';
import { Screen } from '../../../support/screen.ts';
import { createFakeView, status, whyLamp } from '../fake-view.ts';
import { openSession, PROMPT } from './shell-session.ts';

const ROW = fc.stringMatching(/^[a-c ]{0,20}$/).map((row) => row.trimEnd());
const FRAME = fc.array(ROW, { minLength: 1, maxLength: 8 });

t.test('after any sequence of pictures, a VT100 shows the last one', async () => {
  fc.assert(
    fc.property(fc.array(FRAME, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 200 }), ([first = [], ...rest], budget) => {
      const screen = new Screen({ cols: 30, rows: 10, answer: () => {} });
      const view = createCursorView(10, 30);
      screen.write(view.start(first, '').replaceAll('\n', '\r\n'));
      for (const frame of rest) screen.write(view.next(frame, budget));
      const last = rest.at(-1) ?? first;
      for (let turn = 0; turn < 250; turn++) {
        const out = view.next(last, budget);
        if (out.length > Math.max(budget, 16)) return false;
        screen.write(out);
      }
      const seen = screen.rows();
      return last.every((row, at) => (seen[at] ?? '') === row) && seen.slice(last.length).every((row) => row === '');
    }),
    { numRuns: 300 },
  );
});

t.test('only what has changed is sent', async (t) => {
  const view = createCursorView(24, 80);
  view.start(['Level 30 %', 'Measured 30 %'], 'q ends it');
  t.equal(view.next(['Level 80 %', 'Measured 30 %'], 240), '\x1b[1;7H8');
  t.equal(view.next(['Level 80 %', 'Measured 30 %'], 240), '');
  const scrolling = createScrollingView(24, 80);
  scrolling.start(['Level 30 %', 'since 3 s'], 'q ends it');
  t.equal(scrolling.next(['Level 80 %', 'since 5 s'], 240), 'Level 80 %\n', 'that time passes is no change worth a row');
  t.equal(scrolling.next(['Level 80 %', 'never'], 240), 'never\n');
});

t.test('a row that is longer than the budget is sent all the same, and blocks no other', (t) => {
  const scrolling = createScrollingView(24, 300);
  scrolling.start(['a', 'b'], '');
  const long = 'x'.repeat(250);
  t.equal(scrolling.next([long, 'c'], 60), `${long}\n`);
  t.equal(scrolling.next([long, 'c'], 60), 'c\n');
  t.end();
});

/** An agent whose lamp goes up and down with each question. */
function restless() {
  const view = createFakeView();
  let asked = 0;
  return {
    ...view,
    asks: () => asked,
    why: () => {
      asked++;
      return { id: 'L07', kind: 'lamp' as const, lamps: [{ ...whyLamp(7, true), wantedPct: asked % 100, measuredPct: asked % 100 }] };
    },
    status: async () => ({ ...status(), upS: asked }),
  };
}

t.test('watch lamp: a live picture within a quarter of the line, until q', async (t) => {
  const view = restless();
  const session = await openSession(t, { view, isVt100: true, withProbe: true, speedBaud: 9_600 });
  session.type('watch lamp L07\r');
  await session.until('the picture', () => session.screen.rows().join('\n').includes('Requested'));
  await session.clock.advance(3_000);
  for (let second = 0; second < 20; second++) {
    const before = session.bytes().length;
    for (let turn = 0; turn < 100; turn++) {
      await session.clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    t.ok(session.bytes().length - before <= 240, 'never more than 240 characters in a second');
  }
  t.ok(view.asks() >= 8, `asked ${view.asks()} times`);
  session.type('q');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.match(await session.say('status'), /Cabinet/);
});

t.test('Ctrl-C before the first data ends a watch', async (t) => {
  const view = { ...createFakeView(), zones: () => new Promise(() => {}) as never };
  const session = await openSession(t, { view, speedBaud: 9_600 });
  session.type('watch presence\r');
  await session.clock.advance(100);
  session.type('\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
});

t.test('watch under XOFF: pictures are dropped, the next one after XON is the newest', async (t) => {
  const view = restless();
  const session = await openSession(t, { view, speedBaud: 9_600 });
  session.type('watch lamp L07\r');
  await session.until('the picture', () => session.bytes().includes('Requested'));
  await session.until('a change', () => session.bytes().split('Measured').length > 2);
  session.type('\x13');
  const [before, asked] = [session.bytes().length, view.asks()];
  await session.clock.advance(20_000);
  t.ok(session.bytes().length - before <= 60, 'at most the rest of a picture that was on its way');
  t.ok(view.asks() <= asked + 1, 'and the agent is left alone');
  session.type('\x11');
  await session.until('the newest', () => session.bytes().slice(before).includes('Measured'));
  session.type('\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.strictSame(session.screen.strange, [], 'a dumb terminal gets letters only');
});

for (const what of ['status', 'bus', 'presence'] as const) {
  t.test(`watch ${what} shows a picture no wider and no higher than the screen`, async (t) => {
    const session = await openSession(t);
    const from = session.bytes().length;
    session.type(`watch ${what}\r`);
    await session.until('a picture', () => session.bytes().slice(from).split('\n').length > 4);
    session.type('\x03');
    await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
    t.ok(
      session
        .bytes()
        .slice(from)
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });
}

t.test('watch of a lamp that is none ends with the nearest name', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('watch lamp L7'), /% no lamp or zone "L7"; did you mean L07\?/);
});

t.test('speed: the new one is kept if Enter arrives at it, otherwise the old one is restored after ten seconds', async (t) => {
  const session = await openSession(t, { speedBaud: 9_600 });
  session.type('speed 115200\r');
  await session.until('changed', () => session.speeds.at(-1) === 115_200);
  session.type('x\r');
  await session.until('the prompt', () => session.bytes().endsWith(`115200 baud\n${PROMPT}`));
  session.type('speed 19200\r\r');
  await session.until('changed', () => session.speeds.at(-1) === 19_200);
  await session.clock.advance(9_900);
  t.equal(session.speeds.at(-1), 19_200);
  await session.until('back', () => session.speeds.at(-1) === 115_200);
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.match(session.bytes(), /no Enter was received at 19200 baud: back at\s115200/);
  t.match(await session.say('speed 1200'), /% bad speed "1200"/);
  const ssh = await openSession(t);
  t.match(await ssh.say('speed 9600'), /it is no serial port/);
});
