// Loaded into a real agent by NODE_OPTIONS: SIGUSR2 ends its storage thread in the middle of its work, which is impossible from outside the process.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const { Worker } = threads;
let newest;
threads.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    newest = this;
  }
};
syncBuiltinESMExports();
process.on('SIGUSR2', () => void newest?.terminate());
