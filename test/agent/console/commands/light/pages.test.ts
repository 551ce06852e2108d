import { renderMeterLoad } from '../../../../../agent/console/commands/light/meter-load-page.ts';
import { renderOutcome } from '../../../../../agent/console/commands/light/override.ts';
import { renderWhy } from '../../../../../agent/console/commands/light/why.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { WhyLine } from '../../../../../agent/core/recorded-why.ts';
import { AT_MS } from '../../fake-clock.ts';
import { meterLoad } from '../../fake-store.ts';
import { outcome as fakeOutcome, whyLamp as fakeWhyLamp, whyZone as fakeWhyZone } from '../../fake-view.ts';
import { checkSheets, FAULT, page, same } from '../../pages.ts';

const lampWhy = { id: 'L07', kind: 'lamp', lamps: [fakeWhyLamp(7, true)] } as const;

const [trace] = fakeWhyLamp(7).trace as [WhyLine];

const failed = fakeOutcome({ state: 'failed', reason: msg`L03 does not answer`, lamps: { L01: 'verified', L03: 'failed' } });

const bare = fakeOutcome({ state: 'refused', reason: msg`too dark for the class of this road`, lamps: {} });

const intent = {
  target: { kind: 'lamp', id: 'L02' },
  levelPct: 100,
  rank: 'maintenance',
  source: 'console:paul',
  reason: 'lamp test',
  untilMs: AT_MS + 1_800_000,
} as const;

const held = fakeOutcome({
  state: 'failed',
  reason: msg`L02: waiting: maintenance by console:paul has priority`,
  lamps: { L01: 'verified', L02: 'failed', L03: 'verified' },
  waiting: [{ lamps: ['L02'], wish: intent }],
});

const heldLamp = fakeOutcome({ ...held, target: intent.target, lamps: { L02: 'failed' } });

const learning = {
  nights: 1,
  onSinceMs: null,
  powerW: null,
  expectedW: null,
  fullW: null,
  smallestLossW: null,
  voltageExponents: null,
  warmUpMin: null,
  findings: [],
};

checkSheets([
  [
    'why a meter of lamps that cannot communicate has an event',
    renderMeterLoad(same(meterLoad()), page),
    [/^Expected +5402 W from other nights/m, /from\s+about\s+108 W/, /^Fault +M01: light was lost: 112 W, at full power 126 W/m],
  ],
  [
    'why a meter has none while it learns',
    renderMeterLoad(same({ ...meterLoad(), ...learning }), page),
    [/^Lamps +off$/m, /1 night; two whole nights are required/],
  ],
  [
    'why a lamp with a fault is dark',
    renderWhy(same({ ...lampWhy, lamps: [{ ...fakeWhyLamp(7, true), faults: [msg`${FAULT}`] }] }), page),
    [/^Fault +L03.status: the lamp is broken$/m],
  ],
  [
    'a zone names the fault of each of its lamps, one that they share once',
    renderWhy(same({ ...fakeWhyZone(), lamps: fakeWhyZone().lamps.map((lamp) => ({ ...lamp, faults: [msg`${FAULT}`] })) }), page),
    [/^L03 .*yes, fault/m, /(?<!broken)\nFault +L03.status: the lamp is broken$/],
  ],
  [
    'why a lamp is bright',
    renderWhy(same(lampWhy), page),
    [/80 % since 22:39:12 \(115 s\)/, /^> {2}presence +80 % +S03/m, /^ {3}programme/m, /in 24 s\)/],
  ],
  [
    'a reason as long as a person may type is wrapped on the page, whole',
    renderWhy(
      same({
        ...lampWhy,
        lamps: [{ ...fakeWhyLamp(7), trace: [{ ...trace, text: msg`${80} % for ${msg`2 h`} more: ${'long reason '.repeat(10).trim()}` }] }],
      }),
      page,
    ),
    [/80 % for 2 h more: (?:long\s+reason\s+){9}long\s+reason\s/],
  ],
  [
    'why a zone is as it is, the shared part once',
    renderWhy(same(fakeWhyZone()), page),
    [/^> {2}dusk/m, /^L03 +P03 +80 % +78 %.*presence: S03 saw/m],
  ],
  [
    'an override that was verified',
    renderOutcome(fakeOutcome(), page, page.atMs + 7_200_000),
    [/override to 80 % verified/, /2 Dec 00:41, in 2 h/, /luciole release/],
  ],
  [
    'an override that failed, the bad lamps first',
    renderOutcome(failed, page, page.atMs + 60_000),
    [/failed: L03 does not answer/, /failed +L03\n +verified +L01/],
  ],
  [
    'one that a lamp follows only later says which, below whose, until when and what to type',
    renderOutcome(held, page, page.atMs + 7_200_000),
    [
      /^Outcome +zone bressigny: override to 80 % verified on 2 of 3 lamps\n {2}waiting +L02\n {2}verified +L01 L03\n/,
      /\nBelow +L02: maintenance to 100 % by console:paul \(lamp test\) until 23:11:07,\n +in 30 min; this one takes effect then; sooner with `luciole release\n +L02`\nEnds /,
    ],
  ],
  [
    'below a wish that outlasts it on the same lamp',
    renderOutcome(heldLamp, page, page.atMs + 60_000),
    [
      /^Outcome +lamp L02: override to 80 % waits below another\n {2}waiting +L02\n/,
      /this one ends before; luciole release L02 ends both; then\n +repeat this one\n/,
    ],
  ],
  [
    'lamps that wait beside one that fails',
    renderOutcome({ ...held, reason: msg`L01: no reply`, lamps: { ...held.lamps, L01: 'failed' } }, page, page.atMs + 7_200_000),
    [/80 % failed: L01: no reply\n {2}failed +L01\n {2}waiting +L02\n {2}verified +L03\nBelow/],
  ],
  ['a refused override has no end', renderOutcome(bare, page, page.atMs + 60_000), [/refused: too dark/]],
  [
    'a release whose lamps did not answer was one all the same',
    renderOutcome(fakeOutcome({ levelPct: null, state: 'failed', reason: msg`L08: no reply` }), page, null),
    [/released, but failed to confirm: L08: no reply/],
  ],
  ['a release', renderOutcome(fakeOutcome({ levelPct: null }), page, null), [/release command verified/]],
]);
