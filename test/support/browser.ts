/** A headless Chromium, driven by the DevTools protocol over a pipe, which needs no port. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/** Returns the name of an installed Chromium; null for none. */
export function findBrowser(): string | null {
  return PROGRAMS.find((name) => spawnSync('which', [name]).status === 0) ?? null;
}

/** Size of the window. Units: px. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
  readonly mobile: boolean;
  readonly scale?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** A page in a browser. `console` and `requests`: what the page printed and requested since `open`. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), 'luciole-browser-'));
  readonly #answers = new Map<number, (fields: Fields) => void>();
  readonly #listeners = new Set<(method: string, params: Fields) => void>();
  #session = '';
  #lastId = 0;
  console: string[] = [];
  requests: string[] = [];

  private constructor(program: string) {
    const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-pipe'];
    this.#process = spawn(program, [...options, `--user-data-dir=${this.#folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    (this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(JSON.parse(part) as Fields);
    });
  }

  /** Starts a browser with one page. */
  static async start(program: string): Promise<Browser> {
    const browser = new Browser(program);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** Sends a command and resolves with its result. Errors: rejects with the message of the browser. */
  send(method: string, params: Fields = {}): Promise<Fields> {
    this.#lastId += 1;
    const id = this.#lastId;
    const session = this.#session === '' ? {} : { sessionId: this.#session };
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) =>
        error === undefined ? resolve(result as Fields) : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
      );
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    });
  }

  /** Opens a file in a window of this size. Resolves when it is loaded. */
  async open(path: string, { width, height, mobile, scale = 1 }: Viewport): Promise<void> {
    [this.console, this.requests] = [[], []];
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: scale });
    const loaded = new Promise<void>((resolve) => {
      const listener = (method: string): void => {
        if (method !== 'Page.loadEventFired') return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
    await this.send('Page.navigate', { url: String(pathToFileURL(path)) });
    await loaded;
  }

  /** Returns the value of an expression in the page, as JSON has it. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.send('Runtime.evaluate', { expression, returnByValue: true });
    return (result as Fields)['value'];
  }

  /** Returns an area of the page as PNG. Units: px. */
  async picture(clip: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip: { ...clip, scale: 1 } });
    return Buffer.from(String(data), 'base64');
  }

  /** Returns the page as PDF, with the paper that its style names. */
  async pdf(): Promise<Buffer> {
    const { data } = await this.send('Page.printToPDF', { preferCSSPageSize: true, printBackground: true });
    return Buffer.from(String(data), 'base64');
  }

  /** Ends the browser and removes its folder. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #take({ id, method, params, ...answer }: Fields): void {
    if (typeof id === 'number') {
      this.#answers.get(id)?.(answer);
      this.#answers.delete(id);
      return;
    }
    const fields = params as Fields;
    if (method === 'Network.requestWillBeSent') this.requests.push(String((fields['request'] as Fields)['url']));
    if (['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded'].includes(String(method)))
      this.console.push(JSON.stringify(fields));
    for (const listener of this.#listeners) listener(String(method), fields);
  }
}
