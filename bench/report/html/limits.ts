// limits.ts: what must not be read out of the figures.

import { html, type Markup } from './markup.js';

export function limitsSection(cores: number): Markup {
  return html`<section id="limits">
    <h2>What these figures do not show</h2>
    <ul>
      <li>
        <b>No network.</b> Everything goes over the loopback interface: no loss, no round-trip time, no
        interrupts of a network card. What a request costs on a real network is more, for every server alike,
        so ratios come nearer to 1.
      </li>
      <li>
        <b>Client and server share the machine,</b> here ${cores} ${cores === 1 ? 'core' : 'cores'}, and what
        the client takes the server lacks. CPU a request bears that well; requests a second and latency do
        not. Where the client was at its limit, it says so.
      </li>
      <li>
        <b>Latency at full load is mostly the queue</b> that the client’s own connections form. Only scenarios
        with an open loop, which send on schedule, say what a user would wait.
      </li>
      <li>
        <b>One machine, one hour.</b> An interval says how far the median may lie from what more rounds of the
        same hour on the same machine would give. It knows nothing of other processors, kernels and versions
        of Node.js. Of 5 to 11 rounds, a bootstrap interval contains the true median in 88 to 94 of 100 cases
        rather than in 95; the verdicts go by another test, which keeps what it promises.
      </li>
      <li>
        <b>User and system are estimates.</b> The kernel looks 100 times a second at what runs; the sum is
        exact, how it is split is not. System calls are not counted: whatever counts them slows them down.
      </li>
      <li>
        <b>Little work in the handlers.</b> Where an application computes for a millisecond, or waits for a
        database, the server’s share of a request vanishes, and so do most of these differences.
      </li>
      <li><b>Neither TLS nor slow clients,</b> and no clients that behave badly.</li>
    </ul>
  </section> `;
}
