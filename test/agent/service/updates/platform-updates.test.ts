import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { UpdateManager } from '../../../../agent/core/updates.ts';
import type { Outcome } from '../../../../agent/core/words.ts';
import { createPlatformUpdates } from '../../../../agent/service/updates/platform-updates.ts';
import { texts } from '../../../support/texts.ts';

const PART = Buffer.alloc(48 * 1_024);

/** A platform that sends parts to a manager which writes them, or refuses them. */
function platform() {
  const clock = createManualClock(0, 'synced');
  const outcomes: Outcome[] = [];
  const seen = { writtenBytes: 0, isRefused: false };
  const manager = {
    put: async ({ data }: { data: Uint8Array }) => {
      if (!seen.isRefused) seen.writtenBytes += data.length;
      return { isDone: !seen.isRefused, text: msg`refused` };
    },
  } as unknown as UpdateManager;
  const updates = createPlatformUpdates({
    ...{ manager, cabinetId: 'demo', clock, uplink: { update() {} } },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const send = async (parts: number): Promise<Outcome | undefined> => {
    for (let n = 0; n < parts; n++)
      await updates.take({
        commandId: 'u',
        by: 'platform',
        ask: { action: 'put', part: { atByte: 0, ofBytes: PART.length, data: PART } },
      } as never);
    return outcomes.at(-1);
  };
  return { clock, seen, send };
}

t.test('a platform that never stops sending causes 256 MB of writes a day at most', async (t) => {
  const { clock, seen, send } = platform();
  const partsOfDay = Math.floor(2 ** 28 / PART.length);
  t.match(await send(partsOfDay), { state: 'verified' }, 'the largest file in one day');
  t.match(texts(await send(1)), { state: 'refused', reason: 'the 256 MB of a day are used up: continue in 24 h' });
  await clock.advance(DAY_MS - HOUR_MS);
  t.match(texts(await send(10_000)), { state: 'refused', reason: /continue in 1 h/ });
  t.ok(seen.writtenBytes <= 2 ** 28);
  await clock.advance(HOUR_MS);
  t.match(await send(1), { state: 'verified' });
  await send(partsOfDay);
  t.ok(seen.writtenBytes <= 2 ** 29);
});

t.test('refused parts do not count for the daily limit', async (t) => {
  const { seen, send } = platform();
  seen.isRefused = true;
  t.match(texts(await send(20_000)), { state: 'refused', reason: 'refused' });
  seen.isRefused = false;
  t.match(await send(1), { state: 'verified' });
});
