/** Flags of Node for the processes of the host. */

/**
 * Flags of Node with which `npm run platform` starts a command, and its bench starts workers; its demo starts workers without them. The
 * systemd unit of a worker has its own copy of them.
 *
 * The semi-space is where V8 puts new objects. With its standard size two workers settled at 622 MB at 10,000 values a second, with 16 MB at
 * 515 MB and as fast. Measured with Node 24 by `npm run platform -- bench`.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
