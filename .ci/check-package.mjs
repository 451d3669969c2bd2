// check-package.mjs: packs millrace, installs it into empty projects as users do, and loads it both ways.

import { execFileSync } from 'node:child_process';
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
const server: Server = createServer({ limits: { bodyBytes: 1024 } });
server.post('/:name', async (req: HttpRequest, res) => {
  const body: Buffer = await req.buffer();
  res.status(201).json({ name: req.params['name'], bytes: body.length });
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
  tryInstall('tarball', join(scratch, filename));
  tryInstall('folder', root);
} finally {
  rmSync(scratch, { recursive: true });
}

function tryInstall(kind, what) {
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
}
