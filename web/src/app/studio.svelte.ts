import { getContext, setContext } from "svelte";
import type { Api } from "../api";
import { START, fromAddress, reduce, setupOf, toAddress, type Action, type Changes, type State } from "../state";
import type { Event, Hello, PassEvent, SessionState, Setup, TrainRequest } from "../wire";
import { Images } from "./images.svelte";
import { Loaded, said } from "./loaded.svelte";
import { Selection } from "./selection.svelte";

/** What the pointer, or the keyboard, is on; every picture lights its counterpart. All are null or an index. */
export interface Hover {
  readonly row: number | null;
  readonly label: number | null;
  /** Index of a pixel, row · width + column. */
  readonly pixel: number | null;
  readonly component: number | null;
}

const NOTHING: Hover = { row: null, label: null, pixel: null, component: null };
const KEY = "sightline-session";

/** Everything that the rooms share: the state of the address, the session at the server, what was loaded. */
export class Studio {
  state = $state.raw<State>(START);
  hover = $state.raw<Hover>(NOTHING);
  session = $state.raw<SessionState | null>(null);
  /** Passes of the session's training so far, by the solver and by plain descent. */
  passes = $state.raw<readonly PassEvent[]>([]);
  /** The line to the server is cut; it is tried again by itself. */
  lost = $state(false);
  problem = $state.raw<string | null>(null);

  readonly images: Images;
  readonly selection = new Selection(this);
  readonly columns = new Loaded(() => this.api.columns());
  readonly exploration = new Loaded(() => this.api.exploration());
  readonly scatter = new Loaded(() => this.api.scatter());
  readonly pca = new Loaded(() => this.api.pca());
  /** Of the model that answers now; loaded again when it is another. */
  readonly model = new Loaded(() => this.api.model(this.id), () => this.learned);
  readonly predictions = new Loaded(() => this.api.predictions(this.id), () => this.learned);
  readonly evaluation = new Loaded(() => this.api.evaluation(this.id), () => this.learned);
  readonly suspects = new Loaded(() => this.api.suspects(this.id), () => this.learned);

  /** Whether there is a model that answers. */
  private readonly learned: boolean = $derived.by(() => Boolean(this.session?.model));
  /** What is to be learned, as the address says it. */
  readonly setup: Setup = $derived.by(() => setupOf(this.state, this.hello));

  private leave: () => void = () => undefined;
  private pending: PassEvent[] = [];
  private followed = -1;

  constructor(
    readonly api: Api,
    readonly hello: Hello,
  ) {
    this.images = new Images(api, hello.dataset);
    this.state = fromAddress(location.hash);
    addEventListener("hashchange", () => {
      if (location.hash !== toAddress(this.state)) this.state = fromAddress(location.hash);
    });
    addEventListener("pagehide", (event) => {
      if (!event.persisted) this.leave();
    });
  }

  /** The session's name; only asked for once there is one. */
  get id(): string {
    if (this.session === null) throw new Error("there is no session yet");
    return this.session.session;
  }

  // -- the address ----------------------------------------------------------------------------------------

  dispatch(action: Action): void {
    const before = this.state;
    this.state = reduce(before, action);
    const visited = this.state.room !== before.room || this.state.question !== before.question;
    write(toAddress(this.state), visited);
  }

  set(changes: Changes): void {
    this.dispatch({ type: "set", changes });
  }

  point(hover: Partial<Hover>): void {
    this.hover = { ...NOTHING, ...hover };
  }

  /** Set the page up for a question; what it is about is learned first where it is not yet. */
  explore(question: { readonly name: string; readonly changes: Changes }): void {
    this.dispatch({ type: "explore", question: question.name, changes: question.changes });
    const learned = this.session?.training?.setup ?? this.session?.model?.setup;
    if (!this.api.static && learned && !same(learned, this.setup)) void this.train({});
  }

  // -- the session ----------------------------------------------------------------------------------------

  /** Take up this tab's session, or begin one, and follow it. */
  async start(): Promise<void> {
    try {
      this.took((await this.known()) ?? (await this.api.begin(this.asked() ? this.setup : undefined)));
    } catch (error) {
      this.problem = said(error);
      this.lost = true;
      setTimeout(() => void this.start(), 2000);
      return;
    }
    this.found();
    sessionStorage.setItem(KEY, this.id);
    this.leave = this.api.follow(this.id, {
      event: (event) => this.heard(event),
      gone: () => {
        sessionStorage.removeItem(KEY);
        void this.start();
      },
      lost: () => (this.lost = true),
      found: () => this.found(),
    });
    if (this.api.static) this.passes = (await this.api.passes(this.id)).passes;
    const { training, model } = this.session!;
    const learned = training?.setup ?? model?.setup;
    // A session of another setup than the opening one begins with nothing; and descent is part of a training.
    const missing = this.state.descent && training === null;
    if (!this.api.static && (missing || (this.asked() && !(learned && same(learned, this.setup))))) await this.train({});
  }

  /** The server answers, perhaps again: what did not come meanwhile is asked for once more. */
  private found(): void {
    this.lost = false;
    for (const one of [this.columns, this.exploration, this.scatter, this.pca]) one.again();
  }

  /** Begin a training of what the address says. */
  async train(options: Omit<TrainRequest, "setup">): Promise<void> {
    const request = { setup: this.setup, descent: this.state.descent, pace: this.state.pace, ...options };
    await this.ask(() => this.api.train(this.id, request));
  }

  async control(action: "play" | "pause" | "step" | "stop"): Promise<void> {
    await this.ask(() => this.api.control(this.id, action));
  }

  /** Ask the server for something that answers with the session's state; what goes wrong is in `problem`. */
  async ask(asked: () => Promise<SessionState>): Promise<void> {
    try {
      this.took(await asked());
      this.problem = null;
    } catch (error) {
      this.problem = said(error);
    }
  }

  /** Whether the address says something of what is to be learned. */
  private asked(): boolean {
    const { recipe, C, n_components, degree, classes, n_train, seed } = this.state;
    return recipe !== "" || classes.length > 0 || seed !== 0 || [C, n_components, degree, n_train].some((one) => one !== null);
  }

  private async known(): Promise<SessionState | null> {
    const name = this.api.static ? null : sessionStorage.getItem(KEY);
    if (name === null) return null;
    return this.api.state(name).catch(() => null);
  }

  private took(state: SessionState): void {
    // The stream may have overtaken an answer: what was taken earlier says nothing new.
    if (this.session?.session === state.session && state.revision < this.session.revision) return;
    const before = this.session?.model?.id;
    this.session = state;
    const training = state.training?.id ?? -1;
    if (training !== this.followed) {
      this.followed = training;
      this.pending = [];
      this.passes = [];
    }
    if (state.model && state.model.id !== before) {
      for (const one of [this.model, this.predictions, this.evaluation, this.suspects]) one.renew();
    }
  }

  private heard(event: Event): void {
    if (event.kind === "state") {
      this.took(event);
    } else {
      if (event.training > this.followed) {
        this.followed = event.training;
        this.pending = [];
        this.passes = [];
      }
      if (this.pending.push(event) === 1) requestAnimationFrame(() => this.flush());
    }
  }

  /** Many passes may come between two frames; they are shown together. */
  private flush(): void {
    const seen = new Set(this.passes.map((one) => `${one.method} ${one.index}`));
    const fresh = this.pending.filter((one) => one.training === this.followed && !seen.has(`${one.method} ${one.index}`));
    this.passes = [...this.passes, ...fresh];
    this.pending = [];
  }
}

function same(one: Setup, other: Setup): boolean {
  return JSON.stringify(Object.entries(one).toSorted()) === JSON.stringify(Object.entries(other).toSorted());
}

let writing: ReturnType<typeof setTimeout> | undefined;

/** Write the address: a visit at once and with a step of the history, a slider when it rests. */
function write(address: string, visited: boolean): void {
  clearTimeout(writing);
  const to = address === "#" ? location.pathname + location.search : address;
  if (visited) history.pushState(null, "", to);
  else writing = setTimeout(() => history.replaceState(null, "", to), 120);
}

const CONTEXT = Symbol("studio");

export function provideStudio(studio: Studio): void {
  setContext(CONTEXT, studio);
}

export function useStudio(): Studio {
  return getContext<Studio>(CONTEXT);
}
