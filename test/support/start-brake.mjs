// Loaded into a real agent by NODE_OPTIONS: makes steps of its start slow, or lets one of them hang. LUCIOLE_TEST_BRAKE is
// {"stepMs": 900, "hangAt": "console"}; `hangFile`, where given, lets only the start hang that creates it.
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';

const { stepMs = 0, slowAt, hangAt, hangFile } = JSON.parse(process.env.LUCIOLE_TEST_BRAKE ?? '{}');
const seen = new Set();
const isReader = process.argv[1]?.endsWith('/read-child.ts') === true;
const never = new Int32Array(new SharedArrayBuffer(4));

function hangsHere(point) {
  if (point !== hangAt) return false;
  if (hangFile === undefined) return true;
  try {
    fs.writeFileSync(hangFile, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Until the parent is gone: a service manager ends all processes of a service, the fake one only the first. */
function hang() {
  for (const parent = process.ppid; process.ppid === parent; ) Atomics.wait(never, 0, 0, 200);
  process.exit();
}

function reach(point) {
  if (seen.has(point)) return;
  seen.add(point);
  if (hangsHere(point)) hang();
  if (slowAt !== undefined && point !== slowAt) return;
  // The reader of the configuration is slow because it computes; without any CPU time it would hang.
  const untilMs = performance.now() + stepMs;
  while (isReader && performance.now() < untilMs);
  Atomics.wait(never, 0, 0, isReader ? 0 : stepMs);
}

// The launcher replaces itself by the agent, which alone has the flags of a long run.
const isAgent = process.execArgv.some((flag) => flag.startsWith('--max-old-space-size'));
if (!isMainThread) reach('storage thread');
else if (isReader) {
  reach('reader');
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    if (String(path).endsWith('.yaml') && String(path).includes('/profiles/')) reach('check');
    return openSync(path, ...rest);
  };
  const { rename } = fs.promises;
  fs.promises.rename = (...paths) => {
    reach('save');
    return rename(...paths);
  };
  syncBuiltinESMExports();
} else if (isAgent) {
  reach('boot');
  registerHooks({
    load(url, context, next) {
      if (url.endsWith('/agent/app/run.ts')) reach('load');
      return next(url, context);
    },
  });
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...args) {
    if (hangsHere('silent console')) {
      // As a pending handle would, this keeps the loop turning.
      setInterval(() => {}, 1_000);
      return this;
    }
    reach('console');
    return listen.apply(this, args);
  };
}
