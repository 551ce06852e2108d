/**
 * A process that takes part in a bench, asked one question at a time.
 *
 * Owns the child and the way to it; knows nothing of what is asked. Both ends of the way lie here.
 * A process of its own gives each part its own event loop, CPU time and memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Child<Question, Answer> {
  /** Errors: rejects with the child's own words when it fails or ends. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** Start `bench/<file>`; it answers through `answerParent`. */
export function startChild<Question extends object, Answer>(file: string, words: readonly string[] = []): Child<Question, Answer> {
  const child = fork(join(import.meta.dirname, file), words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  return {
    async ask(question) {
      child.send(question);
      const reply = once(child, 'message') as Promise<[Reply<Answer>]>;
      const [first] = await Promise.race([reply, ended.then(([code]): [Reply<Answer>] => [{ error: `${file} ended with ${code}` }])]);
      if ('error' in first) throw new Error(`${[file, ...words].join(' ')}: ${first.error}`);
      return first.answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The child's end: answers until the parent hangs up, then ends the process. */
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
