// Generated from the tracking plan by `analytics plan generate`: do not edit.
//
// A typed method for each event of the plan. Without any SDK:
//
//     const analytics = new Analytics(new Client({ host: "https://events.example.com", writeKey: "…" }));
//
// or around an analytics.js that the page has already:
//
//     const analytics = new Analytics(window.analytics);

/**
 * A user wrote a comment.
 *
 * Owner: collaboration. Since 2025-04-07.
 */
export interface CommentAdded {
  /** The comment's id in our database. */
  readonly comment_id: string;
  /** The kind of thing that was commented on. */
  readonly subject: "report" | "dashboard" | "file";
  /** The number of users mentioned in the comment. */
  readonly mention_count?: number | undefined;
  /** Whether the comment answers another one. */
  readonly is_reply?: boolean | undefined;
}

/**
 * A user let others see a dashboard.
 *
 * Owner: collaboration. Since 2025-03-17.
 */
export interface DashboardShared {
  /** The dashboard's id in our database. */
  readonly dashboard_id: string;
  /** Who can see it now: chosen people, everybody in the account, or whoever has the link. */
  readonly audience: "people" | "account" | "public";
  /** The number of people who were told about it. */
  readonly recipient_count?: number | undefined;
}

/**
 * A user's file arrived complete and can be used.
 *
 * Owner: platform. Since 2025-04-07.
 */
export interface FileUploaded {
  /** The file's id in our database. */
  readonly file_id: string;
  /** The size of the file, in bytes. */
  readonly size_bytes?: number | undefined;
  /** The media type of the file, as the browser named it. */
  readonly content_type?: string | undefined;
  /** How long the upload took, in milliseconds. */
  readonly duration_ms?: number | undefined;
}

/**
 * A user connected the account to another product for the first time, or again.
 *
 * Owner: platform. Since 2025-06-02.
 */
export interface IntegrationConnected {
  /** The other product, as our integrations directory names it. */
  readonly integration: string;
  /** Whether the account had no integration before. */
  readonly is_first?: boolean | undefined;
  /** The rights that the other product granted us. */
  readonly scopes?: ReadonlyArray<string> | undefined;
}

/**
 * A user saved a new report for the first time.
 *
 * Owner: reporting. Since 2025-03-03.
 */
export interface ReportCreated {
  /** The report's id in our database. */
  readonly report_id: string;
  /** The template it was started from; absent when it was started from nothing. */
  readonly template?: string | undefined;
  /** The number of charts in the report when it was saved. */
  readonly chart_count?: number | undefined;
  /** Whether others in the account can see the report. */
  readonly is_shared?: boolean | undefined;
}

/**
 * A user downloaded a report as a file.
 *
 * Owner: reporting. Since 2025-03-03.
 */
export interface ReportExported {
  /** The report's id in our database. */
  readonly report_id: string;
  /** The kind of file. */
  readonly format: "csv" | "pdf" | "xlsx";
  /** The number of rows in the file, without headings. */
  readonly row_count?: number | undefined;
  /** How long the user waited for the file, in milliseconds. */
  readonly duration_ms?: number | undefined;
}

/**
 * An account gave notice; it keeps its plan until the period that is paid for ends.
 *
 * Owner: billing. Since 2025-02-03.
 */
export interface SubscriptionCanceled {
  /** The plan given up. */
  readonly plan: string;
  /** What the customer chose in the form; absent when the form was skipped. */
  readonly reason?: "too_expensive" | "missing_feature" | "switched" | "closed" | "other" | undefined;
  /** When the period that is paid for ends. */
  readonly ends_at?: Date | string | undefined;
  /** The monthly recurring revenue that ends, in euros. Internal. */
  readonly mrr?: number | undefined;
}

/**
 * An account moved to a larger plan.
 *
 * Owner: billing. Since 2025-02-03.
 */
export interface SubscriptionUpgraded {
  /** The plan before. */
  readonly from_plan: string;
  /** The plan from now on. */
  readonly to_plan: string;
  /** The number of seats paid for from now on. */
  readonly seat_count?: number | undefined;
  /** The monthly recurring revenue from now on, in euros. Internal. */
  readonly mrr?: number | undefined;
  /** Whether the customer did it alone, without our sales team. */
  readonly is_self_serve?: boolean | undefined;
}

/**
 * A user invited somebody to join their account.
 *
 * Owner: growth. Since 2025-01-13.
 */
export interface UserInvited {
  /** The invitation's id, which user.signed_up bears when it is accepted. */
  readonly invitation_id: string;
  /** What the invited person will be allowed to do. */
  readonly role: "viewer" | "editor" | "admin";
  /** The number of seats that the account has left after this one. */
  readonly seats_left?: number | undefined;
  /** The address that the invitation went to, of a person who has not agreed to anything yet. Secret:
   * only a keyed hash of it is stored. */
  readonly invitee_email?: string | undefined;
}

/**
 * A person finished signing up and has a user of their own.
 *
 * Owner: growth. Since 2025-01-13.
 */
export interface UserSignedUp {
  /** How the person proved who they are. */
  readonly method: "password" | "google" | "microsoft" | "saml";
  /** The invitation that brought them; absent when they came by themselves. */
  readonly invitation_id?: string | undefined;
  /** The address of the page that led them to us. */
  readonly referrer?: string | undefined;
}

/**
 * What we know of a user.
 *
 * Owner: growth. Since 2025-01-13.
 */
export interface IdentifyTraits {
  /** The address that the user signs in with. Personal. */
  readonly email?: string | undefined;
  /** The full name, as the user wrote it. Personal. */
  readonly name?: string | undefined;
  /** The plan of the user's account. */
  readonly plan?: string | undefined;
  /** What the user is allowed to do in the account. */
  readonly role?: string | undefined;
  /** When the user signed up. */
  readonly created_at?: Date | string | undefined;
}

/**
 * What we know of an account, a customer with its users; snapshots send most of it.
 *
 * Owner: billing. Since 2025-02-03.
 */
export interface GroupTraits {
  /** The account's name, as its owner wrote it. */
  readonly name?: string | undefined;
  /** The plan that the account is on. */
  readonly plan?: string | undefined;
  /** The number of seats paid for. */
  readonly seat_count?: number | undefined;
  /** The monthly recurring revenue, in euros. Internal. */
  readonly mrr?: number | undefined;
  /** The recurring revenue of the calendar month, in euros: each subscription for the days that it was
   * active. Internal. */
  readonly prorated_mrr?: number | undefined;
  /** Whether the account is gone; absent while it is not. */
  readonly is_deleted?: boolean | undefined;
  /** The line of business that the account's owner chose. */
  readonly industry?: string | undefined;
  /** When the account was opened. */
  readonly created_at?: Date | string | undefined;
}

/** Sends the calls of the tracking plan. */
export class Analytics {
  private readonly client: SegmentShaped;

  /** Takes our own `Client`, or an analytics.js. */
  constructor(client: SegmentShaped) {
    this.client = client;
  }

  /**
   * A user wrote a comment.
   *
   * Owner: collaboration. Since 2025-04-07.
   */
  commentAdded(properties: CommentAdded, options?: CallOptions): void {
    this.client.track("comment.added", { ...properties }, options);
  }

  /**
   * A user let others see a dashboard.
   *
   * Owner: collaboration. Since 2025-03-17.
   */
  dashboardShared(properties: DashboardShared, options?: CallOptions): void {
    this.client.track("dashboard.shared", { ...properties }, options);
  }

  /**
   * A user's file arrived complete and can be used.
   *
   * Owner: platform. Since 2025-04-07.
   */
  fileUploaded(properties: FileUploaded, options?: CallOptions): void {
    this.client.track("file.uploaded", { ...properties }, options);
  }

  /**
   * A user connected the account to another product for the first time, or again.
   *
   * Owner: platform. Since 2025-06-02.
   */
  integrationConnected(properties: IntegrationConnected, options?: CallOptions): void {
    this.client.track("integration.connected", { ...properties }, options);
  }

  /**
   * A user saved a new report for the first time.
   *
   * Owner: reporting. Since 2025-03-03.
   */
  reportCreated(properties: ReportCreated, options?: CallOptions): void {
    this.client.track("report.created", { ...properties }, options);
  }

  /**
   * A user downloaded a report as a file.
   *
   * Owner: reporting. Since 2025-03-03.
   */
  reportExported(properties: ReportExported, options?: CallOptions): void {
    this.client.track("report.exported", { ...properties }, options);
  }

  /**
   * An account gave notice; it keeps its plan until the period that is paid for ends.
   *
   * Owner: billing. Since 2025-02-03.
   */
  subscriptionCanceled(properties: SubscriptionCanceled, options?: CallOptions): void {
    this.client.track("subscription.canceled", { ...properties }, options);
  }

  /**
   * An account moved to a larger plan.
   *
   * Owner: billing. Since 2025-02-03.
   */
  subscriptionUpgraded(properties: SubscriptionUpgraded, options?: CallOptions): void {
    this.client.track("subscription.upgraded", { ...properties }, options);
  }

  /**
   * A user invited somebody to join their account.
   *
   * Owner: growth. Since 2025-01-13.
   */
  userInvited(properties: UserInvited, options?: CallOptions): void {
    this.client.track("user.invited", { ...properties }, options);
  }

  /**
   * A person finished signing up and has a user of their own.
   *
   * Owner: growth. Since 2025-01-13.
   */
  userSignedUp(properties: UserSignedUp, options?: CallOptions): void {
    this.client.track("user.signed_up", { ...properties }, options);
  }

  /**
   * What we know of a user.
   *
   * Owner: growth. Since 2025-01-13.
   */
  identify(userId: string, traits: IdentifyTraits = {}, options?: CallOptions): void {
    this.client.identify(userId, { ...traits }, options);
  }

  /**
   * What we know of an account, a customer with its users; snapshots send most of it.
   *
   * Owner: billing. Since 2025-02-03.
   */
  group(groupId: string, traits: GroupTraits = {}, options?: CallOptions): void {
    this.client.group(groupId, { ...traits }, options);
  }

  /** Somebody saw a page; the plan says nothing of its properties. */
  page(name: string, properties: Record<string, unknown> = {}, options?: CallOptions): void {
    this.client.page(name, properties, options);
  }

  /** Somebody saw a screen of an app; the plan says nothing of its properties. */
  screen(name: string, properties: Record<string, unknown> = {}, options?: CallOptions): void {
    this.client.screen(name, properties, options);
  }

  /** Somebody who was known under another id, in a browser the one that it remembers, is this user. */
  alias(userId: string, previousId?: string, options?: CallOptions): void {
    this.client.alias(userId, previousId, options);
  }
}

/** What may be said of a call besides its properties or traits. */
export interface CallOptions {
  /** Who did it. On a server each call names a userId or an anonymousId; a browser remembers both. */
  readonly userId?: string;
  readonly anonymousId?: string;
  /** When it happened; now, if nothing is said. */
  readonly timestamp?: Date | string;
  /** Under one messageId a call is stored once, however often it is sent; a random one, if nothing is said. */
  readonly messageId?: string;
  readonly context?: Record<string, unknown>;
  /** Which destinations get it, as in Segment's spec. */
  readonly integrations?: Record<string, boolean | Record<string, unknown>>;
}

/** The methods of analytics.js that the typed ones use. */
export interface SegmentShaped {
  track(event: string, properties: Record<string, unknown>, options?: CallOptions): unknown;
  identify(userId: string, traits: Record<string, unknown>, options?: CallOptions): unknown;
  group(groupId: string, traits: Record<string, unknown>, options?: CallOptions): unknown;
  page(name: string, properties: Record<string, unknown>, options?: CallOptions): unknown;
  screen(name: string, properties: Record<string, unknown>, options?: CallOptions): unknown;
  alias(userId: string, previousId?: string, options?: CallOptions): unknown;
}

interface Store {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** What we use of the place that we run in; told here, so that neither the types of the DOM nor those of Node are needed. */
interface Place {
  fetch(url: string, options: Record<string, unknown>): Promise<Answer>;
  setTimeout(action: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  addEventListener?(type: string, listener: () => void): void;
  readonly console: { warn(message: string): void };
  readonly AbortController: new () => { readonly signal: unknown; abort(): void };
  readonly TextEncoder: new () => { encode(text: string): { readonly length: number } };
  readonly Blob: new (parts: string[], options: { type: string }) => unknown;
  readonly crypto?: { getRandomValues?(bytes: Uint8Array): Uint8Array };
  readonly localStorage?: Store;
  readonly location?: { readonly href: string; readonly pathname: string; readonly search: string };
  readonly navigator?: {
    readonly language?: string;
    readonly onLine?: boolean;
    sendBeacon?(url: string, body: unknown): boolean;
  };
  readonly document?: {
    readonly title: string;
    readonly referrer: string;
    readonly visibilityState: string;
    addEventListener(type: string, listener: () => void): void;
  };
}

const place = globalThis as unknown as Place;

/** Where a page keeps things over a reload; undefined on a server, and where the browser forbids it. */
function storeOfThePage(): Store | undefined {
  try {
    return place.document && place.localStorage;
  } catch {
    return undefined; // sandboxed frames, and browsers told to block all storage
  }
}

/** Keep a value over a reload if that can be; what a full or forbidden store refuses is kept by this page alone. */
function keep(store: Store | undefined, key: string, value: string): void {
  try {
    store?.setItem(key, value);
  } catch {
    // the page goes on with what it has in memory
  }
}

/** A random UUID of version 4; crypto.randomUUID is not there on pages without https. */
function uuid(): string {
  const bytes = new Uint8Array(16).map(() => Math.floor(Math.random() * 256));
  place.crypto?.getRandomValues?.(bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const ANONYMOUS_ID = "product_analytics.anonymousId";
const USER_ID = "product_analytics.userId";

/** Who uses the page, over reloads. */
class Identity {
  private readonly store: Store | undefined;
  anonymousId: string;
  userId: string | undefined;

  constructor(store: Store | undefined) {
    this.store = store;
    this.userId = store?.getItem(USER_ID) ?? undefined;
    this.anonymousId = store?.getItem(ANONYMOUS_ID) ?? uuid();
    keep(store, ANONYMOUS_ID, this.anonymousId);
  }

  identify(userId: string): void {
    this.userId = userId;
    keep(this.store, USER_ID, userId);
  }

  reset(): void {
    this.userId = undefined;
    this.anonymousId = uuid();
    this.store?.removeItem(USER_ID);
    keep(this.store, ANONYMOUS_ID, this.anonymousId);
  }
}

interface Waiting {
  readonly key: string;
  readonly text: string; // the call as JSON
}

/**
 * The calls that the server has not confirmed, in order.
 *
 * In a browser each also stands in localStorage under a key of its own, so that it survives a reload and no tab overwrites
 * what another has put there. A second tab sends what it finds as well: the server knows the messageId, and stores it once.
 */
class Queue {
  private readonly store: Store | undefined;
  private readonly prefix: string;
  private readonly limit: number;
  private elements: Waiting[] = [];
  private added = 0;

  constructor(store: Store | undefined, prefix: string, limit: number) {
    this.store = store;
    this.prefix = prefix;
    this.limit = limit;
    this.load();
  }

  get size(): number {
    return this.elements.length;
  }

  /** Whether there was room for it. */
  add(messageId: string, text: string): boolean {
    if (this.elements.length >= this.limit) return false;
    const order = `${Date.now()}-${String(this.added++).padStart(6, "0")}`;
    const key = `${this.prefix}${order}-${messageId}`;
    this.elements.push({ key, text });
    keep(this.store, key, text);
    return true;
  }

  /** The oldest calls, but for some that are skipped: at least one, and no more than go into so many bytes. */
  head(count: number, bytes: number, skipped: number): Waiting[] {
    return pieces(this.elements.slice(skipped, skipped + count), count, bytes)[0] ?? [];
  }

  get all(): readonly Waiting[] {
    return this.elements;
  }

  remove(settled: readonly Waiting[]): void {
    const keys = new Set(settled.map((element) => element.key));
    this.elements = this.elements.filter((element) => !keys.has(element.key));
    keys.forEach((key) => this.store?.removeItem(key));
  }

  private load(): void {
    for (let index = 0; index < (this.store?.length ?? 0); index++) {
      const key = this.store?.key(index);
      const text = key?.startsWith(this.prefix) ? this.store?.getItem(key) : undefined;
      if (key && text) this.elements.push({ key, text });
    }
    this.elements.sort((one, other) => (one.key < other.key ? -1 : 1));
  }
}

/** The calls in pieces of so many calls and bytes at most; one that is larger has a piece of its own. */
function pieces(waiting: readonly Waiting[], count: number, bytes: number): Waiting[][] {
  const found: Waiting[][] = [];
  let room = 0;
  for (const element of waiting) {
    const size = byteLength(element.text) + 1;
    const last = found[found.length - 1];
    if (last && last.length < count && size <= room) {
      last.push(element);
      room -= size;
    } else {
      found.push([element]);
      room = bytes - size;
    }
  }
  return found;
}

function byteLength(text: string): number {
  return new place.TextEncoder().encode(text).length;
}

const MOST_BYTES = 60_000; // of a request: browsers let 64 KiB of keepalive requests and beacons be under way
const FIRST_PAUSE_MS = 500; // after a failure; it doubles with each
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_RETRY_AFTER_MS = 300_000; // what a server asks for beyond this is a mistake of its own
const TRIES = 3; // of a request that the server fails on, before it is taken apart

interface Outcome {
  readonly kind: "settled" | "later" | "failed" | "too_large";
  readonly reason: string;
  readonly pauseMs: number; // that the server asks for
}

/** Sends the queue in batches, one request after the other, until the server has confirmed or refused each call. */
class Delivery {
  private readonly options: Required<ClientOptions>;
  private readonly queue: Queue;
  private timer: unknown;
  private draining: Promise<void> | undefined;
  private endPause: (() => void) | undefined;
  private failures = 0; // in a row
  private skipped = 0; // calls at the head of the queue, while another one is tried
  private isSuspect = false; // the first call, which failed alone while another one was taken
  private most: number; // calls in a request; fewer after the server has found one too large
  private isClosed = false;
  private readonly inBeacons = new Set<string>();

  constructor(options: Required<ClientOptions>, queue: Queue) {
    this.options = options;
    this.queue = queue;
    this.most = options.batchSize;
    if (place.document) this.followThePage();
    if (queue.size > 0) this.wake();
  }

  put(messageId: string, text: string): void {
    if (this.isClosed || !this.queue.add(messageId, text)) {
      this.report(`1 call was dropped: the client is ${this.isClosed ? "closed" : "full"}`);
    } else if (this.queue.size >= this.options.batchSize) {
      void this.flush();
    }
    this.wake();
  }

  /** Resolves when the queue is empty. */
  flush(): Promise<void> {
    this.draining ??= this.drain().finally(() => {
      this.draining = undefined;
    });
    return this.draining;
  }

  async close(timeoutMs: number): Promise<void> {
    let timer: unknown;
    const deadline = new Promise<void>((resolve) => {
      timer = place.setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.flush(), deadline]);
    place.clearTimeout(timer);
    place.clearTimeout(this.timer);
    this.isClosed = true;
    this.endPause?.();
    if (this.queue.size > 0) this.report(`${this.queue.size} call(s) were not delivered before the client closed`);
  }

  private wake(): void {
    this.timer ??= place.setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, this.options.flushIntervalMs);
  }

  private async drain(): Promise<void> {
    while (this.queue.size > 0 && !this.isClosed) {
      const batch = this.queue.head(this.most, MOST_BYTES, this.skipped);
      const outcome = await this.send(batch);
      if (outcome.kind === "later" || outcome.kind === "failed") {
        await this.pause(outcome);
        if (outcome.kind === "failed" && this.failures >= TRIES) this.narrow(batch, outcome.reason);
      } else if (outcome.kind === "too_large" && batch.length > 1) {
        this.most = Math.ceil(batch.length / 2);
      } else {
        if (outcome.reason) this.report(`${batch.length} call(s) were refused: ${outcome.reason}`);
        this.forget(batch);
      }
    }
  }

  /**
   * Look for the one call that the server fails on; when it fails on every call, none is given up.
   *
   * A request is halved until a call fails alone. Then others are tried: when one is taken, the first call gets its last
   * tries.
   */
  private narrow(batch: readonly Waiting[], reason: string): void {
    if (batch.length > 1) {
      this.most = Math.floor(batch.length / 2);
    } else if (this.isSuspect) {
      this.forget(batch);
      this.report(`1 call was given up: the server fails on it, and takes others: ${reason}`);
    } else {
      this.skipped = (this.skipped + 1) % this.queue.size;
    }
  }

  private forget(batch: readonly Waiting[]): void {
    this.queue.remove(batch);
    this.isSuspect = this.skipped > 0;
    this.skipped = 0;
    this.most = this.isSuspect ? 1 : this.options.batchSize;
    this.failures = 0;
  }

  private async send(batch: readonly Waiting[]): Promise<Outcome> {
    try {
      const answer = await this.post(this.body(batch));
      return this.judge(answer, await answer.text());
    } catch {
      return { kind: "later", reason: "no answer", pauseMs: 0 }; // offline, no server, a redirect, a timeout
    }
  }

  private judge({ status, headers }: Answer, text: string): Outcome {
    const reason = status < 300 ? "" : `HTTP ${status} ${decoded(text).message ?? ""}`.trim();
    if (status < 300) this.reportProblems(decoded(text));
    if (status === 413) return { kind: "too_large", reason, pauseMs: 0 };
    const isPassing = status === 408 || status === 429;
    return { kind: status >= 500 ? "failed" : isPassing ? "later" : "settled", reason, pauseMs: retryAfter(headers.get("Retry-After")) };
  }

  private async post(body: string): Promise<Answer> {
    const abort = new place.AbortController();
    const timer = place.setTimeout(() => abort.abort(), this.options.timeoutMs);
    try {
      return await place.fetch(this.url, {
        method: "POST",
        body,
        headers: { "Content-Type": "text/plain" }, // anything else costs a preflight
        keepalive: byteLength(body) <= MOST_BYTES + 1000,
        credentials: "omit",
        redirect: "error", // a redirected POST arrives as a GET without its calls
        signal: abort.signal,
      });
    } finally {
      place.clearTimeout(timer);
    }
  }

  private get url(): string {
    return `${this.options.host.replace(/\/+$/, "")}/v1/batch`;
  }

  /** The calls are JSON already; `sentAt` lets the server correct this machine's clock. */
  private body(batch: readonly Waiting[]): string {
    const calls = batch.map((element) => element.text).join(",");
    const envelope = JSON.stringify({ writeKey: this.options.writeKey, sentAt: new Date().toISOString() });
    return `${envelope.slice(0, -1)},"batch":[${calls}]}`;
  }

  /** One call may be refused, or kept aside, while the others of its batch are taken. */
  private reportProblems(answer: any): void {
    for (const fate of ["rejected", "quarantined"]) {
      const problem = answer[fate]?.[0]?.problems?.[0];
      if (problem) this.report(`${answer[`${fate}_count`]} call(s) were ${fate}: ${problem.path}: ${problem.message}`);
    }
  }

  /** Tell `onError`, whose own mistakes must not end the delivery. */
  private report(message: string): void {
    try {
      this.options.onError(message);
    } catch (error) {
      place.console.warn(`product_analytics: onError failed: ${error}`);
    }
  }

  private pause({ reason, pauseMs }: Outcome): Promise<void> {
    if (this.failures === 0) this.report(`not delivered yet, trying again: ${reason}`);
    const backoff = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LONGEST_PAUSE_MS);
    return new Promise((resolve) => {
      const timer = place.setTimeout(resolve, Math.max(pauseMs, backoff * (0.5 + Math.random() / 2)));
      (timer as { unref?: () => void }).unref?.(); // an outage keeps no Node process from ending
      this.endPause = () => {
        place.clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A page may end whenever it is hidden. What a beacon sends stays in the queue: nobody sees its answer. */
  private followThePage(): void {
    place.addEventListener?.("online", () => this.endPause?.());
    place.addEventListener?.("pagehide", () => this.sendBeacons());
    place.document?.addEventListener("visibilitychange", () => {
      if (place.document?.visibilityState === "hidden") this.sendBeacons();
    });
  }

  /** A page that goes is hidden first, so each call goes into one beacon only. */
  private sendBeacons(): void {
    const waiting = this.queue.all.filter((element) => !this.inBeacons.has(element.key));
    for (const piece of pieces(waiting, this.options.batchSize, MOST_BYTES)) {
      const body = new place.Blob([this.body(piece)], { type: "text/plain" });
      if (!place.navigator?.sendBeacon?.(this.url, body)) return; // enough is under way; the next page sends the rest
      piece.forEach((element) => this.inBeacons.add(element.key));
    }
  }
}

/** How long the server wants to be left alone, in milliseconds; the header holds seconds or a date. */
function retryAfter(value: string | null): number {
  if (!value) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(Math.max(milliseconds || 0, 0), LONGEST_RETRY_AFTER_MS);
}

/** The answer's JSON; of an answer that is none, nothing. */
function decoded(text: string): any {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** How a `Client` sends. */
export interface ClientOptions {
  /** The ingest API, such as https://events.example.com. */
  readonly host: string;
  readonly writeKey: string;
  /** So many waiting calls are sent at once, and at most so many in one request; 50. */
  readonly batchSize?: number;
  /** How long a call waits for others to go with it; 2000. */
  readonly flushIntervalMs?: number;
  /** So many calls may wait; more are dropped and reported; 1000. */
  readonly queueSize?: number;
  /** How long the server may take for an answer; 10000. */
  readonly timeoutMs?: number;
  /** Told of calls that were refused, dropped or given up, never with what is in them; console.warn. */
  readonly onError?: (message: string) => void;
}

/**
 * Sends calls to the ingest API. It speaks as analytics.js does, and needs nothing else.
 *
 * A call waits until the server has confirmed or refused it, in a browser over reloads. While the server is away the client
 * tries again, ever more seldom, and up to `queueSize` calls wait. A call that the server fails on (5xx), again and again,
 * while it takes others, is given up and holds up nobody.
 */
export class Client implements SegmentShaped {
  private readonly delivery: Delivery;
  private readonly identity: Identity | undefined; // a server has many users, and remembers none

  constructor(options: ClientOptions) {
    const store = storeOfThePage();
    this.identity = place.document ? new Identity(store) : undefined;
    const all: Required<ClientOptions> = {
      host: options.host,
      writeKey: options.writeKey,
      batchSize: options.batchSize ?? 50,
      flushIntervalMs: options.flushIntervalMs ?? 2000,
      queueSize: options.queueSize ?? 1000,
      timeoutMs: options.timeoutMs ?? 10_000,
      onError: options.onError ?? ((message) => place.console.warn(`product_analytics: ${message}`)),
    };
    this.delivery = new Delivery(all, new Queue(store, `product_analytics.queue/${encodeURIComponent(all.writeKey)}/`, all.queueSize));
  }

  track(event: string, properties: Record<string, unknown>, options: CallOptions = {}): void {
    this.put("track", { event, properties }, options);
  }

  identify(userId: string, traits: Record<string, unknown>, options: CallOptions = {}): void {
    this.identity?.identify(userId);
    this.put("identify", { traits }, { ...options, userId });
  }

  group(groupId: string, traits: Record<string, unknown>, options: CallOptions = {}): void {
    this.put("group", { groupId, traits }, options);
  }

  page(name: string, properties: Record<string, unknown> = {}, options: CallOptions = {}): void {
    this.put("page", { name, properties }, options);
  }

  screen(name: string, properties: Record<string, unknown> = {}, options: CallOptions = {}): void {
    this.put("screen", { name, properties }, options);
  }

  alias(userId: string, previousId?: string, options: CallOptions = {}): void {
    const previous = previousId ?? this.identity?.userId ?? this.identity?.anonymousId;
    if (!previous) throw new Error("product_analytics: name the previousId of an alias; only a browser remembers it");
    this.identity?.identify(userId);
    this.put("alias", { previousId: previous }, { ...options, userId });
  }

  /** Forget the user, as when somebody signs out. */
  reset(): void {
    this.identity?.reset();
  }

  /** Send what waits; resolves when the server has all of it, which an outage may delay for long. */
  flush(): Promise<void> {
    return this.delivery.flush();
  }

  /** Send what waits and take nothing more: a Node process calls it before it ends. */
  close(timeoutMs = 5000): Promise<void> {
    return this.delivery.close(timeoutMs);
  }

  private put(type: string, content: Record<string, unknown>, options: CallOptions): void {
    const userId = options.userId ?? this.identity?.userId;
    const anonymousId = options.anonymousId ?? this.identity?.anonymousId;
    if (!userId && !anonymousId) {
      throw new Error("product_analytics: name a userId or an anonymousId in the options; only a browser remembers them");
    }
    const messageId = options.messageId ?? uuid();
    const call = {
      type,
      ...content,
      userId,
      anonymousId,
      messageId,
      timestamp: options.timestamp ?? new Date(),
      context: { ...surroundings(), ...options.context },
      integrations: options.integrations,
    };
    this.delivery.put(messageId, JSON.stringify(call));
  }
}

/** The context that only a page knows, as in Segment's spec. */
function surroundings(): Record<string, unknown> {
  const library = { name: "product-analytics-typescript", version: "1" };
  const { document, location, navigator } = place;
  if (!document || !location) return { library };
  const page = {
    path: location.pathname,
    referrer: document.referrer,
    search: location.search,
    title: document.title,
    url: location.href,
  };
  return { library, page, locale: navigator?.language };
}
