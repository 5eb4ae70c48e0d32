// The program itself, and men who use it.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

import {
  AddCircleMemberDocument,
  AnswerCircleInvitationDocument,
  CircleInvitationsDocument,
  CreateCircleDocument,
  RefreshSessionDocument,
  ScheduleMeetingDocument,
  SignUpDocument,
  VerifyEmailDocument,
} from './generated/operations.ts';

const PROGRAM = resolve(process.env['BELAY'] ?? join(import.meta.dirname, '../../target/debug/belay-under-test'));
const PASSPHRASE = 'four tall boats at anchor';

/** How long anything may take that ought to be there at once, on a machine that is busy. */
const PATIENCE = 30_000;

/** Asks again until there is something, which comes soon or never. */
export async function soon<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(20)) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
  }
  throw new Error(`${what} did not come within ${PATIENCE} ms`);
}

/** A running server on a database of its own. */
export class Belay {
  /** Where GraphQL is asked. */
  readonly url: string;
  /** The same for sockets. */
  readonly socketUrl: string;

  private constructor(
    private readonly base: string,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly end: () => Promise<void>,
  ) {
    this.url = `${base}/graphql`;
    this.socketUrl = this.url.replace(/^http/, 'ws');
  }

  /** Starts one whose clock is right, and can be moved. */
  static async start(): Promise<Belay> {
    const folder = mkdtempSync(join(tmpdir(), 'belay-clients-'));
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('BELAY'));
    const environment = {
      ...Object.fromEntries(own),
      BELAY_HTTP__BIND: '127.0.0.1:0',
      BELAY_DATABASE__URL: `sqlite://${join(folder, 'belay.db')}`,
      BELAY_AUTH__SECRET: 'a secret for servers under test, and for nothing else',
    };
    // It ends with its standard input, and so with this process, however that ends.
    const watched = [join(import.meta.dirname, 'server.sh'), folder, PROGRAM, 'serve', '--at', new Date().toISOString()];
    const child = spawn('sh', watched, { env: environment, stdio: 'pipe', detached: true });
    const ended = new Promise<void>((done) => child.once('close', () => done()));
    const end = async () => {
      child.stdin.end();
      await ended;
      // There already, unless nothing could be started.
      rmSync(folder, { recursive: true, force: true });
    };

    let written = '';
    let late: NodeJS.Timeout | undefined;
    const listens = new Promise<string>((found, failed) => {
      late = setTimeout(() => failed(new Error('it does not say where it listens')), PATIENCE);
      const read = (chunk: Buffer) => {
        written += chunk.toString();
        const line = /^Belay listens on (\S+)$/m.exec(written);
        if (line?.[1] !== undefined) {
          found(line[1]);
        }
      };
      child.stdin.on('error', failed);
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.stdout.once('close', () => failed(new Error('it ended')));
      child.once('error', failed);
    });
    try {
      return new Belay(await listens, folder, environment, end);
    } catch (cause) {
      await end();
      throw new Error(`${PROGRAM} does not start: is it built?\n${written}`, { cause });
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends it, and forgets everything. */
  async stop(): Promise<void> {
    await this.end();
  }

  /** What a metric stands at; 0 before it was first counted. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`${this.base}/metrics`);
    const line = new RegExp(`^${name} (\\S+)$`, 'm').exec(await answer.text());
    return Number(line?.[1] ?? 0);
  }

  /** Time goes on. */
  async advance(amount: { minutes: number }): Promise<void> {
    const answer = await fetch(`${this.base}/dev/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ advance: amount }),
    });
    await answer.text();
    if (!answer.ok) {
      throw new Error(`time does not go on: ${answer.status}`);
    }
  }

  /** A man signs up, with a look at his mail in between. */
  async joins(handle: string): Promise<Phone> {
    const phone = new Phone(this);
    const email = `${handle}@example.org`;
    const id = newId();
    const { signUp } = await phone.ask(SignUpDocument, {
      input: {
        id,
        email,
        handle,
        passphrase: PASSPHRASE,
        timeZone: 'Europe/London',
        country: 'GB',
        locale: 'en-GB',
        adult: true,
        termsVersion: '2026-11',
      },
    });
    must(signUp);
    const code = await this.mailedCode(email);
    const { verifyEmail } = await phone.ask(VerifyEmailDocument, {
      input: { signUpId: id, code, deviceName: 'A phone' },
    });
    phone.keep(must(verifyEmail).credentials);
    return phone;
  }

  /** A man who may run circles and meetings, as an operator says beside the running server. */
  async facilitator(handle: string): Promise<Phone> {
    const phone = await this.joins(handle);
    const command = ['member', 'role', `${handle}@example.org`, 'facilitator'];
    const ended = spawnSync(PROGRAM, command, { env: this.environment, cwd: this.folder });
    if (ended.status !== 0) {
      throw new Error(`${ended.stdout}${ended.stderr}`);
    }
    return phone;
  }

  /** The code in the newest letter to an address: eight digits, on a line of their own. */
  private async mailedCode(email: string): Promise<string> {
    return await soon(`a letter to ${email}`, async () => {
      const answer = await fetch(`${this.base}/dev/outbox?kind=mail&to=${encodeURIComponent(email)}`);
      const letters = (await answer.json()) as { text: string }[];
      const lines = letters.at(-1)?.text.split('\n').map((line) => line.replaceAll(/\s/g, '')) ?? [];
      return lines.find((line) => /^\d{8}$/.test(line));
    });
  }
}

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** A man's app on one of his devices. */
export class Phone {
  private tokens: Tokens | undefined;
  private refreshing: Promise<void> | undefined;
  /** How often it has exchanged its refresh token. */
  refreshes = 0;

  constructor(readonly belay: Belay) {}

  /** The `Authorization` header of somebody who is signed in. */
  get authorization(): string {
    return `Bearer ${this.tokens?.accessToken}`;
  }

  /** Keeps what came from signing in or refreshing. */
  keep(credentials: Tokens | null | undefined): void {
    if (!credentials) {
      throw new Error('there are no credentials');
    }
    this.tokens = credentials;
  }

  /** Exchanges the refresh token; whoever asks meanwhile waits for the same answer. */
  async refresh(): Promise<void> {
    this.refreshing ??= this.exchange().finally(() => (this.refreshing = undefined));
    await this.refreshing;
  }

  private async exchange(): Promise<void> {
    this.refreshes += 1;
    const refreshToken = this.tokens?.refreshToken ?? '';
    // Without the old access token: a request with one that has ended is refused whole.
    const stranger = new Phone(this.belay);
    const answer = await stranger.ask(RefreshSessionDocument, { input: { refreshToken } });
    this.keep(must(answer.refreshSession).credentials);
  }

  /** Asks, and takes nothing but data for an answer. */
  async ask<R, V>(document: TypedDocumentNode<R, V>, variables: V): Promise<R> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.tokens !== undefined) {
      headers['authorization'] = this.authorization;
    }
    const body = JSON.stringify({ query: print(document), variables });
    const answer = await fetch(this.belay.url, { method: 'POST', headers, body });
    const { data, errors } = (await answer.json()) as { data?: R; errors?: unknown };
    if (errors !== undefined || !data) {
      throw new Error(`${answer.status}: ${JSON.stringify(errors)}`);
    }
    return data;
  }

  /** Makes a circle, whose id this is, and invites these members, who say yes. */
  async makesCircle(members: { memberId: string; phone: Phone }[]): Promise<string> {
    const input = { id: newId(), name: 'Tuesday', purpose: 'Talk' };
    const { createCircle } = await this.ask(CreateCircleDocument, { input });
    const circleId = must(createCircle).circle?.id ?? '';
    for (const { memberId, phone } of members) {
      const input = { circleId, memberId };
      must((await this.ask(AddCircleMemberDocument, { input })).addCircleMember);
      await phone.joinsCircles();
    }
    return circleId;
  }

  /** Says yes to every invitation that waits. */
  async joinsCircles(): Promise<void> {
    const { me } = await this.ask(CircleInvitationsDocument, {});
    for (const { id } of me?.circleInvitations?.nodes ?? []) {
      const input = { invitationId: id, accept: true };
      must((await this.ask(AnswerCircleInvitationDocument, { input })).answerCircleInvitation);
    }
  }

  /** Schedules a meeting of a title, so many days from now. */
  async schedules(title: string, days: number): Promise<void> {
    const day = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const { scheduleMeeting } = await this.ask(ScheduleMeetingDocument, {
      input: {
        id: newId(),
        title,
        format: 'ONLINE',
        timeZone: 'Europe/London',
        localDate: day,
        localTime: '18:00',
        durationMinutes: 60,
      },
    });
    must(scheduleMeeting);
  }
}

/** A payload that refuses nothing. */
export function must<P extends { errors: unknown[] }>(payload: P | null | undefined): P {
  if (!payload || payload.errors.length > 0) {
    throw new Error(`refused: ${JSON.stringify(payload?.errors)}`);
  }
  return payload;
}

/** A UUID of version 7, as apps make them (RFC 9562, section 5.7). */
export function newId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
