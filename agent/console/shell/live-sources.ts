/** The four views of `watch`: the requests of each to the agent, and the frame rendered from the answers. */

import type { LineStats, UnitStats } from '../../core/bus-tools.ts';
import { msg, type Said } from '../../core/message.ts';
import { fetchAnswer } from '../ask-agent.ts';
import type { AgentCommand } from '../command-spec.ts';
import { COMMANDS } from '../commands.ts';
import { ConsoleError } from '../console-error.ts';
import type { RawArgs } from '../protocol/protocol.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { formatNumber, NOTHING, type Page } from '../text/page.ts';
import { plain } from '../text/plain-text.ts';
import { wordOf } from '../text/state-words.ts';
import { tableLines } from '../text/text-table.ts';

/**
 * Requests data from the agent and resolves with the lines of one frame, in the language of the page. Errors: rejects with ConsoleError,
 * for example if the agent does not answer.
 */
export type LiveSource = (page: Pick<Page, 'widthCols' | 'language'> & Pick<Terminal, 'charset'>) => Promise<readonly string[]>;
type Asker = Pick<Terminal, 'user' | 'socketPath' | 'signal' | 'token'>;

/** Returns the source of a view of the cabinet: each frame is the page of `status`, requested from the agent again. */
export function statusSource(asker: Asker): LiveSource {
  return (page) => answerLines('status', {}, asker, page);
}

/** Returns the source of a view of the zones and their presence: each frame is the page of `zones`, requested from the agent again. */
export function presenceSource(asker: Asker): LiveSource {
  return (page) => answerLines('zones', {}, asker, page);
}

/** Returns the source of a view of one lamp: the page of `why`, then that of `points` with the lamp's id and a dot as filter. */
export function lampSource(lamp: string, asker: Asker): LiveSource {
  return async (page) => [
    ...(await answerLines('why', { target: lamp }, asker, page)),
    '',
    ...(await answerLines('points', { filter: `${lamp}.` }, asker, page).catch(noneOf)),
  ];
}

/** A lamp without points of its own is not an error: it still has a level. */
function noneOf(error: unknown): readonly string[] {
  if (error instanceof ConsoleError && error.code === 'unknown-name') return [];
  throw error;
}

const LINE_COLUMNS = [
  { title: msg`Line`, maxCols: 12 },
  { title: msg`Busy %`, align: 'right' },
  { title: msg`Transactions`, align: 'right' },
  { title: msg`Timeouts`, align: 'right' },
  { title: msg`Bad CRC`, align: 'right' },
  { title: msg`Noise B`, align: 'right' },
] as const;

const UNIT_COLUMNS = [
  { title: msg`Device`, maxCols: 14 },
  { title: msg`Line`, maxCols: 12 },
  { title: msg`State` },
  { title: msg`Loss %`, align: 'right' },
  { title: msg`Ok`, align: 'right' },
  { title: msg`p50`, align: 'right' },
  { title: msg`p95`, align: 'right' },
  { title: msg`max ms`, align: 'right' },
] as const;

/**
 * Returns the source of a view of the lines, then of all units: first those with the largest loss. Loss: share of requests that timed out
 * or had a damaged or wrong reply. Requests that ended with an exception do not count.
 */
export function busSource(asker: Asker): LiveSource {
  return async (page) => {
    const lines = plain((await ask('bus stats', {}, asker)).result, page.charset) as readonly LineStats[];
    const units = lines.flatMap((line) => line.units.map((unit) => ({ line: line.line, unit })));
    const worst = units.sort((a, b) => lossPct(b.unit) - lossPct(a.unit));
    return [
      ...tableLines(LINE_COLUMNS, lines.map(lineRow), page),
      '',
      ...tableLines(
        UNIT_COLUMNS,
        worst.map(({ line, unit }) => unitRow(line, unit)),
        page,
      ),
    ];
  };
}

function lineRow({ line, busyPct, transactions, timeouts, crcErrors, noiseBytes }: LineStats): string[] {
  return [line, ...[busyPct, transactions, timeouts, crcErrors, noiseBytes].map((number) => formatNumber(number))];
}

function unitRow(line: string, unit: UnitStats): Said[] {
  const { turnaroundMs: ms } = unit;
  const loss = unit.ok + lost(unit) === 0 ? NOTHING : formatNumber(lossPct(unit), 1);
  return [
    unit.device,
    line,
    wordOf(unit.state),
    loss,
    formatNumber(unit.ok),
    ...[ms?.p50, ms?.p95, ms?.max].map((number) => formatNumber(number, 1)),
  ];
}

function lost({ timeouts, crcErrors }: UnitStats): number {
  return timeouts + crcErrors;
}

/** Units: % of requests without a valid answer. */
function lossPct(unit: UnitStats): number {
  const all = unit.ok + lost(unit);
  return all === 0 ? 0 : (lost(unit) / all) * 100;
}

async function answerLines(
  name: string,
  args: RawArgs,
  asker: Asker,
  { widthCols, language = 'en', charset }: Pick<Page, 'widthCols' | 'language'> & Pick<Terminal, 'charset'>,
): Promise<readonly string[]> {
  const { command, result, atMs, timezone } = await ask(name, args, asker);
  const text = await command.render(plain(result, charset), { widthCols, language, colour: false, atMs, timezone }, args);
  return text.split('\n');
}

/** Errors: rejects with ConsoleError. */
async function ask(name: string, args: RawArgs, asker: Asker) {
  const command = COMMANDS.find((each): each is AgentCommand => each.kind === 'agent' && each.name === name);
  if (command === undefined) throw new TypeError(`no command ${name}`);
  return { command, ...(await fetchAnswer(command, args, { terminal: asker })) };
}
