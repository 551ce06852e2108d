import t from 'tap';
import { PLAYER_STATE } from '../../../agent/core/sound-config.ts';
import { NEW_PLAY_MEMORY, nextPlayStep, type PlayerFacts, wantsAmplifiers } from '../../../agent/sound/player-plan.ts';
import type { SoundDecision } from '../../../agent/sound/sound-words.ts';

const QUIET: SoundDecision = { key: 'quiet', rank: 'quiet', play: [], isOnce: false, volumePct: 0, untilMs: null, trace: [] };
const player = (state: number): PlayerFacts => ({ isAlive: true, state, stateMono: 5_000, volumePct: 0, files: 3, track: 1 });

for (const [story, state, shown] of [
  ['still plays', PLAYER_STATE.playing, 'fault'],
  ['is stopped after all', PLAYER_STATE.stopped, 'silent'],
] as const)
  t.test(`while a stop that failed waits for its next try, a player that ${story} is shown as ${shown}`, async (t) => {
    const memory = { ...NEW_PLAY_MEMORY, writtenMono: 4_000, retryMono: 9_000, failures: 1 };
    const situation = { decision: QUIET, player: player(state), memory, tracks: [], isWarm: true, nowMono: 6_000 };
    t.strictSame(nextPlayStep(situation), { kind: 'none', state: shown });
  });

t.test('the amplifiers of a player without files stay off, also after the time in which it should have played', async (t) => {
  const memory = { ...NEW_PLAY_MEMORY, soundMono: 5_000 };
  const wanted = (files: number) =>
    wantsAmplifiers({ decision: QUIET, player: { ...player(PLAYER_STATE.stopped), files }, memory, nowMono: 6_000 }, { offDelayS: 10 });
  t.equal(wanted(3), true);
  t.equal(wanted(0), false);
});
