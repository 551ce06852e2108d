// tap follows every promise and timer (async hooks) to find the test of an uncaught error. On a simulated street that takes
// twice the time of the test itself. Without it an uncaught error ends the process of its file with its stack, and the file has failed.
import hooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

hooks.createHook = () => ({ enable() {}, disable() {} });
syncBuiltinESMExports();
