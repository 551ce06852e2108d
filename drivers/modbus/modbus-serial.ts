/**
 * The door to `modbus-serial`.
 *
 * Owns the import. Its types describe a default export that Node's own module loader delivers one level deeper.
 */
import ModbusSerial from 'modbus-serial';

export const ModbusClient = ModbusSerial.default;
export type ModbusClient = InstanceType<typeof ModbusClient>;
