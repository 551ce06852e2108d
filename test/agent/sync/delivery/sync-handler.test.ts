import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { ResendRequest, ResendResult } from '../../../../agent/sync/delivery/resend-queue.ts';
import { createSyncHandler } from '../../../../agent/sync/delivery/sync-handler.ts';
import { encodePayload } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { texts } from '../../../support/texts.ts';
import { NODE_DEVICES, NODE_START_MS, silentLog, uplinkConfig } from '../small-node.ts';

function openHandler() {
  const clock = createManualClock(NODE_START_MS);
  const done = { acks: 0, accepts: 0, resends: 0, logged: 0, audits: [] as number[] };
  const results: ResendResult[] = [];
  const handler = createSyncHandler({
    table: createMetricTable(NODE_DEVICES, uplinkConfig('mqtt://127.0.0.1:1')),
    clock,
    log: {
      ...silentLog,
      event: () => {
        done.logged += 1;
      },
    },
    delivery: {
      acknowledge: () => {
        done.acks += 1;
        return NO_TEXT;
      },
      acknowledgeAudit: async ({ n }) => {
        done.audits.push(n);
        return n > 9 ? msg`no such entry` : NO_TEXT;
      },
      accept: () => {
        done.accepts += 1;
      },
      resend: ({ id }: ResendRequest) => {
        done.resends += 1;
        return { id, state: 'queued', readings: 0, reason: NO_TEXT };
      },
    },
    onResend: (result) => results.push(result),
    onAccept: () => {},
  });
  const write = (name: string, value: string, retained = false): boolean =>
    handler.handle({
      topic: '',
      payload: encodePayload({ timestampMs: NODE_START_MS, metrics: [{ name, value: { kind: 'string', value } }] }),
      retained,
    });
  return { clock, done, results, write };
}

t.test('a platform that changes its mode all the time wears no flash, and one that requests all the time searches no store', async (t) => {
  const { clock, done, results, write } = openHandler();
  for (let i = 0; i < 1_000; i += 1) {
    write('Sync/Accept', i % 2 === 0 ? 'segments/1' : '');
    write('Sync/Resend', `{"id":"r-${i}","fromSeq":1,"toSeq":9}`);
  }
  t.match(done, { accepts: 16, resends: 16, logged: 32 });
  t.match(texts(results.at(-1)), { state: 'refused', reason: 'requested too often: at most 32 at once, then one in 5 s' });
  t.ok(results.length < 64, 'nor is the link filled with refusals');
  await clock.advance(60_000);
  write('Sync/Resend', '{"id":"late","fromSeq":1,"toSeq":9}');
  t.match(results.at(-1), { id: 'late', state: 'queued' });
});

t.test('the sender of a retained resend request gets its refusal', async (t) => {
  const { done, results, write } = openHandler();
  t.equal(write('Sync/Resend', '{"id":"r-1","fromSeq":1,"toSeq":9}', true), true);
  t.match(texts(results), [{ id: 'r-1', state: 'refused', reason: /publish it without retain/ }]);
  write('Sync/Accept', 'segments/1', true);
  t.match(done, { resends: 0, accepts: 0, logged: 2 });
  t.equal(results.length, 1);
});

t.test('the platform may send any number of acknowledgements', async (t) => {
  const { done, write } = openHandler();
  for (let i = 1; i <= 1_000; i += 1) write('Sync/Ack', `a1b2c3d4:${i}`);
  t.equal(done.acks, 1_000);
});

t.test('acknowledgements of the audit log need the disk: they have a separate limit, and a wrong one is logged', async (t) => {
  const { clock, done, write } = openHandler();
  const hash = 'a'.repeat(64);
  for (const text of ['1', '01:a', `0:${hash}`, `-1:${hash}`, `1:${hash}0`, `1:${hash.slice(1)}`, `1e3:${hash}`, '', ' 0'])
    t.equal(write('Sync/Log', text), true, text);
  t.match(done, { audits: [], logged: 9 });
  await clock.advance(60_000);
  for (let i = 1; i <= 1_000; i += 1) write('Sync/Log', i === 1 ? '0' : `${i}:${hash}`);
  write('Sync/Resend', '{"id":"r-1","fromSeq":1,"toSeq":9}');
  await new Promise(setImmediate);
  t.strictSame(done.audits, [0, ...Array.from({ length: 31 }, (_, i) => i + 2)]);
  t.match(done, { resends: 1 });
  t.ok(done.logged > 9, 'an entry that is not there');
});

t.test('a message about something else is left to the command inbox', async (t) => {
  const { write } = openHandler();
  t.equal(write('Node Control/Rebirth', 'true'), false);
});
