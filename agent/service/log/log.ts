/**
 * The agent's log: one JSON line for each event, for journald and for people with `jq`. Secrets are masked, repetitions counted.
 */

import { type DestinationStream, pino } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { Message } from '../../core/message.ts';
import { LOG_SEVERITIES, type Log, type LogFeed, type LogLine, type LogSeverity } from '../../core/ports.ts';
import { createLogOutput } from './log-output.ts';
import { redact } from './redact.ts';
import { createRepeatFilter } from './repeat-filter.ts';

const PINO_LEVEL = { debug: 'debug', info: 'info', warning: 'warn', alarm: 'error' } as const;
/** Priority by pino's level number. Source: sd-daemon(3), SD_DEBUG 7, SD_INFO 6, SD_WARNING 4, SD_ERR 3. */
const JOURNAL_PRIORITY: Readonly<Record<number, number>> = { 20: 7, 30: 6, 40: 4, 50: 3 };
const SEVERITY_NAME: Readonly<Record<string, LogSeverity>> = { debug: 'debug', info: 'info', warn: 'warning', error: 'alarm' };
/** Keys of the line itself; a field of the same name is renamed. */
const RESERVED = new Set(['severity', 'time', 'event', 'repeated']);

/** How a log writes its lines. */
export interface LogOptions {
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
  /** Standard output is journald: each line is prefixed with its priority, and journald adds the time. */
  readonly journal: boolean;
  /** Less severe events are not written; live readers may receive them. */
  readonly minSeverity: LogSeverity;
  /** Receives finished lines instead of standard output. */
  readonly write?: (line: string) => void;
}

/** The log of the agent; readers can also receive its events live. */
export interface AgentLog extends Log, LogFeed {
  /** Writes the counts of repetitions and the waiting lines, as far as the output accepts them. Call before the process ends. */
  flush(): void;
}

interface Line {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly severity: LogSeverity;
}

interface Reader {
  readonly min: LogSeverity;
  readonly onLine: (line: LogLine) => void;
}

/**
 * Creates a log. If an event recurs within 60 s with the same severity and fields, the log may write a count later instead. Secrets are
 * masked as by `redact`.
 */
export function createLog({ clock, journal, minSeverity, write }: LogOptions): AgentLog {
  let reportLost = (_lines: number): void => {};
  const output = write === undefined ? createLogOutput(1, clock, (lines) => reportLost(lines)) : null;
  const sink = write ?? ((line: string) => void output?.write(line));
  const logger = pino(
    {
      level: PINO_LEVEL[minSeverity],
      base: null,
      timestamp: journal ? false : () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITY_NAME[label] ?? label }) },
    },
    journal ? withPriority(sink) : { write: sink },
  );
  const repeats = createRepeatFilter<Line>();
  const readers = new Set<Reader>();
  const put = (line: Line, times?: number): void => {
    const { name, fields, severity } = line;
    logger[PINO_LEVEL[severity]]({ event: name, ...asText(fields), ...(times === undefined ? {} : { repeated: times }) });
    for (const { min, onLine } of readers) if (isAtLeast(severity, min)) onLine({ ...line, atMs: clock.wallMs(), repeated: times ?? 0 });
  };
  reportLost = (lines) => put({ name: 'log-lines-lost', fields: { lines }, severity: 'warning' });
  const settle = (nowMono: number): void => {
    for (const { item, times } of repeats.due(nowMono)) put(item, times);
  };
  return {
    event(name, fields = {}, severity = 'info') {
      const isUsed = logger.isLevelEnabled(PINO_LEVEL[severity]) || [...readers].some(({ min }) => isAtLeast(severity, min));
      if (!isUsed) return;
      const line: Line = { name, fields: moveAside(redact(fields)), severity };
      const nowMono = clock.monoMs();
      settle(nowMono);
      if (repeats.admit(`${severity} ${name} ${JSON.stringify(asText(line.fields))}`, line, nowMono)) put(line);
    },
    listen(min, onLine) {
      const reader = { min, onLine };
      readers.add(reader);
      return () => void readers.delete(reader);
    },
    flush() {
      settle(Number.POSITIVE_INFINITY);
      output?.flush();
    },
  };
}

function isAtLeast(severity: LogSeverity, min: LogSeverity): boolean {
  return LOG_SEVERITIES.indexOf(severity) >= LOG_SEVERITIES.indexOf(min);
}

/** Pino passes the level of each line to a stream with this symbol. Source: pino 10 docs, "pino.symbols.needsMetadataGsym". */
function withPriority(sink: (line: string) => void): DestinationStream {
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write: (line: string) => sink(`<${JOURNAL_PRIORITY[stream.lastLevel] ?? 6}>${line}`),
  };
  return stream;
}

/** The fields with each message as English text: the log has one language. Live readers get the messages. */
function asText(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, textOf(value)]));
}

function textOf(value: unknown): unknown {
  if (value instanceof Message) return String(value);
  if (Array.isArray(value)) return value.map(textOf);
  return typeof value === 'object' && value !== null ? asText(value as Record<string, unknown>) : value;
}

function moveAside(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]));
}
