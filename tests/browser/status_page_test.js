// Proves that the status page shows rings of 1, 3 and 7 nodes as they are and as they change, and lets one look through
// the keys, put, open and delete them; that no key can act in it; and that it does so on a phone, in the dark, by
// keyboard, without a script, and without a word on the console or a request to another host.
// How: real nodes on free ports, the page in a headless Chromium; each wait is for a condition, 30 s at most.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, PHONE } from './browser.js';
import { startRing, until } from './nodes.js';

const programs = process.env.MYDHT_PROGRAMS ?? `${dirname(new URL(import.meta.url).pathname)}/../../build/bin`;
let browser;
let ring; // of three; every test leaves it whole

before(async () => {
  [browser, ring] = await Promise.all([launch(), startRing(programs, 3)]);
});

after(async () => {
  await browser?.close();
  await ring?.end();
});

/** Opens a page for one test, and closes it. */
async function withPage(node, options, use) {
  const page = await open(browser, node, options);
  try {
    await use(page);
  } finally {
    await page.context().close();
  }
}

function assertQuiet(page) {
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.strangers, []);
}

const health = (page, text) => page.locator('#health-line').filter({ hasText: text }).waitFor();
const nodeRow = (page, node) => page.locator('#nodes tbody tr').filter({ hasText: node.name });
const keyLink = (page, text) => page.locator('#keys td.key a').filter({ hasText: text });

async function search(page, prefix, where) {
  if (where) await page.getByLabel(where).check();
  await page.getByLabel('Begins with').fill(prefix);
}

/** The keys that the table shows, once they are what is wanted. */
async function showsKeys(page, wanted) {
  let shown;
  const same = async () => {
    shown = await page.locator('#keys td.key').allTextContents();
    return JSON.stringify(shown) === JSON.stringify(wanted);
  };
  await until(`keys ${wanted}`, same).catch((error) => assert.deepEqual(shown, wanted, error.message));
}

/** Drops a file on the page, as a file manager does. */
async function drop(page, name, content, type = 'text/plain') {
  const dataTransfer = await page.evaluateHandle(([file, text, kind]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], file, { type: kind }));
    return transfer;
  }, [name, content, type]);
  await page.dispatchEvent('main', 'dragenter', { dataTransfer });
  await page.locator('#drop').waitFor();
  await page.dispatchEvent('main', 'drop', { dataTransfer });
  await page.locator('#drop').waitFor({ state: 'hidden' });
}

async function openDetails(page, text) {
  await page.locator('#keys tbody tr').filter({ hasText: text }).getByRole('button', { name: 'Details' }).click();
  await page.locator('tr.detail').waitFor();
}

async function valueOf(node, key) {
  const answer = await fetch(`${node.url}/_mydht/value?key=${encodeURIComponent(key)}`);
  return answer.ok ? answer.text() : answer.status;
}

test('OneNodeSaysThatItIsAlone', async () => {
  const one = await startRing(programs, 1);
  try {
    await withPage(one.nodes[0], {}, async (page) => {
      await health(page, 'one copy of the 3 that you want');
      assert.equal(await page.locator('#ring g.share').count(), 1);
      assert.equal(await page.locator('#nodes tbody tr').count(), 1);
      await page.getByText('No keys on this node yet').waitFor();
      assertQuiet(page);
    });
  } finally {
    await one.end();
  }
});

test('ThreeNodesStandInTheDrawingAndInTheTable', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    await health(page, 'Every key has all its 3 copies.');
    assert.equal(await page.locator('#ring g.share').count(), 3);
    await page.locator('#ring .keys-of').waitFor({ state: 'attached' });
    for (const node of ring.nodes) {
      const row = nodeRow(page, node);
      await row.getByText('serves').waitFor();
      assert.match(await row.textContent(), /33\s%/);
      await row.locator('td.view code').waitFor();
      await row.locator('td.version').filter({ hasText: /^\d+\.\d+/ }).waitFor();
      for (const label of ['Keys', 'Size', 'Up', 'Clock']) {
        await row.locator(`td[data-label=${label}]`).filter({ hasText: /\d/ }).waitFor();
      }
    }
    const views = new Set(await page.locator('#nodes td.view code').allTextContents());
    assert.equal(views.size, 1);
    await nodeRow(page, ring.nodes[1]).getByRole('link').click();
    await page.waitForURL(`${ring.nodes[1].url}/`);
    await page.locator('#link[data-level=good]').waitFor();
    assert.equal(await page.locator('#self').textContent(), ring.nodes[1].name);
    assert.deepEqual(page.complaints, []);
  });
});

test('SevenNodesShareTheRingEvenly', async () => {
  const seven = await startRing(programs, 7);
  try {
    await withPage(seven.nodes[6], {}, async (page) => {
      await health(page, 'Every key has all its 3 copies.');
      assert.equal(await page.locator('#ring g.share').count(), 7);
      await until('seven shares', async () => {
        const shares = await page.locator('#nodes td.share-cell').allTextContents();
        return shares.length === 7 && shares.every((share) => /^1[345]\s%/.test(share));
      });
      assertQuiet(page);
    });
  } finally {
    await seven.end();
  }
});

test('ANodeThatDiesAndComesBackIsSeenWhileOneLooks', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    await health(page, 'Every key has all its 3 copies.');
    const [, dying] = ring.nodes;
    await dying.end();
    await health(page, `${dying.name} does not answer`);
    await nodeRow(page, dying).getByText('down', { exact: true }).waitFor();
    await page.locator('#ring g.is-silent').waitFor({ state: 'attached' });
    await dying.start();
    await health(page, 'Every key has all its 3 copies.');
    await nodeRow(page, dying).getByText('serves').waitFor();
    assertQuiet(page);
  });
});

test('ANodeThatMissedKeysIsGivenThemAndTheLineOnTopSaysSo', async () => {
  const four = await startRing(programs, 4);
  try {
    const [asked, , , away] = four.nodes;
    await withPage(asked, {}, async (page) => {
      await health(page, 'Every key has all its 3 copies.');
      // Whatever the line says from here on, it must not say that all is well before it is.
      await page.evaluate(() => {
        window.lines = [];
        new MutationObserver(() => window.lines.push(document.getElementById('health-line').textContent))
          .observe(document.getElementById('health'), { subtree: true, childList: true, characterData: true });
      });
      await away.end();
      await health(page, `${away.name} does not answer`);
      await health(page, 'of all, lack a copy');
      const lately = page.locator('#lately li');
      await lately.filter({ hasText: `${away.name} does not answer` }).waitFor();
      for (let i = 0; i < 60; i += 1) await asked.put(`missed/${i}`, `value ${i}`);
      await away.start();
      await health(page, 'Every key has all its 3 copies.');
      const isGood = (line) => line.startsWith('Every key');
      const all = await page.evaluate(() => window.lines);
      const lines = all.slice(all.findIndex((line) => !isGood(line)));  // it may be said again before the node has gone
      assert.equal(lines.findIndex(isGood), lines.length - 1, String(all));
      const kept = await until('every copy', async () => {
        const rings = await Promise.all(four.nodes.map((node) => node.get('/_mydht/status')));
        return rings.reduce((sum, ring) => sum + ring.keys, 0) === 3 * 60;
      }, 1000);
      assert.ok(kept);
      await lately.filter({ hasText: `${away.name} answers again` }).waitFor();
      assertQuiet(page);
    });
  } finally {
    await four.end();
  }
});

test('ThePageSaysThatItHasLostItsNodeAndRecovers', async () => {
  await withPage(ring.nodes[2], {}, async (page) => {
    const [, , own] = ring.nodes;
    await own.end();
    await health(page, `This page has lost ${own.name}`);
    await page.getByText('lost, trying again').waitFor();
    await own.start();
    await health(page, 'Every key has all its 3 copies.');
    await page.locator('#link[data-level=good]').waitFor();
    assert.equal(await page.locator('body.is-lost').count(), 0);
    // Chromium itself tells each connection that it could not make.
    assert.deepEqual(page.complaints.filter((text) => !/net::ERR_|503/.test(text)), []);
    assert.deepEqual(page.strangers, []);
  });
});

const HOSTILE = ['<script>window.hacked = 1</script>', '"><img src=x onerror=window.hacked=2>', "it's \"quoted\"", ' blanks at the ends ',
  '100%', '%2e%2e/', '../up', './here', '/leading', 'a//b', 'what?&key=x#y', 'a+b', 'Grüße/日本語 🐟', 'a\nb\tc\u0000d', '\u202eright to left'];

test('HostileKeysShowAndOpenRight', async () => {
  const bytes = { encoded: 'hostile%2Fraw%FF%FE' };
  for (const key of HOSTILE) await ring.nodes[0].put(`hostile/${key}`, `value of ${key}`);
  for (const key of HOSTILE) await ring.nodes[0].put(key, `value of ${key}`);
  await ring.nodes[0].put(bytes, 'value of bytes');
  await withPage(ring.nodes[1], {}, async (page) => {
    page.on('dialog', () => assert.fail('a key opened a dialog'));
    await search(page, 'hostile/', 'Whole ring');
    await page.locator('#keys tbody tr').nth(HOSTILE.length).waitFor();
    await search(page, '');
    const rows = 2 * HOSTILE.length + 1;
    await page.getByLabel('Rows').selectOption('100');
    await until('all keys', async () => (await page.locator('#keys td.key a').count()) >= rows);
    const found = await page.evaluate(async () => {
      const values = [];
      for (const link of document.querySelectorAll('#keys td.key a')) values.push(await (await fetch(link.href)).text());
      return values;
    });
    for (const key of HOSTILE) assert.equal(found.filter((value) => value === `value of ${key}`).length, 2, key);
    assert.ok(found.includes('value of bytes'));
    await keyLink(page, '<script>window.hacked = 1</script>').first().waitFor();
    await keyLink(page, '␣blanks at the ends␣').first().waitFor();
    await keyLink(page, 'a\\nb\\tc\\x00d').first().waitFor();
    await keyLink(page, 'U+202Eright to left').first().waitFor();
    await keyLink(page, 'raw%FF%FE').first().waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assertQuiet(page);
  });
});

test('StoredPagesCannotActInTheOriginOfThePage', async () => {
  const script = '<script>document.title = "it ran"; fetch("/stolen", {method: "PUT", body: document.cookie})</script>';
  await ring.nodes[0].put('evil.html', `<!DOCTYPE html><title>evil</title>${script}<p id="there">there</p>`, 'text/html');
  await withPage(ring.nodes[0], {}, async (page) => {
    await search(page, 'evil', 'Whole ring');
    const [opened] = await Promise.all([page.context().waitForEvent('page'), keyLink(page, 'evil.html').click()]);
    await opened.locator('#there').waitFor();
    assert.equal(await opened.title(), 'evil');
    assert.equal(await valueOf(ring.nodes[0], 'stolen'), 404);
    await opened.close();
    assertQuiet(page);
  });
});

test('ADroppedFileIsStoredAndReplacedOnlyWhenOneSaysSo', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    await search(page, 'dropped/', 'Whole ring');
    await drop(page, 'näme with <b>.txt', 'first');
    await page.locator('#uploads').getByText('Stored').waitFor();
    await showsKeys(page, ['dropped/näme with <b>.txt']);
    assert.equal(await valueOf(ring.nodes[1], 'dropped/näme with <b>.txt'), 'first');
    await drop(page, 'näme with <b>.txt', 'second');
    const again = page.locator('.upload').nth(1);
    await again.getByText('There is a value under this key already').waitFor();
    assert.equal(await valueOf(ring.nodes[1], 'dropped/näme with <b>.txt'), 'first');
    await again.getByRole('button', { name: 'Replace it' }).click();
    await again.getByText('Stored').waitFor();
    assert.equal(await valueOf(ring.nodes[1], 'dropped/näme with <b>.txt'), 'second');
    assertQuiet(page);
  });
});

test('AChosenFileIsStoredDownloadedAndDeleted', async () => {
  const content = 'x'.repeat(3_000_000);
  await withPage(ring.nodes[0], {}, async (page) => {
    await search(page, 'chosen/', 'Whole ring');
    await page.locator('#files').setInputFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
    await page.locator('#uploads').getByText(/2 of 3 copies so far|all 3 copies/).waitFor();
    await openDetails(page, 'large.bin');
    const homes = page.locator('.detail .homes a');
    await homes.nth(2).waitFor();
    const links = await homes.evaluateAll((all) => all.map((link) => link.href));
    assert.deepEqual(links.sort(), ring.nodes.map((node) => `${node.url}/chosen/large.bin`).sort());
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
    assert.equal(download.suggestedFilename(), 'large.bin');
    assert.equal(await readFile(await download.path(), 'utf8'), content);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    assert.equal(await valueOf(ring.nodes[1], 'chosen/large.bin'), content);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('No key on the ring begins with “chosen/”.').waitFor();
    assert.equal(await valueOf(ring.nodes[1], 'chosen/large.bin'), 404);
    assertQuiet(page);
  });
});

test('KeysAreSearchedPagedAndSorted', async () => {
  const names = Array.from({ length: 60 }, (_, i) => `pages/${String(i).padStart(2, '0')}`);
  await Promise.all(names.map((name, i) => ring.nodes[i % 3].put(name, 'x'.repeat(((i * 7) % 60) + 1))));
  await withPage(ring.nodes[2], {}, async (page) => {
    await search(page, 'pages/', 'Whole ring');
    await showsKeys(page, names.slice(0, 25));
    await page.getByRole('button', { name: 'Next' }).click();
    await showsKeys(page, names.slice(25, 50));
    await page.getByRole('button', { name: 'Next' }).click();
    await showsKeys(page, names.slice(50));
    assert.ok(await page.getByRole('button', { name: 'Next' }).isDisabled());
    await page.getByRole('button', { name: 'Back' }).click();
    await showsKeys(page, names.slice(25, 50));
    await page.getByLabel('Rows').selectOption('100');
    await page.getByRole('button', { name: 'Size' }).click();
    const bySize = names.map((name, i) => [name, (i * 7) % 60]).sort((a, b) => b[1] - a[1]).map(([name]) => name);
    await showsKeys(page, bySize);
    assert.equal(await page.locator('th[data-sort=size]').getAttribute('aria-sort'), 'descending');
    await page.getByRole('button', { name: 'Key', exact: true }).click();
    await search(page, 'pages/3');
    await showsKeys(page, names.slice(30, 40));
    await search(page, 'pages/none');
    await page.getByText('No key on the ring begins with “pages/none”.').waitFor();
    assertQuiet(page);
  });
});

test('ARefusalIsExplainedBesideWhatWasRefused', async () => {
  await ring.nodes[0].put('kept', 'value');
  await withPage(ring.nodes[0], {}, async (page) => {
    // As if it had come through a proxy: from another machine, while the ring has no secret.
    await page.route('**/_mydht/value?*', (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '192.0.2.7' } }));
    await page.route('**/kept', (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '192.0.2.7' } }));
    await drop(page, 'refused.txt', 'text');
    await page.locator('#uploads').getByText('this node has no secret').waitFor();
    await search(page, 'kept', 'Whole ring');
    await openDetails(page, 'kept');
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.locator('.detail .error').filter({ hasText: 'this node has no secret' }).waitFor();
    assert.equal(await valueOf(ring.nodes[0], 'kept'), 'value');
  });
});

test('WhoMayOnlyReadIsToldSoBeforehand', async () => {
  await withPage(ring.nodes[0], { extraHTTPHeaders: { Via: '1.1 proxy' } }, async (page) => {
    await page.getByText('Read only from here: this node has no secret').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Put files' }).isDisabled());
    assertQuiet(page);
  });
});

test('OnAPhoneNothingIsWiderThanTheScreen', async () => {
  await ring.nodes[0].put(`long/${'unbroken'.repeat(40)}`, 'value');
  for (const width of [PHONE.width, 320]) {
    await withPage(ring.nodes[0], { viewport: { ...PHONE, width }, hasTouch: true, isMobile: true }, async (page) => {
      await search(page, 'long/', 'Whole ring');
      await openDetails(page, 'unbroken');
      await page.locator('.detail .homes a').nth(2).waitFor();
      const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide[0] <= width && wide[1] <= width, `${wide} on ${width}`);
      // The cards are still a table for who does not see them.
      assert.equal(await page.getByRole('table', { name: 'Nodes' }).getByRole('row').count(), 4);
      assert.equal(await page.getByRole('table', { name: 'Copies and disks' }).getByRole('row').count(), 4);
      assertQuiet(page);
    });
  }
});

/** The contrast of an element's text with what is behind it (WCAG 2). */
const contrastOf = (element) => {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element;
  while (behind.parentElement && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const [low, high] = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

test('TextIsLegibleInTheDarkAndInTheLight', async () => {
  const papers = [];
  for (const colorScheme of ['light', 'dark']) {
    await withPage(ring.nodes[0], { colorScheme }, async (page) => {
      for (const place of ['#health-line', '#self', '#nodes th:nth-child(2)', '#nodes td.name a', '#put-hint', '#put-button', '.badge', '#keys-count']) {
        const contrast = await page.locator(place).first().evaluate(contrastOf);
        assert.ok(contrast >= 4.5, `${place} in the ${colorScheme}: ${contrast}`);
      }
      papers.push(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor));
      assertQuiet(page);
    });
  }
  assert.notEqual(papers[0], papers[1]);
});

test('AKeyboardReachesEverythingAndAReaderFindsItsWay', async () => {
  await ring.nodes[0].put('keyboard', 'value');
  await withPage(ring.nodes[0], {}, async (page) => {
    for (const role of ['banner', 'main', 'contentinfo', 'search']) assert.equal(await page.getByRole(role).count(), 1, role);
    await page.getByRole('img', { name: `Ring of 3 nodes: 1 ` }).waitFor();
    await page.getByRole('columnheader', { name: 'State' }).waitFor();
    assert.equal(await page.locator('#health').getAttribute('aria-live'), 'polite');
    await search(page, 'keyboard', 'Whole ring');
    await showsKeys(page, ['keyboard']);
    const reached = new Set();
    await page.locator('body').evaluate(() => document.activeElement.blur());
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        return element.getAttribute('aria-label') || element.id || element.textContent.trim();
      });
      if (at === 'Details of keyboard' && !reached.has(at)) {
        await page.keyboard.press('Enter');
        await page.locator('tr.detail').waitFor();
      }
      reached.add(at);
    }
    for (const wanted of [ring.nodes[1].name, 'prefix', 'put-button', 'keyboard', 'Details of keyboard', 'View', 'Download', 'Delete…']) {
      assert.ok(reached.has(wanted), `${wanted} is not reached: ${[...reached]}`);
    }
    assertQuiet(page);
  });
});

test('TrafficIsDrawn', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    await page.locator('#traffic svg .line').first().waitFor({ state: 'attached' });
    await page.getByRole('img', { name: /^Requests: now / }).waitFor();
    assertQuiet(page);
  });
});

test('TheIconIsTheStoredOneIfThereIsOne', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    const icon = () => page.evaluate(async () => (await fetch(document.querySelector('link[rel=icon]').href)).text());
    assert.match(await icon(), /^<svg/);
    await ring.nodes[0].put('favicon.ico', 'my own icon', 'image/x-icon');
    assert.equal(await icon(), 'my own icon');
    assertQuiet(page);
  });
});

test('WithoutAScriptTheFactsAreThere', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${ring.nodes[0].url}/`);
  for (const node of ring.nodes) await page.getByText(node.name).first().waitFor();
  assert.ok(await page.locator('#app').isHidden());
  await context.close();
});

/** A page that is told another status than the node's, for what is hard to bring about: a function changes the true one. */
async function withStatus(change, use) {
  const status = await ring.nodes[0].get('/_mydht/ring');
  change(status, status.members.filter((member) => member.id !== status.self));
  const body = JSON.stringify(status);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  await page.route('**/_mydht/events', (route) => route.fulfill({ contentType: 'text/event-stream', body: `data: ${body}\n\n` }));
  await page.route('**/_mydht/ring', (route) => route.fulfill({ contentType: 'application/json', body }));
  await page.goto(`${ring.nodes[0].url}/`);
  try {
    await use(page);
  } finally {
    await context.close();
  }
}

test('TheLineOnTopSaysWhatIsBeingDone', async () => {
  const move = { done: 4096, partitions: 16384, bytes: 1_200_000_000, bytesPerSecond: 30_000_000, secondsLeft: 40 };
  await withStatus((status, [other]) => Object.assign(other, { state: 'joining', move }), async (page) => {
    await health(page, 'The ring is changing');
    await page.locator('#health-more').filter({ hasText: '25 %, 1.2 GB at 30.0 MB/s, 40 s left' }).waitFor();
    assert.equal(await page.locator('#nodes progress').count(), 1);
    await page.locator('#ring .band-done').waitFor({ state: 'attached' });
  });
  await withStatus((status, [other]) => Object.assign(other, { state: 'leaving', move }), async (page) => {
    await page.locator('#health-more').filter({ hasText: 'hands over its keys' }).waitFor();
  });
  await withStatus((status, [other]) => Object.assign(other, { toFill: other.partitions / 2 }), async (page) => {
    await page.locator('#health-more').filter({ hasText: 'is given its copies: 50 %' }).waitFor();
  });
  await withStatus((status, others) => others.forEach((other) => Object.assign(other, { lastCallOk: false, lastError: '<b>refused</b>' })), async (page) => {
    await health(page, 'do not answer');
    await page.locator('#health[data-level=bad]').waitFor();
    await page.locator('#nodes').getByText('<b>refused</b>').first().waitFor();
  });
  await withStatus((status, [other]) => Object.assign(other, { clockOff: true, clockOffsetMicros: 300_000_000 }), async (page) => {
    await health(page, 'is off from the ring’s');
    await page.locator('#nodes td[data-label=Clock]').filter({ hasText: '+300.0 s off' }).waitFor();
  });
  await withStatus((status, [other]) => Object.assign(other.diskUse, { waiting: 2 }), async (page) => {
    await health(page, 'Damaged values on the disk of');
    await page.locator('#upkeep').getByText('2 damaged values not repaired yet').waitFor();
  });
  await withStatus((status, [other]) => Object.assign(other.diskUse, { damagedTables: 1 }), async (page) => {
    await health(page, 'The database of');
    await page.locator('#health[data-level=bad]').waitFor();
    await page.locator('#upkeep').getByText('1 table of the database damaged').waitFor();
  });
  await withStatus((status) => Object.assign(status, { trouble: 'its address belongs to another ring' }), async (page) => {
    await health(page, 'This node does not serve as it should');
  });
});

test('TheLineOnTopSaysHowMuchIsNotEqualYet', async () => {
  const said = (agreement) => (status, [other]) => Object.assign(other, { agreement: { lacking: 0, differing: 0, uncompared: 0, seconds: 60, comparedSecondsAgo: 60, ...agreement } });
  await withStatus(said({ differing: 12 }), async (page) => {
    await health(page, 'makes the copies equal');
    await page.locator('#health-more').filter({ hasText: '12 of 16 384 parts of the ring still differ, 1 min so far' }).waitFor();
    await page.locator('#health[data-level=busy]').waitFor();
  });
  await withStatus(said({ uncompared: 16384 }), async (page) => {
    await health(page, 'home nodes compare what they hold');
  });
  await withStatus(said({ lacking: 5 }), async (page) => {
    await health(page, 'gets no answer from another');
    await page.locator('#health[data-level=warn]').waitFor();
  });
  await withStatus(said({ differing: 12, seconds: 2 }), async (page) => {
    await health(page, 'Every key has all its 3 copies.');
  });
});

const upkeepRow = (page, node) => page.locator('#upkeep tbody tr').filter({ hasText: node.name });

test('CopiesAndDisksOfEachNodeAreShownAndWhatIsKeptForOneThatIsDown', async () => {
  await withPage(ring.nodes[0], {}, async (page) => {
    await health(page, 'Every key has all its 3 copies.');
    for (const node of ring.nodes) {
      const row = upkeepRow(page, node);
      await row.locator('td.copies').getByText('equal').waitFor();
      await row.locator('td.disk').filter({ hasText: /\d.*B free of \d.*B/ }).waitFor();
      await row.locator('td[data-label=Reserve]').filter({ hasText: /\d.*B/ }).waitFor();
      await row.locator('td.kept').filter({ hasText: '–' }).waitFor();
    }
    const [asked, other, away] = ring.nodes;
    for (let i = 0; i < 8; i += 1) await other.put(`kept/${i}`, 'first');
    await away.end();
    await nodeRow(page, away).getByText('down', { exact: true }).waitFor();
    for (let i = 0; i < 8; i += 1) await (i % 2 ? asked : other).put(`kept/${i}`, 'second');
    for (let i = 0; i < 3; i += 1) await fetch(`${asked.url}/kept/${i}`, { method: 'DELETE' });
    // Noted by two nodes, and told by the one that the page is of.
    await upkeepRow(page, away).locator('td.kept').filter({ hasText: /^([89]|1\d) writes/ }).waitFor();
    await upkeepRow(page, asked).locator('td.copies').filter({ hasText: /parts lack one, \d+ (s|min) so far/ }).waitFor();
    await upkeepRow(page, asked).locator('td[data-label=Deleted]').filter({ hasText: /^[1-9]/ }).waitFor();
    await away.start();
    await health(page, 'Every key has all its 3 copies.');
    await upkeepRow(page, away).locator('td.kept').filter({ hasText: /^(–|deleted keys.*)$/ }).waitFor();
    const events = page.locator('#lately li');
    await events.filter({ hasText: `${away.name} does not answer` }).first().waitFor();
    await events.filter({ hasText: `${away.name} answers again` }).first().waitFor();
    assertQuiet(page);
  });
});

test('WhatIsKnownOfCopiesAndDisksIsToldAsItIs', async () => {
  const agreement = { lacking: 0, differing: 0, uncompared: 0, seconds: 200, comparedSecondsAgo: 60 };
  const rows = (page) => page.locator('#upkeep tbody tr');
  await withStatus((status, [one, two]) => {
    Object.assign(one, { agreement: { ...agreement, differing: 12 }, hintsInAll: 13, tombstonesWaitAt: 2, tombstones: 7 });
    Object.assign(two, { agreement: { ...agreement, uncompared: 1 }, disk: 'full',
      diskUse: { totalBytes: 40e9, freeBytes: 0, reserveBytes: 0, scrubbed: Date.now() / 1000 - 7200, findings: 2, waiting: 1 } });
  }, async (page) => {
    await rows(page).getByText('12 parts differ, 3 min so far').waitFor();
    await rows(page).getByText('13 writes; deleted keys, at 2 nodes').waitFor();
    await rows(page).getByText('1 part to compare').waitFor();
    await rows(page).getByText('0 B free of 40.0 GB').waitFor();
    await rows(page).getByText('2 h ago, 2 findings; 1 damaged value not repaired yet').waitFor();
    await rows(page).locator('.badge').getByText('full').waitFor();
    await rows(page).getByText('none', { exact: true }).waitFor();
  });
});

test('WhatHappenedLatelyIsToldInWords', async () => {
  const at = Date.now() / 1000 - 60;
  const lately = [['INFO', 'ring.complete', 'height=9'], ['INFO', 'corruption.repaired', 'key=photos/1'], ['INFO', 'hints.brought', 'to=c:1 entries=3'], ['INFO', 'scrub.done', 'bytes=5 findings=0'],
    ['INFO', 'balance.done', 'with=b:1 taken=3 sent=1'], ['INFO', 'future.thing', 'what="<img src=x>‮"'],
    ['WARN', 'member.silent', 'node=c:1 why="no answer"']].map(([severity, event, fields]) => ({ at, severity, event, fields }));
  await withStatus((status) => Object.assign(status, { lately }), async (page) => {
    const lines = page.locator('#lately li span:last-child');
    await lines.first().filter({ hasText: /^c:1 does not answer$/ }).waitFor();
    await lines.nth(2).filter({ hasText: /^made equal: 3 copies from b:1, 1 copy to b:1$/ }).waitFor();
    await lines.nth(3).filter({ hasText: /^3 writes that c:1 had missed were brought to it$/ }).waitFor();
    assert.equal(await lines.nth(1).textContent(), 'future.thing what="<img src=x>U+202E"');
    assert.equal(await page.locator('#lately img').count(), 0);
    assert.equal(await lines.nth(4).textContent(), 'a damaged value was repaired from another node: photos/1');
    assert.equal(await lines.nth(5).textContent(), 'version 9 of the ring is complete: every copy is where it belongs');
  });
});

test('ANodeWithAnotherViewOfTheRingStandsOut', async () => {
  await withStatus((status, [other]) => Object.assign(other, { fingerprint: '0123456789abcdef' }), async (page) => {
    await health(page, 'has another view of the ring than this node');
    await page.locator('#nodes tr.is-strange').getByText('differs').waitFor();
    await page.locator('#ring g.is-strange').waitFor({ state: 'attached' });
    assert.equal(await page.locator('#nodes tr.is-strange').count(), 1);
  });
});

test('ANodeThatLacksKeysIsNamedOnceTheNumbersStandStill', async () => {
  const change = (status, others) => {
    status.keys = 100;
    status.members.forEach((member) => Object.assign(member, { keys: member === others[0] ? 97 : 100 }));
  };
  await withStatus(change, async (page) => {
    await health(page, 'Every key has all its 3 copies.');
    await until('the line', async () => {
      await page.clock.runFor(1000);
      return /lacks its copy of 3 keys/.test(await page.locator('#health-line').textContent());
    });
  });
});

test('ANodesNameCannotBeALinkToElsewhere', async () => {
  for (const names of [['javascript:alert(1)', 'evil.example/path'], ['user@evil.example', '"><img src=x>']]) {
    await withStatus((status, others) => others.forEach((other, i) => Object.assign(other, { name: names[i] })), async (page) => {
      for (const name of names) await page.locator('#nodes td.name').filter({ hasText: name }).waitFor();
      const links = await page.locator('#nodes td.name a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      assert.ok(links.every((link) => /^http:\/\/localhost:\d+\/$/.test(link)), String(links));
    });
  }
});
