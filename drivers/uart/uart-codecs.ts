/**
 * The shelf of frame codecs.
 *
 * Data only. Called by the registry and the profile checks.
 */
import type { FrameCodec } from './frame-codec.ts';
import { SDS011 } from './sds011.ts';

/** The frame codecs a profile may name. */
export const UART_CODECS: Readonly<Record<string, FrameCodec>> = { sds011: SDS011 };
