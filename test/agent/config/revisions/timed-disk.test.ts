import t from 'tap';
import type { RevisionDisk } from '../../../../agent/config/revisions/revision-disk.ts';
import { timedDisk } from '../../../../agent/config/revisions/timed-disk.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { DISK_WAIT_MS } from '../../../../agent/core/within.ts';

const FILES = { cabinet: 'a', profiles: {} };

/** A disk whose writes end only on request. */
function setUp() {
  const clock = createManualClock(0);
  const begun: { readonly what: string; readonly end: (error?: Error) => void }[] = [];
  const operation = (what: string): Promise<void> =>
    new Promise((resolve, reject) => begun.push({ what, end: (error) => (error === undefined ? resolve() : reject(error)) }));
  const disk = timedDisk(
    {
      writeFiles: (_of, files) => operation(`write ${files.cabinet}`),
      markTrial: () => operation('mark'),
      remove: () => operation('remove'),
      readFiles: () => operation('read').then(() => undefined),
    } as Partial<RevisionDisk> as RevisionDisk,
    clock,
  );
  return { clock, disk, begun };
}

t.test('an operation ends with an error after its time, and one that ends in time has its own result', async (t) => {
  const { clock, disk, begun } = setUp();
  const late = t.rejects(disk.writeFiles(1, FILES, {}), { code: 'ETIMEDOUT' });
  await clock.advance(DISK_WAIT_MS);
  await late;
  begun[0]?.end();
  const failed = t.rejects(disk.readFiles(1), { message: 'ENOSPC' });
  await clock.advance(DISK_WAIT_MS - 1);
  begun[1]?.end(new Error('ENOSPC'));
  await failed;
  await clock.advance(DISK_WAIT_MS);
});

t.test('no change begins before a late one has ended, so the late one cannot replace it', async (t) => {
  const { clock, disk, begun } = setUp();
  const first = t.rejects(disk.writeFiles(1, FILES, {}), { code: 'ETIMEDOUT' });
  await clock.advance(DISK_WAIT_MS);
  await first;
  const refused = t.rejects(disk.writeFiles(1, { ...FILES, cabinet: 'b' }, {}), { code: 'ETIMEDOUT' });
  await clock.advance(DISK_WAIT_MS);
  await refused;
  t.strictSame(
    begun.map(({ what }) => what),
    ['write a'],
    'a refused write has not begun',
  );
  const third = disk.writeFiles(1, { ...FILES, cabinet: 'c' }, {});
  begun[0]?.end(new Error('EIO'));
  await clock.advance(1);
  begun[1]?.end();
  await third;
  t.strictSame(
    begun.map(({ what }) => what),
    ['write a', 'write c'],
  );
});
