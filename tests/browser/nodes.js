// Real nodes for the browser tests: each on a free port of this machine, with a data directory that goes with the ring.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE = 30_000;

// Whatever ends this process ends its nodes.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Waits until a condition gives something, and returns it. */
export async function until(what, condition, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

class Node {
  constructor(program, directory, port) {
    this.program = program;
    this.directory = directory;
    this.port = port;
  }

  get name() {
    return `localhost:${this.port}`;
  }

  get url() {
    return `http://${this.name}`;
  }

  /** Starts it, on the same port as before if there was one. */
  async start(...options) {
    const seeds = options.flatMap((option) => (option instanceof Node ? ['-s', option.name] : [option]));
    this.process = spawn(this.program, ['-p', String(this.port), '-d', this.directory, ...seeds], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.output = '';
    this.errors = '';
    this.process.stdout.on('data', (data) => { this.output += data; });
    this.process.stderr.on('data', (data) => { this.errors += data; });
    const child = this.process;
    running.add(child);
    this.ended = new Promise((resolve) => { child.on('exit', () => resolve(running.delete(child))); });
    const ready = await until('a node that is ready', () => {
      if (child.exitCode !== null) throw new Error(`mydhtserver ended: ${this.errors}`);
      return /^ready http:\/\/localhost:(\d+)$/m.exec(this.output);
    });
    this.port = Number(ready[1]);
  }

  async end(signal = 'SIGKILL') {
    this.process?.kill(signal);
    await this.ended;
  }

  async get(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async put(key, body, type = 'text/plain') {
    const path = `/_mydht/value?key=${typeof key === 'string' ? encodeURIComponent(key) : key.encoded}`;
    const answer = await fetch(this.url + path, { method: 'PUT', body, headers: { 'Content-Type': type } });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }
}

/** A ring of so many nodes, on free ports or, for a picture, on the usual ones; end() ends them all and removes what they stored. */
export async function startRing(programs, size, firstPort = 0) {
  const folder = await mkdtemp(join(tmpdir(), 'mydht-browser-'));
  const nodes = [];
  const end = async () => {
    await Promise.all(nodes.map((node) => node.end()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let i = 0; i < size; i += 1) {
      const node = new Node(join(programs, 'mydhtserver'), join(folder, String(i)), firstPort && firstPort + i);
      nodes.push(node);
      await node.start(...(i > 0 ? [nodes[0]] : []));
    }
    await until('a ring that has stopped changing', async () => {
      const { members, activeVersions } = await nodes[0].get('/_mydht/ring');
      return members.length === size && activeVersions === 1;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { nodes, end };
}
