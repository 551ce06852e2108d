import t from 'tap';
import { texts } from '../../support/texts.ts';
import { createSoundSquare, type SoundSquare } from './square.ts';
import { squareCabinet } from './square-site.ts';

/** Tracks that were heard, in order, with their volume in steps of the module. */
const heard = ({ player }: SoundSquare, from = 0): string[] =>
  player.heard.slice(from).flatMap(({ track, volume }) => (track === 0 ? [] : [`${track} at ${volume}`]));
const playing = (square: SoundSquare, track: number) => () => square.player.state === 'playing' && square.player.track === track;

t.test('the programme: amplifier first, then the volume, then the music, track after track', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('the amplifier', () => square.amplifier() === 1);
  t.equal(square.player.state, 'stopped');
  const onMono = square.clock.monoMs();
  await square.until('music', playing(square, 1));
  t.ok(square.clock.monoMs() - onMono >= 3_000, 'the amplifier has warmed up');
  t.same(heard(square), ['1 at 15'], 'never at the volume that the module had after power-on');
  await square.until('the next track', playing(square, 2), 200);
  await square.until('the first again', playing(square, 1), 300);
  t.match(square.view(), { state: 'playing', rank: 'programme', track: 'birds', volumePct: 50, faults: [] });
  t.same(square.open(), []);
});

t.test('the evening: quieter at eight, an announcement, silence, amplifier off, quiet hours', async (t) => {
  const square = await createSoundSquare(t, { startAt: '2026-06-02T19:58:00+02:00' });
  await square.until('music', playing(square, 1));
  await square.until('the lower volume', () => square.player.volume === 9, 180);
  await square.clock.advance(74 * 60_000);
  await square.until('the announcement', playing(square, 3), 180);
  t.match(square.view(), { rank: 'announcement', play: ['closing'] });
  await square.until('music again', playing(square, 1), 60);
  await square.until('silence', () => square.player.state === 'stopped' && square.view().play.length === 0, 900);
  t.equal(square.amplifier(), 1, 'the amplifier stays on for a while');
  await square.until('the amplifier off', () => square.amplifier() === 0, 60);
  await square.clock.advance(35 * 60_000);
  t.match(square.view(), { state: 'silent', rank: 'quiet', play: [] });
  t.equal(square.player.volume, 9);
});

t.test('a track that is missing is passed over and reported; a card that is pulled out silences the place', async (t) => {
  const square = await createSoundSquare(t, { cabinet: squareCabinet(['play: [birds, water] }', 'play: [lost, birds] }']) });
  await square.until('the next track', playing(square, 1), 40);
  t.same(square.open(), ['sound-track-missing']);
  t.match(String(square.events.find(({ code }) => code === 'sound-track-missing')?.text), /no track "lost"/);
  square.player.removeCard();
  await square.until('the amplifier off', () => square.amplifier() === 0, 60);
  t.ok(square.open().includes('sound-no-medium'));
  await square.clock.advance(3_000);
  t.match(square.view(), { state: 'fault' });
  square.player.insertCard();
  await square.until('the end of the event', () => !square.open().includes('sound-no-medium'), 60);
  await square.until('music again', () => playing(square, 1)() && square.amplifier() === 1, 60);
  t.notOk(square.open().includes('sound-no-medium'));
});

t.test('when all tracks are missing it tries again once a minute, not all the time', async (t) => {
  const square = await createSoundSquare(t, { cabinet: squareCabinet(['play: [birds, water] }', 'play: [lost] }']) });
  await square.clock.advance(10 * 60_000);
  const starts = square.player.commands.filter((command) => command.startsWith('03')).length;
  t.ok(starts >= 8 && starts <= 11, `${starts} tries in 10 minutes`);
});

t.test('a player that falls silent during music: event, amplifier off; it returns by itself', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.player.isMute = true;
  await square.until('the event', () => square.open().includes('sound-player-silent'));
  await square.until('the amplifier off', () => square.amplifier() === 0);
  square.player.isMute = false;
  square.player.powerCycle();
  await square.until('music again', playing(square, 1), 60);
  t.notOk(square.open().includes('sound-player-silent'));
  const last = square.player.heard.filter(({ track }) => track > 0).at(-1);
  t.equal(last?.volume, 15, 'not at the full volume of a module that lost its power');
});

t.test('an amplifier relay that does not follow is reported, and nothing plays', async (t) => {
  const square = await createSoundSquare(t);
  square.street.lines.get('north')?.silence(3);
  await square.until('the event', () => square.open().includes('sound-amplifier-not-following'), 120);
  t.same(heard(square), []);
  await square.clock.advance(1_000);
  t.equal(square.view().state, 'fault');
  square.street.lines.get('north')?.revive(3);
  await square.until('music', playing(square, 1), 120);
  t.notOk(square.open().includes('sound-amplifier-not-following'));
});

t.test('a module whose volume does not follow is silenced', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.player.isDeafToVolume = true;
  square.player.press(30);
  await square.until('silence', () => square.player.state === 'stopped' && square.amplifier() === 0, 60);
  t.ok(square.open().includes('sound-too-loud'));
  square.player.isDeafToVolume = false;
  await square.until('music again', playing(square, 1), 120);
  t.equal(square.player.volume, 15);
});

t.test('volume changed at the module is corrected', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.player.press(30);
  await square.until('the right volume', () => square.player.volume === 15, 10);
  t.equal(square.player.state, 'playing');
});

t.test('a module that plays by itself, as after a card was put in, is stopped', async (t) => {
  const square = await createSoundSquare(t, { startAt: '2026-06-02T23:00:00+02:00' });
  await square.clock.advance(10_000);
  square.player.insertCard();
  await square.until('silence', () => square.player.state === 'stopped', 10);
  t.equal(square.amplifier(), 0);
});

t.test('requests: play, then stop, then resume, each with its stages', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  t.match(await square.settled(square.request({ action: 'play', track: 'gong', minutes: 10 })), { state: 'verified' });
  t.ok(playing(square, 5)());
  t.same(
    square.outcomes.map(({ state }) => state),
    ['received', 'queued', 'sent', 'verified'],
  );
  t.match(await square.settled(square.request({ action: 'volume', volumePct: 20, minutes: 10 })), { state: 'verified' });
  t.equal(square.player.volume, 6);
  t.match(await square.settled(square.request({ action: 'stop', minutes: 5 })), { state: 'verified' });
  t.equal(square.player.state, 'stopped');
  t.match(square.view(), { rank: 'stop' });
  t.match(await square.settled(square.request({ action: 'resume' })), { state: 'verified' });
  await square.until('the programme again', playing(square, 1));
  t.same(
    square.events.filter(({ code }) => code === 'sound-requested').map(({ text }) => String(text)),
    [
      'gong at square-sound by platform',
      'volume 20 % at square-sound by platform',
      'square-sound stopped by platform',
      'square-sound follows its programme again, by platform',
    ],
  );
});

t.test('an announcement for which too many others wait is left out, and the reason is reported', async (t) => {
  const many = Array.from({ length: 9 }, (_, i) => `{ id: a${i}, play: closing, at: ["20:15"] }`).join(', ');
  const cabinet = squareCabinet(
    ['announcementsPerH: 3', 'announcementsPerH: 30'],
    ['{ id: closing-time, play: closing, at: ["21:15"] }', many],
  );
  const square = await createSoundSquare(t, { cabinet, startAt: '2026-06-02T20:14:58+02:00' });
  await square.clock.advance(5_000);
  t.match(texts(square.events.filter(({ code }) => code === 'sound-left-out')), [
    { text: 'announcement a8 left out: too many others wait at square-sound' },
  ]);
});

t.test('a request ends by itself, and the programme continues', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  await square.settled(square.request({ action: 'stop', minutes: 2 }));
  await square.clock.advance(100_000);
  t.equal(square.player.state, 'stopped');
  await square.until('the programme again', playing(square, 1), 60);
  t.ok(square.events.some(({ code }) => code === 'sound-ended'));
});

t.test('an announcement interrupts the music once, and an emergency interrupts both until its end', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  t.match(await square.settled(square.request({ action: 'announce', track: 'welcome' })), { state: 'verified' });
  t.ok(playing(square, 2_005)(), 'a file of a folder');
  t.match(await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 1 })), { state: 'verified' });
  t.match(square.view(), { rank: 'emergency', volumePct: 90, track: 'gong' });
  t.equal(square.player.volume, 27);
  t.ok(square.open().includes('sound-emergency'));
  await square.clock.advance(20_000);
  t.ok(square.player.heard.filter(({ track }) => track === 5).length >= 4, 'it is repeated');
  await square.until('music again', playing(square, 1), 120);
  t.equal(square.player.volume, 15);
  t.notOk(square.open().includes('sound-emergency'));
});

t.test('a technician and the platform: who may end what', async (t) => {
  const square = await createSoundSquare(t);
  const technician = { authority: 'technician', source: 'console:anna' } as const;
  await square.until('music', playing(square, 1));
  await square.settled(square.request({ action: 'stop', minutes: 60 }, technician));
  t.match(await square.settled(square.request({ action: 'resume' })), { state: 'refused' });
  t.match(await square.settled(square.request({ action: 'stop', minutes: 1 })), { state: 'refused' });
  t.match(await square.settled(square.request({ action: 'play', track: 'gong', minutes: 5 })), { state: 'refused' });
  t.equal(square.player.state, 'stopped');
  t.match(await square.settled(square.request({ action: 'resume' }, technician)), { state: 'verified' });
  t.match(await square.settled(square.request({ action: 'resume' }, technician)), { state: 'refused' }, 'nothing is in force');
});

const refused: [story: string, ask: Parameters<SoundSquare['request']>[0], reason: RegExp][] = [
  ['a track that there is not', { action: 'play', track: 'nonsense', minutes: 5 }, /no track nonsense/],
  ['more than a day', { action: 'play', track: 'gong', minutes: 1_441 }, /1 to 1440/],
  ['no time at all', { action: 'stop', minutes: Number.NaN }, /1 to 1440/],
  ['a volume above the limit', { action: 'volume', volumePct: 61, minutes: 5 }, /0 to 60/],
  ['no number', { action: 'volume', volumePct: Number.NaN, minutes: 5 }, /0 to 60/],
];
for (const [story, ask, reason] of refused)
  t.test(`refused: ${story}`, async (t) => {
    const square = await createSoundSquare(t);
    await square.clock.advance(5_000);
    const outcome = await square.settled(square.request(ask));
    t.equal(outcome.state, 'refused');
    t.match(String(outcome.reason), reason);
  });

t.test('in quiet hours and without a trusted time only an emergency is accepted', async (t) => {
  for (const options of [{ startAt: '2026-06-02T23:00:00+02:00' }, { quality: 'restored' as const }]) {
    const square = await createSoundSquare(t, options);
    await square.clock.advance(10_000);
    t.match(await square.settled(square.request({ action: 'play', track: 'gong', minutes: 5 })), { state: 'refused' });
    t.match(await square.settled(square.request({ action: 'announce', track: 'gong' })), { state: 'refused' });
    t.same(heard(square), []);
    t.match(await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 1 })), { state: 'verified' });
    t.ok(
      heard(square).every((each) => each === '5 at 27'),
      String(heard(square)),
    );
  }
});

t.test('a sender that the site does not name starts no emergency', async (t) => {
  const square = await createSoundSquare(t, {
    cabinet: squareCabinet(['emergencyBy: [technician, platform]', 'emergencyBy: [technician]']),
  });
  await square.clock.advance(10_000);
  const outcome = await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 1 }));
  t.match(String(outcome.reason), /allows the platform no emergency/);
  const own = square.request({ action: 'emergency', track: 'gong', minutes: 5 }, { authority: 'technician', source: 'console:anna' });
  t.match(await square.settled(own), { state: 'verified' });
  t.match(await square.settled(square.request({ action: 'resume' })), { state: 'refused' }, 'and ends none');
});

t.test('the platform does not replace an emergency of a technician; a technician replaces one of the platform', async (t) => {
  const square = await createSoundSquare(t);
  await square.clock.advance(10_000);
  const emergency = (minutes: number, track = 'gong') => ({ action: 'emergency', track, minutes }) as const;
  const technician = { authority: 'technician', source: 'console:anna' } as const;
  t.match(await square.settled(square.request(emergency(5))), { state: 'verified' });
  t.match(await square.settled(square.request(emergency(10, 'welcome'), technician)), { state: 'verified' });
  const outcome = await square.settled(square.request(emergency(1)));
  t.match([outcome.state, String(outcome.reason)], ['refused', /console:anna has requested this at the cabinet/]);
  t.match(square.view(), { rank: 'emergency', track: 'welcome' });
});

t.test('announcements are limited by the rate of the site, whoever sends them', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  const states: string[] = [];
  for (let i = 0; i < 5; i++) {
    states.push((await square.settled(square.request({ action: 'announce', track: 'gong' }))).state);
    await square.clock.advance(20_000);
  }
  t.same(states, ['verified', 'verified', 'verified', 'refused', 'refused']);
  square.restart(squareCabinet(['id: square-sound', 'id: other-name']));
  await square.clock.advance(5_000);
  const renamed = square.request({ action: 'announce', track: 'gong' }, { place: 'other-name' });
  t.match(await square.settled(renamed), { state: 'refused' }, 'a revision with another name does not renew the rate');
  square.restart();
  await square.clock.advance(60 * 60_000);
  t.match(await square.settled(square.request({ action: 'announce', track: 'gong' })), { state: 'verified' });
});

t.test('a restart in the middle of the music continues without a gap, and requests come back from the disk', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  const starts = (): number => square.player.commands.filter((command) => command.startsWith('03')).length;
  const before = starts();
  square.restart();
  await square.clock.advance(20_000);
  t.equal(starts(), before, 'what plays is not started again');
  t.match(square.view(), { state: 'playing', track: 'birds' });
  await square.until('the next track', playing(square, 2), 200);
  await square.settled(square.request({ action: 'stop', minutes: 30 }));
  square.restart();
  await square.clock.advance(5_000);
  t.match(square.view(), { rank: 'stop', state: 'silent' });
  t.equal(square.player.state, 'stopped');
});

t.test('a revision that gives the place another id ends no request of a technician', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  const technician = { source: 'console:anna', authority: 'technician' } as const;
  await square.settled(square.request({ action: 'stop', minutes: 30 }, technician));
  square.restart(squareCabinet(['id: square-sound', 'id: other-name']));
  await square.clock.advance(10_000);
  t.match(square.view(), { id: 'other-name', rank: 'stop', state: 'silent' });
  t.match(await square.settled(square.request({ action: 'resume' }, { place: 'other-name' })), { state: 'refused' });
});

t.test('no request lasts longer because the clock was set back before a restart', async (t) => {
  const square = await createSoundSquare(t, { startAt: '2026-06-02T22:30:00+02:00' });
  await square.clock.advance(20_000);
  await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 2 }));
  square.clock.stepWall(-8 * 60 * 60_000);
  square.restart();
  await square.until('the emergency again', () => square.view().rank === 'emergency');
  await square.clock.advance(125_000);
  t.not(square.view().rank, 'emergency', `until ${new Date(square.view().untilMs ?? 0).toISOString()}`);
});

t.test('after a power cut without a clock an emergency goes on, and everything else waits for the time', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 3 }));
  square.clock.setQuality('none');
  square.player.powerCycle();
  square.restart();
  await square.until('the emergency again', playing(square, 5), 30);
  await square.until('its end', () => square.view().rank !== 'emergency', 240);
  t.match(square.view(), { rank: 'quiet', play: [] });
  square.clock.setQuality('synced');
  await square.until('the programme', playing(square, 1));
});

t.test(
  'an emergency that was stored without a clock lasts as long as requested, also if the time becomes known after a restart',
  async (t) => {
    const square = await createSoundSquare(t, { startAt: '1970-01-01T01:00:00+01:00', quality: 'none' });
    await square.clock.advance(20_000);
    await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 10 }));
    square.restart();
    await square.until('the emergency again', () => square.view().rank === 'emergency');
    square.clock.stepWall(Date.parse('2026-06-02T10:00:00+02:00'));
    square.clock.setQuality('synced');
    await square.clock.advance(8 * 60_000);
    t.equal(square.view().rank, 'emergency', 'minute 8 of 10');
    await square.until('its end', () => square.view().rank !== 'emergency', 150);
  },
);

t.test('an emergency that has ended without a clock starts again neither when the time becomes known nor at a restart', async (t) => {
  const square = await createSoundSquare(t);
  await square.clock.advance(20_000);
  await square.settled(square.request({ action: 'emergency', track: 'gong', minutes: 3 }));
  square.clock.stepWall(-8 * 60 * 60_000);
  square.clock.setQuality('none');
  square.restart();
  await square.until('the emergency again', () => square.view().rank === 'emergency');
  await square.until('its end', () => square.view().rank !== 'emergency', 240);
  await square.clock.advance(2_000);
  square.restart();
  for (const quality of ['none', 'synced'] as const) {
    square.clock.setQuality(quality);
    await square.clock.advance(10_000);
    t.not(square.view().rank, 'emergency', quality);
  }
});

t.test('a disk that hangs delays neither music nor requests', async (t) => {
  const square = await createSoundSquare(t, { isDiskHung: true });
  await square.until('music', playing(square, 1));
  t.match(await square.settled(square.request({ action: 'stop', minutes: 5 })), { state: 'verified', isSaved: false });
  t.equal(square.player.state, 'stopped');
});

t.test('a place that the next configuration no longer has is silenced, with its amplifier', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.restart({ ...squareCabinet(), sound: null });
  await square.clock.advance(3_000);
  t.equal(square.player.state, 'stopped');
  t.equal(square.amplifier(), 0);
  t.same(square.sound.tools().places(), []);
});

t.test('an agent that stops leaves the player as it is', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.sound.stop(squareCabinet().sound);
  await square.clock.advance(5_000);
  t.equal(square.player.state, 'playing');
  t.match(await square.settled(square.request({ action: 'stop', minutes: 5 })), { state: 'refused' });
});

t.test('a request that cannot begin ends as failed and does not begin later', async (t) => {
  const square = await createSoundSquare(t);
  await square.until('music', playing(square, 1));
  square.player.isMute = true;
  await square.clock.advance(10_000);
  const expiresMono = square.clock.monoMs() + 20_000;
  const outcome = await square.settled(square.request({ action: 'play', track: 'gong', minutes: 30 }, { expiresMono }));
  t.equal(outcome.state, 'failed');
  t.match(String(outcome.reason), /player is silent/);
  square.player.isMute = false;
  await square.until('the programme', playing(square, 1), 60);
});
