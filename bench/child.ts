/**
 * Both ends of the channel to a child process of a bench, which answers one question at a time.
 *
 * A process of its own gives each part its own event loop, CPU time and memory.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface Child<Question, Answer> {
  /** Errors: rejects with the child's own words when it fails or ends. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
  /** Sends a signal to the process. */
  kill(signal: NodeJS.Signals): void;
  readonly pid: number | undefined;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** One clock for all processes of a machine. Units: ms since it started. Source: CLOCK_MONOTONIC, which `performance.now` counts from another zero in each process. */
export function sharedMonoMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Starts `bench/<file>`, or a file with an absolute path, as a process with its own event loop. It must use `answerParent`. `words`: its
 * arguments; `flags`: options of Node; `env`: added to the environment. The caller stops it.
 */
export function startChild<Question extends object, Answer>(
  file: string,
  words: readonly string[] = [],
  flags: readonly string[] = process.execArgv,
  env: Readonly<Record<string, string>> = {},
): Child<Question, Answer> {
  const child = fork(resolve(import.meta.dirname, file), words, {
    execArgv: [...flags],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Bytes and 64-bit numbers too.
    serialization: 'advanced',
  });
  return asked(child, [file, ...words].join(' '), {
    // A failed send means that the child has ended; its exit event reports that.
    send: (question) => child.send(question, () => {}),
    reply: async () => (await once(child, 'message'))[0] as Reply<Answer>,
    hangUp: () => {
      if (child.connected) child.disconnect();
    },
  });
}

/**
 * Starts a program in another language as a child. It reads one JSON question a line and writes one JSON reply a line: `{"answer": …}` or
 * `{"error": …}`. The caller stops it.
 */
export function startJsonProgram<Question extends object, Answer>(program: string, words: readonly string[]): Child<Question, Answer> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  // As above.
  child.stdin.on('error', () => {});
  return asked(child, [program, ...words].join(' '), {
    send: (question) => child.stdin.write(`${JSON.stringify(question)}\n`),
    reply: async () => JSON.parse((await once(lines, 'line'))[0]) as Reply<Answer>,
    hangUp: () => child.stdin.end(),
  });
}

interface Way<Question, Answer> {
  readonly send: (question: Question) => void;
  readonly reply: () => Promise<Reply<Answer>>;
  readonly hangUp: () => void;
}

function asked<Question, Answer>(child: ChildProcess, name: string, way: Way<Question, Answer>): Child<Question, Answer> {
  const ended = once(child, 'exit').then(([code, signal]): Reply<Answer> => ({ error: `ended with ${code ?? signal}` }));
  return {
    async ask(question) {
      const reply = way.reply();
      way.send(question);
      const first = await Promise.race([reply, ended]);
      if ('error' in first) throw new Error(`${name}: ${first.error}`);
      return first.answer;
    },
    async stop() {
      way.hangUp();
      await ended;
    },
    kill: (signal) => void child.kill(signal),
    pid: child.pid,
  };
}

/**
 * For the file that `startChild` starts: answers each question of the parent with the result of `answer`; an error is sent as its message.
 * Ends the process when the parent disconnects.
 */
export function answerParent<Question, Answer>(answer: (question: Question) => Answer | Promise<Answer>): void {
  process.on('message', (question: Question) => {
    Promise.resolve(question)
      .then(answer)
      .then(
        (given) => process.send?.({ answer: given }),
        (error: Error) => process.send?.({ error: error.message }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}
