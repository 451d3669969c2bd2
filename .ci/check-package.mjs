// check-package.mjs: packs millrace, installs it into empty projects as users do, loads it both ways, and runs its
// command, with a browser if there is one.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'millrace-package-'));
const npm = (args, cwd) => execFileSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8' });

const LOADS = {
  'load.mjs': "import { createServer } from 'millrace';\ncreateServer();\n",
  'load.cjs': "const { createServer } = require('millrace');\ncreateServer();\n",
};

const HANDLER = `#include <millrace.h>
static int hello(const millrace_api* api, void* state, millrace_request* request, millrace_response* response) {
  (void)state, (void)request;
  return api->set_body(response, "hello", MILLRACE_TO_NUL);
}
MILLRACE_MODULE
MILLRACE_HANDLER(hello_handler, hello, NULL, NULL)
`;

const HANDLER_SERVER = `import { createServer } from 'millrace';
const server = createServer().native('GET', '/', { library: './handler.so', symbol: 'hello_handler' });
const { port } = await server.listen({ host: '127.0.0.1' });
const text = await (await fetch('http://127.0.0.1:' + port)).text();
await server.close();
if (text !== 'hello') throw new Error(text);
`;

/** With the compiler's defaults: what the declarations need, they name. */
const TYPED = {
  'typed.mts': `import { createServer, type HttpRequest, type Server } from 'millrace';
declare module 'millrace' {
  interface HttpRequest {
    user?: { name: string };
  }
}
const server: Server = createServer({ limits: { bodyBytes: 1024 } });
server.post('/:name', async (req: HttpRequest, res) => {
  const body: Buffer = await req.buffer();
  req.user = { name: String(req.params['name']) };
  res.status(201).json({ name: req.user.name, bytes: body.length });
});
await using closing = server;
`,
  'typed.cts': `import { createServer } from 'millrace';
createServer((_req, res) => res.text('typed')).unref();
`,
};

try {
  const packed = JSON.parse(npm(['pack', '--json', '--silent', '--pack-destination', scratch], root));
  const { filename, entryCount, unpackedSize } = packed[0];
  console.log(`${filename}: ${entryCount} files, ${Math.round(unpackedSize / 1024)} KiB`);
  await tryInstall('tarball', join(scratch, filename));
  await tryInstall('folder', root);
} finally {
  // A browser may still be writing into its folder when it has printed the page.
  rmSync(scratch, { recursive: true, maxRetries: 5 });
}

async function tryInstall(kind, what) {
  const project = join(scratch, kind);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }\n');
  npm(['install', what], project);
  for (const [file, text] of Object.entries(LOADS)) {
    writeFileSync(join(project, file), text);
    execFileSync(process.execPath, [file], { cwd: project, stdio: 'inherit' });
    console.log(`${kind}: ${file} loads`);
  }
  writeFileSync(join(project, 'handler.c'), HANDLER);
  writeFileSync(join(project, 'handler.mjs'), HANDLER_SERVER);
  const include = join(project, 'node_modules/millrace/include');
  execFileSync('cc', ['-shared', '-fPIC', '-I', include, 'handler.c', '-o', 'handler.so'], { cwd: project });
  execFileSync(process.execPath, ['handler.mjs'], { cwd: project, stdio: 'inherit' });
  console.log(`${kind}: a handler compiles with its header, and answers`);
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  for (const [file, text] of Object.entries(TYPED)) writeFileSync(join(project, file), text);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    ...Object.keys(TYPED),
  ];
  execFileSync(process.execPath, [tsc, ...options], { cwd: project, stdio: 'inherit' });
  console.log(`${kind}: ${Object.keys(TYPED).join(', ')} compile`);
  await tryServe(kind, project);
}

/** `npx millrace serve`, and its listing as a browser shows it. */
async function tryServe(kind, project) {
  const site = join(project, 'site');
  mkdirSync(join(site, 'pictures'), { recursive: true });
  writeFileSync(join(site, 'a & b.txt'), 'hello\n');
  // --no-install: what is asked for is what has been installed, and nothing from the registry. A group of its own, so
  // that the signal reaches the server behind npx too.
  const args = ['--no-install', 'millrace', 'serve', site, '--listing', '--port', '0'];
  const server = spawn('npx', args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = once(server, 'close');
  try {
    const url = await printedUrl(server);
    const text = await (await fetch(`${url}a%20%26%20b.txt`)).text();
    if (text !== 'hello\n') throw new Error(`the file came as ${JSON.stringify(text)}`);
    const shown = shownByBrowser(url, join(project, 'browser'));
    if (shown !== undefined && !(shown.includes('a &amp; b.txt') && shown.includes('./pictures/'))) {
      throw new Error(`the browser shows ${shown}`);
    }
    console.log(
      `${kind}: npx millrace serve works, ${shown === undefined ? 'no browser here' : 'also in Chromium'}`,
    );
  } finally {
    process.kill(-server.pid, 'SIGTERM');
    await ended;
  }
}

async function printedUrl(server) {
  let printed = '';
  for await (const piece of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += piece;
    const found = /http:\S+\//.exec(printed);
    if (found === null) continue;
    server.stdout.resume();
    return found[0];
  }
  throw new Error(`millrace serve ended: ${printed}`);
}

/** The page when it has been loaded; undefined without Chromium. */
function shownByBrowser(url, folder) {
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  const headless = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`];
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 };
    return execFileSync('chromium', [...headless, ...quiet, '--dump-dom', url], options);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
