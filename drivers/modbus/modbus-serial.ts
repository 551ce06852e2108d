/**
 * Imports `modbus-serial`, whose types describe a default export that Node's module loader delivers one level deeper.
 */
import ModbusSerial from 'modbus-serial';

export const ModbusClient = ModbusSerial.default;
export type ModbusClient = InstanceType<typeof ModbusClient>;
