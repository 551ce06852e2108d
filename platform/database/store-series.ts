/** Gives numbers to series: one for each quantity of each device. */
import type { SeriesShape } from '../core/births.ts';
import type { PointName } from '../core/data-message.ts';
import type { CachedNode } from './node-registry.ts';
import type { RunQuery } from './postgres.ts';

/** Series with their numbers, by `seriesKey`. */
export type NumberedSeries = Map<string, { readonly node: CachedNode; readonly shape: SeriesShape; readonly id: number }>;

/** Adds series that are missing and returns all with their numbers. With `isBorn` their units and ranges are updated. */
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

/** The key of a series over all nodes. */
export function seriesKey(node: CachedNode, device: string, quantity: string): string {
  return `${node.id}\t${device}\t${quantity}`;
}

/** Gives numbers to series that appear without a birth, such as those of a segment. */
export async function createSeries(query: RunQuery, points: readonly (PointName & { readonly node: CachedNode })[]): Promise<void> {
  const shaped = points.map(({ node, device, quantity }) => ({
    node,
    shape: { device, quantity, unit: '', datatype: 0, low: null, high: null, talq: '' },
  }));
  for (const { node, shape, id } of (await saveSeries(query, shaped, false)).values()) node.setSeries(shape.device, shape.quantity, id);
}
