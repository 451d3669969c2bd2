// style.ts: the style sheet of the report: light and dark, from a phone's width on.

import { Markup } from './markup.js';

export const STYLE = new Markup(`
:root { color-scheme: light dark;
  --paper: #fff; --card: #f6f8fa; --ink: #1b2330; --quiet: #57616f; --line: #d6dce4; --link: #0a58b5;
  --accent: #0a63c9; --soft: #9cc6f2; --user: #b4690e; --system: #e5c08a;
  --good: #17713a; --bad: #b3261e; --doubt: #855500; --mark: #b3261e; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #10151c; --card: #181f28; --ink: #e5eaf1; --quiet: #9fabb9; --line: #313b48; --link: #74b3ff;
  --accent: #5ea9ff; --soft: #2c5f96; --user: #e0a04c; --system: #77552a;
  --good: #5ccf90; --bad: #ff8a80; --doubt: #e8b94f; --mark: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { margin: .5rem 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 0 0 .25rem; font-size: 1.25rem; }
section { margin-top: 2.5rem; }
p { margin: .25rem 0; }
a { color: var(--link); }
small { font-size: .8rem; }
.title, .note { color: var(--quiet); }
.goal, .holds { color: var(--good); }
.misses { color: var(--bad); }
.unclear { color: var(--doubt); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .5rem 0; padding: 0; list-style: none; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-weight: 400; vertical-align: bottom; }
tbody th { font-weight: 400; }
th small, td small { display: block; color: var(--quiet); }
td small b { color: var(--ink); }
td small span { white-space: nowrap; }
.wide { overflow-x: auto; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: .75rem 0;
  padding: 0; list-style: none; }
.counts li { padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
.counts b { font-size: 1.4rem; }
.counts small { display: block; color: var(--quiet); }
.verdicts td:last-child { font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem; margin: 1rem 0; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); min-width: 0; }
figcaption { margin-bottom: .5rem; font-size: .85rem; color: var(--quiet); }
figcaption b { margin-right: .75rem; font-weight: 600; color: var(--ink); }
.key { display: inline-block; margin-right: .75rem; white-space: nowrap; }
.key i { display: inline-block; width: .7em; height: .7em; margin-right: .3em; border-radius: 2px; background: currentColor; }
figure svg { display: block; width: 100%; max-width: 26rem; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg .value { text-anchor: end; font-weight: 600; font-variant-numeric: tabular-nums; }
svg .tick { fill: var(--quiet); font-size: 11px; text-anchor: middle; }
svg path { fill: none; stroke-width: 1; }
svg .grid { stroke: var(--line); }
svg .strong { stroke: var(--quiet); }
svg .interval { stroke: var(--accent); stroke-width: 4; stroke-linecap: round; stroke-opacity: .45; }
svg .bound { stroke: var(--mark); stroke-width: 1.5; }
svg .dot { fill: var(--accent); }
svg .js { fill: var(--accent); } svg .other { fill: var(--soft); }
svg .user { fill: var(--user); } svg .system { fill: var(--system); }
i.js, i.dot { background: var(--accent); } i.other { background: var(--soft); } i.bound { background: var(--mark); }
i.user { background: var(--user); } i.system { background: var(--system); }
i.dot { border-radius: 50%; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); }
@media (min-width: 40rem) {
  .figures small { display: inline-block; width: 9.5rem; margin-left: .75rem; text-align: left; }
  .figures .reference { padding-right: 10.75rem; }
  .figures .reference:last-child { padding-right: 10.25rem; }
}
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
  .figures { font-size: .85rem; } .figures small { font-size: .75rem; }
  .figures th, .figures td { padding-left: .25rem; padding-right: .25rem; }
  .figures tbody th { width: 32%; }
  .verdicts thead { display: none; }
  .verdicts tr { display: grid; grid-template-columns: 3fr 4fr 3fr; gap: .1rem .75rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .verdicts th, .verdicts td { padding: 0; border: 0; text-align: left; }
  .verdicts th { grid-column: 1 / -1; }
  .verdicts td { white-space: nowrap; }
  .verdicts td[data-is]::before { content: attr(data-is); display: block; font-size: .8rem; color: var(--quiet); }
  .verdicts .distance { grid-column: span 2; }
  .verdicts tr > :last-child { grid-column: 3; }
}
`);
