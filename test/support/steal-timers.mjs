// Loaded into a real agent by NODE_OPTIONS: after SIGUSR2 no timer of about a second fires any more, as if its event had been lost. The
// lighting's tick is such a timer; the loop turns on, so that a watchdog fed by a mere timer would notice nothing.
const { setTimeout } = globalThis;
let isStealing = false;
globalThis.setTimeout = (fire, delayMs, ...rest) =>
  setTimeout(isStealing && delayMs > 800 && delayMs < 1_200 ? () => {} : fire, delayMs, ...rest);
process.on('SIGUSR2', () => {
  isStealing = true;
});
