import { confusionOf, countsAt, decided, decidedAt, rates, type Judged } from "../model/thresholds";
import type { EvaluationSummary } from "../wire";
import type { Studio } from "./studio.svelte";

/** What was measured on the test images, and what the threshold of the address makes of it. */
export class Judging {
  constructor(private readonly studio: Studio) {}

  readonly packet = $derived.by(() => this.studio.evaluation.need());
  readonly summary: EvaluationSummary | null = $derived(this.packet?.value ?? null);
  readonly classes: readonly number[] = $derived(this.summary?.classes ?? []);
  readonly names: readonly string[] = $derived.by(() => this.classes.map((code) => this.name(code)));

  /** Labels as places 0…K−1, and probabilities. */
  private readonly judged: Judged | null = $derived.by(() => {
    if (!this.packet) return null;
    const place = new Map(this.classes.map((code, i) => [code, i]));
    const labels = Int32Array.from(this.packet.codes("label"), (code) => place.get(code)!);
    return { labels, probability: this.packet.float32("probability"), K: this.classes.length };
  });

  /** Place of the class that the threshold is for; with two classes there always is one. */
  readonly positive: number | null = $derived.by(() => {
    const asked = this.studio.state.positive;
    const place = asked === null ? -1 : this.classes.indexOf(asked);
    return place >= 0 ? place : this.classes.length === 2 ? 1 : null;
  });

  /** The class whose curves are shown where none was chosen: the one that is found worst. */
  readonly shown: number = $derived.by(() => {
    if (this.positive !== null) return this.positive;
    const f1 = this.summary?.by_class.map((one) => one.f1.value) ?? [1];
    return f1.indexOf(Math.min(...f1));
  });

  readonly decisions: Int32Array | null = $derived.by(() => {
    if (!this.judged) return null;
    return this.positive === null ? decided(this.judged) : decidedAt(this.judged, this.positive, this.studio.state.threshold);
  });

  readonly confusion: Uint32Array | null = $derived.by(() =>
    this.judged && this.decisions ? confusionOf(this.judged.labels, this.decisions, this.judged.K) : null,
  );

  /** Of the class that is shown, one against all others. */
  readonly counts = $derived.by(() => (this.judged ? countsAt(this.judged, this.shown, this.studio.state.threshold) : null));
  readonly rates = $derived.by(() => (this.counts ? rates(this.counts) : null));

  readonly right: number = $derived.by(() => {
    const { confusion } = this;
    if (!confusion) return 0;
    const K = this.classes.length;
    let sum = 0;
    for (let k = 0; k < K; k++) sum += confusion[k * (K + 1)]!;
    return sum / this.decisions!.length;
  });

  /** The open cell as places, if it is one. */
  readonly cell: readonly [number, number] | null = $derived.by(() => {
    const [truth, other] = this.studio.state.cell.map((code) => this.classes.indexOf(code));
    return truth === undefined || other === undefined || truth < 0 || other < 0 ? null : [truth, other];
  });

  /** Rows of the data behind the open cell, or all that are decided wrongly; surest first. */
  readonly rows: Uint32Array = $derived.by(() => {
    const { judged, decisions, packet, cell } = this;
    if (!judged || !decisions || !packet) return new Uint32Array();
    const { labels, probability, K } = judged;
    const found: number[] = [];
    for (let i = 0; i < labels.length; i++) {
      const inside = cell ? labels[i] === cell[0] && decisions[i] === cell[1] : labels[i] !== decisions[i];
      if (inside) found.push(i);
    }
    found.sort((a, b) => probability[b * K + decisions[b]!]! - probability[a * K + decisions[a]!]!);
    const rows = packet.uint32("rows");
    const { within } = this.studio.selection;
    return Uint32Array.from(found, (i) => rows[i]!).filter((row) => !within || within[row]);
  });

  name(code: number): string {
    return this.studio.hello.dataset.classes[code]?.name ?? "";
  }

  /** One array of the curves, of the class that is shown. */
  curve(name: "threshold" | "false_positive_rate" | "true_positive_rate" | "precision"): Float32Array {
    const scores = this.summary?.by_class[this.shown];
    return scores && this.packet ? this.packet.float32(name).subarray(scores.start, scores.start + scores.count) : new Float32Array();
  }
}
