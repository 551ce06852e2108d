/** `bus read` and `bus registers`: read registers of a unit, and find which of them it answers. */

import type { BusReadResult, RegistersProgress, RegistersResult } from '../../../core/bus-tools.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import {
  ADDRESS_ARGUMENT,
  addressArg,
  findLine,
  findUnit,
  LAST_ADDRESS,
  LINE_ARGUMENT,
  onBus,
  rangeArgs,
  TABLE_OPTION,
  tableArg,
  UNIT_ARGUMENT,
  unitArg,
} from './bus-args.ts';

/** Source: Modbus Application Protocol V1.1b3 §6.1 and §6.3. */
const MAX_COUNT = { registers: 125, bits: 2_000 };

/** `bus read`: reads registers or bits of a unit, and decodes the points of its profile that lie completely in the read, if it has one. */
export const BUS_READ = agentCommand({
  name: 'bus read',
  role: 'technician',
  group: 'Lines:',
  summary: msg`read registers of a unit`,
  arguments: [LINE_ARGUMENT, UNIT_ARGUMENT, ADDRESS_ARGUMENT, { name: 'count', summary: msg`how many (default: 1)`, required: false }],
  options: [TABLE_OPTION],
  examples: ['luciole bus read street 7 2000', 'luciole bus read street L07 0x07D0 4', 'luciole bus read power 1 0 6 --table input'],
  read: (args) => {
    const table = tableArg(args);
    const max = table === 'coil' || table === 'discrete' ? MAX_COUNT.bits : MAX_COUNT.registers;
    const count = numberArg(args, 'count', { min: 1, max, usual: 1 });
    return { line: textArg(args, 'line'), unit: unitArg(args), table, address: addressArg(args, 'address'), count };
  },
  answer: (view, args): Promise<BusReadResult> => {
    const line = findLine(view, args.line);
    return onBus(() => view.bus.read({ ...args, line, unit: findUnit(view, line, args.unit) }), args.address);
  },
  render: async (result, page) => (await import('./bus-registers-page.ts')).renderRead(result, page),
});

/** The default of `--to`, after `--from`. Units: addresses. */
const SEARCH_SPAN = 500;

function searchRange(args: RawArgs): { from: number; to: number } {
  const from = { min: 0, max: LAST_ADDRESS, usual: 0 };
  const usual = Math.min(numberArg(args, 'from', from) + SEARCH_SPAN, LAST_ADDRESS);
  return rangeArgs(args, { from, to: { min: 0, max: LAST_ADDRESS, usual } });
}

/** `bus registers`: finds which registers or bits of a unit answer within a range of addresses, and answers with their values. */
export const BUS_REGISTERS = agentCommand<
  { line: string; unit: number | string; table: RegistersResult['table']; from: number; to: number },
  RegistersResult,
  RegistersProgress
>({
  name: 'bus registers',
  role: 'technician',
  group: 'Lines:',
  summary: msg`which registers of a unit answer`,
  arguments: [LINE_ARGUMENT, UNIT_ARGUMENT],
  options: [
    TABLE_OPTION,
    { name: 'from', value: 'ADDRESS', summary: msg`first address (default: 0)` },
    { name: 'to', value: 'ADDRESS', summary: msg`last address (default: ${SEARCH_SPAN} after the first)` },
  ],
  examples: ['luciole bus registers street 7', 'luciole bus registers street 0x07 --table input --from 0 --to 120'],
  read: (args) => ({
    line: textArg(args, 'line'),
    unit: unitArg(args),
    table: tableArg(args),
    ...searchRange(args),
  }),
  answer: (view, args, { report, signal }) => {
    const line = findLine(view, args.line);
    const request = { ...args, line, unit: findUnit(view, line, args.unit), signal };
    return onBus(() => view.bus.registers(request, (progress) => void report(progress)));
  },
  render: async (result, page, { from, to }) => (await import('./bus-registers-page.ts')).renderRegisters(result, page, { from, to }),
  progress: { isLasting: false, load: async () => (await import('./bus-registers-page.ts')).renderRegistersProgress },
});
