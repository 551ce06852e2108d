import type { LightTools, TonightRow, TonightView, ZoneLightView } from '../../../agent/core/light-tools.ts';
import { msg, NO_TEXT } from '../../../agent/core/message.ts';
import { Refusal } from '../../../agent/core/refusal.ts';

/** 1 December 2026, 22:41:07 in Angers. */
const AT_MS = Date.parse('2026-12-01T21:41:07Z');

function row(at: string, levelPct: number, changes: Partial<TonightRow> = {}): TonightRow {
  const text = msg`step of residential: ${levelPct} %`;
  return { atMs: Date.parse(at), minPct: levelPct, maxPct: levelPct, boostPct: 100, reason: 'programme', text, ...changes };
}

/** The night of 1 December 2026 in zone `bressigny`, with these changes. */
export function tonight(changes: Partial<TonightView> = {}): TonightView {
  return {
    zone: 'bressigny',
    date: '2026-12-01',
    startMs: Date.parse('2026-12-01T11:00Z'),
    endMs: Date.parse('2026-12-02T11:00Z'),
    duskMs: Date.parse('2026-12-01T16:29Z'),
    dawnMs: Date.parse('2026-12-02T07:20Z'),
    programme: 'residential',
    rule: NO_TEXT,
    events: [],
    leftOut: [],
    photocellMin: null,
    rows: [
      row('2026-12-01T16:29Z', 100, { text: msg`dusk step of residential: 100 %` }),
      row('2026-12-01T22:00Z', 30, { minPct: 20, boostPct: 80 }),
      row('2026-12-02T05:00Z', 100),
      row('2026-12-02T07:20Z', 0, { boostPct: null, reason: 'day', text: msg`sun 2.0 deg below the horizon, lit below -2 deg` }),
    ],
    ...changes,
  };
}

export function zoneLightView(changes: Partial<ZoneLightView> = {}): ZoneLightView {
  return {
    id: 'bressigny',
    kind: 'street',
    light: 'night',
    programme: 'residential',
    step: '23:00',
    programmePct: 30,
    untilMs: Date.parse('2026-12-02T05:00Z'),
    presence: 'boost',
    lamps: { count: 12, lit: 12, minPct: 30, maxPct: 100, notFollowing: [] },
    intents: [],
    sensors: [
      { pointId: 'S01.motion', pole: 'P03', kind: 'motion', state: 'present', lastPresentMs: AT_MS },
      { pointId: 'S02.motion', pole: null, kind: 'button', state: 'still', lastPresentMs: null },
    ],
    photocell: null,
    traffic: null,
    rules: [],
    ...changes,
  };
}

/**
 * Adds each request to `asked` and answers from fixed facts.
 *
 * A walk test reports two detections right after the call; `ended` cuts it off. `identify` blinks once, and refuses L09. 13 hours cannot be
 * saved.
 */
export function fakeLight(asked: unknown[], ended: AbortSignal = new AbortController().signal): LightTools {
  return {
    tonight: (zone) => {
      asked.push({ tonight: zone });
      return [tonight()];
    },
    zones: () => [zoneLightView()],
    intentsBy: () => [],
    walkTest(zone, forMs, report) {
      asked.push({ walkTest: zone, forMs });
      queueMicrotask(() => {
        report({ atMs: AT_MS, pointId: 'S01.motion', pole: 'P03', raised: ['L02', 'L03'], alreadyLit: false, latencyMs: 42 });
        report({ atMs: AT_MS + 2_500, pointId: 'S01.motion', pole: 'P03', raised: [], alreadyLit: true, latencyMs: null });
      });
      return { night: true, sensors: ['S01.motion', 'S02.motion'], ended, stop: () => void asked.push('walk stopped') };
    },
    identify({ tell: report, ...request }) {
      asked.push(request);
      if (request.lamp === 'L09')
        throw new Refusal(msg`L09 is locked at 100 % by console:eve, so it cannot blink; \`luciole release L09\` first`);
      report(100);
      return { lowPct: 20, highPct: 100, ended, stop: () => void asked.push('identify stopped') };
    },
    hours(target) {
      asked.push({ hours: target });
      return [{ lamp: 'L07', hours: 12_000 }, ...(target === 'L07' ? [] : [{ lamp: 'L08', hours: null }])];
    },
    async setHours(target, hours) {
      asked.push({ setHours: target, hours });
      return { lamps: [{ lamp: target, hours }], isSaved: hours !== 13 };
    },
  };
}
