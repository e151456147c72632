import type { Packet } from "../packet";
import type { PassEvent, Setup, WeightsSummary } from "../wire";
import type { Studio } from "./studio.svelte";

const OVER = ["done", "stopped", "failed"];
const QUICK = 3; // seconds of a training that is simply begun when something is changed
const SLIDER = 120;
const REPLAY = 160;

/** The training at the server, as the room Learn shows and steers it. */
export class Learning {
  /** Weights after a pass: those of the newest while it learns, else of the pass that is looked at. */
  weights = $state.raw<Packet<WeightsSummary> | null>(null);
  replaying = $state(false);
  /** Passes of the model that the page opened with, which no event told. */
  private before = $state.raw<readonly PassEvent[]>([]);
  private fetching = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private beginning: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly studio: Studio) {
    $effect(() => {
      const { session } = studio;
      if (session && session.training === null && session.model !== null && studio.passes.length === 0) {
        void studio.api.passes(studio.id).then(({ passes }) => (this.before = passes), () => undefined);
      }
    });
    $effect(() => {
      void this.wanted;
      void studio.session?.model?.id;
      if (this.solver.length) void this.fetch();
    });
    $effect(() => () => {
      clearTimeout(this.timer);
      clearTimeout(this.beginning);
    });
  }

  readonly training = $derived.by(() => this.studio.session?.training ?? null);
  readonly active = $derived.by(() => this.training !== null && !OVER.includes(this.training.phase));
  readonly running = $derived.by(() => this.active && this.training!.phase !== "paused");
  readonly paused = $derived.by(() => this.training?.phase === "paused");

  readonly passes: readonly PassEvent[] = $derived.by(() => (this.studio.passes.length || this.training ? this.studio.passes : this.before));
  readonly solver = $derived.by(() => this.passes.filter((one) => one.method === "solver"));
  readonly descent = $derived.by(() => this.passes.filter((one) => one.method === "descent"));

  /** Index of the pass that is looked at. */
  readonly wanted: number | null = $derived.by(() => {
    const last = this.solver.at(-1)?.index;
    if (last === undefined) return null;
    return this.studio.state.pass === null ? last : Math.min(last, this.studio.state.pass);
  });
  readonly shown: PassEvent | null = $derived.by(() => this.solver.find((one) => one.index === this.wanted) ?? null);

  /** Whether the address asks for something else than what is being, or was, learned. */
  readonly stale: boolean = $derived.by(() => {
    const learned = this.training?.setup ?? this.studio.session?.model?.setup;
    return learned !== undefined && !this.studio.api.static && !alike(learned, this.studio.setup);
  });

  // -- a person's hand ------------------------------------------------------------------------------------

  async play(): Promise<void> {
    this.studio.set({ pass: null });
    if (this.running && !this.stale) await this.studio.control("pause");
    else if (this.paused && !this.stale) await this.studio.control("play");
    else await this.studio.train({});
  }

  async step(): Promise<void> {
    this.studio.set({ pass: null });
    if (!this.active || this.stale) await this.studio.train({ paused: true });
    await this.studio.control("step");
  }

  /** Something was changed: begin anew, where that is quick. A slider that is drawn is followed a few times a second. */
  changed(warm = false): void {
    const recipe = this.studio.hello.recipes.find((one) => one.name === this.studio.setup.recipe);
    this.studio.set({ pass: null });
    this.replaying = false;
    if (this.studio.api.static || (recipe?.seconds ?? 0) > QUICK || this.beginning !== undefined) return;
    this.beginning = setTimeout(() => {
      this.beginning = undefined;
      void this.studio.train({ warm });
    }, SLIDER);
  }

  /** Show the passes again, one after the other. */
  replay(): void {
    clearTimeout(this.timer);
    if (this.replaying) {
      this.replaying = false;
      return;
    }
    const last = this.solver.length - 1;
    let index = 0;
    this.replaying = true;
    const next = (): void => {
      if (!this.replaying) return;
      this.studio.set({ pass: index < last ? this.solver[index]!.index : null });
      this.replaying = index < last;
      index += 1;
      if (this.replaying) this.timer = setTimeout(next, REPLAY);
    };
    next();
  }

  look(pass: number | null): void {
    this.replaying = false;
    const last = this.solver.at(-1)?.index ?? 0;
    this.studio.set({ pass: pass === null || pass >= last ? null : Math.max(0, pass) });
  }

  /** One question in flight; when it is answered, the newest wish. */
  private async fetch(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    let asked: number | null = null;
    try {
      while (asked !== this.wanted && this.wanted !== null) {
        asked = this.wanted;
        this.weights = await this.studio.api.weights(this.studio.id, asked);
      }
    } catch {
      // between two trainings there are none for a moment; the next pass asks again
    } finally {
      this.fetching = false;
    }
  }
}

function alike(learned: Setup, asked: Setup): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.abs(a);
  const unsaid = (a: number | null, b: number | null): boolean => a === b || b === null || a === null;
  return (
    learned.recipe === asked.recipe &&
    near(learned.C, asked.C) &&
    unsaid(learned.n_components, asked.n_components) &&
    unsaid(learned.degree, asked.degree) &&
    learned.n_train === asked.n_train &&
    learned.seed === asked.seed &&
    [...learned.classes].sort().join("\n") === [...asked.classes].sort().join("\n")
  );
}
