// `npm run platform`: installs the packages of the host when they are missing or their list has changed, and runs it with the Node that runs this.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from './cli/node-flags.ts';
import { installPlatform } from './install.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
if (!installPlatform()) process.exit(69);
const child = spawn(process.execPath, [...NODE_FLAGS, join(folder, 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
// The child gets Ctrl-C from the terminal too, and ends in order.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (signal === 'SIGTERM' ? child.kill(signal) : undefined));
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
