// open-servers.ts: ends the native threads of this environment's servers when the process exits.
//
// In the main thread Node runs no cleanup hook after process.exit(), an uncaught error or a fatal signal handler's exit;
// `exit` listeners it does run. In workers the addon's own hook does the same.

interface Stoppable {
  stop(): unknown;
}

const open = new Set<Stoppable>();

function stopAll(): void {
  for (const server of open) server.stop();
}

export function opened(server: Stoppable): void {
  if (open.size === 0) process.on('exit', stopAll);
  open.add(server);
}

export function closed(server: Stoppable): void {
  open.delete(server);
  if (open.size === 0) process.off('exit', stopAll);
}
