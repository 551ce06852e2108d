/** A place under hours of faults, hostile requests and wrong clocks: it never shouts, and never sounds in quiet hours. */
import t from 'tap';
import type { SoundAsk } from '../../../agent/core/sound-tools.ts';
import { createDayTimes } from '../../../agent/sound/day-times.ts';
import { quietUntil } from '../../../agent/sound/quiet-hours.ts';
import { createRandom, type Random } from '../../street/random.ts';
import { createSoundSquare, type SoundSquare } from './square.ts';
import { squareCabinet } from './square-site.ts';

/** Time that the agent has to notice and end what a module does by itself. Units: s. */
const GRACE_S = 15;
/** Steps of the module for the limits of the site: 60 % and 90 % of 30. */
const MOST = { usual: 18, emergency: 27 };

function anyAsk(random: Random): SoundAsk {
  const track = ['birds', 'gong', 'lost', 'welcome'][Math.floor(4 * random())] ?? 'gong';
  const minutes = 1 + Math.floor(20 * random());
  const asks: readonly SoundAsk[] = [
    { action: 'play', track, minutes },
    { action: 'announce', track },
    { action: 'stop', minutes },
    { action: 'volume', volumePct: Math.floor(140 * random()), minutes },
    { action: 'resume' },
  ];
  return asks[Math.floor(asks.length * random())] ?? { action: 'resume' };
}

/** Ends the faults that last, so that there is something to disturb. */
function heal({ player, clock, street }: SoundSquare): void {
  player.isMute = false;
  player.isDeafToVolume = false;
  if (!player.hasCard) player.insertCard();
  street.lines.get('north')?.revive(3);
  clock.setQuality('synced');
}

/** One fault or request. */
function strike(square: SoundSquare, random: Random): void {
  const { player, clock, street } = square;
  const line = street.lines.get('north');
  const faults: readonly (() => void)[] = [
    () => player.powerCycle(),
    () => player.removeCard(),
    () => player.insertCard(),
    () => player.press(30),
    () => {
      player.missNext = Math.floor(6 * random());
    },
    () => {
      player.isMute = !player.isMute;
    },
    () => {
      player.isDeafToVolume = !player.isDeafToVolume;
    },
    () => line?.silence(3),
    () => line?.revive(3),
    () => square.restart(),
    () => clock.setQuality(random() < 0.5 ? 'none' : 'synced'),
    () => square.wires.get('/dev/ttyUSB1')?.end.write(Buffer.from(Array.from({ length: 40 }, () => Math.floor(256 * random())))),
    () => void square.request(anyAsk(random)),
    () => void square.request(anyAsk(random)),
    () => void square.request(anyAsk(random)),
  ];
  faults[Math.floor(faults.length * random())]?.();
}

interface Watch {
  tooLoudS: number;
  inQuietS: number;
  worstLoudS: number;
  worstQuietS: number;
  heardS: number;
}

/** One second of what a resident hears; seconds in which the agent reaches neither player nor relay are not counted. */
function listen(square: SoundSquare, watch: Watch, isQuiet: boolean): void {
  const { player } = square;
  const isHeard = player.state === 'playing' && square.amplifier() === 1;
  const isReachable = square.street.lines.get('north')?.isSilent(3) !== true;
  if (!isReachable) return;
  watch.tooLoudS = isHeard && player.volume > MOST.usual ? watch.tooLoudS + 1 : 0;
  watch.inQuietS = isHeard && isQuiet ? watch.inQuietS + 1 : 0;
  watch.worstLoudS = Math.max(watch.worstLoudS, watch.tooLoudS);
  watch.worstQuietS = Math.max(watch.worstQuietS, watch.inQuietS);
  if (isHeard) watch.heardS++;
}

for (const seed of [1, 2, 3]) {
  t.test(`two hours around the beginning of the quiet hours, with a fault or request every 40 s (seed ${seed})`, async (t) => {
    const square = await createSoundSquare(t, { startAt: '2026-06-02T20:45:00+02:00' });
    const random = createRandom(seed);
    const cabinet = squareCabinet();
    const times = createDayTimes(cabinet);
    const watch: Watch = { tooLoudS: 0, inQuietS: 0, worstLoudS: 0, worstQuietS: 0, heardS: 0 };
    for (let s = 0; s < 7_200; s++) {
      if (random() < 1 / 40) heal(square);
      if (random() < 1 / 40) strike(square, random);
      await square.clock.advance(1_000);
      listen(square, watch, quietUntil(cabinet.sound.limits.quietHours, square.clock.wallMs(), times) !== null);
    }
    t.ok(watch.heardS > 300, `${watch.heardS} s of sound`);
    t.ok(watch.worstLoudS <= GRACE_S, `too loud for ${watch.worstLoudS} s at most`);
    t.ok(watch.worstQuietS <= GRACE_S, `sound in quiet hours for ${watch.worstQuietS} s at most`);
  });
}
