// Putting files: dropped anywhere on the page, or chosen. What is there already is replaced only when one says so.

const AT_ONCE = 2; // a browser has six connections to a node, and one of them brings the events
const waiting = [];
let running = 0;

const pathOf = (key) => `/_mydht/value?key=${encodeURIComponent(key)}`;

/** One line of the tray: what is put, how far it is, how it ended. */
function uploadLine(key, file) {
  const entry = { key, text: key };
  const bar = make('progress', { max: 1, value: 0, 'aria-label': `Putting ${keyPlain(entry)}` });
  const said = make('span', { className: 'said' }, sizeText(file.size));
  const close = make('button', { type: 'button', className: 'toggle', 'aria-label': `Forget ${keyPlain(entry)}` }, '×');
  const element = make('div', { className: 'upload' }, keyElement(entry), bar, said, close);
  close.addEventListener('click', () => {
    element.request?.abort();
    element.remove();
    byId('uploads').hidden = byId('uploads').children.length === 0;
  });
  byId('uploads').append(element);
  byId('uploads').hidden = false;
  return { element, bar, say: (level, ...children) => {
    element.dataset.level = level;
    bar.hidden = level !== 'busy';
    said.replaceChildren(...children);
  } };
}

/** Whether the key has a value. A GET of the value would be told to the console as an error when it has none. */
async function isThere(key) {
  const answer = await fetch(`/_mydht/haskey?key=${encodeURIComponent(key)}`, { cache: 'no-store' });
  if (!answer.ok) throw new Error(await problemOf(answer));
  return (await answer.json()).found;
}

/** Sends a file with its progress, which fetch does not tell. Resolves with the finished request. */
function send(key, file, line, replace) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    line.element.request = request;
    request.open('PUT', pathOf(key));
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    if (!replace) request.setRequestHeader('If-None-Match', '*');
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      line.bar.value = event.loaded / event.total;
      line.say('busy', `${percentText(event.loaded / event.total)} of ${sizeText(event.total)}`);
    };
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error('the connection broke; the value may be there, or not'));
    request.onabort = () => reject(new Error('broken off'));
    request.send(file);
  });
}

function problemText(request) {
  try {
    const problem = JSON.parse(request.responseText);
    if (problem.detail) return problem.detail;
  } catch {
    // Not JSON: the status has to do.
  }
  return `the node answered ${request.status}`;
}

function askReplace(key, file, line) {
  const replace = make('button', { type: 'button' }, 'Replace it');
  replace.addEventListener('click', () => enqueue(key, file, line, true));
  line.say('warn', 'There is a value under this key already. ', replace);
}

/** "2/3" -> ": 2 of 3 copies so far"; the others follow behind the answer. */
function copiesText(copies) {
  const [made, wanted] = (copies ?? '').split('/');
  if (wanted === undefined) return '';
  return made === wanted ? `: all ${wanted} copies` : `: ${made} of ${wanted} copies so far`;
}

async function put(key, file, line, replace) {
  line.say('busy', sizeText(file.size));
  try {
    if (!replace && await isThere(key)) return askReplace(key, file, line);
    const request = await send(key, file, line, replace);
    if (request.status === 412) return askReplace(key, file, line);
    if (request.status >= 300) return line.say('bad', `Not stored: ${problemText(request)}`);
    line.say('good', make('a', { href: pathOf(key), target: '_blank', rel: 'noopener noreferrer' }, 'Stored'),
      copiesText(request.getResponseHeader('Mydht-Copies')));
    if (list.open === undefined) loadKeys();
  } catch (error) {
    line.say('bad', `Not stored: ${error instanceof TypeError ? 'the node does not answer' : error.message}`);
  }
}

function enqueue(key, file, line, replace = false) {
  waiting.push([key, file, line, replace]);
  workOff();
}

async function workOff() {
  if (running >= AT_ONCE || waiting.length === 0) return;
  running += 1;
  await put(...waiting.shift());
  running -= 1;
  workOff();
}

/** The folder that is looked at: what was typed, up to its last slash. */
const folder = () => byId('prefix').value.replace(/[^/]*$/, '');

/** Puts files under their names, in the folder that is looked at. */
function putFiles(files) {
  if (readOnly) return;
  for (const [name, file] of files) {
    const key = folder() + name;
    enqueue(key, file, uploadLine(key, file));
  }
}

/** All files of what was dropped, folders too, with their paths. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => [file.name, file]);
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) {
      found.push([path + entry.name, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const below of some) await walk(below, `${path}${entry.name}/`);
    }
  };
  for (const entry of entries) await walk(entry, '');
  return found;
}

const dragsFiles = (event) => [...event.dataTransfer.types].includes('Files');

function prepareDrop() {
  let depth = 0; // enter and leave come for each element below the pointer
  const show = (on) => {
    if (!on) depth = 0;
    byId('drop').hidden = !on;
  };
  addEventListener('dragenter', (event) => {
    if (!dragsFiles(event)) return;
    depth += 1;
    show(true);
    setText(byId('drop').firstElementChild, readOnly ? `Nothing can be put from here: ${readOnly}`
      : `Drop to put ${folder() ? `under “${folder()}”` : 'on the ring'}`);
  });
  addEventListener('dragleave', (event) => {
    if (!dragsFiles(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener('dragover', (event) => {
    if (dragsFiles(event)) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!dragsFiles(event)) return;
    event.preventDefault();
    show(false);
    putFiles(await filesOf(event.dataTransfer));
  });
}

function showPutHint() {
  const under = folder() ? `under “${folder()}” and their names` : 'under their names';
  setText(byId('put-hint'), readOnly ? `Read only from here: ${readOnly}` : `Files dropped on this page are put ${under}.`);
}

function preparePut() {
  byId('put-button').disabled = readOnly !== '';
  showPutHint();
  byId('prefix').addEventListener('input', showPutHint);
  byId('put-button').addEventListener('click', () => byId('files').click());
  byId('files').addEventListener('change', () => {
    putFiles([...byId('files').files].map((file) => [file.name, file]));
    byId('files').value = '';
  });
  prepareDrop();
}
