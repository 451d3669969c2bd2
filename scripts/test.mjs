// test.mjs: `npm test [-- PART-OF-A-PATH...]`: builds what is stale, then runs the native tests and the ones in TypeScript.

import { jsTests, runJsTests } from './js-tests.mjs';
import { buildNative, nativeTests, runNativeTests } from './native-tests.mjs';
import { ensureBuilt } from './project.mjs';
import { fail } from './say.mjs';
import { requireSupportedSystem, requireToolchain } from './toolchain.mjs';

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));

/** Servers of other designs: nothing changes for them with the version of Node.js, or the number of reactors. */
const TESTED_ONCE = ['test/bench/designs.test.ts', 'test/bench/design-comparison.test.ts'];
const isRepetition = args.includes('--as-built') || process.env.MILLRACE_TEST_REACTORS !== undefined;
const isWanted = (file) =>
  wanted.length === 0
    ? !(isRepetition && TESTED_ONCE.includes(file))
    : wanted.some((part) => file.includes(part));

const native = args.includes('--js') ? [] : nativeTests().filter(isWanted);
const js = args.includes('--native') ? [] : jsTests().filter(isWanted);
if (native.length + js.length === 0)
  fail(`no test file has ${wanted.join(' or ') || 'a matching name'} in its path.`);

const needsReader = js.some((file) => file.startsWith('test/fuzz/'));
// npm run test:matrix says --as-built: other versions of Node.js get what the first one has built.
if (js.length > 0 && !args.includes('--as-built')) ensureBuilt();
if (native.length > 0 || needsReader) {
  requireSupportedSystem();
  requireToolchain({ python: false });
}
if (needsReader) buildNative(['read_requests']);
const failed = (native.length > 0 ? runNativeTests(native) : 0) + (await runJsTests(js));
process.exitCode = failed === 0 ? 0 : 1;
