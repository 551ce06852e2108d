/** `bus read`: registers of a unit. */
import type { BusReadResult } from '../../../core/bus-tools.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import {
  ADDRESS_ARGUMENT,
  addressArg,
  findLine,
  findUnit,
  LINE_ARGUMENT,
  onBus,
  TABLE_OPTION,
  tableArg,
  UNIT_ARGUMENT,
  unitArg,
} from './bus-args.ts';

/** Source: Modbus Application Protocol V1.1b3 §6.1 and §6.3. */
const MAX_COUNT = { registers: 125, bits: 2_000 };

/** Also asked by `profile test`, register by register. */
export const BUS_READ = agentCommand({
  name: 'bus read',
  role: 'technician',
  group: 'Lines:',
  summary: 'read registers of a unit',
  arguments: [LINE_ARGUMENT, UNIT_ARGUMENT, ADDRESS_ARGUMENT, { name: 'count', summary: 'how many (default: 1)', required: false }],
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
