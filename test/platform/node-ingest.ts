/** The losses that a node reports, and how far none of them is missing. Pure. */

/** A loss of readings that the node reported, of rows `from` to `to` where they are known. `id` numbers the losses of an epoch; null for none. */
export interface ReportedGap {
  readonly epoch: string;
  readonly id: number | null;
  /** The loss reported before it; null where `id` is. */
  readonly after: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly readings: number;
  readonly reason: string;
}

/** The id of the last loss of an epoch up to which no report is missing; 0 if the first is. Each report names its predecessor in `after`. */
export function gapHead(gaps: readonly ReportedGap[], epoch: string): number {
  const next = new Map(gaps.flatMap(({ id, after, epoch: of }) => (id === null || after === null || of !== epoch ? [] : [[after, id]])));
  let head = 0;
  for (let id = next.get(head); id !== undefined; id = next.get(head)) head = id;
  return head;
}
