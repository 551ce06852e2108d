// tap follows every promise and timer (async hooks), only to say in which test an uncaught error happened. On a simulated street that takes
// twice the time of the test itself. Without it an uncaught error ends the process of its file with its stack, and the file has failed.
import hooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

hooks.createHook = () => ({ enable() {}, disable() {} });
syncBuiltinESMExports();
