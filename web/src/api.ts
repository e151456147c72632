/** The one client: asks a live server, or a folder of files that `sightline studio --export` wrote. */

import { Packet, unpack } from "./packet";
import type {
  CellsSummary,
  ComparisonSummary,
  EvaluationSummary,
  Event,
  ExplanationSummary,
  ExplorationSummary,
  Hello,
  Manifest,
  PCASummary,
  Passes,
  PredictionsSummary,
  Problem,
  ScatterSummary,
  SessionState,
  Setup,
  StagesSummary,
  TrainRequest,
  UploadSummary,
  WeightsSummary,
} from "./wire";

/** Why something was not answered, in words that can be shown. */
export class Refusal extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.error);
    this.name = "Refusal";
  }
}

/** Who listens to a session. `gone`: the server does not know it any more. `lost`, `found`: the line to the server. */
export interface Listener {
  event(event: Event): void;
  gone(): void;
  lost?(): void;
  found?(): void;
}

export type Fetch = (address: string, init?: RequestInit) => Promise<Response>;

export class Api {
  private constructor(
    readonly manifest: Manifest,
    private readonly base: string,
    private readonly fetch: Fetch,
  ) {}

  /** Find out who answers. `base` is where the page is. */
  static async open(base = ".", fetcher: Fetch = (address, init) => fetch(address, init)): Promise<Api> {
    const answer = await checked(fetcher(`${base}/data/manifest.json`));
    return new Api((await answer.json()) as Manifest, base, fetcher);
  }

  get static(): boolean {
    return this.manifest.static;
  }

  // -- the data -------------------------------------------------------------------------------------------

  hello(): Promise<Hello> {
    return this.json("hello");
  }

  async thumbs(block: number, signal?: AbortSignal): Promise<Uint8Array> {
    return new Uint8Array(await this.bytes(`thumbs/${block}`, signal));
  }

  async images(block: number, signal?: AbortSignal): Promise<Uint8Array> {
    return new Uint8Array(await this.bytes(`images/${block}`, signal));
  }

  columns(): Promise<Packet<null>> {
    return this.packet("columns");
  }

  exploration(): Promise<Packet<ExplorationSummary>> {
    return this.packet("exploration");
  }

  scatter(): Promise<Packet<ScatterSummary>> {
    return this.packet("scatter");
  }

  pca(): Promise<Packet<PCASummary>> {
    return this.packet("pca");
  }

  stages(row: number): Promise<Packet<StagesSummary>> {
    return this.packet(`stages/${row}`);
  }

  stagesOf(image: Uint8Array): Promise<Packet<StagesSummary>> {
    return this.posted("stages", image);
  }

  // -- sessions -------------------------------------------------------------------------------------------

  /** A new session, or the one of a static copy. */
  begin(setup?: Setup): Promise<SessionState> {
    return this.static ? this.state("static") : this.told("sessions", setup);
  }

  state(session: string): Promise<SessionState> {
    return this.json(`sessions/${session}`);
  }

  train(session: string, request: TrainRequest): Promise<SessionState> {
    return this.told(`sessions/${session}/train`, request);
  }

  control(session: string, action: "play" | "pause" | "step" | "stop"): Promise<SessionState> {
    return this.told(`sessions/${session}/${action}`);
  }

  pace(session: string, passesPerSecond: number | null): Promise<SessionState> {
    return this.told(`sessions/${session}/pace`, passesPerSecond);
  }

  choose(session: string, model: string): Promise<SessionState> {
    return this.told(`sessions/${session}/model/${model}`);
  }

  passes(session: string): Promise<Passes> {
    return this.json(`sessions/${session}/passes`);
  }

  /** Say good-bye while the page closes. */
  leave(session: string): void {
    if (!this.static) navigator.sendBeacon(this.address(`sessions/${session}/leave`, "json"));
  }

  /** Address of the model as a file, for a link; null in a static copy. */
  file(session: string): string | null {
    return this.static ? null : this.address(`sessions/${session}/file`, "json");
  }

  /** Follow a session until the function that is returned is called. A static copy has nothing to follow. */
  follow(session: string, listener: Listener): () => void {
    if (this.static) return () => undefined;
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let closed = false;
    const connect = (): void => {
      source = new EventSource(this.address(`sessions/${session}/events`, "json"));
      source.onopen = () => listener.found?.();
      source.onmessage = (message: MessageEvent<string>) => listener.event(JSON.parse(message.data) as Event);
      source.addEventListener("gone", () => end(true));
      source.onerror = () => {
        listener.lost?.();
        if (source?.readyState === EventSource.CLOSED) void again();
      };
    };
    const again = async (): Promise<void> => {
      try {
        await this.state(session);
        if (!closed) timer = setTimeout(connect, 500);
      } catch (error) {
        if (error instanceof Refusal && error.problem.code === "gone") end(true);
        else if (!closed) timer = setTimeout(() => void again(), 1500);
      }
    };
    const end = (gone: boolean): void => {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      source?.close();
      if (gone) listener.gone();
    };
    connect();
    return () => end(false);
  }

  // -- the model ------------------------------------------------------------------------------------------

  model(session: string): Promise<Packet<WeightsSummary>> {
    return this.packet(`sessions/${session}/model`);
  }

  weights(session: string, index: number | "last"): Promise<Packet<WeightsSummary>> {
    return this.packet(`sessions/${session}/weights/${index}`);
  }

  predictions(session: string): Promise<Packet<PredictionsSummary>> {
    return this.packet(`sessions/${session}/predictions`);
  }

  evaluation(session: string): Promise<Packet<EvaluationSummary>> {
    return this.packet(`sessions/${session}/evaluation`);
  }

  suspects(session: string): Promise<Packet<PredictionsSummary>> {
    return this.packet(`sessions/${session}/suspects`);
  }

  cells(session: string, row: number): Promise<Packet<CellsSummary>> {
    return this.packet(`sessions/${session}/cells/${row}`);
  }

  compare(session: string, a: string, b: string): Promise<Packet<ComparisonSummary>> {
    return this.packet(`sessions/${session}/compare/${a}/${b}`);
  }

  predict(session: string, images: Uint8Array): Promise<Packet<null>> {
    return this.posted(`sessions/${session}/predict`, images);
  }

  explain(session: string, image: Uint8Array | number, change = true, neighbours = 6): Promise<Packet<ExplanationSummary>> {
    const query = `?change=${change ? 1 : 0}&neighbours=${neighbours}`;
    if (typeof image === "number") return this.packet(`sessions/${session}/explain/${image}${query}`);
    return this.posted(`sessions/${session}/explain${query}`, image);
  }

  upload(file: Blob): Promise<Packet<UploadSummary>> {
    return this.posted("uploads", file);
  }

  // -- how it is asked ------------------------------------------------------------------------------------

  private address(path: string, form: "json" | "bin"): string {
    return this.static ? `${this.base}/data/${path}.${form}` : `${this.base}/api/${path}`;
  }

  private async json<T>(path: string): Promise<T> {
    const answer = await checked(this.fetch(this.address(path, "json")));
    return (await answer.json()) as T;
  }

  private async bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    const answer = await checked(this.fetch(this.address(path, "bin"), signal ? { signal } : {}));
    return answer.arrayBuffer();
  }

  private async packet<V>(path: string): Promise<Packet<V>> {
    return unpack(await this.bytes(path));
  }

  private async told<T>(path: string, body?: unknown): Promise<T> {
    const answer = await this.post(path, body === undefined ? null : JSON.stringify(body), "application/json");
    return (await answer.json()) as T;
  }

  private async posted<V>(path: string, body: Uint8Array | Blob): Promise<Packet<V>> {
    const answer = await this.post(path, body as BodyInit, "application/octet-stream");
    return unpack(await answer.arrayBuffer());
  }

  private post(path: string, body: BodyInit | null, kind: string): Promise<Response> {
    if (this.static) throw new Refusal(ALONE, 0);
    return checked(this.fetch(this.address(path, "json"), { method: "POST", body, headers: { "Content-Type": kind } }));
  }
}

const ALONE: Problem = {
  error: "this copy of the page has no server behind it",
  remedy: "Run `sightline studio` to train and to ask anything.",
  code: "missing",
};

async function checked(asked: Promise<Response>): Promise<Response> {
  let answer: Response;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal({ error: "the server does not answer", remedy: "Is `sightline studio` still running?", code: "missing" }, 0);
  }
  if (answer.ok) return answer;
  throw new Refusal(await problemOf(answer), answer.status);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const said = (await answer.json()) as Problem;
    if (typeof said.error === "string") return said;
  } catch {
    // not JSON: a proxy or a plain web server answered
  }
  return { error: `the server answered ${answer.status}`, remedy: "Reload the page.", code: "internal" };
}
