// report-page.test.ts: the report as a page: well-formed, complete, safe, alone, and legible.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Figures } from '../../bench/figures.js';
import { formatServer } from '../../bench/report/format.js';
import { html } from '../../bench/report/html/markup.js';
import { pageOf } from '../../bench/report/html/page.js';
import { STYLE } from '../../bench/report/html/style.js';
import { figuresOfAll, figuresOfOne, MACHINE, samplesOf } from './made-up-figures.js';

const ALL = figuresOfAll();
const PAGE = pageOf(ALL);

/** Elements of HTML that never have an end tag. */
const VOID = new Set(['meta', 'br', 'hr', 'img', 'link', 'input']);

/** What is wrong with the nesting; null where nothing is. */
function whatIsWrong(page: string): string | null {
  const body = page.replace(/^<!doctype html>/, '').replace(/<style>[^<]*<\/style>/, '');
  const open: string[] = [];
  // Whatever is not a tag with quoted attributes must not contain what begins or ends one.
  const token = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<>]*")*)\s*(\/?)>|[^<>]+|[<>]/gi;
  for (const [text, close, name, , alone] of body.matchAll(token)) {
    if (text === '<' || text === '>') return `a bare ${text}`;
    if (name === undefined) {
      if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) return `a bare & in ${text}`;
    } else if (close) {
      const last = open.pop();
      if (last !== name) return `</${name}> where </${last}> is due`;
    } else if (!alone && !VOID.has(name)) open.push(name);
  }
  return open.length > 0 ? `<${open.join('> <')}> never ends` : null;
}

test('the check of the nesting finds what is wrong', () => {
  assert.equal(whatIsWrong('<!doctype html><p class="a">b &amp; c<br></p>'), null);
  for (const bad of [
    '<p>',
    '<p></b></p>',
    '<b><i></b></i>',
    'a < b',
    '<p title=a>b</p>',
    'a & b',
    '<p>a</p></p>',
  ])
    assert.notEqual(whatIsWrong(bad), null, bad);
});

test('the page of all scenarios is well-formed, and so is one of none', () => {
  assert.equal(whatIsWrong(PAGE), null);
  assert.equal(whatIsWrong(pageOf({ ...ALL, results: [] })), null);
});

test('every scenario is there, with every server and a verdict for every claim', () => {
  for (const { scenario, judgements, servers } of ALL.results) {
    const section = sectionOf(scenario);
    assert.match(section, /<svg|<table/);
    for (const name of servers) assert.ok(section.includes(formatServer(name)), `${scenario}: ${name}`);
    assert.ok(PAGE.includes(`href="#${scenario}"`));
    for (const { claim } of judgements) assert.ok(PAGE.includes(html`${claim.label}`.text), claim.label);
  }
  const verdicts = ALL.results.flatMap(({ judgements }) => judgements);
  assert.equal(PAGE.match(/data-is="bound"/g)?.length, verdicts.length);
  assert.ok(PAGE.includes('What these figures do not show'));
});

function sectionOf(scenario: string): string {
  const from = PAGE.indexOf(`<section id="${scenario}">`);
  assert.ok(from > 0, `there is no section ${scenario}`);
  return PAGE.slice(from, PAGE.indexOf('</section>', from));
}

test('a claim with a server beside it tells what that one would be told', () => {
  assert.match(
    PAGE,
    /<small>the floor (keeps it|misses it as well|has it within its spread): [^<]*<\/small>/,
  );
});

test('scenarios under load have all three charts', () => {
  for (const scenario of ['hello', 'order', 'file-1k'])
    assert.equal(sectionOf(scenario).match(/<svg /g)?.length, 3, scenario);
});

test('no id is there twice, and every link within the page leads somewhere', () => {
  const ids = [...PAGE.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of PAGE.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target!), target);
});

test('the machine, the system, the commit and the command stand on top', () => {
  const { cpu, kernel, node, commit, date, client } = MACHINE;
  for (const text of [cpu, kernel, node, commit, date, client, ALL.asked])
    assert.ok(PAGE.includes(text), text);
});

test('nothing is fetched and nothing is run', () => {
  assert.doesNotMatch(PAGE, /<script|<link|<iframe|<img|\ssrc=|@import|url\(|\son[a-z]+=|https?:/i);
  for (const [, target] of PAGE.matchAll(/href="([^"]+)"/g)) assert.match(target!, /^(#|figures\.json$)/);
});

test('no figure is NaN, undefined or infinite', () => {
  assert.doesNotMatch(PAGE, /NaN|undefined|Infinity|null|\[object/);
});

test('a server that was not measured, and figures of 0, leave gaps and nothing worse', () => {
  const zeros = samplesOf('p50', [0, 0, 0, 0, 0]);
  for (const page of [
    pageOf(figuresOfOne('p50', zeros, zeros)),
    pageOf(figuresOfOne('serverCpu', samplesOf('serverCpu', [1, 2, 3, 4, 5]), [])),
    pageOf(figuresOfOne('serverCpu', [], [])),
    pageOf(
      figuresOfOne(
        'serverCpu',
        samplesOf('serverCpu', [0, 0, 0, 0, 0]),
        samplesOf('serverCpu', [0, 0, 0, 0, 0]),
      ),
    ),
  ]) {
    assert.equal(whatIsWrong(page), null);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  }
});

test('what comes from outside is text, wherever it stands', () => {
  const bad = `<script>alert("1")</script> & 'more'`;
  const samples = samplesOf('serverCpu', [1, 2, 3, 4, 5]).map((sample) => ({ ...sample, problem: bad }));
  const made = figuresOfOne('serverCpu', samples, samples, { title: bad, failure: bad });
  const figures: Figures = {
    ...made,
    asked: bad,
    machine: { ...MACHINE, cpu: bad, commit: bad },
    results: made.results.map((result) => ({ ...result, scenario: bad, notes: [bad] })),
  };
  const page = pageOf(figures);
  assert.doesNotMatch(page, /<script|alert\("/);
  assert.ok(page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;'));
  assert.equal(whatIsWrong(page), null);
});

/** Of a character of 12 px, by measure: digits 7.6, letters mostly less. The chart is 340 wide. */
const CHARACTER = 6.4;

test('labels and values of charts do not meet', () => {
  let lines = 0;
  const line =
    /<text x="0" y="([\d.]+)">([^<]*)<\/text\s*>\s*<text class="value" x="340" y="\1">([^<]*)<\/text/g;
  for (const [, , label = '', value = ''] of PAGE.matchAll(line)) {
    lines += 1;
    assert.ok((label.length + value.length + 1) * CHARACTER < 340, `${label} ${value}`);
  }
  assert.ok(lines > 60, `${lines} lines`);
});

test('nothing is drawn outside of its chart', () => {
  for (const [, width, height, inside] of PAGE.matchAll(/<svg\s+viewBox="0 0 (\d+) (\d+)"([^]*?)<\/svg>/g)) {
    for (const [, name, text] of inside!.matchAll(/\s(x|y|cx|cy|width|height)="(-?[\d.]+)"/g)) {
      const most = Number(/x|width/.test(name!) ? width : height);
      assert.ok(Number(text) >= 0 && Number(text) <= most, `${name} of ${text} in ${width} x ${height}`);
    }
  }
});

/** WCAG 2.2, 1.4.3: text below 18 pt. */
const LEAST_CONTRAST = 4.5;

test('text has contrast enough on both backgrounds, in both schemes', () => {
  const schemes = [...STYLE.text.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) => coloursIn(rules!));
  assert.equal(schemes.length, 2);
  for (const colours of schemes)
    for (const text of ['ink', 'quiet', 'link', 'good', 'bad', 'doubt'])
      for (const paper of ['paper', 'card']) {
        const ratio = contrast(colours.get(text)!, colours.get(paper)!);
        assert.ok(ratio >= LEAST_CONTRAST, `${text} on ${paper}: ${ratio.toFixed(2)}`);
      }
});

function coloursIn(rules: string): Map<string, string> {
  return new Map(
    [...rules.matchAll(/--([a-z]+): (#[0-9a-f]+)/g)].map(([, name, colour]) => [name!, colour!]),
  );
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.replace(/[0-9a-f]/g, '$&$&') : colour;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
