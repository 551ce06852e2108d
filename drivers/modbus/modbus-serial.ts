/**
 * Imports `modbus-serial`, whose types describe a default export that Node's module loader delivers one level deeper.
 */
import ModbusSerial from 'modbus-serial';

/** The Modbus client class of `modbus-serial`. Its constructor takes the port, here a `ModbusLink`. */
export const ModbusClient = ModbusSerial.default;
/** A Modbus client of `modbus-serial`. */
export type ModbusClient = InstanceType<typeof ModbusClient>;
