import { createHash } from 'node:crypto';
import t from 'tap';
import { PlatformConfigRequests } from '../../../../agent/config/revisions/platform-config-requests.ts';
import { USER_LIST_FILE } from '../../../../agent/core/access.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { NO_TEXT } from '../../../../agent/core/message.ts';
import type { Outcome } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';

t.test('a list of users that is not a text is refused for that reason', async (t) => {
  const outcomes: Outcome[] = [];
  const taken: string[] = [];
  const requests = new PlatformConfigRequests({
    ...{ manager: null, cabinetId: 'c1', clock: createManualClock(0, 'synced'), uplink: { update: () => {} } },
    takeUserList: async (text) => {
      taken.push(text);
      return NO_TEXT;
    },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const send = (data: Uint8Array): Promise<void> => {
    const sha256 = createHash('sha256').update(data).digest('hex');
    return requests.take({ commandId: 'a', by: 'platform', ask: { action: 'put', file: USER_LIST_FILE, part: 1, parts: 1, sha256, data } });
  };
  for (const bytes of [[0xff], [0x61, 0xc3], Array.from({ length: 16_384 }, (_, i) => 128 + (i % 64))]) {
    await send(Uint8Array.from(bytes));
    t.match(texts(outcomes.at(-1)), { state: 'refused', reason: 'users.list is no text in UTF-8' });
  }
  t.strictSame(taken, []);
  await send(Buffer.from('# café'));
  t.strictSame(taken, ['# café'], 'a text is handed on');
});
