/** `bus registers`: which registers of a unit answer. */
import type { RegistersProgress, RegistersResult } from '../../../core/bus-tools.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { findLine, findUnit, LINE_ARGUMENT, onBus, rangeArgs, TABLE_OPTION, tableArg, UNIT_ARGUMENT, unitArg } from './bus-args.ts';

export const BUS_REGISTERS = agentCommand<
  { line: string; unit: number | string; table: RegistersResult['table']; from: number; to: number },
  RegistersResult,
  RegistersProgress
>({
  name: 'bus registers',
  role: 'technician',
  group: 'Lines:',
  summary: 'which registers of a unit answer',
  arguments: [LINE_ARGUMENT, UNIT_ARGUMENT],
  options: [
    TABLE_OPTION,
    { name: 'from', value: 'ADDRESS', summary: 'first address (default: 0)' },
    { name: 'to', value: 'ADDRESS', summary: 'last address (default: 500)' },
  ],
  examples: ['luciole bus registers street 7', 'luciole bus registers street 0x07 --table input --from 0 --to 120'],
  read: (args) => ({
    line: textArg(args, 'line'),
    unit: unitArg(args),
    table: tableArg(args),
    ...rangeArgs(args, { from: { min: 0, max: 65_535, usual: 0 }, to: { min: 0, max: 65_535, usual: 500 } }),
  }),
  answer: (view, args, { report, signal }) => {
    const line = findLine(view, args.line);
    const request = { ...args, line, unit: findUnit(view, line, args.unit), signal };
    return onBus(() => view.bus.registers(request, (progress) => void report(progress)));
  },
  render: async (result, page, { from, to }) => (await import('./bus-registers-page.ts')).renderRegisters(result, page, { from, to }),
  progress: { isLasting: false, load: async () => (await import('./bus-registers-page.ts')).renderRegistersProgress },
});
