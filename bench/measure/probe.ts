// probe.ts: one request before measuring, so that servers which answer differently are never compared.

import { request } from 'node:http';

export interface Probe {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body that every server must answer with, byte for byte. */
  readonly expected: string;
}

/** @throws Error when the server answers with anything but 200 and the expected body. */
export async function checkAnswer(port: number, probe: Probe): Promise<void> {
  const { status, body } = await ask(port, probe);
  if (status !== 200 || body !== probe.expected)
    throw new Error(
      `answered ${status} ${JSON.stringify(body)}, expected 200 ${JSON.stringify(probe.expected)}`,
    );
}

function ask(port: number, probe: Probe): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, headers = {} } = probe;
    // `agent: false` closes the connection after the answer: nothing of the probe is left when measuring begins.
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, body });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(probe.body);
  });
}
