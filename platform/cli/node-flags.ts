/** Flags of Node for the processes of the host. */

/**
 * Flags of Node for each process of the host.
 *
 * The semi-space is where V8 puts new objects. With its standard size two workers settled at 622 MB at 10,000 values a second, with 16 MB at
 * 515 MB and as fast. Measured with Node 24 by `npm run platform -- bench`.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
