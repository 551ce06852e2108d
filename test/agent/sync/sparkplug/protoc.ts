/**
 * `protoc --decode` as an independent decoder, with the tests' own description of the payload.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../../platform/mosquitto.ts';

const protoc = findProgram('protoc');
const protoFolder = fileURLToPath(new URL('../../../platform', import.meta.url));

/** A reason to skip, or false when protoc is available. */
export const withoutProtoc: string | false = protoc === undefined ? 'protoc is not installed (apt-get install protobuf-compiler)' : false;

/** The payload in protoc's text format, one line, blanks collapsed. Errors: throws if protoc fails, as on bytes that are not a payload. */
export function decodeWithProtoc(bytes: Buffer): string {
  const arguments_ = [`--proto_path=${protoFolder}`, '--decode=platform.Payload', 'sparkplug_b.proto'];
  return execFileSync(protoc ?? 'protoc', arguments_, { input: bytes })
    .toString()
    .replace(/\s+/g, ' ')
    .trim();
}
