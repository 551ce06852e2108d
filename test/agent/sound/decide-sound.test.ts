import fc from 'fast-check';
import t from 'tap';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { createDayTimes } from '../../../agent/sound/day-times.ts';
import { decideSound } from '../../../agent/sound/decide-sound.ts';
import { quietUntil } from '../../../agent/sound/quiet-hours.ts';
import { dayVolumePct, dueAnnouncements, stretchAt } from '../../../agent/sound/sound-day.ts';
import type { Announcement, SoundDecision, SoundIntent } from '../../../agent/sound/sound-words.ts';
import { squareCabinet } from './square-site.ts';

const cabinet = squareCabinet();
const { sound } = cabinet;
const place = sound.places[0];
if (place === undefined) throw new Error('no place');
const times = createDayTimes(cabinet);
const NOON = { hour: 12, minute: 0 };
/** In June after midnight. */
const LATE_STEP = { at: { sun: 'sunset', offsetMin: 240 }, play: [] } as const;
/** Local time in summer: Tuesday 2026-06-02 unless the date is given. */
const local = (time: string, date = '2026-06-02', offset = '+02:00'): number => Date.parse(`${date}T${time}:00${offset}`);
const text = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString().slice(0, 16));

const intent = (action: SoundIntent['action'], over: Partial<SoundIntent> = {}): SoundIntent => ({
  ...{ id: action, place: 'square-sound', action, track: null, volumePct: null, authority: 'platform', source: 'platform', reason: '' },
  ...{ untilMs: local('23:59'), untilMono: 1e12 },
  ...over,
});
const BELL: Announcement = { id: 'a1', play: 'closing', source: 'platform', reason: '', startByMono: 1e12 };

interface Facts {
  readonly nowMs?: number;
  readonly quality?: ClockQuality;
  readonly otherMs?: number | null;
  readonly intents?: readonly SoundIntent[];
  readonly announcement?: Announcement | null;
}
function decide({ nowMs = local('10:00'), quality = 'synced', otherMs = null, intents = [], announcement = null }: Facts): SoundDecision {
  return decideSound(sound, place as NonNullable<typeof place>, { nowMs, otherMs, clockQuality: quality, intents, announcement }, times);
}

const rows: [story: string, facts: Facts, wanted: Partial<SoundDecision>][] = [
  ['the programme plays', {}, { rank: 'programme', play: ['birds', 'water'], volumePct: 50, isOnce: false }],
  ['in the evening it is quieter', { nowMs: local('20:30') }, { rank: 'programme', play: ['birds', 'water'], volumePct: 30 }],
  ['the step without tracks is silence', { nowMs: local('21:45') }, { rank: 'programme', play: [] }],
  ['quiet hours are silence', { nowMs: local('22:00') }, { rank: 'quiet', play: [], untilMs: local('08:00', '2026-06-03') }],
  ['quiet hours of one weekday', { nowMs: local('13:00', '2026-06-07') }, { rank: 'quiet', untilMs: local('14:00', '2026-06-07') }],
  ['and not on another', { nowMs: local('13:00') }, { rank: 'programme' }],
  ['the calendar selects another programme', { nowMs: local('10:00', '2026-06-01') }, { rank: 'programme', play: [] }],
  ['a request plays', { intents: [intent('play', { track: 'gong' })] }, { rank: 'request', play: ['gong'] }],
  ['an announcement goes before it', { intents: [intent('play', { track: 'gong' })], announcement: BELL }, { rank: 'announcement', play: ['closing'], isOnce: true }],
  ['a stop goes before both', { intents: [intent('play', { track: 'gong' }), intent('stop')], announcement: BELL }, { rank: 'stop', play: [] }],
  ['quiet hours go before all of them', { nowMs: local('23:00'), intents: [intent('play', { track: 'gong' }), intent('stop')], announcement: BELL }, { rank: 'quiet', play: [] }],
  ['an emergency goes before everything', { nowMs: local('23:00'), intents: [intent('stop'), intent('emergency', { track: 'welcome' })] }, { rank: 'emergency', play: ['welcome'], volumePct: 90 }],
  ['another volume applies', { intents: [intent('volume', { volumePct: 10 })] }, { rank: 'programme', volumePct: 10 }],
  ['and never more than the limit', { intents: [intent('volume', { volumePct: 99 })] }, { volumePct: 60 }],
  ['a volume does not change an emergency', { intents: [intent('volume', { volumePct: 10 }), intent('emergency', { track: 'gong' })] }, { volumePct: 90 }],
  ['without a trusted time it is silent', { quality: 'restored' }, { rank: 'quiet', play: [], untilMs: null }],
  ['except for an emergency', { quality: 'none', intents: [intent('emergency', { track: 'gong' })] }, { rank: 'emergency', play: ['gong'] }],
  ['while two clocks disagree, quiet by one is quiet', { nowMs: local('21:00'), otherMs: local('23:00') }, { rank: 'quiet', untilMs: local('06:00', '2026-06-03') }],
]; // biome-ignore format: a table

for (const [story, facts, wanted] of rows) t.test(story, async (t) => t.match(decide(facts), wanted));

t.test('the trace has every candidate, highest rank first, and one that applied', async (t) => {
  const { trace } = decide({ intents: [intent('play', { track: 'gong', reason: 'market' }), intent('stop', { source: 'console:anna' })] });
  t.same(
    trace.map(({ rank, applied, source }) => [rank, applied, source]),
    [
      ['stop', true, 'console:anna'],
      ['request', false, 'platform'],
      ['programme', false, 'market'],
      ['default', false, 'square-sound'],
    ],
  );
  t.equal(String(trace[1]?.text), 'requested by platform: market');
});

const spans: [story: string, atMs: number, until: string | null][] = [
  ['before', local('21:59'), null],
  ['at the first minute', local('22:00'), '2026-06-03T06:00'],
  ['after midnight', local('03:00'), '2026-06-02T06:00'],
  ['at the last minute', local('07:59'), '2026-06-02T06:00'],
  ['at the end', local('08:00'), null],
  ['in the night to summer time', Date.parse('2026-03-29T01:30:00Z'), '2026-03-29T06:00'],
  ['in the night to winter time', Date.parse('2026-10-25T01:30:00Z'), '2026-10-25T07:00'],
];
for (const [story, atMs, until] of spans)
  t.test(`quiet hours, ${story}`, async (t) => t.equal(text(quietUntil(sound.limits.quietHours, atMs, times)), until));

t.test('an hour that occurs twice in autumn is quiet both times, and one that is skipped in spring brings no quiet day', async (t) => {
  const span = (from: number, until: number) => [{ from: { hour: from, minute: 0 }, until: { hour: until, minute: 30 }, weekdays: null }];
  t.equal(text(quietUntil(span(1, 2), Date.parse('2026-10-25T01:15:00Z'), times)), '2026-10-25T01:30');
  t.equal(quietUntil(span(1, 2), Date.parse('2026-10-25T01:30:00Z'), times), null);
  t.equal(text(quietUntil(span(22, 2), Date.parse('2026-10-25T01:29:00Z'), times)), '2026-10-25T01:30');
  t.equal(text(quietUntil(span(1, 2), Date.parse('2026-03-29T00:59:00Z'), times)), '2026-03-29T01:00');
  t.equal(quietUntil(span(1, 2), Date.parse('2026-03-29T01:00:00Z'), times), null);
});

t.test('spans that follow at once are one, and a whole week of them has an end', async (t) => {
  const halves = [
    { from: { hour: 0, minute: 0 }, until: { hour: 12, minute: 0 }, weekdays: null },
    { from: { hour: 12, minute: 0 }, until: { hour: 0, minute: 0 }, weekdays: null },
  ];
  const end = quietUntil(halves, local('10:00'), times);
  t.ok(end !== null && end > local('10:00') + 7 * 86_400_000, text(end) ?? '');
});

t.test('a stretch lasts until the next step, and the last one until midnight', async (t) => {
  const at = (nowMs: number) => stretchAt(sound, place, nowMs, times);
  t.match(at(local('08:30')), { name: '00:00', play: [], untilMs: local('09:00') });
  t.match(at(local('09:00')), { name: '09:00', sinceMs: local('09:00') });
  t.match(at(local('23:00')), { name: '21:30', play: [] }, 'dusk after the last step is left out in summer');
  t.match(at(local('21:40')), { name: '21:30', play: [], untilMs: local('00:00', '2026-06-03') });
  const winter = at(Date.parse('2026-12-15T18:00:00Z'));
  t.match(winter, { name: 'dusk', play: ['water'] });
  const dusk = new Date(winter.sinceMs).toISOString();
  t.ok(dusk > '2026-12-15T16:30' && dusk < '2026-12-15T17:00', `civil dusk in Angers at ${dusk}`);
});

t.test('an announcement is due for the time of grace, across midnight too', async (t) => {
  const due = (atMs: number) => dueAnnouncements(place, atMs, 60_000, times).map(({ id }) => id);
  t.same(due(local('21:14')), []);
  t.same(due(local('21:15')), ['closing-time']);
  t.same(due(local('21:16') - 1), ['closing-time']);
  t.same(due(local('21:16')), []);
});

t.test('a volume hours after sunset may begin after midnight', async (t) => {
  const loud = {
    ...place,
    volumes: [
      { at: { hour: 7, minute: 0 }, volumePct: 60 },
      { at: { sun: 'sunset' as const, offsetMin: 240 }, volumePct: 20 },
    ],
  };
  t.equal(dayVolumePct(loud, local('23:50'), times), 60);
  t.equal(dayVolumePct(loud, local('00:30', '2026-06-03'), times), 60, 'the sun sets at about 21:50');
  t.equal(dayVolumePct(loud, local('03:00', '2026-06-03'), times), 20);
});

t.test('an announcement hours before sunrise is due on the evening before', async (t) => {
  const early = { ...place, announcements: [{ id: 'early', play: 'bell', at: [{ sun: 'sunrise' as const, offsetMin: -480 }] }] };
  const day = 24 * 60;
  const hits = Array.from({ length: day }, (_, min) => local('12:00') + min * 60_000).filter(
    (atMs) => dueAnnouncements(early, atMs, 60_000, times).length > 0,
  );
  t.equal(hits.length, 1);
  t.ok((hits[0] ?? 0) > local('21:00') && (hits[0] ?? 0) < local('23:30'));
});

t.test('a step that falls after midnight ends with its day', async (t) => {
  const late = { ...sound, programmes: sound.programmes.map((each) => ({ ...each, steps: [{ at: NOON, play: ['water'] }, LATE_STEP] })) };
  t.match(stretchAt(late, place, local('23:00', '2026-06-21'), times), { play: ['water'], untilMs: local('00:00', '2026-06-22') });
  t.match(stretchAt(late, place, local('00:05', '2026-06-22'), times), { play: [] });
});

t.test('a sun event that does not occur leaves its step out', async (t) => {
  const north = squareCabinet(['latitudeDeg: 47.4736', 'latitudeDeg: 69.6']);
  const arctic = createDayTimes(north);
  t.equal(arctic.instantOf({ sun: 'dusk', offsetMin: 0 }, { year: 2026, month: 6, day: 21 }), null);
  t.match(stretchAt(north.sound, place, local('20:00'), arctic), { name: '09:00' });
});

t.test(
  'whatever is requested, at whatever time, nothing but an emergency sounds in quiet hours, and nothing is louder than its limit',
  async (t) => {
    const action = fc.constantFrom<SoundIntent['action']>('play', 'stop', 'volume', 'emergency');
    const anyIntent = fc.record({
      action,
      volumePct: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      track: fc.constantFrom('gong', 'birds', null),
    });
    const quality = fc.constantFrom<ClockQuality>('none', 'restored', 'rtc', 'synced');
    const minutes = fc.integer({ min: 0, max: 3 * 365 * 24 * 60 });
    fc.assert(
      fc.property(fc.array(anyIntent, { maxLength: 5 }), minutes, quality, fc.boolean(), (many, minute, clockQuality, isAnnounced) => {
        const nowMs = Date.parse('2026-01-01T00:00:00Z') + minute * 60_000;
        const intents = many.map((each) =>
          intent(each.action, { track: each.track, volumePct: each.action === 'volume' ? each.volumePct : null }),
        );
        const decision = decide({ nowMs, quality: clockQuality, intents, announcement: isAnnounced ? BELL : null });
        const isEmergency = intents.some((each) => each.action === 'emergency');
        const isQuiet =
          clockQuality === 'none' || clockQuality === 'restored' || quietUntil(sound.limits.quietHours, nowMs, times) !== null;
        const isSilent = isEmergency || !isQuiet || decision.play.length === 0;
        return isSilent && decision.volumePct <= (isEmergency ? 90 : 60) && (decision.rank === 'emergency') === isEmergency;
      }),
      { numRuns: 3_000, seed: 5 },
    );
    t.pass('held for 3,000 situations');
  },
);
