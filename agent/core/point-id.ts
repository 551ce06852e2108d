/** Splits the id of a point, `L07.power`, into its device and its quantity. The id of a device may contain dots; that of a quantity does not. */

/** Returns the two parts of a point id, split at its last dot. Without a dot, `deviceId` is the whole text and `quantity` is empty. */
export function splitPointId(pointId: string): { readonly deviceId: string; readonly quantity: string } {
  const dot = pointId.lastIndexOf('.');
  return dot < 0 ? { deviceId: pointId, quantity: '' } : { deviceId: pointId.slice(0, dot), quantity: pointId.slice(dot + 1) };
}

interface Named {
  readonly id: string;
}

/**
 * Returns the id of the device that an event is about, from the source of the event: a device or one of its points. That is `source` if it
 * is the id of a device, a line or a zone, or if it has no dot. Otherwise it is `source` up to its last dot.
 */
export function deviceOfSource(
  { lines, zones }: { readonly lines: readonly (Named & { readonly devices: readonly Named[] })[]; readonly zones: readonly Named[] },
  source: string,
): string {
  const named = [...lines.flatMap((line) => [line, ...line.devices]), ...zones];
  return named.some(({ id }) => id === source) ? source : splitPointId(source).deviceId;
}
