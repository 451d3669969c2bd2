// check-package.mjs: packs millrace, installs it into empty projects as users do, and loads it both ways.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
}
