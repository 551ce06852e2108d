/** Removes what is no longer needed, and makes the partitions of the coming days. */

import { ReadingPartitions } from './partitions.ts';
import type { Database } from './postgres.ts';

const DAY_MS = 86_400_000;
const partitions = new ReadingPartitions();

/**
 * Makes the missing partitions for today (UTC) and the next two days, each once in a process, as `ReadingPartitions.ensure`. Then cleans up
 * once. Removes the notes about which messages of a range of rows have arrived, once the range is complete or after a week. Removes the
 * rows of processes that were last seen over a day ago. No reading is removed. Errors: as `RunQuery`.
 */
export async function cleanUp(database: Database): Promise<void> {
  const nowMs = Date.now();
  await partitions.ensure(database, [nowMs, nowMs + DAY_MS, nowMs + 2 * DAY_MS], nowMs);
  await database.query(
    `delete from row_part p where p.seen_at < now() - interval '7 days' or exists (select from node_epoch e
       where e.node_id = p.node_id and e.epoch = p.epoch and e.complete @> int8range(p.from_row, p.to_row + 1))`,
  );
  await database.query(`delete from process where seen_at < now() - interval '1 day'`);
}
