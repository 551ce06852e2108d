/** Tests that wait for minutes, and are left out of the usual run so that it stays below its limit. */

/** `LONG_TESTS=1 npm test -- FILE` runs them, and holds each fault of the others for longer. */
export const isLong = process.env['LONG_TESTS'] === '1';

/** The reason to skip such a test; false if it runs. `skip`: another reason. */
export function longSkip(skip: string | false): string | false {
  return skip === false && !isLong ? 'it waits for minutes (LONG_TESTS=1)' : skip;
}
