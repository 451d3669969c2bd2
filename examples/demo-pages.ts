// demo-pages.ts: the pages of the demo. Each is one string with its style, its script and its pictures inside.

/** A mill wheel in its water. */
const WHEEL = `<svg viewBox="0 0 64 64" aria-hidden="true"><g fill="none" stroke="currentColor" stroke-linecap="round">
<g class="wheel" stroke-width="3"><circle cx="32" cy="28" r="17"/><path stroke-width="2" d="M32 11v34M15 28h34M20 16l24 24M44 16
20 40"/><path stroke-width="5" stroke-linecap="butt" d="M32 3v10M32 43v10M7 28h10M47 28h10M14.3 10.3l7.1 7.1M42.6 38.6l7.1
 7.1M49.7 10.3l-7.1 7.1M21.4 38.6l-7.1 7.1"/><circle cx="32" cy="28" r="4" fill="currentColor"/></g>
<path stroke-width="4" opacity=".55" d="M3 57q7.3-7 14.5 0t14.5 0 14.5 0 14.5 0"/></g></svg>`;

const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(WHEEL.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg" color="#0b7285"'));

const STYLE = `
:root{color-scheme:light dark;--ground:#f4f7f8;--card:#fff;--line:#d9e2e5;--text:#14262c;--soft:#526870;--water:#0b7285;
 --on-water:#fff;--glow:#e3f1f4}
@media(prefers-color-scheme:dark){:root{--ground:#0e1619;--card:#162126;--line:#2a3a41;--text:#e4eef1;--soft:#93a8b0;
 --water:#4dc3d8;--on-water:#06222a;--glow:#15323a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.55 system-ui,sans-serif}
main{max-width:58rem;margin:0 auto;padding:2.5rem 1.25rem 3rem}
header{display:flex;align-items:center;gap:1rem;margin-bottom:1.25rem}
header svg{flex:none;width:3.75rem;color:var(--water)}
@media(prefers-reduced-motion:no-preference){header .wheel{transform-origin:32px 28px;animation:turn 24s linear infinite}
 @keyframes turn{to{transform:rotate(1turn)}}}
h1{margin:0;font-size:2.1rem;line-height:1.1;letter-spacing:-.02em}
h2{margin:0 0 .9rem;font-size:1.05rem}
p{margin:0 0 1rem;max-width:44rem}
a{color:var(--water)}
header p,.soft{margin:0;color:var(--soft)}
section{margin-top:1.5rem;padding:1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
section>:last-child{margin-bottom:0}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.75rem;margin:0 0 1rem}
dl div{padding:.7rem .9rem;background:var(--glow);border-radius:.5rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}
.chart{display:block;width:100%;height:4.5rem;margin-bottom:.5rem;color:var(--water);border-bottom:1px solid var(--line)}
label{display:block;margin-bottom:.4rem}
textarea{display:block;width:100%;min-height:5rem;padding:.6rem .75rem;color:inherit;background:var(--ground);
 border:1px solid var(--line);border-radius:.5rem;font:inherit;resize:vertical}
button{margin:.75rem 0 1rem;padding:.55rem 1.3rem;color:var(--on-water);background:var(--water);border:0;
 border-radius:.5rem;font:inherit;font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.08)}
:is(a,button,textarea):focus-visible{outline:3px solid var(--water);outline-offset:2px}
.threads{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.75rem}
.threads div{display:grid;padding:.6rem .9rem;border:1px solid var(--line);border-left:.3rem solid var(--line);
 border-radius:.5rem}
.threads .running{border-left-color:var(--water)}
.threads .busy,.threads .stalled{border-left-color:#e8590c}
.threads .name{font-weight:600}
.threads .state{color:var(--soft)}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
pre{margin:0;padding:.8rem 1rem;background:var(--ground);border:1px solid var(--line);border-radius:.5rem;
 white-space:pre-wrap}
ul{margin:0;padding-left:1.2rem}
`;

const HOME = (thread: number): string => `
<p>This page was made by JavaScript, in handler thread <strong>${thread}</strong>. The connection, the parsing of your
request, its time-outs and the sending of the answer belong to a native thread; which handler thread gets a request is
decided when one is free.</p>
<section>
<h2>Put some to sleep</h2>
<p class="soft"><code>/sleep</code> blocks the thread that gets it for five seconds. The others go on: watch what
<code>/</code> takes meanwhile.</p>
<p><button id="sleep" type="button">Send one to sleep</button></p>
<dl>
<div><dt>Asleep</dt><dd id="asleep">0</dd></div>
<div><dt>GET / takes</dt><dd id="takes">–</dd></div>
<div><dt>Longest</dt><dd id="longest">–</dd></div>
</dl>
<div class="threads" id="threads"></div>
</section>
<section>
<h2>Live figures</h2>
<dl>
<div><dt>Requests / s</dt><dd id="rate">–</dd></div>
<div><dt>Answered</dt><dd id="answered">–</dd></div>
<div><dt>Connections</dt><dd id="open">–</dd></div>
<div><dt>Bytes sent</dt><dd id="sent">–</dd></div>
</dl>
<svg class="chart" viewBox="0 0 600 72" preserveAspectRatio="none" role="img" aria-label="Requests a second, last minute">
<path id="area" fill="currentColor" opacity=".15"/>
<path id="curve" fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>
<p class="soft" id="note">The last minute, from <a href="/stats">/stats</a>. This page asks once a second.</p>
</section>
<section>
<h2>Echo</h2>
<form method="post" action="/echo" enctype="text/plain">
<label for="message">Post something to <code>/echo</code>, and it comes back.</label>
<textarea id="message" name="message" required>Hello from the mill race: äöü €</textarea>
<button>Post it</button>
</form>
<pre>curl --data 'hello' <span class="origin">http://127.0.0.1:8080</span>/echo
wrk -c 64 -d 10 <span class="origin">http://127.0.0.1:8080</span>/</pre>
</section>
<section>
<h2>Also here</h2>
<ul>
<li><a href="/stats">/stats</a>: the server’s figures as JSON</li>
<li><a href="/sleep?ms=1000">/sleep?ms=1000</a>: this page, after a second of sleep</li>
<li><a href="/healthz">/healthz</a>: answered by the native thread, whoever sleeps</li>
<li><a href="/nothing/here">/nothing/here</a>: the page that answers what no route matches</li>
</ul>
</section>
<script>
const byId = (id) => document.getElementById(id);
for (const span of document.querySelectorAll('.origin')) span.textContent = location.origin;
const note = byId('note').innerHTML;
const SECONDS = 60, rates = [];
let last;

function bytes(n) {
  for (const unit of ['B', 'KB', 'MB', 'GB']) {
    if (n < 1000) return (unit === 'B' ? n : n.toFixed(1)) + ' ' + unit;
    n /= 1000;
  }
  return n.toFixed(1) + ' TB';
}
function draw() {
  const top = Math.max(10, ...rates);
  const at = (rate, i) => ((SECONDS - rates.length + i) * 600 / (SECONDS - 1)).toFixed(1) + ' ' + (70 - 66 * rate / top).toFixed(1);
  const line = 'M' + rates.map(at).join('L');
  byId('curve').setAttribute('d', line);
  byId('area').setAttribute('d', line + 'L600 72L' + ((SECONDS - rates.length) * 600 / (SECONDS - 1)).toFixed(1) + ' 72Z');
}
async function refresh() {
  try {
    const stats = await (await fetch('/stats')).json(), now = performance.now();
    const answered = stats.requests.answered;
    if (last !== undefined && answered >= last.answered) {
      const rate = (answered - last.answered) * 1000 / (now - last.now);
      rates.push(rate);
      if (rates.length > SECONDS) rates.shift();
      byId('rate').textContent = Math.round(rate).toLocaleString('en');
      draw();
    }
    last = { answered, now };
    byId('answered').textContent = answered.toLocaleString('en');
    byId('open').textContent = stats.connections.open.toLocaleString('en');
    byId('sent').textContent = bytes(stats.bytes.sent);
    showThreads(stats.threads);
    byId('note').innerHTML = note;
  } catch {
    byId('note').textContent = 'The server does not answer. Asking again.';
  }
  setTimeout(refresh, 1000);
}
refresh();

let asleep = 0, longest = 0;
byId('sleep').addEventListener('click', async () => {
  byId('asleep').textContent = ++asleep;
  try {
    // A name of its own: browsers send the same request twice only when the first is answered.
    await (await fetch('/sleep?for=' + Math.random())).text();
  } catch {}
  byId('asleep').textContent = --asleep;
});
async function ask() {
  const began = performance.now();
  try {
    await (await fetch('/?' + Math.random())).text();
    const ms = performance.now() - began;
    longest = Math.max(longest, ms);
    byId('takes').textContent = ms.toFixed(1) + ' ms';
    byId('longest').textContent = longest.toFixed(0) + ' ms';
  } catch {
    byId('takes').textContent = '–';
  }
  setTimeout(ask, 250);
}
ask();
function showThreads(threads) {
  byId('threads').replaceChildren(...threads.map(({ thread, state, taken, outstanding }) => {
    const box = document.createElement('div');
    box.className = outstanding > 0 ? 'busy' : state;
    const line = (text, name) => {
      const element = document.createElement('span');
      element.textContent = text;
      element.className = name;
      return element;
    };
    box.append(line('Thread ' + thread, 'name'), line(outstanding > 0 ? 'busy' : state === 'running' ? 'free' : state, 'state'),
      line(taken.toLocaleString('en') + ' taken', 'soft'));
    return box;
  }));
}
</script>`;

export function homePage(thread: number): string {
  return page('millrace', 'An HTTP server for Node.js on native threads', HOME(thread));
}

export function notFoundPage(method: string, path: string): string {
  const request = escapeHtml(`${method} ${path}`);
  return page(
    '404: nothing here',
    'The server answers, but not to this.',
    `<section><h2>No route matches</h2><pre>${request}</pre></section><p style="margin-top:1.5rem"><a href="/">To the start</a></p>`,
  );
}

function page(title: string, subtitle: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main>
<header>${WHEEL}<div><h1>${title}</h1><p>${subtitle}</p></div></header>
${content}
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
