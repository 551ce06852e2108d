// Loaded into a real agent by NODE_OPTIONS. Opening a file that has a mark next to it (NAME.hangs) blocks, as on a card that has
// stopped. The open goes to a pipe without a writer (NAME.hung) and without O_NONBLOCK, so it blocks a thread of Node in the kernel.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const isHung = (path) => typeof path === 'string' && fs.existsSync(`${path}.hangs`);
const hung = (path) => `${path}.hung`;

const { openSync, readFileSync } = fs;
fs.openSync = (path, ...rest) => (isHung(path) ? openSync(hung(path), 'r') : openSync(path, ...rest));
fs.readFileSync = (path, ...rest) => readFileSync(isHung(path) ? hung(path) : path, ...rest);
const { open, readFile } = fs.promises;
fs.promises.open = (path, ...rest) => (isHung(path) ? open(hung(path), 'r') : open(path, ...rest));
fs.promises.readFile = (path, ...rest) => readFile(isHung(path) ? hung(path) : path, ...rest);
syncBuiltinESMExports();
