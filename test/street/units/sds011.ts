/** A frame of a Nova SDS011. Units: µg/m³. Source: Nova Fitness SDS011 protocol V1.3. */
export function sds011Frame(pm25: number, pm10: number): Buffer {
  const frame = Buffer.from([0xaa, 0xc0, 0, 0, 0, 0, 0x58, 0xd9, 0, 0xab]);
  frame.writeUInt16LE(Math.round(pm25 * 10), 2);
  frame.writeUInt16LE(Math.round(pm10 * 10), 4);
  frame[8] = frame.subarray(2, 8).reduce((sum, byte) => sum + byte, 0) & 0xff;
  return frame;
}
