// The status as it changes, and what is said when the node is lost. Events come every two seconds at least.

const SILENCE = 7000;  // without an event for so long, the node counts as lost
const POLL = 3000;     // where the node has no place for one more listener, it is asked now and then
const RETRY = 1000;
const live = { status: JSON.parse(byId('state').textContent), source: undefined, watch: undefined, again: undefined, lostAt: undefined };

function show(status) {
  if (status.programVersion !== live.status.programVersion) return location.reload();
  live.status = status;
  setText(byId('self'), status.selfName);
  document.title = `${status.selfName} · MyDHT`;
  showHealth(status);
  drawRing(status);
  showNodes(status);
  showUpkeep(status);
  showTraffic(status);
  showLately(status);
  keysChanged(status);
  setText(byId('foot-ring'), status.ringIdentity);
  setText(byId('foot-height'), `${status.height}${status.activeVersions > 1 ? ', changing' : ''}`);
  setText(byId('foot-fingerprint'), status.fingerprint);
  setText(byId('foot-program'), `MyDHT ${status.programVersion}`);
  loadTable(status);
}

function showLink(level, text) {
  byId('link').dataset.level = level;
  setText(byId('link-text'), text);
}

function found() {
  clearTimeout(live.watch);
  live.watch = setTimeout(lost, SILENCE);
  if (live.lostAt !== undefined) loadKeys();
  live.lostAt = undefined;
  document.body.classList.remove('is-lost');
  showLink('good', 'live');
}

function lost() {
  live.lostAt ??= Date.now();
  document.body.classList.add('is-lost');
  byId('health').dataset.level = 'bad';
  setText(byId('health-line'), `This page has lost ${live.status.selfName}.`);
  const since = new Date(live.lostAt).toLocaleTimeString();
  setText(byId('health-more'), `What it shows is from ${since}. It tries again every second; the other nodes may still serve.`);
  byId('health-more').hidden = false;
  showLink('bad', 'lost, trying again');
  again(RETRY);
}

function again(wait) {
  live.source?.close();
  live.source = undefined;
  clearTimeout(live.again);
  clearTimeout(live.watch);
  live.again = setTimeout(connect, wait);
}

function hear(status) {
  found();
  show(status);
}

/** Asks once, where no events can be had: the node has no place for one more listener, or does not answer at all. */
async function askOnce() {
  try {
    const answer = await fetch('/_mydht/ring', { cache: 'no-store' });
    if (!answer.ok) return lost();
    hear({ ...await answer.json(), traffic: live.status.traffic, lately: live.status.lately });
    again(POLL);
  } catch {
    lost();
  }
}

function connect() {
  if (document.hidden) return; // it begins again when it is looked at
  live.source = new EventSource('/_mydht/events');
  live.watch = setTimeout(lost, SILENCE);
  live.source.onmessage = (event) => hear(JSON.parse(event.data));
  live.source.onerror = () => {
    live.source.close();
    clearTimeout(live.watch);
    askOnce();
  };
}

/** A page that nobody looks at takes no connection. */
function prepareLive() {
  document.addEventListener('visibilitychange', () => {
    live.source?.close();
    clearTimeout(live.watch);
    clearTimeout(live.again);
    if (!document.hidden) connect();
  });
  connect();
}
