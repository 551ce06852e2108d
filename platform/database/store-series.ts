/** Gives numbers to series: one for each quantity of each device. */
import type { SeriesShape } from '../core/births.ts';
import type { PointName } from '../core/data-message.ts';
import { PlatformFailure } from '../core/errors.ts';
import type { CachedNode } from './node-registry.ts';
import type { RunQuery } from './postgres.ts';

/** Series by `seriesKey`. `id`: the number in the table `series`. `shape`: as given to `saveSeries`; the table may have another. */
export type NumberedSeries = Map<string, { readonly node: CachedNode; readonly shape: SeriesShape; readonly id: number }>;

/** Series of one node that appear without a birth, with those that it has: a client that invents names must not fill the database. Source: assumed; a cabinet of 1,000 devices has 15,000. Confirmed by: the largest cabinet in service. */
const MOST_SERIES = 100_000;

/**
 * Adds series that are missing, and returns all of `wanted` with their numbers. With `isBorn` existing ones get the new shape; without it
 * they keep theirs.
 */
export async function saveSeries(
  query: RunQuery,
  wanted: readonly { readonly node: CachedNode; readonly shape: SeriesShape }[],
  isBorn = true,
): Promise<NumberedSeries> {
  if (wanted.length === 0) return new Map();
  const unique = new Map(wanted.map((one) => [seriesKey(one.node, one.shape.device, one.shape.quantity), one]));
  const rows = [...unique.values()];
  const column = <T>(read: (row: (typeof rows)[number]) => T): T[] => rows.map(read);
  const onConflict = isBorn
    ? `do update set unit = excluded.unit, datatype = excluded.datatype, low = excluded.low, high = excluded.high, talq = excluded.talq
       where (series.unit, series.datatype, series.low, series.high, series.talq)
         is distinct from (excluded.unit, excluded.datatype, excluded.low, excluded.high, excluded.talq)`
    : 'do nothing';
  await query(
    `insert into series (node_id, device, quantity, unit, datatype, low, high, talq)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::float8[], $7::float8[], $8::text[])
     order by 1, 2, 3 on conflict (node_id, device, quantity) ${onConflict}`,
    [
      ...[
        column(({ node }) => node.id),
        column(({ shape }) => shape.device),
        column(({ shape }) => shape.quantity),
        column(({ shape }) => shape.unit),
      ],
      ...[
        column(({ shape }) => shape.datatype),
        column(({ shape }) => shape.low),
        column(({ shape }) => shape.high),
        column(({ shape }) => shape.talq),
      ],
    ],
  );
  const found = await query<{ id: number; node_id: number; device: string; quantity: string }>(
    'select s.id, s.node_id, s.device, s.quantity from series s join unnest($1::int[], $2::text[], $3::text[]) u (n, d, q) on s.node_id = u.n and s.device = u.d and s.quantity = u.q',
    [column(({ node }) => node.id), column(({ shape }) => shape.device), column(({ shape }) => shape.quantity)],
  );
  return new Map(
    found.map(({ id, node_id, device, quantity }) => {
      const key = `${node_id}\t${device}\t${quantity}`;
      return [key, { ...(unique.get(key) as (typeof rows)[number]), id }];
    }),
  );
}

/** The key of a series, unique over all nodes if no name has a tab. */
export function seriesKey(node: CachedNode, device: string, quantity: string): string {
  return `${node.id}\t${device}\t${quantity}`;
}

/**
 * Adds series that appear without a birth, such as those of a segment, to the database, and their numbers to `node`.
 *
 * Errors: rejects with PlatformFailure `data-rejected` if the series of the node and `points` together are more than 100,000; otherwise as
 * `query`.
 */
export async function createSeries(query: RunQuery, node: CachedNode, points: readonly PointName[]): Promise<void> {
  const [known] = await query<{ n: number }>('select count(*)::int as n from series where node_id = $1', [node.id]);
  if ((known?.n ?? 0) + points.length > MOST_SERIES) throw new PlatformFailure('data-rejected', 'the node has too many series');
  const shaped = points.map(({ device, quantity }) => ({
    node,
    shape: { device, quantity, unit: '', datatype: 0, low: null, high: null, talq: '' },
  }));
  for (const { shape, id } of (await saveSeries(query, shaped, false)).values()) node.setSeries(shape.device, shape.quantity, id);
}
