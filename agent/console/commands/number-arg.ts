/** An argument that is a whole number. */

import { textArg } from '../command-spec.ts';
import { ConsoleError } from '../console-error.ts';
import type { RawArgs } from '../protocol/protocol.ts';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** What stands for it when it is not given; obligatory without. */
  readonly usual?: number;
}

/** A whole number, decimal or 0x hex. Errors: throws ConsoleError 'usage' that says what is allowed. */
export function numberArg(args: RawArgs, name: string, { min, max, usual }: Bounds): number {
  if (args[name] === undefined && usual !== undefined) return usual;
  const text = textArg(args, name);
  const value = /^-?\d{1,10}$|^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ConsoleError('usage', `bad ${name} "${text}": write a whole number from ${min} to ${max}, or in hex as 0x1F`);
}
