/**
 * The rows that a message names in `Sync/Rows`. Pure.
 *
 * Source: docs/platform.md, "Delivery".
 */

/** `Sync/Rows` of a message, parsed: rows `from` to `to`, both included, part 1 to `parts` of them. `isAgain`: sent again on request. */
export interface ParsedRowsMark {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly part: number;
  readonly parts: number;
  readonly isAgain: boolean;
}

/** Parses the value of `Sync/Rows`. Undefined if it is malformed, if `from` is above `to`, or if the part is not 1 to `parts`. */
export function readRowsMark(text: string): ParsedRowsMark | undefined {
  const found = /^(?<epoch>[0-9A-Za-z]+):(?<from>\d+)-(?<to>\d+):(?<part>\d+)\/(?<parts>\d+)(?<again>:again)?$/.exec(text)?.groups;
  if (found === undefined) return undefined;
  const number = (key: string): number => Number(found[key]);
  const mark = { epoch: found['epoch'] ?? '', from: number('from'), to: number('to'), part: number('part'), parts: number('parts') };
  const isSound = mark.from <= mark.to && mark.part >= 1 && mark.part <= mark.parts;
  return isSound ? { ...mark, isAgain: found['again'] !== undefined } : undefined;
}
