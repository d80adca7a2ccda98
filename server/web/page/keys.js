// The table of keys: pages of this node or of the whole ring, by prefix; each key with its value on each home node.

const readOnly = document.querySelector('meta[name=read-only]').content;
const list = {
  where: 'node', prefix: '', limit: 25,
  pages: [''],   // where each page up to this one begins: what it comes after
  entries: [], next: undefined,
  sort: 'key', down: false,
  open: undefined,
  loading: undefined,
};

/** A percent-encoded key as the value of a query's parameter, where more has a meaning than in a path. */
const queryValue = (encoded) => encoded.replace(/[&+=#?;'"]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A problem's own words, or what is known without. */
async function problemOf(answer) {
  try {
    const problem = await answer.json();
    if (problem.detail) return problem.detail;
  } catch {
    // Not JSON: the status has to do.
  }
  return `the node answered ${answer.status}`;
}

function keysPath() {
  const parameters = [`prefix=${encodeURIComponent(list.prefix)}`, `limit=${list.limit}`];
  if (list.pages.at(-1) !== '') parameters.push(`after=${queryValue(list.pages.at(-1))}`);
  if (list.where === 'node') parameters.push('where=node');
  return `/_mydht/keys?${parameters.join('&')}`;
}

function showKeysError(text) {
  setText(byId('keys-error'), text);
  byId('keys-error').hidden = text === '';
}

async function loadKeys() {
  list.loading?.abort();
  const loading = new AbortController();
  list.loading = loading;
  byId('keys').setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(keysPath(), { signal: loading.signal, cache: 'no-store' });
    if (!answer.ok) throw new Error(await problemOf(answer));
    const page = await answer.json();
    list.entries = page.keys;
    list.next = page.next;
    showKeysError('');
    showKeys();
  } catch (error) {
    if (loading.signal.aborted) return;
    showKeysError(error instanceof TypeError ? 'The keys could not be asked for: the node does not answer.' : `The keys could not be listed: ${error.message}`);
  } finally {
    if (list.loading === loading) list.loading = undefined;
    byId('keys').setAttribute('aria-busy', String(list.loading !== undefined));
  }
}

function firstPage() {
  list.pages = [''];
  list.open = undefined;
  loadKeys();
}

// Without a sort the order is the ring's: that of the keys' bytes, which percent-encoding does not always keep.
function sorted() {
  const entries = [...list.entries];
  if (list.sort !== 'key') {
    const of = (entry) => entry[list.sort] ?? '';
    entries.sort((a, b) => (of(a) < of(b) ? -1 : Number(of(a) > of(b))));
  }
  return list.down ? entries.reverse() : entries;
}

const td = (className, label, ...children) => make('td', { className, role: 'cell', 'data-label': label }, ...children);

function keyRow(entry) {
  const url = ownPath(entry.url);
  const open = list.open === entry.key;
  const name = keyElement(entry);
  const time = new Date(entry.modified * 1000);
  const toggle = make('button', { type: 'button', className: 'toggle', 'aria-expanded': String(open), 'data-key': entry.key, 'aria-label': `Details of ${keyPlain(entry)}` },
    make('span', { 'aria-hidden': 'true' }, '›'));
  toggle.addEventListener('click', () => {
    list.open = open ? undefined : entry.key;
    showKeys();
  });
  const row = make('tr', { role: 'row', className: open ? 'is-open' : '' },
    make('td', { role: 'rowheader', className: 'key' }, url ? make('a', { href: url, target: '_blank', rel: 'noopener noreferrer', 'data-key': entry.key }, name) : name),
    td('number size', 'Size', sizeText(entry.size)),
    td('time', 'Changed', make('time', { dateTime: time.toISOString(), title: time.toLocaleString() }, agoText(entry.modified))),
    td('hash', 'SHA-256', make('code', { title: entry.sha256 }, (entry.sha256 ?? '').slice(0, 10))),
    td('act', '', toggle));
  return row;
}

const fact = (name, ...values) => make('div', {}, make('dt', {}, name), make('dd', {}, ...values));

/** The home nodes, each with a link to the value there. */
async function showHomes(entry, target) {
  try {
    const answer = await fetch(`/_mydht/whereis?key=${queryValue(entry.key)}`, { cache: 'no-store' });
    if (!answer.ok) throw new Error(await problemOf(answer));
    const { nodes } = await answer.json();
    target.replaceChildren(...nodes.map((node) => {
      const href = nodeUrl(node, ownPath(entry.url));
      const name = make('bdi', {}, node);
      return make('li', {}, href ? make('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name) : name);
    }));
  } catch (error) {
    target.replaceChildren(make('li', { className: 'muted' }, error instanceof TypeError ? 'the node does not answer' : error.message));
  }
}

function detailRow(entry) {
  const homes = make('ul', { className: 'homes' }, make('li', { className: 'muted' }, '…'));
  showHomes(entry, homes);
  const url = ownPath(entry.url);
  const problem = make('p', { className: 'error', role: 'alert', hidden: true });
  const remove = make('button', { type: 'button', className: 'danger', disabled: readOnly !== '', title: readOnly }, 'Delete…');
  remove.addEventListener('click', () => deleteKey(entry, problem));
  const file = keyPlain(entry).split('/').at(-1) || 'value';
  const actions = make('p', { className: 'buttons' },
    make('a', { href: url, target: '_blank', rel: 'noopener noreferrer', className: 'button' }, 'View'),
    make('a', { href: url, download: file, className: 'button' }, 'Download'), remove);
  const facts = make('dl', {},
    fact('Home nodes', homes),
    fact('SHA-256', make('code', {}, entry.sha256 ?? '')),
    fact('Type', entry.type || 'application/octet-stream'),
    fact('Size', `${sizeText(entry.size)} (${plural(entry.size, 'byte')})`),
    fact('Changed', new Date(entry.modified * 1000).toLocaleString()));
  return make('tr', { role: 'row', className: 'detail' }, make('td', { role: 'cell', colSpan: 5 }, facts, actions, problem));
}

async function deleteKey(entry, problem) {
  const yes = await ask(`Delete “${keyPlain(entry)}” from the whole ring?`, 'Delete');
  if (!yes) return;
  const say = (text) => {
    setText(problem, text);
    problem.hidden = text === '';
  };
  say('');
  try {
    const answer = await fetch(ownPath(entry.url), { method: 'DELETE' });
    if (!answer.ok && answer.status !== 404) return say(`Not deleted: ${await problemOf(answer)}`);
    list.open = undefined;
    await loadKeys();
  } catch {
    say('The node does not answer: the value may be deleted, or not.');
  }
}

/** Asks in a dialog; true for yes. */
function ask(text, yes) {
  const dialog = byId('ask');
  setText(byId('ask-text'), text);
  setText(byId('ask-yes'), yes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

function showKeys() {
  const rows = [];
  for (const entry of sorted()) {
    rows.push(keyRow(entry));
    if (list.open === entry.key) rows.push(detailRow(entry));
  }
  // Who stands on a key by keyboard still does so when the rows are made anew.
  const at = byId('keys').contains(document.activeElement) ? document.activeElement : undefined;
  byId('keys').tBodies[0].replaceChildren(...rows);
  if (at?.dataset.key !== undefined) {
    [...byId('keys').querySelectorAll(`${at.localName}[data-key]`)].find((one) => one.dataset.key === at.dataset.key)?.focus();
  }
  byId('keys').hidden = rows.length === 0;
  showPages();
  for (const head of byId('keys').querySelectorAll('th[data-sort]')) {
    const on = head.dataset.sort === list.sort;
    setAttribute(head, 'aria-sort', on ? (list.down ? 'descending' : 'ascending') : 'none');
  }
}

function showPages() {
  const page = list.pages.length;
  const some = list.entries.length > 0;
  const only = page === 1 && list.next === undefined;
  const place = list.where === 'node' ? 'on this node' : 'on the ring';
  byId('keys-empty').hidden = some;
  setText(byId('keys-empty'), list.prefix ? `No key ${place} begins with “${list.prefix}”.`
    : `No keys ${place} yet. ${readOnly ? '' : 'Drop a file here to put the first one.'}`);
  byId('page-back').disabled = page === 1;
  byId('page-next').disabled = list.next === undefined;
  document.querySelector('.pages').hidden = only;
  const within = list.sort !== 'key' || list.down ? ', sorted within this page' : '';
  setText(byId('page-text'), `Page ${page}${within}`);
}

function prepareKeys() {
  let typing;
  byId('prefix').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      list.prefix = byId('prefix').value;
      firstPage();
    }, 150);
  });
  byId('keys-tools').addEventListener('submit', (event) => event.preventDefault());
  for (const radio of document.querySelectorAll('input[name=where]')) {
    radio.addEventListener('change', () => {
      list.where = radio.value;
      firstPage();
    });
  }
  byId('page-size').addEventListener('change', () => {
    list.limit = Number(byId('page-size').value);
    firstPage();
  });
  byId('page-next').addEventListener('click', () => {
    list.pages.push(list.next);
    loadKeys();
  });
  byId('page-back').addEventListener('click', () => {
    list.pages.pop();
    loadKeys();
  });
  for (const head of byId('keys').querySelectorAll('th[data-sort]')) {
    head.firstElementChild.addEventListener('click', () => {
      // Sizes and times are looked at from the largest and newest on.
      list.down = list.sort === head.dataset.sort ? !list.down : ['size', 'modified'].includes(head.dataset.sort);
      list.sort = head.dataset.sort;
      showKeys();
    });
  }
}

/** Lists anew when what lies here has changed, but not more often than one can look, nor under somebody's hands. */
function keysChanged(status) {
  setText(byId('keys-count'), `${plural(status.keys, 'key')} here, ${sizeText(status.bytes)}`);
  const mark = `${status.keys} ${status.bytes} ${status.fingerprint}`;
  if (keysChanged.mark === mark) return;
  const wait = Math.max(0, (keysChanged.last ?? 0) + 2000 - Date.now());
  keysChanged.mark = mark;
  clearTimeout(keysChanged.timer);
  keysChanged.timer = setTimeout(() => {
    keysChanged.last = Date.now();
    if (list.open === undefined) loadKeys();
  }, wait);
}
