/**
 * All frame codecs by name.
 */
import { DFPLAYER } from './dfplayer.ts';
import type { FrameCodec } from './frame-codec.ts';
import { LD2410, LD2451 } from './hilink.ts';
import { OPS243 } from './ops243.ts';
import { PMS5003 } from './pms5003.ts';
import { SDS011 } from './sds011.ts';
import { SPS30 } from './sps30.ts';
import { TIC } from './tic.ts';

/** The frame codecs that a profile may name, by name. */
export const UART_CODECS: ReadonlyMap<string, FrameCodec> = new Map([
  ['sds011', SDS011],
  ['pms5003', PMS5003],
  ['sps30', SPS30],
  ['ld2410', LD2410],
  ['ld2451', LD2451],
  ['ops243', OPS243],
  ['dfplayer', DFPLAYER],
  ['tic', TIC],
]);
